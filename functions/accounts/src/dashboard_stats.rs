//! `GET /api/accounts/dashboard-stats`

use axum::extract::State;
use carehub_api::{Result, actor::CurrentActor, error::Problem, extract::Json};
use carehub_domain::{access::Action, tally::Total};
use carehub_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The totals of the hub. They follow what happens within a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatsView {
    /// Accounts that are not closed.
    pub total_users: i64,
    /// Accounts of patients.
    pub total_patients: i64,
    /// Accounts of doctors.
    pub total_doctors: i64,
    /// Hospitals that are not removed.
    pub total_hospitals: i64,
    /// Hospitals that have joined.
    pub approved_hospitals: i64,
    /// Hospitals that wait for a decision.
    pub pending_hospitals: i64,
    /// Appointments ever made.
    pub total_appointments: i64,
    /// Appointments that wait for an answer.
    pub pending_appointments: i64,
}

/// See the totals of the hub.
#[utoipa::path(get, path = "/api/accounts/dashboard-stats", tag = "accounts", responses(
    (status = 200, description = "The totals of the hub.", body = StatsView),
    (status = 403, description = "Only admins may see this.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Json<StatsView>> {
    let _permit = actor.allow(Action::ViewDashboard)?;
    let totals = store.totals().of_hub().await?;
    let total = |total| totals.get(&total).copied().unwrap_or_default();
    Ok(Json(StatsView {
        total_users: total(Total::Users),
        total_patients: total(Total::Patients),
        total_doctors: total(Total::Doctors),
        total_hospitals: total(Total::Hospitals),
        approved_hospitals: total(Total::ApprovedHospitals),
        pending_hospitals: total(Total::PendingHospitals),
        total_appointments: total(Total::Appointments),
        pending_appointments: total(Total::PendingAppointments),
    }))
}
