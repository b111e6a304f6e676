//! Health records, and what doctors say about them.

use std::collections::BTreeSet;

use carehub_domain::{
    access::{Actor, Guarded, Permit, UserId},
    chart::{Chart, Clinical},
    doctor::DoctorId,
    document::Document,
    file::StoredFile,
    record::{
        Annotated, Annotation, AnnotationId, HealthRecord, HealthRecordId, RecordError, RecordKind,
    },
};
use ulid::Ulid;

use crate::{
    Entity, Key, Page, Pile, StoreError, Window, WriteError, aggregate, documents,
    papers::{self, Paper},
    query::Order,
    transaction::Transaction,
};

aggregate! {
    /// What patients and doctors keep about illnesses and visits.
    Records
}

/// How many annotations of a record are shown.
const MOST_ANNOTATIONS: u16 = 500;

/// A document to attach to a new record.
#[derive(Debug)]
pub struct Attached<'a> {
    /// The document.
    pub document: &'a Document,
    /// Its file.
    pub file: &'a StoredFile,
    /// What allows to file it.
    pub permit: &'a Permit,
}

impl Records<'_> {
    /// Looks up a health record.
    pub async fn find(
        &self,
        id: HealthRecordId,
        actor: &Actor,
    ) -> Result<Guarded<Chart<HealthRecord>>, StoreError> {
        let record = self.store.paper::<HealthRecord>(id).await?;
        self.store.chart(record.filter(HealthRecord::is_current), actor).await
    }

    /// Looks up a health record with all that doctors say about it.
    pub async fn whole(
        &self,
        id: HealthRecordId,
        actor: &Actor,
    ) -> Result<Guarded<Chart<Annotated>>, StoreError> {
        let (record, annotations) =
            tokio::try_join!(self.store.paper::<HealthRecord>(id), self.said_of(id))?;
        let annotated =
            record.filter(HealthRecord::is_current).map(|record| Annotated { record, annotations });
        self.store.chart(annotated, actor).await
    }

    /// Reads a page of the health records in a pile, newest first.
    pub async fn on(
        &self,
        pile: &Pile,
        kind: Option<RecordKind>,
        actor: &Actor,
        window: Window,
    ) -> Result<Page<Chart<HealthRecord>>, StoreError> {
        let keep = |record: &HealthRecord| {
            record.is_current() && kind.is_none_or(|kind| record.kind == kind)
        };
        self.store.charts(pile, actor, window, keep).await
    }

    /// All versions of a health record that `actor` may see, newest first.
    pub async fn versions(
        &self,
        chart: &Chart<HealthRecord>,
        actor: &Actor,
    ) -> Result<Vec<HealthRecord>, StoreError> {
        self.store.history(chart, actor).await
    }

    /// Keeps a new health record with what is attached to it.
    pub async fn write(
        &self,
        record: &HealthRecord,
        attached: &[Attached<'_>],
        permit: &Permit,
    ) -> Result<(), WriteError<RecordError>> {
        let (stale, used) = (RecordError::Stale, RecordError::Used);
        let mut transaction = open(self.about(record, permit).await?, record, stale);
        for Attached { document, file, permit } in attached {
            let noted = transaction.event(permit);
            transaction = documents::publish(noted, document, file, stale, used);
        }
        transaction.commit().await
    }

    /// Saves a changed health record, or one that was removed.
    pub async fn save(
        &self,
        before: &HealthRecord,
        record: &mut HealthRecord,
        permit: &Permit,
    ) -> Result<(), WriteError<RecordError>> {
        let transaction = self.about(record, permit).await?;
        papers::supersede(transaction, before, record, RecordError::Stale).commit().await
    }

    async fn about(
        &self,
        record: &HealthRecord,
        permit: &Permit,
    ) -> Result<Transaction<'_, RecordError>, StoreError> {
        let (tells, stale) = (record.tells_of_allergy(), RecordError::Stale);
        self.store.transaction_about(record.patient, tells, permit, stale).await
    }

    /// Looks up what a doctor says. Whoever asks has yet to be cleared for the record.
    pub async fn annotation(
        &self,
        id: AnnotationId,
        actor: &Actor,
    ) -> Result<(Guarded<Chart<HealthRecord>>, Guarded<Annotation>), StoreError> {
        let found = self.store.paper::<Annotation>(id).await?.filter(Annotation::is_current);
        let record = match &found {
            Some(annotation) => self.find(annotation.record, actor).await?,
            None => Guarded::new(None),
        };
        Ok((record, Guarded::new(found)))
    }

    /// What doctors say about a record, oldest first.
    pub async fn annotations(&self, record: &HealthRecord) -> Result<Vec<Annotation>, StoreError> {
        self.said_of(record.id).await
    }

    async fn said_of(&self, record: HealthRecordId) -> Result<Vec<Annotation>, StoreError> {
        let slice = papers::beside::<HealthRecord>(record).slice(format!("{}#", Annotation::KIND));
        let window = Window::first(MOST_ANNOTATIONS);
        let page = self.store.page::<Annotation>(slice, Order::OldestFirst, window).await?;
        Ok(page.records.into_iter().filter(Annotation::is_current).collect())
    }

    /// Reads a page of what a doctor says about records that they may still see, newest first.
    pub async fn annotations_of(
        &self,
        doctor: DoctorId,
        actor: &Actor,
        window: Window,
    ) -> Result<Page<Annotation>, StoreError> {
        let slices = papers::entries_of::<Annotation>([doctor.into()]);
        let mut page = self.store.papers(slices, window, Annotation::is_current).await?;
        let of = |annotation: &Annotation| papers::at::<HealthRecord>(annotation.record);
        let keys: BTreeSet<_> = page.records.iter().map(of).collect();
        let records = self.store.fetch::<HealthRecord>(keys.into_iter().collect()).await?;
        let seen: BTreeSet<_> = records
            .iter()
            .filter(|record| record.is_current())
            .filter(|record| actor.can(HealthRecord::VIEW, &Chart::of(*record, None)))
            .map(|record| record.id)
            .collect();
        page.records.retain(|annotation| seen.contains(&annotation.record));
        Ok(page)
    }

    /// All versions of what a doctor says, newest first.
    pub async fn annotation_versions(
        &self,
        annotation: &Annotation,
    ) -> Result<Vec<Annotation>, StoreError> {
        let mut versions = vec![annotation.clone()];
        versions.extend(self.store.versions(annotation).await?);
        Ok(versions)
    }

    /// Keeps what a doctor says about a record that is still as it was read.
    pub async fn annotate(
        &self,
        record: &HealthRecord,
        annotation: &Annotation,
        permit: &Permit,
    ) -> Result<(), WriteError<RecordError>> {
        let transaction = self.store.transaction(permit).demand_as_read(record, RecordError::Stale);
        papers::publish(transaction, annotation, RecordError::AnnotationStale)
            .copy(annotation, beside(annotation))
            .commit()
            .await
    }

    /// Saves what a doctor says now, or no longer says.
    pub async fn save_annotation(
        &self,
        before: &Annotation,
        annotation: &mut Annotation,
        permit: &Permit,
    ) -> Result<(), WriteError<RecordError>> {
        let transaction = self.store.transaction(permit);
        let stale = RecordError::AnnotationStale;
        let transaction = papers::supersede(transaction, before, annotation, stale);
        transaction.copy(annotation, beside(annotation)).commit().await
    }
}

