//! `/api/consultations/{id}/symptoms`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Change, replace},
    listing::WholeView,
};
use carehub_domain::{
    access::{PatientId, UserId},
    appointment::AppointmentId,
    consultation::{Entry, Severity, Symptom, SymptomId},
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entry::{self, Shown};

form! {
    /// Something that the patient feels.
    pub(crate) struct NewSymptom {
        /// What it is.
        symptom: Text<200> = "name" | "description",
        /// How bad it is.
        severity: Option<Severity>,
        /// How long it has lasted, in words.
        duration: Option<Text<100>>,
        /// What there is to say about it.
        notes: Option<Text<2000>>,
    }
}

form! {
    /// Changes to a symptom. What is not there stays.
    pub(crate) struct SymptomChanges {
        /// What it is.
        symptom: Option<Text<200>> = "name" | "description",
        /// How bad it is.
        severity: Change<Severity>,
        /// How long it has lasted, in words.
        duration: Change<Text<100>>,
        /// What there is to say about it.
        notes: Change<Text<2000>>,
    }
}

/// Something that the patient feels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SymptomView {
    /// Identifies the entry.
    pub id: SymptomId,
    /// The visit.
    pub consultation: AppointmentId,
    /// Who came.
    pub patient: PatientId,
    /// What it is.
    pub symptom: Text<200>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// How long it has lasted, in words.
    pub duration: Option<Text<100>>,
    /// What there is to say about it.
    pub notes: Option<Text<2000>>,
    /// Who wrote it.
    pub created_by: Option<UserId>,
    /// Whether it was written after the visit was over.
    pub is_addendum: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// List the symptoms of a visit.
#[utoipa::path(get, path = "/api/consultations/{id}/symptoms", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "All symptoms, in the order they were told. Who reads about somebody else leaves a line in the audit log.", body = WholeView<SymptomView>),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such appointment, or the caller has no part in it.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<SymptomView>>> {
    entry::list::<Symptom>(id, &actor, &store).await
}

/// Tell a symptom.
#[utoipa::path(post, path = "/api/consultations/{id}/symptoms", tag = "consultations", request_body = NewSymptom, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 201, description = "The symptom. Patients tell theirs before the visit is agreed, if they like. Once the visit is over it is an addendum.", body = SymptomView),
    (status = 400, description = "Some fields are not right, or there are a hundred entries already.", body = Problem),
    (status = 403, description = "Only the patient, the doctor and admins may do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or the caller has no part in it.", body = Problem),
    (status = 409, description = "Nobody has agreed to the visit yet, or it did not take place, or it changed at the same time.", body = Problem),
))]
pub(crate) async fn add(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    State(store): State<Store>,
    Body(new): Body<NewSymptom>,
) -> Result<Created<Tagged<Json<SymptomView>>>> {
    entry::add(id, new.read(), &actor, &store).await
}

/// See a symptom.
#[utoipa::path(get, path = "/api/consultations/{id}/symptoms/{pk}", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = SymptomId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry. Who reads about somebody else leaves a line in the audit log.", body = SymptomView),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, SymptomId)>,
    State(store): State<Store>,
) -> Result<Tagged<Json<SymptomView>>> {
    entry::show(place, &actor, &store).await
}

/// See what a symptom said before.
#[utoipa::path(get, path = "/api/consultations/{id}/symptoms/{pk}/versions", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = SymptomId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry as it is and as it was, newest first. Who reads about somebody else leaves a line in the audit log.", body = WholeView<SymptomView>),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, SymptomId)>,
    State(store): State<Store>,
) -> Result<Json<WholeView<SymptomView>>> {
    entry::versions(place, &actor, &store).await
}

/// Change a symptom.
#[utoipa::path(patch, path = "/api/consultations/{id}/symptoms/{pk}", tag = "consultations", request_body = SymptomChanges, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = SymptomId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry as it is now. `PUT` means the same.", body = SymptomView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the patient, the doctor and admins may do this, patients only with what they wrote themselves.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
    (status = 409, description = "The visit is over, or somebody else changed it or the entry at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, SymptomId)>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<SymptomChanges>,
) -> Result<Tagged<Json<SymptomView>>> {
    entry::edit(place, &expected, |symptom| Ok(changes.apply(symptom)), &actor, &store).await
}

/// Remove a symptom.
#[utoipa::path(delete, path = "/api/consultations/{id}/symptoms/{pk}", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = SymptomId, Path, description = "The entry."),
), responses(
    (status = 204, description = "The entry is gone."),
    (status = 403, description = "Only the patient, the doctor and admins may do this, patients only with what they wrote themselves.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
    (status = 409, description = "The visit is over, or somebody else changed it or the entry at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, SymptomId)>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    entry::remove(place, &expected, &actor, &store).await
}

impl Shown for Symptom {
    const PATH: &'static str = "symptoms";
    type View = SymptomView;

    fn view(entry: Entry<Self>) -> SymptomView {
        entry.into()
    }
}

impl From<Entry<Symptom>> for SymptomView {
    fn from(entry: Entry<Symptom>) -> Self {
        let Symptom { symptom, severity, duration, notes } = entry.finding;
        Self {
            id: entry.id,
            consultation: entry.appointment,
            patient: entry.patient,
            symptom,
            severity,
            duration,
            notes,
            created_by: entry.author,
            is_addendum: entry.is_addendum,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

impl NewSymptom {
    fn read(self) -> Symptom {
        let Self { symptom, severity, duration, notes } = self;
        Symptom { symptom, severity, duration, notes }
    }
}

impl SymptomChanges {
    fn apply(self, symptom: &mut Symptom) -> Vec<&'static str> {
        let mut changed = Vec::new();
        replace(&mut symptom.symptom, self.symptom, "symptom", &mut changed);
        self.severity.apply(&mut symptom.severity, "severity", &mut changed);
        self.duration.apply(&mut symptom.duration, "duration", &mut changed);
        self.notes.apply(&mut symptom.notes, "notes", &mut changed);
        changed
    }
}
