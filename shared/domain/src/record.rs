//! Health records: what patients and doctors keep about an illness or a visit.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Id, Revision,
    access::PatientId,
    appointment::{Appointment, AppointmentId},
    choice::choice,
    doctor::DoctorId,
    id::Identified,
    revision::{Revised, revised},
    text::Text,
};

/// A document of a patient's health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthRecord {
    /// Identifies the record.
    pub id: HealthRecordId,
    /// Whom it is about.
    pub patient: PatientId,
    /// The doctor concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor: Option<DoctorId>,
    /// The appointment it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<AppointmentId>,
    /// What kind of record it is.
    #[serde(rename = "about")]
    pub kind: RecordKind,
    /// What it is called.
    pub title: Text<200>,
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<5000>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    revision: Revision,
}

/// Identifies a [`HealthRecord`].
pub type HealthRecordId = Id<HealthRecord>;

impl Identified for HealthRecord {
    const PREFIX: &'static str = "rec";
}

choice! {
    /// What a health record is about.
    pub enum RecordKind: "a kind of record" {
        /// A visit.
        Consultation = "CONSULTATION",
        /// The result of a test.
        LabResult = "LAB_RESULT",
        /// A prescription.
        Prescription = "PRESCRIPTION",
        /// A vaccination.
        Vaccination = "VACCINATION",
        /// Anything else.
        Other = "OTHER",
    }
}

impl HealthRecord {
    /// Opens the record of a visit that is to come.
    pub fn of_visit(appointment: &Appointment) -> Self {
        let doctor = appointment.doctor_name.as_ref().map_or("the doctor", Text::reveal);
        let title: String = format!("Consultation with Dr. {doctor}").chars().take(200).collect();
        let time = appointment.start().strftime("%Y-%m-%d at %H:%M %Q");
        Self {
            id: appointment.id.ulid().into(),
            patient: appointment.patient,
            doctor: appointment.doctor,
            appointment: Some(appointment.id),
            kind: RecordKind::Consultation,
            title: Text::known(&title),
            description: Some(Text::known(&format!("Booked for {time}."))),
            created_at: appointment.created_at,
            updated_at: appointment.created_at,
            revision: Revision::FIRST,
        }
    }
}

revised!(HealthRecord);
