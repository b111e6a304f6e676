//! Recommendations: a draft of what could be given instead of a medicine, or for a complaint.
//!
//! Rules choose the candidates and judge them, as they judge prescriptions. A language model may
//! put what they left in order and say why; it sees no person and no free text, and it can
//! neither add a medicine nor take an alert away. What is not known makes no recommendation.
//! `docs/SAFETY.md` says what this is good for and what not.

mod answer;
mod findings;
mod inquiry;
mod limits;
mod prompt;
mod settings;
mod shortlist;

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use utoipa::ToSchema;

pub use self::{
    answer::{Answer, Flaw, Ranking},
    findings::{
        Alternative, Author, Basis, Excluded, FactsUsed, Findings, NOTE, NOTE_FOR_PATIENTS,
        Outcome, Warning, WithoutModel,
    },
    inquiry::{BadInquiry, Facts, Gap, Inquiry, InquiryKey, RULES_VERSION},
    limits::Budget,
    prompt::{PROMPT_VERSION, Prompt, prompt, repair},
    settings::{RecommendationSettings, SettingsError},
    shortlist::{Candidate, CandidateId, MOST_CANDIDATES, Shortlist, candidates},
};
use crate::{
    Id, Revision,
    access::{Action, Actor, PatientId, Subject, UserId},
    choice::choice,
    event::Reference,
    failures,
    hospital::HospitalId,
    id::Identified,
    revision::{Revised, revised},
    text::Text,
};

/// Something that somebody asked for, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    /// Identifies it.
    pub id: RecommendationId,
    /// Who shares the answer and the budget.
    pub tenant: Tenant,
    /// Who asked.
    pub requester: UserId,
    /// The patient whose record the facts come from, if they come from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// For whom the answer is.
    pub audience: Audience,
    /// What is asked.
    pub inquiry: Inquiry,
    /// Names the question among those of the tenant.
    pub key: InquiryKey,
    /// When it was asked.
    pub asked_at: Timestamp,
    progress: Progress,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decision: Option<Decision>,
    revision: Revision,
}

/// Identifies a [`Recommendation`].
pub type RecommendationId = Id<Recommendation>;

impl Identified for Recommendation {
    const PREFIX: &'static str = "rcm";
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum Progress {
    Queued,
    Done { findings: Box<Findings>, finished_at: Timestamp, is_cached: bool },
    Failed { cause: FailureCause, finished_at: Timestamp },
}

choice! {
    /// How far a recommendation has come.
    pub enum RecommendationState: "a state of a recommendation" {
        /// It waits for its turn.
        Queued = "QUEUED",
        /// It is answered.
        Done = "DONE",
        /// It will not be answered.
        Failed = "FAILED",
    }
}

choice! {
    /// Why a recommendation was not answered.
    pub enum FailureCause: "a cause" {
        /// It was tried as often as anything is.
        GaveUp = "GAVE_UP",
        /// What it is about cannot be read any more.
        Unreadable = "UNREADABLE",
    }
}

choice! {
    /// For whom an answer is.
    pub enum Audience: "an audience" {
        /// Somebody who prescribes, or runs a place where others do.
        Clinician = "CLINICIAN",
        /// Somebody who asks about themselves.
        Patient = "PATIENT",
    }
}

/// Who shares answers and a budget: a hospital, or somebody who belongs to none.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, SerializeDisplay, DeserializeFromStr,
)]
pub enum Tenant {
    /// The people of a hospital.
    Hospital(HospitalId),
    /// One person, who shares with nobody.
    Person(UserId),
}

impl Tenant {
    /// Whom `actor` shares with; nobody if they have no account.
    pub fn of(actor: &Actor) -> Option<Self> {
        let hospital = actor.hospital.map(Self::Hospital);
        hospital.or_else(|| actor.user.map(Self::Person))
    }

    /// The hospital, if it is one.
    pub fn hospital(self) -> Option<HospitalId> {
        match self {
            Self::Hospital(hospital) => Some(hospital),
            Self::Person(_) => None,
        }
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hospital(hospital) => hospital.fmt(f),
            Self::Person(user) => user.fmt(f),
        }
    }
}

impl FromStr for Tenant {
    type Err = UnknownTenant;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hospital = text.parse().map(Self::Hospital);
        hospital.or_else(|_| text.parse().map(Self::Person)).map_err(|_| UnknownTenant)
    }
}

/// The text names neither a hospital nor a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the identifier of a hospital or of a person")]
pub struct UnknownTenant;

choice! {
    /// What became of a draft.
    pub enum Verdict: "a decision" {
        /// It was taken as it is.
        Accepted = "ACCEPTED",
        /// Something like it was done.
        Edited = "EDITED",
        /// It was of no use.
        Rejected = "REJECTED",
    }
}

