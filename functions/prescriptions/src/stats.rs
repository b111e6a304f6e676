//! `GET /api/prescriptions/stats`

use std::{cmp::Reverse, collections::BTreeMap};

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
    census::{Facts, Sheet, distribution},
    doctor::DoctorId,
    prescription::PrescriptionStatus,
};
use carehub_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many months are shown.
const MONTHS: usize = 12;

/// How many medicines are shown.
const MEDICINES: usize = 10;

form! {
    /// Whose prescriptions to count.
    pub(crate) struct Counted {
        /// Only those of this doctor.
        doctor_id: Option<DoctorId> = "doctor",
    }
}

/// Prescriptions in numbers. They follow what happens within a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrescriptionStatsView {
    /// How many were ever written.
    pub total_prescriptions: i64,
    /// How many hold. One whose last day is over counts among them until the next morning.
    pub active_prescriptions: i64,
    /// How many patients need no longer.
    pub completed_prescriptions: i64,
    /// How many were handed out.
    pub dispensed_prescriptions: i64,
    /// How many were withdrawn.
    pub cancelled_prescriptions: i64,
    /// How many are past their last day.
    pub expired_prescriptions: i64,
    /// How many gave their place to a newer one.
    pub replaced_prescriptions: i64,
    /// How many never were on paper.
    pub digital_prescriptions: i64,
    /// How many medicines there are on all of them.
    pub total_medications: i64,
    /// What is prescribed most, by what is in it; `other` is what nobody recognises.
    pub most_prescribed_medicines: Vec<PrescribedOftenView>,
    /// How many there are of each month, the latest twelve of them, the first one first.
    pub prescription_trends: Vec<PrescriptionMonthView>,
    /// The numbers of the doctor asked for, by the doctor's identifier; empty for those of the hub.
    pub doctor_prescription_stats: BTreeMap<String, PrescriberView>,
}

/// How often something is prescribed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrescribedOftenView {
    /// What it is.
    #[schema(example = "acetaminophen")]
    pub medicine: String,
    /// How often.
    pub count: i64,
}

/// How many prescriptions there are of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrescriptionMonthView {
    /// The month.
    #[schema(example = "2030-01")]
    pub month: String,
    /// How many there are.
    pub count: i64,
}

/// A doctor's prescriptions in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrescriberView {
    /// How many were ever written.
    pub total: i64,
    /// How many hold.
    pub active: i64,
    /// How many patients need no longer.
    pub completed: i64,
    /// How many medicines there are on all of them.
    pub medications: i64,
}

/// See prescriptions in numbers.
#[utoipa::path(get, path = "/api/prescriptions/stats", tag = "prescriptions", params(
    ("doctor_id" = Option<DoctorId>, Query, description = "Only those of this doctor; for doctors, their own if nobody is named. Also `doctor`."),
), responses(
    (status = 200, description = "The numbers: of the hub for admins, or of one doctor for the doctor, the hospital and admins.", body = PrescriptionStatsView),
    (status = 400, description = "That names no doctor.", body = Problem),
    (status = 403, description = "Only admins see the numbers of the hub, and only the doctor, the hospital and admins those of a doctor.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Query(wanted): Query<Counted>,
    State(store): State<Store>,
) -> Result<Json<PrescriptionStatsView>> {
    let doctor = wanted.doctor_id.or(actor.doctor().ok());
    let facts = facts(Sheet::Prescriptions, doctor, &actor, &store).await?;
    Ok(Json(view(&facts, doctor)))
}

fn view(facts: &Facts, doctor: Option<DoctorId>) -> PrescriptionStatsView {
    let fact = |name: &str| facts.get(name).copied().unwrap_or_default();
    let in_state = |status: PrescriptionStatus| fact(&format!("status:{status}"));
    let numbers = PrescriberView {
        total: fact("total"),
        active: in_state(PrescriptionStatus::Active),
        completed: in_state(PrescriptionStatus::Completed),
        medications: fact("medications"),
    };
    PrescriptionStatsView {
        total_prescriptions: numbers.total,
        active_prescriptions: numbers.active,
        completed_prescriptions: numbers.completed,
        dispensed_prescriptions: in_state(PrescriptionStatus::Dispensed),
        cancelled_prescriptions: in_state(PrescriptionStatus::Cancelled),
        expired_prescriptions: in_state(PrescriptionStatus::Expired),
        replaced_prescriptions: in_state(PrescriptionStatus::Replaced),
        digital_prescriptions: fact("digital"),
        total_medications: numbers.medications,
        most_prescribed_medicines: most(distribution(facts, "medicine:")),
        prescription_trends: trends(distribution(facts, "month:")),
        doctor_prescription_stats: doctor
            .map(|doctor| (doctor.to_string(), numbers))
            .into_iter()
            .collect(),
    }
}

fn most(medicines: BTreeMap<String, i64>) -> Vec<PrescribedOftenView> {
    let mut medicines: Vec<_> = medicines.into_iter().collect();
    medicines.sort_by_key(|(_, count)| Reverse(*count));
    let most = medicines.into_iter().take(MEDICINES);
    most.map(|(medicine, count)| PrescribedOftenView { medicine, count }).collect()
}

fn trends(months: BTreeMap<String, i64>) -> Vec<PrescriptionMonthView> {
    let earlier = months.len().saturating_sub(MONTHS);
    let latest = months.into_iter().skip(earlier);
    latest.map(|(month, count)| PrescriptionMonthView { month, count }).collect()
}
