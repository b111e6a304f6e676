//! Grants: a doctor's right to read a patient's repository for a while.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Action, PatientId, Subject, UserId},
    doctor::DoctorId,
    event::Reference,
    failures,
    glass::{EmergencyAccess, EmergencyAccessId},
    patient::Patient,
};

/// How long a grant lasts.
pub const GRANT: SignedDuration = SignedDuration::from_mins(30);

/// The right of one doctor to read one patient's repository.
///
/// It comes into being when the doctor enters the code that the patient read out, or in an
/// emergency. It is always looked up, never taken from a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The doctor who may read.
    pub doctor: DoctorId,
    /// Whose repository it is.
    pub patient: PatientId,
    /// When the patient read out the code, or the emergency began.
    pub granted_at: Timestamp,
    /// When the doctor may no longer read.
    pub expires_at: Timestamp,
    /// The emergency it comes from, if the patient was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyAccessId>,
}

impl Grant {
    /// Opens the repository of `patient` to `doctor`.
    pub fn open(doctor: DoctorId, patient: PatientId, now: Timestamp) -> Self {
        Self { doctor, patient, granted_at: now, expires_at: now + GRANT, emergency: None }
    }

    /// Opens the repository as long as the emergency lasts.
    pub fn in_emergency(access: &EmergencyAccess) -> Self {
        Self {
            doctor: access.doctor,
            patient: access.patient,
            granted_at: access.opened_at,
            expires_at: access.expires_at,
            emergency: Some(access.id),
        }
    }

    /// The same grant as one to the record that is `patient` now, if it is to a part of it.
    #[must_use]
    pub fn in_record_of(self, patient: &Patient) -> Self {
        match patient.parts().contains(&self.patient) {
            true => Self { patient: patient.id, ..self },
            false => self,
        }
    }

    /// Whether the doctor may still read.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

impl Subject for Grant {
    const VIEW: Action = Action::ViewGrant;

    fn reference(&self) -> Reference {
        self.doctor.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.patient.into())
    }

    fn is_of(&self, user: UserId) -> bool {
        [self.patient.into(), self.doctor.into()].contains(&user)
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

failures! {
    /// Why a repository is not opened.
    pub enum GrantError {
        PatientUnknown = NotFound "patient-unknown" "no patient was found with these details",
        PhoneMismatch = Invalid "phone-mismatch" "the phone number does not match the patient",
        Gone = Conflict "code-used" "the code was used in the meantime",
    }
}
