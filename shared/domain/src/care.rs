//! Care assignments: which doctor cares for which patient.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Id, Revision,
    access::{Action, Actor, PatientId, Subject, UserId},
    choice::choice,
    doctor::{Doctor, DoctorId},
    event::Reference,
    failures,
    hospital::HospitalId,
    id::Identified,
    patient::Patient,
    revision::{Revised, revised},
    text::Text,
};

/// One doctor's care for one patient. While it is active, the doctor knows the patient. The
/// doctor's hospital comes to know them too and goes on to, as it answers for the care given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Identifies the assignment.
    pub id: AssignmentId,
    /// Who is cared for.
    pub patient: PatientId,
    /// Who cares.
    pub doctor: DoctorId,
    /// The hospital the doctor works at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// How it stands.
    pub status: CareStatus,
    /// What there is to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Text<2000>>,
    /// Who brought the two together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    /// When.
    pub assigned_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When the doctor last said something about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<Timestamp>,
    revision: Revision,
}

/// Identifies an [`Assignment`].
pub type AssignmentId = Id<Assignment>;

impl Identified for Assignment {
    const PREFIX: &'static str = "cas";
}

choice! {
    /// How a care assignment stands.
    pub enum CareStatus: "a status" {
        /// The doctor cares for the patient.
        Active = "ACTIVE",
        /// The care rests.
        Inactive = "INACTIVE",
        /// The care is complete.
        Completed = "COMPLETED",
        /// Another doctor took over.
        Transferred = "TRANSFERRED",
    }
}

impl Assignment {
    /// Puts `patient` into the care of `doctor`, who must be at work.
    pub fn begin(patient: &Patient, doctor: &Doctor, by: &Actor) -> Result<Self, CareError> {
        if !doctor.is_active {
            return Err(CareError::DoctorGone);
        }
        Ok(Self {
            id: Id::generate(by.at),
            patient: patient.id,
            doctor: doctor.id,
            hospital: doctor.hospital,
            status: CareStatus::Active,
            notes: None,
            created_by: by.user,
            assigned_at: by.at,
            updated_at: by.at,
            acknowledged_at: None,
            revision: Revision::FIRST,
        })
    }

    /// Whether the doctor cares for the patient now.
    pub fn is_active(&self) -> bool {
        self.status == CareStatus::Active
    }

    /// Notes that `by` changed something. A doctor who does has seen it.
    pub fn touch(&mut self, by: &Actor) {
        self.updated_at = by.at;
        if by.user == Some(self.doctor.into()) {
            self.acknowledged_at = Some(by.at);
        }
    }
}

revised!(Assignment);

impl Subject for Assignment {
    const VIEW: Action = Action::ViewAssignment;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn is_of(&self, user: UserId) -> bool {
        self.created_by == Some(user)
            || [UserId::from(self.doctor), self.patient.into()].contains(&user)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

failures! {
    /// Why a care assignment cannot be made or changed.
    pub enum CareError {
        AlreadyAssigned = Conflict "already-assigned" "the doctor cares for this patient already",
        DoctorGone = Conflict "doctor-gone" "the doctor does not work here any more",
        Stale = Conflict "assignment-stale" "the assignment or the patient's record changed in the meantime",
    }
}
