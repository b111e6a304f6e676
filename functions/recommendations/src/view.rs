//! How a recommendation is shown.

use std::collections::BTreeSet;

use carehub_domain::{
    access::PatientId,
    formulary::Indication,
    recommendation::{
        Alternative, Audience, Author, Basis, Decision, Excluded, FactsUsed, FailureCause,
        Findings, Gap, NOTE, NOTE_FOR_PATIENTS, Outcome, Recommendation, RecommendationId,
        RecommendationState, Warning,
    },
    text::Text,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody asked, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecommendationView {
    /// Identifies it.
    pub id: RecommendationId,
    /// How far it has come. There is nothing to read before `DONE`.
    pub state: RecommendationState,
    /// Why it was not answered, if it was given up.
    pub cause: Option<FailureCause>,
    /// The medicine in question, as it was asked.
    pub medicine_name: Option<Text<200>>,
    /// What it is to be for.
    pub indication: Option<Indication>,
    /// The patient whose record the facts come from.
    pub patient: Option<PatientId>,
    /// For whom the answer is.
    pub audience: Audience,
    /// Whether anything is recommended: `ALTERNATIVES`, `INSUFFICIENT_INFORMATION`,
    /// `NO_SAFE_CANDIDATE` or `UNKNOWN_MEDICINE`.
    pub outcome: Option<String>,
    /// What has to be known first.
    pub missing: BTreeSet<Gap>,
    /// The medicine in question, as the data call it.
    pub asked_for: Option<String>,
    /// What could be given, the best first.
    pub alternatives: Vec<Alternative>,
    /// What speaks against the medicine in question, and what was not looked at.
    pub warnings: Vec<Warning>,
    /// What to do, in a sentence.
    pub suggestion: Option<String>,
    /// What was looked at and left out.
    pub excluded: Vec<Excluded>,
    /// What was known about the person, as it was understood.
    pub facts: Option<FactsUsed>,
    /// What the answer rests on.
    pub basis: Option<Basis>,
    /// Who put the alternatives in order.
    pub by: Option<Author>,
    /// What became of the draft.
    pub decision: Option<Decision>,
    /// Whether the answer was there already.
    pub cached: bool,
    /// How long it took, in milliseconds.
    pub response_time_ms: Option<i64>,
    /// What to keep in mind.
    pub note: String,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When it was answered or given up.
    pub finished_at: Option<Timestamp>,
}

impl From<Recommendation> for RecommendationView {
    fn from(asked: Recommendation) -> Self {
        let note = match asked.audience {
            Audience::Clinician => NOTE,
            Audience::Patient => NOTE_FOR_PATIENTS,
        };
        let time = asked.response_time();
        let view = Self {
            id: asked.id,
            state: asked.state(),
            cause: asked.cause(),
            patient: asked.patient,
            audience: asked.audience,
            outcome: None,
            missing: BTreeSet::new(),
            asked_for: None,
            alternatives: Vec::new(),
            warnings: Vec::new(),
            suggestion: None,
            excluded: Vec::new(),
            facts: None,
            basis: None,
            by: None,
            decision: asked.decision().cloned(),
            cached: asked.is_cached(),
            response_time_ms: time.and_then(|time| i64::try_from(time.as_millis()).ok()),
            note: note.to_owned(),
            created_at: asked.asked_at,
            finished_at: asked.finished_at(),
            medicine_name: asked.inquiry.medicine_name.clone(),
            indication: asked.inquiry.indication,
        };
        match asked.findings() {
            Some(findings) => view.showing(findings),
            None => view,
        }
    }
}

impl RecommendationView {
    fn showing(self, findings: Findings) -> Self {
        let outcome = findings.outcome.code().to_owned();
        let missing = match findings.outcome {
            Outcome::InsufficientInformation { missing } => missing,
            Outcome::Alternatives | Outcome::NoSafeCandidate | Outcome::UnknownMedicine => {
                BTreeSet::new()
            }
        };
        Self {
            outcome: Some(outcome),
            missing,
            asked_for: findings.asked_for,
            alternatives: findings.alternatives,
            warnings: findings.warnings,
            suggestion: Some(findings.suggestion),
            excluded: findings.excluded,
            facts: Some(findings.facts),
            basis: Some(findings.basis),
            by: Some(findings.by),
            note: findings.note,
            ..self
        }
    }
}
