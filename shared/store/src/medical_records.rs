//! Medical records of visits.

use std::collections::BTreeSet;

use carehub_domain::{
    access::{Actor, Guarded, Permit, UserId},
    appointment::{Appointment, AppointmentId},
    chart::Chart,
    doctor::DoctorId,
    medical_record::{MedicalRecord, MedicalRecordError, MedicalRecordId},
};
use jiff::civil::Date;
use ulid::Ulid;

use crate::{
    Entity, Key, Page, Pile, StoreError, Window, WriteError, aggregate, appointments,
    papers::{self, Paper},
    transaction::Transaction,
};

aggregate! {
    /// What doctors write down about visits when they are over.
    MedicalRecords
}

/// Which medical records to list.
#[derive(Clone, Debug, Default)]
pub struct MedicalRecordFilter {
    /// Only that of this visit.
    pub appointment: Option<AppointmentId>,
    /// Only those of this doctor.
    pub doctor: Option<DoctorId>,
    /// None of a visit before this day.
    pub since: Option<Date>,
    /// None of a visit after this day.
    pub until: Option<Date>,
}

/// A visit that is over because its record was written.
#[derive(Debug)]
pub struct Concluded<'a> {
    /// What the visit was.
    pub before: &'a Appointment,
    /// What it is.
    pub after: &'a Appointment,
    /// What allows to complete it.
    pub permit: &'a Permit,
}

impl MedicalRecords<'_> {
    /// Looks up the medical record of a visit.
    pub async fn find(
        &self,
        id: MedicalRecordId,
        actor: &Actor,
    ) -> Result<Guarded<Chart<MedicalRecord>>, StoreError> {
        self.store.chart(self.store.paper::<MedicalRecord>(id).await?, actor).await
    }

    /// The record itself, for telling the patient of it.
    pub async fn recorded(&self, id: MedicalRecordId) -> Result<Option<MedicalRecord>, StoreError> {
        self.store.paper(id).await
    }

    /// Reads a page of the medical records in a pile, newest first.
    pub async fn on(
        &self,
        pile: &Pile,
        filter: &MedicalRecordFilter,
        actor: &Actor,
        window: Window,
    ) -> Result<Page<Chart<MedicalRecord>>, StoreError> {
        self.store.charts(pile, actor, window, |record| filter.keeps(record)).await
    }

    /// All versions of a medical record that `actor` may see, newest first.
    pub async fn versions(
        &self,
        chart: &Chart<MedicalRecord>,
        actor: &Actor,
    ) -> Result<Vec<MedicalRecord>, StoreError> {
        self.store.history(chart, actor).await
    }

    /// Keeps the record of a visit, which it may conclude.
    pub async fn write(
        &self,
        record: &MedicalRecord,
        visit: Option<Concluded<'_>>,
        permit: &Permit,
    ) -> Result<(), WriteError<MedicalRecordError>> {
        let transaction = self.about(record, permit).await?;
        let transaction = papers::publish(transaction, record, MedicalRecordError::Exists);
        let transaction = match visit {
            Some(Concluded { before, after, permit }) => {
                let stepping = appointments::stepping(before, after, None, permit);
                let moved = MedicalRecordError::VisitMoved;
                appointments::advance(transaction.event(&stepping), before, after, moved)
            }
            None => transaction,
        };
        transaction.commit().await
    }

    /// Saves a changed medical record.
    pub async fn save(
        &self,
        before: &MedicalRecord,
        record: &mut MedicalRecord,
        permit: &Permit,
    ) -> Result<(), WriteError<MedicalRecordError>> {
        let transaction = self.about(record, permit).await?;
        papers::supersede(transaction, before, record, MedicalRecordError::Stale).commit().await
    }

    async fn about(
        &self,
        record: &MedicalRecord,
        permit: &Permit,
    ) -> Result<Transaction<'_, MedicalRecordError>, StoreError> {
        let (tells, stale) = (record.tells_of_allergy(), MedicalRecordError::Stale);
        self.store.transaction_about(record.patient, tells, permit, stale).await
    }
}

impl MedicalRecordFilter {
    fn keeps(&self, record: &MedicalRecord) -> bool {
        self.appointment.is_none_or(|appointment| record.appointment == appointment)
            && self.doctor.is_none_or(|doctor| record.doctor == doctor)
            && self.since.is_none_or(|since| record.visited_on >= since)
            && self.until.is_none_or(|until| record.visited_on <= until)
    }
}

impl Entity for MedicalRecord {
    const KIND: &'static str = "medical-record";

    fn key(&self) -> Key {
        papers::at::<Self>(self.id)
    }
}

impl Paper for MedicalRecord {
    fn ulid(&self) -> Ulid {
        self.id.ulid()
    }

    fn name(&self) -> String {
        self.id.to_string()
    }

    fn readers(&self) -> BTreeSet<UserId> {
        let people = [Some(self.patient.into()), Some(self.doctor.into())];
        people.into_iter().chain([self.hospital.map(UserId::from)]).flatten().collect()
    }
}
