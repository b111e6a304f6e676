//! `GET /api/consultations/stats`

use std::collections::BTreeMap;

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    census::facts,
    error::Problem,
    extract::{Json, Query},
    form,
};
use carehub_domain::{
    appointment::Status,
    census::{Facts, Sheet, distribution},
    doctor::DoctorId,
};
use carehub_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many months are shown.
const MONTHS: usize = 12;

form! {
    /// Whose consultations to count.
    pub(crate) struct Wanted {
        /// Only those of this doctor.
        doctor_id: Option<DoctorId> = "doctor",
    }
}

/// Consultations in numbers. They follow what happens within a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsultationStatsView {
    /// How many were ever made.
    pub total_consultations: i64,
    /// How many wait for somebody to agree.
    pub requested_consultations: i64,
    /// How many are agreed and have not begun.
    pub scheduled_consultations: i64,
    /// How many take place.
    pub in_progress_consultations: i64,
    /// How many took place.
    pub completed_consultations: i64,
    /// How many were called off.
    pub cancelled_consultations: i64,
    /// How many waited for somebody who did not come.
    pub no_show_consultations: i64,
    /// What those that took place cost.
    #[schema(example = "1250.00")]
    pub total_revenue: String,
    /// How many there are of each way to meet, as far as it was said.
    pub consultation_types: BTreeMap<String, i64>,
    /// How many there are in each month, the latest twelve of them, the first one first.
    pub consultation_trends: Vec<MonthView>,
    /// The numbers of the doctor asked for, by the doctor's identifier; empty for those of the hub.
    pub doctor_consultation_stats: BTreeMap<String, DoctorNumbersView>,
}

/// How many consultations there are in a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthView {
    /// The month.
    #[schema(example = "2030-01")]
    pub month: String,
    /// How many there are.
    pub count: i64,
}

/// A doctor's consultations in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorNumbersView {
    /// How many were ever made.
    pub total: i64,
    /// How many took place.
    pub completed: i64,
    /// How many were called off.
    pub cancelled: i64,
    /// What those that took place cost.
    #[schema(example = "1250.00")]
    pub revenue: String,
}

/// See consultations in numbers.
#[utoipa::path(get, path = "/api/consultations/stats", tag = "consultations", params(
    ("doctor_id" = Option<DoctorId>, Query, description = "Only those of this doctor; for doctors, their own if nobody is named. Also `doctor`."),
), responses(
    (status = 200, description = "The numbers: of the hub for admins, or of one doctor for the doctor, the hospital and admins.", body = ConsultationStatsView),
    (status = 400, description = "That names no doctor.", body = Problem),
    (status = 403, description = "Only admins see the numbers of the hub, and only the doctor, the hospital and admins those of a doctor.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Query(wanted): Query<Wanted>,
    State(store): State<Store>,
) -> Result<Json<ConsultationStatsView>> {
    let doctor = wanted.doctor_id.or(actor.doctor().ok());
    let facts = facts(Sheet::Visits, doctor, &actor, &store).await?;
    Ok(Json(view(&facts, doctor)))
}

fn view(facts: &Facts, doctor: Option<DoctorId>) -> ConsultationStatsView {
    let fact = |name: &str| facts.get(name).copied().unwrap_or_default();
    let in_state = |status: Status| fact(&format!("status:{status}"));
    let revenue = money(fact("fee-cents"));
    let numbers = DoctorNumbersView {
        total: fact("total"),
        completed: in_state(Status::Completed),
        cancelled: in_state(Status::Cancelled),
        revenue: revenue.clone(),
    };
    ConsultationStatsView {
        total_consultations: numbers.total,
        requested_consultations: in_state(Status::Requested),
        scheduled_consultations: in_state(Status::Confirmed) + in_state(Status::CheckedIn),
        in_progress_consultations: in_state(Status::InProgress),
        completed_consultations: numbers.completed,
        cancelled_consultations: numbers.cancelled,
        no_show_consultations: in_state(Status::NoShow),
        total_revenue: revenue,
        consultation_types: distribution(facts, "way:"),
        consultation_trends: trends(distribution(facts, "month:")),
        doctor_consultation_stats: doctor
            .map(|doctor| (doctor.to_string(), numbers))
            .into_iter()
            .collect(),
    }
}

fn trends(months: BTreeMap<String, i64>) -> Vec<MonthView> {
    let earlier = months.len().saturating_sub(MONTHS);
    months.into_iter().skip(earlier).map(|(month, count)| MonthView { month, count }).collect()
}

fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
