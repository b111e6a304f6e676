//! `POST /api/appointments/{id}/reschedule`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    limit::{Bucket, Limiter},
};
use carehub_domain::{
    access::{Action, Actor},
    appointment::{Appointment, AppointmentError, AppointmentId, StepError},
    hours::Minute,
    text::Text,
};
use carehub_store::{Moved, Store, win};
use jiff::civil::Date;

use crate::{
    ActionView,
    steps::saved,
    time::{self, Moment},
};

form! {
    /// Another time for an appointment.
    pub(crate) struct NewTime {
        /// The day in the doctor's zone, as `YYYY-MM-DD`.
        appointment_date: Option<Date> = "scheduled_date" | "new_date",
        /// When it begins on that day.
        start_time: Option<Minute> = "scheduled_time" | "new_time" | "appointment_time",
        /// The instant instead of both, with its offset.
        start: Option<Moment>,
        /// When it ends. It has to be later; how long it takes stays.
        end_time: Option<Minute>,
        /// Why.
        reason: Option<Text<500>> = "notes",
    }
}

/// Move an appointment to another time.
#[utoipa::path(post, path = "/api/appointments/{id}/reschedule", tag = "appointments", request_body = NewTime, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "It takes place at the new time, and the old one is free again. `reschedules` tells what was moved.", body = ActionView),
    (status = 400, description = "Some fields are not right, or the time is over or more than 90 days ahead.", body = Problem),
    (status = 403, description = "The caller may not do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or it does not concern the caller.", body = Problem),
    (status = 409, description = "It has got too far or no doctor is assigned yet, it is a slot that begins in less than two hours, or the new time cannot be had. Nothing has changed.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
    (status = 429, description = "The caller books too often.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    expected: IfMatch,
    State(store): State<Store>,
    State(limiter): State<Limiter>,
    Body(new): Body<NewTime>,
) -> Result<Tagged<Json<ActionView>>> {
    limiter.count_of(Bucket::Booking, &actor).await?;
    let appointment = Box::pin(new.make(id, &expected, &actor, &store)).await?;
    Ok(ActionView::tagged(appointment, "Appointment rescheduled successfully", &actor))
}

impl NewTime {
    /// Moves the appointment. Whoever loses a race decides anew.
    async fn make(
        self,
        id: AppointmentId,
        expected: &IfMatch,
        actor: &Actor,
        store: &Store,
    ) -> Result<Appointment> {
        let Self { appointment_date, start_time, start, end_time, reason } = self;
        let when = time::read(start, appointment_date, start_time, end_time)?.when();
        let appointments = store.appointments();
        win(|| async {
            let found = appointments.find(id).await?;
            let (before, permit) = found.permit(actor, Action::RescheduleAppointment)?;
            expected.check(&before)?;
            before.demand_movable(actor)?;
            let doctor = before.doctor.ok_or(StepError::NoDoctor)?;
            let (doctor, mut books) = appointments.books_of(&before, doctor, &when.dates()).await?;
            let doctor = doctor.ok_or(AppointmentError::DoctorUnavailable)?;
            let after = books.reschedule(before.clone(), &doctor, when, reason.clone(), actor)?;
            let moved = Moved { before: &before, after: &after, books: &books };
            let won = appointments.retime(&moved, &permit).await?;
            Ok(saved(won, after))
        })
        .await
    }
}
