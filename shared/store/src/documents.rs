//! Documents, by the folder that they lie in.

use std::collections::BTreeSet;

use carehub_domain::{
    access::{Action, Actor, Guarded, PatientId, Permit, UserId},
    document::{Document, DocumentError, DocumentId, DocumentType, Folder, Shelf},
    event::Reference,
    file::StoredFile,
    repository::Repository,
};
use ulid::Ulid;

use crate::{
    Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate, files,
    key::Partition,
    papers::{self, Paper},
    transaction::Transaction,
};

aggregate! {
    /// Files that people keep. Whoever holds a folder was cleared for it.
    Documents
}

impl Documents<'_> {
    /// Looks up a document in a folder.
    pub async fn find(
        &self,
        folder: &Folder,
        id: DocumentId,
    ) -> Result<Guarded<Document>, StoreError> {
        let found = self.store.paper::<Document>(id).await?;
        Ok(Guarded::new(found.and_then(|document| document.within(folder))))
    }

    /// Looks up the folder of what a patient has shown, as it is to `actor`.
    pub async fn of_patient(
        &self,
        patient: PatientId,
        actor: &Actor,
    ) -> Result<Guarded<Folder>, StoreError> {
        let repository = self.store.repositories().before(patient, actor).await?;
        Ok(Guarded::new(repository.as_ref().map(Folder::of_patient)))
    }

    /// Looks up a report, and the repository that it lies in, which `actor` has to be cleared
    /// for first.
    pub async fn report(
        &self,
        id: DocumentId,
        actor: &Actor,
    ) -> Result<(Guarded<Repository>, Guarded<Document>), StoreError> {
        let found = self.store.paper::<Document>(id).await?;
        let found = found.filter(|document| document.folder.shelf == Shelf::Report);
        let repository = match found.as_ref().and_then(|report| report.folder.patient) {
            Some(patient) => self.store.repositories().before(patient, actor).await?,
            None => None,
        };
        let report = found
            .zip(repository.as_ref())
            .and_then(|(report, repository)| report.within(&Folder::reports(repository)));
        Ok((Guarded::new(repository.filter(|_| report.is_some())), Guarded::new(report)))
    }

    /// Reads a page of what `actor` may see of a folder, newest first.
    pub async fn within(
        &self,
        folder: &Folder,
        wanted: Option<DocumentType>,
        actor: &Actor,
        window: Window,
    ) -> Result<Page<Document>, StoreError> {
        let prefix = format!("{}#", Document::KIND);
        let slices = folder.places().map(|place| under(folder.shelf, place).slice(&prefix));
        let visible = |document: &Document| {
            wanted.is_none_or(|wanted| document.document_type == wanted)
                && document
                    .clone()
                    .within(folder)
                    .is_some_and(|document| actor.can(Action::ViewDocument, &document))
        };
        let page = self.store.papers(slices.collect(), window, visible).await?;
        Ok(page.map(|document: Document| document.in_hands_of(folder)))
    }

    /// Everything that a document said before, newest first, as those see it who see it now.
    pub async fn versions(&self, document: &Document) -> Result<Vec<Document>, StoreError> {
        let past = self.store.versions(document).await?.into_iter();
        Ok(past.map(|version| version.in_hands_of(&document.folder)).collect())
    }

    /// Files a document.
    pub async fn file(
        &self,
        document: &Document,
        file: &StoredFile,
        permit: &Permit,
    ) -> Result<(), WriteError<DocumentError>> {
        let transaction = self.store.transaction(permit);
        let (stale, used) = (DocumentError::Stale, DocumentError::Used);
        publish(transaction, document, file, stale, used).commit().await
    }

    /// Saves a changed document, which was `before`.
    pub async fn save(
        &self,
        before: &Document,
        document: &mut Document,
        permit: &Permit,
    ) -> Result<(), WriteError<DocumentError>> {
        let transaction = self.store.transaction(permit);
        papers::supersede(transaction, before, document, DocumentError::Stale).commit().await
    }
}

/// Adds a new document with its file to a transaction.
pub(crate) fn publish<'s, E>(
    transaction: Transaction<'s, E>,
    document: &Document,
    file: &StoredFile,
    stale: E,
    used: E,
) -> Transaction<'s, E> {
    let transaction = papers::publish(transaction, document, stale);
    files::claim(transaction, file, &document.id.into(), used)
}

fn under(shelf: Shelf, place: &Reference) -> Partition {
    Key::partition(Table::Clinical, "shelf", format!("{shelf}#{place}"))
}

impl Paper for Document {
    fn ulid(&self) -> Ulid {
        self.id.ulid()
    }

    fn name(&self) -> String {
        self.id.to_string()
    }

    fn readers(&self) -> BTreeSet<UserId> {
        let Folder { patient, doctor, hospital, .. } = &self.folder;
        let people = [patient.map(UserId::from), doctor.map(UserId::from)];
        people.into_iter().chain([hospital.map(UserId::from)]).flatten().collect()
    }

    fn lists(&self) -> Vec<Partition> {
        vec![under(self.folder.shelf, &self.folder.filed_under)]
    }
}

impl Entity for Document {
    const KIND: &'static str = "document";

    fn key(&self) -> Key {
        papers::at::<Self>(self.id)
    }
}
