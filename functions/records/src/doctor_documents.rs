//! `/api/doctors/{id}/documents`

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
    access::{Action, Actor, Permit},
    doctor::DoctorId,
    document::{DocumentId, DocumentType, Folder},
    file::Formats,
};
use carehub_store::Store;

/// File a document of a doctor.
#[utoipa::path(post, path = "/api/doctors/{id}/documents", tag = "records", request_body(content((NewDocument = "multipart/form-data"), (NewDocument = "application/json"))), params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 201, description = "The document. A file that was announced can be read once it has been looked into.", body = DocumentView),
    (status = 400, description = "Some fields or the file are not right, or a doctor shows no documents of this kind.", body = Problem),
    (status = 404, description = "There is no such doctor or upload, or the caller is neither the doctor nor whoever entered the doctor, the hospital or an admin.", body = Problem),
    (status = 409, description = "The upload belongs to a document already.", body = Problem),
    (status = 413, description = "Files with more than 4 MB are uploaded before.", body = Problem),
    (status = 429, description = "More than 10 files in a minute.", body = Problem),
))]
pub(crate) async fn add(
    signed_in: SignedIn,
    Path(id): Path<DoctorId>,
    State(store): State<Store>,
    State(filing): State<Filing>,
    Upload { form, files }: Upload<NewDocument>,
) -> Result<Created<Tagged<Json<DocumentView>>>> {
    let author = signed_in.settled()?;
    let (folder, _) = opened(id, &author.actor, &store).await?;
    let (document, view) = filing.add(&folder, form.into(), Formats::ALL, files, &author).await?;
    Ok(Created::at(
        format!("/api/doctors/{id}/documents/{}", document.id),
        Tagged::of(&document, Json(view)),
    ))
}

/// List the documents of a doctor.
#[utoipa::path(get, path = "/api/doctors/{id}/documents", tag = "records", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("document_type" = Option<DocumentType>, Query, description = "Only this kind."),
    Paging,
), responses(
    (status = 200, description = "The documents, newest first. Who reads about somebody else leaves a line in the audit log.", body = PageView<DocumentView>),
    (status = 404, description = "There is no such doctor, or the caller is neither the doctor nor whoever entered the doctor, the hospital or an admin.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    listing: Listing<WantedDocuments>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Json<PageView<DocumentView>>> {
    let (folder, permit) = opened(id, &actor, &store).await?;
    filing.list(&folder, listing.filter.document_type, &listing, permit, &actor).await
}

/// See a document of a doctor.
#[utoipa::path(get, path = "/api/doctors/{id}/documents/{pk}", tag = "records", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "The document, with a link to its file for a quarter of an hour. Who takes a link to what is somebody else's leaves a line in the audit log.", body = DocumentView),
    (status = 404, description = "There is no such document, or the caller is neither the doctor nor whoever entered the doctor, the hospital or an admin.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, DocumentId)>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Tagged<Json<DocumentView>>> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.show(&folder, pk, &actor).await
}

/// See all that a document of a doctor ever said.
#[utoipa::path(get, path = "/api/doctors/{id}/documents/{pk}/versions", tag = "records", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "Every version, the present one first. Who reads about somebody else leaves a line in the audit log.", body = WholeView<DocumentView>),
    (status = 404, description = "There is no such document, or the caller is neither the doctor nor whoever entered the doctor, the hospital or an admin.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, DocumentId)>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Json<WholeView<DocumentView>>> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.versions(&folder, pk, &actor).await
}

/// Change what is said of a document of a doctor.
#[utoipa::path(patch, path = "/api/doctors/{id}/documents/{pk}", tag = "records", request_body = DocumentChanges, params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "The document as it is now, which nobody has verified; what it said before is kept. `PUT` means the same.", body = DocumentView),
    (status = 400, description = "Some fields are not right, or a doctor shows no documents of this kind.", body = Problem),
    (status = 403, description = "Only who filed it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such document, or the caller is neither the doctor nor whoever entered the doctor, the hospital or an admin.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, DocumentId)>,
    expected: IfMatch,
    State(store): State<Store>,
    State(filing): State<Filing>,
    Body(changes): Body<DocumentChanges>,
) -> Result<Tagged<Json<DocumentView>>> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.edit(&folder, pk, &expected, changes, &actor).await
}

/// Remove a document of a doctor.
#[utoipa::path(delete, path = "/api/doctors/{id}/documents/{pk}", tag = "records", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 204, description = "Nobody finds the document any more. It is kept."),
    (status = 403, description = "Only who filed it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such document, or the caller is neither the doctor nor whoever entered the doctor, the hospital or an admin.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, DocumentId)>,
    expected: IfMatch,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<StatusCode> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.remove(&folder, pk, &expected, &actor).await
}

/// Say whether a document of a doctor is genuine.
#[utoipa::path(post, path = "/api/doctors/{id}/documents/{pk}/verify", tag = "records", request_body = Finding, params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "The document as it is now.", body = DocumentView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the doctor's hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such document, or the caller is neither the doctor nor whoever entered the doctor, the hospital or an admin.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn verify(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, DocumentId)>,
    expected: IfMatch,
    State(store): State<Store>,
    State(filing): State<Filing>,
    Body(finding): Body<Finding>,
) -> Result<Tagged<Json<DocumentView>>> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.verify(&folder, pk, &expected, finding, &actor).await
}

/// What a doctor has shown. It is never public, although the doctor may be.
async fn opened(id: DoctorId, actor: &Actor, store: &Store) -> Result<(Folder, Permit)> {
    let doctor = store.doctors().find(id).await?.view(actor)?;
    let folder = Folder::of_doctor(&doctor);
    let permit = actor.authorize(Action::ViewDocument, &folder)?;
    Ok((folder, permit))
}
