//! Grants: a doctor's right to read a patient's repository for a while.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    access::{Action, PatientId, Subject, UserId},
    doctor::DoctorId,
    event::Reference,
    failures,
};

/// How long a grant lasts.
pub const GRANT: SignedDuration = SignedDuration::from_mins(30);

/// The right of one doctor to read one patient's repository.
///
/// It comes into being when the doctor enters the code that the patient read out,
/// and it is always looked up, never taken from a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The doctor who may read.
    pub doctor: DoctorId,
    /// Whose repository it is.
    pub patient: PatientId,
    /// When the patient read out the code.
    pub granted_at: Timestamp,
    /// When the doctor may no longer read.
    pub expires_at: Timestamp,
}

impl Grant {
    /// Opens the repository of `patient` to `doctor`.
    pub fn open(doctor: DoctorId, patient: PatientId, now: Timestamp) -> Self {
        Self { doctor, patient, granted_at: now, expires_at: now + GRANT }
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
