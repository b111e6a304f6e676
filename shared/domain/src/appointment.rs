//! Appointments: who sees whom, when, and how far they have got.

use std::fmt;

use jiff::{SignedDuration, Timestamp, Zoned, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    Class, Failure, Id, Revision,
    access::{Action, Actor, PatientId, Role, Subject, UserId},
    account::Zone,
    choice::choice,
    contact::Phone,
    department::{Department, DepartmentId},
    diary::Span,
    doctor::{AppointmentLength, Doctor, DoctorId, Fee, Practice},
    event::Reference,
    failures,
    hospital::{Hospital, HospitalId},
    id::Identified,
    patient::{Patient, Roster},
    review::Visit,
    revision::{Revised, revised},
    schedule::Slot,
    text::Text,
};

/// How long before it begins a slot can still be given back or moved by those who meet.
pub const CANCEL_WINDOW: SignedDuration = SignedDuration::from_hours(2);

/// How long after its beginning nobody waits for the patient any longer.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// How long after its end a visit that nobody ends counts as over.
pub const OVERTIME: SignedDuration = SignedDuration::from_hours(1);

/// How long after its beginning an appointment that never came to be stays open.
pub const KEPT_OPEN: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Why the hub itself calls an appointment off: its time is long over and nobody saw to it.
const EXPIRED: &str = "EXPIRED";

/// One meeting of a patient and a doctor, from the wish for it until it is over.
///
/// Its state changes only by the methods below, and each leaves a [`Step`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Identifies the appointment.
    pub id: AppointmentId,
    /// How it was booked.
    #[serde(rename = "booking")]
    pub kind: Kind,
    /// Who comes.
    pub patient: PatientId,
    /// What the patient was called when it was booked.
    pub patient_name: Text<301>,
    /// How to call the patient about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_phone: Option<Phone>,
    /// Who sees the patient; nobody yet for a department's request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor: Option<DoctorId>,
    /// What the doctor was called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_name: Option<Text<301>>,
    /// At which hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// What the hospital was called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital_name: Option<Text<255>>,
    /// In which department.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<DepartmentId>,
    /// What the department was called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department_name: Option<Text<100>>,
    /// When it takes place, or is wished for.
    pub span: Span,
    /// The zone in which people speak of that time.
    pub zone: Zone,
    /// When the patient wished to come, if that was another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<Timestamp>,
    /// What it is about.
    #[serde(flatten)]
    pub brief: Brief,
    /// What it costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Fee>,
    /// Whether that was paid.
    pub payment: PaymentStatus,
    /// The coordinator who booked it for the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeper: Option<UserId>,
    /// Who booked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_by: Option<UserId>,
    /// When it was booked.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    status: Status,
    steps: Vec<Step>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    moves: Vec<Move>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cancellation_reason: Option<Text<500>>,
    revision: Revision,
}

/// Identifies an [`Appointment`].
pub type AppointmentId = Id<Appointment>;

impl Identified for Appointment {
    const PREFIX: &'static str = "apt";
}

choice! {
    /// How an appointment was booked.
    pub enum Kind: "a kind" {
        /// Asked of a department, which assigns a doctor.
        Request = "REQUEST",
        /// Taken from the times that a doctor offers.
        Slot = "SLOT",
        /// Taken in the same way, for a way of meeting and with a fee.
        Consultation = "CONSULTATION",
        /// The patient came without an appointment and drew a number.
        WalkIn = "WALK_IN",
    }
}

choice! {
    /// How far an appointment has got.
    pub enum Status: "a status" {
        /// Somebody has yet to agree.
        Requested = "REQUESTED" | "PENDING",
        /// It is agreed.
        Confirmed = "CONFIRMED" | "SCHEDULED",
        /// The patient is here.
        CheckedIn = "CHECKED_IN",
        /// It takes place.
        InProgress = "IN_PROGRESS",
        /// It took place.
        Completed = "COMPLETED",
        /// It was called off.
        Cancelled = "CANCELLED" | "CANCELED",
        /// The patient did not come.
        NoShow = "NO_SHOW",
    }
}

