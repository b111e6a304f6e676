//! Repositories that were opened in an emergency.

use std::collections::BTreeSet;

use carehub_domain::{
    access::{Guarded, PatientId, Permit, UserId},
    doctor::DoctorId,
    glass::{EmergencyAccess, EmergencyAccessId, EmergencyStatus, Glass, GlassError},
    grant::Grant,
};
use ulid::Ulid;

use crate::{
    Entity, Key, Page, StoreError, Window, WriteError, aggregate, grants,
    papers::{self, Paper},
};

aggregate! {
    /// Who opened which repository in an emergency.
    Glasses
}

impl Glasses<'_> {
    /// A doctor before the repository of a patient, whom the doctor need not know.
    pub async fn before(
        &self,
        patient: PatientId,
        doctor: DoctorId,
    ) -> Result<Guarded<Glass>, StoreError> {
        let (patients, doctors) = (self.store.patients(), self.store.doctors());
        let found = tokio::try_join!(patients.current(patient), doctors.recorded(doctor))?;
        let (Some(patient), Some(doctor)) = found else { return Ok(Guarded::new(None)) };
        let grant = self.store.find::<Grant>(grants::at(patient.id, doctor.id)).await?;
        Ok(Guarded::new(Some(Glass { doctor, patient, grant })))
    }

    /// Notes that a repository was opened, with the grant that comes with it.
    pub async fn shatter(
        &self,
        access: &EmergencyAccess,
        grant: Option<&Grant>,
        permit: &Permit,
    ) -> Result<(), WriteError<GlassError>> {
        let transaction =
            papers::publish(self.store.transaction(permit), access, GlassError::Stale);
        let transaction = match grant {
            Some(grant) => grants::file(transaction, grant),
            None => transaction,
        };
        transaction.commit().await
    }

    /// Looks up an emergency.
    pub async fn find(
        &self,
        id: EmergencyAccessId,
    ) -> Result<Guarded<EmergencyAccess>, StoreError> {
        self.store.paper(id).await.map(Guarded::new)
    }

    /// Reads a page of the emergencies that concern any of `people`, or of all, newest first.
    pub async fn about(
        &self,
        people: Option<Vec<UserId>>,
        status: Option<EmergencyStatus>,
        window: Window,
    ) -> Result<Page<EmergencyAccess>, StoreError> {
        let slices = match people {
            Some(people) => papers::entries_of::<EmergencyAccess>(people),
            None => papers::entries_of_hub::<EmergencyAccess>(),
        };
        let wanted = |access: &EmergencyAccess| status.is_none_or(|s| access.status() == s);
        self.store.papers(slices, window, wanted).await
    }

    /// Saves what somebody thinks of an emergency, which was `before`. If it was none, the grant
    /// that came with it ends.
    pub async fn judge(
        &self,
        before: &EmergencyAccess,
        access: &mut EmergencyAccess,
        permit: &Permit,
    ) -> Result<(), WriteError<GlassError>> {
        let grant = self.store.find::<Grant>(grants::at(access.patient, access.doctor)).await?;
        let transaction = self.store.transaction(permit);
        let transaction = papers::supersede(transaction, before, access, GlassError::Stale);
        let transaction = match grant.filter(|grant| access.ends(grant)) {
            Some(grant) => grants::withdraw(transaction, &grant, access.id, GlassError::Stale),
            None => transaction,
        };
        transaction.commit().await
    }
}

impl Paper for EmergencyAccess {
    fn ulid(&self) -> Ulid {
        self.id.ulid()
    }

    fn name(&self) -> String {
        self.id.to_string()
    }

    fn readers(&self) -> BTreeSet<UserId> {
        let people = [UserId::from(self.patient), self.doctor.into()];
        people.into_iter().chain(self.hospital.map(UserId::from)).collect()
    }
}

impl Entity for EmergencyAccess {
    const KIND: &'static str = "emergency";

    fn key(&self) -> Key {
        papers::at::<Self>(self.id)
    }
}
