//! `/api/doctors/{id}/availability`: days that differ from the week, and the week itself

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path, Query},
    form,
    form::{Change, Invalid, replace},
    listing::WholeView,
};
use carehub_domain::{
    FieldError,
    access::{Action, Actor, Denied},
    doctor::{DailyMaximum, Doctor, DoctorId},
    hours::{Minute, Window},
    schedule::{DayOff, ShiftId},
    text::Text,
};
use carehub_store::Store;
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    BreakView, ShiftView,
    shift::{self, DayName, NewShift, ShiftChanges},
};

/// For how many days from today on hours of their own can be set.
const AHEAD: i64 = 400;

form! {
    /// From which day on to list.
    pub(crate) struct Since {
        /// The first day, as `YYYY-MM-DD`; today if nothing is said.
        start_date: Option<Date>,
    }
}

form! {
    /// Hours of one day, with `date`, or of every week, with `day_of_week`.
    pub(crate) struct NewAvailability {
        /// The day that differs, as `YYYY-MM-DD`: from today on, at most 400 days ahead.
        date: Option<Date>,
        /// For every week: the name of the day, or 0 for Monday to 6 for Sunday.
        day_of_week: Option<DayName> = "day",
        /// From when, in the doctor's zone.
        start_time: Option<Minute>,
        /// Until when.
        end_time: Option<Minute>,
        /// Whether the doctor sees patients then. Without it, yes. A single day without is off
        /// as a whole, whatever the times say.
        is_available: Option<bool>,
        /// For a single day: why it differs.
        reason: Option<Text<300>>,
        /// For every week: when a break begins.
        break_start_time: Option<Minute>,
        /// For every week: when it ends.
        break_end_time: Option<Minute>,
        /// For every week: why there is one.
        break_reason: Option<Text<200>>,
        /// For every week: all breaks, instead of one. At most ten.
        breaks: Option<Vec<BreakView>>,
        /// For every week: how many patients at most.
        max_patients: Option<DailyMaximum>,
    }
}

form! {
    /// Changes to the hours of one day or of every week. What is not there stays.
    pub(crate) struct AvailabilityChanges {
        /// For a single day: its date, which stays as it is.
        date: Option<Date>,
        /// For every week: the name of the day, or 0 for Monday to 6 for Sunday.
        day_of_week: Option<DayName> = "day",
        /// From when, in the doctor's zone.
        start_time: Change<Minute>,
        /// Until when.
        end_time: Change<Minute>,
        /// Whether the doctor sees patients then.
        is_available: Option<bool>,
        /// For a single day: why it differs.
        reason: Change<Text<300>>,
        /// For every week: when the first break begins.
        break_start_time: Change<Minute>,
        /// For every week: when it ends.
        break_end_time: Change<Minute>,
        /// For every week: why there is one.
        break_reason: Change<Text<200>>,
        /// For every week: all breaks, instead of the first. At most ten.
        breaks: Option<Vec<BreakView>>,
        /// For every week: how many patients at most.
        max_patients: Change<DailyMaximum>,
    }
}

/// Hours of one day or of every week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind")]
pub enum AvailabilityView {
    /// A day that differs from the week.
    #[serde(rename = "DATE")]
    Date(DayOffView),
    /// A stretch of every week.
    #[serde(rename = "WEEKLY")]
    Weekly(ShiftView),
}

/// A day that differs from the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayOffView {
    /// Identifies the day among those of the doctor: its date.
    pub id: Date,
    /// Whose day it is.
    pub doctor: DoctorId,
    /// Which day, in the doctor's zone.
    pub date: Date,
    /// From when; nothing on a day off.
    pub start_time: Option<Minute>,
    /// Until when; nothing on a day off.
    pub end_time: Option<Minute>,
    /// Whether the doctor sees patients.
    pub is_available: bool,
    /// Why it differs.
    pub reason: Option<Text<300>>,
}

/// What an entry is called in a path: a date or the identifier of a shift.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Place {
    Day(Date),
    Shift(ShiftId),
}

impl TryFrom<String> for Place {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let shift = text.parse().map(Self::Shift);
        shift.or_else(|_| text.parse().map(Self::Day)).map_err(|_| "expected a date or a shift")
    }
}

