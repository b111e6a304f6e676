//! `/api/doctors/{id}/schedule`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path, Query},
    form,
    form::Invalid,
    listing::WholeView,
};
use carehub_domain::{
    doctor::{Doctor, DoctorId},
    hours::{Day, Window},
    schedule::{DayOff, ShiftId, day_of},
    text::Text,
};
use carehub_store::Store;
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ShiftView,
    shift::{self, NewShift, ShiftChanges},
};

/// The most days that one list shows.
const MOST_DAYS: usize = 31;

form! {
    /// Which days to show besides the week.
    pub(crate) struct Span {
        /// The first day, as `YYYY-MM-DD`.
        start_date: Option<Date>,
        /// The last day, as `YYYY-MM-DD`.
        end_date: Option<Date>,
    }
}

/// The shifts of a week, and what they come to on some days.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleView {
    /// The shifts.
    #[serde(flatten)]
    pub shifts: WholeView<ShiftView>,
    /// The days that were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Vec<DayView>>,
}

/// One day of a doctor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayView {
    /// Which day, in the doctor's zone.
    pub date: Date,
    /// The day of the week.
    pub day_of_week: Day,
    /// Whether the doctor sees patients.
    pub is_available: bool,
    /// When, as windows such as `09:00-13:00`.
    #[schema(value_type = Vec<String>)]
    pub hours: Vec<Window>,
    /// Why the day differs from the week, if it does.
    pub reason: Option<Text<300>>,
}

/// List the shifts of a doctor's week.
#[utoipa::path(get, path = "/api/doctors/{id}/schedule", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("start_date" = Option<Date>, Query, description = "Also shows the hours of each day from this one on."),
    ("end_date" = Option<Date>, Query, description = "The last of those days, of which there are at most 31."),
), responses(
    (status = 200, description = "The shifts, by day and time.", body = ScheduleView),
    (status = 400, description = "The days make no sense.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    Query(span): Query<Span>,
    State(store): State<Store>,
) -> Result<Json<ScheduleView>> {
    let dates = span.dates()?;
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    let days = match dates.as_deref() {
        Some([first, ..]) => {
            let differing = store.doctors().days_off(doctor.id, *first).await?;
            Some(days(&doctor, dates.as_deref().unwrap_or_default(), &differing))
        }
        Some([]) | None => None,
    };
    Ok(Json(ScheduleView { shifts: WholeView::of(shift::all(&doctor)), days }))
}

/// Add a shift to a doctor's week.
#[utoipa::path(post, path = "/api/doctors/{id}/schedule", tag = "doctors", request_body = NewShift, params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 201, description = "The shift.", body = ShiftView),
    (status = 400, description = "Some fields are not right, or it overlaps with another.", body = Problem),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
    (status = 409, description = "Somebody else changed the doctor at the same time.", body = Problem),
))]
pub(crate) async fn add(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    State(store): State<Store>,
    Body(new): Body<NewShift>,
) -> Result<Created<Tagged<Json<ShiftView>>>> {
    let new = new.read(actor.at)?;
    let pk = new.id;
    let doctor = shift::add(id, new, &actor, &store).await?;
    let location = format!("/api/doctors/{id}/schedule/{pk}");
    Ok(Created::at(location, shift::tagged(&doctor, pk)?))
}

/// See a shift of a doctor's week.
#[utoipa::path(get, path = "/api/doctors/{id}/schedule/{pk}", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = ShiftId, Path, description = "The shift."),
), responses(
    (status = 200, description = "The shift.", body = ShiftView),
    (status = 404, description = "There is no such shift, or one may not know of the doctor.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, ShiftId)>,
    State(store): State<Store>,
) -> Result<Tagged<Json<ShiftView>>> {
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    Ok(shift::tagged(&doctor, pk)?)
}

/// Change a shift of a doctor's week.
#[utoipa::path(patch, path = "/api/doctors/{id}/schedule/{pk}", tag = "doctors", request_body = ShiftChanges, params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = ShiftId, Path, description = "The shift."),
), responses(
    (status = 200, description = "The shift as it is now. `PUT` means the same.", body = ShiftView),
    (status = 400, description = "Some fields are not right, or it overlaps with another.", body = Problem),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such shift, or one may not know of the doctor.", body = Problem),
    (status = 409, description = "Somebody else changed the doctor at the same time.", body = Problem),
    (status = 412, description = "The doctor is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, ShiftId)>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<ShiftChanges>,
) -> Result<Tagged<Json<ShiftView>>> {
    let doctor = shift::change(id, pk, &expected, changes, &actor, &store).await?;
    Ok(shift::tagged(&doctor, pk)?)
}

/// Remove a shift from a doctor's week.
#[utoipa::path(delete, path = "/api/doctors/{id}/schedule/{pk}", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = ShiftId, Path, description = "The shift."),
), responses(
    (status = 204, description = "The shift is gone."),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such shift, or one may not know of the doctor.", body = Problem),
    (status = 409, description = "Somebody else changed the doctor at the same time.", body = Problem),
    (status = 412, description = "The doctor is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, ShiftId)>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    shift::remove(id, pk, &expected, &actor, &store).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Span {
    fn dates(&self) -> Result<Option<Vec<Date>>, Invalid> {
        let (start, end) = match (self.start_date, self.end_date) {
            (None, None) => return Ok(None),
            (Some(start), Some(end)) => (start, end),
            (None, Some(_)) => {
                return Err(Invalid::field("start_date", "is required with end_date"));
            }
            (Some(_), None) => {
                return Err(Invalid::field("end_date", "is required with start_date"));
            }
        };
        let dates: Vec<_> =
            start.series(1.day()).take_while(|date| *date <= end).take(MOST_DAYS + 1).collect();
        match dates.len() {
            0 => Err(Invalid::field("end_date", "must not be before start_date")),
            1..=MOST_DAYS => Ok(Some(dates)),
            _ => Err(Invalid::field("end_date", "expected at most 31 days")),
        }
    }
}

fn days(doctor: &Doctor, dates: &[Date], differing: &[DayOff]) -> Vec<DayView> {
    let usual = doctor.practice.week.hours();
    let day = |&date: &Date| {
        let other = differing.iter().find(|day| day.date == date);
        let hours = other.map_or_else(
            || usual.on(day_of(date)).to_vec(),
            |day| day.window.into_iter().collect(),
        );
        DayView {
            date,
            day_of_week: day_of(date),
            is_available: !hours.is_empty(),
            hours,
            reason: other.and_then(|day| day.reason.clone()),
        }
    };
    dates.iter().map(day).collect()
}
