//! Adherence: whether a patient takes what was prescribed, as the patient tells it.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::ToSchema;

use crate::{
    Id, Revision,
    access::{Action, Actor, PatientId, Subject, UserId},
    choice::choice,
    doctor::DoctorId,
    event::Reference,
    failures,
    hospital::HospitalId,
    id::Identified,
    patient::Patient,
    prescription::{ItemId, Prescription},
    revision::{Revised, revised},
    text::Text,
};

/// How often a patient may tell something else of a dose.
const MOST: usize = 20;

/// How many days a summary looks at by itself, and at most.
const USUAL_DAYS: i32 = 30;
const MOST_DAYS: i64 = 92;

choice! {
    /// What became of a dose.
    pub enum Outcome: "an outcome" {
        /// The patient took it.
        Taken = "TAKEN",
        /// The patient took it, but late.
        Delayed = "DELAYED" | "LATE",
        /// The patient forgot it.
        Missed = "MISSED",
        /// The patient left it out on purpose.
        Skipped = "SKIPPED",
    }
}

/// What the patient tells of a dose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// What became of it.
    pub outcome: Outcome,
    /// When it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<Timestamp>,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Text<1000>>,
    /// When the patient told it.
    pub told_at: Timestamp,
}

/// A dose of a medicine: when it was to be taken, and what became of it.
///
/// A dose is told of once. Whoever tells of it again says something else of the same dose, and
/// what was said before stays beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dose {
    /// Identifies the dose, and sorts it by the time when it was due.
    pub id: DoseId,
    /// The medicine.
    pub medication: ItemId,
    /// Who takes it.
    pub patient: PatientId,
    /// The record in which it was noted. It may have been merged into another since.
    pub record: PatientId,
    /// Who prescribed it.
    pub doctor: DoctorId,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// When it was due.
    pub scheduled_at: Timestamp,
    /// What the patient tells of it.
    pub telling: Telling,
    /// What the patient told before, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Telling>,
    /// When the patient took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    revision: Revision,
}

/// Identifies a [`Dose`].
pub type DoseId = Id<Dose>;

impl Identified for Dose {
    const PREFIX: &'static str = "adh";
}

impl DoseId {
    /// The dose of a medicine at a time.
    pub fn of(medication: ItemId, scheduled_at: Timestamp) -> Self {
        Ulid::from_parts(millis(scheduled_at), medication.ulid().random()).into()
    }

    /// The first that could be due at an instant.
    pub fn first_at(at: Timestamp) -> Self {
        Ulid::from_parts(millis(at), 0).into()
    }
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or_default()
}

impl Dose {
    /// Notes what a patient tells of a dose for the first time.
    pub fn tell(
        medication: ItemId,
        prescription: &Prescription,
        scheduled_at: Timestamp,
        telling: Telling,
    ) -> Result<Self, AdherenceError> {
        let known = prescription.item(medication).is_some();
        // Clocks of phones go wrong; beyond a day it is a mistake of the patient.
        let ahead = telling.told_at.saturating_add(24.hours()).unwrap_or(telling.told_at);
        if !known || scheduled_at < prescription.issued_at - 24.hours() {
            return Err(AdherenceError::NotPrescribed);
        }
        if scheduled_at > ahead || telling.taken_at.is_some_and(|taken| taken > ahead) {
            return Err(AdherenceError::Future);
        }
        Ok(Self {
            id: DoseId::of(medication, scheduled_at),
            medication,
            patient: prescription.patient,
            record: prescription.patient,
            doctor: prescription.doctor,
            hospital: prescription.hospital,
            scheduled_at,
            telling,
            earlier: Vec::new(),
            removed_at: None,
            revision: Revision::FIRST,
        })
    }

    /// Whether the same was told of it already.
    pub fn says(&self, telling: &Telling) -> bool {
        let Telling { outcome, taken_at, notes, told_at: _ } = &self.telling;
        self.removed_at.is_none()
            && (outcome, taken_at, notes) == (&telling.outcome, &telling.taken_at, &telling.notes)
    }

    /// Tells something else of it.
    pub fn correct(mut self, telling: Telling) -> Result<Self, AdherenceError> {
        if self.earlier.len() >= MOST {
            return Err(AdherenceError::Settled);
        }
        self.earlier.push(std::mem::replace(&mut self.telling, telling));
        self.removed_at = None;
        Ok(self)
    }

    /// The same dose as one of the person whose record is `patient` now, if it is theirs.
    #[must_use]
    pub fn in_record_of(self, patient: &Patient) -> Self {
        match patient.parts().contains(&self.patient) {
            true => Self { patient: patient.id, ..self },
            false => self,
        }
    }

    /// Takes back what was told of it.
    #[must_use]
    pub fn take_back(self, by: &Actor) -> Self {
        Self { removed_at: Some(by.at), ..self }
    }
}

revised!(Dose);

impl Subject for Dose {
    const VIEW: Action = Action::ViewAdherence;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.patient.into())
    }

    fn is_of(&self, user: UserId) -> bool {
        [self.patient.into(), self.doctor.into()].contains(&user)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

/// The doses of a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoseList {
    /// Whose they are.
    pub patient: PatientId,
}

impl Subject for DoseList {
    const VIEW: Action = Action::ViewAdherence;