/// List the hours of a doctor.
#[utoipa::path(get, path = "/api/doctors/{id}/availability", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("start_date" = Option<Date>, Query, description = "The first day to list, as `YYYY-MM-DD`; today if nothing is said."),
), responses(
    (status = 200, description = "First the days that differ, earliest first and at most 400; then the shifts of the week.", body = WholeView<AvailabilityView>),
    (status = 400, description = "The date cannot be read.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    Query(Since { start_date }): Query<Since>,
    State(store): State<Store>,
) -> Result<Json<WholeView<AvailabilityView>>> {
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    let since = start_date.unwrap_or_else(|| today(&doctor, &actor));
    let days = store.doctors().days_off(doctor.id, since).await?;
    let days = days.into_iter().map(|day| AvailabilityView::Date(day.into()));
    let shifts = shift::all(&doctor).into_iter().map(AvailabilityView::Weekly);
    Ok(Json(WholeView::of(days.chain(shifts).collect())))
}

/// Set the hours of one day, or add a shift to the week.
#[utoipa::path(post, path = "/api/doctors/{id}/availability", tag = "doctors", request_body = NewAvailability, params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 201, description = "The day or the shift.", body = AvailabilityView),
    (status = 400, description = "Some fields are not right, or the shift overlaps with another.", body = Problem),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
    (status = 409, description = "The day has hours of its own already, or somebody else changed the doctor at the same time.", body = Problem),
))]
pub(crate) async fn add(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    State(store): State<Store>,
    Body(new): Body<NewAvailability>,
) -> Result<Created<Tagged<Json<AvailabilityView>>>> {
    let location = |pk: String| format!("/api/doctors/{id}/availability/{pk}");
    match new.read()? {
        New::Shift(new) => {
            let new = new.read(actor.at)?;
            let pk = new.id;
            let doctor = shift::add(id, new, &actor, &store).await?;
            Ok(Created::at(location(pk.to_string()), weekly(&doctor, pk)?))
        }
        New::Day(new) => {
            let doctors = store.doctors();
            let (doctor, permit) = doctors.find(id).await?.permit(&actor, Action::EditDoctor)?;
            let day = new.read(&doctor, &actor)?;
            doctors.add_day_off(&day, &permit.noting("date", day.date)).await?;
            Ok(Created::at(location(day.date.to_string()), single(day)))
        }
    }
}

/// See the hours of one day that differs, or a shift of the week.
#[utoipa::path(get, path = "/api/doctors/{id}/availability/{pk}", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = String, Path, description = "The date, or the shift.", example = "2030-01-07"),
), responses(
    (status = 200, description = "The day or the shift.", body = AvailabilityView),
    (status = 404, description = "There is neither, or one may not know of the doctor.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, Place)>,
    State(store): State<Store>,
) -> Result<Tagged<Json<AvailabilityView>>> {
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    match pk {
        Place::Shift(pk) => Ok(weekly(&doctor, pk)?),
        Place::Day(date) => Ok(single(day(doctor.id, date, &store).await?)),
    }
}

/// Change the hours of one day that differs, or a shift of the week.
#[utoipa::path(patch, path = "/api/doctors/{id}/availability/{pk}", tag = "doctors", request_body = AvailabilityChanges, params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = String, Path, description = "The date, or the shift.", example = "2030-01-07"),
), responses(
    (status = 200, description = "The day or the shift as it is now. `PUT` means the same.", body = AvailabilityView),
    (status = 400, description = "Some fields are not right, or the shift overlaps with another.", body = Problem),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is neither, or one may not know of the doctor.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, Place)>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<AvailabilityChanges>,
) -> Result<Tagged<Json<AvailabilityView>>> {
    match pk {
        Place::Shift(pk) => {
            let changes = changes.of_shift();
            let doctor = shift::change(id, pk, &expected, changes, &actor, &store).await?;
            Ok(weekly(&doctor, pk)?)
        }
        Place::Day(date) => {
            let doctors = store.doctors();
            let (doctor, permit) = doctors.find(id).await?.permit(&actor, Action::EditDoctor)?;
            let mut day = day(doctor.id, date, &store).await?;
            expected.check(&day)?;
            let changed = changes.apply(&mut day)?;
            let permit = permit.noting("date", date).changing(&changed);
            doctors.change_day_off(&mut day, &permit).await?;
            Ok(single(day))
        }
    }
}

