//! Diaries: what a person has on a day, so that nobody is booked twice.

use std::{collections::BTreeMap, fmt, iter, str::FromStr};

use jiff::{
    Timestamp, ToSpan,
    civil::Date,
    tz::{Offset, TimeZone},
};
use serde::{Deserialize, Serialize};
use serde_with::{DeserializeFromStr, SerializeDisplay};

use crate::{
    Revision,
    access::{PatientId, UserId},
    appointment::AppointmentId,
    revision::{Revised, revised},
};

/// A stretch of time in whole minutes, written `2030-01-07T04:00:00Z/30`. As text, stretches
/// sort by when they begin.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, SerializeDisplay, DeserializeFromStr,
)]
pub struct Span {
    start: Timestamp,
    minutes: u16,
}

impl Span {
    /// So many minutes from `start` on, whose seconds are dropped.
    pub fn of(start: Timestamp, minutes: u16) -> Self {
        let second = start.as_second().div_euclid(60) * 60;
        Self { start: Timestamp::from_second(second).unwrap_or(start), minutes }
    }

    /// When it begins.
    pub fn start(self) -> Timestamp {
        self.start
    }

    /// When it is over.
    pub fn end(self) -> Timestamp {
        self.start.saturating_add(i64::from(self.minutes).minutes()).unwrap_or(self.start)
    }

    /// How long it is.
    pub fn minutes(self) -> u16 {
        self.minutes
    }

    /// The same beginning, and so many minutes more.
    #[must_use]
    pub fn and(self, minutes: u16) -> Self {
        Self { minutes: self.minutes + minutes, ..self }
    }

    /// Whether the two have an instant in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end() && other.start < self.end()
    }

    /// The days in UTC that it touches.
    fn days(self) -> impl Iterator<Item = Date> {
        let last = self.end() - 1.nanosecond();
        let last = utc(last.max(self.start));
        iter::successors(Some(utc(self.start)), |day| day.tomorrow().ok())
            .take_while(move |day| *day <= last)
    }
}

fn utc(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// The days in UTC whose diaries tell about the civil day `date` in any zone.
pub fn days_around(date: Date) -> impl Iterator<Item = Date> {
    // Civil days begin up to 14 hours before that of UTC and end up to 12 hours behind it; one
    // that clocks repeat is an hour or a day longer still.
    (-1..=1).map(move |days: i64| date.saturating_add(days.days()))
}

/// The text is no stretch of time, or no entry of a diary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a stretch of time such as 2030-01-07T04:00:00Z/30")]
pub struct BadSpan;

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.start, self.minutes)
    }
}

impl FromStr for Span {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Self, BadSpan> {
        let (start, minutes) = text.split_once('/').ok_or(BadSpan)?;
        let start: Timestamp = start.parse().map_err(|_| BadSpan)?;
        Ok(Self::of(start, minutes.parse().map_err(|_| BadSpan)?))
    }
}

/// What one person has on one day in UTC. There is one such record for each.
///
/// Whatever touches the day is in it, so two things overlap if and only if some diary holds both.
/// What counts towards the maximum of a civil day is in the diary of that name as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diary {
    /// Whose it is.
    pub person: UserId,
    /// Which day.
    pub day: Date,
    entries: Vec<Entry>,
    revision: Revision,
}

revised!(Diary);

impl Diary {
    fn blank(person: UserId, day: Date) -> Self {
        Self { person, day, entries: Vec::new(), revision: Revision::FIRST }
    }
}

/// A line of a diary.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, SerializeDisplay, DeserializeFromStr,
)]
struct Entry {
    span: Span,
    /// The civil day of the doctor on which it counts.
    date: Option<Date>,
    claim: Claim,
}

/// What takes up a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    Appointment(AppointmentId),
    /// Until that instant the time is kept for the patient.
    Hold {
        patient: PatientId,
        until: Timestamp,
    },
}

impl Entry {
    fn days(self) -> impl Iterator<Item = Date> {
        self.span.days().chain(self.date)
    }

    fn is_live(self, now: Timestamp) -> bool {
        match self.claim {
            Claim::Appointment(_) => true,
            Claim::Hold { until, .. } => now < until,
        }
    }

    /// Whether it keeps time for this patient.
    fn is_hold_of(self, of: Option<PatientId>) -> bool {
        matches!(self.claim, Claim::Hold { patient, .. } if Some(patient) == of)
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.span)?;
        match self.claim {
            Claim::Appointment(id) => write!(f, "{id}")?,
            Claim::Hold { patient, until } => write!(f, "{patient} {until}")?,
        }
        self.date.map_or(Ok(()), |date| write!(f, " {date}"))
    }
}

