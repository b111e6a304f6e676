//! Medical records: what a doctor writes down about a visit when it is over.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Id, Revision,
    access::{Action, Actor, Denied, PatientId, Role},
    appointment::{Appointment, AppointmentId, Kind, Status, StepError},
    chart::{Chart, Clinical, Secrecy},
    consultation::{BloodPressure, VitalSigns},
    doctor::DoctorId,
    event::Reference,
    failures,
    hospital::HospitalId,
    id::Identified,
    patient::Health,
    revision::{Revised, revised},
    text::Text,
};

/// What a doctor writes down about a visit. Each visit has one at most: it has the ULID of the
/// appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MedicalRecord {
    /// Identifies the record.
    pub id: MedicalRecordId,
    /// The visit.
    pub appointment: AppointmentId,
    /// Who came.
    pub patient: PatientId,
    /// What the patient was called then.
    pub patient_name: Text<301>,
    /// Who saw the patient.
    pub doctor: DoctorId,
    /// What the doctor was called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_name: Option<Text<301>>,
    /// At which hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// What the hospital was called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital_name: Option<Text<255>>,
    /// The day of the visit.
    pub visited_on: Date,
    /// What there is to say.
    #[serde(flatten)]
    pub account: VisitAccount,
    /// What was measured.
    #[serde(default)]
    pub vital_signs: VitalSigns,
    /// Whether it is for the patient, the doctor and admins only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_sensitive: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    revision: Revision,
}

/// Identifies a [`MedicalRecord`].
pub type MedicalRecordId = Id<MedicalRecord>;

impl Identified for MedicalRecord {
    const PREFIX: &'static str = "mrc";
}

/// The record of a visit has the ULID of the visit.
impl From<AppointmentId> for MedicalRecordId {
    fn from(appointment: AppointmentId) -> Self {
        appointment.ulid().into()
    }
}

/// What a doctor has to say about a visit, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitAccount {
    /// What was found.
    pub diagnosis: Text<5000>,
    /// What was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment: Option<Text<5000>>,
    /// What was prescribed, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prescription: Option<Text<5000>>,
    /// What tests have shown, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lab_results: Option<Text<5000>>,
    /// The allergies that were spoken of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allergies: Option<Text<2000>>,
    /// The medicines that were spoken of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medications: Option<Text<2000>>,
    /// Earlier illnesses that were spoken of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medical_history: Option<Text<5000>>,
    /// Whether the patient should come again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follow_up_required: bool,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up_date: Option<Date>,
}

impl VisitAccount {
    /// The account of a visit of which no more is known than what was found.
    pub fn of(diagnosis: Text<5000>) -> Self {
        Self {
            diagnosis,
            treatment: None,
            prescription: None,
            lab_results: None,
            allergies: None,
            medications: None,
            medical_history: None,
            follow_up_required: false,
            follow_up_date: None,
        }
    }
}

impl MedicalRecord {
    /// Writes the record of a visit, which is over then: what becomes of the visit comes along,
    /// unless it was over before.
    pub fn write(
        visit: &Appointment,
        account: VisitAccount,
        by: &Actor,
    ) -> Result<(Self, Option<Appointment>), StepError> {
        let over = match (visit.status(), visit.kind) {
            (Status::Completed, _) => None,
            // Nobody said when it began.
            (Status::Confirmed | Status::CheckedIn, Kind::Consultation) => {
                Some(visit.clone().start_visit(by)?.complete(by)?)
            }
            (_, _) => Some(visit.clone().complete(by)?),
        };
        let record = Self {
            id: visit.id.into(),
            appointment: visit.id,
            patient: visit.patient,
            patient_name: visit.patient_name.clone(),
            doctor: visit.doctor.ok_or(StepError::NoDoctor)?,
            doctor_name: visit.doctor_name.clone(),
            hospital: visit.hospital,
            hospital_name: visit.hospital_name.clone(),
            visited_on: visit.date(),
            account,
            vital_signs: VitalSigns::default(),
            is_sensitive: false,
            created_at: by.at,
            updated_at: by.at,
            revision: Revision::FIRST,
        };
        Ok((record, over))
    }

    /// Whether it says that the patient is allergic to something.
    pub fn tells_of_allergy(&self) -> bool {
        self.account.allergies.as_ref().is_some_and(|words| !Health::none_meant_by(words))
    }

    /// Checks that what it says agrees: a patient comes again after the visit.
    pub fn demand_sound(&self) -> Result<(), MedicalRecordError> {
        match self.account.follow_up_date {
            Some(date) if date <= self.visited_on => Err(MedicalRecordError::FollowUpTooEarly),
            _ => Ok(()),
        }
    }

    /// What was measured, in one line and in the units of whoever measured most of it.
    pub fn vitals_summary(&self) -> Option<String> {
        let signs = &self.vital_signs;
        let pressure = signs.blood_pressure.and_then(BloodPressure::written);
        let parts = [
            pressure.map(|pressure| format!("BP {pressure} mmHg")),
            signs.heart_rate.map(|rate| format!("HR {} bpm", rate.number())),
            signs.temperature.map(|temperature| {
                format!("Temp {} °F ({} °C)", temperature.in_fahrenheit(), temperature.in_celsius())
            }),
            signs.weight.map(|weight| {
                format!("Weight {} lb ({} kg)", weight.in_pounds(), weight.in_kilograms())
            }),
            signs.height.map(|height| {
                format!("Height {} in ({} cm)", height.in_inches(), height.in_centimetres())
            }),
            signs.bmi().map(|bmi| format!("BMI {bmi}")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

revised!(MedicalRecord);

impl Clinical for MedicalRecord {
    const VIEW: Action = Action::ViewMedicalRecord;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn patient(&self) -> PatientId {
        self.patient
    }

    fn is_of_doctor(&self, doctor: DoctorId) -> bool {
        self.doctor == doctor
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn secrecy(&self) -> Secrecy {
        if self.is_sensitive { Secrecy::Sensitive } else { Secrecy::Open }
    }
}

impl Chart<MedicalRecord> {
    /// Checks that a doctor who writes is the one who saw the patient: others only read.
    pub fn demand_own_visit(&self, by: &Actor) -> Result<(), Denied> {
        demand_doctor(&self.paper, by)
    }
}

/// Checks that `by` is no other doctor than the one whose visit it was.
pub(crate) fn demand_doctor(paper: &impl Clinical, by: &Actor) -> Result<(), Denied> {
    match by.role() {
        Some(Role::Doctor) if !paper.is_of_doctor(by.doctor()?) => Err(Denied::Forbidden),
        _ => Ok(()),
    }
}

failures! {
    /// Why the record of a visit cannot be kept.
    pub enum MedicalRecordError {
        Exists = Conflict "medical-record-exists" "a medical record already exists for this appointment",
        FollowUpTooEarly = Invalid "follow-up-too-early" "the follow-up date must be after the date of the appointment",
        VisitMoved = Conflict "visit-stale" "the visit changed in the meantime",
        Stale = Conflict "medical-record-stale" "the medical record changed in the meantime",
    }
}
