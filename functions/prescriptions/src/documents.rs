//! `/api/prescriptions/{id}/documents`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::{CurrentActor, SignedIn},
    created::Created,
    document::{DocumentChanges, DocumentView, Filing, WantedDocuments},
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    listing::{Listing, PageView, Paging, WholeView},
    upload::Upload,
};
use carehub_domain::{
    document::{Description, DocumentId, DocumentType, Folder, Shelf},
    file::Formats,
    prescription::{Prescription, PrescriptionId},
    text::Text,
};
use carehub_store::Store;

use crate::entry::read;

form! {
    /// A document to file with a prescription. Its file comes with it, or was uploaded before.
    pub(crate) struct Attachment {
        /// What kind of document it is; `OTHER` if nothing is said.
        document_type: Option<DocumentType> = "attachment_type" | "file_type" | "type",
        /// What it is called; like its file if nothing is said.
        title: Option<Text<255>>,
        /// What there is to say about it.
        description: Option<Text<5000>>,
    }
}

impl From<Attachment> for Description {
    fn from(Attachment { document_type, title, description }: Attachment) -> Self {
        let document_type = document_type.unwrap_or(DocumentType::Other);
        Self { document_type, title, description, report_date: None }
    }
}

/// File a document with a prescription.
#[utoipa::path(post, path = "/api/prescriptions/{id}/documents", tag = "prescriptions", request_body(content((Attachment = "multipart/form-data"), (Attachment = "application/json"))), params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
), responses(
    (status = 201, description = "The document. A file that was announced can be read once it has been looked into.", body = DocumentView),
    (status = 400, description = "Some fields or the file are not right, or a prescription takes no documents of this kind.", body = Problem),
    (status = 404, description = "There is no such prescription or upload, or the caller has no part in it.", body = Problem),
    (status = 409, description = "The upload belongs to a document already.", body = Problem),
    (status = 413, description = "Files with more than 4 MB are uploaded before.", body = Problem),
    (status = 429, description = "More than 10 files in a minute.", body = Problem),
))]
pub(crate) async fn add(
    signed_in: SignedIn,
    Path(id): Path<PrescriptionId>,
    State(store): State<Store>,
    State(filing): State<Filing>,
    Upload { form, files }: Upload<Attachment>,
) -> Result<Created<Tagged<Json<DocumentView>>>> {
    let author = signed_in.settled()?;
    let (prescription, _) = read(id, &author.actor, &store).await?;
    let folder = folder(&prescription);
    let (document, view) = filing.add(&folder, form.into(), Formats::ALL, files, &author).await?;
    Ok(Created::at(
        format!("/api/prescriptions/{id}/documents/{}", document.id),
        Tagged::of(&document, Json(view)),
    ))
}

/// List the documents of a prescription.
#[utoipa::path(get, path = "/api/prescriptions/{id}/documents", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    ("document_type" = Option<DocumentType>, Query, description = "Only this kind."),
    Paging,
), responses(
    (status = 200, description = "The documents, newest first. Who reads about somebody else leaves a line in the audit log.", body = PageView<DocumentView>),
    (status = 404, description = "There is no such prescription, or the caller has no part in it.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    listing: Listing<WantedDocuments>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Json<PageView<DocumentView>>> {
    let (prescription, permit) = read(id, &actor, &store).await?;
    let folder = folder(&prescription);
    filing.list(&folder, listing.filter.document_type, &listing, permit, &actor).await
}

/// See a document of a prescription.
#[utoipa::path(get, path = "/api/prescriptions/{id}/documents/{pk}", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "The document, with a link to its file that lasts for minutes. Who gets one to the file of somebody else leaves a line in the audit log.", body = DocumentView),
    (status = 404, description = "There is no such document, or the caller has no part in the prescription.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PrescriptionId, DocumentId)>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Tagged<Json<DocumentView>>> {
    let (prescription, _) = read(id, &actor, &store).await?;
    filing.show(&folder(&prescription), pk, &actor).await
}

/// See what was said of a document of a prescription before.
#[utoipa::path(get, path = "/api/prescriptions/{id}/documents/{pk}/versions", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "The document as it is and as it was, newest first. Who reads about somebody else leaves a line in the audit log.", body = WholeView<DocumentView>),
    (status = 404, description = "There is no such document, or the caller has no part in the prescription.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PrescriptionId, DocumentId)>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Json<WholeView<DocumentView>>> {
    let (prescription, _) = read(id, &actor, &store).await?;
    filing.versions(&folder(&prescription), pk, &actor).await
}

/// Say something else about a document of a prescription.
#[utoipa::path(patch, path = "/api/prescriptions/{id}/documents/{pk}", tag = "prescriptions", request_body = DocumentChanges, params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "The document as it is now; what was said of it before is kept. `PUT` means the same.", body = DocumentView),
    (status = 400, description = "Some fields are not right, or a prescription takes no documents of this kind.", body = Problem),
    (status = 403, description = "Only who filed it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such document, or the caller has no part in the prescription.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PrescriptionId, DocumentId)>,
    expected: IfMatch,
    State(store): State<Store>,
    State(filing): State<Filing>,
    Body(changes): Body<DocumentChanges>,
) -> Result<Tagged<Json<DocumentView>>> {
    let (prescription, _) = read(id, &actor, &store).await?;
    filing.edit(&folder(&prescription), pk, &expected, changes, &actor).await
}

/// Remove a document of a prescription.
#[utoipa::path(delete, path = "/api/prescriptions/{id}/documents/{pk}", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 204, description = "Nobody finds the document any more. It is kept with the prescription."),
    (status = 403, description = "Only who filed it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such document, or the caller has no part in the prescription.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PrescriptionId, DocumentId)>,
    expected: IfMatch,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<StatusCode> {
    let (prescription, _) = read(id, &actor, &store).await?;
    filing.remove(&folder(&prescription), pk, &expected, &actor).await
}

/// The files that belong to a prescription, for whoever was cleared for it.
pub(crate) fn folder(prescription: &Prescription) -> Folder {
    let mut folder = Folder::new(Shelf::Prescription, prescription.id);
    folder.patient = Some(prescription.patient);
    folder.patient_name = Some(prescription.patient_name.clone());
    folder.doctor = Some(prescription.doctor);
    folder.doctor_name = Some(prescription.doctor_name.clone());
    folder.hospital = prescription.hospital;
    folder.hospital_name.clone_from(&prescription.hospital_name);
    folder
}
