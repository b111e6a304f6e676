//! `POST /api/patients`, and each patient under it

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
};
use carehub_domain::{
    access::{Action, Actor, Denied, PatientId, Permit, UserId},
    hospital::{HospitalError, HospitalId},
    patient::{Likeness, Patient, PatientError, Roster},
};
use carehub_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    PatientView,
    form::{NewPatient, PatientForm},
    mappings::carers_of,
};

/// The record of a patient that was entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnteredView {
    /// The record.
    #[serde(flatten)]
    pub patient: PatientView,
    /// What to look at.
    pub warnings: Vec<WarningView>,
}

/// Another record that may be about the same person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WarningView {
    /// Always `possible-duplicate`.
    pub code: String,
    /// The other record.
    pub patient: PatientId,
    /// Where it is.
    pub url: String,
    /// What both have in common.
    pub matched_on: Vec<Likeness>,
}

/// Enter a patient, or complete one's own profile.
#[utoipa::path(post, path = "/api/patients", tag = "patients", request_body = NewPatient, responses(
    (status = 201, description = "The record is entered, with a warning for each other record that may be about the same person. Patients complete their own profile, once.", body = EnteredView),
    (status = 400, description = "Some fields are not right, or the allergy status contradicts the allergies.", body = Problem),
    (status = 403, description = "Only admins name a hospital, and only one that has joined.", body = Problem),
    (status = 404, description = "There is no such hospital.", body = Problem),
    (status = 409, description = "The profile was completed before.", body = Problem),
))]
pub(crate) async fn create(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(NewPatient { keeping, form }): Body<NewPatient>,
) -> Result<Created<Tagged<Json<EnteredView>>>> {
    let keeper = keeper(keeping.hospital, &actor, &store).await?;
    let (patient, alike) = match actor.patient() {
        Ok(own) => (complete(own, form, &actor, &store).await?, Vec::new()),
        Err(_) => enter(keeper, form, &actor, &store).await?,
    };
    let location = url(patient.id);
    let warnings = alike.iter().map(|other| warning(&patient, other)).collect();
    let view = EnteredView { patient: PatientView::of(patient.clone(), actor.at), warnings };
    Ok(Created::at(location, Tagged::of(&patient, Json(view))))
}

/// Who keeps a new record beside whoever enters it.
async fn keeper(named: Option<HospitalId>, actor: &Actor, store: &Store) -> Result<Option<UserId>> {
    let Some(named) = named.filter(|named| Some(*named) != actor.hospital) else {
        return Ok(actor.hospital.map(UserId::from));
    };
    let _permit = actor.allow(Action::CreatePatient)?;
    let hospital = store.hospitals().find(named).await?.view(actor)?;
    hospital.is_approved().then_some(()).ok_or(HospitalError::NotApproved)?;
    Ok(Some(hospital.id.into()))
}

/// Enters the record, and says which others may be about the same person.
async fn enter(
    keeper: Option<UserId>,
    form: PatientForm,
    actor: &Actor,
    store: &Store,
) -> Result<(Patient, Vec<Patient>)> {
    let mut patient = Patient::enter(form.name()?, keeper, actor);
    form.apply(&mut patient, actor.at)?;
    let permit = actor.create(Action::CreatePatient, &patient)?;
    let alike = store.patients().alike(Roster::of(actor), &patient).await?;
    store.patients().enter(&patient, &permit).await?;
    Ok((patient, alike))
}

async fn complete(
    own: PatientId,
    form: PatientForm,
    actor: &Actor,
    store: &Store,
) -> Result<Patient> {
    let found = store.patients().find(own).await?.permit(actor, Action::EditPatient)?;
    found.0.completed_at.is_none().then_some(()).ok_or(PatientError::ProfileExists)?;
    let completed = |patient: &mut Patient| patient.completed_at = Some(actor.at);
    save(found, form, completed, actor, store).await
}

/// See a patient's record.
#[utoipa::path(get, path = "/api/patients/{id}", tag = "patients", params(
    ("id" = PatientId, Path, description = "The patient. A record that was merged leads to the one that stayed."),
), responses(
    (status = 200, description = "The record. Who looks at somebody else's leaves a line in the audit log.", body = PatientView),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<PatientView>>> {
    let (patient, permit) = store.patients().find(id).await?.permit(&actor, Action::ViewPatient)?;
    store.events().note_look(&permit).await?;
    Ok(PatientView::tagged(patient, actor.at))
}

/// Change a patient's record.
#[utoipa::path(patch, path = "/api/patients/{id}", tag = "patients", request_body = PatientForm, params(
    ("id" = PatientId, Path, description = "The patient."),
), responses(
    (status = 200, description = "The record as it is now. `PUT` means the same.", body = PatientView),
    (status = 400, description = "Some fields are not right, or the allergy status contradicts the allergies.", body = Problem),
    (status = 403, description = "The patient has an account, and changes mailbox and phone themselves.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(form): Body<PatientForm>,
) -> Result<Tagged<Json<PatientView>>> {
    change(id, &expected, form, &actor, &store).await
}

/// Remove a patient's record.
#[utoipa::path(delete, path = "/api/patients/{id}", tag = "patients", params(
    ("id" = PatientId, Path, description = "The patient."),
), responses(
    (status = 204, description = "Nobody finds the record any more, and no doctor cares for the patient. It is kept for seven years."),
    (status = 403, description = "Only those who keep the record and admins may do this, and only if they may also end the care for the patient.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
    (status = 409, description = "The patient has an account, or somebody else changed the record at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let (patients, care) = (store.patients(), store.care());
    let (mut before, permit) = patients.find(id).await?.permit(&actor, Action::DeletePatient)?;
    expected.check(&before)?;
    // Nothing ends unless everything may.
    before.clone().remove(&actor)?;
    let carers = carers_of(&before, &store).await?;
    let endings = carers.iter().map(|assignment| {
        actor.authorize(Action::DeleteAssignment, assignment).map_err(|_| Denied::Forbidden)
    });
    let endings: Vec<Permit> = endings.collect::<Result<_, _>>()?;
    for (assignment, ending) in carers.iter().zip(&endings) {
        care.end(assignment, &before, ending).await?;
        before = patients.find(id).await?.view(&actor)?;
    }
    let mut removed = before.clone().remove(&actor)?;
    patients.save(&before, &mut removed, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes a record, if the caller saw it as it is.
pub(crate) async fn change(
    id: PatientId,
    expected: &IfMatch,
    form: PatientForm,
    actor: &Actor,
    store: &Store,
) -> Result<Tagged<Json<PatientView>>> {
    let found = store.patients().find(id).await?.permit(actor, Action::EditPatient)?;
    expected.check(&found.0)?;
    let patient = save(found, form, |_| {}, actor, store).await?;
    Ok(PatientView::tagged(patient, actor.at))
}

async fn save(
    (before, permit): (Patient, Permit),
    form: PatientForm,
    further: impl FnOnce(&mut Patient),
    actor: &Actor,
    store: &Store,
) -> Result<Patient> {
    let mut patient = before.clone();
    let changed = form.apply(&mut patient, actor.at)?;
    patient.reaches_whom_it_should(&before, actor)?;
    further(&mut patient);
    store.patients().save(&before, &mut patient, &permit.changing(&changed)).await?;
    Ok(patient)
}

fn warning(patient: &Patient, other: &Patient) -> WarningView {
    WarningView {
        code: "possible-duplicate".to_owned(),
        patient: other.id,
        url: url(other.id),
        matched_on: patient.likeness(other),
    }
}

fn url(patient: PatientId) -> String {
    format!("/api/patients/{patient}")
}
