//! When a doctor sees patients: shifts that come every week, and days that differ.

use std::iter;

use jiff::{
    SignedDuration, Timestamp, ToSpan, Zoned,
    civil::{Date, DateTime, Weekday},
    tz::{AmbiguousOffset, TimeZone},
};
use serde::{Deserialize, Serialize};

use crate::{
    Id, Revision,
    access::PatientId,
    diary::{Agenda, Span},
    doctor::{AppointmentLength, DailyMaximum, DoctorId, Practice},
    failures,
    hours::{BadHours, Day, Minute, WeeklyHours, Window},
    id::Identified,
    revision::{Revised, revised},
    text::Text,
};

/// A stretch of every week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// Identifies the shift.
    pub id: ShiftId,
    /// On which day.
    pub day: Day,
    /// From when until when, in the doctor's zone.
    pub window: Window,
    /// Whether the doctor sees patients then.
    pub is_available: bool,
    /// What interrupts it, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<Break>,
    /// How many patients at most, if that differs from the day's maximum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_patients: Option<DailyMaximum>,
}

/// Identifies a [`Shift`].
pub type ShiftId = Id<Shift>;

impl Identified for Shift {
    const PREFIX: &'static str = "shf";
}

/// A pause within a shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// From when until when.
    pub window: Window,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<200>>,
}

impl Shift {
    /// The stretches in which patients are seen: the window without its breaks.
    fn open(&self) -> Vec<Window> {
        let mut open = Vec::new();
        let mut from = self.window.start();
        for pause in self.breaks.iter().filter(|_| self.is_available) {
            open.extend(Window::between(from, pause.window.start()));
            from = from.max(pause.window.end());
        }
        open.extend(Window::between(from, self.window.end()).ok().filter(|_| self.is_available));
        open
    }
}

/// The shifts of a week, by day and time. Those of one day do not overlap; there are at most 70.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Week(Vec<Shift>);

/// The most shifts of a week.
const MOST_SHIFTS: usize = 70;

impl Week {
    /// A week of nothing but hours.
    pub fn of(hours: WeeklyHours, now: Timestamp) -> Self {
        let days = std::collections::BTreeMap::from(hours).into_iter();
        let shifts = days.flat_map(|(day, windows)| {
            windows.into_iter().map(move |window| Shift {
                id: Id::generate(now),
                day,
                window,
                is_available: true,
                breaks: Vec::new(),
                max_patients: None,
            })
        });
        Self(shifts.collect())
    }

    /// The shifts, in order.
    pub fn shifts(&self) -> &[Shift] {
        &self.0
    }

    /// Adds a shift, or replaces the one that it changes.
    pub fn put(&mut self, mut shift: Shift) -> Result<(), BadHours> {
        shift.breaks.sort_unstable_by_key(|pause| pause.window);
        let outside = |pause: &Break| {
            pause.window.start() < shift.window.start() || pause.window.end() > shift.window.end()
        };
        if shift.breaks.iter().any(outside)
            || shift.breaks.windows(2).any(|pair| pair[0].window.overlaps(pair[1].window))
        {
            return Err(BadHours::Break);
        }
        let mut shifts: Vec<_> =
            self.0.iter().filter(|other| other.id != shift.id).cloned().collect();
        let overlaps =
            |other: &Shift| other.day == shift.day && other.window.overlaps(shift.window);
        if shifts.iter().any(overlaps) || shifts.len() == MOST_SHIFTS {
            return Err(BadHours::Overlap);
        }
        shifts.push(shift);
        shifts.sort_unstable_by_key(|shift| (shift.day, shift.window));
        self.0 = shifts;
        Ok(())
    }

    /// Takes a shift out of the week.
    pub fn take(&mut self, id: ShiftId) -> Option<Shift> {
        let place = self.0.iter().position(|shift| shift.id == id)?;
        Some(self.0.remove(place))
    }

    /// The hours in which patients are seen.
    pub fn hours(&self) -> WeeklyHours {
        let days = self.0.iter().map(|shift| (shift.day, shift.open()));
        // Shifts that do not overlap make hours that do not.
        WeeklyHours::of(days).unwrap_or_default()
    }
}

/// A day that differs from the week: hours of its own, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayOff {
    /// Whose day.
    pub doctor: DoctorId,
    /// Which day, in the doctor's zone. There is one such record for each.
    pub date: Date,
    /// The hours of that day; none if the doctor sees nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<300>>,
    revision: Revision,
}

impl DayOff {
    /// Sets the hours of one day.
    pub fn set(
        doctor: DoctorId,
        date: Date,
        window: Option<Window>,
        reason: Option<Text<300>>,
    ) -> Self {
        Self { doctor, date, window, reason, revision: Revision::FIRST }
    }
}

revised!(DayOff);

