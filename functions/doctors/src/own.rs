//! What doctors see of themselves: profile, hours and patients

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    doctor::{DoctorChanges, DoctorView},
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json},
    form,
    form::{Invalid, replace},
    listing::{Listing, PageView, Paging, Unfiltered},
};
use carehub_domain::{
    access::{Action, PatientId},
    account::{BloodGroup, Gender, Zone},
    contact::{EmailAddress, Phone},
    doctor::{AppointmentLength, Buffer, DailyMaximum, Doctor},
    hours::{Day, WeeklyHours},
    patient::{Patient, Roster},
    schedule::Week,
    text::Text,
};
use carehub_store::{PatientFilter, Store};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{entry, shift};

form! {
    /// Changes to one's own hours. What is not there stays.
    pub(crate) struct OwnHours {
        /// The hours of some days; those of days that are not named stay.
        available_days: Option<NamedHours> = "available_timings",
        /// How long one appointment is, in minutes: 15 to 120.
        appointment_duration: Option<AppointmentLength> = "consultation_duration",
        /// How long one rests between two appointments, in minutes: 0 to 60.
        buffer_minutes: Option<Buffer> = "buffer_time" | "buffer",
        /// How many patients a day: 1 to 50.
        max_patients_per_day: Option<DailyMaximum>,
        /// The IANA time zone the hours are in.
        timezone: Option<Zone> = "time_zone",
    }
}

/// The hours of some days of the week.
#[derive(Debug)]
pub(crate) struct NamedHours {
    named: Vec<Day>,
    hours: WeeklyHours,
}

impl<'de> Deserialize<'de> for NamedHours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Value::deserialize(deserializer)?;
        // Hours themselves do not tell a day off from one that nobody speaks of.
        let named = match &written {
            Value::Object(days) => days.keys().filter_map(|day| day.parse().ok()).collect(),
            _ => Day::ALL.to_vec(),
        };
        let hours = WeeklyHours::deserialize(written).map_err(D::Error::custom)?;
        Ok(Self { named, hours })
    }
}

impl utoipa::PartialSchema for NamedHours {
    fn schema() -> RefOr<Schema> {
        <WeeklyHours as utoipa::PartialSchema>::schema()
    }
}

impl ToSchema for NamedHours {}

/// One's own hours: as an object, and the same fields beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnHoursView {
    /// The hours.
    pub availability: HoursView,
    /// The same, for older clients.
    #[serde(flatten)]
    pub flat: HoursView,
}

/// When a doctor sees patients, and how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoursView {
    /// The hours of the week.
    pub available_days: WeeklyHours,
    /// How long one appointment is, in minutes.
    pub appointment_duration: AppointmentLength,
    /// How long the doctor rests between two appointments, in minutes.
    pub buffer_minutes: Buffer,
    /// How many patients a day.
    pub max_patients_per_day: DailyMaximum,
    /// The zone of the hours.
    pub timezone: Zone,
}

/// A page of the patients whom one knows.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OwnPatientsView {
    /// What was done.
    pub message: String,
    /// The patients.
    pub patients: Vec<CaredForView>,
    /// How many are on this page.
    pub count: usize,
    /// Where the next page is; `null` on the last.
    pub next: Option<String>,
    /// Where the page before is; `null` on the first.
    pub previous: Option<String>,
}

/// A patient, as the doctor's list shows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaredForView {
    /// Identifies the patient.
    pub id: PatientId,
    /// The whole name.
    pub name: String,
    /// The given name.
    pub first_name: Text<150>,
    /// The family name.
    pub last_name: Option<Text<150>>,
    /// Where the patient reads mail.
    pub email: Option<EmailAddress>,
    /// How to call the patient.
    pub phone_number: Option<Phone>,
    /// The stated gender.
    pub gender: Option<Gender>,
    /// The day of birth.
    pub date_of_birth: Option<Date>,
    /// Whole years lived so far.
    pub age: Option<i16>,
    /// The blood group.
    pub blood_group: Option<BloodGroup>,
    /// City or town.
    pub city: Option<Text<100>>,
}

