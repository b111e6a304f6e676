//! `GET /api/appointments/available_doctors`

use std::collections::HashMap;

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::Json,
    form,
    listing::{Listing, PageView, Paging},
    slot::{self, Minutes},
};
use carehub_domain::{
    access::Actor,
    account::Zone,
    booking::Books,
    doctor::{AppointmentLength, Buffer, DailyMaximum, Doctor, DoctorId, Fee},
    hospital::{Hospital, HospitalId},
    hours::WeeklyHours,
    text::Text,
};
use carehub_store::{DoctorFilter, Page, Store, Visitor, Window};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many doctors are looked at for one day at most, so that one batch reads their diaries.
const MOST_OF_A_DAY: u16 = 20;

form! {
    /// Whom to look for.
    pub(crate) struct Wanted {
        /// Only those with a word that begins like this.
        search: Option<Text<150>> = "query" | "q",
        /// Only this field of medicine.
        specialization: Option<Text<100>> = "specialty",
        /// Only this city.
        city: Option<Text<100>>,
        /// Only those with a free slot on this day.
        date: Option<Date>,
        /// How long that slot is to be, if not as usual.
        duration: Option<Minutes> = "duration_minutes" | "appointment_duration",
        /// Accepted and without effect: oldest first, or by word when searching.
        ordering: Option<String>,
    }
}

/// A page of the doctors who take appointments.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AvailableDoctorsView {
    /// The doctors.
    pub doctors: Vec<AvailableDoctorView>,
    /// How many are on this page.
    pub count: usize,
    /// Where the next page is; `null` on the last.
    pub next: Option<String>,
    /// Where the page before is; `null` on the first.
    pub previous: Option<String>,
}

/// A doctor who takes appointments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AvailableDoctorView {
    /// Identifies the doctor.
    pub id: DoctorId,
    /// What the doctor is called.
    pub name: String,
    /// The same, with the title.
    pub doctor_name: String,
    /// The field of medicine.
    pub specialization: Option<Text<100>>,
    /// The same, for older clients.
    pub specialty: Option<Text<100>>,
    /// The mean of the stars that patients gave.
    pub rating: Option<f64>,
    /// What a visit costs.
    pub consultation_fee: Option<Fee>,
    /// What a visit by video or phone costs.
    pub online_consultation_fee: Option<Fee>,
    /// Whether the doctor sees patients by video or phone.
    pub is_online_consultation_available: bool,
    /// The hospital the doctor works at.
    pub hospital: Option<HospitalId>,
    /// What that hospital is called.
    pub hospital_name: Option<Text<255>>,
    /// The hours of the week.
    pub availability: WeeklyHours,
    /// The zone those hours are in.
    pub timezone: Zone,
    /// How long one appointment is, in minutes.
    pub appointment_duration: AppointmentLength,
    /// How long the doctor rests between two appointments, in minutes.
    pub buffer_minutes: Buffer,
    /// How many patients the doctor sees in a day.
    pub max_patients_per_day: DailyMaximum,
    /// How many slots are free on the day that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<usize>,
}

