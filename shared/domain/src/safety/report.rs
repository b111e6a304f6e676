//! What the check found.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::choice::choice;

/// What every report says.
pub const DISCLAIMER: &str = "No alert does not mean no interaction.";

choice! {
    /// What an alert is about.
    pub enum Kind: "a kind of alert" {
        /// Two medicines that do not go together.
        Interaction = "INTERACTION",
        /// A medicine that the patient may not bear.
        Allergy = "ALLERGY",
        /// The same twice, or two of one class.
        Duplicate = "DUPLICATE",
        /// Too much in a day.
        Dose = "DOSE",
        /// Something that could not be checked.
        NotChecked = "NOT_CHECKED",
    }
}

choice! {
    /// How much an alert weighs.
    pub enum Severity: "a severity" {
        /// Not without a reason.
        Contraindicated = "CONTRAINDICATED",
        /// Think about it.
        Warning = "WARNING",
        /// Good to know.
        Note = "NOTE",
    }
}

/// Names a rule, such as `ONC-25`. Rules of hospitals begin with `SITE-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, SerializeDisplay, DeserializeFromStr)]
pub struct RuleId(Cow<'static, str>);

impl RuleId {
    /// The longest name of a rule.
    const LONGEST: usize = 40;

    /// The name of a rule that is built in.
    pub(crate) const fn known(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has the shape of a rule of a hospital: `SITE-` and a number.
    pub(super) fn is_of_site(&self) -> bool {
        self.0.strip_prefix("SITE-").is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
        })
    }
}

impl FromStr for RuleId {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = text.trim().to_ascii_uppercase();
        let sound = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if sound && (1..=Self::LONGEST).contains(&id.len()) {
            Ok(Self(Cow::Owned(id)))
        } else {
            Err(UnknownRule)
        }
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialSchema for RuleId {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .examples(["ONC-25", "SITE-1"])
            .max_length(Some(Self::LONGEST))
            .into()
    }
}

impl ToSchema for RuleId {}

/// The text names no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the name of a rule, such as ONC-25 or SITE-1")]
pub struct UnknownRule;

/// Something that speaks against the medicines, or could not be checked.
///
/// It tells what somebody takes and does not bear, so `Debug` shows only the rule.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// Names the alert: the same for the same rule and the same ingredients. It may name
    /// medicines, so the audit log takes the rule instead.
    pub id: String,
    /// The rule behind it.
    pub rule: RuleId,
    /// What it is about.
    pub kind: Kind,
    /// How much it weighs.
    pub severity: Severity,
    /// How much it would weigh if the hospital had not changed that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusted_from: Option<Severity>,
    /// Whether the medicines are not given without a reason.
    pub stops: bool,
    /// What the rule says in a few words.
    #[schema(value_type = String)]
    pub title: Cow<'static, str>,
    /// Why, in one sentence.
    #[schema(value_type = String)]
    pub detail: Cow<'static, str>,
    /// Where the rule comes from, and in which version.
    #[schema(value_type = String)]
    pub source: Cow<'static, str>,
    /// The medicines that it is about, as they were written.
    pub medicines: Vec<String>,
    /// Which of the new medicines those are, counted from 0.
    pub positions: Vec<usize>,
    /// The ingredients that it is about.
    #[schema(value_type = Vec<String>)]
    pub ingredients: Vec<Cow<'static, str>>,
    /// The recorded allergies that it is about, as they were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allergies: Vec<String>,
}

impl fmt::Debug for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alert").field("rule", &self.rule).finish_non_exhaustive()
    }
}

/// What the check found, what weighs most first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// What speaks against the medicines.
    pub alerts: Vec<Alert>,
    /// The version of the rules that are built in.
    #[schema(value_type = String)]
    pub data_version: Cow<'static, str>,
    /// What to keep in mind.
    #[schema(value_type = String)]
    pub disclaimer: Cow<'static, str>,
}

impl Report {
    /// What keeps the medicines from being given without a reason.
    pub fn stops(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.iter().filter(|alert| alert.stops)
    }

    /// Whether every medicine, every allergy and every rule of the hospital was understood.
    pub fn is_complete(&self) -> bool {
        self.stops().all(|alert| alert.kind != Kind::NotChecked)
    }
}
