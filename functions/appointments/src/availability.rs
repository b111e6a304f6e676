//! `GET /api/appointments/doctor_availability`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::{Json, Query},
    form,
    form::Invalid,
    slot::{self, DaySlotsView, Minutes},
};
use carehub_domain::{
    account::Zone,
    doctor::{AppointmentLength, Buffer, DoctorId},
};
use carehub_store::Store;
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many days are shown if nothing is said.
const USUAL: i64 = 7;

/// How many days are shown at most.
const MOST: i64 = 62;

form! {
    /// Whose days to look at.
    pub(crate) struct Wanted {
        /// The doctor.
        doctor_id: DoctorId = "doctor",
        /// The first day, as `YYYY-MM-DD`, in the doctor's zone.
        start_date: Option<Date>,
        /// The last day.
        end_date: Option<Date>,
        /// How long the appointment is to be, if not as usual.
        duration: Option<Minutes> = "duration_minutes" | "appointment_duration",
    }
}

/// When a doctor can see patients on some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorAvailabilityView {
    /// The doctor.
    pub doctor: DoctorId,
    /// What the doctor is called.
    pub doctor_name: String,
    /// The zone of the doctor's days and times.
    pub timezone: Zone,
    /// How long one appointment is, in minutes.
    pub appointment_duration: AppointmentLength,
    /// How long the doctor rests between two appointments, in minutes.
    pub buffer_minutes: Buffer,
    /// The first day.
    pub start_date: Date,
    /// The last day.
    pub end_date: Date,
    /// The days, earliest first.
    pub availability: Vec<DaySlotsView>,
}

/// See when a doctor can see patients on some days.
#[utoipa::path(get, path = "/api/appointments/doctor_availability", tag = "appointments", params(
    ("doctor_id" = DoctorId, Query, description = "The doctor."),
    ("start_date" = Option<Date>, Query, description = "The first day, as `YYYY-MM-DD`, in the doctor's zone; today if none is named."),
    ("end_date" = Option<Date>, Query, description = "The last of those days, of which there are at most 62; a week if none is named."),
    ("duration" = Option<Minutes>, Query, description = "How long the appointment is to be, in minutes: 15 to 120; as usual if nothing is said."),
), responses(
    (status = 200, description = "Every day with the slots that are still to come and free. A doctor who takes no appointments at present has none.", body = DoctorAvailabilityView),
    (status = 400, description = "The doctor is missing, or the days or the length make no sense.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Query(wanted): Query<Wanted>,
    State(store): State<Store>,
) -> Result<Json<DoctorAvailabilityView>> {
    let (first, last) = wanted.reach(actor.at);
    let (found, books) =
        store.appointments().calendar_between(wanted.doctor_id, first, last).await?;
    let doctor = found.view(&actor)?;
    let (practice, length) = (&doctor.practice, wanted.duration.map(|Minutes(length)| length));
    let (start_date, end_date) = wanted.days(practice.zone.date(actor.at))?;
    let days = start_date.series(1.day()).take_while(|date| *date <= end_date);
    let availability = days.map(|date| {
        let slots = slot::free(&books, &doctor, date, length, &actor);
        DaySlotsView::of(date, &slots, &practice.zone)
    });
    Ok(Json(DoctorAvailabilityView {
        doctor: doctor.id,
        doctor_name: doctor.name.full(),
        timezone: practice.zone.clone(),
        appointment_duration: practice.appointment_duration,
        buffer_minutes: practice.buffer,
        start_date,
        end_date,
        availability: availability.collect(),
    }))
}

impl Wanted {
    /// The days that are meant, if it is `today` where the doctor is.
    fn days(&self, today: Date) -> Result<(Date, Date), Invalid> {
        let first = self.start_date.unwrap_or(today);
        let last = self.end_date.unwrap_or_else(|| first.saturating_add((USUAL - 1).days()));
        if last < first {
            return Err(Invalid::field("end_date", "must not be before start_date"));
        }
        if last > first.saturating_add((MOST - 1).days()) {
            return Err(Invalid::field("end_date", "expected at most 62 days"));
        }
        Ok((first, last))
    }

    /// The days on which something may be free, wherever the doctor is.
    fn reach(&self, now: Timestamp) -> (Date, Date) {
        let today = Zone::default().date(now);
        let (yesterday, tomorrow) = (today.saturating_sub(1.day()), today.saturating_add(1.day()));
        let first = self.start_date.unwrap_or(yesterday).max(yesterday);
        let usual = self.start_date.unwrap_or(tomorrow).saturating_add((USUAL - 1).days());
        let most = first.saturating_add((MOST + 1).days());
        (first, self.end_date.unwrap_or(usual).clamp(first, most))
    }
}
