//! Shifts of a doctor's week, as callers see and write them.

use carehub_api::{
    Result,
    etag::{IfMatch, Tagged},
    extract::Json,
    form,
    form::{Change, Invalid, replace},
};
use carehub_domain::{
    FieldError, Id,
    access::{Action, Actor, Denied, Permit},
    doctor::{DailyMaximum, Doctor, DoctorId},
    hours::{BadHours, Day, Minute, Window},
    schedule::{Break, Shift, ShiftId, Week},
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The most breaks of one shift.
const MOST_BREAKS: usize = 10;

form! {
    /// A stretch of every week in which a doctor sees patients.
    pub(crate) struct NewShift {
        /// On which day: its name, or 0 for Monday to 6 for Sunday.
        day_of_week: DayName = "day",
        /// From when, in the doctor's zone.
        start_time: Option<Minute>,
        /// Until when.
        end_time: Option<Minute>,
        /// Whether the doctor sees patients then. Without it, yes.
        is_available: Option<bool>,
        /// When a break begins.
        break_start_time: Option<Minute>,
        /// When it ends.
        break_end_time: Option<Minute>,
        /// Why there is one.
        break_reason: Option<Text<200>>,
        /// All breaks, instead of one. At most ten.
        breaks: Option<Vec<BreakView>>,
        /// How many patients at most, if that differs from the day's maximum.
        max_patients: Option<DailyMaximum>,
    }
}

form! {
    /// Changes to a shift. What is not there stays.
    pub(crate) struct ShiftChanges {
        /// On which day: its name, or 0 for Monday to 6 for Sunday.
        day_of_week: Option<DayName> = "day",
        /// From when, in the doctor's zone.
        start_time: Option<Minute>,
        /// Until when.
        end_time: Option<Minute>,
        /// Whether the doctor sees patients then.
        is_available: Option<bool>,
        /// When the first break begins.
        break_start_time: Change<Minute>,
        /// When it ends.
        break_end_time: Change<Minute>,
        /// Why there is one.
        break_reason: Change<Text<200>>,
        /// All breaks, instead of the first. At most ten.
        breaks: Option<Vec<BreakView>>,
        /// How many patients at most, if that differs from the day's maximum.
        max_patients: Change<DailyMaximum>,
    }
}

/// A stretch of every week in which a doctor sees patients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShiftView {
    /// Identifies the shift.
    pub id: ShiftId,
    /// Whose it is.
    pub doctor: DoctorId,
    /// On which day.
    pub day_of_week: Day,
    /// From when, in the doctor's zone.
    pub start_time: Minute,
    /// Until when.
    pub end_time: Minute,
    /// Whether the doctor sees patients then.
    pub is_available: bool,
    /// When the first break begins.
    pub break_start_time: Option<Minute>,
    /// When it ends.
    pub break_end_time: Option<Minute>,
    /// Why there is one.
    pub break_reason: Option<Text<200>>,
    /// All breaks, in order.
    pub breaks: Vec<BreakView>,
    /// How many patients at most, if that differs from the day's maximum.
    pub max_patients: Option<DailyMaximum>,
}

/// A pause within a shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakView {
    /// From when.
    pub start_time: Minute,
    /// Until when.
    pub end_time: Minute,
    /// Why.
    #[serde(default)]
    pub reason: Option<Text<200>>,
}

/// A day of the week, by name or by number.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(try_from = "WrittenDay")]
#[schema(value_type = String, example = "MONDAY")]
pub(crate) struct DayName(pub(crate) Day);

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a day such as MONDAY, or a number from 0 for Monday to 6 for Sunday"
)]
enum WrittenDay {
    Number(usize),
    Name(Day),
}

impl TryFrom<WrittenDay> for DayName {
    type Error = &'static str;

    fn try_from(written: WrittenDay) -> Result<Self, Self::Error> {
        match written {
            WrittenDay::Name(day) => Ok(Self(day)),
            WrittenDay::Number(number) => Day::ALL
                .get(number)
                .copied()
                .map(Self)
                .ok_or("expected a number from 0 for Monday to 6 for Sunday"),
        }
    }
}