impl Status {
    /// Whether nothing more can happen.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::NoShow)
    }
}

choice! {
    /// Why somebody comes.
    pub enum VisitType: "a type of appointment" {
        /// To be seen.
        Consultation = "CONSULTATION",
        /// Again about the same.
        FollowUp = "FOLLOW_UP",
        /// To be looked over.
        Checkup = "CHECKUP" | "CHECK_UP",
        /// At once.
        Emergency = "EMERGENCY",
        /// For exercises and treatment.
        PhysicalTherapy = "PHYSICAL_THERAPY",
        /// For tests.
        LabWork = "LAB_WORK",
        /// For pictures.
        Imaging = "IMAGING",
    }
}

choice! {
    /// How patient and doctor meet.
    pub enum Way: "a way to meet" {
        /// They see each other on a screen.
        Video = "VIDEO" | "VIDEO_CALL" | "ONLINE",
        /// They meet.
        InPerson = "IN_PERSON" | "CLINIC" | "CLINIC_VISIT",
        /// They talk.
        Phone = "PHONE" | "AUDIO" | "AUDIO_CALL" | "PHONE_CALL",
    }
}

choice! {
    /// Whether the fee was paid.
    pub enum PaymentStatus: "a payment status" {
        /// Not yet.
        Pending = "PENDING",
        /// It was.
        Paid = "PAID",
        /// It was tried.
        Failed = "FAILED",
        /// It was given back.
        Refunded = "REFUNDED",
    }
}

/// What an appointment is about, in the words of those who meet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Brief {
    /// Why somebody comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit_type: Option<VisitType>,
    /// How they meet; in person unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
    /// The complaint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<1000>>,
    /// What the patient adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient_notes: Option<Text<1000>>,
    /// What the doctor adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doctor_notes: Option<Text<2000>>,
    /// What the hospital adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<Text<2000>>,
    /// The appointment that this one follows up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<AppointmentId>,
    /// Whether another visit should follow.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub follow_up_required: bool,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up_date: Option<Date>,
}

impl Brief {
    /// Says which appointment of the same patient this one follows up.
    pub fn following(
        self,
        earlier: &Appointment,
        who: PatientId,
    ) -> Result<Self, AppointmentError> {
        if earlier.patient != who {
            return Err(AppointmentError::FollowsAnother);
        }
        Ok(Self { follows: Some(earlier.id), ..self })
    }
}

/// An appointment got somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Where to.
    pub to: Status,
    /// When.
    pub at: Timestamp,
    /// Who brought it there; nobody if it was the hub itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}

/// An appointment was moved to another time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// When it was to take place before.
    pub from: Timestamp,
    /// When it was to take place then.
    pub to: Timestamp,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<500>>,
    /// Who moved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// When they did.
    pub at: Timestamp,
}

impl Appointment {
    /// Asks a department of an approved hospital for an appointment.
    pub fn request(
        patient: &Patient,
        hospital: &Hospital,
        department: &Department,
        wished: Timestamp,
        brief: Brief,
        by: &Actor,
    ) -> Result<Self, AppointmentError> {
        if !hospital.is_approved() {
            return Err(AppointmentError::HospitalClosed);
        }
        if department.hospital != hospital.id {
            return Err(AppointmentError::DepartmentElsewhere);
        }
        within_horizon(wished, by.at)?;
        let span = Span::of(wished, AppointmentLength::default().get());
        Ok(Self {
            hospital: Some(hospital.id),
            hospital_name: Some(hospital.name.clone()),
            department: Some(department.id),
            department_name: Some(department.name.clone()),
            ..Self::blank(Kind::Request, Status::Requested, patient, span, brief, by)
        })
    }

