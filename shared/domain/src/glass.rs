//! Breaking the glass: a doctor opens a repository in an emergency, without asking the patient.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::{
    Id, Revision,
    access::{Action, Actor, PatientId, Subject, UserId},
    choice::choice,
    doctor::{Doctor, DoctorId},
    event::Reference,
    failures,
    grant::Grant,
    hospital::HospitalId,
    id::Identified,
    patient::{Patient, Roster},
    revision::{Revised, revised},
    text::{BadText, Text},
};

/// How long an emergency lasts.
pub const EMERGENCY: SignedDuration = SignedDuration::from_hours(1);

/// A doctor opened a repository without asking the patient. It is told to the patient and the
/// hospital at once, and somebody other than the doctor says whether it was right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyAccess {
    /// Identifies it.
    pub id: EmergencyAccessId,
    /// Who opened it.
    pub doctor: DoctorId,
    /// What the doctor was called then.
    pub doctor_name: Text<301>,
    /// The hospital the doctor works at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// Whose repository it is.
    pub patient: PatientId,
    /// What the patient was called then.
    pub patient_name: Text<301>,
    /// Why it could not wait.
    pub reason: Reason,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it closes by itself.
    pub expires_at: Timestamp,
    /// What somebody thought of it afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<EmergencyReview>,
    revision: Revision,
}

/// Identifies an [`EmergencyAccess`].
pub type EmergencyAccessId = Id<EmergencyAccess>;

impl Identified for EmergencyAccess {
    const PREFIX: &'static str = "gls";
}

/// What somebody thought of an emergency afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyReview {
    /// Whether it was one.
    pub outcome: Outcome,
    /// What there is to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Text<2000>>,
    /// Who thought so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

choice! {
    /// Whether a repository was rightly opened in an emergency.
    pub enum Outcome: "an outcome" {
        /// It was.
        Justified = "JUSTIFIED",
        /// It was not.
        Unjustified = "UNJUSTIFIED",
    }
}

choice! {
    /// Where the review of an emergency stands.
    pub enum EmergencyStatus: "a status" {
        /// Nobody has looked at it yet.
        Pending = "PENDING",
        /// The repository was rightly opened.
        Justified = "JUSTIFIED",
        /// It was not.
        Unjustified = "UNJUSTIFIED",
    }
}

/// Why something was done that needs a reason: 10 to 1000 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reason(Text<1000>);

impl Reason {
    const SHORTEST: usize = 10;

    /// The reason itself.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl TryFrom<String> for Reason {
    type Error = BadReason;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = Text::try_from(text)?;
        match text.reveal().chars().count() {
            short if short < Self::SHORTEST => Err(BadReason::TooShort),
            _ => Ok(Self(text)),
        }
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.0.into()
    }
}

impl PartialSchema for Reason {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(Self::SHORTEST))
            .max_length(Some(1000))
            .into()
    }
}

impl ToSchema for Reason {}

/// The text is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadReason {
    /// It says too little.
    #[error("must have at least 10 characters")]
    TooShort,
    /// It cannot be kept.
    #[error(transparent)]
    Text(#[from] BadText),
}

/// A closed repository with a doctor before it.
///
/// Whoever is a doctor may stand there, with whatever patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glass {
    /// The doctor.
    pub doctor: Doctor,
    /// Whose repository it is.
    pub patient: Patient,
    /// What the doctor was given before.
    pub grant: Option<Grant>,
}

impl Glass {
    /// Breaks it. Somebody must have vouched for the doctor.
    pub fn shatter(&self, reason: Reason, by: &Actor) -> Result<EmergencyAccess, GlassError> {
        let Doctor { hospital, verified, is_active, .. } = &self.doctor;
        if !is_active || (hospital.is_none() && verified.is_none()) {
            return Err(GlassError::NotVouchedFor);
        }
        Ok(EmergencyAccess {
            id: Id::generate(by.at),
            doctor: self.doctor.id,
            doctor_name: self.doctor.name.signature(),
            hospital: *hospital,
            patient: self.patient.id,
            patient_name: self.patient.name.signature(),
            reason,
            opened_at: by.at,
            expires_at: by.at + EMERGENCY,
            review: None,
            revision: Revision::FIRST,
        })
    }

    /// The grant that comes with it, unless the doctor has one that lasts longer.
    pub fn grant(&self, access: &EmergencyAccess) -> Option<Grant> {
        let lasts = self.grant.as_ref().is_some_and(|grant| grant.expires_at > access.expires_at);
        (!lasts).then(|| Grant::in_emergency(access))
    }
}

impl Subject for Glass {
    const VIEW: Action = Action::BreakGlass;

    fn reference(&self) -> Reference {
        self.patient.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.doctor.id.into())
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient.id)
    }
}

impl EmergencyAccess {
    /// Where its review stands.
    pub fn status(&self) -> EmergencyStatus {
        match self.review.as_ref().map(|review| review.outcome) {
            None => EmergencyStatus::Pending,
            Some(Outcome::Justified) => EmergencyStatus::Justified,
            Some(Outcome::Unjustified) => EmergencyStatus::Unjustified,
        }
    }

    /// Notes what `by` thinks of it. That is said once.
    pub fn judge(
        self,
        outcome: Outcome,
        notes: Option<Text<2000>>,
        by: &Actor,
    ) -> Result<Self, GlassError> {
        if self.review.is_some() {
            return Err(GlassError::Reviewed);
        }
        let review = EmergencyReview { outcome, notes, by: by.user, at: by.at };
        Ok(Self { review: Some(review), ..self })
    }