impl NewShift {
    pub(crate) fn read(self, now: Timestamp) -> Result<Shift, Invalid> {
        let pause = (self.break_start_time, self.break_end_time, self.break_reason);
        let pause = || pause_of(pause).map(|pause| pause.into_iter().collect());
        Ok(Shift {
            id: Id::generate(now),
            day: self.day_of_week.0,
            window: window(self.start_time, self.end_time)?,
            is_available: self.is_available.unwrap_or(true),
            breaks: self.breaks.map_or_else(pause, pauses)?,
            max_patients: self.max_patients,
        })
    }
}

impl ShiftChanges {
    fn apply(self, shift: &mut Shift) -> Result<Vec<&'static str>, Invalid> {
        let mut changed = Vec::new();
        let day = self.day_of_week.map(|DayName(day)| day);
        replace(&mut shift.day, day, "day_of_week", &mut changed);
        let start = self.start_time.unwrap_or(shift.window.start());
        let end = self.end_time.unwrap_or(shift.window.end());
        let window = window(Some(start), Some(end))?;
        replace(&mut shift.window, Some(window), "window", &mut changed);
        replace(&mut shift.is_available, self.is_available, "is_available", &mut changed);
        let first = shift.breaks.first();
        let mut from = first.map(|pause| pause.window.start());
        let mut until = first.map(|pause| pause.window.end());
        let mut reason = first.and_then(|pause| pause.reason.clone());
        self.break_start_time.apply(&mut from, "", &mut Vec::new());
        self.break_end_time.apply(&mut until, "", &mut Vec::new());
        self.break_reason.apply(&mut reason, "", &mut Vec::new());
        let breaks = match self.breaks {
            Some(all) => pauses(all)?,
            None => {
                let others = shift.breaks.iter().skip(1).cloned();
                pause_of((from, until, reason))?.into_iter().chain(others).collect()
            }
        };
        replace(&mut shift.breaks, Some(breaks), "breaks", &mut changed);
        self.max_patients.apply(&mut shift.max_patients, "max_patients", &mut changed);
        Ok(changed)
    }
}

/// A window of both its ends.
pub(crate) fn window(start: Option<Minute>, end: Option<Minute>) -> Result<Window, Invalid> {
    both(("start_time", start), ("end_time", end), "is required, also for a shift that is off")
}

fn pause_of(
    (start, end, reason): (Option<Minute>, Option<Minute>, Option<Text<200>>),
) -> Result<Option<Break>, Invalid> {
    if start.is_none() && end.is_none() {
        return Ok(None);
    }
    let (start, end) = (("break_start_time", start), ("break_end_time", end));
    let window = both(start, end, "is required for a break")?;
    Ok(Some(Break { window, reason }))
}

fn pauses(breaks: Vec<BreakView>) -> Result<Vec<Break>, Invalid> {
    if breaks.len() > MOST_BREAKS {
        return Err(Invalid::field("breaks", "expected at most ten breaks"));
    }
    let pauses = breaks.into_iter().map(|BreakView { start_time, end_time, reason }| {
        Window::between(start_time, end_time).map(|window| Break { window, reason })
    });
    pauses.collect::<Result<_, _>>().map_err(|error| Invalid::field("breaks", error))
}

fn both(
    (start_name, start): (&str, Option<Minute>),
    (end_name, end): (&str, Option<Minute>),
    missing: &str,
) -> Result<Window, Invalid> {
    match (start, end) {
        (Some(start), Some(end)) => {
            Window::between(start, end).map_err(|error| Invalid::field(end_name, error))
        }
        (start, end) => {
            let lacking = [(start_name, start), (end_name, end)];
            let lacking = lacking.into_iter().filter(|(_, time)| time.is_none());
            Err(Invalid(lacking.map(|(name, _)| FieldError::of(name, missing)).collect()))
        }
    }
}

/// Puts a shift into a week.
pub(crate) fn put(week: &mut Week, shift: Shift) -> Result<(), Invalid> {
    week.put(shift).map_err(|error| match error {
        BadHours::Break => Invalid::field("break_start_time", error),
        BadHours::Overlap => Invalid::field(
            "start_time",
            "the shifts of a day must not overlap, and a week has at most 70",
        ),
        BadHours::Time | BadHours::Window | BadHours::Order => Invalid::field("start_time", error),
    })
}

/// A shift of a doctor, who is cleared.
pub(crate) fn of(doctor: &Doctor, id: ShiftId) -> Result<Shift, Denied> {
    let found = doctor.practice.week.shifts().iter().find(|shift| shift.id == id);
    found.cloned().ok_or(Denied::NotFound)
}