    /// Takes a slot that the doctor offers. A consultation is agreed at once; for any other the
    /// doctor has yet to confirm it.
    pub(crate) fn take(
        kind: Kind,
        patient: &Patient,
        doctor: &Doctor,
        hospital: Option<&Hospital>,
        slot: &Slot,
        brief: Brief,
        by: &Actor,
    ) -> Self {
        let status = match kind {
            Kind::Consultation | Kind::WalkIn => Status::Confirmed,
            Kind::Request | Kind::Slot => Status::Requested,
        };
        let fee = doctor.practice.fee_for(brief.way);
        let taken = Self::blank(kind, status, patient, slot.span(), brief, by);
        Self { fee, ..taken.with(doctor, hospital) }
    }

    /// Sees a patient who came without an appointment and is here.
    pub fn walk_in(
        patient: &Patient,
        doctor: &Doctor,
        hospital: Option<&Hospital>,
        by: &Actor,
    ) -> Self {
        let span = Span::of(by.at, doctor.practice.appointment_duration.get());
        let brief = Brief { way: Some(Way::InPerson), ..Brief::default() };
        let fee = doctor.practice.fee_for(brief.way);
        let came = Self::blank(Kind::WalkIn, Status::CheckedIn, patient, span, brief, by);
        Self { fee, ..came.with(doctor, hospital) }
    }

    fn blank(
        kind: Kind,
        status: Status,
        patient: &Patient,
        span: Span,
        brief: Brief,
        by: &Actor,
    ) -> Self {
        Self {
            id: Id::generate(by.at),
            kind,
            patient: patient.id,
            patient_name: patient.name.signature(),
            patient_phone: patient.phone.clone(),
            doctor: None,
            doctor_name: None,
            hospital: None,
            hospital_name: None,
            department: None,
            department_name: None,
            span,
            zone: Zone::default(),
            requested: None,
            brief,
            fee: None,
            payment: PaymentStatus::Pending,
            keeper: by.user.filter(|_| by.role() == Some(Role::Coordinator)),
            booked_by: by.user,
            created_at: by.at,
            updated_at: by.at,
            status,
            steps: vec![Step { to: status, at: by.at, by: by.user }],
            moves: Vec::new(),
            cancellation_reason: None,
            revision: Revision::FIRST,
        }
    }

    fn with(self, doctor: &Doctor, hospital: Option<&Hospital>) -> Self {
        Self {
            doctor: Some(doctor.id),
            doctor_name: Some(doctor.name.signature()),
            hospital: doctor.hospital.or(self.hospital),
            hospital_name: hospital.map(|hospital| hospital.name.clone()).or(self.hospital_name),
            department: self.department.or(doctor.practice.department),
            zone: doctor.practice.zone.clone(),
            ..self
        }
    }

    /// How far it has got.
    pub fn status(&self) -> Status {
        self.status
    }

    /// When it got to `status` for the last time, and who brought it there.
    pub fn step(&self, status: Status) -> Option<Step> {
        self.steps.iter().rfind(|step| step.to == status).copied()
    }

    /// The times it was moved, the first one first.
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// Why it was called off.
    pub fn cancellation_reason(&self) -> Option<&Text<500>> {
        self.cancellation_reason.as_ref()
    }

    /// When it begins, in its zone.
    pub fn start(&self) -> Zoned {
        self.civil(self.span.start())
    }

    /// When it ends, in its zone.
    pub fn end(&self) -> Zoned {
        self.civil(self.span.end())
    }

    /// The civil day it counts on.
    pub fn date(&self) -> Date {
        self.start().date()
    }

    fn civil(&self, at: Timestamp) -> Zoned {
        at.to_zoned(TimeZone::get(self.zone.as_str()).unwrap_or(TimeZone::UTC))
    }

