//! Notes on a prescription.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Prescription, PrescriptionId};
use crate::{
    Id, Revision,
    access::{Action, Actor, PatientId, Role, Subject, UserId},
    event::Reference,
    id::Identified,
    revision::{Revised, revised},
    text::Text,
};

/// Something that somebody noted on a prescription. The patient reads it unless it is private.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrescriptionNote {
    /// Identifies the note.
    pub id: PrescriptionNoteId,
    /// What it was noted on.
    pub prescription: PrescriptionId,
    /// Whom the prescription is for.
    pub patient: PatientId,
    /// What it says.
    pub note: Text<5000>,
    /// Whether it is kept from the patient.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_private: bool,
    /// Who wrote it.
    pub author: Option<UserId>,
    /// What the author was called then.
    pub author_name: Text<301>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was removed. It is kept with the prescription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    revision: Revision,
}

/// Identifies a [`PrescriptionNote`].
pub type PrescriptionNoteId = Id<PrescriptionNote>;

impl Identified for PrescriptionNote {
    const PREFIX: &'static str = "pno";
}

impl PrescriptionNote {
    /// Writes a note on a prescription.
    pub fn write(
        prescription: &Prescription,
        note: Text<5000>,
        author_name: Text<301>,
        by: &Actor,
    ) -> Self {
        Self {
            id: Id::generate(by.at),
            prescription: prescription.id,
            patient: prescription.patient,
            note,
            is_private: false,
            author: by.user,
            author_name,
            created_at: by.at,
            updated_at: by.at,
            removed_at: None,
            revision: Revision::FIRST,
        }
    }

    /// Keeps it from the patient or not. Patients keep nothing from themselves.
    pub fn show_to_patient(&mut self, shown: bool, by: &Actor) {
        self.is_private = !shown && by.role() != Some(Role::Patient);
    }
}

revised!(PrescriptionNote);

/// Who may see the prescription may see its notes, so whoever looks a note up has cleared the
/// prescription first; what is left to decide here is privacy and authorship.
impl Subject for PrescriptionNote {
    const VIEW: Action = Action::ViewPrescriptionNote;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        self.author
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }

    fn is_published(&self) -> bool {
        !self.is_private
    }
}
