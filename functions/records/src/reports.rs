//! Reports in a patient's repository

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::{CurrentActor, SignedIn},
    created::Created,
    document::{DocumentChanges, DocumentView, Filing},
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::Invalid,
    listing::{Listing, PageView, Paging, WholeView},
    upload::Upload,
};
use carehub_domain::{
    access::{Action, Actor, Guarded, PatientId, Role},
    document::{Description, Document, DocumentId, DocumentType, Folder},
    file::Formats,
    hospital::HospitalId,
    repository::Repository,
    text::Text,
};
use carehub_store::Store;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// A report to file. It comes with `file`, or mentions an `upload_id`.
    pub(crate) struct NewReport {
        /// What kind of report it is.
        file_type: DocumentType = "document_type" | "type",
        /// What it is called; like its file if nothing is said.
        title: Option<Text<255>>,
        /// What there is to say about it.
        description: Option<Text<5000>>,
        /// The day that it speaks of.
        report_date: Option<Date> = "date",
        /// The hospital that it comes from; that of the caller if nothing is said.
        hospital: Option<HospitalId> = "hospital_id",
    }
}

form! {
    /// Which reports to list.
    pub(crate) struct WantedReports {
        /// Only this kind.
        file_type: Option<DocumentType> = "document_type" | "type",
        /// Accepted and without effect: only a grant counts.
        otp_verified: Option<String>,
        /// Accepted and without effect: newest first.
        ordering: Option<String>,
    }
}

/// A report that was filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiledView {
    /// What was done.
    pub message: String,
    /// The report.
    pub report: DocumentView,
}

/// File a report.
#[utoipa::path(post, path = "/api/records/patients/{id}/reports/upload", tag = "records", request_body(content((NewReport = "multipart/form-data"), (NewReport = "application/json"))), params(
    ("id" = PatientId, Path, description = "The patient. A record that was merged leads to the one that stayed."),
), responses(
    (status = 201, description = "The report. A file that was announced can be read once it has been looked into.", body = FiledView),
    (status = 400, description = "Some fields or the file are not right, or reports are not of this kind.", body = Problem),
    (status = 403, description = "The patient has not let the doctor in.", body = Problem),
    (status = 404, description = "There is no such patient or upload, or the caller does not know them.", body = Problem),
    (status = 409, description = "The upload belongs to a document already.", body = Problem),
    (status = 413, description = "Files with more than 4 MB are uploaded before.", body = Problem),
    (status = 429, description = "More than 10 files in a minute.", body = Problem),
))]
pub(crate) async fn upload(
    signed_in: SignedIn,
    Path(id): Path<PatientId>,
    State(store): State<Store>,
    State(filing): State<Filing>,
    Upload { form, files }: Upload<NewReport>,
) -> Result<Created<Tagged<Json<FiledView>>>> {
    let author = signed_in.settled()?;
    let found = store.repositories().find(id, &author.actor).await?;
    let (repository, _) = found.permit(&author.actor, Action::ViewRepository)?;
    let folder = from_hospital(&repository, form.hospital, &author.actor, &store).await?;
    let said = Description::from(form);
    let (document, report) = filing.add(&folder, said, Formats::ALL, files, &author).await?;
    let message = "Report uploaded successfully".to_owned();
    let location = format!("/api/records/reports/{}", document.id);
    Ok(Created::at(location, Tagged::of(&document, Json(FiledView { message, report }))))
}