/// What whoever asked made of the draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// What became of it.
    pub decision: Verdict,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<1000>>,
    /// Whose decision it was.
    pub by: Option<UserId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl Recommendation {
    /// Somebody asks. It waits for its turn.
    pub fn ask(question: Question, tenant: Tenant, requester: UserId, by: &Actor) -> Self {
        let Question { inquiry, audience, patient, key } = question;
        Self {
            id: Id::generate(by.at),
            tenant,
            requester,
            patient,
            audience,
            inquiry,
            key,
            asked_at: by.at,
            progress: Progress::Queued,
            decision: None,
            revision: Revision::FIRST,
        }
    }

    /// The same question was answered a short while ago.
    #[must_use]
    pub fn known_already(self, findings: Findings) -> Self {
        let finished_at = self.asked_at;
        let findings = Box::new(findings);
        Self { progress: Progress::Done { findings, finished_at, is_cached: true }, ..self }
    }

    /// Answers it, once.
    pub fn answer(self, findings: Findings, at: Timestamp) -> Result<Self, RecommendationError> {
        let findings = Box::new(findings);
        self.finish(Progress::Done { findings, finished_at: at, is_cached: false })
    }

    /// Gives up on it.
    pub fn fail(self, cause: FailureCause, at: Timestamp) -> Result<Self, RecommendationError> {
        self.finish(Progress::Failed { cause, finished_at: at })
    }

    fn finish(self, progress: Progress) -> Result<Self, RecommendationError> {
        match self.progress {
            Progress::Queued => Ok(Self { progress, ..self }),
            Progress::Done { .. } | Progress::Failed { .. } => Err(RecommendationError::Finished),
        }
    }

    /// Says what became of the draft, once. Whoever does not take it as it is says why.
    pub fn decide(
        self,
        decision: Verdict,
        reason: Option<Text<1000>>,
        by: &Actor,
    ) -> Result<Self, RecommendationError> {
        if self.findings().is_none() {
            return Err(RecommendationError::NotDone);
        }
        if self.decision.is_some() {
            return Err(RecommendationError::Decided);
        }
        if decision != Verdict::Accepted && reason.is_none() {
            return Err(RecommendationError::NoReason);
        }
        let decision = Decision { decision, reason, by: by.user, at: by.at };
        Ok(Self { decision: Some(decision), ..self })
    }

    /// How far it has come.
    pub fn state(&self) -> RecommendationState {
        match self.progress {
            Progress::Queued => RecommendationState::Queued,
            Progress::Done { .. } => RecommendationState::Done,
            Progress::Failed { .. } => RecommendationState::Failed,
        }
    }

    /// What was found, as those see it for whom it is.
    pub fn findings(&self) -> Option<Findings> {
        let Progress::Done { findings, .. } = &self.progress else { return None };
        Some(match self.audience {
            Audience::Clinician => (**findings).clone(),
            Audience::Patient => findings.for_patient(),
        })
    }

    /// Why there is no answer, if there will be none.
    pub fn cause(&self) -> Option<FailureCause> {
        match self.progress {
            Progress::Failed { cause, .. } => Some(cause),
            Progress::Queued | Progress::Done { .. } => None,
        }
    }

    /// When it was answered or given up.
    pub fn finished_at(&self) -> Option<Timestamp> {
        match self.progress {
            Progress::Queued => None,
            Progress::Done { finished_at, .. } | Progress::Failed { finished_at, .. } => {
                Some(finished_at)
            }
        }
    }

    /// How long it took.
    pub fn response_time(&self) -> Option<SignedDuration> {
        Some(self.finished_at()?.duration_since(self.asked_at))
    }

    /// Whether the answer was there already.
    pub fn is_cached(&self) -> bool {
        matches!(self.progress, Progress::Done { is_cached: true, .. })
    }

    /// What became of the draft.
    pub fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }
}

/// What somebody asks, ready to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub inquiry: Inquiry,
    /// For whom the answer is.
    pub audience: Audience,
    /// The patient whose record the facts come from, if they come from one.
    pub patient: Option<PatientId>,
    /// Names the question among those of the tenant.
    pub key: InquiryKey,
}

revised!(Recommendation);

impl Subject for Recommendation {
    const VIEW: Action = Action::ViewRecommendation;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.requester)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.tenant.hospital()
    }

    fn patient(&self) -> Option<PatientId> {
        self.patient
    }
}

/// What somebody asked, as a list of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecommendationList {
    /// Who asked.
    pub requester: UserId,
}

impl Subject for RecommendationList {
    const VIEW: Action = Action::ViewRecommendation;

    fn reference(&self) -> Reference {
        self.requester.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.requester)
    }
}

failures! {
    /// Why nothing is recommended to somebody, or a recommendation cannot be changed.
    pub enum RecommendationError {
        Closed = Forbidden "recommendation-closed" "no hospital of yours informs its patients here; ask your doctor",
        Stale = Conflict "recommendation-stale" "the recommendation changed in the meantime",
        Finished = Conflict "recommendation-finished" "the recommendation was answered or given up already",
        NotDone = Conflict "recommendation-not-done" "only a recommendation that is answered is decided on",
        Decided = Conflict "recommendation-decided" "what became of the draft was said already",
        NoReason = Invalid "recommendation-reason" "whoever does not take the draft as it is says why",
    }
}

#[cfg(test)]
mod tests;
