//! `GET /api/accounts/access-grants` and `DELETE /api/accounts/access-grants/{doctor}`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::{Json, Path},
    listing::{Listing, PageView, Paging, Unfiltered},
};
use carehub_domain::{
    access::{Action, PatientId},
    doctor::DoctorId,
    glass::EmergencyAccessId,
    grant::Grant,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A doctor's right to read a patient's repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantView {
    /// The doctor who may read.
    pub doctor: DoctorId,
    /// Whose repository it is.
    pub patient: PatientId,
    /// When the patient read out the code, or the emergency began.
    pub granted_at: Timestamp,
    /// Until when the doctor may read.
    pub expires_at: Timestamp,
    /// Whether the doctor may read now.
    pub is_active: bool,
    /// The emergency it comes from, if the patient was not asked.
    pub emergency: Option<EmergencyAccessId>,
}

/// List who may read whose repository.
#[utoipa::path(get, path = "/api/accounts/access-grants", tag = "accounts", params(
    Paging,
), responses(
    (status = 200, description = "For patients, who was let in to their record and to what was merged into it; for doctors, who let them in.", body = PageView<GrantView>),
    (status = 403, description = "Only patients and doctors have grants.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Unfiltered>,
    State(store): State<Store>,
) -> Result<Json<PageView<GrantView>>> {
    let (grants, window) = (store.grants(), listing.window.clone());
    let page = match actor.doctor() {
        Ok(doctor) => grants.of_doctor(doctor, window).await?,
        Err(_) => {
            let patient = store.patients().find(actor.patient()?).await?.view(&actor)?;
            grants.of_patient(&patient, window).await?
        }
    };
    Ok(listing.answer(page.visible_to(&actor), |grant| view(&grant, actor.at)))
}

/// Close one's repository to a doctor.
#[utoipa::path(delete, path = "/api/accounts/access-grants/{doctor}", tag = "accounts", params(
    ("doctor" = DoctorId, Path, description = "The doctor who is to read no longer."),
), responses(
    (status = 204, description = "The repository is closed to the doctor."),
    (status = 403, description = "Only patients close their repository.", body = Problem),
    (status = 404, description = "The doctor has no such right.", body = Problem),
))]
pub(crate) async fn revoke(
    CurrentActor(actor): CurrentActor,
    Path(doctor): Path<DoctorId>,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let grants = store.grants();
    let patient = store.patients().find(actor.patient()?).await?.view(&actor)?;
    let found = grants.find(&patient, doctor).await?;
    let (grant, permit) = found.permit(&actor, Action::RevokeGrant)?;
    grants.revoke(&patient, grant.doctor, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(grant: &Grant, now: Timestamp) -> GrantView {
    GrantView {
        doctor: grant.doctor,
        patient: grant.patient,
        granted_at: grant.granted_at,
        expires_at: grant.expires_at,
        is_active: grant.is_live(now),
        emergency: grant.emergency,
    }
}
