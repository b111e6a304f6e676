//! `/api/appointments/holds`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    extract::{Body, Json, Path},
    form,
    limit::{Bucket, Limiter},
    listing::WholeView,
    slot::written,
};
use carehub_domain::{
    access::{Action, Actor, Denied, PatientId},
    account::Zone,
    booking::When,
    doctor::DoctorId,
    hold::{Hold, HoldId, Holds},
    hours::Minute,
};
use carehub_store::{Store, win};
use jiff::{
    Timestamp,
    civil::{Date, Time},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::{self, Moment};

form! {
    /// A slot to keep for a while.
    pub(crate) struct NewHold {
        /// Whose time it is.
        doctor: DoctorId = "doctor_id",
        /// On which day, in the doctor's zone.
        appointment_date: Option<Date> = "scheduled_date" | "date",
        /// When it begins on that day.
        start_time: Option<Minute> = "appointment_time" | "scheduled_time",
        /// When it begins, with an offset from UTC, instead of day and time.
        start: Option<Moment> = "requested_time",
    }
}

/// A slot that is kept for a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldView {
    /// Identifies the hold.
    pub id: HoldId,
    /// Whose time it is.
    pub doctor: DoctorId,
    /// The day, in the doctor's zone.
    pub appointment_date: Date,
    /// When it begins on that day.
    #[schema(value_type = String, format = "time", example = "09:30:00")]
    pub start_time: Time,
    /// When it ends.
    #[schema(value_type = String, format = "time", example = "10:00:00")]
    pub end_time: Time,
    /// When it begins, with the offset from UTC.
    #[schema(format = "date-time")]
    pub start: String,
    /// When it ends, with the offset from UTC.
    #[schema(format = "date-time")]
    pub end: String,
    /// The zone of these times.
    pub timezone: Zone,
    /// Until when it is kept.
    pub expires_at: Timestamp,
}

/// Keep a slot for oneself, for five minutes.
#[utoipa::path(post, path = "/api/appointments/holds", tag = "appointments", request_body = NewHold, responses(
    (status = 201, description = "Nobody else can book the slot until then. Who holds it books it as usual, and may keep it once more before.", body = HoldView),
    (status = 400, description = "Some fields are not right, or the time is over or too far ahead.", body = Problem),
    (status = 403, description = "Only patients may do this.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
    (status = 409, description = "The doctor does not offer that time, or it is taken; or three slots are kept for the patient already.", body = Problem),
))]
pub(crate) async fn keep(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    State(limiter): State<Limiter>,
    Body(new): Body<NewHold>,
) -> Result<Created<Json<HoldView>>> {
    let own = actor.patient()?;
    limiter.count_of(Bucket::Booking, &actor).await?;
    let moment = time::read(new.start, new.appointment_date, new.start_time, None)?;
    let hold = kept(own, new.doctor, moment.when(), &actor, &store).await?;
    let location = format!("/api/appointments/holds/{}", hold.id);
    Ok(Created::at(location, Json(HoldView::from(hold))))
}

/// List what is kept for oneself.
#[utoipa::path(get, path = "/api/appointments/holds", tag = "appointments", responses(
    (status = 200, description = "The slots that are kept now, three at most, the oldest hold first.", body = WholeView<HoldView>),
    (status = 403, description = "Only patients may do this.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Json<WholeView<HoldView>>> {
    let held = own(&actor, &store).await?;
    let live = held.live(actor.at).cloned().map(HoldView::from);
    Ok(Json(WholeView::of(live.collect())))
}

/// See a slot that is kept for oneself.
#[utoipa::path(get, path = "/api/appointments/holds/{id}", tag = "appointments", params(
    ("id" = HoldId, Path, description = "The hold."),
), responses(
    (status = 200, description = "The slot.", body = HoldView),
    (status = 403, description = "Only patients may do this.", body = Problem),
    (status = 404, description = "There is no such hold any more, or it is somebody else's.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HoldId>,
    State(store): State<Store>,
) -> Result<Json<HoldView>> {
    let held = own(&actor, &store).await?;
    let hold = held.live(actor.at).find(|hold| hold.id == id).cloned();
    Ok(Json(hold.ok_or(Denied::NotFound)?.into()))
}

/// Give up a slot that is kept for oneself.
#[utoipa::path(delete, path = "/api/appointments/holds/{id}", tag = "appointments", params(
    ("id" = HoldId, Path, description = "The hold."),
), responses(
    (status = 204, description = "The slot is free again, or offered to the next who waits for that day."),
    (status = 403, description = "Only patients may do this.", body = Problem),
    (status = 404, description = "There is no such hold any more, or it is somebody else's.", body = Problem),
))]
pub(crate) async fn give_up(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HoldId>,
    State(store): State<Store>,
) -> Result<StatusCode> {
    given_up(id, actor.patient()?, &actor, &store).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn kept(
    own: PatientId,
    doctor: DoctorId,
    when: When,
    actor: &Actor,
    store: &Store,
) -> Result<Hold> {
    let (appointments, patients, holds) = (store.appointments(), store.patients(), store.holds());
    let dates = when.dates();
    win(|| async {
        let ((doctor, mut books), patient, before) = tokio::try_join!(
            appointments.calendar(doctor, &dates),
            patients.find(own),
            holds.find(own, actor.at),
        )?;
        let (doctor, patient) = (doctor.view(actor)?, patient.view(actor)?);
        let mut held = before.clone().unwrap_or_else(|| Holds::none(own));
        let hold = books.hold(&doctor, &patient, when, actor)?;
        held.add(hold.clone(), actor.at)?;
        let permit = actor.create(Action::HoldSlot, &held)?;
        let permit = permit.noting("doctor", hold.doctor).noting("hold", hold.id);
        let saved = holds.save(before.as_ref(), &held, &books, &permit).await?;
        Ok(saved.then_some(hold))
    })
    .await
}

async fn given_up(id: HoldId, patient: PatientId, actor: &Actor, store: &Store) -> Result<()> {
    let (appointments, holds) = (store.appointments(), store.holds());
    // Whoever keeps a doctor's time gives it back, whoever vouches for the doctor now.
    let hub = Actor::worker("holds", actor.at);
    win(|| async {
        let before = own(actor, store).await?;
        let mut held = before.clone();
        let hold = held.take(id, actor.at).ok_or(Denied::NotFound)?;
        let permit = actor.authorize(Action::ReleaseSlot, &held)?;
        let permit = permit.noting("doctor", hold.doctor).noting("hold", hold.id);
        let dates = When::Instant(hold.span.start()).dates();
        let (doctor, mut books) = appointments.calendar(hold.doctor, &dates).await?;
        books.give_up(&doctor.view(&hub)?, patient, &hold, actor.at);
        let saved = holds.save(Some(&before), &held, &books, &permit).await?;
        Ok(saved.then_some(()))
    })
    .await
}

async fn own(actor: &Actor, store: &Store) -> Result<Holds> {
    let patient = actor.patient()?;
    let held = store.holds().find(patient, actor.at).await?;
    Ok(held.unwrap_or_else(|| Holds::none(patient)))
}

impl From<Hold> for HoldView {
    fn from(hold: Hold) -> Self {
        let (start, end) = (hold.start(), hold.end());
        Self {
            id: hold.id,
            doctor: hold.doctor,
            appointment_date: start.date(),
            start_time: start.time(),
            end_time: end.time(),
            start: written(&start),
            end: written(&end),
            timezone: hold.zone,
            expires_at: hold.until,
        }
    }
}
