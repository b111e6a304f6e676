//! What a hospital says about the formulary.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::{Advice, Condition, Entry, Formulary, Indication, Standing, known};
use crate::{Class, Failure, FieldError, account::Gender, text::Text};

/// How many names a list may have.
const MOST_NAMES: usize = 300;
/// How many medicines a hospital may add.
const MOST_ADDITIONS: usize = 100;

/// What a hospital says about the formulary. One that says nothing has the bundled one.
///
/// Names are those of the safety check: whatever name is given, its ingredients are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct SiteFormulary {
    /// The only medicines that are chosen; all, if there are none.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    only: BTreeSet<Text<200>>,
    /// Medicines that come first.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    preferred: BTreeSet<Text<200>>,
    /// Medicines that the hospital does not use.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    excluded: BTreeSet<Text<200>>,
    /// Medicines that are not bundled, or of which the hospital says something else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    additions: Vec<Addition>,
}

/// A medicine that a hospital adds. What it does not say counts as a reason for care.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Addition {
    /// Its name, by ingredient.
    pub name: Text<200>,
    /// The pharmacological class it belongs to.
    pub class: Text<100>,
    /// What it is for.
    pub indications: BTreeSet<Indication>,
    /// Younger people do not take it.
    #[serde(default = "adult")]
    pub min_age: u8,
    /// The only sex that takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Gender>,
    /// What is said about pregnancy.
    #[serde(default = "careful")]
    pub pregnancy: Advice,
    /// What is said about kidneys that work badly.
    #[serde(default = "careful")]
    pub kidney: Advice,
    /// What is said about a liver that works badly.
    #[serde(default = "careful")]
    pub liver: Advice,
    /// What is said about illnesses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, Advice>)]
    pub conditions: BTreeMap<Condition, Advice>,
    /// Whether it is kept for special cases.
    #[serde(default)]
    pub is_restricted: bool,
}

fn adult() -> u8 {
    18
}

fn careful() -> Advice {
    Advice::Caution
}

impl SiteFormulary {
    /// Takes over what a hospital says. Each name has to be known to the safety check, and is
    /// kept as it is called there.
    pub fn of(
        only: Vec<Text<200>>,
        preferred: Vec<Text<200>>,
        excluded: Vec<Text<200>>,
        mut additions: Vec<Addition>,
    ) -> Result<Self, BadFormulary> {
        let mut wrong = Vec::new();
        let mut list = |field: &str, names: Vec<Text<200>>| {
            if names.len() > MOST_NAMES {
                wrong.push(FieldError::of(field, "must have at most 300 names"));
                return BTreeSet::new();
            }
            let mut read = BTreeSet::new();
            for (at, name) in names.iter().enumerate() {
                match called(name) {
                    Some(name) => {
                        read.insert(name);
                    }
                    None => wrong.push(FieldError::of(&format!("{field}/{at}"), UNKNOWN)),
                }
            }
            read
        };
        let only = list("only", only);
        let preferred = list("preferred", preferred);
        let excluded = list("excluded", excluded);
        if additions.len() > MOST_ADDITIONS {
            wrong.push(FieldError::of("additions", "must be at most 100"));
        }
        let mut names = BTreeSet::new();
        for (at, addition) in additions.iter_mut().take(MOST_ADDITIONS).enumerate() {
            let mut refuse = |field: &str, detail: &str| {
                wrong.push(FieldError::of(&format!("additions/{at}/{field}"), detail));
            };
            match called(&addition.name) {
                Some(name) => addition.name = name,
                None => refuse("name", UNKNOWN),
            }
            if !names.insert(addition.name.clone()) {
                refuse("name", "must not be there twice");
            }
            if addition.indications.is_empty() {
                refuse("indications", "must not be empty");
            }
        }
        match wrong.is_empty() {
            true => Ok(Self { only, preferred, excluded, additions }),
            false => Err(BadFormulary(wrong)),
        }
    }

    /// The only medicines that are chosen; all, if there are none.
    pub fn only(&self) -> &BTreeSet<Text<200>> {
        &self.only
    }

    /// Medicines that come first.
    pub fn preferred(&self) -> &BTreeSet<Text<200>> {
        &self.preferred
    }

    /// Medicines that the hospital does not use.
    pub fn excluded(&self) -> &BTreeSet<Text<200>> {
        &self.excluded
    }

    /// Medicines that the hospital added.
    pub fn additions(&self) -> &[Addition] {
        &self.additions
    }

    /// Puts what the hospital says into the bundled formulary.
    pub(super) fn apply(&self, formulary: &mut Formulary) {
        if *self == Self::default() {
            return;
        }
        for addition in &self.additions {
            // What a later version of the data does not know any more is not chosen.
            let Some((name, ingredients)) = known(addition.name.reveal()) else { continue };
            formulary.entries.retain(|entry| entry.ingredients != ingredients);
            formulary.entries.push(addition.entry(name, ingredients));
        }
        formulary.entries.sort_by(|one, other| one.name.cmp(&other.name));
        let is_on = |list: &BTreeSet<Text<200>>, entry: &Entry| {
            list.iter().any(|name| name.reveal() == entry.name)
        };
        for entry in &mut formulary.entries {
            entry.standing = if is_on(&self.excluded, entry) {
                Standing::Excluded
            } else if !self.only.is_empty() && !is_on(&self.only, entry) {
                Standing::Unlisted
            } else if is_on(&self.preferred, entry) {
                Standing::Preferred
            } else {
                Standing::Usual
            };
        }
        let said = serde_json::to_string(self).unwrap_or_default();
        let [first, second, third, fourth, ..] = <[u8; 32]>::from(Sha256::digest(said));
        let digest = u32::from_be_bytes([first, second, third, fourth]);
        formulary.version = format!("{}+{digest:08x}", formulary.version);
    }
}

/// What a medicine is called here.
fn called(name: &Text<200>) -> Option<Text<200>> {
    let (name, _) = known(name.reveal())?;
    name.try_into().ok()
}

const UNKNOWN: &str = "must be a medicine that the safety check knows, without strength and form";

impl Addition {
    fn entry(&self, name: String, ingredients: Vec<&'static str>) -> Entry {
        Entry {
            name: name.into(),
            ingredients,
            class: self.class.reveal().to_owned().into(),
            indications: self.indications.clone(),
            forms: Vec::new(),
            min_age: self.min_age,
            only: self.only,
            pregnancy: self.pregnancy,
            kidney: self.kidney,
            liver: self.liver,
            conditions: self.conditions.clone(),
            is_restricted: self.is_restricted,
            source: "HOSPITAL".into(),
            standing: Standing::Usual,
            is_added: true,
        }
    }
}

/// What a hospital says is not sound; each wrong part is named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the formulary of the hospital is not sound")]
pub struct BadFormulary(Vec<FieldError>);

impl Failure for BadFormulary {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn code(&self) -> &'static str {
        "formulary-invalid"
    }

    fn fields(&self) -> Vec<FieldError> {
        self.0.clone()
    }
}
