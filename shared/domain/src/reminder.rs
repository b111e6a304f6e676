//! Reminders to take a medicine.

use std::{collections::BTreeSet, fmt, str::FromStr};

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use utoipa::ToSchema;

use crate::{
    Id, Revision,
    access::{Action, Actor, PatientId, Subject, UserId},
    account::Zone,
    event::Reference,
    failures,
    id::Identified,
    patient::Patient,
    prescription::{Item, ItemId, Prescription},
    revision::{Revised, revised},
    text::Text,
};

/// The most times of a day.
const MOST: usize = 12;

/// How long after its time a reminder is of use.
pub const DOSE: SignedDuration = SignedDuration::from_mins(60);

/// The longest pause between two times.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(4 * 24);

/// A wish of a patient to be reminded of a medicine at some times of each day.
///
/// There is one for each medicine, so it has the ULID of the medicine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// Identifies the reminder.
    pub id: ReminderId,
    /// Who is reminded.
    pub patient: PatientId,
    /// What the medicine is called.
    pub medicine: Text<200>,
    /// When.
    pub times: Times,
    /// Where those times are.
    pub zone: Zone,
    /// Whether it is switched on.
    pub is_active: bool,
    /// By which ways.
    pub ways: Ways,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    revision: Revision,
}

/// Identifies a [`Reminder`].
pub type ReminderId = Id<Reminder>;

impl Identified for Reminder {
    const PREFIX: &'static str = "rem";
}

impl From<ItemId> for ReminderId {
    fn from(medication: ItemId) -> Self {
        medication.ulid().into()
    }
}

/// The ways by which somebody is reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ways {
    /// By a message to the phone.
    pub sms: bool,
    /// By mail.
    pub email: bool,
    /// By a notification.
    pub push: bool,
}

impl Default for Ways {
    fn default() -> Self {
        Self { sms: true, email: false, push: true }
    }
}

impl Reminder {
    /// Reminds the patient of a medicine that they are to take.
    pub fn of(
        item: &Item,
        prescription: &Prescription,
        times: Times,
        zone: Zone,
        by: &Actor,
    ) -> Result<Self, ReminderError> {
        if !prescription.taken(by.at).any(|taken| taken.id == item.id) {
            return Err(ReminderError::Ended);
        }
        Ok(Self {
            id: item.id.into(),
            patient: prescription.patient,
            medicine: item.medication.name.clone(),
            times,
            zone,
            is_active: true,
            ways: Ways::default(),
            created_at: by.at,
            updated_at: by.at,
            removed_at: None,
            revision: Revision::FIRST,
        })
    }

    /// The medicine.
    pub fn medication(&self) -> ItemId {
        self.id.ulid().into()
    }

    /// The same wish, made again after it was removed.
    #[must_use]
    pub fn again(self, removed: &Self) -> Self {
        Self { revision: removed.revision, ..self }
    }

    /// The same reminder as one of the person whose record is `patient` now, if it is theirs.
    #[must_use]
    pub fn in_record_of(self, patient: &Patient) -> Self {
        match patient.parts().contains(&self.patient) {
            true => Self { patient: patient.id, ..self },
            false => self,
        }
    }

    /// The first instant behind `from` at which it is time, if it is switched on.
    pub fn next(&self, from: Timestamp) -> Option<Timestamp> {
        // Where a whole day is skipped, two nights pass from one time to the next.
        self.due(from, from + LONGEST_PAUSE).first().copied()
    }

    /// The instant that the patient is to be reminded of at `now`, if nothing was done since it
    /// was time at `since`: the first that is not so long ago that it is of no use any more.
    pub fn owed(&self, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let (before, useful) = (since - SignedDuration::from_secs(1), now - DOSE);
        self.due(before.max(useful), now).first().copied()
    }

    /// How many times went by, since it was time at `since`, of which the patient was not told and
    /// that are of no use any more at `now`.
    pub fn missed(&self, since: Timestamp, now: Timestamp) -> usize {
        self.due(since - SignedDuration::from_secs(1), now - DOSE).len()
    }

    /// The instants behind `from`, up to `until`, at which it is time, if it is switched on.
    ///
    /// A time that clocks skip comes when they have jumped over it, and one that they show twice
    /// comes once, so that a change of clocks neither loses a dose nor doubles it.
    pub fn due(&self, from: Timestamp, until: Timestamp) -> BTreeSet<Timestamp> {
        let Ok(zone) = TimeZone::get(self.zone.as_str()) else { return BTreeSet::new() };
        if !self.is_active || self.removed_at.is_some() {
            return BTreeSet::new();
        }
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        // The hour that is skipped may be the last of the day before.
        let (first, last) = (day(from).saturating_sub(1.day()), day(until));
        let days = first.series(1.day()).take_while(|date| *date <= last);
        let at = |date: Date, time: TimeOfDay| zone.to_timestamp(date.to_datetime(time.0)).ok();
        days.flat_map(|date| self.times.0.iter().filter_map(move |time| at(date, *time)))
            .filter(|at| from < *at && *at <= until)
            .collect()
    }
}

