//! What is asked, and what is known about the person.

use std::{collections::BTreeSet, fmt};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Audience, FactsUsed, PROMPT_VERSION, Tenant};
use crate::{
    Class, Failure, FieldError,
    account::Gender,
    choice::choice,
    formulary::{Condition, Formulary, Indication},
    patient::{AllergyStatus, Health, Patient},
    safety::{self, Medicine, SiteRules},
    text::Text,
};

/// The version of the rules of this module. It changes with what they say.
pub const RULES_VERSION: &str = "2";

/// The longest list of facts.
const LONGEST: usize = 100;
/// The oldest that anybody is.
const OLDEST: u8 = 130;
/// The most that anybody weighs, in kilograms.
const HEAVIEST: u16 = 700;
/// Younger than this nobody gets a recommendation: children take doses by weight, the known
/// maxima are those of adults, and labels give most minimum ages for one form only.
const CHILD: u8 = 12;
/// The ages at which somebody can be pregnant.
const FERTILE: std::ops::RangeInclusive<u8> = CHILD..=55;

/// A question: what could be given instead of a medicine, or for a complaint, to somebody of whom
/// these facts are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// The medicine in question, as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medicine_name: Option<Text<200>>,
    /// What it is to be for. Without it, whatever the medicine is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indication: Option<Indication>,
    /// What is known about the person.
    pub facts: Facts,
}

/// What is known about a person, as it was written. `Debug` does not show it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// How old they are, in years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<u8>,
    /// The gender that they state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<Gender>,
    /// Whether they are pregnant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pregnant: Option<bool>,
    /// How many kilograms they weigh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_kg: Option<u16>,
    /// What is known about allergies.
    pub allergy_status: AllergyStatus,
    /// The substances that they do not bear.
    pub allergies: Vec<Text<200>>,
    /// Their illnesses.
    pub comorbidities: Vec<Text<200>>,
    /// The medicines that they take; nothing if nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_medications: Option<Vec<Text<200>>>,
    /// The medicines that were prescribed to them here. What else they take it does not say.
    pub prescribed: Vec<Text<200>>,
    /// Whether there are prescriptions that could not be read.
    pub has_unread_prescriptions: bool,
    /// Whether their kidneys work badly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kidney_impaired: Option<bool>,
    /// Whether their liver works badly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub liver_impaired: Option<bool>,
}

choice! {
    /// What has to be known before anything is recommended.
    pub enum Gap: "a missing fact" {
        /// How old the person is.
        Age = "AGE",
        /// The person is a child, for whom there are no data here.
        Child = "CHILD",
        /// Whether there are allergies.
        AllergyStatus = "ALLERGY_STATUS",
        /// What one of the allergies is.
        Allergies = "ALLERGIES",
        /// What the person takes, or what one of it is.
        CurrentMedications = "CURRENT_MEDICATIONS",
        /// Whether the person is pregnant.
        Pregnancy = "PREGNANCY",
        /// What a specialist says about an illness that changes everything.
        SpecialistReview = "SPECIALIST_REVIEW",
        /// A rule of the hospital that is not understood any more.
        HospitalRules = "HOSPITAL_RULES",
    }
}

impl Inquiry {
    /// Takes a question over. It names a medicine or what it is to be for, within bounds.
    pub fn of(
        medicine_name: Option<Text<200>>,
        indication: Option<Indication>,
        facts: Facts,
    ) -> Result<Self, BadInquiry> {
        let mut wrong = Vec::new();
        if medicine_name.is_none() && indication.is_none() {
            wrong.push(FieldError::of("medicine_name", "is needed, or an indication"));
        }
        let facts = facts.settled();
        let mut refuse = |is_wrong: bool, field: &str, detail: &str| {
            if is_wrong {
                wrong.push(FieldError::of(&format!("patient_info/{field}"), detail));
            }
        };
        refuse(facts.age > Some(OLDEST), "age", "must be at most 130");
        refuse(facts.weight_kg > Some(HEAVIEST), "weight_kg", "must be at most 700");
        refuse(facts.weight_kg == Some(0), "weight_kg", "must be more than 0");
        let current = facts.current_medications.as_ref().map_or(0, Vec::len);
        for (length, field) in [
            (facts.allergies.len(), "allergies"),
            (facts.comorbidities.len(), "comorbidities"),
            (current, "current_medications"),
        ] {
            refuse(length > LONGEST, field, "must have at most 100 entries");
        }
        match wrong.is_empty() {
            true => Ok(Self { medicine_name, indication, facts }),
            false => Err(BadInquiry(wrong)),
        }
    }