/// List the reports of a patient.
#[utoipa::path(get, path = "/api/records/patients/{id}/reports", tag = "records", params(
    ("id" = PatientId, Path, description = "The patient."),
    ("file_type" = Option<DocumentType>, Query, description = "Only this kind."),
    Paging,
), responses(
    (status = 200, description = "The reports, newest first; for a hospital its own. Who reads about somebody else leaves a line in the audit log.", body = PageView<DocumentView>),
    (status = 403, description = "The patient has not let the doctor in.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    listing: Listing<WantedReports>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Json<PageView<DocumentView>>> {
    of_patient(id, &listing, &actor, &store, &filing).await
}

/// List one's own reports.
#[utoipa::path(get, path = "/api/records/my-reports", tag = "records", params(
    ("file_type" = Option<DocumentType>, Query, description = "Only this kind."),
    Paging,
), responses(
    (status = 200, description = "The reports of the patient who asks, newest first.", body = PageView<DocumentView>),
    (status = 403, description = "Only patients have reports.", body = Problem),
))]
pub(crate) async fn own(
    CurrentActor(actor): CurrentActor,
    listing: Listing<WantedReports>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Json<PageView<DocumentView>>> {
    of_patient(actor.patient()?, &listing, &actor, &store, &filing).await
}

/// See a report.
#[utoipa::path(get, path = "/api/records/reports/{id}", tag = "records", params(
    ("id" = DocumentId, Path, description = "The report."),
), responses(
    (status = 200, description = "The report, with a link to its file for a quarter of an hour. Who takes a link to what is somebody else's leaves a line in the audit log.", body = DocumentView),
    (status = 403, description = "The patient has not let the doctor in.", body = Problem),
    (status = 404, description = "There is no such report, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DocumentId>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Tagged<Json<DocumentView>>> {
    filing.shown(found(id, &actor, &store).await?, &actor).await
}

/// See all that a report ever said.
#[utoipa::path(get, path = "/api/records/reports/{id}/versions", tag = "records", params(
    ("id" = DocumentId, Path, description = "The report."),
), responses(
    (status = 200, description = "Every version, the present one first. Who reads about somebody else leaves a line in the audit log.", body = WholeView<DocumentView>),
    (status = 403, description = "The patient has not let the doctor in.", body = Problem),
    (status = 404, description = "There is no such report, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DocumentId>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Json<WholeView<DocumentView>>> {
    filing.all_versions(found(id, &actor, &store).await?, &actor).await
}

/// Change what is said of a report.
#[utoipa::path(patch, path = "/api/records/reports/{id}", tag = "records", request_body = DocumentChanges, params(
    ("id" = DocumentId, Path, description = "The report."),
), responses(
    (status = 200, description = "The report as it is now; what it said before is kept. `PUT` means the same.", body = DocumentView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only who filed it and admins may do this, or the patient has not let the doctor in.", body = Problem),
    (status = 404, description = "There is no such report, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DocumentId>,
    expected: IfMatch,
    State(store): State<Store>,
    State(filing): State<Filing>,
    Body(changes): Body<DocumentChanges>,
) -> Result<Tagged<Json<DocumentView>>> {
    filing.change(found(id, &actor, &store).await?, &expected, changes, &actor).await
}

/// Remove a report.
#[utoipa::path(delete, path = "/api/records/reports/{id}", tag = "records", params(
    ("id" = DocumentId, Path, description = "The report."),
), responses(
    (status = 204, description = "Nobody finds the report any more. It is kept."),
    (status = 403, description = "Only who filed it and admins may do this, or the patient has not let the doctor in.", body = Problem),
    (status = 404, description = "There is no such report, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DocumentId>,
    expected: IfMatch,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<StatusCode> {
    filing.discard(found(id, &actor, &store).await?, &expected, &actor).await
}

async fn of_patient(
    id: PatientId,
    listing: &Listing<WantedReports>,
    actor: &Actor,
    store: &Store,
    filing: &Filing,
) -> Result<Json<PageView<DocumentView>>> {
    let found = store.repositories().find(id, actor).await?;
    let (repository, permit) = found.permit(actor, Action::ViewRepository)?;
    let folder = Folder::reports(&repository);
    filing.list(&folder, listing.filter.file_type, listing, permit, actor).await
}

/// A report, for somebody who was cleared for the repository that it lies in.
async fn found(id: DocumentId, actor: &Actor, store: &Store) -> Result<Guarded<Document>> {
    let (repository, report) = store.documents().report(id, actor).await?;
    repository.view(actor)?;
    Ok(report)
}

/// The folder for reports that come from a hospital. Who works for one files what comes from there.
async fn from_hospital(
    repository: &Repository,
    named: Option<HospitalId>,
    actor: &Actor,
    store: &Store,
) -> Result<Folder> {
    let folder = Folder::reports(repository);
    let staff = matches!(actor.role(), Some(Role::Doctor | Role::Hospital));
    if staff && named.is_some() && named != actor.hospital {
        return Err(Invalid::field("hospital", "expected the hospital you work for").into());
    }
    let Some(hospital) = named.or(actor.hospital.filter(|_| staff)) else { return Ok(folder) };
    let hospital = store.hospitals().find(hospital).await?.view(actor);
    let hospital = hospital.map_err(|_| Invalid::field("hospital", "there is no such hospital"))?;
    Ok(folder.at(&hospital))
}

impl From<NewReport> for Description {
    fn from(new: NewReport) -> Self {
        let NewReport { file_type, title, description, report_date, hospital: _ } = new;
        Self { document_type: file_type, title, description, report_date }
    }
}
