//! `/api/appointments/{id}`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    appointment::AppointmentView,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Change, replace},
};
use carehub_domain::{
    access::{Action, Actor, Denied, PatientId},
    appointment::{
        Appointment, AppointmentError, AppointmentId, PaymentStatus, Status, VisitType, Way,
    },
    booking::When,
    doctor::DoctorId,
    hours::Minute,
    revision::Revised,
    text::Text,
};
use carehub_store::Store;
use jiff::{Timestamp, civil::Date};

use crate::{
    steps::{Said, advance},
    time::{Moment, minute_of},
};

form! {
    /// Changes to what an appointment is about. What is not there stays. Older clients send what
    /// cannot change here as well; it has to be as it is.
    pub(crate) struct AppointmentChanges {
        /// Why the patient comes.
        appointment_type: Change<VisitType>,
        /// How they meet.
        consultation_type: Option<Way>,
        /// The complaint.
        reason: Change<Text<1000>> = "chief_complaint",
        /// What the patient adds.
        patient_notes: Change<Text<1000>>,
        /// What the doctor adds. Only the doctor, the hospital and admins say so.
        doctor_notes: Change<Text<2000>>,
        /// What the hospital adds. Only the doctor, the hospital and admins say so.
        notes: Change<Text<2000>>,
        /// Whether another visit should follow. Only the doctor, the hospital and admins say so.
        follow_up_required: Option<bool>,
        /// When. Only the doctor, the hospital and admins say so.
        follow_up_date: Change<Date>,
        /// The patient, who stays.
        patient: Option<PatientId> = "patient_id",
        /// The doctor, who stays.
        doctor: Option<DoctorId> = "doctor_id",
        /// The day as it is. `/reschedule` moves it.
        appointment_date: Option<Date> = "scheduled_date",
        /// When it begins as it is. `/reschedule` moves it.
        start_time: Option<Minute> = "scheduled_time" | "appointment_time",
        /// The instant at which it begins as it is.
        start: Option<Moment>,
        /// Without effect: when it ends follows from how long it takes.
        end_time: Option<Minute>,
        /// How long it is, in minutes, as it is.
        duration: Option<u16> = "duration_minutes",
        /// The status as it is. Actions such as `/confirm` change it.
        status: Option<Status>,
        /// The payment status as it is.
        payment_status: Option<PaymentStatus>,
    }
}

/// See an appointment.
#[utoipa::path(get, path = "/api/appointments/{id}", tag = "appointments", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "The appointment. Who sees somebody else's leaves a line in the audit log.", body = AppointmentView),
    (status = 404, description = "There is no such appointment, or it does not concern the caller.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<AppointmentView>>> {
    let found = store.appointments().find(id).await?;
    let (appointment, permit) = found.permit(&actor, Action::ViewAppointment)?;
    store.events().note_look(&permit).await?;
    Ok(AppointmentView::tagged(appointment, &actor))
}

/// Change what an appointment is about.
#[utoipa::path(patch, path = "/api/appointments/{id}", tag = "appointments", request_body = AppointmentChanges, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "The appointment as it is now. `PUT` means the same.", body = AppointmentView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the doctor, the hospital and admins say what the doctor and the hospital add.", body = Problem),
    (status = 404, description = "There is no such appointment, or it does not concern the caller.", body = Problem),
    (status = 409, description = "It is over, somebody else changed it at the same time, or something is to change that has a way of its own: time, status, payment, patient or doctor.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<AppointmentChanges>,
) -> Result<Tagged<Json<AppointmentView>>> {
    let appointments = store.appointments();
    let (before, permit) = appointments.find(id).await?.permit(&actor, Action::EditAppointment)?;
    expected.check(&before)?;
    before.demand_open()?;
    changes.demand_fixed(&before)?;
    let mut after = before.clone();
    let (changed, theirs) = changes.apply(&mut after, actor.at);
    demand_side(&after, &theirs, &actor)?;
    demand_way(&before, &after, &actor, &store).await?;
    let permit = permit.changing(&changed).changing(&theirs);
    appointments.edit(&before, &after, &permit).await?;
    Revised::advance(&mut after);
    Ok(AppointmentView::tagged(after, &actor))
}

