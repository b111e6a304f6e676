//! Documents at the edge: how they are filed, listed and shown, whatever they belong to.

use std::collections::BTreeMap;

use axum::extract::FromRef;
use carehub_domain::{
    access::{Action, Actor, Guarded, PatientId, Permit, UserId},
    doctor::DoctorId,
    document::{Description, Document, DocumentId, DocumentType, Folder, Shelf},
    file::{FileId, Formats, StoredFile},
    hospital::HospitalId,
    revision::Revised,
    text::Text,
};
use carehub_objects::Objects;
use carehub_store::Store;
use http::StatusCode;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AppState, Result,
    actor::SignedIn,
    etag::{IfMatch, Tagged},
    extract::Json,
    form::{Change, Invalid, replace},
    listing::{Listing, PageView, WholeView},
    upload::{FileView, Incoming, Intake},
};

crate::form! {
    /// A document to file. Its file comes with it, or was uploaded before.
    pub struct NewDocument {
        /// What kind of document it is.
        document_type: DocumentType = "attachment_type" | "file_type" | "type",
        /// What it is called; like its file if nothing is said.
        title: Option<Text<255>>,
        /// What there is to say about it.
        description: Option<Text<5000>>,
    }
}

crate::form! {
    /// Something else to say about a document. What is not there stays; its file always does.
    pub struct DocumentChanges {
        /// What kind of document it is.
        document_type: Option<DocumentType> = "attachment_type" | "file_type" | "type",
        /// What it is called.
        title: Option<Text<255>>,
        /// What there is to say about it.
        description: Change<Text<5000>>,
        /// The day that it speaks of.
        report_date: Change<Date> = "date",
    }
}

crate::form! {
    /// Whether a document is genuine.
    pub struct Finding {
        /// Whether it is; `true` if nothing is said.
        is_verified: Option<bool> = "verified",
        /// What there is to say about it.
        notes: Option<Text<2000>> = "verification_notes",
    }
}

crate::form! {
    /// Which documents to list.
    pub struct WantedDocuments {
        /// Only this kind.
        document_type: Option<DocumentType> = "attachment_type" | "file_type" | "type",
        /// Accepted and without effect: newest first.
        ordering: Option<String>,
    }
}