/// See one's own entry in the directory.
#[utoipa::path(get, path = "/api/doctors/profile", tag = "doctors", responses(
    (status = 200, description = "The entry.", body = DoctorView),
    (status = 403, description = "Only doctors have one.", body = Problem),
    (status = 404, description = "There is none any more.", body = Problem),
))]
pub(crate) async fn profile(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Tagged<Json<DoctorView>>> {
    entry::shown(actor.doctor()?, &actor, &store).await
}

/// Change one's own entry in the directory.
#[utoipa::path(patch, path = "/api/doctors/update_profile", tag = "doctors", request_body = DoctorChanges, responses(
    (status = 200, description = "The entry as it is now. `PUT` means the same.", body = DoctorView),
    (status = 400, description = "Some fields are not right, or the department is not one of the hospital's.", body = Problem),
    (status = 403, description = "Only doctors have one, and whether they work here they do not say.", body = Problem),
    (status = 404, description = "There is none any more.", body = Problem),
    (status = 409, description = "The licence is taken, or somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit_profile(
    CurrentActor(actor): CurrentActor,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<DoctorChanges>,
) -> Result<Tagged<Json<DoctorView>>> {
    entry::changed(actor.doctor()?, &expected, changes, &actor, &store).await
}

/// See one's own hours.
#[utoipa::path(get, path = "/api/doctors/availability", tag = "doctors", responses(
    (status = 200, description = "The hours.", body = OwnHoursView),
    (status = 403, description = "Only doctors have some.", body = Problem),
    (status = 404, description = "There are none any more.", body = Problem),
))]
pub(crate) async fn hours(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Tagged<Json<OwnHoursView>>> {
    let doctor = store.doctors().find(actor.doctor()?).await?.view(&actor)?;
    Ok(OwnHoursView::tagged(&doctor))
}

/// Change one's own hours.
#[utoipa::path(patch, path = "/api/doctors/availability", tag = "doctors", request_body = OwnHours, responses(
    (status = 200, description = "The hours as they are now. `PUT` means the same.", body = OwnHoursView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only doctors have some.", body = Problem),
    (status = 404, description = "There are none any more.", body = Problem),
    (status = 409, description = "Somebody else changed the doctor at the same time.", body = Problem),
    (status = 412, description = "The doctor is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit_hours(
    CurrentActor(actor): CurrentActor,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<OwnHours>,
) -> Result<Tagged<Json<OwnHoursView>>> {
    let (doctors, own) = (store.doctors(), actor.doctor()?);
    let (before, permit) = doctors.find(own).await?.permit(&actor, Action::EditDoctor)?;
    expected.check(&before)?;
    let mut doctor = before.clone();
    let changed = changes.apply(&mut doctor, actor.at)?;
    doctors.save(&before, &mut doctor, &permit.changing(&changed)).await?;
    Ok(OwnHoursView::tagged(&doctor))
}

/// List the patients whom one knows.
#[utoipa::path(get, path = "/api/doctors/patients", tag = "doctors", params(Paging), responses(
    (status = 200, description = "The patients, newest first.", body = OwnPatientsView),
    (status = 400, description = "The page makes no sense.", body = Problem),
    (status = 403, description = "Only doctors may do this.", body = Problem),
))]
pub(crate) async fn patients(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Unfiltered>,
    State(store): State<Store>,
) -> Result<Json<OwnPatientsView>> {
    let _own = actor.doctor()?;
    let roster = Roster::of(&actor);
    let permit = actor.authorize(Action::ListPatients, &roster)?;
    let (everyone, window) = (PatientFilter::default(), listing.window.clone());
    let page = store.patients().on(roster, &everyone, window).await?.visible_to(&actor);
    let count = page.records.len();
    store.events().append(&permit.noting("count", count)).await?;
    let today = actor.at.to_zoned(TimeZone::UTC).date();
    let Json(PageView { results, next, previous }) =
        listing.answer(page, |patient| CaredForView::of(patient, today));
    let message = "Patients retrieved successfully".to_owned();
    Ok(Json(OwnPatientsView { message, patients: results, count, next, previous }))
}

impl OwnHours {
    fn apply(self, doctor: &mut Doctor, now: Timestamp) -> Result<Vec<&'static str>, Invalid> {
        let mut changed = Vec::new();
        let practice = &mut doctor.practice;
        if let Some(hours) = self.available_days {
            let week = hours.within(&practice.week, now)?;
            replace(&mut practice.week, Some(week), "available_timings", &mut changed);
        }
        let length = self.appointment_duration;
        replace(&mut practice.appointment_duration, length, "appointment_duration", &mut changed);
        replace(&mut practice.buffer, self.buffer_minutes, "buffer_minutes", &mut changed);
        let most = self.max_patients_per_day;
        replace(&mut practice.max_patients_per_day, most, "max_patients_per_day", &mut changed);
        replace(&mut practice.zone, self.timezone, "timezone", &mut changed);
        doctor.updated_at = now;
        Ok(changed)
    }
}

impl NamedHours {
    /// The week with these hours on the days that are named. A day whose hours stay keeps
    /// its breaks.
    fn within(self, present: &Week, now: Timestamp) -> Result<Week, Invalid> {
        let usual = present.hours();
        let other = |day: &Day| self.named.contains(day) && usual.on(*day) != self.hours.on(*day);
        let mut week = present.clone();
        for shift in present.shifts().iter().filter(|shift| other(&shift.day)) {
            week.take(shift.id);
        }
        let anew = Week::of(self.hours.clone(), now);
        for shift in anew.shifts().iter().filter(|shift| other(&shift.day)) {
            shift::put(&mut week, shift.clone())
                .map_err(|_| Invalid::field("available_days", "expected at most 70 windows"))?;
        }
        Ok(week)
    }
}

impl OwnHoursView {
    fn tagged(doctor: &Doctor) -> Tagged<Json<Self>> {
        let practice = &doctor.practice;
        let availability = HoursView {
            available_days: practice.week.hours(),
            appointment_duration: practice.appointment_duration,
            buffer_minutes: practice.buffer,
            max_patients_per_day: practice.max_patients_per_day,
            timezone: practice.zone.clone(),
        };
        Tagged::of(doctor, Json(Self { flat: availability.clone(), availability }))
    }
}

impl CaredForView {
    fn of(patient: Patient, today: Date) -> Self {
        let name = patient.name.full();
        let profile = patient.profile;
        Self {
            id: patient.id,
            name,
            first_name: patient.name.first,
            last_name: patient.name.last,
            email: patient.email,
            phone_number: patient.phone,
            gender: profile.gender,
            date_of_birth: profile.date_of_birth,
            age: profile.age(today),
            blood_group: profile.blood_group,
            city: profile.city,
        }
    }
}
