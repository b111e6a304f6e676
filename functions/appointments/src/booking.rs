//! What a booking asks for, whichever request it came in.

use carehub_api::{Result, form::Invalid};
use carehub_domain::{
    access::{Action, Actor, PatientId},
    appointment::{Appointment, AppointmentError, AppointmentId, Brief, Kind},
    booking::{When, Wish},
    care::Assignment,
    department::DepartmentId,
    doctor::{AppointmentLength, DoctorId, Fee},
    hospital::HospitalId,
};
use carehub_store::{Booked, Desk, Store, win};
use jiff::Timestamp;

/// Some of a doctor's time.
#[derive(Debug)]
pub(crate) struct Booking {
    /// How it is booked.
    pub(crate) kind: Kind,
    /// Who comes.
    pub(crate) patient: PatientId,
    /// To whom.
    pub(crate) doctor: DoctorId,
    /// When.
    pub(crate) when: When,
    /// For how long, if not as usual.
    pub(crate) length: Option<AppointmentLength>,
    /// What it is about.
    pub(crate) brief: Brief,
    /// The appointment that it follows up.
    pub(crate) follows: Option<AppointmentId>,
    /// What it costs, if not as usual.
    pub(crate) fee: Option<Fee>,
}

impl Booking {
    /// Takes the time, unless somebody else has it. It begins the doctor's care for the patient.
    pub(crate) async fn make(self, actor: &Actor, store: &Store) -> Result<Appointment> {
        let Self { kind, patient, doctor, when, length, follows, fee, .. } = self;
        let brief = following(self.brief, follows, patient, actor, store).await?;
        let appointments = store.appointments();
        win(|| async {
            let desk = appointments.desk(doctor, patient, &when.dates()).await?;
            let Desk { doctor, patient, mut books, is_cared_for } = desk;
            let (doctor, patient) = (doctor.view(actor)?, patient.view(actor)?);
            let hospital = appointments.house_of(&doctor).await?;
            let (brief, hospital) = (brief.clone(), hospital.as_ref());
            let (who, to) = (&patient, &doctor);
            let wish = Wish { kind, patient: who, doctor: to, hospital, when, length, brief, fee };
            let appointment = books.book(wish, actor)?;
            let permit = actor.create(Action::CreateAppointment, &appointment)?;
            let care = (!is_cared_for).then(|| Assignment::begin(who, to, actor)).transpose()?;
            let booked = Booked {
                appointment: &appointment,
                books: &books,
                patient: who,
                care: care.as_ref(),
            };
            Ok(appointments.book(&booked, &permit).await?.then_some(appointment))
        })
        .await
    }
}

/// An appointment that a department is asked for.
#[derive(Debug)]
pub(crate) struct Asking {
    /// Who comes.
    pub(crate) patient: PatientId,
    /// Where.
    pub(crate) hospital: HospitalId,
    /// To whom.
    pub(crate) department: DepartmentId,
    /// When, if it can be.
    pub(crate) wished: Timestamp,
    /// What it is about.
    pub(crate) brief: Brief,
    /// The appointment that it follows up.
    pub(crate) follows: Option<AppointmentId>,
}

impl Asking {
    /// Asks. Nobody's time is taken until the hospital says whose.
    pub(crate) async fn make(self, actor: &Actor, store: &Store) -> Result<Appointment> {
        let Self { patient, hospital, department, wished, follows, .. } = self;
        let brief = following(self.brief, follows, patient, actor, store).await?;
        let (patients, hospitals) = (store.patients(), store.hospitals());
        let departments = store.departments();
        let (patient, hospital, department) = tokio::try_join!(
            patients.find(patient),
            hospitals.find(hospital),
            departments.find(department)
        )?;
        let (patient, hospital) = (patient.view(actor)?, hospital.view(actor)?);
        let department =
            department.view(actor).map_err(|_| AppointmentError::DepartmentElsewhere)?;
        let request = Appointment::request(&patient, &hospital, &department, wished, brief, actor)?;
        let permit = actor.create(Action::CreateAppointment, &request)?;
        store.appointments().request(&request, &permit).await?;
        Ok(request)
    }
}

/// What an appointment is about, with the one that it follows up.
async fn following(
    brief: Brief,
    earlier: Option<AppointmentId>,
    patient: PatientId,
    actor: &Actor,
    store: &Store,
) -> Result<Brief> {
    let Some(earlier) = earlier else { return Ok(brief) };
    let earlier = store.appointments().find(earlier).await?.view(actor);
    let earlier = earlier.map_err(|_| AppointmentError::FollowsAnother)?;
    Ok(brief.following(&earlier, patient)?)
}

/// Who comes. Patients need not say so; they come themselves.
pub(crate) fn who(patient: Option<PatientId>, actor: &Actor) -> Result<PatientId, Invalid> {
    let patient = patient.or_else(|| actor.patient().ok());
    patient.ok_or_else(|| Invalid::field("patient", "is required"))
}

/// Whose time it is. Doctors need not say so; it is their own.
pub(crate) fn to_whom(doctor: Option<DoctorId>, actor: &Actor) -> Result<DoctorId, Invalid> {
    let doctor = doctor.or_else(|| actor.doctor().ok());
    doctor.ok_or_else(|| Invalid::field("doctor", "is required"))
}