    /// Whether its review ends a grant: one that came with it, when it was no emergency.
    pub fn ends(&self, grant: &Grant) -> bool {
        self.status() == EmergencyStatus::Unjustified && grant.emergency == Some(self.id)
    }
}

revised!(EmergencyAccess);

impl Subject for EmergencyAccess {
    const VIEW: Action = Action::ViewEmergency;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn is_of(&self, user: UserId) -> bool {
        [UserId::from(self.doctor), self.patient.into()].contains(&user)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

/// The emergencies of somebody, or of the whole hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emergencies {
    /// Whose they are.
    pub roster: Roster,
}

impl Emergencies {
    /// Those that `actor` looks at: an admin's are those of the hub.
    pub fn of(actor: &Actor) -> Self {
        Self { roster: Roster::of(actor) }
    }
}

impl Subject for Emergencies {
    const VIEW: Action = Action::ListEmergencies;

    fn reference(&self) -> Reference {
        self.roster.keeper.map_or_else(Reference::hub, Reference::from)
    }

    fn owner(&self) -> Option<UserId> {
        self.roster.keeper
    }
}

failures! {
    /// Why the glass is not broken, or its breaking not judged.
    pub enum GlassError {
        NotVouchedFor = Forbidden "not-vouched-for" "only doctors of a hospital that has joined, or whom somebody verified, may do this",
        Reviewed = Conflict "emergency-reviewed" "somebody has judged this before",
        Stale = Conflict "emergency-stale" "the emergency access changed in the meantime",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::{Origin, Part, Role};

    const ULID: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D3";

    fn now() -> Timestamp {
        "2030-01-07T08:00:00Z".parse().unwrap()
    }

    fn actor() -> Actor {
        let origin = Origin { address: [127, 0, 0, 1].into(), device: None, request: "r".into() };
        let user = format!("usr_{ULID}").parse().ok();
        Actor { user, part: Part::Member(Role::Doctor), ..Actor::visitor(origin, now()) }
    }

    fn glass() -> Glass {
        let patient = json!({
            "id": format!("pat_{ULID}"), "name": {"first": "Ana"}, "created_at": now(),
            "updated_at": now(), "standing": "current", "revision": 1,
        });
        let doctor = json!({
            "id": format!("doc_{ULID}"), "name": {"first": "Ali"}, "is_active": true,
            "created_at": now(), "updated_at": now(), "revision": 1,
            "hospital": format!("hsp_{ULID}"),
        });
        let patient = serde_json::from_value(patient).unwrap();
        Glass { doctor: serde_json::from_value(doctor).unwrap(), patient, grant: None }
    }

    fn reason() -> Reason {
        "Unconscious, no relatives here".to_owned().try_into().unwrap()
    }

    #[test]
    fn a_reason_says_something_but_not_everything() {
        let read = |text: String| Reason::try_from(text).map(|_| ());
        assert_eq!(read("  urgent   ".to_owned()), Err(BadReason::TooShort));
        assert_eq!(read("x".repeat(10)), Ok(()));
        assert_eq!(read("x".repeat(1001)), Err(BadText::TooLong { max: 1000 }.into()));
        assert!(!format!("{:?}", reason()).contains("Unconscious"));
    }

    #[test]
    fn somebody_must_vouch_for_the_doctor() {
        let mut alone = glass();
        alone.doctor.hospital = None;
        assert_eq!(alone.shatter(reason(), &actor()), Err(GlassError::NotVouchedFor));
        alone.doctor.verified = Some(crate::doctor::Verified { at: now(), by: None });
        assert!(alone.shatter(reason(), &actor()).is_ok());
        let mut gone = glass();
        gone.doctor.is_active = false;
        assert_eq!(gone.shatter(reason(), &actor()), Err(GlassError::NotVouchedFor));
    }

    #[test]
    fn a_longer_grant_is_not_shortened() {
        let mut glass = glass();
        let access = glass.shatter(reason(), &actor()).unwrap();
        let grant = glass.grant(&access).unwrap();
        assert_eq!((grant.expires_at, grant.emergency), (now() + EMERGENCY, Some(access.id)));
        let shorter = Grant::open(access.doctor, access.patient, now());
        glass.grant = Some(shorter.clone());
        assert!(glass.grant(&access).is_some());
        glass.grant = Some(Grant { expires_at: now() + EMERGENCY * 2, ..shorter });
        assert_eq!(glass.grant(&access), None);
    }

    #[test]
    fn what_was_no_emergency_ends_with_its_review() {
        let glass = glass();
        let access = glass.shatter(reason(), &actor()).unwrap();
        let own = glass.grant(&access).unwrap();
        let judged = |outcome| access.clone().judge(outcome, None, &actor()).unwrap();

        assert!(judged(Outcome::Unjustified).ends(&own));
        assert!(!judged(Outcome::Justified).ends(&own) && !access.ends(&own));
        let given = Grant::open(access.doctor, access.patient, now());
        assert!(!judged(Outcome::Unjustified).ends(&given));
        let another = glass.shatter(reason(), &actor()).unwrap();
        assert!(!judged(Outcome::Unjustified).ends(&Grant::in_emergency(&another)));
    }

    #[test]
    fn an_emergency_is_judged_once() {
        let access = glass().shatter(reason(), &actor()).unwrap();
        assert_eq!(access.status(), EmergencyStatus::Pending);
        let judged = access.judge(Outcome::Unjustified, None, &actor()).unwrap();
        assert_eq!(judged.status(), EmergencyStatus::Unjustified);
        let again = judged.judge(Outcome::Justified, None, &actor());
        assert_eq!(again, Err(GlassError::Reviewed));
    }
}