/// Call an appointment off.
#[utoipa::path(delete, path = "/api/appointments/{id}", tag = "appointments", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 204, description = "It is called off, as with `/cancel`. It is kept, and those whom it concerns still see it."),
    (status = 403, description = "The caller may not do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or it does not concern the caller.", body = Problem),
    (status = 409, description = "It has got too far, or it is a slot that begins in less than two hours.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let said = Said { expected, ..Said::default() };
    advance(id, Status::Cancelled, said, &actor, &store).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the doctor and the hospital add is said by those who can end the visit.
fn demand_side(appointment: &Appointment, theirs: &[&str], actor: &Actor) -> Result<(), Denied> {
    if theirs.is_empty() || actor.can(Action::CompleteVisit, appointment) {
        Ok(())
    } else {
        Err(Denied::Forbidden)
    }
}

/// Only a doctor who meets patients by video or phone can be met so.
async fn demand_way(
    before: &Appointment,
    after: &Appointment,
    actor: &Actor,
    store: &Store,
) -> Result<()> {
    let apart = matches!(after.brief.way, Some(Way::Video | Way::Phone));
    let Some(doctor) = after.doctor.filter(|_| apart && before.brief.way != after.brief.way) else {
        return Ok(());
    };
    let hub = Actor::worker("appointments", actor.at);
    let doctor = store.doctors().find(doctor).await?.view(&hub)?;
    if doctor.practice.is_online { Ok(()) } else { Err(AppointmentError::NotOnline.into()) }
}

impl AppointmentChanges {
    /// Checks that what has a way of its own to change is sent as it is.
    fn demand_fixed(&self, is: &Appointment) -> Result<(), AppointmentError> {
        let start = is.start();
        let same_start = self.start.is_none_or(|moment| match moment.when() {
            When::Instant(at) => at == start.timestamp(),
            When::Civil(date, minute) => {
                date == start.date() && Ok(minute) == minute_of(start.time())
            }
        });
        let same_time = same_start
            && self.appointment_date.is_none_or(|date| date == start.date())
            && self.start_time.is_none_or(|time| Ok(time) == minute_of(start.time()))
            && self.duration.is_none_or(|minutes| minutes == is.span.minutes());
        let same_people = self.patient.is_none_or(|patient| patient == is.patient)
            && self.doctor.is_none_or(|doctor| Some(doctor) == is.doctor);
        if !same_people {
            Err(AppointmentError::BookAnew)
        } else if !same_time {
            Err(AppointmentError::UseReschedule)
        } else if self.status.is_some_and(|status| status != is.status()) {
            Err(AppointmentError::UseActions)
        } else if self.payment_status.is_some_and(|payment| payment != is.payment) {
            Err(AppointmentError::UsePayments)
        } else {
            Ok(())
        }
    }

    /// Makes the changes. Gives back the names of those that anybody may make, and of those that
    /// are for the doctor and the hospital.
    fn apply(
        self,
        appointment: &mut Appointment,
        now: Timestamp,
    ) -> (Vec<&'static str>, Vec<&'static str>) {
        let (mut changed, mut theirs) = (Vec::new(), Vec::new());
        let brief = &mut appointment.brief;
        self.appointment_type.apply(&mut brief.visit_type, "appointment_type", &mut changed);
        replace(
            &mut brief.way,
            self.consultation_type.map(Some),
            "consultation_type",
            &mut changed,
        );
        self.reason.apply(&mut brief.reason, "reason", &mut changed);
        self.patient_notes.apply(&mut brief.patient_notes, "patient_notes", &mut changed);
        self.doctor_notes.apply(&mut brief.doctor_notes, "doctor_notes", &mut theirs);
        self.notes.apply(&mut brief.notes, "notes", &mut theirs);
        let required = self.follow_up_required;
        replace(&mut brief.follow_up_required, required, "follow_up_required", &mut theirs);
        self.follow_up_date.apply(&mut brief.follow_up_date, "follow_up_date", &mut theirs);
        appointment.updated_at = now;
        (changed, theirs)
    }
}