revised!(Reminder);

impl Subject for Reminder {
    const VIEW: Action = Action::ViewReminder;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.patient.into())
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

/// The reminders of a patient, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReminderList {
    /// Whose they are.
    pub patient: Option<PatientId>,
}

impl Subject for ReminderList {
    const VIEW: Action = Action::ViewReminder;

    fn reference(&self) -> Reference {
        self.patient.map_or_else(Reference::hub, Into::into)
    }

    fn owner(&self) -> Option<UserId> {
        self.patient.map(Into::into)
    }

    fn patient(&self) -> Option<PatientId> {
        self.patient
    }
}

/// One to twelve times of a day, each of them once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Vec<TimeOfDay>", into = "Vec<TimeOfDay>")]
#[schema(value_type = Vec<String>, min_items = 1, max_items = 12, example = json!(["08:00", "20:00"]))]
pub struct Times(BTreeSet<TimeOfDay>);

impl TryFrom<Vec<TimeOfDay>> for Times {
    type Error = BadTimes;

    fn try_from(times: Vec<TimeOfDay>) -> Result<Self, Self::Error> {
        let count = times.len();
        let times: BTreeSet<TimeOfDay> = times.into_iter().collect();
        if (1..=MOST).contains(&count) && times.len() == count {
            Ok(Self(times))
        } else {
            Err(BadTimes)
        }
    }
}

impl From<Times> for Vec<TimeOfDay> {
    fn from(times: Times) -> Self {
        times.0.into_iter().collect()
    }
}

/// There are too few times, too many, or one of them twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one to twelve different times")]
pub struct BadTimes;

/// A minute of the day, such as `08:00`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, SerializeDisplay, DeserializeFromStr,
)]
pub struct TimeOfDay(Time);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

impl FromStr for TimeOfDay {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |digits: &str| {
            let sound = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
            sound.then(|| digits.parse::<i8>().ok()).flatten()
        };
        text.split_once(':')
            .and_then(|(hour, minute)| Time::new(number(hour)?, number(minute)?, 0, 0).ok())
            .map(Self)
            .ok_or(BadTime)
    }
}

/// The text is not a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as 08:00")]
pub struct BadTime;

