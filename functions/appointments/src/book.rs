//! `POST /api/appointments`, `/api/appointments/book` and `/api/consultations`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::Tagged,
    extract::{Body, Json},
    form,
    form::Invalid,
    limit::{Bucket, Limiter},
};
use carehub_domain::{
    access::{Actor, PatientId},
    appointment::{Appointment, AppointmentId, Brief, Kind, VisitType, Way},
    department::DepartmentId,
    doctor::{AppointmentLength, DoctorId, Fee},
    hospital::HospitalId,
    hours::Minute,
    text::Text,
};
use carehub_store::Store;
use jiff::civil::Date;

use crate::{
    BookedView,
    booking::{Asking, Booking, to_whom, who},
    time::{self, Moment},
};

form! {
    /// An appointment to make: with `hospital` and `department` it is asked of the department,
    /// with `doctor` it takes a time that the doctor offers.
    pub(crate) struct NewAppointment {
        /// Where, for a department's request.
        hospital: Option<HospitalId> = "hospital_id",
        /// Of which department it is asked.
        department: Option<DepartmentId> = "department_id",
        /// When: an instant with its offset. Without one it is of UTC for a request and of the
        /// doctor's day for a slot.
        requested_time: Option<Moment> = "start",
        /// To whom, for a slot.
        doctor: Option<DoctorId> = "doctor_id",
        /// The day, as `YYYY-MM-DD`, instead of `requested_time`.
        appointment_date: Option<Date> = "scheduled_date",
        /// When it begins on that day.
        start_time: Option<Minute> = "appointment_time" | "scheduled_time",
        /// When it ends. It has to be later; how long it takes is the doctor's to say.
        end_time: Option<Minute>,
        /// How long, in minutes, if not as usual.
        duration: Option<AppointmentLength> = "duration_minutes",
        /// Who comes. Patients need not say so; they come themselves.
        patient: Option<PatientId> = "patient_id",
        /// Why.
        appointment_type: Option<VisitType>,
        /// How they meet; in person if nothing is said.
        consultation_type: Option<Way>,
        /// The complaint.
        reason: Option<Text<1000>> = "chief_complaint" | "notes",
        /// What the patient adds.
        patient_notes: Option<Text<1000>> = "symptoms",
        /// The appointment that this one follows up.
        parent_consultation: Option<AppointmentId> = "parent_appointment",
        /// What it costs. Only doctors and those who run the place say so.
        consultation_fee: Option<Fee>,
    }
}

form! {
    /// A time that a doctor offers, to take.
    pub(crate) struct NewSlot {
        /// To whom. Doctors need not say so; it is their own time.
        doctor: Option<DoctorId> = "doctor_id",
        /// The day in the doctor's zone, as `YYYY-MM-DD`.
        appointment_date: Option<Date> = "scheduled_date",
        /// When it begins on that day.
        start_time: Option<Minute> = "appointment_time" | "scheduled_time",
        /// The instant instead of both, with its offset.
        start: Option<Moment>,
        /// When it ends. It has to be later; how long it takes is the doctor's to say.
        end_time: Option<Minute>,
        /// How long, in minutes, if not as usual.
        duration: Option<AppointmentLength> = "duration_minutes",
        /// Who comes. Patients need not say so; they come themselves.
        patient: Option<PatientId> = "patient_id",
        /// Why.
        appointment_type: Option<VisitType>,
        /// How they meet; in person if nothing is said.
        consultation_type: Option<Way>,
        /// The complaint.
        reason: Option<Text<1000>> = "chief_complaint" | "notes",
        /// What the patient adds.
        patient_notes: Option<Text<1000>> = "symptoms",
        /// The appointment that this one follows up.
        parent_consultation: Option<AppointmentId> = "parent_appointment",
        /// What it costs. Only doctors and those who run the place say so.
        consultation_fee: Option<Fee>,
    }
}

/// What the body of `POST /api/appointments` turns out to be.
enum Wanted {
    Request(Asking),
    Slot(Booking),
}

/// Ask for an appointment or take a free time.
#[utoipa::path(post, path = "/api/appointments", tag = "appointments", request_body = NewAppointment, responses(
    (status = 201, description = "With `hospital` and `department`, the hospital is asked and says later which doctor sees the patient. With `doctor`, the time is taken; the doctor has yet to confirm it.", body = BookedView),
    (status = 400, description = "Some fields are not right, the time is over or more than 90 days ahead, or the hospital has no such department.", body = Problem),
    (status = 403, description = "The appointment is between others.", body = Problem),
    (status = 404, description = "There is no such patient, doctor or hospital, or the caller does not know them.", body = Problem),
    (status = 409, description = "The time cannot be had: it is taken, the doctor sees nobody then or no more patients on that day, or the patient has another appointment.", body = Problem),
    (status = 429, description = "The caller books too often.", body = Problem),
))]
pub(crate) async fn create(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    State(limiter): State<Limiter>,
    Body(new): Body<NewAppointment>,
) -> Result<Created<Tagged<Json<BookedView>>>> {
    limiter.count_of(Bucket::Booking, &actor).await?;
    let (appointment, message) = match new.read(&actor)? {
        Wanted::Request(asking) => (
            Box::pin(asking.make(&actor, &store)).await?,
            "Appointment request created successfully",
        ),
        Wanted::Slot(booking) => (Box::pin(booking.make(&actor, &store)).await?, BOOKED),
    };
    Ok(made(&appointment, "appointments", message, &actor))
}

