//! What happened, as the audit log keeps it.

use std::{collections::BTreeMap, fmt, net::IpAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Id,
    access::{Action, PatientId, Role, UserId},
    hospital::HospitalId,
    id::Identified,
};

/// One line of the audit log, written with the deed itself and never changed.
///
/// It says who did what to which record. It never says what people wrote, what they
/// are called or how to reach them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Identifies the event. Consumers that see it twice act once.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What was done.
    pub action: Action,
    /// By whom; nobody for visitors and the hub itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<UserId>,
    /// In which role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// To what.
    pub subject: Reference,
    /// In which hospital, if in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// The patient it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// The names of the fields that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Facts worth knowing: ids, states, counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
    /// The address the request came from.
    pub address: IpAddr,
    /// The program that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The request that did it.
    pub request: String,
}

impl Identified for Event {
    const PREFIX: &'static str = "evt";
}

/// Identifies an [`Event`].
pub type EventId = Id<Event>;

/// Names a record in the audit log, such as `hsp_01J9…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(String);

impl Reference {
    /// Names the hub as a whole.
    pub fn hub() -> Self {
        Self("hub".to_owned())
    }

    /// Names what has no identifier of its own.
    pub fn named(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Identified> From<Id<T>> for Reference {
    fn from(id: Id<T>) -> Self {
        Self(id.to_string())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
