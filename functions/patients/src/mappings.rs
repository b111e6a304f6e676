//! `/api/mappings`

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
    listing::{Listing, PageView, Paging, Unfiltered},
};
use carehub_domain::{
    access::{Action, Actor, Denied, PatientId, UserId},
    care::{Assignment, AssignmentId, CareStatus},
    doctor::{Doctor, DoctorId},
    hospital::HospitalId,
    patient::{Patient, Roster},
    text::Text,
};
use carehub_store::{Page, Store, Window};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// A patient to put into the care of a doctor.
    pub(crate) struct NewAssignment {
        /// The patient.
        patient: PatientId = "patient_id",
        /// The doctor.
        doctor: DoctorId = "doctor_id",
        /// How the care stands; `ACTIVE` if nothing is said.
        status: Option<CareStatus>,
        /// What there is to say about it.
        notes: Option<Text<2000>>,
    }
}

form! {
    /// Changes to a care assignment. What is not there stays.
    pub(crate) struct AssignmentChanges {
        /// How the care stands.
        status: Option<CareStatus>,
        /// What there is to say about it.
        notes: Change<Text<2000>>,
    }
}

/// One doctor's care for one patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssignmentView {
    /// Identifies the assignment.
    pub id: AssignmentId,
    /// Who is cared for.
    pub patient: PatientId,
    /// Who cares.
    pub doctor: DoctorId,
    /// The hospital the doctor works at.
    pub hospital: Option<HospitalId>,
    /// Since when.
    pub assigned_date: Timestamp,
    /// How it stands.
    pub status: CareStatus,
    /// What there is to say about it.
    pub notes: Option<Text<2000>>,
    /// Who brought the two together.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One doctor's care for one patient, with the name of the doctor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CarerView {
    /// The care.
    #[serde(flatten)]
    pub assignment: AssignmentView,
    /// What the doctor is called.
    pub doctor_name: Option<String>,
    /// The field of medicine.
    pub specialization: Option<Text<100>>,
}

/// List care assignments.
#[utoipa::path(get, path = "/api/mappings", tag = "mappings", params(
    Paging,
), responses(
    (status = 200, description = "The assignments that concern the caller, newest first: as patient, as doctor, as hospital or as who made them; for admins, all.", body = PageView<AssignmentView>),
    (status = 401, description = "Nobody is signed in.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Unfiltered>,
    State(store): State<Store>,
) -> Result<Json<PageView<AssignmentView>>> {
    let page = match actor.patient() {
        Ok(own) => {
            let patient = store.patients().find(own).await?.view(&actor)?;
            store.care().of_patient(&patient, listing.window.clone()).await?
        }
        Err(_) => on_roster(listing.window.clone(), &actor, &store).await?,
    };
    Ok(listing.answer(page, AssignmentView::from))
}

/// Put a patient into the care of a doctor.
#[utoipa::path(post, path = "/api/mappings", tag = "mappings", request_body = NewAssignment, responses(
    (status = 201, description = "The doctor cares for the patient. While that is so, the doctor and the doctor's hospital see the patient's record.", body = AssignmentView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Patients choose their doctors by appointment.", body = Problem),
    (status = 404, description = "There is no such patient or doctor, or the caller does not know them.", body = Problem),
    (status = 409, description = "The doctor cares for the patient already, or somebody else changed the record at the same time.", body = Problem),
))]
pub(crate) async fn assign(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(new): Body<NewAssignment>,
) -> Result<Created<Tagged<Json<AssignmentView>>>> {
    let (patients, doctors) = (store.patients(), store.doctors());
    let (patient, doctor) = tokio::try_join!(patients.find(new.patient), doctors.find(new.doctor))?;
    let (patient, _) = patient.permit(&actor, Action::EditPatient)?;
    let doctor = doctor.view(&actor)?;
    let mut assignment = Assignment::begin(&patient, &doctor, &actor)?;
    assignment.status = new.status.unwrap_or(assignment.status);
    assignment.notes = new.notes;
    let permit = actor.create(Action::CreateAssignment, &assignment)?;
    store.care().begin(&assignment, &patient, &permit).await?;
    let location = format!("/api/mappings/{}", assignment.id);
    Ok(Created::at(location, tagged(assignment)))
}

