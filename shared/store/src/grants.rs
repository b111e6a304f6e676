//! Grants, filed both under the patient and under the doctor.

use carehub_domain::{
    access::{Guarded, PatientId, Permit},
    doctor::DoctorId,
    grant::Grant,
};

use crate::{
    Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate, entity::Expiry,
    key::Partition, query::Order, transaction::Transaction,
};

aggregate! {
    /// Who may read whose repository.
    Grants
}

impl Grants<'_> {
    /// The grant of `patient` to `doctor`, which may have run out.
    pub async fn find(
        &self,
        patient: PatientId,
        doctor: DoctorId,
    ) -> Result<Guarded<Grant>, StoreError> {
        self.store.find(at(patient, doctor)).await.map(Guarded::new)
    }

    /// Reads a page of the doctors whom a patient let in.
    pub async fn of_patient(
        &self,
        patient: PatientId,
        window: Window,
    ) -> Result<Page<Grant>, StoreError> {
        let slice = of_patient(patient).slice(format!("{}#", Grant::KIND));
        self.store.page(slice, Order::NewestFirst, window).await
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

    /// Ends a grant, which may have ended already.
    pub async fn revoke(&self, grant: &Grant, permit: &Permit) -> Result<(), StoreError> {
        let transaction = self.store.transaction(permit).remove(grant.key()).remove(twin(grant));
        transaction.commit().await.map_err(WriteError::only_store)
    }
}

/// Adds a grant to a transaction.
pub(crate) fn file<'s, E>(transaction: Transaction<'s, E>, grant: &Grant) -> Transaction<'s, E> {
    transaction.put(grant).copy(grant, twin(grant))
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

fn twin(grant: &Grant) -> Key {
    of_doctor(grant.doctor).sort(Grant::KIND, grant.patient)
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
