//! What was found, with everything that it rests on.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::{Flaw, Ranking},
    inquiry::{Gap, RULES_VERSION},
    prompt::PROMPT_VERSION,
    shortlist::{Candidate, Shortlist},
};
use crate::{
    account::Gender,
    choice::choice,
    formulary::{Condition, Formulary, Indication},
    patient::AllergyStatus,
    safety::{self, RuleId, Severity},
};

/// What every draft says.
pub const NOTE: &str = "A draft for a clinician, who decides and prescribes. The data were not reviewed by a clinician. No alert does not mean no interaction.";
/// What patients are told with every answer.
pub const NOTE_FOR_PATIENTS: &str = "Plain information and no advice. Ask your doctor or pharmacist before you change anything. No alert does not mean no interaction.";

/// An answer: what is left of the medicines that could be given, and what speaks against the rest.
///
/// It names nobody, and holds no word that was not understood. It tells what somebody takes and
/// does not bear, so `Debug` shows only the outcome.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Findings {
    /// Whether anything is recommended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The medicine in question, as the data call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_for: Option<String>,
    /// What could be given, the best first.
    pub alternatives: Vec<Alternative>,
    /// What speaks against the medicine in question, and what was not looked at.
    pub warnings: Vec<Warning>,
    /// What to do, in a sentence.
    pub suggestion: String,
    /// What was looked at and left out, at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Excluded>,
    /// What was known about the person, as it was understood.
    pub facts: FactsUsed,
    /// What the answer rests on.
    pub basis: Basis,
    /// Who put the alternatives in order.
    pub by: Author,
    /// What to keep in mind.
    pub note: String,
}

/// Whether anything is recommended, and why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// There are medicines that passed.
    Alternatives,
    /// Something has to be known first.
    InsufficientInformation {
        /// What.
        missing: BTreeSet<Gap>,
    },
    /// Something speaks against every one.
    NoSafeCandidate,
    /// The medicine in question is not known here.
    UnknownMedicine,
}

impl Outcome {
    /// The outcome in one word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Alternatives => "ALTERNATIVES",
            Self::InsufficientInformation { .. } => "INSUFFICIENT_INFORMATION",
            Self::NoSafeCandidate => "NO_SAFE_CANDIDATE",
            Self::UnknownMedicine => "UNKNOWN_MEDICINE",
        }
    }
}

/// A medicine that could be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alternative {
    /// What it is called.
    pub name: String,
    /// The class it belongs to.
    pub class: String,
    /// What it is for, as far as that is in question.
    pub indications: BTreeSet<Indication>,
    /// Why it stands here.
    pub reason: String,
    /// What to bear in mind, in sentences.
    pub notes: String,
    /// The same, rule by rule. None of it stops.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Whether the hospital prefers it.
    pub is_preferred: bool,
}

/// Something that speaks against a medicine or limits what was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// The rule behind it.
    pub rule: RuleId,
    /// What it is about: an illness, or the kind of the alert.
    pub condition: String,
    /// What it says.
    pub message: String,
    /// How much it weighs.
    pub severity: Severity,
    /// Where the rule comes from, and in which version.
    pub source: String,
    /// The ingredients that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ingredients: Vec<String>,
}

/// A medicine that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Excluded {
    /// What it is called.
    pub name: String,
    /// What speaks against it.
    pub warnings: Vec<Warning>,
}

/// What was known about the person, as it was understood.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FactsUsed {
    /// How old they are, in years.
    pub age: Option<u8>,
    /// The gender that they state.
    pub sex: Option<Gender>,
    /// Whether they are pregnant.
    pub pregnant: Option<bool>,
    /// How many kilograms they weigh.
    pub weight_kg: Option<u16>,
    /// What is known about allergies.
    pub allergy_status: AllergyStatus,
    /// The ingredients that the allergies mean.
    pub allergies: Vec<String>,
    /// The illnesses that are on the list.
    pub comorbidities: Vec<Condition>,
    /// How many illnesses are not on the list. They were not looked at.
    pub unrecognised_comorbidities: usize,
    /// What the person takes, by ingredient.
    pub current_medications: Vec<String>,
    /// Whether their kidneys work badly.
    pub kidney_impaired: Option<bool>,
    /// Whether their liver works badly.
    pub liver_impaired: Option<bool>,
}