/// A stretch of time in which one patient can be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// When it begins, in the doctor's zone.
    pub start: Zoned,
    /// When it ends.
    pub end: Zoned,
}

impl Slot {
    /// The stretch itself.
    pub fn span(&self) -> Span {
        let minutes = self.end.timestamp().duration_since(self.start.timestamp()).as_mins();
        Span::of(self.start.timestamp(), minutes.try_into().unwrap_or_default())
    }
}

/// A part of a doctor's day: a shift, or the hours of a day that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sitting {
    slots: Vec<Slot>,
    /// How many patients at most, if that differs from the day's maximum.
    most: Option<DailyMaximum>,
}

impl Sitting {
    /// Its slots, earliest first.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Whether one more patient may come, besides those who come on that day.
    fn has_room(&self, day: &[Span]) -> bool {
        let (first, last) = (self.slots.first(), self.slots.last());
        let here = |span: &&Span| {
            first.is_some_and(|first| span.start() >= first.start.timestamp())
                && last.is_some_and(|last| span.start() < last.end.timestamp())
        };
        self.most.is_none_or(|most| day.iter().filter(here).count() < most.into())
    }
}

/// The parts of a day of the doctor, cut into slots of `length`, earliest first.
///
/// Hours are the doctor's civil time. A slot lasts its full length in real time: one that would
/// begin in the hour that spring skips is not offered, and the hour that autumn repeats is
/// offered twice. Slots begin a usual appointment and its buffer apart, whatever their length.
pub fn sittings(
    practice: &Practice,
    differing: Option<&DayOff>,
    date: Date,
    length: AppointmentLength,
) -> Vec<Sitting> {
    let Ok(zone) = TimeZone::get(practice.zone.as_str()) else { return Vec::new() };
    let step = i64::from(practice.appointment_duration.get() + practice.buffer.get()).minutes();
    let length = i64::from(length.get()).minutes();
    let cut = |windows: Vec<Window>, most| {
        let slots = windows.into_iter().flat_map(|window| {
            let begin = instants(at(date, window.start()), &zone).first().cloned();
            let ends = instants(at(date, window.end()), &zone);
            // If the next day begins with an hour that is repeated, it begins with the first one.
            let midnight = window.end() == Minute::MIDNIGHT;
            let end = if midnight { ends.first() } else { ends.last() }.cloned();
            let starts = iter::successors(begin, move |start| start.checked_add(step).ok());
            starts.map_while(move |start| {
                let until = start.checked_add(length).ok()?;
                (until <= *end.as_ref()?).then_some(Slot { start, end: until })
            })
        });
        Sitting { slots: slots.collect(), most }
    };
    match differing {
        Some(day) => vec![cut(day.window.into_iter().collect(), None)],
        None => {
            let shifts = practice.week.shifts().iter().filter(|shift| shift.day == day_of(date));
            shifts.map(|shift| cut(shift.open(), shift.max_patients)).collect()
        }
    }
}

/// The slots of a day that `patient`, or anybody, may still take: those in the hours that are to
/// come within the horizon and free in the doctor's `agenda`, as long as the day is not full.
pub fn open_slots(
    practice: &Practice,
    differing: Option<&DayOff>,
    date: Date,
    length: AppointmentLength,
    agenda: &Agenda,
    patient: Option<PatientId>,
    now: Timestamp,
) -> Vec<Slot> {
    let open = |sitting: &Sitting, slot: &Slot| {
        let (start, span) = (slot.start.timestamp(), slot.span().and(practice.buffer.get()));
        let day: Vec<_> = agenda.counted_on(date, span, patient, now).collect();
        start > now
            && start <= now + HORIZON
            && agenda.is_free(span, patient, now)
            && day.len() < practice.max_patients_per_day.into()
            && sitting.has_room(&day)
    };
    let sittings = sittings(practice, differing, date, length);
    let slots = sittings
        .iter()
        .flat_map(|sitting| sitting.slots.iter().filter(move |slot| open(sitting, slot)).cloned());
    slots.collect()
}

/// How far ahead appointments are made.
pub const HORIZON: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The day of the week of a date.
pub fn day_of(date: Date) -> Day {
    match date.weekday() {
        Weekday::Monday => Day::Monday,
        Weekday::Tuesday => Day::Tuesday,
        Weekday::Wednesday => Day::Wednesday,
        Weekday::Thursday => Day::Thursday,
        Weekday::Friday => Day::Friday,
        Weekday::Saturday => Day::Saturday,
        Weekday::Sunday => Day::Sunday,
    }
}

/// The time of day on a date; `24:00` is the beginning of the next day.
pub(crate) fn at(date: Date, minute: Minute) -> DateTime {
    date.to_datetime(jiff::civil::Time::midnight())
        .saturating_add(i64::from(minute.minutes()).minutes())
}

