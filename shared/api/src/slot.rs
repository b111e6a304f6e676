//! Free times of doctors, as callers see them.

use carehub_domain::{
    access::Actor,
    account::Zone,
    booking::Books,
    doctor::{AppointmentLength, BadPractice, Doctor},
    hours::Day,
    schedule::{Slot, day_of},
};
use jiff::{
    Zoned,
    civil::{Date, Time},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When a doctor can see patients on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotsView {
    /// The day, in the doctor's zone.
    pub date: Date,
    /// The zone of the times below.
    pub timezone: Zone,
    /// When each slot begins, such as `09:00`.
    pub available_slots: Vec<String>,
    /// The slots, earliest first.
    pub slots: Vec<SlotView>,
}

/// When a doctor can see patients on one of several days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DaySlotsView {
    /// The day, in the doctor's zone.
    pub date: Date,
    /// The day of the week.
    pub day: Day,
    /// Whether anything is free.
    pub is_available: bool,
    /// When each slot begins, such as `09:00`.
    pub available_slots: Vec<String>,
    /// The slots, earliest first.
    pub slots: Vec<SlotView>,
}

/// A stretch of time in which one patient can be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotView {
    /// When it begins, with the offset from UTC.
    #[schema(format = "date-time")]
    pub start: String,
    /// When it ends.
    #[schema(format = "date-time")]
    pub end: String,
    /// When it begins, on the clocks of the doctor.
    #[schema(value_type = String, format = "time", example = "09:30:00")]
    pub start_time: Time,
    /// When it ends.
    #[schema(value_type = String, format = "time", example = "10:00:00")]
    pub end_time: Time,
    /// The zone of these times.
    pub timezone: Zone,
}

/// How long the appointment is to be, in minutes, as a query string says it.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = u16, minimum = 15, maximum = 120)]
pub struct Minutes(pub AppointmentLength);

impl TryFrom<String> for Minutes {
    type Error = BadPractice;

    fn try_from(text: String) -> Result<Self, BadPractice> {
        let minutes: u16 = text.trim().parse().map_err(|_| BadPractice::Length)?;
        minutes.try_into().map(Self)
    }
}

/// The slots of a day that `actor` may take: none of a doctor who takes no appointments at
/// present, and also those that are kept for `actor`.
pub fn free(
    books: &Books,
    doctor: &Doctor,
    date: Date,
    length: Option<AppointmentLength>,
    actor: &Actor,
) -> Vec<Slot> {
    if !doctor.is_available() {
        return Vec::new();
    }
    books.open_slots(doctor, date, length, actor.patient().ok(), actor.at)
}

impl SlotsView {
    /// Shows the slots of a day.
    pub fn of(date: Date, slots: &[Slot], zone: &Zone) -> Self {
        let DaySlotsView { available_slots, slots, .. } = DaySlotsView::of(date, slots, zone);
        Self { date, timezone: zone.clone(), available_slots, slots }
    }
}

impl DaySlotsView {
    /// Shows the slots of a day.
    pub fn of(date: Date, slots: &[Slot], zone: &Zone) -> Self {
        let clock = |slot: &Slot| slot.start.strftime("%H:%M").to_string();
        Self {
            date,
            day: day_of(date),
            is_available: !slots.is_empty(),
            available_slots: slots.iter().map(clock).collect(),
            slots: slots.iter().map(|slot| SlotView::of(&slot.start, &slot.end, zone)).collect(),
        }
    }
}

impl SlotView {
    fn of(start: &Zoned, end: &Zoned, zone: &Zone) -> Self {
        Self {
            start: written(start),
            end: written(end),
            start_time: start.time(),
            end_time: end.time(),
            timezone: zone.clone(),
        }
    }
}

/// A time of day somewhere, as RFC 3339 writes it.
pub fn written(time: &Zoned) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