    /// Whether it should have begun and has not.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let awaited = [Status::Requested, Status::Confirmed, Status::CheckedIn];
        awaited.contains(&self.status) && self.span.start() < now
    }

    /// Whether it is still to come.
    pub fn is_upcoming(&self, now: Timestamp) -> bool {
        !self.status.is_over() && self.span.start() > now
    }

    /// Whether it is on the same civil day as `now` and was not called off.
    pub fn is_on_the_day_of(&self, now: Timestamp) -> bool {
        self.status != Status::Cancelled && self.date() == self.civil(now).date()
    }

    /// When the hub has to see to it if nobody else does: note that the patient did not come, end
    /// the visit, or close what never came to be.
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.status {
            Status::Confirmed => Some(self.span.start() + PATIENCE),
            Status::InProgress => Some(self.span.end() + OVERTIME),
            Status::Requested | Status::CheckedIn => Some(self.span.start() + KEPT_OPEN),
            Status::Completed | Status::Cancelled | Status::NoShow => None,
        }
    }

    /// Agrees to it.
    pub fn confirm(self, by: &Actor) -> Result<Self, StepError> {
        let doctor = self.doctor;
        let confirmed = self.advance(&[Status::Requested], Status::Confirmed, by)?;
        doctor.map(|_| confirmed).ok_or(StepError::NoDoctor)
    }

    /// The patient is here.
    pub fn check_in(self, by: &Actor) -> Result<Self, StepError> {
        self.advance(&[Status::Confirmed], Status::CheckedIn, by)
    }

    /// It begins.
    pub fn start_visit(self, by: &Actor) -> Result<Self, StepError> {
        self.advance(&[Status::Confirmed, Status::CheckedIn], Status::InProgress, by)
    }

    /// It took place. A consultation must have been started before.
    pub fn complete(self, by: &Actor) -> Result<Self, StepError> {
        let from: &[Status] = match self.kind {
            Kind::Consultation => &[Status::InProgress],
            Kind::Request | Kind::Slot | Kind::WalkIn => {
                &[Status::Confirmed, Status::CheckedIn, Status::InProgress]
            }
        };
        self.advance(from, Status::Completed, by)
    }

    /// Calls it off. A slot can be given back only before it is near, but for the hospital and
    /// admins.
    pub fn cancel(self, reason: Option<Text<500>>, by: &Actor) -> Result<Self, StepError> {
        self.demand_time(by)?;
        let from: &[Status] = match self.kind {
            Kind::Slot => &[Status::Requested, Status::Confirmed],
            Kind::Request | Kind::Consultation | Kind::WalkIn => {
                &[Status::Requested, Status::Confirmed, Status::CheckedIn, Status::InProgress]
            }
        };
        let cancelled = self.advance(from, Status::Cancelled, by)?;
        Ok(Self { cancellation_reason: reason, ..cancelled })
    }

    /// Whether `by` could call it off now, as far as its state and the time go.
    pub fn can_be_cancelled(&self, by: &Actor) -> bool {
        self.clone().cancel(None, by).is_ok()
    }

    /// The patient did not come, and nobody waits any longer.
    pub fn miss(self, by: &Actor) -> Result<Self, StepError> {
        let early = self.span.start() + PATIENCE > by.at;
        let missed = self.advance(&[Status::Confirmed], Status::NoShow, by)?;
        if early { Err(StepError::TooEarly) } else { Ok(missed) }
    }

    /// Ends a visit that has long been over, although nobody said so. `None` if it is another
    /// thing or not the time.
    #[must_use]
    pub fn conclude(self, by: &Actor) -> Option<Self> {
        let late = self.span.end() + OVERTIME <= by.at;
        self.advance(&[Status::InProgress], Status::Completed, by).ok().filter(|_| late)
    }

    /// Closes an appointment that never came to be and is long past. `None` if it is another thing
    /// or not the time.
    #[must_use]
    pub fn expire(self, by: &Actor) -> Option<Self> {
        let late = self.span.start() + KEPT_OPEN <= by.at;
        let open = [Status::Requested, Status::Confirmed, Status::CheckedIn];
        let closed = self.advance(&open, Status::Cancelled, by).ok().filter(|_| late)?;
        Some(Self { cancellation_reason: Some(Text::known(EXPIRED)), ..closed })
    }

    /// Gives the request to a doctor of the hospital, who sees the patient at that time.
    pub(crate) fn assign(self, doctor: &Doctor, span: Span, by: &Actor) -> Result<Self, StepError> {
        let (fee, wished) = (doctor.practice.fee_for(self.brief.way), self.span.start());
        let assigned =
            self.with(doctor, None).advance(&[Status::Requested], Status::Confirmed, by)?;
        let requested = (wished != span.start()).then_some(wished).or(assigned.requested);
        Ok(Self { span, requested, fee, ..assigned })
    }

    /// Checks that what it is about can still change.
    pub fn demand_open(&self) -> Result<(), StepError> {
        if self.status.is_over() { Err(StepError::Over { is: self.status }) } else { Ok(()) }
    }

    /// Whether a doctor can be assigned to it.
    pub fn is_assignable(&self) -> bool {
        self.kind == Kind::Request && self.doctor.is_none() && self.status == Status::Requested
    }

    /// Moves it to another time, of which the doctor speaks in the present zone.
    pub(crate) fn reschedule(
        mut self,
        doctor: &Doctor,
        span: Span,
        reason: Option<Text<500>>,
        by: &Actor,
    ) -> Result<Self, StepError> {
        self.demand_movable(by)?;
        let (from, to) = (self.span.start(), span.start());
        self.moves.push(Move { from, to, reason, by: by.user, at: by.at });
        Ok(Self { span, zone: doctor.practice.zone.clone(), updated_at: by.at, ..self })
    }

    /// Checks that it can be moved to another time, as far as its state and the time go.
    pub fn demand_movable(&self, by: &Actor) -> Result<(), StepError> {
        if ![Status::Requested, Status::Confirmed].contains(&self.status) {
            return Err(StepError::Wrong { is: self.status, to: None });
        }
        if self.doctor.is_none() {
            return Err(StepError::NoDoctor);
        }
        self.demand_time(by)
    }

    fn demand_time(&self, by: &Actor) -> Result<(), StepError> {
        let meets = matches!(by.role(), Some(Role::Patient | Role::Doctor | Role::Coordinator));
        let near = self.span.start() - CANCEL_WINDOW < by.at && !self.status.is_over();
        if self.kind == Kind::Slot && meets && near { Err(StepError::TooLate) } else { Ok(()) }
    }

    fn advance(mut self, from: &[Status], to: Status, by: &Actor) -> Result<Self, StepError> {
        if !from.contains(&self.status) {
            return Err(StepError::Wrong { is: self.status, to: Some(to) });
        }
        self.steps.push(Step { to, at: by.at, by: by.user });
        Ok(Self { status: to, updated_at: by.at, ..self })
    }

    /// The visit, once it took place.
    pub fn visit(&self) -> Option<Visit> {
        let completed = self.step(Status::Completed)?;
        Some(Visit {
            id: self.id,
            patient: self.patient,
            doctor: self.doctor?,
            hospital: self.hospital,
            completed_at: completed.at,
        })
    }
}

