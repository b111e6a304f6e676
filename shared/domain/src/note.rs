//! Notes about a patient.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Id, Revision,
    access::{Action, Actor, PatientId, Subject, UserId},
    event::Reference,
    failures,
    id::Identified,
    revision::{Revised, revised},
    text::Text,
};

/// Something that somebody wrote down about a patient. The patient reads it unless it is private.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Identifies the note.
    pub id: NoteId,
    /// The record it was written into.
    pub patient: PatientId,
    /// What it says.
    pub text: Text<5000>,
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
    /// When it was removed. It is kept with the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    revision: Revision,
}

/// Identifies a [`Note`].
pub type NoteId = Id<Note>;

impl Identified for Note {
    const PREFIX: &'static str = "not";
}

impl Note {
    /// Writes a note into the record of `patient`.
    pub fn write(patient: PatientId, text: Text<5000>, author_name: Text<301>, by: &Actor) -> Self {
        Self {
            id: Id::generate(by.at),
            patient,
            text,
            is_private: true,
            author: by.user,
            author_name,
            created_at: by.at,
            updated_at: by.at,
            removed_at: None,
            revision: Revision::FIRST,
        }
    }
}

revised!(Note);

/// Who may see the record may see its notes, so whoever looks a note up has cleared the
/// record first; what is left to decide here is privacy and authorship.
impl Subject for Note {
    const VIEW: Action = Action::ViewNote;

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

failures! {
    /// Why a note cannot be changed.
    pub enum NoteError {
        Stale = Conflict "note-stale" "the note changed in the meantime",
    }
}
