//! `GET /api/patients/stats`

use std::{cmp::Reverse, collections::BTreeMap};

use axum::extract::State;
use carehub_api::{Result, actor::CurrentActor, error::Problem, extract::Json, view::VisitsView};
use carehub_domain::{
    access::{Action, Denied},
    census::{Facts, Sheet, distribution},
    patient::Roster,
    tally::Total,
};
use carehub_store::{Store, StoreError};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many cities are named.
const TOP: usize = 10;

/// The bands of age, by the age they begin at.
const BANDS: [(i16, &str); 5] =
    [(0, "0-17"), (18, "18-34"), (35, "35-49"), (50, "50-64"), (65, "65+")];

/// The patients in numbers. They follow what happens within a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PatientStatsView {
    /// How many there are.
    pub total_patients: i64,
    /// How many were entered this month.
    pub new_patients_this_month: i64,
    /// How many have a record that was not removed: all of them.
    pub active_patients: i64,
    /// How many there are of each gender, as far as it is known.
    pub gender_distribution: BTreeMap<String, i64>,
    /// How many there are of each age, by the year of birth.
    pub age_distribution: BTreeMap<String, i64>,
    /// How many there are of each blood group, as far as it is known.
    pub blood_group_distribution: BTreeMap<String, i64>,
    /// Where most of them live; for admins only.
    pub top_cities: Vec<CityView>,
    /// What became of their appointments.
    pub consultation_stats: VisitsView,
}

/// How many patients live in a city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CityView {
    /// The city, in lower-case ASCII.
    pub city: String,
    /// How many patients live there.
    pub count: i64,
}

/// See the patients in numbers.
#[utoipa::path(get, path = "/api/patients/stats", tag = "patients", responses(
    (status = 200, description = "For admins, all patients; for others, those whose records they keep.", body = PatientStatsView),
    (status = 403, description = "Patients may not see this.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Json<PatientStatsView>> {
    let roster = Roster::of(&actor);
    // Everyone knows that there are numbers.
    let _permit = actor.authorize(Action::ListPatients, &roster).map_err(|_| Denied::Forbidden)?;
    let (census, totals) = (store.census(), store.totals());
    let sheet = Sheet::Patients(roster.keeper);
    let of_keeper = async {
        match roster.keeper {
            Some(keeper) => {
                Ok::<_, StoreError>((totals.of_person(keeper).await?, Facts::default()))
            }
            None => tokio::try_join!(totals.of_hub(), census.cities()),
        }
    };
    let (facts, (totals, cities)) = tokio::try_join!(census.sheet(&sheet), of_keeper)?;
    Ok(Json(view(&facts, &totals, &cities, actor.at)))
}

fn view(
    facts: &Facts,
    totals: &BTreeMap<Total, i64>,
    cities: &Facts,
    now: Timestamp,
) -> PatientStatsView {
    let fact = |name: &str| facts.get(name).copied().unwrap_or_default();
    PatientStatsView {
        total_patients: fact("total"),
        new_patients_this_month: fact(&format!("since:{}", now.strftime("%Y-%m"))),
        active_patients: fact("total"),
        gender_distribution: distribution(facts, "gender:"),
        age_distribution: ages(facts, now.to_zoned(TimeZone::UTC).year()),
        blood_group_distribution: distribution(facts, "blood-group:"),
        top_cities: top(distribution(cities, "city:")),
        consultation_stats: VisitsView::from(totals),
    }
}

fn ages(facts: &Facts, year: i16) -> BTreeMap<String, i64> {
    let mut bands: BTreeMap<String, i64> =
        BANDS.iter().map(|(_, name)| ((*name).to_owned(), 0)).collect();
    for (born, count) in distribution(facts, "born:") {
        let age = born.parse().map(|born: i16| year - born).unwrap_or_default().max(0);
        let band = BANDS.iter().rev().find(|(from, _)| *from <= age);
        if let Some(counted) = band.and_then(|(_, name)| bands.get_mut(*name)) {
            *counted += count;
        }
    }
    bands
}

fn top(cities: BTreeMap<String, i64>) -> Vec<CityView> {
    let mut cities: Vec<CityView> =
        cities.into_iter().map(|(city, count)| CityView { city, count }).collect();
    cities.sort_by_key(|city| Reverse(city.count));
    cities.truncate(TOP);
    cities
}
