//! `POST /api/appointments/{id}/confirm` and the other steps

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::Invalid,
};
use carehub_domain::{
    access::{Action, Actor, Denied, Permit, Role},
    appointment::{Appointment, AppointmentId, Status, StepError},
    revision::Revised,
    text::Text,
};
use carehub_store::{Moved, Store, StoreError, win};

use crate::ActionView;

form! {
    /// What there is to say about a visit that took place.
    pub(crate) struct Completion {
        /// What the doctor adds.
        doctor_notes: Option<Text<2000>>,
        /// What the hospital adds.
        notes: Option<Text<2000>>,
    }
}

form! {
    /// Why an appointment is called off.
    pub(crate) struct Cancellation {
        /// Why.
        reason: Option<Text<500>> = "cancellation_reason" | "notes",
    }
}

form! {
    /// How far an appointment has got.
    pub(crate) struct NewStatus {
        /// What becomes of it: any status but `REQUESTED`.
        status: Status,
        /// What the hospital adds; if it is called off, why.
        notes: Option<Text<2000>> = "reason",
    }
}

/// What is said with a step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// The revision that the caller saw.
    pub(crate) expected: IfMatch,
    /// Why it is called off.
    pub(crate) reason: Option<Text<500>>,
    /// What the hospital adds.
    pub(crate) notes: Option<Text<2000>>,
    /// What the doctor adds.
    pub(crate) doctor_notes: Option<Text<2000>>,
}

/// Confirm an appointment.
#[utoipa::path(post, path = "/api/appointments/{id}/confirm", tag = "appointments", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "The appointment is agreed.", body = ActionView),
    (status = 403, description = "Only the doctor, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or it does not concern the caller.", body = Problem),
    (status = 409, description = "It is not `REQUESTED`, or no doctor is assigned yet.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn confirm(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<Tagged<Json<ActionView>>> {
    let said = Said { expected, ..Said::default() };
    stepped(id, Status::Confirmed, said, &actor, &store).await
}

/// Check a patient in.
#[utoipa::path(post, path = "/api/appointments/{id}/check-in", tag = "appointments", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "The patient is here.", body = ActionView),
    (status = 403, description = "Only the patient, the doctor, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or it does not concern the caller.", body = Problem),
    (status = 409, description = "It is not `CONFIRMED`.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn check_in(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<Tagged<Json<ActionView>>> {
    let said = Said { expected, ..Said::default() };
    stepped(id, Status::CheckedIn, said, &actor, &store).await
}

/// Start a visit.
#[utoipa::path(post, path = "/api/appointments/{id}/start", tag = "appointments", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "The visit takes place.", body = ActionView),
    (status = 403, description = "Only the doctor and admins may do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or it does not concern the caller.", body = Problem),
    (status = 409, description = "It is neither `CONFIRMED` nor `CHECKED_IN`.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn start(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<Tagged<Json<ActionView>>> {
    let said = Said { expected, ..Said::default() };
    stepped(id, Status::InProgress, said, &actor, &store).await
}

/// Complete a visit.
#[utoipa::path(post, path = "/api/appointments/{id}/complete", tag = "appointments", request_body = Completion, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "The visit took place. Reviews and records ask for it, and what was written down stays.", body = ActionView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the doctor, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or it does not concern the caller.", body = Problem),
    (status = 409, description = "It is over or nobody has agreed to it yet; a consultation must be `IN_PROGRESS`.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn complete(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(Completion { doctor_notes, notes }): Body<Completion>,
) -> Result<Tagged<Json<ActionView>>> {
    let said = Said { expected, notes, doctor_notes, ..Said::default() };
    stepped(id, Status::Completed, said, &actor, &store).await
}

/// Call an appointment off.
#[utoipa::path(post, path = "/api/appointments/{id}/cancel", tag = "appointments", request_body = Cancellation, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "It is called off and its time is free again, offered first to those who wait for the day.", body = ActionView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "The caller may not do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or it does not concern the caller.", body = Problem),
    (status = 409, description = "It is over, the patient has come for the slot already, or the slot begins in less than two hours, which hospitals and admins need not mind.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn cancel(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(Cancellation { reason }): Body<Cancellation>,
) -> Result<Tagged<Json<ActionView>>> {
    let said = Said { expected, reason, ..Said::default() };
    stepped(id, Status::Cancelled, said, &actor, &store).await
}

/// Note that a patient did not come.
#[utoipa::path(post, path = "/api/appointments/{id}/no-show", tag = "appointments", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "The patient did not come.", body = ActionView),
    (status = 403, description = "Only the doctor, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or it does not concern the caller.", body = Problem),
    (status = 409, description = "It is not `CONFIRMED`, or the patient may still come: thirty minutes have not passed.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn miss(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<Tagged<Json<ActionView>>> {
    let said = Said { expected, ..Said::default() };
    stepped(id, Status::NoShow, said, &actor, &store).await
}

