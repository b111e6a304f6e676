//! `POST /api/appointments/{id}/assign-doctor`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
};
use carehub_domain::{
    access::{Action, Actor},
    appointment::{Appointment, AppointmentError, AppointmentId},
    booking::When,
    care::Assignment,
    doctor::DoctorId,
    text::Text,
};
use carehub_store::{Booked, Desk, Store, win};

use crate::{ActionView, steps::saved, time::Moment};

form! {
    /// Who sees a patient who asked a department for an appointment.
    pub(crate) struct Assigning {
        /// The doctor.
        doctor_id: DoctorId = "doctor",
        /// When, if not as was wished for: an instant; without an offset it is of UTC.
        confirmed_time: Option<Moment> = "start",
        /// What the hospital adds.
        notes: Option<Text<2000>>,
    }
}

/// Give a department's request to a doctor.
#[utoipa::path(post, path = "/api/appointments/{id}/assign-doctor", tag = "appointments", request_body = Assigning, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "The appointment is agreed, at the time that was wished for or at the one that is given, and the patient is in the doctor's care.", body = ActionView),
    (status = 400, description = "Some fields are not right, the time is over or more than 90 days ahead, or the doctor works in another department.", body = Problem),
    (status = 403, description = "Only the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such appointment, it does not concern the caller, or the hospital has no such doctor at work.", body = Problem),
    (status = 409, description = "It is no request without a doctor, the doctor or the patient has another appointment at that time, or the doctor sees no more patients on that day.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(assigning): Body<Assigning>,
) -> Result<Tagged<Json<ActionView>>> {
    let appointment = Box::pin(assigning.make(id, &expected, &actor, &store)).await?;
    Ok(ActionView::tagged(appointment, "Doctor assigned successfully", &actor))
}

impl Assigning {
    /// Gives the request to the doctor. Whoever loses a race decides anew.
    async fn make(
        self,
        id: AppointmentId,
        expected: &IfMatch,
        actor: &Actor,
        store: &Store,
    ) -> Result<Appointment> {
        let at = self.confirmed_time.map(Moment::instant);
        let (appointments, hub) = (store.appointments(), Actor::worker("appointments", actor.at));
        win(|| async {
            let found = appointments.find(id).await?;
            let (before, permit) = found.permit(actor, Action::AssignDoctor)?;
            expected.check(&before)?;
            let dates = When::Instant(at.unwrap_or(before.span.start())).dates();
            let desk = appointments.desk(self.doctor_id, before.patient, &dates).await?;
            let Desk { doctor, patient, mut books, is_cared_for } = desk;
            let doctor = doctor.view(actor).map_err(|_| AppointmentError::DoctorElsewhere)?;
            // The hospital may not know the patient yet; by this it comes to.
            let patient = patient.view(&hub)?;
            let mut request = before.clone();
            // The record may have been merged into another since.
            request.patient = patient.id;
            request.brief.notes = self.notes.clone().or(request.brief.notes);
            let after = books.assign(request, &doctor, at, actor)?;
            let care = (!is_cared_for).then(|| Assignment::begin(&patient, &doctor, actor));
            let care = care.transpose()?;
            let (appointment, care) = (&after, care.as_ref());
            let booked = Booked { appointment, books: &books, patient: &patient, care };
            let won = appointments.assign(&before, &booked, &permit).await?;
            Ok(saved(won, after))
        })
        .await
    }
}