/// The instants at which clocks show `civil`: one, or two when it is repeated. For a time that
/// is skipped, the instant at which clocks jump over it.
fn instants(civil: DateTime, zone: &TimeZone) -> Vec<Zoned> {
    let ambiguous = zone.to_ambiguous_zoned(civil);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => ambiguous.compatible().into_iter().collect(),
        AmbiguousOffset::Gap { before, .. } => {
            // The time may be the very first that is skipped.
            let behind = before.to_timestamp(civil).ok().map(|skipped| skipped + 1.second());
            let jump = behind.and_then(|behind| zone.preceding(behind).next());
            let jump = jump.map(|transition| transition.timestamp());
            jump.into_iter().map(|jump| jump.to_zoned(zone.clone())).collect()
        }
        AmbiguousOffset::Fold { before, after } => [before, after]
            .into_iter()
            .filter_map(|offset| Some(offset.to_timestamp(civil).ok()?.to_zoned(zone.clone())))
            .collect(),
    }
}

failures! {
    /// Why a schedule cannot be changed.
    pub enum ScheduleError {
        DayTaken = Conflict "day-exists" "there are hours of its own for this day already",
        Stale = Conflict "schedule-stale" "the schedule changed in the meantime",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn week(hours: serde_json::Value) -> Week {
        Week::of(serde_json::from_value(hours).unwrap(), Timestamp::UNIX_EPOCH)
    }

    fn practice(week: &Week, minutes: u16, zone: &str) -> Practice {
        Practice {
            week: week.clone(),
            appointment_duration: minutes.try_into().unwrap(),
            zone: zone.parse().unwrap(),
            ..Practice::default()
        }
    }

    fn slots(practice: &Practice, date: Date) -> Vec<Slot> {
        let sittings = sittings(practice, None, date, practice.appointment_duration);
        sittings.into_iter().flat_map(|sitting| sitting.slots).collect()
    }

    fn starts(week: &Week, date: &str, minutes: u16, zone: &str) -> Vec<String> {
        let slots = slots(&practice(week, minutes, zone), date.parse().unwrap());
        slots.iter().map(|slot| slot.start.strftime("%H:%M%:z").to_string()).collect()
    }

    #[test]
    fn slots_fill_the_hours_without_the_breaks() {
        let mut week = week(json!({"MONDAY": ["09:00-11:10"]}));
        let mut shift = week.shifts()[0].clone();
        shift.breaks = vec![Break { window: "09:30-10:00".parse().unwrap(), reason: None }];
        week.put(shift).unwrap();

        let found = starts(&week, "2030-01-07", 30, "Asia/Karachi");

        assert_eq!(found, ["09:00+05:00", "10:00+05:00", "10:30+05:00"]);
        assert_eq!(starts(&week, "2030-01-08", 30, "Asia/Karachi"), [""; 0]);
    }

    #[test]
    fn a_shift_may_end_at_midnight() {
        let week = week(json!({"MONDAY": ["23:00-24:00"]}));
        assert_eq!(starts(&week, "2030-01-07", 30, "UTC"), ["23:00+00:00", "23:30+00:00"]);
    }

    #[test]
    fn the_hour_that_spring_skips_is_not_offered_and_that_of_autumn_twice() {
        let week = week(json!({"SUNDAY": ["01:00-04:00"]}));
        let spring = starts(&week, "2030-03-31", 60, "Europe/Berlin");
        assert_eq!(spring, ["01:00+01:00", "03:00+02:00"]);
        let autumn = starts(&week, "2030-10-27", 60, "Europe/Berlin");
        assert_eq!(autumn, ["01:00+02:00", "02:00+02:00", "02:00+01:00", "03:00+01:00"]);
        let inside = Week::of(
            serde_json::from_value(json!({"SUNDAY": ["02:30-04:00"]})).unwrap(),
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(starts(&inside, "2030-03-31", 60, "Europe/Berlin"), ["03:00+02:00"]);
    }

    proptest! {
        #[test]
        fn slots_lie_in_the_hours_and_never_overlap(
            start in 0_u16..1440, long in 1_u16..600, minutes in 15_u16..=120, day in 0_i64..3000, zone in 0_usize..4,
        ) {
            let end = (start + long).min(1440);
            let hours = json!({"MONDAY": [format!("{:02}:{:02}-{:02}:{:02}", start / 60, start % 60, end / 60, end % 60)]});
            let week = week(hours);
            let zone = ["UTC", "Asia/Kathmandu", "America/Sao_Paulo", "Australia/Lord_Howe"][zone];
            let date = jiff::civil::date(2015, 1, 5).saturating_add((day * 7).days());
            let slots = slots(&practice(&week, minutes, zone), date);
            for pair in slots.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start);
            }
            for slot in &slots {
                prop_assert_eq!(slot.end.timestamp().duration_since(slot.start.timestamp()).as_mins(), i64::from(minutes));
            }
        }
    }
}
