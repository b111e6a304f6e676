//! What a hospital says about recommendations.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Revision,
    access::{Action, Actor, Subject, UserId},
    event::Reference,
    failures,
    formulary::{Formulary, SiteFormulary},
    hospital::HospitalId,
    revision::{Revised, revised},
};

/// What a hospital says about recommendations. One that says nothing has the bundled formulary
/// and leaves its patients to its doctors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecommendationSettings {
    /// Whose settings they are.
    pub hospital: HospitalId,
    /// Whether its patients get plain information.
    #[serde(default)]
    pub patient_information: bool,
    /// What it says about medicines.
    #[serde(default)]
    pub formulary: SiteFormulary,
    /// Who changed them last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<UserId>,
    /// When.
    pub updated_at: Timestamp,
    revision: Revision,
}

impl RecommendationSettings {
    /// The settings of a hospital that has said nothing before.
    pub fn of(hospital: HospitalId, by: &Actor) -> Self {
        Self {
            hospital,
            patient_information: false,
            formulary: SiteFormulary::default(),
            updated_by: by.user,
            updated_at: by.at,
            revision: Revision::FIRST,
        }
    }

    /// Puts others in their place.
    #[must_use]
    pub fn replaced(self, patient_information: bool, formulary: SiteFormulary, by: &Actor) -> Self {
        Self { patient_information, formulary, updated_by: by.user, updated_at: by.at, ..self }
    }

    /// The formulary of the hospital: the bundled one with what it says.
    pub fn effective(&self) -> Formulary {
        Formulary::with(&self.formulary)
    }
}

revised!(RecommendationSettings);

impl Subject for RecommendationSettings {
    const VIEW: Action = Action::ViewRecommendationSettings;

    fn reference(&self) -> Reference {
        self.hospital.into()
    }

    fn hospital(&self) -> Option<HospitalId> {
        Some(self.hospital)
    }
}

failures! {
    /// Why the settings of a hospital cannot be changed.
    pub enum SettingsError {
        Stale = Conflict "recommendation-settings-stale" "the settings changed in the meantime",
    }
}
