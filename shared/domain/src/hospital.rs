//! Hospitals: the tenants of the hub, from application to approval.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Id, Revision,
    access::{Action, Actor, Subject, UserId},
    choice::choice,
    contact::{EmailAddress, Phone},
    event::Reference,
    failures,
    id::Identified,
    place::GeoPoint,
    revision::{Revised, revised},
    text::Text,
};

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Membership {
    /// Nobody has decided yet.
    Pending,
    /// The hospital has joined.
    Approved {
        /// When it was let in.
        decided_at: Timestamp,
        /// By whom.
        decided_by: Option<UserId>,
    },
    /// The hospital was turned away, perhaps after having joined.
    Rejected {
        /// When.
        decided_at: Timestamp,
        /// By whom.
        decided_by: Option<UserId>,
    },
    /// The hospital was removed.
    Closed {
        /// When.
        decided_at: Timestamp,
        /// By whom.
        decided_by: Option<UserId>,
    },
}

choice! {
    /// Where an application stands, in a word.
    pub enum MembershipName: "a state" {
        /// Nobody has decided yet.
        Pending = "PENDING",
        /// The hospital has joined.
        Approved = "APPROVED",
        /// The hospital was turned away.
        Rejected = "REJECTED",
        /// The hospital was removed.
        Closed = "CLOSED",
    }
}

impl Membership {
    /// The state without its facts.
    pub fn name(self) -> MembershipName {
        match self {
            Self::Pending => MembershipName::Pending,
            Self::Approved { .. } => MembershipName::Approved,
            Self::Rejected { .. } => MembershipName::Rejected,
            Self::Closed { .. } => MembershipName::Closed,
        }
    }
}

/// A hospital, which is a tenant of the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hospital {
    /// Identifies the hospital.
    pub id: HospitalId,
    /// The account that runs it.
    pub owner: UserId,
    /// What it is called.
    pub name: Text<255>,
    /// The licence it works under. No two hospitals share one.
    pub license_number: LicenceNumber,
    /// Where it reads mail.
    pub email: EmailAddress,
    /// How to call it.
    pub phone: Phone,
    /// Street, number and city.
    pub address: Text<500>,
    /// The area it serves, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Text<255>>,
    /// Where it stands on the globe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<GeoPoint>,
    /// When it applied.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    #[serde(flatten)]
    membership: Membership,
    revision: Revision,
}

/// Identifies a [`Hospital`].
pub type HospitalId = Id<Hospital>;

impl Identified for Hospital {
    const PREFIX: &'static str = "hsp";
}

/// A hospital has the same ULID as the account that runs it.
impl From<UserId> for HospitalId {
    fn from(owner: UserId) -> Self {
        owner.ulid().into()
    }
}

impl From<HospitalId> for UserId {
    fn from(hospital: HospitalId) -> Self {
        hospital.ulid().into()
    }
}

/// A licence number as the authority wrote it.
pub type LicenceNumber = Text<100>;

/// What a hospital says of itself when it applies.
#[derive(Clone, Debug)]
pub struct Application {
    /// What it is called.
    pub name: Text<255>,
    /// The licence it works under.
    pub license_number: LicenceNumber,
    /// Where it reads mail.
    pub email: EmailAddress,
    /// How to call it.
    pub phone: Phone,
    /// Street, number and city.
    pub address: Text<500>,
    /// The area it serves, in words.
    pub location: Option<Text<255>>,
    /// Where it stands on the globe.
    pub point: Option<GeoPoint>,
}

impl Hospital {
    /// Applies to join, under the account of `owner`.
    pub fn apply(owner: UserId, application: Application, now: Timestamp) -> Self {
        let Application { name, license_number, email, phone, address, location, point } =
            application;
        Self {
            id: owner.into(),
            owner,
            name,
            license_number,
            email,
            phone,
            address,
            location,
            point,
            created_at: now,
            updated_at: now,
            membership: Membership::Pending,
            revision: Revision::FIRST,
        }
    }

    /// Where the application stands.
    pub fn membership(&self) -> Membership {
        self.membership
    }

    /// Whether the hospital has joined.
    pub fn is_approved(&self) -> bool {
        matches!(self.membership, Membership::Approved { .. })
    }