/// What an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Basis {
    /// The version of the formulary, with what the hospital adds.
    pub formulary_version: String,
    /// The version of the data of the safety check.
    pub safety_version: String,
    /// The version of the rules that choose and judge.
    pub rules_version: String,
    /// What it was written from: the sources of the formulary and of the safety check.
    pub sources: Vec<String>,
}

impl Basis {
    pub(super) fn of(formulary: &Formulary) -> Self {
        let name = |source: &safety::Source| format!("{} {}", source.key, source.version);
        let sources: BTreeSet<_> =
            formulary.sources().iter().chain(safety::sources()).map(name).collect();
        Self {
            formulary_version: formulary.version().to_owned(),
            safety_version: safety::version().to_owned(),
            rules_version: RULES_VERSION.to_owned(),
            sources: sources.into_iter().collect(),
        }
    }
}

choice! {
    /// Why no language model was asked.
    pub enum WithoutModel: "a reason" {
        /// None is set up.
        NotSetUp = "NOT_SET_UP",
        /// There is nothing to put in order.
        NothingToRank = "NOTHING_TO_RANK",
        /// It failed too often lately.
        Resting = "RESTING",
        /// What it may be asked in a day is used up.
        BudgetSpent = "BUDGET_SPENT",
        /// Patients are answered by the rules.
        ForPatient = "FOR_PATIENT",
    }
}

/// Who put the alternatives in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Author {
    /// The rules alone.
    Rules {
        /// Why no model was asked.
        without_model: WithoutModel,
    },
    /// A language model, among what the rules left.
    Model {
        /// Which one.
        model: String,
        /// The version of what it was told.
        prompt_version: String,
    },
    /// The rules, as the model gave nothing that could be used.
    RulesAfterModelFailed {
        /// Which one.
        model: String,
        /// The version of what it was told.
        prompt_version: String,
        /// What was wrong with its last answer.
        flaw: Flaw,
    },
}

impl fmt::Debug for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = self.outcome.code();
        f.debug_struct("Findings").field("outcome", &outcome).finish_non_exhaustive()
    }
}

impl fmt::Debug for FactsUsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl Author {
    /// Who it was, in one word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rules { .. } => "RULES",
            Self::Model { .. } => "MODEL",
            Self::RulesAfterModelFailed { .. } => "RULES_AFTER_MODEL_FAILED",
        }
    }
}

impl Findings {
    /// The answer without a model.
    pub fn by_rules(shortlist: &Shortlist, without_model: WithoutModel) -> Self {
        Self::of(shortlist, Author::Rules { without_model }, None)
    }

    /// The answer in the order of a model. What it did not rank comes last; nothing is lost.
    pub fn by_model(shortlist: &Shortlist, ranking: &Ranking, model: &str) -> Self {
        let (model, prompt_version) = (model.to_owned(), PROMPT_VERSION.to_owned());
        Self::of(shortlist, Author::Model { model, prompt_version }, Some(ranking))
    }

    /// The answer after a model failed.
    pub fn after_model_failed(shortlist: &Shortlist, flaw: Flaw, model: &str) -> Self {
        let (model, prompt_version) = (model.to_owned(), PROMPT_VERSION.to_owned());
        let author = Author::RulesAfterModelFailed { model, prompt_version, flaw };
        Self::of(shortlist, author, None)
    }