/// Checks that an appointment is to come, and not too far ahead.
pub(crate) fn within_horizon(start: Timestamp, now: Timestamp) -> Result<(), AppointmentError> {
    if start <= now {
        return Err(AppointmentError::Past);
    }
    if start > now + crate::schedule::HORIZON {
        return Err(AppointmentError::TooFarAhead);
    }
    Ok(())
}

impl Practice {
    /// What it costs to meet in this way.
    fn fee_for(&self, way: Option<Way>) -> Option<Fee> {
        match way {
            Some(Way::Video | Way::Phone) => self.online_consultation_fee.or(self.consultation_fee),
            Some(Way::InPerson) | None => self.consultation_fee,
        }
    }
}

revised!(Appointment);

impl Subject for Appointment {
    const VIEW: Action = Action::ViewAppointment;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn is_of(&self, user: UserId) -> bool {
        [Some(self.patient.into()), self.doctor.map(UserId::from), self.keeper]
            .contains(&Some(user))
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

/// The appointments of somebody, or of the whole hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Whose they are.
    pub roster: Roster,
}

impl Calendar {
    /// The one that `actor` looks at: an admin's is that of the hub.
    pub fn of(actor: &Actor) -> Self {
        Self { roster: Roster::of(actor) }
    }
}

impl Subject for Calendar {
    const VIEW: Action = Action::ListAppointments;