/// Let a day be like every week again, or remove a shift of the week.
#[utoipa::path(delete, path = "/api/doctors/{id}/availability/{pk}", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = String, Path, description = "The date, or the shift.", example = "2030-01-07"),
), responses(
    (status = 204, description = "The day is like every week, or the shift is gone."),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is neither, or one may not know of the doctor.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, Place)>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    match pk {
        Place::Shift(pk) => shift::remove(id, pk, &expected, &actor, &store).await?,
        Place::Day(date) => {
            let doctors = store.doctors();
            let (doctor, permit) = doctors.find(id).await?.permit(&actor, Action::EditDoctor)?;
            let day = day(doctor.id, date, &store).await?;
            expected.check(&day)?;
            doctors.drop_day_off(&day, &permit.noting("date", date)).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn day(doctor: DoctorId, date: Date, store: &Store) -> Result<DayOff> {
    Ok(store.doctors().day_off(doctor, date).await?.ok_or(Denied::NotFound)?)
}

fn single(day: DayOff) -> Tagged<Json<AvailabilityView>> {
    Tagged::showing(day, |day| AvailabilityView::Date(day.into()))
}

fn weekly(doctor: &Doctor, shift: ShiftId) -> Result<Tagged<Json<AvailabilityView>>, Denied> {
    let shift = ShiftView::of(doctor.id, &shift::of(doctor, shift)?);
    Ok(Tagged::of(doctor, Json(AvailabilityView::Weekly(shift))))
}

fn today(doctor: &Doctor, actor: &Actor) -> Date {
    let zone = TimeZone::get(doctor.practice.zone.as_str()).unwrap_or(TimeZone::UTC);
    actor.at.to_zoned(zone).date()
}

/// What is to be added.
enum New {
    Day(NewDay),
    Shift(NewShift),
}

struct NewDay {
    date: Date,
    window: Option<Window>,
    reason: Option<Text<300>>,
}

impl NewAvailability {
    fn read(self) -> Result<New, Invalid> {
        let Self { start_time, end_time, is_available, .. } = self;
        match (self.date, self.day_of_week) {
            (Some(date), None) => {
                let window = window(start_time, end_time, is_available.unwrap_or(true))?;
                Ok(New::Day(NewDay { date, window, reason: self.reason }))
            }
            (None, Some(day_of_week)) => Ok(New::Shift(NewShift {
                day_of_week,
                start_time,
                end_time,
                is_available,
                break_start_time: self.break_start_time,
                break_end_time: self.break_end_time,
                break_reason: self.break_reason,
                breaks: self.breaks,
                max_patients: self.max_patients,
            })),
            (None, None) => {
                Err(Invalid::field("date", "is required, or day_of_week for every week"))
            }
            (Some(_), Some(_)) => Err(Invalid::field("day_of_week", "cannot go with date")),
        }
    }
}

impl NewDay {
    fn read(self, doctor: &Doctor, actor: &Actor) -> Result<DayOff, Invalid> {
        let today = today(doctor, actor);
        if self.date < today || self.date >= today.saturating_add(AHEAD.days()) {
            return Err(Invalid::field("date", "expected one of the next 400 days"));
        }
        Ok(DayOff::set(doctor.id, self.date, self.window, self.reason))
    }
}

impl AvailabilityChanges {
    fn of_shift(self) -> ShiftChanges {
        ShiftChanges {
            day_of_week: self.day_of_week,
            start_time: self.start_time.wanted().flatten(),
            end_time: self.end_time.wanted().flatten(),
            is_available: self.is_available,
            break_start_time: self.break_start_time,
            break_end_time: self.break_end_time,
            break_reason: self.break_reason,
            breaks: self.breaks,
            max_patients: self.max_patients,
        }
    }

    fn apply(self, day: &mut DayOff) -> Result<Vec<&'static str>, Invalid> {
        if self.date.is_some_and(|date| date != day.date) {
            return Err(Invalid::field("date", "stays as it is; set another day instead"));
        }
        let mut changed = Vec::new();
        let mut start = day.window.map(Window::start);
        let mut end = day.window.map(Window::end);
        self.start_time.apply(&mut start, "", &mut Vec::new());
        self.end_time.apply(&mut end, "", &mut Vec::new());
        let is_available = self.is_available.unwrap_or(start.is_some() || end.is_some());
        let window = window(start, end, is_available)?;
        replace(&mut day.window, Some(window), "window", &mut changed);
        self.reason.apply(&mut day.reason, "reason", &mut changed);
        Ok(changed)
    }
}

/// The hours of a day: none at all on a day off.
fn window(
    start: Option<Minute>,
    end: Option<Minute>,
    is_available: bool,
) -> Result<Option<Window>, Invalid> {
    match (is_available, start, end) {
        (false, _, _) => Ok(None),
        (true, Some(start), Some(end)) => {
            Window::between(start, end).map(Some).map_err(|error| Invalid::field("end_time", error))
        }
        (true, start, end) => {
            let lacking = [("start_time", start), ("end_time", end)];
            let lacking = lacking.into_iter().filter(|(_, time)| time.is_none());
            let detail = "is required, unless is_available is false";
            Err(Invalid(lacking.map(|(name, _)| FieldError::of(name, detail)).collect()))
        }
    }
}

impl From<DayOff> for DayOffView {
    fn from(day: DayOff) -> Self {
        Self {
            id: day.date,
            doctor: day.doctor,
            date: day.date,
            start_time: day.window.map(Window::start),
            end_time: day.window.map(Window::end),
            is_available: day.window.is_some(),
            reason: day.reason,
        }
    }
}
