//! `GET /api/patients` and `/api/patients/search`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::Json,
    form,
    form::Invalid,
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    access::{Action, Actor},
    account::{BloodGroup, Gender, Profile},
    patient::{Patient, Roster},
    text::Text,
};
use carehub_store::{Page, PatientFilter, Store};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::PatientSummary;

form! {
    /// Which patients to list.
    pub(crate) struct Wanted {
        /// Only this gender.
        gender: Option<Gender>,
        /// Only this blood group.
        blood_group: Option<BloodGroup> = "blood_type",
        /// Only those at least this old.
        age_min: Option<Age>,
        /// Only those at most this old.
        age_max: Option<Age>,
        /// Only this city, however it is spelled.
        city: Option<Text<100>>,
        /// Only this state, however it is spelled.
        state: Option<Text<100>>,
        /// Only those with a word that begins like this, or a phone that ends like this.
        search: Option<Text<150>> = "query" | "q",
        /// Accepted and without effect: newest first, or by word when searching.
        ordering: Option<String>,
    }
}

/// Whole years, written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = u8, maximum = 150)]
pub(crate) struct Age(u8);

impl TryFrom<String> for Age {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let years = text.trim().parse().ok().filter(|years| *years <= 150);
        years.map(Self).ok_or("expected an age from 0 to 150")
    }
}

/// List the patients one knows.
#[utoipa::path(get, path = "/api/patients", tag = "patients", params(
    ("gender" = Option<Gender>, Query, description = "Only this gender."),
    ("blood_group" = Option<BloodGroup>, Query, description = "Only this blood group. Also `blood_type`."),
    ("age_min" = Option<u8>, Query, description = "Only those at least this old, 0 to 150."),
    ("age_max" = Option<u8>, Query, description = "Only those at most this old, 0 to 150."),
    ("city" = Option<String>, Query, description = "Only this city, however it is spelled."),
    ("state" = Option<String>, Query, description = "Only this state, however it is spelled."),
    ("search" = Option<String>, Query, description = "Only those with a word that begins like this: name or e-mail; or with a phone that ends like this. Also `query`."),
    Paging,
), responses(
    (status = 200, description = "The patients whom the caller knows, newest first, or by word when searching; for patients, themselves; for admins, all.", body = PageView<PatientSummary>),
    (status = 400, description = "Some filters are not right.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<PatientSummary>>> {
    known(&actor, &listing, &store).await
}

/// Search the patients one knows.
#[utoipa::path(get, path = "/api/patients/search", tag = "patients", params(
    ("query" = Option<String>, Query, description = "Only those with a word that begins like this: name or e-mail; or with a phone that ends like this. Also `search` and `q`."),
    ("gender" = Option<Gender>, Query, description = "Only this gender."),
    ("blood_group" = Option<BloodGroup>, Query, description = "Only this blood group. Also `blood_type`."),
    ("age_min" = Option<u8>, Query, description = "Only those at least this old, 0 to 150."),
    ("age_max" = Option<u8>, Query, description = "Only those at most this old, 0 to 150."),
    ("city" = Option<String>, Query, description = "Only this city, however it is spelled."),
    ("state" = Option<String>, Query, description = "Only this state, however it is spelled."),
    Paging,
), responses(
    (status = 200, description = "The patients whom the caller knows, by word; newest first if nothing is searched for; for patients, themselves; for admins, all.", body = PageView<PatientSummary>),
    (status = 400, description = "Some filters are not right.", body = Problem),
))]
pub(crate) async fn search(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<PatientSummary>>> {
    known(&actor, &listing, &store).await
}

async fn known(
    actor: &Actor,
    listing: &Listing<Wanted>,
    store: &Store,
) -> Result<Json<PageView<PatientSummary>>> {
    let filter = listing.filter.filter(actor.at)?;
    let page = match actor.patient() {
        Ok(own) => Page::of(vec![store.patients().find(own).await?.view(actor)?]),
        Err(_) => on_roster(actor, &filter, listing, store).await?,
    };
    Ok(listing.answer(page, |patient| PatientSummary::of(patient, actor.at)))
}

/// The patients on the actor's roster. Who looks at it leaves a line in the audit log.
async fn on_roster(
    actor: &Actor,
    filter: &PatientFilter,
    listing: &Listing<Wanted>,
    store: &Store,
) -> Result<Page<Patient>> {
    let (roster, patients) = (Roster::of(actor), store.patients());
    let permit = actor.authorize(Action::ListPatients, &roster)?;
    let window = listing.window.clone();
    let page = match &listing.filter.search {
        Some(text) => patients.found_by(text.reveal(), roster, filter, window).await?,
        None => patients.on(roster, filter, window).await?,
    };
    let page = page.visible_to(actor);
    store.events().append(&permit.noting("count", page.records.len())).await?;
    Ok(page)
}

impl Wanted {
    fn filter(&self, now: Timestamp) -> Result<PatientFilter, Invalid> {
        if self.age_min.zip(self.age_max).is_some_and(|(min, max)| min > max) {
            return Err(Invalid::field("age_min", "must not be more than age_max"));
        }
        let today = now.to_zoned(TimeZone::UTC).date();
        let text = |text: &Text<100>| text.reveal().to_owned();
        Ok(PatientFilter {
            gender: self.gender,
            blood_group: self.blood_group,
            born_from: self.age_max.map(|Age(age)| {
                Profile::latest_birthday(i16::from(age) + 1, today).saturating_add(1.day())
            }),
            born_until: self.age_min.map(|Age(age)| Profile::latest_birthday(age.into(), today)),
            city: self.city.as_ref().map(text),
            state: self.state.as_ref().map(text),
        })
    }
}
