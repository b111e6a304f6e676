//! `GET /api/doctors` and `GET /api/doctors/search`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    doctor::DoctorView,
    error::Problem,
    extract::Json,
    form,
    form::{Flag, Invalid},
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    FieldError,
    access::{Action, Actor, Denied},
    doctor::{Doctor, Fee},
    hospital::Hospital,
    text::Text,
};
use carehub_store::{DoctorFilter, Page, Store, Visitor};

use crate::query::{Experience, Stars, Way};

form! {
    /// Which doctors to list.
    pub(crate) struct Wanted {
        /// Only those with a word that begins like this.
        search: Option<Text<150>> = "query" | "q",
        /// Only this field of medicine.
        specialization: Option<Text<100>> = "specialty",
        /// Only this narrower field.
        sub_specialization: Option<Text<100>> = "subspecialty",
        /// Only this city.
        city: Option<Text<100>>,
        /// Only this state.
        state: Option<Text<100>>,
        /// Only those who speak this language.
        language: Option<Text<50>> = "languages",
        /// Only those who ask for at least this.
        min_fee: Option<Fee>,
        /// Only those who ask for at most this.
        max_fee: Option<Fee>,
        /// Only those who have practised for at least so many years.
        min_experience: Option<Experience>,
        /// Only those who have practised for at most so many years.
        max_experience: Option<Experience>,
        /// Only those with at least this rating.
        min_rating: Option<Stars> = "rating_min",
        /// `online` for those who see patients by video or phone.
        consultation_type: Option<Way>,
        /// `false` for those who take no new patients, too.
        available_only: Option<Flag> = "is_available",
        /// For admins: only those who are verified, or only those who are not.
        is_verified: Option<Flag>,
        /// Accepted and without effect: oldest first, or by word when searching.
        ordering: Option<String>,
    }
}

/// List the doctors of the directory.
#[utoipa::path(get, path = "/api/doctors", tag = "doctors", params(
    ("search" = Option<String>, Query, description = "Only those with a word that begins like this: name, field of medicine or clinic."),
    ("specialization" = Option<String>, Query, description = "Only this field of medicine, however it is spelled."),
    ("sub_specialization" = Option<String>, Query, description = "Only this narrower field."),
    ("city" = Option<String>, Query, description = "Only this city."),
    ("state" = Option<String>, Query, description = "Only this state."),
    ("language" = Option<String>, Query, description = "Only those who speak this language."),
    ("min_fee" = Option<Fee>, Query, description = "Only those who ask for at least this."),
    ("max_fee" = Option<Fee>, Query, description = "Only those who ask for at most this."),
    ("min_experience" = Option<u16>, Query, description = "Only those who have practised for at least so many years."),
    ("max_experience" = Option<u16>, Query, description = "Only those who have practised for at most so many years."),
    ("min_rating" = Option<f64>, Query, description = "Only those with at least this rating, 1.0 to 5.0."),
    ("consultation_type" = Option<Way>, Query, description = "`online` for those who see patients by video or phone; anything else narrows nothing."),
    ("available_only" = Option<bool>, Query, description = "`false` for those who take no new patients, too."),
    ("is_verified" = Option<bool>, Query, description = "For admins: only those who are verified, or only those who are not."),
    Paging,
), responses(
    (status = 200, description = "The doctors whom somebody vouches for and those whom one entered oneself; for admins, all. Oldest first, or by word when searching.", body = PageView<DoctorView>),
    (status = 400, description = "Some filters make no sense.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<DoctorView>>> {
    of(&actor, &listing, &store).await
}

/// Search the directory.
#[utoipa::path(get, path = "/api/doctors/search", tag = "doctors", params(
    ("query" = Option<String>, Query, description = "Only those with a word that begins like this: name, field of medicine or clinic. All filters of the list narrow this as well."),
    Paging,
), responses(
    (status = 200, description = "Those who are found, by word.", body = PageView<DoctorView>),
    (status = 400, description = "Some filters make no sense.", body = Problem),
))]
pub(crate) async fn search(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<DoctorView>>> {
    of(&actor, &listing, &store).await
}

async fn of(
    actor: &Actor,
    listing: &Listing<Wanted>,
    store: &Store,
) -> Result<Json<PageView<DoctorView>>> {
    let (doctors, window) = (store.doctors(), listing.window.clone());
    let (filter, visitor) = (listing.filter.read()?, listing.filter.visitor(actor)?);
    let (page, houses) = match &listing.filter.search {
        Some(text) => doctors.found_by(text.reveal(), visitor, &filter, window).await?,
        None => doctors.directory(visitor, &filter, window).await?,
    };
    let houses = Houses { houses, actor };
    let page = houses.open(page.visible_to(actor));
    Ok(listing.answer(page, |doctor| {
        let home = houses.of(&doctor);
        DoctorView::of(doctor, home, actor)
    }))
}

/// The hospitals of a page.
struct Houses<'a> {
    houses: Vec<Hospital>,
    actor: &'a Actor,
}

impl Houses<'_> {
    fn of(&self, doctor: &Doctor) -> Option<&Hospital> {
        let seen = |house: &&Hospital| self.actor.can(Action::ViewHospital, *house);
        self.houses.iter().find(|house| doctor.hospital == Some(house.id)).filter(seen)
    }

    /// Leaves out those whose hospital was turned away, as their own page does not show them.
    fn open(&self, mut page: Page<Doctor>) -> Page<Doctor> {
        page.records.retain(|doctor| doctor.hospital.is_none() || self.of(doctor).is_some());
        page
    }
}

impl Wanted {
    fn visitor(&self, actor: &Actor) -> Result<Visitor, Denied> {
        match (actor.allow(Action::VerifyDoctor), actor.user) {
            (Ok(_), _) => {
                Ok(Visitor::Admin { verified: self.is_verified.map(|Flag(verified)| verified) })
            }
            (Err(_), Some(user)) => Ok(Visitor::Member(user)),
            (Err(denied), None) => Err(denied),
        }
    }

    fn read(&self) -> Result<DoctorFilter, Invalid> {
        let min_experience = self.min_experience.map(|Experience(years)| years);
        let max_experience = self.max_experience.map(|Experience(years)| years);
        let errors: Vec<_> = [
            ("max_fee", "min_fee", crossed(self.min_fee, self.max_fee)),
            ("max_experience", "min_experience", crossed(min_experience, max_experience)),
        ]
        .into_iter()
        .filter(|(.., crossed)| *crossed)
        .map(|(name, other, _)| FieldError::of(name, format!("must not be less than {other}")))
        .collect();
        if !errors.is_empty() {
            return Err(Invalid(errors));
        }
        let Flag(available) = self.available_only.unwrap_or(Flag(true));
        Ok(DoctorFilter {
            specialization: self.specialization.clone(),
            sub_specialization: self.sub_specialization.clone().map(String::from),
            city: self.city.clone().map(String::from),
            state: self.state.clone().map(String::from),
            language: self.language.clone().map(String::from),
            min_fee: self.min_fee,
            max_fee: self.max_fee,
            min_experience,
            max_experience,
            min_rating: self.min_rating.map(|Stars(hundredths)| hundredths),
            online: self.consultation_type == Some(Way::Online),
            available,
        })
    }
}

fn crossed<T: PartialOrd>(least: Option<T>, most: Option<T>) -> bool {
    matches!((least, most), (Some(least), Some(most)) if most < least)
}