    /// Names the question: the same for the same facts, asked by the same tenant for the same
    /// audience and judged by the same rules, data and words for the model.
    pub fn key(
        &self,
        tenant: Tenant,
        audience: Audience,
        formulary: &Formulary,
        rules: &SiteRules,
    ) -> InquiryKey {
        let known = Known::of(self);
        let asked = known.asked.as_ref().map(|read| (&read.ingredients, read.is_complete));
        let facts = json!({
            "tenant": tenant,
            "audience": audience,
            "formulary": formulary.version(),
            "data": safety::version(),
            "site": rules,
            "rules": RULES_VERSION,
            "prompt": PROMPT_VERSION,
            "asked": asked,
            "asked_in_words": known.asked_in_words(self),
            "indication": self.indication,
            "facts": known.used,
            "gaps": known.gaps,
            "unknown": known.unknown,
        });
        InquiryKey(
            <[u8; 32]>::from(Sha256::digest(facts.to_string()))
                .iter()
                .fold(String::new(), |text, byte| format!("{text}{byte:02x}")),
        )
    }
}

impl Facts {
    /// What the record of a patient says on this day. Allergies that do not fit are unknown, and
    /// of too many illnesses those on the list are kept. An empty list of medicines is that of
    /// somebody whom nobody asked; one that says `none` is not.
    pub fn of(patient: &Patient, today: Date) -> Self {
        let (profile, health) = (&patient.profile, &patient.health);
        let listed = health.allergies.iter().map(|allergy| Some(allergy.substance.clone()));
        let words = profile.allergies.iter().filter(|words| !Health::none_meant_by(words));
        let words = words.flat_map(|words| pieces(words.reveal()));
        let words = words.map(|words| Text::<200>::try_from(words.to_owned()).ok());
        let all: Option<Vec<_>> = listed.chain(words).collect();
        let (allergy_status, allergies) = match all.filter(|all| all.len() <= LONGEST) {
            Some(allergies) => (health.allergy_status, allergies),
            None => (AllergyStatus::Unavailable, Vec::new()),
        };
        let history = profile.medical_history.iter().flat_map(|words| pieces(words.reveal()));
        let history =
            history.filter_map(|words| words.chars().take(200).collect::<String>().try_into().ok());
        let mut comorbidities: Vec<Text<200>> =
            health.chronic_conditions.iter().cloned().chain(history).collect();
        comorbidities.sort_by_key(|words| Condition::read(words.reveal()).is_none());
        comorbidities.truncate(LONGEST);
        Self {
            age: profile.age(today).and_then(|age| u8::try_from(age).ok()),
            sex: profile.gender,
            allergy_status,
            allergies,
            comorbidities,
            current_medications: Some(health.current_medications.clone())
                .filter(|listed| !listed.is_empty()),
            ..Self::default()
        }
    }

    /// What the record says, with what somebody says besides. Nothing that either knows is lost,
    /// and what the record cannot say for certain stays open.
    #[must_use]
    pub fn with(self, told: Self) -> Self {
        let (record, told) = (self.settled(), told.settled());
        let bad = |one: Option<bool>, other: Option<bool>| match (one, other) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (one, other) => one.or(other),
        };
        Self {
            age: record.age.or(told.age),
            sex: record.sex.or(told.sex),
            pregnant: bad(record.pregnant, told.pregnant),
            weight_kg: told.weight_kg.or(record.weight_kg),
            allergy_status: match (record.allergy_status, told.allergy_status) {
                (AllergyStatus::Unavailable, _) => AllergyStatus::Unavailable,
                (AllergyStatus::Known, _) | (_, AllergyStatus::Known) => AllergyStatus::Known,
                (AllergyStatus::NotRecorded, status) => status,
                (AllergyStatus::NoneKnown, _) => AllergyStatus::NoneKnown,
            },
            allergies: joined(record.allergies, told.allergies),
            comorbidities: joined(record.comorbidities, told.comorbidities),
            current_medications: match (record.current_medications, told.current_medications) {
                (Some(record), Some(told)) => Some(joined(record, told)),
                (record, told) => record.or(told),
            },
            prescribed: joined(record.prescribed, told.prescribed),
            has_unread_prescriptions: record.has_unread_prescriptions
                || told.has_unread_prescriptions,
            kidney_impaired: bad(record.kidney_impaired, told.kidney_impaired),
            liver_impaired: bad(record.liver_impaired, told.liver_impaired),
        }
    }

    /// The same facts, where a list that says `none` means that somebody asked, and a list of
    /// allergies that names any means that there are some. An empty one says nothing.
    fn settled(mut self) -> Self {
        let before = self.allergies.len();
        self.allergies.retain(|words| !Health::none_meant_by(words));
        self.allergy_status = match self.allergy_status {
            AllergyStatus::Unavailable => AllergyStatus::Unavailable,
            _ if !self.allergies.is_empty() => AllergyStatus::Known,
            AllergyStatus::NotRecorded if before > 0 => AllergyStatus::NoneKnown,
            status => status,
        };
        self.comorbidities.retain(|words| !Health::none_meant_by(words));
        if let Some(current) = &mut self.current_medications {
            current.retain(|words| !Health::none_meant_by(words));
        }
        self
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// The parts of what somebody wrote in one go.
fn pieces(words: &str) -> impl Iterator<Item = &str> {
    words.split([',', ';', '\n']).filter(|words| !words.trim().is_empty())
}

fn joined(mut one: Vec<Text<200>>, other: Vec<Text<200>>) -> Vec<Text<200>> {
    for each in other {
        if !one.contains(&each) {
            one.push(each);
        }
    }
    one
}

/// Names a question. Nothing about anybody can be told from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InquiryKey(String);

impl InquiryKey {
    /// The key as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a text names, as the data call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) ingredients: Vec<&'static str>,
    pub(super) is_complete: bool,
}

impl Read {
    fn of(name: &str) -> Self {
        let ingredients = safety::ingredients(&Medicine::named(name));
        Self { is_complete: !ingredients.is_empty(), ingredients }
    }

    /// The name that everybody reads in the same way.
    pub(super) fn name(&self) -> String {
        self.ingredients.join(" + ")
    }
}

/// The facts, read.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) asked: Option<Read>,
    pub(super) used: FactsUsed,
    /// What was not understood, in plain words. It never leaves the process.
    unknown: BTreeSet<String>,
    gaps: BTreeSet<Gap>,
}