impl FromStr for Entry {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Self, BadSpan> {
        let mut words = text.split(' ').peekable();
        let mut word = || words.next().ok_or(BadSpan);
        let span = word()?.parse()?;
        let whose = word()?;
        let claim = match (whose.parse(), whose.parse()) {
            (Ok(id), _) => Claim::Appointment(id),
            (_, Ok(patient)) => {
                let until = word()?.parse().map_err(|_| BadSpan)?;
                Claim::Hold { patient, until }
            }
            (Err(_), Err(_)) => return Err(BadSpan),
        };
        let date = words.next().map(str::parse).transpose().map_err(|_| BadSpan)?;
        Ok(Self { span, date, claim })
    }
}

/// The diaries of one person on the days that a decision looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agenda {
    person: UserId,
    pages: BTreeMap<Date, Page>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Page {
    read: Option<Diary>,
    now: Diary,
}

impl Page {
    fn strike(&mut self, unwanted: impl Fn(Entry) -> bool) {
        self.now.entries.retain(|entry| !unwanted(*entry));
    }
}

impl Agenda {
    /// The diaries of `person` on these days, of which those that exist were found.
    pub fn of(
        person: UserId,
        days: impl IntoIterator<Item = Date>,
        found: impl IntoIterator<Item = Diary>,
    ) -> Self {
        let mut pages: BTreeMap<_, _> = days
            .into_iter()
            .map(|day| (day, Page { read: None, now: Diary::blank(person, day) }))
            .collect();
        for diary in found.into_iter().filter(|diary| diary.person == person) {
            pages.insert(diary.day, Page { read: Some(diary.clone()), now: diary });
        }
        Self { person, pages }
    }

    /// The diaries that have changed: as they were, if they were there, and as they are now.
    pub fn changes(&self) -> impl Iterator<Item = (Option<&Diary>, &Diary)> {
        let changed = |page: &&Page| {
            page.read.as_ref().map_or(!page.now.entries.is_empty(), |read| *read != page.now)
        };
        self.pages.values().filter(changed).map(|page| (page.read.as_ref(), &page.now))
    }

    /// Whether nothing live overlaps `span`, but for what is kept for `patient`.
    pub fn is_free(&self, span: Span, patient: Option<PatientId>, now: Timestamp) -> bool {
        !self.live(patient, now).any(|entry| entry.span.overlaps(span))
    }

    /// What counts on a civil day of the doctor when `span` is wanted for `patient`: all but what
    /// is kept for the patient at that very time.
    pub fn counted_on(
        &self,
        date: Date,
        span: Span,
        patient: Option<PatientId>,
        now: Timestamp,
    ) -> impl Iterator<Item = Span> {
        let page = self.pages.get(&date).into_iter().flat_map(|page| &page.now.entries).copied();
        let used = move |entry: Entry| entry.is_hold_of(patient) && entry.span.overlaps(span);
        page.filter(move |entry| entry.date == Some(date) && entry.is_live(now) && !used(*entry))
            .map(|entry| entry.span)
    }

    fn live(&self, patient: Option<PatientId>, now: Timestamp) -> impl Iterator<Item = Entry> {
        let entries = self.pages.values().flat_map(|page| page.now.entries.iter().copied());
        entries.filter(move |entry| entry.is_live(now) && !entry.is_hold_of(patient))
    }

    /// Enters an appointment of `patient`, which counts on `date`. What was kept for the patient
    /// at that time is used up.
    pub fn enter(
        &mut self,
        appointment: AppointmentId,
        patient: PatientId,
        span: Span,
        date: Option<Date>,
        now: Timestamp,
    ) {
        let used = |entry: Entry| entry.is_hold_of(Some(patient)) && entry.span.overlaps(span);
        self.pages.values_mut().for_each(|page| page.strike(used));
        self.add(Entry { span, date, claim: Claim::Appointment(appointment) }, now);
    }

    /// Keeps time for `patient`, which counts on `date`, instead of what was kept for them at that
    /// time before.
    pub fn hold(
        &mut self,
        patient: PatientId,
        span: Span,
        date: Date,
        until: Timestamp,
        now: Timestamp,
    ) {
        self.let_go(patient, span);
        self.add(Entry { span, date: Some(date), claim: Claim::Hold { patient, until } }, now);
    }

    /// Whether time that overlaps `span` is kept for `patient`.
    pub fn keeps(&self, span: Span, patient: PatientId, now: Timestamp) -> bool {
        let mut live = self.live(None, now);
        live.any(|entry| entry.is_hold_of(Some(patient)) && entry.span.overlaps(span))
    }