    /// Whether the hospital has belonged without a break since `then`. Sessions from before
    /// a break have ended, even if the hospital is back.
    pub fn has_belonged_since(&self, then: Timestamp) -> bool {
        matches!(self.membership, Membership::Approved { decided_at, .. } if decided_at <= then)
    }

    /// Lets the hospital join.
    pub fn approve(self, by: &Actor) -> Result<Self, HospitalError> {
        match self.membership {
            Membership::Pending | Membership::Rejected { .. } => {
                Ok(self.decide(Membership::Approved { decided_at: by.at, decided_by: by.user }, by))
            }
            Membership::Approved { .. } => Err(HospitalError::AlreadyDecided),
            Membership::Closed { .. } => Err(HospitalError::Gone),
        }
    }

    /// Turns the hospital away.
    pub fn reject(self, by: &Actor) -> Result<Self, HospitalError> {
        match self.membership {
            Membership::Pending | Membership::Approved { .. } => {
                Ok(self.decide(Membership::Rejected { decided_at: by.at, decided_by: by.user }, by))
            }
            Membership::Rejected { .. } => Err(HospitalError::AlreadyDecided),
            Membership::Closed { .. } => Err(HospitalError::Gone),
        }
    }

    /// Removes the hospital.
    pub fn close(self, by: &Actor) -> Result<Self, HospitalError> {
        match self.membership {
            Membership::Closed { .. } => Err(HospitalError::Gone),
            Membership::Pending | Membership::Approved { .. } | Membership::Rejected { .. } => {
                Ok(self.decide(Membership::Closed { decided_at: by.at, decided_by: by.user }, by))
            }
        }
    }

    fn decide(self, membership: Membership, by: &Actor) -> Self {
        Self { membership, updated_at: by.at, ..self }
    }
}

revised!(Hospital);

impl Subject for Hospital {
    const VIEW: Action = Action::ViewHospital;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.owner)
    }

    fn hospital(&self) -> Option<HospitalId> {
        Some(self.id)
    }

    fn is_published(&self) -> bool {
        self.is_approved()
    }
}

failures! {
    /// Why a hospital cannot join or change.
    pub enum HospitalError {
        LicenceTaken = Conflict "licence-taken" "the licence number is already registered",
        Stale = Conflict "hospital-stale" "the hospital changed in the meantime",
        AlreadyDecided = Conflict "hospital-already-decided" "the hospital is already in this state",
        NotApproved = Forbidden "hospital-not-approved" "the hospital must be approved first",
        Gone = NotFound "not-found" "there is no such record",
    }
}

failures! {
    /// Why a hospital cannot apply.
    pub enum RegistrationError {
        LicenceTaken = Conflict "licence-taken" "the licence number is already registered",
        UsernameTaken = Conflict "username-taken" "the user name is already taken",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::access::Origin;

    fn admin() -> Actor {
        let origin =
            Origin { address: [127, 0, 0, 1].into(), device: None, request: "test".into() };
        Actor::visitor(origin, Timestamp::UNIX_EPOCH)
    }

    fn hospital() -> Hospital {
        let application = Application {
            name: "Example Hospital".to_owned().try_into().unwrap(),
            license_number: "LIC-1".to_owned().try_into().unwrap(),
            email: "desk@example.org".parse().unwrap(),
            phone: "+923001234567".parse().unwrap(),
            address: "1 Example Road".to_owned().try_into().unwrap(),
            location: None,
            point: None,
        };
        let now = Timestamp::UNIX_EPOCH;
        Hospital::apply(Id::generate(now), application, now)
    }

    proptest! {
        #[test]
        fn no_decision_is_made_twice_in_a_row_and_none_after_closing(steps in prop::collection::vec(0..3u8, 0..20)) {
            let mut hospital = hospital();
            for step in steps {
                let before = hospital.membership().name();
                let (next, target) = match step {
                    0 => (hospital.clone().approve(&admin()), MembershipName::Approved),
                    1 => (hospital.clone().reject(&admin()), MembershipName::Rejected),
                    _ => (hospital.clone().close(&admin()), MembershipName::Closed),
                };
                prop_assert_eq!(next.is_ok(), before != target && before != MembershipName::Closed);
                if let Ok(next) = next {
                    prop_assert_eq!(next.membership().name(), target);
                    hospital = next;
                }
            }
        }
    }
}
