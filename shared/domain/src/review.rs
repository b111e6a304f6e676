//! Reviews of doctors, by those whom they have seen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Id, Revision,
    access::{Action, Actor, PatientId, Subject, UserId},
    appointment::AppointmentId,
    choice::choice,
    doctor::DoctorId,
    event::Reference,
    failures,
    hospital::HospitalId,
    id::Identified,
    revision::{Revised, revised},
    text::Text,
};

/// An appointment that took place, as far as reviews and records ask for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The appointment.
    pub id: AppointmentId,
    /// Who came.
    pub patient: PatientId,
    /// To whom.
    pub doctor: DoctorId,
    /// At which hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// When it was over.
    pub completed_at: Timestamp,
}

/// What a patient thought of a visit. There is at most one for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Identifies the review.
    pub id: ReviewId,
    /// What is reviewed. No two reviews share a visit.
    pub visit: AppointmentId,
    /// Who is reviewed.
    pub doctor: DoctorId,
    /// By whom.
    pub patient: PatientId,
    /// The stars and words.
    #[serde(flatten)]
    pub opinion: Opinion,
    /// Whether others may read it.
    pub moderation: Moderation,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    revision: Revision,
}

/// Identifies a [`Review`].
pub type ReviewId = Id<Review>;

impl Identified for Review {
    const PREFIX: &'static str = "rev";
}

/// What a patient says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// All in all.
    pub rating: Stars,
    /// How the doctor listened and explained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub communication: Option<Stars>,
    /// How the doctor treated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment: Option<Stars>,
    /// How long the wait was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub punctuality: Option<Stars>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<2000>>,
    /// Whether the author is not named.
    pub is_anonymous: bool,
}

/// One to five stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u8", into = "u8")]
#[schema(value_type = u8, minimum = 1, maximum = 5)]
pub struct Stars(u8);

impl TryFrom<u8> for Stars {
    type Error = BadStars;

    fn try_from(stars: u8) -> Result<Self, Self::Error> {
        if (1..=5).contains(&stars) { Ok(Self(stars)) } else { Err(BadStars) }
    }
}

impl From<Stars> for u8 {
    fn from(stars: Stars) -> Self {
        stars.0
    }
}

/// There are no such stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 5")]
pub struct BadStars;

choice! {
    /// Whether a review may be read by others.
    pub enum Moderation: "a moderation" {
        /// An admin has to read its words first.
        Pending = "PENDING",
        /// Everyone may read it, and it counts.
        Approved = "APPROVED",
        /// Nobody else reads it, and it does not count.
        Rejected = "REJECTED",
    }
}

impl Review {
    /// Reviews the doctor who was visited. Stars alone count at once; words are read first.
    pub fn write(visit: &Visit, opinion: Opinion, now: Timestamp) -> Self {
        Self {
            id: Id::generate(now),
            visit: visit.id,
            doctor: visit.doctor,
            patient: visit.patient,
            moderation: Self::unread(&opinion),
            opinion,
            created_at: now,
            updated_at: now,
            revision: Revision::FIRST,
        }
    }

    /// Says something else. New words are read anew.
    #[must_use]
    pub fn rewrite(self, opinion: Opinion, now: Timestamp) -> Self {
        let moderation = if opinion.text == self.opinion.text {
            self.moderation
        } else {
            Self::unread(&opinion)
        };
        Self { opinion, moderation, updated_at: now, ..self }
    }

    /// Decides whether others may read it.
    #[must_use]
    pub fn moderate(self, moderation: Moderation, now: Timestamp) -> Self {
        Self { moderation, updated_at: now, ..self }
    }

    /// Whether the author's name is kept from `actor`.
    pub fn hides_author_from(&self, actor: &Actor) -> bool {
        self.opinion.is_anonymous
            && actor.user != Some(self.patient.into())
            && actor.allow(Action::ModerateReview).is_err()
    }

    fn unread(opinion: &Opinion) -> Moderation {
        if opinion.text.is_none() { Moderation::Approved } else { Moderation::Pending }
    }
}

revised!(Review);

impl Subject for Review {
    const VIEW: Action = Action::ViewReview;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.patient.into())
    }

    fn is_published(&self) -> bool {
        self.moderation == Moderation::Approved
    }
}

/// What all approved reviews of a doctor come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// How many there are.
    pub count: u32,
    /// How many stars they gave in all.
    pub stars: u32,
}

impl Rating {
    /// The mean, to two digits behind the point.
    pub fn mean(self) -> Option<f64> {
        self.hundredths().map(|hundredths| f64::from(hundredths) / 100.0)
    }

    /// The mean in hundredths, for comparing.
    pub fn hundredths(self) -> Option<u32> {
        (self.count > 0).then(|| (self.stars * 200 / self.count).div_ceil(2))
    }
}

failures! {
    /// Why a review cannot be written or changed.
    pub enum ReviewError {
        NoVisit = Conflict "no-completed-visit" "only a completed visit to the doctor can be reviewed",
        AlreadyReviewed = Conflict "already-reviewed" "this visit has been reviewed",
        Stale = Conflict "review-stale" "the review changed in the meantime",
    }
}