    /// Gives up what is kept for `patient` at that time.
    pub fn let_go(&mut self, patient: PatientId, span: Span) {
        let theirs = |entry: Entry| entry.is_hold_of(Some(patient)) && entry.span.overlaps(span);
        self.pages.values_mut().for_each(|page| page.strike(theirs));
    }

    /// Takes an appointment out of the diaries.
    pub fn strike(&mut self, appointment: AppointmentId) {
        let it = |entry: Entry| entry.claim == Claim::Appointment(appointment);
        self.pages.values_mut().for_each(|page| page.strike(it));
    }

    fn add(&mut self, entry: Entry, now: Timestamp) {
        let person = self.person;
        for day in entry.days() {
            let blank = || Page { read: None, now: Diary::blank(person, day) };
            let page = self.pages.entry(day).or_insert_with(blank);
            page.strike(|other| !other.is_live(now) || other == entry);
            page.now.entries.push(entry);
            page.now.entries.sort_unstable();
        }
    }
}

/// The civil day in `zone` at that instant.
pub(crate) fn civil_day(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Id;

    fn span(text: &str) -> Span {
        text.parse().unwrap()
    }

    #[test]
    fn a_stretch_is_read_as_written_and_knows_its_days() {
        let night = span("2030-01-07T23:50:00Z/20");
        assert_eq!(night.to_string(), "2030-01-07T23:50:00Z/20");
        let days: Vec<_> = night.days().map(|day| day.to_string()).collect();
        assert_eq!(days, ["2030-01-07", "2030-01-08"]);
        assert_eq!(span("2030-01-07T23:40:00Z/20").days().count(), 1);
        assert_eq!(span("2030-01-07T23:40:59.5Z/20"), span("2030-01-07T23:40:00Z/20"));
    }

    #[test]
    fn an_entry_reads_back_as_written() {
        let patient = PatientId::from(ulid::Ulid::nil());
        let until = Timestamp::UNIX_EPOCH;
        let span = span("2030-01-07T23:50:00Z/20");
        let date = "2030-01-08".parse().ok();
        for entry in [
            Entry { span, date, claim: Claim::Appointment(Id::generate(until)) },
            Entry { span, date: None, claim: Claim::Appointment(Id::generate(until)) },
            Entry { span, date, claim: Claim::Hold { patient, until } },
        ] {
            assert_eq!(entry.to_string().parse(), Ok(entry));
        }
    }

    #[test]
    fn a_hold_keeps_others_away_until_it_ends() {
        let (ana, bea) = (patient(1), patient(2));
        let (now, span) = (Timestamp::UNIX_EPOCH, span("2030-01-07T09:00:00Z/30"));
        let date = "2030-01-07".parse().unwrap();
        let mut agenda = Agenda::of(ana.into(), days_around(date), []);

        agenda.hold(ana, span, date, now + 5.minutes(), now);

        assert!(!agenda.is_free(span, Some(bea), now));
        assert!(agenda.is_free(span, Some(ana), now));
        assert!(agenda.is_free(span, Some(bea), now + 5.minutes()));
        assert_eq!(agenda.counted_on(date, span, Some(bea), now).count(), 1);
        assert_eq!(agenda.counted_on(date, span, Some(ana), now).count(), 0);
        agenda.enter(Id::generate(now), ana, span, Some(date), now);
        assert!(!agenda.is_free(span, Some(ana), now + 5.minutes()));
        assert_eq!(agenda.counted_on(date, span, Some(ana), now).count(), 1);
    }

    fn patient(number: u128) -> PatientId {
        ulid::Ulid::from(number).into()
    }

    proptest! {
        /// A diary of each day that two stretches touch is enough to see whether they overlap.
        #[test]
        fn what_overlaps_meets_in_a_diary(first in 0_i64..5000, long in 1_u16..240, second in 0_i64..5000, wide in 1_u16..240) {
            let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
            let (one, other) = (Span::of(at(first), long), Span::of(at(second), wide));
            let person = patient(1).into();
            let mut agenda = Agenda::of(person, [], []);
            agenda.enter(Id::generate(at(0)), patient(1), one, None, at(0));
            let touched = Agenda::of(person, other.days(), agenda.pages.into_values().map(|page| page.now).filter(|diary| other.days().any(|day| day == diary.day)));
            prop_assert_eq!(touched.is_free(other, None, at(0)), !one.overlaps(other));
        }
    }
}
