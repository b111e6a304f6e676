//! `/api/consultations/{id}/notes`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::replace,
    listing::WholeView,
};
use carehub_domain::{
    access::{PatientId, UserId},
    appointment::AppointmentId,
    consultation::{Entry, Remark, RemarkId, RemarkType},
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entry::{self, Shown};

form! {
    /// A note to write into a visit.
    pub(crate) struct NewRemark {
        /// What it is about; `GENERAL` if nothing is said.
        note_type: Option<RemarkType> = "type",
        /// What it says.
        content: Text<5000> = "note" | "text",
    }
}

form! {
    /// Changes to a note of a visit. What is not there stays.
    pub(crate) struct RemarkChanges {
        /// What it is about.
        note_type: Option<RemarkType> = "type",
        /// What it says.
        content: Option<Text<5000>> = "note" | "text",
    }
}

/// A note that belongs to a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemarkView {
    /// Identifies the entry.
    pub id: RemarkId,
    /// The visit.
    pub consultation: AppointmentId,
    /// Who came.
    pub patient: PatientId,
    /// What it is about.
    pub note_type: RemarkType,
    /// What it says.
    pub content: Text<5000>,
    /// Who wrote it.
    pub created_by: Option<UserId>,
    /// Whether it was written after the visit was over.
    pub is_addendum: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// List the notes of a visit.
#[utoipa::path(get, path = "/api/consultations/{id}/notes", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "All notes, in the order they were written. Who reads about somebody else leaves a line in the audit log.", body = WholeView<RemarkView>),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such appointment, or the caller has no part in it.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<RemarkView>>> {
    entry::list::<Remark>(id, &actor, &store).await
}

/// Write a note into a visit.
#[utoipa::path(post, path = "/api/consultations/{id}/notes", tag = "consultations", request_body = NewRemark, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 201, description = "The note. Once the visit is over it is an addendum.", body = RemarkView),
    (status = 400, description = "Some fields are not right, or there are a hundred entries already.", body = Problem),
    (status = 403, description = "Only the patient, the doctor and admins may do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or the caller has no part in it.", body = Problem),
    (status = 409, description = "Nobody has agreed to the visit yet, or it did not take place, or it changed at the same time.", body = Problem),
))]
pub(crate) async fn add(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    State(store): State<Store>,
    Body(new): Body<NewRemark>,
) -> Result<Created<Tagged<Json<RemarkView>>>> {
    entry::add(id, new.read(), &actor, &store).await
}

/// See a note of a visit.
#[utoipa::path(get, path = "/api/consultations/{id}/notes/{pk}", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = RemarkId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry. Who reads about somebody else leaves a line in the audit log.", body = RemarkView),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, RemarkId)>,
    State(store): State<Store>,
) -> Result<Tagged<Json<RemarkView>>> {
    entry::show(place, &actor, &store).await
}

/// See what a note of a visit said before.
#[utoipa::path(get, path = "/api/consultations/{id}/notes/{pk}/versions", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = RemarkId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry as it is and as it was, newest first. Who reads about somebody else leaves a line in the audit log.", body = WholeView<RemarkView>),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, RemarkId)>,
    State(store): State<Store>,
) -> Result<Json<WholeView<RemarkView>>> {
    entry::versions(place, &actor, &store).await
}

/// Change a note of a visit.
#[utoipa::path(patch, path = "/api/consultations/{id}/notes/{pk}", tag = "consultations", request_body = RemarkChanges, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = RemarkId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry as it is now. `PUT` means the same.", body = RemarkView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the patient, the doctor and admins may do this, patients only with what they wrote themselves.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
    (status = 409, description = "The visit is over, or somebody else changed it or the entry at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, RemarkId)>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<RemarkChanges>,
) -> Result<Tagged<Json<RemarkView>>> {
    entry::edit(place, &expected, |note| Ok(changes.apply(note)), &actor, &store).await
}

/// Remove a note of a visit.
#[utoipa::path(delete, path = "/api/consultations/{id}/notes/{pk}", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = RemarkId, Path, description = "The entry."),
), responses(
    (status = 204, description = "The entry is gone."),
    (status = 403, description = "Only the patient, the doctor and admins may do this, patients only with what they wrote themselves.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
    (status = 409, description = "The visit is over, or somebody else changed it or the entry at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, RemarkId)>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    entry::remove(place, &expected, &actor, &store).await
}

impl Shown for Remark {
    const PATH: &'static str = "notes";
    type View = RemarkView;

    fn view(entry: Entry<Self>) -> RemarkView {
        entry.into()
    }
}

impl From<Entry<Remark>> for RemarkView {
    fn from(entry: Entry<Remark>) -> Self {
        let Remark { note_type, content } = entry.finding;
        Self {
            id: entry.id,
            consultation: entry.appointment,
            patient: entry.patient,
            note_type,
            content,
            created_by: entry.author,
            is_addendum: entry.is_addendum,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

impl NewRemark {
    fn read(self) -> Remark {
        let note_type = self.note_type.unwrap_or(RemarkType::General);
        Remark { note_type, content: self.content }
    }
}

impl RemarkChanges {
    fn apply(self, note: &mut Remark) -> Vec<&'static str> {
        let mut changed = Vec::new();
        replace(&mut note.note_type, self.note_type, "note_type", &mut changed);
        replace(&mut note.content, self.content, "content", &mut changed);
        changed
    }
}
