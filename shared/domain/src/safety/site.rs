//! What a hospital adds to the rules, and how much it lets them weigh.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    data::{Lists, Rule, Sides, built_in, data},
    lexicon::{Ingredient, plain},
    report::{Kind, RuleId, Severity},
};
use crate::{
    Class, Failure, FieldError, Revision,
    access::{Action, Actor, Subject, UserId},
    event::Reference,
    failures,
    hospital::HospitalId,
    revision::{Revised, revised},
    text::Text,
};

/// How many rules a hospital may have.
const MOST_RULES: usize = 100;
/// How many names a list of a rule may have.
const MOST_NAMES: usize = 200;
/// How many names all rules of a hospital may have together.
const MOST_NAMES_OF_ALL: usize = 2000;

/// A rule of a hospital about two medicines: one of the objects with one of the precipitants, or
/// any two of one list. Names are those of ingredients, medicines of one ingredient, and classes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteRule {
    /// Names it: `SITE-` and a number.
    pub id: RuleId,
    /// What it says in a few words.
    pub title: Text<200>,
    /// How much it weighs.
    pub severity: Severity,
    /// Medicines on one side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Text<100>>,
    /// Medicines on the other side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub precipitants: Vec<Text<100>>,
    /// Medicines of which no two go together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_two_of: Vec<Text<100>>,
    /// Why, in one sentence.
    pub detail: Text<500>,
    /// Where it comes from.
    pub source: Text<300>,
}

impl SiteRule {
    fn lists(&mut self) -> [(&'static str, &mut Vec<Text<100>>); 3] {
        [
            ("objects", &mut self.objects),
            ("precipitants", &mut self.precipitants),
            ("any_two_of", &mut self.any_two_of),
        ]
    }

    fn has_two_sides(&self) -> bool {
        match (self.objects.is_empty(), self.precipitants.is_empty(), self.any_two_of.is_empty()) {
            (false, false, _) | (true, true, false) => true,
            (true, false, _) | (false, true, _) | (true, true, true) => false,
        }
    }

    fn members(&self) -> Option<Lists> {
        let all = |names: &[Text<100>]| {
            let found = names.iter().map(|name| data().members(name.reveal()));
            let found: Option<Vec<_>> = found.map(|found| found.map(|(_, list)| list)).collect();
            found.map(|lists| lists.concat())
        };
        Some(Lists {
            objects: all(&self.objects)?,
            precipitants: all(&self.precipitants)?,
            any_two_of: all(&self.any_two_of)?,
        })
    }

    fn rule(&self) -> Rule {
        Rule {
            id: self.id.clone(),
            kind: Kind::Interaction,
            severity: self.severity,
            title: self.title.reveal().to_owned().into(),
            why: self.detail.reveal().to_owned().into(),
            source: self.source.reveal().to_owned().into(),
        }
    }
}

/// What a hospital adds to the rules. A hospital that says nothing has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SiteRules {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    severities: BTreeMap<RuleId, Severity>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<SiteRule>,
}

impl SiteRules {
    /// Takes over what a hospital says. Each name has to be known, and is kept as it is called
    /// here; what could not be checked keeps its weight.
    pub fn of(
        severities: BTreeMap<RuleId, Severity>,
        mut rules: Vec<SiteRule>,
    ) -> Result<Self, BadSiteRules> {
        let mut wrong = Vec::new();
        if rules.len() > MOST_RULES {
            return Err(BadSiteRules(vec![FieldError::of("rules", "must be at most 100")]));
        }
        let mut ids = BTreeSet::new();
        let mut names = 0;
        for (at, rule) in rules.iter_mut().enumerate() {
            let mut refuse = |field: &str, detail: &str| {
                wrong.push(FieldError::of(&format!("rules/{at}{field}"), detail));
            };
            if !rule.id.is_of_site() || !ids.insert(rule.id.clone()) {
                refuse("/id", "must be SITE- and a number that no other rule has");
            }
            if !rule.has_two_sides() {
                refuse("", "must have objects and precipitants, or any_two_of");
            }
            for (list, given) in rule.lists() {
                names += given.len();
                if given.len() > MOST_NAMES {
                    refuse(&format!("/{list}"), "must have at most 200 names");
                    continue;
                }
                for (at, name) in given.iter_mut().enumerate() {
                    match data().members(&plain(name.reveal())) {
                        Some((known, _)) => *name = Text::known(known),
                        None => refuse(
                            &format!("/{list}/{at}"),
                            "must be a known ingredient, medicine of one ingredient, or class",
                        ),
                    }
                }
            }
        }
        if names > MOST_NAMES_OF_ALL {
            wrong.push(FieldError::of("rules", "must have at most 2000 names together"));
        }
        for id in severities.keys() {
            let known =
                ids.contains(id) || built_in().any(|rule| rule.id == *id && rule.is_adjustable());
            if !known {
                wrong.push(FieldError::of(
                    &format!("severities/{id}"),
                    "must be a rule whose severity can be changed",
                ));
            }
        }
        if wrong.is_empty() { Ok(Self { severities, rules }) } else { Err(BadSiteRules(wrong)) }
    }