/// Set the status of an appointment.
#[utoipa::path(patch, path = "/api/appointments/{id}/status", tag = "appointments", request_body = NewStatus, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "The same as the action of that status: `/confirm`, `/check-in`, `/start`, `/complete`, `/cancel` or `/no-show`. `PUT` means the same.", body = ActionView),
    (status = 400, description = "Some fields are not right, or the status is `REQUESTED`.", body = Problem),
    (status = 403, description = "The caller may not do this; patients only cancel.", body = Problem),
    (status = 404, description = "There is no such appointment, or it does not concern the caller.", body = Problem),
    (status = 409, description = "Its present status rules it out.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn set_status(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(new): Body<NewStatus>,
) -> Result<Tagged<Json<ActionView>>> {
    let (status, said) = new.read()?;
    demand_settable(id, status, &actor, &store).await?;
    stepped(id, status, Said { expected, ..said }, &actor, &store).await
}

async fn stepped(
    id: AppointmentId,
    to: Status,
    said: Said,
    actor: &Actor,
    store: &Store,
) -> Result<Tagged<Json<ActionView>>> {
    let message = match to {
        Status::Requested => "Appointment requested successfully",
        Status::Confirmed => "Appointment confirmed successfully",
        Status::CheckedIn => "Patient checked in successfully",
        Status::InProgress => "Appointment started successfully",
        Status::Completed => "Appointment completed successfully",
        Status::Cancelled => "Appointment cancelled successfully",
        Status::NoShow => "Appointment marked as no-show",
    };
    let appointment = advance(id, to, said, actor, store).await?;
    Ok(ActionView::tagged(appointment, message, actor))
}

/// Takes an appointment a step further. Whoever loses a race decides anew on what it has become.
pub(crate) async fn advance(
    id: AppointmentId,
    to: Status,
    said: Said,
    actor: &Actor,
    store: &Store,
) -> Result<Appointment> {
    win(|| async {
        let found = store.appointments().find(id).await?;
        let (before, permit) = found.permit(actor, action_of(to))?;
        said.expected.check(&before)?;
        let after = said.on(before.clone(), to, actor)?;
        let won = save(&before, &after, &permit, store).await?;
        Ok(saved(won, after))
    })
    .await
}

/// The appointment as it was saved, unless somebody else was faster.
pub(crate) fn saved(won: bool, mut appointment: Appointment) -> Option<Appointment> {
    Revised::advance(&mut appointment);
    won.then_some(appointment)
}

/// What is called off gives its time back.
async fn save(
    before: &Appointment,
    after: &Appointment,
    permit: &Permit,
    store: &Store,
) -> Result<bool, StoreError> {
    let appointments = store.appointments();
    let doctor = after.doctor.filter(|_| after.status() == Status::Cancelled);
    let Some(doctor) = doctor else { return appointments.step(before, after, permit).await };
    match appointments.books_of(before, doctor, &[]).await? {
        (Some(doctor), mut books) => {
            books.release(before, &doctor, permit.actor().at);
            let moved = Moved { before, after, books: &books };
            appointments.retime(&moved, permit).await
        }
        // Nobody has time with a doctor who is no more.
        (None, _) => appointments.step(before, after, permit).await,
    }
}

/// Nothing becomes a request again, and patients only cancel. Only whoever may see the appointment
/// is told so.
async fn demand_settable(
    id: AppointmentId,
    status: Status,
    actor: &Actor,
    store: &Store,
) -> Result<()> {
    let refusal = match (status, actor.role()) {
        (Status::Requested, _) => Invalid::field("status", "expected any but REQUESTED").into(),
        (Status::Cancelled, _) => return Ok(()),
        (_, Some(Role::Patient)) => Denied::Forbidden.into(),
        (_, _) => return Ok(()),
    };
    let _appointment = store.appointments().find(id).await?.view(actor)?;
    Err(refusal)
}

fn action_of(status: Status) -> Action {
    match status {
        Status::Requested => Action::CreateAppointment,
        Status::Confirmed => Action::ConfirmAppointment,
        Status::CheckedIn => Action::CheckIn,
        Status::InProgress => Action::StartVisit,
        Status::Completed => Action::CompleteVisit,
        Status::Cancelled => Action::CancelAppointment,
        Status::NoShow => Action::MissAppointment,
    }
}

impl Said {
    fn on(&self, mut is: Appointment, to: Status, by: &Actor) -> Result<Appointment, StepError> {
        is.brief.notes = self.notes.clone().or(is.brief.notes);
        is.brief.doctor_notes = self.doctor_notes.clone().or(is.brief.doctor_notes);
        match to {
            Status::Requested => Err(StepError::Wrong { is: is.status(), to: Some(to) }),
            Status::Confirmed => is.confirm(by),
            Status::CheckedIn => is.check_in(by),
            Status::InProgress => is.start_visit(by),
            Status::Completed => is.complete(by),
            Status::Cancelled => is.cancel(self.reason.clone(), by),
            Status::NoShow => is.miss(by),
        }
    }
}

impl NewStatus {
    fn read(self) -> Result<(Status, Said), Invalid> {
        let Self { status, notes } = self;
        let said = match (status, notes) {
            (Status::Cancelled, Some(reason)) => {
                let reason = Text::try_from(String::from(reason));
                let reason = reason.map_err(|bad| Invalid::field("notes", bad))?;
                Said { reason: Some(reason), ..Said::default() }
            }
            (_, notes) => Said { notes, ..Said::default() },
        };
        Ok((status, said))
    }
}