/// Adds a new health record to a transaction.
pub(crate) fn open<'s, E>(
    transaction: Transaction<'s, E>,
    record: &HealthRecord,
    otherwise: E,
) -> Transaction<'s, E> {
    papers::publish(transaction, record, otherwise)
}

/// What doctors say stands beside the record, too, so that both are read at once.
fn beside(annotation: &Annotation) -> Key {
    papers::beside::<HealthRecord>(annotation.record).sort(Annotation::KIND, annotation.id)
}

impl Entity for HealthRecord {
    const KIND: &'static str = "record";

    fn key(&self) -> Key {
        papers::at::<Self>(self.id)
    }
}

impl Paper for HealthRecord {
    fn ulid(&self) -> Ulid {
        self.id.ulid()
    }

    fn name(&self) -> String {
        self.id.to_string()
    }

    fn readers(&self) -> BTreeSet<UserId> {
        let doctors = self.doctors.iter().map(|concerned| concerned.doctor.into());
        let hospital = self.hospital.map(UserId::from);
        doctors.chain([self.patient.into()]).chain(hospital).collect()
    }
}

impl Entity for Annotation {
    const KIND: &'static str = "annotation";

    fn key(&self) -> Key {
        papers::at::<Self>(self.id)
    }
}

impl Paper for Annotation {
    fn ulid(&self) -> Ulid {
        self.id.ulid()
    }

    fn name(&self) -> String {
        self.id.to_string()
    }

    fn readers(&self) -> BTreeSet<UserId> {
        BTreeSet::from([self.doctor.into()])
    }
}
