//! `/api/patients/{id}/documents`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::{CurrentActor, SignedIn},
    created::Created,
    document::{DocumentChanges, DocumentView, Filing, Finding, NewDocument, WantedDocuments},
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    listing::{Listing, PageView, Paging, WholeView},
    upload::Upload,
};
use carehub_domain::{
    access::{Action, Actor, PatientId, Permit},
    document::{DocumentId, DocumentType, Folder},
    file::Formats,
};
use carehub_store::Store;

/// File a document of a patient.
#[utoipa::path(post, path = "/api/patients/{id}/documents", tag = "records", request_body(content((NewDocument = "multipart/form-data"), (NewDocument = "application/json"))), params(
    ("id" = PatientId, Path, description = "The patient."),
), responses(
    (status = 201, description = "The document. A file that was announced can be read once it has been looked into.", body = DocumentView),
    (status = 400, description = "Some fields or the file are not right, or a patient shows no documents of this kind.", body = Problem),
    (status = 404, description = "There is no such patient or upload, or the caller does not know the patient.", body = Problem),
    (status = 409, description = "The upload belongs to a document already.", body = Problem),
    (status = 413, description = "Files with more than 4 MB are uploaded before.", body = Problem),
    (status = 429, description = "More than 10 files in a minute.", body = Problem),
))]
pub(crate) async fn add(
    signed_in: SignedIn,
    Path(id): Path<PatientId>,
    State(store): State<Store>,
    State(filing): State<Filing>,
    Upload { form, files }: Upload<NewDocument>,
) -> Result<Created<Tagged<Json<DocumentView>>>> {
    let author = signed_in.settled()?;
    let (folder, _) = opened(id, &author.actor, &store).await?;
    let (document, view) = filing.add(&folder, form.into(), Formats::ALL, files, &author).await?;
    Ok(Created::at(
        format!("/api/patients/{id}/documents/{}", document.id),
        Tagged::of(&document, Json(view)),
    ))
}

/// List the documents of a patient.
#[utoipa::path(get, path = "/api/patients/{id}/documents", tag = "records", params(
    ("id" = PatientId, Path, description = "The patient."),
    ("document_type" = Option<DocumentType>, Query, description = "Only this kind."),
    Paging,
), responses(
    (status = 200, description = "The documents, newest first. Lab reports, medical reports and prescriptions are for the patient, for a doctor with a grant, for who filed them and the hospital of that person, and for admins. Who reads about somebody else leaves a line in the audit log.", body = PageView<DocumentView>),
    (status = 404, description = "There is no such patient, or the caller does not know the patient.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    listing: Listing<WantedDocuments>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Json<PageView<DocumentView>>> {
    let (folder, permit) = opened(id, &actor, &store).await?;
    filing.list(&folder, listing.filter.document_type, &listing, permit, &actor).await
}

/// See a document of a patient.
#[utoipa::path(get, path = "/api/patients/{id}/documents/{pk}", tag = "records", params(
    ("id" = PatientId, Path, description = "The patient."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "The document, with a link to its file for a quarter of an hour. Who takes a link to what is somebody else's leaves a line in the audit log.", body = DocumentView),
    (status = 403, description = "It speaks of the patient's health, and the patient has not let the doctor in.", body = Problem),
    (status = 404, description = "There is no such document, or the caller does not know the patient.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PatientId, DocumentId)>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Tagged<Json<DocumentView>>> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.show(&folder, pk, &actor).await
}

/// See all that a document of a patient ever said.
#[utoipa::path(get, path = "/api/patients/{id}/documents/{pk}/versions", tag = "records", params(
    ("id" = PatientId, Path, description = "The patient."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "Every version, the present one first. Who reads about somebody else leaves a line in the audit log.", body = WholeView<DocumentView>),
    (status = 403, description = "It speaks of the patient's health, and the patient has not let the doctor in.", body = Problem),
    (status = 404, description = "There is no such document, or the caller does not know the patient.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PatientId, DocumentId)>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Json<WholeView<DocumentView>>> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.versions(&folder, pk, &actor).await
}

/// Change what is said of a document of a patient.
#[utoipa::path(patch, path = "/api/patients/{id}/documents/{pk}", tag = "records", request_body = DocumentChanges, params(
    ("id" = PatientId, Path, description = "The patient."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "The document as it is now, which nobody has verified; what it said before is kept. `PUT` means the same.", body = DocumentView),
    (status = 400, description = "Some fields are not right, or a patient shows no documents of this kind.", body = Problem),
    (status = 403, description = "Only who filed it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such document, or the caller does not know the patient.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PatientId, DocumentId)>,
    expected: IfMatch,
    State(store): State<Store>,
    State(filing): State<Filing>,
    Body(changes): Body<DocumentChanges>,
) -> Result<Tagged<Json<DocumentView>>> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.edit(&folder, pk, &expected, changes, &actor).await
}

/// Remove a document of a patient.
#[utoipa::path(delete, path = "/api/patients/{id}/documents/{pk}", tag = "records", params(
    ("id" = PatientId, Path, description = "The patient."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 204, description = "Nobody finds the document any more. It is kept."),
    (status = 403, description = "Only who filed it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such document, or the caller does not know the patient.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PatientId, DocumentId)>,
    expected: IfMatch,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<StatusCode> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.remove(&folder, pk, &expected, &actor).await
}

/// Say whether a document of a patient is genuine.
#[utoipa::path(post, path = "/api/patients/{id}/documents/{pk}/verify", tag = "records", request_body = Finding, params(
    ("id" = PatientId, Path, description = "The patient."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "The document as it is now.", body = DocumentView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only admins may do this.", body = Problem),
    (status = 404, description = "There is no such document, or the caller does not know the patient.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn verify(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PatientId, DocumentId)>,
    expected: IfMatch,
    State(store): State<Store>,
    State(filing): State<Filing>,
    Body(finding): Body<Finding>,
) -> Result<Tagged<Json<DocumentView>>> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.verify(&folder, pk, &expected, finding, &actor).await
}

/// What a patient has shown, for somebody who knows the patient or was let in.
async fn opened(id: PatientId, actor: &Actor, store: &Store) -> Result<(Folder, Permit)> {
    let found = store.documents().of_patient(id, actor).await?;
    Ok(found.permit(actor, Action::ViewDocument)?)
}
