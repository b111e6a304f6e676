//! Templates: what a doctor prescribes often, kept without a patient.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Id, Revision,
    access::{Action, Actor, Denied, Subject, UserId},
    doctor::DoctorId,
    event::Reference,
    failures,
    id::Identified,
    prescription::Medication,
    revision::{Revised, revised},
    text::Text,
};

/// A prescription that is filled in with a patient later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Identifies the template.
    pub id: TemplateId,
    /// Whose it is.
    pub doctor: DoctorId,
    /// What the doctor calls it.
    pub name: Text<200>,
    /// For which illness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Text<1000>>,
    /// What to do besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub general_instructions: Option<Text<2000>>,
    /// The medicines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub medications: Vec<Medication>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    revision: Revision,
}

/// Identifies a [`Template`].
pub type TemplateId = Id<Template>;

impl Identified for Template {
    const PREFIX: &'static str = "tpl";
}

impl Template {
    /// Keeps what a doctor prescribes often.
    pub fn write(
        name: Text<200>,
        medications: Vec<Medication>,
        by: &Actor,
    ) -> Result<Self, Denied> {
        Ok(Self {
            id: Id::generate(by.at),
            doctor: by.doctor()?,
            name,
            diagnosis: None,
            general_instructions: None,
            medications,
            created_at: by.at,
            updated_at: by.at,
            removed_at: None,
            revision: Revision::FIRST,
        })
    }
}

revised!(Template);

impl Subject for Template {
    const VIEW: Action = Action::ViewTemplate;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.doctor.into())
    }
}

failures! {
    /// Why a template is not kept.
    pub enum TemplateError {
        Stale = Conflict "template-stale" "the template changed in the meantime",
    }
}