failures! {
    /// Why nobody is reminded.
    pub enum ReminderError {
        Exists = Conflict "reminder-exists" "there is a reminder of this medicine already",
        Ended = Conflict "medication-ended" "the medicine is not to be taken any more",
        Stale = Conflict "reminder-stale" "the reminder changed in the meantime",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ulid::Ulid;

    use super::*;

    fn reminder(times: &[&str], zone: &str) -> Reminder {
        let now = Timestamp::UNIX_EPOCH;
        Reminder {
            id: Ulid::from(1_u128).into(),
            patient: Ulid::from(2_u128).into(),
            medicine: Text::known("Amoxicillin"),
            times: self::times(times).unwrap(),
            zone: zone.parse().unwrap(),
            is_active: true,
            ways: Ways::default(),
            created_at: now,
            updated_at: now,
            removed_at: None,
            revision: Revision::FIRST,
        }
    }

    fn times(times: &[&str]) -> Result<Times, BadTimes> {
        times.iter().map(|time| time.parse().unwrap()).collect::<Vec<_>>().try_into()
    }

    fn due(times: &[&str], zone: &str, from: &str, until: &str) -> Vec<String> {
        let due = reminder(times, zone).due(from.parse().unwrap(), until.parse().unwrap());
        due.into_iter().map(|at| at.to_string()).collect()
    }

    #[test]
    fn times_are_minutes_of_the_day_and_differ() {
        assert_eq!("23:59".parse::<TimeOfDay>().unwrap().to_string(), "23:59");
        for wrong in ["24:00", "8:00", "08:60", "08", "08:00:00", "+8:00", "", "noon"] {
            assert_eq!(wrong.parse::<TimeOfDay>(), Err(BadTime), "{wrong}");
        }
        assert_eq!(times(&[]), Err(BadTimes));
        assert_eq!(times(&["08:00", "08:00"]), Err(BadTimes));
        let hours: Vec<_> = (0..13).map(|hour| format!("{hour:02}:00")).collect();
        let hours: Vec<_> = hours.iter().map(String::as_str).collect();
        assert_eq!(times(&hours), Err(BadTimes));
        assert!(times(&hours[1..]).is_ok());
    }

    #[test]
    fn each_time_comes_once_a_day_where_the_patient_is() {
        assert_eq!(
            due(
                &["08:00", "20:30"],
                "Asia/Karachi",
                "2030-01-07T03:00:00Z",
                "2030-01-08T03:00:00Z"
            ),
            ["2030-01-07T15:30:00Z", "2030-01-08T03:00:00Z"],
        );
        assert!(due(&["08:00"], "UTC", "2030-01-07T08:00:00Z", "2030-01-08T07:59:59Z").is_empty());
    }

    #[test]
    fn a_change_of_clocks_neither_loses_a_dose_nor_doubles_it() {
        // At two the clocks in Berlin jump to three.
        assert_eq!(
            due(&["02:30"], "Europe/Berlin", "2030-03-30T12:00:00Z", "2030-04-01T00:00:00Z"),
            ["2030-03-31T01:30:00Z"],
        );
        assert_eq!(
            due(
                &["02:30", "03:30"],
                "Europe/Berlin",
                "2030-03-30T12:00:00Z",
                "2030-03-31T12:00:00Z"
            ),
            ["2030-03-31T01:30:00Z"],
        );
        // At three they show two again.
        assert_eq!(
            due(&["02:30"], "Europe/Berlin", "2030-10-26T12:00:00Z", "2030-10-27T12:00:00Z"),
            ["2030-10-27T00:30:00Z"],
        );
    }

    #[test]
    fn the_next_time_is_found_even_where_a_day_is_skipped() {
        let next = |zone, from: &str| {
            reminder(&["08:00"], zone).next(from.parse().unwrap()).map(|at| at.to_string())
        };
        let at = |text: &str| Some(text.to_owned());
        assert_eq!(next("UTC", "2030-01-07T07:59:59Z"), at("2030-01-07T08:00:00Z"));
        assert_eq!(next("UTC", "2030-01-07T08:00:00Z"), at("2030-01-08T08:00:00Z"));
        // Samoa went from 29 to 31 December.
        assert_eq!(next("Pacific/Apia", "2011-12-29T18:00:00Z"), at("2011-12-30T18:00:00Z"));
        assert_eq!(next("Pacific/Apia", "2011-12-30T18:00:00Z"), at("2011-12-31T18:00:00Z"));
    }

    #[test]
    fn what_was_missed_for_an_hour_is_owed_no_longer() {
        let owed = |since: &str, now: &str| {
            let (since, now) = (since.parse().unwrap(), now.parse().unwrap());
            reminder(&["08:00", "08:30"], "UTC").owed(since, now).map(|at| at.to_string())
        };
        let at = |text: &str| Some(text.to_owned());
        let eight = "2030-01-07T08:00:00Z";
        assert_eq!(owed(eight, "2030-01-07T07:59:00Z"), None);
        assert_eq!(owed(eight, eight), at(eight));
        assert_eq!(owed(eight, "2030-01-07T08:59:59Z"), at(eight));
        assert_eq!(owed(eight, "2030-01-07T09:00:00Z"), at("2030-01-07T08:30:00Z"));
        assert_eq!(owed(eight, "2030-01-07T09:30:00Z"), None);
        assert_eq!(
            owed("2030-01-07T08:30:00Z", "2030-01-07T08:31:00Z"),
            at("2030-01-07T08:30:00Z")
        );
    }

    #[test]
    fn what_is_owed_no_longer_counts_as_missed() {
        let missed = |since: &str, now: &str| {
            let (since, now) = (since.parse().unwrap(), now.parse().unwrap());
            reminder(&["08:00", "08:30"], "UTC").missed(since, now)
        };
        let eight = "2030-01-07T08:00:00Z";
        assert_eq!(missed(eight, eight), 0);
        assert_eq!(missed(eight, "2030-01-07T08:59:59Z"), 0);
        assert_eq!(missed(eight, "2030-01-07T09:00:00Z"), 1);
        assert_eq!(missed(eight, "2030-01-08T09:00:00Z"), 3);
    }

    #[test]
    fn a_reminder_that_is_off_or_gone_is_never_due() {
        let (from, until) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(1 << 20).unwrap());
        let on = reminder(&["08:00"], "UTC");
        assert!(!on.due(from, until).is_empty());
        assert!(Reminder { is_active: false, ..on.clone() }.due(from, until).is_empty());
        assert!(Reminder { removed_at: Some(from), ..on }.due(from, until).is_empty());
    }

    proptest! {
        #[test]
        fn any_time_is_read_without_panic(text in any::<String>(), near in "[0-9]{1,3}:[0-9]{1,3}") {
            let _ = (text.parse::<TimeOfDay>(), near.parse::<TimeOfDay>());
        }

        /// Whoever asks again and again, each time from where they were, hears of each time once.
        #[test]
        fn stretches_add_up(
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana"]),
            start in 1_900_000_000_i64..1_960_000_000, steps in prop::collection::vec(1_i64..100_000, 1..30),
        ) {
            let reminder = reminder(&["00:00", "00:30", "02:30", "23:45"], zone);
            let from = Timestamp::from_second(start).unwrap();
            let (mut at, mut heard) = (from, Vec::new());
            for step in steps {
                let next = at + step.seconds();
                heard.extend(reminder.due(at, next));
                at = next;
            }
            prop_assert_eq!(heard, reminder.due(from, at).into_iter().collect::<Vec<_>>());
        }
    }
}
