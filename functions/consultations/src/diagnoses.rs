//! `/api/consultations/{id}/diagnosis`

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
    consultation::{Confidence, Diagnosis, DiagnosisId, DiagnosisType, Entry, IcdCode},
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entry::{self, Shown};

form! {
    /// What the doctor takes it to be.
    pub(crate) struct NewDiagnosis {
        /// In words.
        diagnosis: Text<300> = "name" | "description",
        /// Its part among others; `PRIMARY` if nothing is said.
        diagnosis_type: Option<DiagnosisType> = "type",
        /// As ICD-10, ICD-10-CM or ICD-11 has it.
        icd_code: Option<IcdCode> = "code",
        /// How sure the doctor is.
        confidence_level: Option<Confidence> = "confidence",
        /// What there is to say about it.
        notes: Option<Text<2000>>,
    }
}

form! {
    /// Changes to a diagnosis. What is not there stays.
    pub(crate) struct DiagnosisChanges {
        /// In words.
        diagnosis: Option<Text<300>> = "name" | "description",
        /// Its part among others.
        diagnosis_type: Option<DiagnosisType> = "type",
        /// As ICD-10, ICD-10-CM or ICD-11 has it.
        icd_code: Change<IcdCode> = "code",
        /// How sure the doctor is.
        confidence_level: Change<Confidence> = "confidence",
        /// What there is to say about it.
        notes: Change<Text<2000>>,
    }
}

/// What the doctor takes it to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiagnosisView {
    /// Identifies the entry.
    pub id: DiagnosisId,
    /// The visit.
    pub consultation: AppointmentId,
    /// Who came.
    pub patient: PatientId,
    /// In words.
    pub diagnosis: Text<300>,
    /// Its part among others.
    pub diagnosis_type: DiagnosisType,
    /// As ICD-10, ICD-10-CM or ICD-11 has it.
    pub icd_code: Option<IcdCode>,
    /// How sure the doctor is.
    pub confidence_level: Option<Confidence>,
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

/// List the diagnoses of a visit.
#[utoipa::path(get, path = "/api/consultations/{id}/diagnosis", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "All diagnoses, in the order they were made. Who reads about somebody else leaves a line in the audit log.", body = WholeView<DiagnosisView>),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such appointment, or the caller has no part in it.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<DiagnosisView>>> {
    entry::list::<Diagnosis>(id, &actor, &store).await
}

/// Make a diagnosis.
#[utoipa::path(post, path = "/api/consultations/{id}/diagnosis", tag = "consultations", request_body = NewDiagnosis, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 201, description = "The diagnosis. Once the visit is over it is an addendum.", body = DiagnosisView),
    (status = 400, description = "Some fields are not right, or there are a hundred entries already.", body = Problem),
    (status = 403, description = "Only the doctor and admins may do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or the caller has no part in it.", body = Problem),
    (status = 409, description = "Nobody has agreed to the visit yet, or it did not take place, or it changed at the same time.", body = Problem),
))]
pub(crate) async fn add(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    State(store): State<Store>,
    Body(new): Body<NewDiagnosis>,
) -> Result<Created<Tagged<Json<DiagnosisView>>>> {
    entry::add(id, new.read(), &actor, &store).await
}

/// See a diagnosis.
#[utoipa::path(get, path = "/api/consultations/{id}/diagnosis/{pk}", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = DiagnosisId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry. Who reads about somebody else leaves a line in the audit log.", body = DiagnosisView),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, DiagnosisId)>,
    State(store): State<Store>,
) -> Result<Tagged<Json<DiagnosisView>>> {
    entry::show(place, &actor, &store).await
}

/// See what a diagnosis said before.
#[utoipa::path(get, path = "/api/consultations/{id}/diagnosis/{pk}/versions", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = DiagnosisId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry as it is and as it was, newest first. Who reads about somebody else leaves a line in the audit log.", body = WholeView<DiagnosisView>),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, DiagnosisId)>,
    State(store): State<Store>,
) -> Result<Json<WholeView<DiagnosisView>>> {
    entry::versions(place, &actor, &store).await
}

/// Change a diagnosis.
#[utoipa::path(patch, path = "/api/consultations/{id}/diagnosis/{pk}", tag = "consultations", request_body = DiagnosisChanges, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = DiagnosisId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry as it is now. `PUT` means the same.", body = DiagnosisView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the doctor and admins may do this.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
    (status = 409, description = "The visit is over, or somebody else changed it or the entry at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, DiagnosisId)>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<DiagnosisChanges>,
) -> Result<Tagged<Json<DiagnosisView>>> {
    entry::edit(place, &expected, |diagnosis| Ok(changes.apply(diagnosis)), &actor, &store).await
}

/// Remove a diagnosis.
#[utoipa::path(delete, path = "/api/consultations/{id}/diagnosis/{pk}", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = DiagnosisId, Path, description = "The entry."),
), responses(
    (status = 204, description = "The entry is gone."),
    (status = 403, description = "Only the doctor and admins may do this.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
    (status = 409, description = "The visit is over, or somebody else changed it or the entry at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, DiagnosisId)>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    entry::remove(place, &expected, &actor, &store).await
}

impl Shown for Diagnosis {
    const PATH: &'static str = "diagnosis";
    type View = DiagnosisView;

    fn view(entry: Entry<Self>) -> DiagnosisView {
        entry.into()
    }
}

impl From<Entry<Diagnosis>> for DiagnosisView {
    fn from(entry: Entry<Diagnosis>) -> Self {
        let Diagnosis { diagnosis, diagnosis_type, icd_code, confidence, notes } = entry.finding;
        Self {
            id: entry.id,
            consultation: entry.appointment,
            patient: entry.patient,
            diagnosis,
            diagnosis_type,
            icd_code,
            confidence_level: confidence,
            notes,
            created_by: entry.author,
            is_addendum: entry.is_addendum,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

impl NewDiagnosis {
    fn read(self) -> Diagnosis {
        Diagnosis {
            diagnosis: self.diagnosis,
            diagnosis_type: self.diagnosis_type.unwrap_or(DiagnosisType::Primary),
            icd_code: self.icd_code,
            confidence: self.confidence_level,
            notes: self.notes,
        }
    }
}

impl DiagnosisChanges {
    fn apply(self, diagnosis: &mut Diagnosis) -> Vec<&'static str> {
        let mut changed = Vec::new();
        replace(&mut diagnosis.diagnosis, self.diagnosis, "diagnosis", &mut changed);
        let wanted = self.diagnosis_type;
        replace(&mut diagnosis.diagnosis_type, wanted, "diagnosis_type", &mut changed);
        self.icd_code.apply(&mut diagnosis.icd_code, "icd_code", &mut changed);
        let wanted = self.confidence_level;
        wanted.apply(&mut diagnosis.confidence, "confidence_level", &mut changed);
        self.notes.apply(&mut diagnosis.notes, "notes", &mut changed);
        changed
    }
}
