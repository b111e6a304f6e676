//! Departments of a hospital.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Id, Revision,
    access::{Action, Subject},
    event::Reference,
    failures,
    hospital::HospitalId,
    id::Identified,
    revision::{Revised, revised},
    search,
    text::Text,
};

/// A part of a hospital with a field of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    /// Identifies the department.
    pub id: DepartmentId,
    /// The hospital it belongs to.
    pub hospital: HospitalId,
    /// What it is called. No two departments of a hospital share a name.
    pub name: Text<100>,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<2000>>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    revision: Revision,
}

/// Identifies a [`Department`].
pub type DepartmentId = Id<Department>;

impl Identified for Department {
    const PREFIX: &'static str = "dep";
}

impl Department {
    /// Opens a department.
    pub fn open(
        hospital: HospitalId,
        name: Text<100>,
        description: Option<Text<2000>>,
        now: Timestamp,
    ) -> Self {
        Self {
            id: Id::generate(now),
            hospital,
            name,
            description,
            created_at: now,
            updated_at: now,
            revision: Revision::FIRST,
        }
    }

    /// The form of the name that is unique within the hospital.
    pub fn folded_name(&self) -> String {
        search::fold(self.name.reveal())
    }
}

revised!(Department);

impl Subject for Department {
    const VIEW: Action = Action::ViewDepartment;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn hospital(&self) -> Option<HospitalId> {
        Some(self.hospital)
    }

    fn is_published(&self) -> bool {
        true
    }
}

failures! {
    /// Why a department cannot be opened or changed.
    pub enum DepartmentError {
        NameTaken = Conflict "department-exists" "the hospital already has a department of this name",
        Stale = Conflict "department-stale" "the department changed in the meantime",
    }
}