impl From<NewDocument> for Description {
    fn from(new: NewDocument) -> Self {
        let NewDocument { document_type, title, description } = new;
        Self { document_type, title, description, report_date: None }
    }
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DocumentView {
    /// Identifies the document.
    pub id: DocumentId,
    /// Where it stands.
    pub shelf: Shelf,
    /// What it belongs to: a patient, doctor, appointment, prescription or health record.
    pub belongs_to: String,
    /// The patient whom it is about.
    pub patient: Option<PatientId>,
    /// What the patient was called then.
    pub patient_name: Option<Text<301>>,
    /// The doctor whom it concerns.
    pub doctor: Option<DoctorId>,
    /// What the doctor was called then.
    pub doctor_name: Option<Text<301>>,
    /// The hospital that it comes from.
    pub hospital: Option<HospitalId>,
    /// What the hospital was called then.
    pub hospital_name: Option<Text<255>>,
    /// What kind of document it is.
    pub document_type: DocumentType,
    /// The same, as it is called with reports.
    pub file_type: DocumentType,
    /// The same, as it is called with attachments.
    pub attachment_type: DocumentType,
    /// What it is called.
    pub title: Text<255>,
    /// What there is to say about it.
    pub description: Option<Text<5000>>,
    /// The day that it speaks of.
    pub report_date: Option<Date>,
    /// Its file.
    #[serde(flatten)]
    pub file: Option<FileView>,
    /// Who filed it.
    pub uploaded_by: Option<UserId>,
    /// What they were called then.
    pub uploaded_by_name: Text<301>,
    /// Whether somebody looked and found it genuine.
    pub is_verified: bool,
    /// Who looked.
    pub verified_by: Option<UserId>,
    /// When.
    pub verified_at: Option<Timestamp>,
    /// What they have to say about it.
    pub verification_notes: Option<Text<2000>>,
    /// How often it has been written.
    pub version: u32,
    /// When it was filed.
    pub uploaded_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Where documents are filed and found.
#[derive(Clone, Debug)]
pub struct Filing {
    store: Store,
    objects: Objects,
    intake: Intake,
}

impl FromRef<AppState> for Filing {
    fn from_ref(state: &AppState) -> Self {
        Self {
            store: state.store.clone(),
            objects: state.objects.clone(),
            intake: Intake::from_ref(state),
        }
    }
}

impl Filing {
    /// Files a document into a folder that its author was cleared for.
    pub async fn add(
        &self,
        folder: &Folder,
        said: Description,
        formats: Formats,
        files: Vec<Incoming>,
        author: &SignedIn,
    ) -> Result<(Document, DocumentView)> {
        let SignedIn { actor, account, .. } = author;
        let _permit = actor.create(Action::CreateDocument, folder)?;
        folder.shelf.demand(said.document_type).map_err(unfit)?;
        let file = self.intake.one(files, formats, actor).await?;
        let name = account.name.signature();
        let document = Document::file(folder, said, &file, name, actor).map_err(unfit)?;
        let permit = actor.create(Action::CreateDocument, &document)?;
        let permit = noting(permit, &document);
        self.store.documents().file(&document, &file, &permit).await?;
        let file = FileView::of(&file, &self.objects, actor.at).await?;
        let view = DocumentView::of(document.clone(), Some(file));
        Ok((document, view))
    }

    /// Lists what `actor` may see of a folder. `permit` is that for the look.
    pub async fn list<F>(
        &self,
        folder: &Folder,
        wanted: Option<DocumentType>,
        listing: &Listing<F>,
        permit: Permit,
        actor: &Actor,
    ) -> Result<Json<PageView<DocumentView>>> {
        let window = listing.window.clone();
        let page = self.store.documents().within(folder, wanted, actor, window).await?;
        let files = self.files(&page.records, actor.at).await?;
        let links = files.values().filter(|file| file.file_url.is_some()).count();
        if !folder.is_about(actor) {
            let permit = permit.noting("shelf", folder.shelf).noting("files", links);
            self.store.events().append(&permit.noting("count", page.records.len())).await?;
        }
        Ok(listing.answer(page, |document| {
            let file = files.get(&document.file).cloned();
            DocumentView::of(document, file)
        }))
    }

    /// Shows a document of a folder.
    pub async fn show(
        &self,
        folder: &Folder,
        id: DocumentId,
        actor: &Actor,
    ) -> Result<Tagged<Json<DocumentView>>> {
        self.shown(self.store.documents().find(folder, id).await?, actor).await
    }

    /// Shows a document whose folder `actor` was cleared for.
    pub async fn shown(
        &self,
        found: Guarded<Document>,
        actor: &Actor,
    ) -> Result<Tagged<Json<DocumentView>>> {
        let (document, permit) = found.permit(actor, Action::ViewDocument)?;
        let file = self.file(&document, actor.at).await?;
        let linked = file.as_ref().is_some_and(|file| file.file_url.is_some());
        let permit = match linked {
            true => actor.authorize(Action::DownloadFile, &document)?,
            false => permit,
        };
        if !document.folder.is_about(actor) {
            self.store.events().append(&noting(permit, &document)).await?;
        }
        Ok(tagged(document, file))
    }

    /// Shows all that a document of a folder ever said, newest first.
    pub async fn versions(
        &self,
        folder: &Folder,
        id: DocumentId,
        actor: &Actor,
    ) -> Result<Json<WholeView<DocumentView>>> {
        self.all_versions(self.store.documents().find(folder, id).await?, actor).await
    }

    /// Shows all that a document ever said, whose folder `actor` was cleared for.
    pub async fn all_versions(
        &self,
        found: Guarded<Document>,
        actor: &Actor,
    ) -> Result<Json<WholeView<DocumentView>>> {
        let (document, permit) = found.permit(actor, Action::ViewDocument)?;
        let past = self.store.documents().versions(&document).await?;
        let versions: Vec<_> = std::iter::once(document.clone()).chain(past).collect();
        let views = self.views(versions, actor.at).await?;
        if !document.folder.is_about(actor) {
            let permit = noting(permit, &document).noting("count", views.len());
            self.store.events().append(&permit).await?;
        }
        Ok(Json(WholeView::of(views)))
    }

    /// Changes what is said of a document of a folder.
    pub async fn edit(
        &self,
        folder: &Folder,
        id: DocumentId,
        expected: &IfMatch,
        changes: DocumentChanges,
        actor: &Actor,
    ) -> Result<Tagged<Json<DocumentView>>> {
        let found = self.store.documents().find(folder, id).await?;
        self.change(found, expected, changes, actor).await
    }

    /// Changes what is said of a document whose folder `actor` was cleared for.
    pub async fn change(
        &self,
        found: Guarded<Document>,
        expected: &IfMatch,
        changes: DocumentChanges,
        actor: &Actor,
    ) -> Result<Tagged<Json<DocumentView>>> {
        let (before, permit) = held(found, Action::EditDocument, expected, actor)?;
        let mut document = before.clone();
        let changed = changes.apply(&mut document, actor.at)?;
        let permit = noting(permit, &document).changing(&changed);
        let file = self.file(&document, actor.at).await?;
        self.store.documents().save(&before, &mut document, &permit).await?;
        Ok(tagged(document, file))
    }

    /// Removes a document of a folder.
    pub async fn remove(
        &self,
        folder: &Folder,
        id: DocumentId,
        expected: &IfMatch,
        actor: &Actor,
    ) -> Result<StatusCode> {
        self.discard(self.store.documents().find(folder, id).await?, expected, actor).await
    }

    /// Removes a document whose folder `actor` was cleared for.
    pub async fn discard(
        &self,
        found: Guarded<Document>,
        expected: &IfMatch,
        actor: &Actor,
    ) -> Result<StatusCode> {
        let (before, permit) = held(found, Action::DeleteDocument, expected, actor)?;
        let mut removed = before.clone().remove(actor.at);
        let permit = noting(permit, &before);
        self.store.documents().save(&before, &mut removed, &permit).await?;
        Ok(StatusCode::NO_CONTENT)
    }

    /// Notes whether a document of a folder is genuine.
    pub async fn verify(
        &self,
        folder: &Folder,
        id: DocumentId,
        expected: &IfMatch,
        Finding { is_verified, notes }: Finding,
        actor: &Actor,
    ) -> Result<Tagged<Json<DocumentView>>> {
        let found = self.store.documents().find(folder, id).await?;
        let (before, permit) = found.permit(actor, Action::VerifyDocument)?;
        expected.check(&before)?;
        let is_verified = is_verified.unwrap_or(true);
        let mut document = before.clone().verify(is_verified, notes, actor)?;
        let permit = noting(permit, &document).noting("verified", is_verified);
        let file = self.file(&document, actor.at).await?;
        self.store.documents().save(&before, &mut document, &permit).await?;
        Ok(tagged(document, file))
    }

    /// Documents that were just filed, each with its file.
    pub async fn new_views(
        &self,
        filed: impl Iterator<Item = (Document, &StoredFile)>,
        now: Timestamp,
    ) -> Result<Vec<DocumentView>> {
        let mut views = Vec::new();
        for (document, file) in filed {
            let file = FileView::of(file, &self.objects, now).await?;
            views.push(DocumentView::of(document, Some(file)));
        }
        Ok(views)
    }

    /// Documents with their files, for whoever was cleared for them.
    pub async fn views(
        &self,
        documents: Vec<Document>,
        now: Timestamp,
    ) -> Result<Vec<DocumentView>> {
        let files = self.files(&documents, now).await?;
        let views = documents.into_iter().map(|document| {
            let file = files.get(&document.file).cloned();
            DocumentView::of(document, file)
        });
        Ok(views.collect())
    }

    async fn files(
        &self,
        documents: &[Document],
        now: Timestamp,
    ) -> Result<BTreeMap<FileId, FileView>> {
        let ids = documents.iter().map(|document| document.file);
        let files = self.store.files().several(ids).await?;
        FileView::each(&files, &self.objects, now).await
    }

    async fn file(&self, document: &Document, now: Timestamp) -> Result<Option<FileView>> {
        let mut files = self.files(std::slice::from_ref(document), now).await?;
        Ok(files.remove(&document.file))
    }
}

fn tagged(document: Document, file: Option<FileView>) -> Tagged<Json<DocumentView>> {
    Tagged::showing(document, |document| DocumentView::of(document, file))
}

/// A document that `actor` may change or remove.
fn held(
    found: Guarded<Document>,
    action: Action,
    expected: &IfMatch,
    actor: &Actor,
) -> Result<(Document, Permit)> {
    let (document, permit) = found.permit(actor, action)?;
    document.demand_own_hand(actor)?;
    expected.check(&document)?;
    Ok((document, permit))
}

fn noting(permit: Permit, document: &Document) -> Permit {
    let permit = permit.noting("shelf", document.folder.shelf);
    permit.noting("type", document.document_type).noting("file", document.file)
}

fn unfit(misfiled: impl std::fmt::Display) -> Invalid {
    Invalid::field("document_type", misfiled)
}

impl DocumentChanges {
    fn apply(self, document: &mut Document, now: Timestamp) -> Result<Vec<&'static str>> {
        let mut changed = Vec::new();
        if let Some(wanted) = self.document_type {
            document.folder.shelf.demand(wanted).map_err(unfit)?;
        }
        replace(&mut document.document_type, self.document_type, "document_type", &mut changed);
        replace(&mut document.title, self.title, "title", &mut changed);
        self.description.apply(&mut document.description, "description", &mut changed);
        self.report_date.apply(&mut document.report_date, "report_date", &mut changed);
        document.touch(now);
        Ok(changed)
    }
}

impl DocumentView {
    /// Shows a document with its file.
    pub fn of(document: Document, file: Option<FileView>) -> Self {
        let version = document.revision().number();
        let Document { id, folder, verification, document_type, .. } = document;
        let verified = verification.as_ref();
        Self {
            id,
            shelf: folder.shelf,
            belongs_to: folder.filed_under.to_string(),
            patient: folder.patient,
            patient_name: folder.patient_name,
            doctor: folder.doctor,
            doctor_name: folder.doctor_name,
            hospital: folder.hospital,
            hospital_name: folder.hospital_name,
            document_type,
            file_type: document_type,
            attachment_type: document_type,
            title: document.title,
            description: document.description,
            report_date: document.report_date,
            file,
            uploaded_by: document.uploaded_by,
            uploaded_by_name: document.uploaded_by_name,
            is_verified: verified.is_some_and(|verified| verified.is_verified),
            verified_by: verified.and_then(|verified| verified.by),
            verified_at: verified.map(|verified| verified.at),
            verification_notes: verification.and_then(|verified| verified.notes),
            version,
            uploaded_at: document.created_at,
            updated_at: document.updated_at,
        }
    }
}
