//! Repositories, as they are to whoever stands before them.

use carehub_domain::{
    access::{Actor, Guarded, PatientId},
    grant::Grant,
    patient::Patient,
    repository::Repository,
};

use crate::{StoreError, aggregate, entity, grants, patients};

aggregate! {
    /// What is kept of patients' health, and to whom it is open.
    Repositories
}

impl Repositories<'_> {
    /// Looks up the repository of a patient, with what lets `actor` in.
    pub async fn find(
        &self,
        patient: PatientId,
        actor: &Actor,
    ) -> Result<Guarded<Repository>, StoreError> {
        self.before(patient, actor).await.map(Guarded::new)
    }

    /// The same, for others of the store that guard what lies in it.
    pub(crate) async fn before(
        &self,
        patient: PatientId,
        actor: &Actor,
    ) -> Result<Option<Repository>, StoreError> {
        let doctor = actor.doctor().ok();
        let grant = doctor.map(|doctor| grants::at(patient, doctor));
        let keys: Vec<_> = grant.into_iter().chain([patients::at(patient)]).collect();
        let mut found = self.store.gather(&keys).await?;
        let asked = found.remove(&patients::at(patient)).map(entity::decode::<Patient>);
        let present = match asked.transpose()? {
            Some(merged) if merged.merged_into().is_some() => {
                self.store.patients().current(merged.id).await?
            }
            asked => asked.filter(Patient::is_current),
        };
        let Some(present) = present else { return Ok(None) };
        let given = found.into_values().map(entity::decode::<Grant>);
        let mut given = given.collect::<Result<Vec<_>, _>>()?;
        if let Some(doctor) = doctor {
            let others = present.parts().into_iter().filter(|part| *part != patient);
            let others = others.map(|part| grants::at(part, doctor)).collect();
            given.extend(self.store.fetch::<Grant>(others).await?);
        }
        Ok(Some(Repository::before(present, given, actor)))
    }
}