impl Known {
    pub(super) fn of(inquiry: &Inquiry) -> Self {
        let facts = &inquiry.facts;
        let (mut gaps, mut unknown) = (BTreeSet::new(), BTreeSet::new());
        let mut note_unknown = |words: &Text<200>| unknown.insert(safety::plain(words.reveal()));
        match facts.age {
            None => gaps.insert(Gap::Age),
            Some(age) => age < CHILD && gaps.insert(Gap::Child),
        };
        let is_asked = match facts.allergy_status {
            AllergyStatus::Known => !facts.allergies.is_empty(),
            AllergyStatus::NoneKnown => true,
            AllergyStatus::NotRecorded | AllergyStatus::Unavailable => false,
        };
        if !is_asked {
            gaps.insert(Gap::AllergyStatus);
        }
        let mut allergies = BTreeSet::new();
        for words in &facts.allergies {
            if let Some(substances) = safety::allergens(words.reveal()) {
                allergies.extend(substances.into_iter().map(str::to_owned));
            } else {
                note_unknown(words);
                gaps.insert(Gap::Allergies);
            }
        }
        let mut comorbidities = BTreeSet::new();
        let mut unrecognised = 0;
        for words in &facts.comorbidities {
            if let Some(condition) = Condition::read(words.reveal()) {
                comorbidities.insert(condition);
            } else {
                note_unknown(words);
                unrecognised += 1;
            }
        }
        if comorbidities.iter().any(|condition| condition.is_red_flag()) {
            gaps.insert(Gap::SpecialistReview);
        }
        let mut current = BTreeSet::new();
        for words in facts.current_medications.iter().flatten().chain(&facts.prescribed) {
            let read = Read::of(words.reveal());
            if read.is_complete {
                current.insert(read.name());
            } else {
                note_unknown(words);
                gaps.insert(Gap::CurrentMedications);
            }
        }
        if facts.current_medications.is_none() || facts.has_unread_prescriptions {
            gaps.insert(Gap::CurrentMedications);
        }
        let known_of = |condition| comorbidities.contains(&condition).then_some(true);
        let used = FactsUsed {
            age: facts.age,
            sex: facts.sex,
            pregnant: facts.pregnant,
            weight_kg: facts.weight_kg,
            allergy_status: facts.allergy_status,
            allergies: allergies.into_iter().collect(),
            unrecognised_comorbidities: unrecognised,
            current_medications: current.into_iter().collect(),
            kidney_impaired: known_of(Condition::KidneyDisease).or(facts.kidney_impaired),
            liver_impaired: known_of(Condition::LiverDisease).or(facts.liver_impaired),
            comorbidities: comorbidities.into_iter().collect(),
        };
        let asked = inquiry.medicine_name.as_ref().map(|name| Read::of(name.reveal()));
        Self { asked, used, unknown, gaps }
    }

    /// What has to be known first.
    pub(super) fn gaps(&self) -> &BTreeSet<Gap> {
        &self.gaps
    }

    /// Whether it makes a difference that nobody said whether the person is pregnant.
    pub(super) fn may_be_pregnant(&self) -> bool {
        let FactsUsed { age, sex, pregnant, .. } = &self.used;
        let is_fertile = age.is_none_or(|age| FERTILE.contains(&age));
        pregnant.is_none() && *sex != Some(Gender::Male) && is_fertile
    }

    /// The medicine in question, if it is not understood.
    fn asked_in_words(&self, inquiry: &Inquiry) -> Option<String> {
        let is_unknown = self.asked.as_ref().is_some_and(|read| !read.is_complete);
        inquiry.medicine_name.as_ref().filter(|_| is_unknown).map(|it| safety::plain(it.reveal()))
    }
}

/// A question cannot be asked in this way; each wrong part is named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the question is not sound")]
pub struct BadInquiry(Vec<FieldError>);

impl Failure for BadInquiry {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn code(&self) -> &'static str {
        "recommendation-invalid"
    }

    fn fields(&self) -> Vec<FieldError> {
        self.0.clone()
    }
}
