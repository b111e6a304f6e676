//! `/api/consultations/{id}/documents`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::{CurrentActor, SignedIn},
    created::Created,
    document::{DocumentChanges, DocumentView, Filing, NewDocument, WantedDocuments},
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    listing::{Listing, PageView, Paging, WholeView},
    upload::Upload,
};
use carehub_domain::{
    access::{Action, Actor, Permit},
    appointment::{Appointment, AppointmentId},
    document::{DocumentId, DocumentType, Folder},
    file::Formats,
};
use carehub_store::Store;

/// File a document of a visit.
#[utoipa::path(post, path = "/api/consultations/{id}/documents", tag = "records", request_body(content((NewDocument = "multipart/form-data"), (NewDocument = "application/json"))), params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 201, description = "The document. A file that was announced can be read once it has been looked into.", body = DocumentView),
    (status = 400, description = "Some fields or the file are not right, or a visit takes no documents of this kind.", body = Problem),
    (status = 403, description = "Who only books appointments does not take part in them.", body = Problem),
    (status = 404, description = "There is no such appointment or upload, or the caller has no part in the visit.", body = Problem),
    (status = 409, description = "The upload belongs to a document already, or the visit did not take place.", body = Problem),
    (status = 413, description = "Files with more than 4 MB are uploaded before.", body = Problem),
    (status = 429, description = "More than 10 files in a minute.", body = Problem),
))]
pub(crate) async fn add(
    signed_in: SignedIn,
    Path(id): Path<AppointmentId>,
    State(store): State<Store>,
    State(filing): State<Filing>,
    Upload { form, files }: Upload<NewDocument>,
) -> Result<Created<Tagged<Json<DocumentView>>>> {
    let author = signed_in.settled()?;
    let (visit, _) = read(id, &author.actor, &store).await?;
    Folder::demand_held(&visit)?;
    let folder = Folder::of_visit(&visit);
    let (document, view) = filing.add(&folder, form.into(), Formats::ALL, files, &author).await?;
    Ok(Created::at(
        format!("/api/consultations/{id}/documents/{}", document.id),
        Tagged::of(&document, Json(view)),
    ))
}

/// List the documents of a visit.
#[utoipa::path(get, path = "/api/consultations/{id}/documents", tag = "records", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("document_type" = Option<DocumentType>, Query, description = "Only this kind."),
    Paging,
), responses(
    (status = 200, description = "The documents, newest first. Who reads about somebody else leaves a line in the audit log.", body = PageView<DocumentView>),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such appointment, or the caller has no part in the visit.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    listing: Listing<WantedDocuments>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Json<PageView<DocumentView>>> {
    let (folder, permit) = opened(id, &actor, &store).await?;
    filing.list(&folder, listing.filter.document_type, &listing, permit, &actor).await
}

/// See a document of a visit.
#[utoipa::path(get, path = "/api/consultations/{id}/documents/{pk}", tag = "records", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "The document, with a link to its file for a quarter of an hour. Who takes a link to what is somebody else's leaves a line in the audit log.", body = DocumentView),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such document, or the caller has no part in the visit.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(AppointmentId, DocumentId)>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Tagged<Json<DocumentView>>> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.show(&folder, pk, &actor).await
}

/// See all that a document of a visit ever said.
#[utoipa::path(get, path = "/api/consultations/{id}/documents/{pk}/versions", tag = "records", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "Every version, the present one first. Who reads about somebody else leaves a line in the audit log.", body = WholeView<DocumentView>),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such document, or the caller has no part in the visit.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(AppointmentId, DocumentId)>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Json<WholeView<DocumentView>>> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.versions(&folder, pk, &actor).await
}

/// Change what is said of a document of a visit.
#[utoipa::path(patch, path = "/api/consultations/{id}/documents/{pk}", tag = "records", request_body = DocumentChanges, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 200, description = "The document as it is now; what it said before is kept. `PUT` means the same.", body = DocumentView),
    (status = 400, description = "Some fields are not right, or a visit takes no documents of this kind.", body = Problem),
    (status = 403, description = "Only who filed it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such document, or the caller has no part in the visit.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(AppointmentId, DocumentId)>,
    expected: IfMatch,
    State(store): State<Store>,
    State(filing): State<Filing>,
    Body(changes): Body<DocumentChanges>,
) -> Result<Tagged<Json<DocumentView>>> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.edit(&folder, pk, &expected, changes, &actor).await
}

/// Remove a document of a visit.
#[utoipa::path(delete, path = "/api/consultations/{id}/documents/{pk}", tag = "records", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = DocumentId, Path, description = "The document."),
), responses(
    (status = 204, description = "Nobody finds the document any more. It is kept."),
    (status = 403, description = "Only who filed it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such document, or the caller has no part in the visit.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(AppointmentId, DocumentId)>,
    expected: IfMatch,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<StatusCode> {
    let (folder, _) = opened(id, &actor, &store).await?;
    filing.remove(&folder, pk, &expected, &actor).await
}

/// What belongs to a visit, for somebody who may read its clinical side.
async fn opened(id: AppointmentId, actor: &Actor, store: &Store) -> Result<(Folder, Permit)> {
    let (visit, permit) = read(id, actor, store).await?;
    Ok((Folder::of_visit(&visit), permit))
}

async fn read(id: AppointmentId, actor: &Actor, store: &Store) -> Result<(Appointment, Permit)> {
    Ok(store.appointments().find(id).await?.permit(actor, Action::ViewConsultation)?)
}
