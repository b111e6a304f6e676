//! `GET /api/doctors/stats` and `GET /api/doctors/{id}/statistics`

use std::{cmp::Reverse, collections::BTreeMap};

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::{Json, Path},
    view::VisitsView,
};
use carehub_domain::{
    access::Action,
    census::{Sheet, distribution, experience_band},
    doctor::{Doctor, DoctorId},
    tally::Total,
};
use carehub_store::{DoctorFilter, Store, Visitor, Window};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// From how many hundredths of a star on somebody may be among the best.
const GOOD: u32 = 400;
/// How many of those are looked at, the oldest in the directory first.
const LOOKED_AT: u16 = 100;
/// How many of the best are shown.
const BEST: usize = 5;
/// The fewest years of each band of experience.
const BANDS: [u16; 5] = [0, 3, 6, 11, 21];

/// The doctors of the hub in numbers. They follow what happens within a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryStatsView {
    /// Those who work here now.
    pub total_doctors: i64,
    /// Those of them whom somebody vouches for.
    pub verified_doctors: i64,
    /// Those of them who take new patients.
    pub active_doctors: i64,
    /// How many there are in each field of medicine.
    pub specialization_distribution: BTreeMap<String, i64>,
    /// How many there are in each band of years of practice.
    pub experience_distribution: BTreeMap<String, i64>,
    /// What a visit costs on average; `null` if nobody says.
    #[schema(example = "150.00")]
    pub average_consultation_fee: Option<String>,
    /// At most five of those with four stars and more, the best first. Only the first hundred
    /// of them in the directory are compared.
    pub top_rated_doctors: Vec<TopRatedView>,
    /// What becomes of appointments.
    pub consultation_stats: VisitsView,
}

/// One of the best doctors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TopRatedView {
    /// Identifies the doctor.
    pub id: DoctorId,
    /// What the doctor is called.
    pub name: String,
    /// The mean of the stars that patients gave.
    pub rating: Option<f64>,
    /// How many patients gave stars.
    pub total_reviews: u32,
}

/// A doctor's practice in numbers. They follow what happens within a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PracticeView {
    /// The patients in the doctor's care.
    pub total_patients: i64,
    /// Appointments ever made with the doctor.
    pub total_appointments: i64,
    /// Visits that took place.
    pub completed_appointments: i64,
    /// The mean of the stars that patients gave.
    pub average_rating: Option<f64>,
    /// How many patients gave stars.
    pub total_reviews: u32,
}

/// See the doctors of the hub in numbers.
#[utoipa::path(get, path = "/api/doctors/stats", tag = "doctors", responses(
    (status = 200, description = "The numbers.", body = DirectoryStatsView),
    (status = 403, description = "Only admins may see this.", body = Problem),
))]
pub(crate) async fn of_directory(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Json<DirectoryStatsView>> {
    let _permit = actor.allow(Action::ViewDashboard)?;
    let (census, totals, doctors) = (store.census(), store.totals(), store.doctors());
    let good = DoctorFilter { min_rating: Some(GOOD), ..DoctorFilter::default() };
    let verified = Visitor::Admin { verified: Some(true) };
    let (facts, fields, totals, (page, _)) = tokio::try_join!(
        census.sheet(&Sheet::Doctors),
        census.fields(),
        totals.of_hub(),
        doctors.directory(verified, &good, Window::first(LOOKED_AT)),
    )?;
    let fact = |name: &str| facts.get(name).copied().unwrap_or_default();
    let bands = BANDS.map(experience_band);
    Ok(Json(DirectoryStatsView {
        total_doctors: fact("total"),
        verified_doctors: fact("verified"),
        active_doctors: fact("available"),
        specialization_distribution: distribution(&fields, "specialization:"),
        experience_distribution: bands
            .map(|band| (band.to_owned(), fact(&format!("experience:{band}"))))
            .into(),
        average_consultation_fee: mean(fact("fee-cents"), fact("fees")),
        top_rated_doctors: best(page.visible_to(&actor).records),
        consultation_stats: VisitsView::from(&totals),
    }))
}

/// See a doctor's practice in numbers.
#[utoipa::path(get, path = "/api/doctors/{id}/statistics", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 200, description = "The numbers.", body = PracticeView),
    (status = 403, description = "Only the doctor, the hospital and admins may see this.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn of_doctor(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    State(store): State<Store>,
) -> Result<Json<PracticeView>> {
    let (doctor, _permit) = store.doctors().find(id).await?.permit(&actor, Action::ViewPractice)?;
    let totals = store.totals().of_person(doctor.id.into()).await?;
    let total = |total| totals.get(&total).copied().unwrap_or_default();
    Ok(Json(PracticeView {
        total_patients: total(Total::Patients),
        total_appointments: total(Total::Appointments),
        completed_appointments: total(Total::CompletedVisits),
        average_rating: doctor.rating.mean(),
        total_reviews: doctor.rating.count,
    }))
}

fn mean(cents: i64, count: i64) -> Option<String> {
    let mean = (count > 0).then(|| (cents + count / 2) / count)?;
    Some(format!("{}.{:02}", mean / 100, mean % 100))
}

fn best(mut doctors: Vec<Doctor>) -> Vec<TopRatedView> {
    doctors.sort_by_key(|doctor| Reverse((doctor.rating.hundredths(), doctor.rating.count)));
    let best = doctors.into_iter().take(BEST).map(|doctor| TopRatedView {
        id: doctor.id,
        name: doctor.name.full(),
        rating: doctor.rating.mean(),
        total_reviews: doctor.rating.count,
    });
    best.collect()
}