/// Take a free time of a doctor.
#[utoipa::path(post, path = "/api/appointments/book", tag = "appointments", request_body = NewSlot, responses(
    (status = 201, description = "The time is taken, the record of the visit is open, and the patient is in the doctor's care. The doctor has yet to confirm it.", body = BookedView),
    (status = 400, description = "Some fields are not right, or the time is over or more than 90 days ahead.", body = Problem),
    (status = 403, description = "The appointment is between others.", body = Problem),
    (status = 404, description = "There is no such patient or doctor, or the caller does not know them.", body = Problem),
    (status = 409, description = "The time cannot be had: it is taken, the doctor sees nobody then or no more patients on that day, or the patient has another appointment.", body = Problem),
    (status = 429, description = "The caller books too often.", body = Problem),
))]
pub(crate) async fn book(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    State(limiter): State<Limiter>,
    Body(new): Body<NewSlot>,
) -> Result<Created<Tagged<Json<BookedView>>>> {
    limiter.count_of(Bucket::Booking, &actor).await?;
    let booking = new.read(Kind::Slot, &actor)?;
    let appointment = Box::pin(booking.make(&actor, &store)).await?;
    Ok(made(&appointment, "appointments", BOOKED, &actor))
}

/// Take a free time of a doctor for a consultation.
#[utoipa::path(post, path = "/api/consultations", tag = "consultations", request_body = NewSlot, responses(
    (status = 201, description = "The consultation is agreed, and the patient is in the doctor's care. It is by video if the doctor meets patients so and nothing else is said.", body = BookedView),
    (status = 400, description = "Some fields are not right, or the time is over or more than 90 days ahead.", body = Problem),
    (status = 403, description = "The consultation is between others.", body = Problem),
    (status = 404, description = "There is no such patient or doctor, or the caller does not know them.", body = Problem),
    (status = 409, description = "The time cannot be had: it is taken, the doctor sees nobody then, not in this way or no more patients on that day, or the patient has another appointment.", body = Problem),
    (status = 429, description = "The caller books too often.", body = Problem),
))]
pub(crate) async fn consult(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    State(limiter): State<Limiter>,
    Body(new): Body<NewSlot>,
) -> Result<Created<Tagged<Json<BookedView>>>> {
    limiter.count_of(Bucket::Booking, &actor).await?;
    let booking = new.read(Kind::Consultation, &actor)?;
    let consultation = Box::pin(booking.make(&actor, &store)).await?;
    Ok(made(&consultation, "consultations", "Consultation booked successfully", &actor))
}

const BOOKED: &str = "Appointment booked successfully";

fn made(
    appointment: &Appointment,
    group: &str,
    message: &str,
    actor: &Actor,
) -> Created<Tagged<Json<BookedView>>> {
    let location = format!("/api/{group}/{}", appointment.id);
    Created::at(location, BookedView::tagged(appointment, message, actor))
}

impl NewAppointment {
    fn read(self, actor: &Actor) -> Result<Wanted, Invalid> {
        match (self.hospital, self.department, self.doctor) {
            (Some(hospital), Some(department), None) => {
                self.ask(hospital, department, actor).map(Wanted::Request)
            }
            (None, None, Some(_)) => self.slot().read(Kind::Slot, actor).map(Wanted::Slot),
            (Some(_), None, None) => Err(Invalid::field("department", "is required")),
            (None, Some(_), None) => Err(Invalid::field("hospital", "is required")),
            (None, None, None) => {
                Err(Invalid::field("doctor", "is required, or else hospital and department"))
            }
            (_, _, Some(_)) => {
                Err(Invalid::field("doctor", "leave it out, or else hospital and department"))
            }
        }
    }

    fn ask(
        self,
        hospital: HospitalId,
        department: DepartmentId,
        actor: &Actor,
    ) -> Result<Asking, Invalid> {
        if self.requested_time.is_none() && self.appointment_date.is_none() {
            return Err(Invalid::field("requested_time", "is required"));
        }
        let Self { requested_time, appointment_date, start_time, end_time, .. } = self;
        let wished = time::read(requested_time, appointment_date, start_time, end_time)?;
        Ok(Asking {
            patient: who(self.patient, actor)?,
            hospital,
            department,
            wished: wished.instant(),
            follows: self.parent_consultation,
            brief: self.slot().brief(),
        })
    }

    fn slot(self) -> NewSlot {
        NewSlot {
            doctor: self.doctor,
            appointment_date: self.appointment_date,
            start_time: self.start_time,
            start: self.requested_time,
            end_time: self.end_time,
            duration: self.duration,
            patient: self.patient,
            appointment_type: self.appointment_type,
            consultation_type: self.consultation_type,
            reason: self.reason,
            patient_notes: self.patient_notes,
            parent_consultation: self.parent_consultation,
            consultation_fee: self.consultation_fee,
        }
    }
}

impl NewSlot {
    fn read(self, kind: Kind, actor: &Actor) -> Result<Booking, Invalid> {
        let Self { start, appointment_date, start_time, end_time, .. } = self;
        let moment = time::read(start, appointment_date, start_time, end_time)?;
        Ok(Booking {
            kind,
            patient: who(self.patient, actor)?,
            doctor: to_whom(self.doctor, actor)?,
            when: moment.when(),
            length: self.duration,
            follows: self.parent_consultation,
            fee: self.consultation_fee,
            brief: self.brief(),
        })
    }

    fn brief(self) -> Brief {
        Brief {
            visit_type: self.appointment_type,
            way: self.consultation_type,
            reason: self.reason,
            patient_notes: self.patient_notes,
            ..Brief::default()
        }
    }
}
