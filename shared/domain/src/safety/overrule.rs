//! How a prescriber goes on in spite of what stops.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::report::{Alert, DISCLAIMER, Kind, Report, RuleId};
use crate::{Class, Failure, FieldError, access::UserId, glass::Reason, text::Text};

/// Why medicines are right nevertheless.
#[derive(Clone, Debug)]
pub struct Grounds {
    /// The reason.
    pub reason: Reason,
    /// The rules that it is about; whatever stops at that moment if none are named.
    pub rules: Option<BTreeSet<RuleId>>,
}

/// Why a prescriber gave the medicines in spite of what stopped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Override {
    /// The reason.
    pub reason: Text<1000>,
    /// Who gave it.
    pub by: UserId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The alerts that it is about.
    pub alerts: BTreeSet<String>,
}

impl Override {
    /// What the grounds say of this report.
    pub fn of(report: &Report, grounds: &Grounds, by: UserId, at: Timestamp) -> Self {
        let names = |alert: &&Alert| match &grounds.rules {
            Some(rules) => rules.contains(&alert.rule),
            None => true,
        };
        let alerts = report.stops().filter(names).map(|alert| alert.id.clone()).collect();
        Self { reason: Text::known(grounds.reason.reveal()), by, at, alerts }
    }
}

impl fmt::Debug for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Override").field("by", &self.by).finish_non_exhaustive()
    }
}

impl Report {
    /// Lets the medicines pass if nothing stops that the reason is not about. `pointers` say where
    /// the request names each of them.
    pub fn pass(&self, given: Option<&Override>, pointers: &[&str]) -> Result<(), SafetyError> {
        let answered = |alert: &&Alert| given.is_some_and(|given| given.alerts.contains(&alert.id));
        let open: Vec<&Alert> = self.stops().filter(|alert| !answered(alert)).collect();
        let found = || open.iter().flat_map(|alert| fields_of(alert, pointers)).collect();
        let version = self.data_version.clone();
        if open.is_empty() {
            Ok(())
        } else if open.iter().all(|alert| alert.kind == Kind::NotChecked) {
            Err(SafetyError::Unchecked { found: found(), version })
        } else {
            Err(SafetyError::Contraindicated { found: found(), version })
        }
    }
}

/// Where the alert is in the request, what it says, and which rule of which source says so. It
/// repeats nothing that people wrote.
fn fields_of(alert: &Alert, pointers: &[&str]) -> Vec<FieldError> {
    let Alert { rule, title, detail, source, .. } = alert;
    let field = |pointer: &str| FieldError {
        pointer: pointer.to_owned(),
        detail: format!("{rule}: {title}. {detail} ({source})"),
        rule: Some(rule.clone()),
    };
    match alert.positions.as_slice() {
        [] => vec![field("")],
        positions => {
            let pointer = |&at: &usize| pointers.get(at).copied().unwrap_or_default();
            positions.iter().map(pointer).map(field).collect()
        }
    }
}

/// Why medicines are not given without a reason. Every alert that asks for one is told, with the
/// version of the rules that are built in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SafetyError {
    /// A rule stops them.
    #[error(
        "the safety check {version} stops this; it takes a reason why it is right nevertheless. {}",
        DISCLAIMER
    )]
    Contraindicated {
        /// The alerts.
        found: Vec<FieldError>,
        /// The version.
        version: Cow<'static, str>,
    },
    /// Something could not be checked.
    #[error(
        "the safety check {version} could not check everything; it takes a reason why it is right nevertheless. {}",
        DISCLAIMER
    )]
    Unchecked {
        /// The alerts.
        found: Vec<FieldError>,
        /// The version.
        version: Cow<'static, str>,
    },
}

impl Failure for SafetyError {
    fn class(&self) -> Class {
        match self {
            Self::Contraindicated { .. } => Class::Conflict,
            Self::Unchecked { .. } => Class::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Contraindicated { .. } => "safety-stop",
            Self::Unchecked { .. } => "safety-not-checked",
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Contraindicated { found, .. } | Self::Unchecked { found, .. } => found.clone(),
        }
    }
}
