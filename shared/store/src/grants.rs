//! Grants, filed both under the patient and under the doctor.

use carehub_domain::{
    access::{Guarded, PatientId, Permit},
    doctor::DoctorId,
    glass::EmergencyAccessId,
    grant::Grant,
    patient::Patient,
};

use crate::{
    Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate,
    entity::Expiry,
    key::Partition,
    query::{Filter, Order},
    transaction::Transaction,
};

aggregate! {
    /// Who may read whose repository.
    Grants
}

impl Grants<'_> {
    /// The grant of `patient` to `doctor` that lasts longest, which may have run out. It may be to
    /// a record that was merged into the patient's.
    pub async fn find(
        &self,
        patient: &Patient,
        doctor: DoctorId,
    ) -> Result<Guarded<Grant>, StoreError> {
        let keys = patient.parts().into_iter().map(|part| at(part, doctor)).collect();
        let grants = self.store.fetch::<Grant>(keys).await?.into_iter();
        let longest = grants.max_by_key(|grant| grant.expires_at);
        Ok(Guarded::new(longest.map(|grant| grant.in_record_of(patient))))
    }

    /// Reads a page of the doctors who were let in to a patient's record, or to one that was merged
    /// into it.
    pub async fn of_patient(
        &self,
        patient: &Patient,
        window: Window,
    ) -> Result<Page<Grant>, StoreError> {
        let slices = patient.parts().into_iter();
        let slices = slices.map(|part| of_patient(part).slice(format!("{}#", Grant::KIND)));
        let filter = Filter::default();
        let page = self.store.merged(slices.collect(), Order::NewestFirst, window, &filter).await?;
        Ok(page.map(|grant: Grant| grant.in_record_of(patient)))
    }

    /// Reads a page of the patients who let a doctor in.
    pub async fn of_doctor(
        &self,
        doctor: DoctorId,
        window: Window,
    ) -> Result<Page<Grant>, StoreError> {
        let slice = of_doctor(doctor).slice(format!("{}#", Grant::KIND));
        self.store.page(slice, Order::NewestFirst, window).await
    }

    /// Ends whatever lets `doctor` in to a patient, which may have ended already.
    pub async fn revoke(
        &self,
        patient: &Patient,
        doctor: DoctorId,
        permit: &Permit,
    ) -> Result<(), StoreError> {
        let mut transaction = self.store.transaction(permit);
        for part in patient.parts() {
            transaction = transaction.remove(at(part, doctor)).remove(twin(part, doctor));
        }
        transaction.commit().await.map_err(WriteError::only_store)
    }
}

/// Adds a grant to a transaction.
pub(crate) fn file<'s, E>(transaction: Transaction<'s, E>, grant: &Grant) -> Transaction<'s, E> {
    transaction.put(grant).copy(grant, twin(grant.patient, grant.doctor))
}

/// Adds to a transaction that a grant ends, unless it is not that of the emergency any more.
pub(crate) fn withdraw<'s, E>(
    transaction: Transaction<'s, E>,
    grant: &Grant,
    emergency: EmergencyAccessId,
    otherwise: E,
) -> Transaction<'s, E> {
    let emergency = ("emergency", emergency.to_string());
    let transaction = transaction.withdraw(grant.key(), emergency, otherwise);
    transaction.remove(twin(grant.patient, grant.doctor))
}

fn of_patient(patient: PatientId) -> Partition {
    Key::partition(Table::Clinical, "patient", patient)
}

fn of_doctor(doctor: DoctorId) -> Partition {
    Key::partition(Table::Clinical, "doctor", doctor)
}

pub(crate) fn at(patient: PatientId, doctor: DoctorId) -> Key {
    of_patient(patient).sort(Grant::KIND, doctor)
}

fn twin(patient: PatientId, doctor: DoctorId) -> Key {
    of_doctor(doctor).sort(Grant::KIND, patient)
}

impl Entity for Grant {
    const KIND: &'static str = "grant";

    fn key(&self) -> Key {
        at(self.patient, self.doctor)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Lazily(self.expires_at))
    }
}