/// Shows a shift of a doctor.
pub(crate) fn tagged(doctor: &Doctor, id: ShiftId) -> Result<Tagged<Json<ShiftView>>, Denied> {
    Ok(Tagged::of(doctor, Json(ShiftView::of(doctor.id, &of(doctor, id)?))))
}

/// Shows all shifts of a doctor.
pub(crate) fn all(doctor: &Doctor) -> Vec<ShiftView> {
    let shifts = doctor.practice.week.shifts().iter();
    shifts.map(|shift| ShiftView::of(doctor.id, shift)).collect()
}

/// Adds a shift to a doctor's week.
pub(crate) async fn add(
    id: DoctorId,
    shift: Shift,
    actor: &Actor,
    store: &Store,
) -> Result<Doctor> {
    let (before, permit) = store.doctors().find(id).await?.permit(actor, Action::EditDoctor)?;
    let permit = permit.noting("shift", shift.id);
    rearrange(&before, permit, actor, store, |week| put(week, shift).map_err(Into::into)).await
}

/// Changes a shift of a doctor's week.
pub(crate) async fn change(
    id: DoctorId,
    shift: ShiftId,
    expected: &IfMatch,
    changes: ShiftChanges,
    actor: &Actor,
    store: &Store,
) -> Result<Doctor> {
    let (before, permit) = store.doctors().find(id).await?.permit(actor, Action::EditDoctor)?;
    expected.check(&before)?;
    let mut shift = of(&before, shift)?;
    let changed = changes.apply(&mut shift)?;
    let permit = permit.noting("shift", shift.id).changing(&changed);
    rearrange(&before, permit, actor, store, |week| put(week, shift).map_err(Into::into)).await
}

/// Switches a shift of a doctor's week off, or on again.
pub(crate) async fn toggle(
    id: DoctorId,
    shift: ShiftId,
    expected: &IfMatch,
    actor: &Actor,
    store: &Store,
) -> Result<Doctor> {
    let (before, permit) = store.doctors().find(id).await?.permit(actor, Action::EditDoctor)?;
    expected.check(&before)?;
    let mut shift = of(&before, shift)?;
    shift.is_available = !shift.is_available;
    let permit = permit.noting("shift", shift.id).changing(&["is_available"]);
    rearrange(&before, permit, actor, store, |week| put(week, shift).map_err(Into::into)).await
}

/// Takes a shift out of a doctor's week.
pub(crate) async fn remove(
    id: DoctorId,
    shift: ShiftId,
    expected: &IfMatch,
    actor: &Actor,
    store: &Store,
) -> Result<()> {
    let (before, permit) = store.doctors().find(id).await?.permit(actor, Action::EditDoctor)?;
    expected.check(&before)?;
    let permit = permit.noting("shift", shift);
    let take = |week: &mut Week| match week.take(shift) {
        Some(_) => Ok(()),
        None => Err(Denied::NotFound.into()),
    };
    rearrange(&before, permit, actor, store, take).await.map(drop)
}

async fn rearrange(
    before: &Doctor,
    permit: Permit,
    actor: &Actor,
    store: &Store,
    change: impl FnOnce(&mut Week) -> Result<()>,
) -> Result<Doctor> {
    let mut doctor = before.clone();
    change(&mut doctor.practice.week)?;
    doctor.updated_at = actor.at;
    let permit = permit.changing(&["available_timings"]);
    store.doctors().save(before, &mut doctor, &permit).await?;
    Ok(doctor)
}

impl ShiftView {
    pub(crate) fn of(doctor: DoctorId, shift: &Shift) -> Self {
        let breaks: Vec<BreakView> = shift.breaks.iter().map(BreakView::of).collect();
        let first = breaks.first().cloned();
        Self {
            id: shift.id,
            doctor,
            day_of_week: shift.day,
            start_time: shift.window.start(),
            end_time: shift.window.end(),
            is_available: shift.is_available,
            break_start_time: first.as_ref().map(|pause| pause.start_time),
            break_end_time: first.as_ref().map(|pause| pause.end_time),
            break_reason: first.and_then(|pause| pause.reason),
            breaks,
            max_patients: shift.max_patients,
        }
    }
}

impl BreakView {
    fn of(pause: &Break) -> Self {
        let Break { window, reason } = pause.clone();
        Self { start_time: window.start(), end_time: window.end(), reason }
    }
}