    /// How much rules weigh at the hospital, where it is not as built in.
    pub fn severities(&self) -> &BTreeMap<RuleId, Severity> {
        &self.severities
    }

    /// The rules that the hospital added.
    pub fn rules(&self) -> &[SiteRule] {
        &self.rules
    }

    /// The rules, ready for the check.
    pub(super) fn compile(&self) -> Compiled {
        let mut compiled = Compiled::default();
        for (bit, rule) in self.rules.iter().take(MOST_RULES).enumerate() {
            compiled.sides.resize(data().ingredients.len(), Sides::default());
            match rule.members() {
                Some(lists) => lists.sides(1 << bit).for_each(|(ingredient, sides)| {
                    compiled.sides[usize::from(ingredient)].join(sides);
                }),
                None => compiled.unknown.push(rule.id.clone()),
            }
            compiled.rules.push(rule.rule());
        }
        compiled
    }
}

/// The rules of a hospital, ready for the check.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    pub(super) rules: Vec<Rule>,
    /// Those that name what is not known any more.
    pub(super) unknown: Vec<RuleId>,
    sides: Vec<Sides>,
}

impl Compiled {
    /// On which side of which rules of the hospital an ingredient stands.
    pub(super) fn sides(&self, ingredient: Ingredient) -> Sides {
        self.sides.get(usize::from(ingredient)).copied().unwrap_or_default()
    }
}

/// What a hospital says is not sound; each wrong part is named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rules of the hospital are not sound")]
pub struct BadSiteRules(Vec<FieldError>);

impl Failure for BadSiteRules {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn code(&self) -> &'static str {
        "safety-rules-invalid"
    }

    fn fields(&self) -> Vec<FieldError> {
        self.0.clone()
    }
}

/// The rules of one hospital, as they are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafetyRules {
    /// Whose rules they are.
    pub hospital: HospitalId,
    /// What it adds and changes.
    #[serde(flatten)]
    pub rules: SiteRules,
    /// Who changed them last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<UserId>,
    /// When.
    pub updated_at: Timestamp,
    revision: Revision,
}

impl SafetyRules {
    /// The rules of a hospital that has said nothing before.
    pub fn of(hospital: HospitalId, by: &Actor) -> Self {
        Self {
            hospital,
            rules: SiteRules::default(),
            updated_by: by.user,
            updated_at: by.at,
            revision: Revision::FIRST,
        }
    }

    /// Puts other rules in their place.
    #[must_use]
    pub fn replaced(self, rules: SiteRules, by: &Actor) -> Self {
        Self { rules, updated_by: by.user, updated_at: by.at, ..self }
    }
}

revised!(SafetyRules);

impl Subject for SafetyRules {
    const VIEW: Action = Action::ViewSafetyRules;

    fn reference(&self) -> Reference {
        self.hospital.into()
    }

    fn hospital(&self) -> Option<HospitalId> {
        Some(self.hospital)
    }
}

failures! {
    /// Why the rules of a hospital cannot be changed.
    pub enum SafetyRulesError {
        Stale = Conflict "safety-rules-stale" "the rules changed in the meantime",
    }
}