    fn of(shortlist: &Shortlist, by: Author, ranking: Option<&Ranking>) -> Self {
        let ranked = ranking.into_iter().flat_map(Ranking::places);
        let ranked: Vec<_> = ranked
            .filter_map(|(id, reason)| Some((shortlist.candidate(id)?, reason.to_owned())))
            .collect();
        let is_ranked = |it: &&Candidate| ranked.iter().any(|(other, _)| other.id == it.id);
        let rest = shortlist.candidates.iter().filter(|it| !is_ranked(it));
        let rest: Vec<_> = rest.map(|it| (it, it.reason(shortlist.asked_for()))).collect();
        let alternatives = ranked.into_iter().chain(rest).map(|(it, reason)| it.shown(reason));
        Self {
            outcome: shortlist.outcome.clone(),
            asked_for: shortlist.asked_for().map(str::to_owned),
            alternatives: alternatives.collect(),
            warnings: shortlist.warnings.clone(),
            suggestion: suggestion(shortlist),
            excluded: shortlist.excluded.clone(),
            facts: shortlist.facts().clone(),
            basis: shortlist.basis.clone(),
            by,
            note: NOTE.to_owned(),
        }
    }

    /// The same as plain information: in the order of the alphabet, with the same stops and
    /// without a word that could be read as advice.
    #[must_use]
    pub fn for_patient(&self) -> Self {
        let mut alternatives = self.alternatives.clone();
        alternatives.sort_by(|one, other| one.name.cmp(&other.name));
        for alternative in &mut alternatives {
            alternative.reason =
                format!("{}, used {}.", alternative.class, uses(&alternative.indications));
            alternative.is_preferred = false;
        }
        let suggestion = match self.outcome {
            Outcome::Alternatives => {
                "These medicines are used for the same. Whether one is right for you is for your doctor to say."
            }
            Outcome::InsufficientInformation { .. }
            | Outcome::NoSafeCandidate
            | Outcome::UnknownMedicine => {
                "Nothing can be said here. Ask your doctor or pharmacist."
            }
        };
        Self {
            alternatives,
            suggestion: suggestion.to_owned(),
            by: Author::Rules { without_model: WithoutModel::ForPatient },
            note: NOTE_FOR_PATIENTS.to_owned(),
            ..self.clone()
        }
    }
}

/// What to do next.
fn suggestion(shortlist: &Shortlist) -> String {
    match &shortlist.outcome {
        Outcome::Alternatives => {
            let count = shortlist.candidates.len();
            let passed = if count == 1 { "1 medicine passed" } else { "medicines passed" };
            let passed = if count == 1 { passed.to_owned() } else { format!("{count} {passed}") };
            format!("{passed} the rules. Read what is noted, decide, and prescribe with the safety check.")
        }
        Outcome::InsufficientInformation { missing } => {
            let words: Vec<_> = missing.iter().map(|gap| words_for(*gap)).collect();
            format!("Nothing is recommended yet. Needed first: {}.", words.join("; "))
        }
        Outcome::NoSafeCandidate => {
            "Something speaks against every medicine that was looked at. Ask a specialist or a pharmacist.".to_owned()
        }
        Outcome::UnknownMedicine => {
            "The medicine is not in the formulary by this name. Name its ingredient.".to_owned()
        }
    }
}

fn words_for(gap: Gap) -> &'static str {
    match gap {
        Gap::Age => "the age",
        Gap::Child => "data for children, which are not here",
        Gap::AllergyStatus => {
            "whether there are allergies (NONE_KNOWN if somebody asked and there are none)"
        }
        Gap::Allergies => "allergies by a name that is known here",
        Gap::CurrentMedications => "what the person takes, by names that are known here",
        Gap::Pregnancy => "whether the person is pregnant",
        Gap::SpecialistReview => "a specialist, because of one of the illnesses",
        Gap::HospitalRules => "rules of the hospital that can be read",
    }
}

/// What something is for, in words: `for fever and pain`.
pub(super) fn uses(indications: &BTreeSet<Indication>) -> String {
    let words: Vec<_> = indications.iter().map(|each| each.words()).collect();
    match words.split_last() {
        None => "for what its label says".to_owned(),
        Some((last, [])) => format!("for {last}"),
        Some((last, others)) => format!("for {} and {last}", others.join(", ")),
    }
}
