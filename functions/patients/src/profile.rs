//! `/api/patients/profile`, `/api/patients/update_profile` and `/api/patients/my_doctor`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json},
};
use carehub_domain::{
    care::{Assignment, AssignmentId},
    doctor::{Doctor, DoctorId},
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    PatientView,
    form::PatientForm,
    mappings::{carers_of, doctors_of, named},
    record,
};

/// The doctors who care for a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MyDoctorsView {
    /// How many there are.
    pub count: usize,
    /// The doctors, the latest first.
    pub doctors: Vec<MyDoctorView>,
}

/// A doctor who cares for a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MyDoctorView {
    /// What brought the two together.
    pub assignment: AssignmentId,
    /// The doctor.
    pub doctor: DoctorId,
    /// What the doctor is called.
    pub name: Option<String>,
    /// The field of medicine.
    pub specialization: Option<Text<100>>,
    /// Since when.
    pub assigned_at: Timestamp,
}

/// See one's own record.
#[utoipa::path(get, path = "/api/patients/profile", tag = "patients", responses(
    (status = 200, description = "The record of whoever asks.", body = PatientView),
    (status = 403, description = "Only patients have one.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Tagged<Json<PatientView>>> {
    let patient = store.patients().find(actor.patient()?).await?.view(&actor)?;
    Ok(PatientView::tagged(patient, actor.at))
}

/// Change one's own record.
#[utoipa::path(patch, path = "/api/patients/update_profile", tag = "patients", request_body = PatientForm, responses(
    (status = 200, description = "The record as it is now. `PUT` means the same.", body = PatientView),
    (status = 400, description = "Some fields are not right, or the allergy status contradicts the allergies.", body = Problem),
    (status = 403, description = "Only patients have one.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    expected: IfMatch,
    State(store): State<Store>,
    Body(form): Body<PatientForm>,
) -> Result<Tagged<Json<PatientView>>> {
    record::change(actor.patient()?, &expected, form, &actor, &store).await
}

/// See who cares for oneself.
#[utoipa::path(get, path = "/api/patients/my_doctor", tag = "patients", responses(
    (status = 200, description = "The doctors who care for whoever asks now, the latest first.", body = MyDoctorsView),
    (status = 403, description = "Only patients have doctors.", body = Problem),
))]
pub(crate) async fn my_doctor(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Json<MyDoctorsView>> {
    let patient = store.patients().find(actor.patient()?).await?.view(&actor)?;
    let carers = carers_of(&patient, &store).await?;
    let doctors = doctors_of(&carers, &store).await?;
    let doctors: Vec<_> = carers.iter().map(|assignment| view(assignment, &doctors)).collect();
    Ok(Json(MyDoctorsView { count: doctors.len(), doctors }))
}

fn view(assignment: &Assignment, doctors: &[Doctor]) -> MyDoctorView {
    let (name, specialization) = named(assignment.doctor, doctors);
    MyDoctorView {
        assignment: assignment.id,
        doctor: assignment.doctor,
        name,
        specialization,
        assigned_at: assignment.assigned_at,
    }
}
