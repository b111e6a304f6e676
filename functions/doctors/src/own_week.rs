//! `/api/doctor-availability`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path, Query},
    form,
    listing::WholeView,
};
use carehub_domain::{doctor::DoctorId, schedule::ShiftId};
use carehub_store::Store;

use crate::{
    ShiftView,
    shift::{self, NewShift, ShiftChanges},
};

form! {
    /// Whose shifts to list.
    pub(crate) struct Wanted {
        /// The doctor; oneself for doctors.
        doctor: Option<DoctorId> = "doctor_id",
        /// Accepted and without effect: the list is by day and time.
        ordering: Option<String>,
    }
}

/// List the shifts of one's own week, or of another doctor's.
#[utoipa::path(get, path = "/api/doctor-availability", tag = "doctors", params(
    ("doctor" = Option<DoctorId>, Query, description = "The doctor; oneself for doctors."),
), responses(
    (status = 200, description = "The shifts, by day and time.", body = WholeView<ShiftView>),
    (status = 400, description = "Some parameters are not right.", body = Problem),
    (status = 403, description = "Only doctors have a week of their own.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Query(Wanted { doctor, .. }): Query<Wanted>,
    State(store): State<Store>,
) -> Result<Json<WholeView<ShiftView>>> {
    let id = doctor.map_or_else(|| actor.doctor(), Ok)?;
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    Ok(Json(WholeView::of(shift::all(&doctor))))
}

/// Add a shift to one's own week.
#[utoipa::path(post, path = "/api/doctor-availability", tag = "doctors", request_body = NewShift, responses(
    (status = 201, description = "The shift.", body = ShiftView),
    (status = 400, description = "Some fields are not right, or it overlaps with another.", body = Problem),
    (status = 403, description = "Only doctors have a week of their own.", body = Problem),
    (status = 409, description = "Somebody else changed the doctor at the same time.", body = Problem),
))]
pub(crate) async fn add(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(new): Body<NewShift>,
) -> Result<Created<Tagged<Json<ShiftView>>>> {
    let own = actor.doctor()?;
    let new = new.read(actor.at)?;
    let id = new.id;
    let doctor = shift::add(own, new, &actor, &store).await?;
    let location = format!("/api/doctor-availability/{id}");
    Ok(Created::at(location, shift::tagged(&doctor, id)?))
}

/// See a shift of one's own week.
#[utoipa::path(get, path = "/api/doctor-availability/{id}", tag = "doctors", params(
    ("id" = ShiftId, Path, description = "The shift."),
), responses(
    (status = 200, description = "The shift.", body = ShiftView),
    (status = 403, description = "Only doctors have a week of their own.", body = Problem),
    (status = 404, description = "There is no such shift in it.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<ShiftId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<ShiftView>>> {
    let doctor = store.doctors().find(actor.doctor()?).await?.view(&actor)?;
    Ok(shift::tagged(&doctor, id)?)
}

/// Change a shift of one's own week.
#[utoipa::path(patch, path = "/api/doctor-availability/{id}", tag = "doctors", request_body = ShiftChanges, params(
    ("id" = ShiftId, Path, description = "The shift."),
), responses(
    (status = 200, description = "The shift as it is now. `PUT` means the same.", body = ShiftView),
    (status = 400, description = "Some fields are not right, or it overlaps with another.", body = Problem),
    (status = 403, description = "Only doctors have a week of their own.", body = Problem),
    (status = 404, description = "There is no such shift in it.", body = Problem),
    (status = 409, description = "Somebody else changed the doctor at the same time.", body = Problem),
    (status = 412, description = "The doctor is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<ShiftId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<ShiftChanges>,
) -> Result<Tagged<Json<ShiftView>>> {
    let doctor = shift::change(actor.doctor()?, id, &expected, changes, &actor, &store).await?;
    Ok(shift::tagged(&doctor, id)?)
}

/// Remove a shift from one's own week.
#[utoipa::path(delete, path = "/api/doctor-availability/{id}", tag = "doctors", params(
    ("id" = ShiftId, Path, description = "The shift."),
), responses(
    (status = 204, description = "The shift is gone."),
    (status = 403, description = "Only doctors have a week of their own.", body = Problem),
    (status = 404, description = "There is no such shift in it.", body = Problem),
    (status = 409, description = "Somebody else changed the doctor at the same time.", body = Problem),
    (status = 412, description = "The doctor is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<ShiftId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    shift::remove(actor.doctor()?, id, &expected, &actor, &store).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Switch a shift of one's own week off, or on again.
#[utoipa::path(post, path = "/api/doctor-availability/{id}/toggle", tag = "doctors", params(
    ("id" = ShiftId, Path, description = "The shift."),
), responses(
    (status = 200, description = "The shift as it is now.", body = ShiftView),
    (status = 403, description = "Only doctors have a week of their own.", body = Problem),
    (status = 404, description = "There is no such shift in it.", body = Problem),
    (status = 409, description = "Somebody else changed the doctor at the same time.", body = Problem),
    (status = 412, description = "The doctor is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn toggle(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<ShiftId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<Tagged<Json<ShiftView>>> {
    let doctor = shift::toggle(actor.doctor()?, id, &expected, &actor, &store).await?;
    Ok(shift::tagged(&doctor, id)?)
}