/// List who cares for a patient.
#[utoipa::path(get, path = "/api/mappings/patient/{patient_id}", tag = "mappings", params(
    ("patient_id" = PatientId, Path, description = "The patient."),
    Paging,
), responses(
    (status = 200, description = "All assignments of the patient, newest first. Who looks at somebody else's leaves a line in the audit log.", body = PageView<CarerView>),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn of_patient(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    listing: Listing<Unfiltered>,
    State(store): State<Store>,
) -> Result<Json<PageView<CarerView>>> {
    let (patient, permit) = store.patients().find(id).await?.permit(&actor, Action::ViewPatient)?;
    // Who may see the record may see everyone who cares for the patient.
    let page = store.care().of_patient(&patient, listing.window.clone()).await?;
    let doctors = doctors_of(&page.records, &store).await?;
    let permit = permit.noting("what", "assignments").noting("count", page.records.len());
    store.events().note_look(&permit).await?;
    Ok(listing.answer(page, |assignment| CarerView::of(assignment, &doctors)))
}

/// See a care assignment.
#[utoipa::path(get, path = "/api/mappings/{id}", tag = "mappings", params(
    ("id" = AssignmentId, Path, description = "The assignment."),
), responses(
    (status = 200, description = "The assignment.", body = AssignmentView),
    (status = 404, description = "There is no such assignment, or it does not concern the caller.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AssignmentId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<AssignmentView>>> {
    let assignment = store.care().find(id).await?.view(&actor)?;
    Ok(tagged(assignment))
}

/// Change a care assignment.
#[utoipa::path(patch, path = "/api/mappings/{id}/update", tag = "mappings", request_body = AssignmentChanges, params(
    ("id" = AssignmentId, Path, description = "The assignment."),
), responses(
    (status = 200, description = "The assignment as it is now. `PUT` means the same.", body = AssignmentView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Patients may not do this, and only who may change the patient's record may make care active again.", body = Problem),
    (status = 404, description = "There is no such assignment, it does not concern the caller, or the patient's record was removed.", body = Problem),
    (status = 409, description = "The doctor cares for the patient already, or somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AssignmentId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<AssignmentChanges>,
) -> Result<Tagged<Json<AssignmentView>>> {
    let (before, permit) = store.care().find(id).await?.permit(&actor, Action::EditAssignment)?;
    expected.check(&before)?;
    let patient = cared_for(&before, &actor, &store).await?;
    let mut assignment = before.clone();
    let changed = changes.apply(&mut assignment, &actor);
    // Nobody gets back to a record by saying that they care again.
    if assignment.is_active() && !before.is_active() {
        let _permit =
            actor.authorize(Action::EditPatient, &patient).map_err(|_| Denied::Forbidden)?;
    }
    let permit = permit.changing(&changed).noting("status", assignment.status);
    store.care().save(&before, &mut assignment, &patient, &permit).await?;
    Ok(tagged(assignment))
}

/// Take a patient out of the care of a doctor.
#[utoipa::path(delete, path = "/api/mappings/{id}", tag = "mappings", params(
    ("id" = AssignmentId, Path, description = "The assignment."),
), responses(
    (status = 204, description = "The doctor no longer cares for the patient and no longer sees the record, unless they keep it."),
    (status = 403, description = "Patients may not do this.", body = Problem),
    (status = 404, description = "There is no such assignment, it does not concern the caller, or the patient's record was removed.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn end(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AssignmentId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let (assignment, permit) =
        store.care().find(id).await?.permit(&actor, Action::DeleteAssignment)?;
    expected.check(&assignment)?;
    let patient = cared_for(&assignment, &actor, &store).await?;
    store.care().end(&assignment, &patient, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The assignments on the actor's roster. Who looks at it leaves a line in the audit log.
async fn on_roster(window: Window, actor: &Actor, store: &Store) -> Result<Page<Assignment>> {
    let roster = Roster::of(actor);
    let permit = actor.authorize(Action::ListPatients, &roster)?.noting("what", "assignments");
    let page = store.care().on(roster, window).await?.visible_to(actor);
    store.events().append(&permit.noting("count", page.records.len())).await?;
    Ok(page)
}

/// Who is cared for. The assignment has decided who may change it, whether or not they see
/// the patient; the hub needs the record to say there who knows it.
async fn cared_for(assignment: &Assignment, actor: &Actor, store: &Store) -> Result<Patient> {
    let hub = Actor::worker("care", actor.at);
    Ok(store.patients().find(assignment.patient).await?.view(&hub)?)
}

/// Who cares for a patient now, the latest first.
pub(crate) async fn carers_of(patient: &Patient, store: &Store) -> Result<Vec<Assignment>> {
    let (mut carers, mut window) = (Vec::new(), Window::first(100));
    loop {
        let page = store.care().of_patient(patient, window.clone()).await?;
        carers.extend(page.records.into_iter().filter(Assignment::is_active));
        match page.next {
            Some(position) => window.from = Some(position),
            None => return Ok(carers),
        }
    }
}

/// The doctors of assignments.
pub(crate) async fn doctors_of(assignments: &[Assignment], store: &Store) -> Result<Vec<Doctor>> {
    let ids = assignments.iter().map(|assignment| assignment.doctor).collect();
    Ok(store.doctors().several(ids).await?)
}

/// What a doctor is called, and the field of medicine.
pub(crate) fn named(id: DoctorId, doctors: &[Doctor]) -> (Option<String>, Option<Text<100>>) {
    let doctor = doctors.iter().find(|doctor| doctor.id == id);
    let specialization = doctor.and_then(|doctor| doctor.practice.specialization.clone());
    (doctor.map(|doctor| doctor.name.full()), specialization)
}

fn tagged(assignment: Assignment) -> Tagged<Json<AssignmentView>> {
    Tagged::showing(assignment, Into::into)
}

impl From<Assignment> for AssignmentView {
    fn from(assignment: Assignment) -> Self {
        Self {
            id: assignment.id,
            patient: assignment.patient,
            doctor: assignment.doctor,
            hospital: assignment.hospital,
            assigned_date: assignment.assigned_at,
            status: assignment.status,
            notes: assignment.notes,
            created_by: assignment.created_by,
            created_at: assignment.assigned_at,
            updated_at: assignment.updated_at,
        }
    }
}

impl CarerView {
    fn of(assignment: Assignment, doctors: &[Doctor]) -> Self {
        let (doctor_name, specialization) = named(assignment.doctor, doctors);
        Self { assignment: assignment.into(), doctor_name, specialization }
    }
}

impl AssignmentChanges {
    fn apply(self, assignment: &mut Assignment, by: &Actor) -> Vec<&'static str> {
        let mut changed = Vec::new();
        replace(&mut assignment.status, self.status, "status", &mut changed);
        self.notes.apply(&mut assignment.notes, "notes", &mut changed);
        assignment.touch(by);
        changed
    }
}