/// List the doctors who take appointments.
#[utoipa::path(get, path = "/api/appointments/available_doctors", tag = "appointments", params(
    ("search" = Option<String>, Query, description = "Only those with a word that begins like this: name, field of medicine or clinic."),
    ("specialization" = Option<String>, Query, description = "Only this field of medicine, however it is spelled. Also `specialty`."),
    ("city" = Option<String>, Query, description = "Only this city."),
    ("date" = Option<Date>, Query, description = "Only those with a free slot on this day, as `YYYY-MM-DD` in their zone. Then a page is made of at most 20 doctors, those included who are left out."),
    ("duration" = Option<Minutes>, Query, description = "How long that slot is to be, in minutes: 15 to 120; as usual if nothing is said."),
    Paging,
), responses(
    (status = 200, description = "The doctors of the directory who take new patients, oldest first, or by word when searching.", body = AvailableDoctorsView),
    (status = 400, description = "Some filters make no sense.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<AvailableDoctorsView>> {
    let (page, houses) = listing.filter.find(listing.window.clone(), &store).await?;
    let page = page.visible_to(&actor);
    let (page, free) = match listing.filter.date {
        Some(date) => with_slots(page, date, &listing.filter, &actor, &store).await?,
        None => (page, HashMap::new()),
    };
    let Json(PageView { results, next, previous }) = listing.answer(page, |doctor| {
        let free = free.get(&doctor.id).copied();
        AvailableDoctorView::of(doctor, &houses, free)
    });
    Ok(Json(AvailableDoctorsView { count: results.len(), doctors: results, next, previous }))
}

/// Leaves out who has nothing free on that day, and says how much the others have.
async fn with_slots(
    mut page: Page<Doctor>,
    date: Date,
    wanted: &Wanted,
    actor: &Actor,
    store: &Store,
) -> Result<(Page<Doctor>, HashMap<DoctorId, usize>)> {
    let doctors: Vec<_> = page.records.iter().map(|doctor| doctor.id).collect();
    let books = store.appointments().calendars(&doctors, date).await?;
    let length = wanted.duration.map(|Minutes(length)| length);
    let slots =
        |doctor: &Doctor, books: &Books| slot::free(books, doctor, date, length, actor).len();
    let free = page
        .records
        .iter()
        .filter_map(|doctor| Some((doctor.id, slots(doctor, books.get(&doctor.id)?))));
    let free: HashMap<_, _> = free.filter(|(_, count)| *count > 0).collect();
    page.records.retain(|doctor| free.contains_key(&doctor.id));
    Ok((page, free))
}

impl Wanted {
    /// A page of the directory without those whose hospital is closed.
    async fn find(&self, window: Window, store: &Store) -> Result<(Page<Doctor>, Vec<Hospital>)> {
        let most = if self.date.is_some() { MOST_OF_A_DAY } else { window.limit };
        let window = Window { limit: window.limit.min(most), ..window };
        let filter = DoctorFilter {
            specialization: self.specialization.clone(),
            city: self.city.clone().map(String::from),
            available: true,
            ..DoctorFilter::default()
        };
        let (doctors, visitor) = (store.doctors(), Visitor::Patient);
        let (mut page, mut houses) = match &self.search {
            Some(text) => doctors.found_by(text.reveal(), visitor, &filter, window).await?,
            None => doctors.directory(visitor, &filter, window).await?,
        };
        houses.retain(Hospital::is_approved);
        let open = |hospital| houses.iter().any(|house| house.id == hospital);
        page.records.retain(|doctor| doctor.is_available() && doctor.hospital.is_none_or(open));
        Ok((page, houses))
    }
}

impl AvailableDoctorView {
    fn of(doctor: Doctor, houses: &[Hospital], slots: Option<usize>) -> Self {
        let house = houses.iter().find(|house| doctor.hospital == Some(house.id));
        let (name, practice) = (doctor.name.full(), doctor.practice);
        let name = name.strip_prefix("Dr. ").unwrap_or(&name).to_owned();
        Self {
            id: doctor.id,
            doctor_name: format!("Dr. {name}"),
            name,
            specialty: practice.specialization.clone(),
            specialization: practice.specialization,
            rating: doctor.rating.mean(),
            consultation_fee: practice.consultation_fee,
            online_consultation_fee: practice.online_consultation_fee,
            is_online_consultation_available: practice.is_online,
            hospital: doctor.hospital,
            hospital_name: house.map(|house| house.name.clone()),
            availability: practice.week.hours(),
            timezone: practice.zone,
            appointment_duration: practice.appointment_duration,
            buffer_minutes: practice.buffer,
            max_patients_per_day: practice.max_patients_per_day,
            slots,
        }
    }
}