    fn reference(&self) -> Reference {
        self.patient.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.patient.into())
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

/// The days that a summary looks at, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
}

impl Stretch {
    /// The days asked for; the last thirty if none are.
    pub fn read(
        from: Option<Date>,
        until: Option<Date>,
        now: Timestamp,
    ) -> Result<Self, AdherenceError> {
        let until = until.unwrap_or_else(|| now.to_zoned(TimeZone::UTC).date());
        let from = from.unwrap_or_else(|| until.saturating_sub((USUAL_DAYS - 1).days()));
        let days = (until - from).get_days();
        if (0..MOST_DAYS).contains(&i64::from(days)) {
            Ok(Self { from, until })
        } else {
            Err(AdherenceError::BadStretch)
        }
    }

    /// Everything that could be due on these days.
    pub fn doses(self) -> (DoseId, DoseId) {
        let midnight = |date: Date| {
            date.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
        };
        let next = self.until.saturating_add(1.day());
        (DoseId::first_at(midnight(self.from)), DoseId::first_at(midnight(next)))
    }
}

/// How many doses came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Score {
    /// How many were taken, late ones among them.
    pub taken: u32,
    /// How many were taken late.
    pub delayed: u32,
    /// How many were forgotten.
    pub missed: u32,
    /// How many were left out on purpose.
    pub skipped: u32,
}

impl Score {
    /// Counts one more.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Taken => self.taken += 1,
            Outcome::Delayed => {
                self.taken += 1;
                self.delayed += 1;
            }
            Outcome::Missed => self.missed += 1,
            Outcome::Skipped => self.skipped += 1,
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            taken: self.taken + other.taken,
            delayed: self.delayed + other.delayed,
            missed: self.missed + other.missed,
            skipped: self.skipped + other.skipped,
        }
    }

    /// How many there are.
    pub fn total(&self) -> u32 {
        self.taken + self.missed + self.skipped
    }

    /// How many of a thousand were taken, if anything was told at all.
    pub fn per_mille(&self) -> Option<u32> {
        (u64::from(self.taken) * 1000)
            .checked_div(self.total().into())
            .and_then(|rate| u32::try_from(rate).ok())
    }
}

failures! {
    /// Why what a patient tells is not noted.
    pub enum AdherenceError {
        NotPrescribed = Invalid "not-prescribed" "the medicine was not prescribed for that time",
        Future = Invalid "dose-in-future" "nobody knows yet what becomes of a dose that is to come",
        BadStretch = Invalid "bad-range" "expected a first and a last day, at most 92 days in all",
        Settled = Conflict "adherence-settled" "the dose was told of too often",
        Stale = Conflict "adherence-stale" "the dose was told of at the same time",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_told_is_no_rate() {
        assert_eq!(Score::default().per_mille(), None);
    }

    #[test]
    fn late_is_taken_and_left_out_is_not() {
        let mut score = Score::default();
        for outcome in Outcome::ALL {
            score.count(*outcome);
        }
        assert_eq!(score, Score { taken: 2, delayed: 1, missed: 1, skipped: 1 });
        assert_eq!((score.total(), score.per_mille()), (4, Some(500)));
    }

    #[test]
    fn a_dose_is_found_by_its_medicine_and_its_time() {
        let at: Timestamp = "2030-01-07T08:00:00Z".parse().unwrap();
        let (one, other) = (ItemId::from(Ulid::from(257_u128)), ItemId::from(Ulid::from(258_u128)));
        assert_eq!(DoseId::of(one, at), DoseId::of(one, at));
        assert_ne!(DoseId::of(one, at), DoseId::of(other, at));
        assert!(DoseId::of(one, at) < DoseId::of(other, at + 1.second()));
    }

    #[test]
    fn stretches_are_a_quarter_at_most() {
        let now = "2030-03-01T08:00:00Z".parse().unwrap();
        let read = |from: Option<&str>, until: Option<&str>| {
            let day = |text: &str| text.parse::<Date>().unwrap();
            Stretch::read(from.map(day), until.map(day), now)
                .map(|stretch| (stretch.from.to_string(), stretch.until.to_string()))
        };
        assert_eq!(read(None, None), Ok(("2030-01-31".into(), "2030-03-01".into())));
        assert!(read(Some("2030-01-01"), Some("2030-04-02")).is_ok());
        for (from, until) in [("2030-01-01", "2030-04-03"), ("2030-01-02", "2030-01-01")] {
            assert_eq!(read(Some(from), Some(until)), Err(AdherenceError::BadStretch));
        }
    }

    proptest! {
        #[test]
        fn a_rate_is_a_part_of_a_whole(taken in 0..9999_u32, missed in 0..9999_u32, skipped in 0..9999_u32) {
            let rate = Score { taken, delayed: 0, missed, skipped }.per_mille();
            prop_assert!(rate.is_none_or(|rate| rate <= 1000));
        }

        #[test]
        fn a_stretch_holds_what_is_due_on_its_days(at in 0_i64..4_000_000_000, item: u128) {
            let at = Timestamp::from_second(at).unwrap();
            let day = at.to_zoned(TimeZone::UTC).date();
            let (first, last) = Stretch { from: day, until: day }.doses();
            let dose = DoseId::of(Ulid::from(item).into(), at);
            prop_assert!(first <= dose && dose < last);
        }
    }
}