    fn reference(&self) -> Reference {
        self.roster.reference()
    }

    fn owner(&self) -> Option<UserId> {
        self.roster.keeper
    }
}

/// An appointment is not where it would have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepError {
    /// Its state rules it out.
    Wrong {
        /// The state it is in.
        is: Status,
        /// The state it was to get to; none if it was to be moved.
        to: Option<Status>,
    },
    /// It is over.
    Over {
        /// How it ended.
        is: Status,
    },
    /// Only a department's request that nobody has taken on can be given to a doctor.
    NotAssignable {
        /// How it was booked.
        kind: Kind,
        /// The state it is in.
        is: Status,
    },
    /// A department's request has to be given to a doctor first.
    NoDoctor,
    /// It begins too soon to be given back.
    TooLate,
    /// The patient may still come.
    TooEarly,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong { is, to: Some(to) } => {
                write!(f, "the appointment is {is} and cannot become {to}")
            }
            Self::Wrong { is, to: None } => {
                write!(f, "the appointment is {is} and cannot be moved")
            }
            Self::Over { is } => write!(f, "the appointment is {is} and stays as it is"),
            Self::NotAssignable { kind, is } => {
                write!(f, "the appointment is a {kind} and {is}, no request without a doctor")
            }
            Self::NoDoctor => f.write_str("the appointment is REQUESTED; assign a doctor first"),
            Self::TooLate => f.write_str("the appointment begins in less than two hours"),
            Self::TooEarly => f.write_str("the patient may still come"),
        }
    }
}

impl std::error::Error for StepError {}

impl Failure for StepError {
    fn class(&self) -> Class {
        match self {
            Self::Wrong { .. } => Class::Conflict,
            Self::Over { .. } => Class::Conflict,
            Self::NotAssignable { .. } => Class::Conflict,
            Self::NoDoctor => Class::Conflict,
            Self::TooLate => Class::Conflict,
            Self::TooEarly => Class::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Wrong { .. } => "appointment-state",
            Self::Over { .. } => "appointment-state",
            Self::NotAssignable { .. } => "not-assignable",
            Self::NoDoctor => "no-doctor-assigned",
            Self::TooLate => "too-late",
            Self::TooEarly => "too-early",
        }
    }
}

failures! {
    /// Why an appointment cannot be made, given to a doctor or moved.
    pub enum AppointmentError {
        Past = Invalid "in-the-past" "the time is over",
        TooFarAhead = Invalid "too-far-ahead" "appointments are made at most 90 days ahead",
        NotOffered = Conflict "slot-not-offered" "the doctor sees nobody at that time",
        Taken = Conflict "slot-taken" "the time is no longer free",
        DayFull = Conflict "day-full" "the doctor sees no more patients on that day",
        PatientBusy = Conflict "patient-busy" "the patient has another appointment at that time",
        DoctorUnavailable = Conflict "doctor-unavailable" "the doctor takes no appointments at present",
        NotOnline = Conflict "not-online" "the doctor meets patients in person only",
        HospitalClosed = Conflict "hospital-closed" "the hospital takes no appointments",
        DepartmentElsewhere = Invalid "department-unknown" "the hospital has no such department",
        DoctorElsewhere = NotFound "doctor-not-found" "the hospital has no such doctor at work",
        DoctorOfAnotherDepartment = Invalid "doctor-of-another-department" "the doctor works in another department",
        FollowsAnother = Invalid "follow-up-of-another" "the earlier appointment is not one of this patient",
        Stale = Conflict "appointment-stale" "the appointment changed in the meantime",
        UseActions = Conflict "use-actions" "the status changes by actions such as /confirm and /cancel",
        UseReschedule = Conflict "use-reschedule" "use /reschedule to move the appointment to another time",
        UsePayments = Conflict "use-payments" "the payment status follows from payments",
        BookAnew = Conflict "book-anew" "patient and doctor stay as they are; book another appointment",
    }
}
