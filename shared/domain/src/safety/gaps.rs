//! Reports of checks that were not made, or not on everything there is.

use super::{
    data::version,
    report::{Alert, DISCLAIMER, Kind, Report, RuleId, Severity},
};

impl Report {
    /// The report of a check of nothing.
    pub fn unasked() -> Self {
        Self { alerts: Vec::new(), data_version: version().into(), disclaimer: DISCLAIMER.into() }
    }

    /// The same report, where something of what is known about the patient or the rules of the
    /// hospital could not be read. That stops until somebody says why it is right nevertheless.
    #[must_use]
    pub fn with_gaps(mut self) -> Self {
        let rule = RuleId::known("RECORD-UNREADABLE");
        let alert = Alert {
            id: rule.to_string(),
            rule,
            kind: Kind::NotChecked,
            severity: Severity::Contraindicated,
            adjusted_from: None,
            stops: true,
            title: "A part of the record cannot be read".into(),
            detail: "What the patient takes or the rules of the hospital could not be read as a whole, so the check is not complete.".into(),
            source: "CAREHUB 1".into(),
            medicines: Vec::new(),
            positions: Vec::new(),
            ingredients: Vec::new(),
            allergies: Vec::new(),
        };
        self.alerts.insert(0, alert);
        self
    }
}
