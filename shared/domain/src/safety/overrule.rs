//! How a prescriber goes on in spite of what stops.

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::report::{Alert, Kind, Report};
use crate::{Class, Failure, FieldError, access::UserId, text::Text};

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
    /// A reason for everything that stops in this report.
    pub fn of(report: &Report, reason: Text<1000>, by: UserId, at: Timestamp) -> Self {
        Self { reason, by, at, alerts: report.stops().map(|alert| alert.id.clone()).collect() }
    }
}

impl fmt::Debug for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Override").field("by", &self.by).finish_non_exhaustive()
    }
}

impl Report {
    /// Lets the medicines pass if nothing stops that the reason is not about.
    pub fn pass(&self, given: Option<&Override>) -> Result<(), SafetyError> {
        let answered = |alert: &&Alert| given.is_some_and(|given| given.alerts.contains(&alert.id));
        let open: Vec<&Alert> = self.stops().filter(|alert| !answered(alert)).collect();
        let fields = || open.iter().flat_map(|alert| fields_of(alert)).collect();
        if open.is_empty() {
            Ok(())
        } else if open.iter().all(|alert| alert.kind == Kind::NotChecked) {
            Err(SafetyError::Unchecked(fields()))
        } else {
            Err(SafetyError::Contraindicated(fields()))
        }
    }
}

/// Where the alert is in a prescription, and what it says. It repeats nothing that people wrote.
fn fields_of(alert: &Alert) -> Vec<FieldError> {
    let field = |pointer| FieldError {
        pointer,
        detail: format!("{}: {}. {}", alert.rule, alert.title, alert.detail),
    };
    match alert.positions.as_slice() {
        [] => vec![field(String::new())],
        positions => positions.iter().map(|at| field(format!("/medicines/{at}"))).collect(),
    }
}

/// Why medicines are not given without a reason. Every alert that asks for one is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SafetyError {
    /// A rule stops them.
    #[error("the safety check stops this; it takes a reason why it is right nevertheless")]
    Contraindicated(Vec<FieldError>),
    /// Something could not be checked.
    #[error("not everything could be checked; it takes a reason why it is right nevertheless")]
    Unchecked(Vec<FieldError>),
}

impl Failure for SafetyError {
    fn class(&self) -> Class {
        match self {
            Self::Contraindicated(_) => Class::Conflict,
            Self::Unchecked(_) => Class::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Contraindicated(_) => "safety-stop",
            Self::Unchecked(_) => "safety-not-checked",
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Contraindicated(fields) | Self::Unchecked(fields) => fields.clone(),
        }
    }
}
