//! Choosing candidates, and judging each as if it were to be prescribed.

use std::{cmp::Reverse, collections::BTreeSet, fmt, str::FromStr};

use serde_with::{DeserializeFromStr, SerializeDisplay};

use super::{
    findings::{Alternative, Basis, Excluded, FactsUsed, Outcome, Warning, uses},
    inquiry::{Gap, Inquiry, Known, Read},
};
use crate::{
    account::Gender,
    formulary::{Advice, Entry, Formulary, Indication, Standing},
    safety::{self, Alert, Kind, Medicine, Person, RuleId, Severity, SiteRules},
    text::Text,
};

/// So many candidates at most.
pub const MOST_CANDIDATES: usize = 12;
/// So many of those that were left out are shown.
const MOST_EXCLUDED: usize = 50;
/// Who weighs less than this takes doses like a child.
const LIGHT: u16 = 40;

/// Where the rules of this module come from.
const OURS: &str = "CAREHUB 1";
const AGE: RuleId = RuleId::known("FORMULARY-AGE");
const SEX: RuleId = RuleId::known("FORMULARY-SEX");
const PREGNANCY: RuleId = RuleId::known("FORMULARY-PREGNANCY");
const PREGNANCY_UNKNOWN: RuleId = RuleId::known("FORMULARY-PREGNANCY-UNKNOWN");
const KIDNEY: RuleId = RuleId::known("FORMULARY-KIDNEY");
const LIVER: RuleId = RuleId::known("FORMULARY-LIVER");
const CONDITION: RuleId = RuleId::known("FORMULARY-CONDITION");
const CONDITION_UNKNOWN: RuleId = RuleId::known("FORMULARY-CONDITION-UNKNOWN");
const WEIGHT: RuleId = RuleId::known("FORMULARY-WEIGHT");
const HOSPITAL: RuleId = RuleId::known("FORMULARY-HOSPITAL");
const REPLACES: RuleId = RuleId::known("FORMULARY-REPLACES");

/// What is left of the formulary for a question, and why the rest is not.
#[derive(Clone)]
pub struct Shortlist {
    /// Whether anything can be recommended.
    pub outcome: Outcome,
    /// What can, the best first by the rules.
    pub candidates: Vec<Candidate>,
    /// What was looked at and left out.
    pub excluded: Vec<Excluded>,
    /// What speaks against the medicine in question, and what was not looked at.
    pub warnings: Vec<Warning>,
    /// What it rests on.
    pub basis: Basis,
    known: Known,
    allergies: Vec<Text<200>>,
    rules: SiteRules,
    asked: Option<Entry>,
    asked_name: Option<String>,
}

impl Shortlist {
    /// What was known about the person, as it was understood.
    pub fn facts(&self) -> &FactsUsed {
        &self.known.used
    }

    /// The medicine in question, as the data call it, if they know it.
    pub fn asked_for(&self) -> Option<&str> {
        self.asked_name.as_deref()
    }

    /// The candidate with this name of the list.
    pub fn candidate(&self, id: CandidateId) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| candidate.id == id)
    }

    /// Whether there is anything to put in order.
    pub fn is_worth_ranking(&self) -> bool {
        self.outcome == Outcome::Alternatives && self.candidates.len() > 1
    }

    /// Whether the rules still have nothing against the candidate when they look again.
    pub(super) fn still_passes(&self, id: CandidateId) -> bool {
        let judge = Judge::of(&self.known, &self.allergies, &self.rules, self.asked.as_ref());
        self.candidate(id).is_some_and(|it| judge.look_at(&it.entry).against.is_empty())
    }

    /// The ingredients of all candidates.
    pub(super) fn ingredients(&self) -> BTreeSet<&'static str> {
        let entries = self.candidates.iter().map(|candidate| &candidate.entry);
        entries.flat_map(|entry| entry.ingredients.iter().copied()).collect()
    }
}

/// A medicine that passed.
#[derive(Clone)]
pub struct Candidate {
    /// Names it within the list.
    pub id: CandidateId,
    /// What it is for, as far as that is in question.
    pub indications: BTreeSet<Indication>,
    /// What to bear in mind. None of it stops.
    pub warnings: Vec<Warning>,
    /// Whether the hospital prefers it.
    pub is_preferred: bool,
    /// Whether it is of the class of the medicine in question.
    pub is_same_class: bool,
    entry: Entry,
}

impl Candidate {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// The class it belongs to.
    pub fn class(&self) -> &str {
        &self.entry.class
    }

    /// The class, if it is one of those that are built in. What a hospital wrote stays here.
    pub(super) fn class_for_model(&self) -> Option<&str> {
        Some(self.class()).filter(|_| !self.entry.is_added)
    }

    /// Why it stands on the list.
    pub(super) fn reason(&self, asked_for: Option<&str>) -> String {
        let uses = uses(&self.indications);
        let reason = match (asked_for, self.is_same_class) {
            (Some(asked), true) => format!("Of the same class as {asked}, used {uses}."),
            (Some(_), false) => format!("Of another class ({}), used {uses}.", self.class()),
            (None, _) => format!("{}, used {uses}.", self.class()),
        };
        if self.is_preferred { format!("{reason} Preferred by the hospital.") } else { reason }
    }

    pub(super) fn shown(&self, reason: String) -> Alternative {
        let notes: Vec<_> = self.warnings.iter().map(|warning| warning.message.as_str()).collect();
        Alternative {
            name: self.name().to_owned(),
            class: self.class().to_owned(),
            indications: self.indications.clone(),
            reason,
            notes: notes.join(" "),
            warnings: self.warnings.clone(),
            is_preferred: self.is_preferred,
        }
    }

    /// What comes first, by the rules: what the hospital prefers, then what has the fewest
    /// warnings, then the same class, then what is for more of what is in question.
    fn place(&self) -> impl Ord + use<'_> {
        let warnings = self.warnings.iter().filter(|it| it.severity == Severity::Warning).count();
        (
            !self.is_preferred,
            warnings,
            !self.is_same_class,
            Reverse(self.indications.len()),
            self.name(),
        )
    }
}

/// Names a candidate within its list: `c1`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, SerializeDisplay, DeserializeFromStr,
)]
pub struct CandidateId(u8);

impl fmt::Display for CandidateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

impl FromStr for CandidateId {
    type Err = UnknownCandidate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_prefix('c').ok_or(UnknownCandidate)?;
        let id = Self(number.parse().map_err(|_| UnknownCandidate)?);
        // One name for one candidate: neither `c01` nor `c+1`.
        if id.to_string() == text { Ok(id) } else { Err(UnknownCandidate) }
    }
}

/// The text names no candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the name of a candidate, such as c1")]
pub struct UnknownCandidate;

/// Chooses what could be given and judges it. Whatever is not known ends in no candidates.
pub fn candidates(inquiry: &Inquiry, formulary: &Formulary, rules: &SiteRules) -> Shortlist {
    let known = Known::of(inquiry);
    let asked = known.asked.as_ref().and_then(|read| formulary.find(&read.ingredients));
    let asked_name = known.asked.as_ref().filter(|read| read.is_complete).map(Read::name);
    let judge = Judge::of(&known, &inquiry.facts.allergies, rules, asked);
    let mut warnings = judge.look_at_facts();
    if let Some(read) = known.asked.as_ref().filter(|read| read.is_complete) {
        let name = read.name();
        let judge = judge.beside(&name);
        let found = match asked {
            Some(entry) => judge.look_at(entry),
            None => judge.look_at_alerts(&name, &read.ingredients),
        };
        warnings.extend(found.all());
    }
    warnings.sort_by_key(|warning| warning.severity);
    let mut gaps = known.gaps().clone();
    if judge.has_unknown_rules() {
        gaps.insert(Gap::HospitalRules);
    }
    let is_unknown = inquiry.medicine_name.is_some() && asked.is_none();
    let (mut chosen, mut excluded) = (Vec::new(), Vec::new());
    if !is_unknown && gaps.is_empty() {
        (chosen, excluded) = judge.choose(inquiry.indication, formulary);
    }
    let lacks_pregnancy =
        excluded.iter().any(|it| it.warnings.iter().all(is_about_unknown_pregnancy));
    if chosen.is_empty() && lacks_pregnancy {
        gaps.insert(Gap::Pregnancy);
    }
    let outcome = if is_unknown {
        Outcome::UnknownMedicine
    } else if !gaps.is_empty() {
        Outcome::InsufficientInformation { missing: gaps }
    } else if chosen.is_empty() {
        Outcome::NoSafeCandidate
    } else {
        Outcome::Alternatives
    };
    excluded.truncate(MOST_EXCLUDED);
    Shortlist {
        outcome,
        candidates: chosen,
        excluded,
        warnings,
        basis: Basis::of(formulary),
        asked: asked.cloned(),
        asked_name,
        allergies: inquiry.facts.allergies.clone(),
        rules: rules.clone(),
        known,
    }
}

fn is_about_unknown_pregnancy(warning: &Warning) -> bool {
    warning.rule == PREGNANCY_UNKNOWN
}

/// What the rules say about one medicine.
#[derive(Default)]
struct Judged {
    /// What keeps it off the list.
    against: Vec<Warning>,
    /// What is said beside it.
    beside: Vec<Warning>,
}

impl Judged {
    fn file(&mut self, warning: Warning) {
        match warning.severity {
            Severity::Contraindicated => self.against.push(warning),
            Severity::Warning | Severity::Note => self.beside.push(warning),
        }
    }

    fn all(self) -> impl Iterator<Item = Warning> {
        self.against.into_iter().chain(self.beside)
    }
}

/// Everything that a medicine is judged by.
#[derive(Clone)]
struct Judge<'a> {
    facts: &'a FactsUsed,
    may_be_pregnant: bool,
    person: Person<'a>,
    current: Vec<Medicine<'a>>,
    rules: &'a SiteRules,
    asked: Option<&'a Entry>,
}

impl<'a> Judge<'a> {
    fn of(
        known: &'a Known,
        allergies: &'a [Text<200>],
        rules: &'a SiteRules,
        asked: Option<&'a Entry>,
    ) -> Self {
        let facts = &known.used;
        let person = Person {
            allergy_status: facts.allergy_status,
            allergies: allergies.iter().map(Text::reveal).collect(),
            age: facts.age.map(i16::from),
        };
        let current = facts.current_medications.iter().map(|name| Medicine::named(name)).collect();
        let may_be_pregnant = known.may_be_pregnant();
        Self { facts, may_be_pregnant, person, current, rules, asked }
    }

    /// The same, where the person does not take this medicine.
    fn beside(&self, name: &str) -> Self {
        let others = self.current.iter().filter(|medicine| medicine.name != name);
        Self { current: others.copied().collect(), ..self.clone() }
    }

    /// The candidates in order, and what was left out.
    fn choose(
        &self,
        indication: Option<Indication>,
        formulary: &Formulary,
    ) -> (Vec<Candidate>, Vec<Excluded>) {
        let (mut chosen, mut excluded) = (Vec::new(), Vec::new());
        for entry in formulary.entries().filter(|it| it.standing != Standing::Unlisted) {
            let Some(indications) = self.in_question(entry, indication) else { continue };
            let Judged { against, beside } = self.look_at(entry);
            if against.is_empty() {
                chosen.push(Candidate {
                    id: CandidateId(0),
                    indications,
                    warnings: beside,
                    is_preferred: entry.standing == Standing::Preferred,
                    is_same_class: self.asked.is_some_and(|asked| asked.class == entry.class),
                    entry: entry.clone(),
                });
            } else {
                excluded.push(Excluded { name: entry.name.to_string(), warnings: against });
            }
        }
        chosen.sort_by(|one, other| one.place().cmp(&other.place()));
        chosen.truncate(MOST_CANDIDATES);
        for (candidate, number) in chosen.iter_mut().zip(1..) {
            candidate.id = CandidateId(number);
        }
        (chosen, excluded)
    }

    /// What a medicine is for of what is in question; nothing if it is for something else. What
    /// is kept for special cases only takes the place of its like.
    fn in_question(
        &self,
        entry: &Entry,
        indication: Option<Indication>,
    ) -> Option<BTreeSet<Indication>> {
        let wanted = match (indication, self.asked) {
            (Some(indication), _) => BTreeSet::from([indication]),
            (None, Some(asked)) => asked.indications.clone(),
            (None, None) => BTreeSet::new(),
        };
        let is_other = self.asked.is_none_or(|asked| asked.ingredients != entry.ingredients);
        let is_open = !entry.is_restricted
            || self.asked.is_some_and(|asked| asked.is_restricted && asked.class == entry.class);
        let shared: BTreeSet<_> = entry.indications.intersection(&wanted).copied().collect();
        (is_other && is_open && !shared.is_empty()).then_some(shared)
    }

    /// What the rules say about the person alone.
    fn look_at_facts(&self) -> Vec<Warning> {
        let mut found = Vec::new();
        let unknown = self.facts.unrecognised_comorbidities;
        if unknown > 0 {
            let message = match unknown {
                1 => "One illness is not on the list here and was not looked at.".to_owned(),
                more => {
                    format!("{more} illnesses are not on the list here and were not looked at.")
                }
            };
            found.push(ours(CONDITION_UNKNOWN, "COMORBIDITIES", Severity::Warning, message));
        }
        if self.facts.weight_kg.is_some_and(|weight| weight < LIGHT) {
            let message = "Below 40 kg doses go by weight, which is not looked at here.".to_owned();
            found.push(ours(WEIGHT, "WEIGHT", Severity::Warning, message));
        }
        found
    }

    /// Whether a rule of the hospital is not understood.
    fn has_unknown_rules(&self) -> bool {
        let report = safety::check(&[], &[], &self.person, self.rules);
        report.alerts.iter().any(|alert| alert.rule.as_str() == "SITE-UNKNOWN")
    }

    /// What the rules say about a medicine of the formulary.
    fn look_at(&self, entry: &Entry) -> Judged {
        let mut judged = self.look_at_alerts(&entry.name, &entry.ingredients);
        for warning in self.said_of(entry) {
            judged.file(warning);
        }
        judged
    }

    /// What the safety check says. Whoever suggests a medicine is stricter than whoever
    /// prescribes one, as there are others: nothing is suggested that may touch an allergy, that
    /// doubles what is taken, or that is built in as contraindicated.
    fn look_at_alerts(&self, name: &str, ingredients: &[&'static str]) -> Judged {
        let mut judged = Judged::default();
        let new = [Medicine::named(name)];
        let report = safety::check(&new, &self.current, &self.person, self.rules);
        for alert in &report.alerts {
            let is_contraindicated = alert.adjusted_from == Some(Severity::Contraindicated);
            let is_grave = alert.stops || is_contraindicated;
            let is_warning = alert.severity == Severity::Warning
                || alert.adjusted_from == Some(Severity::Warning);
            match alert.kind {
                Kind::NotChecked if alert.severity == Severity::Note => {}
                Kind::NotChecked if is_about_the_person(alert) => {}
                Kind::Duplicate if !is_grave && self.replaces(alert, ingredients) => {
                    judged.beside.push(replacing(alert));
                }
                Kind::Allergy | Kind::Duplicate if is_grave || is_warning => {
                    judged.against.push(shown(alert));
                }
                Kind::NotChecked => judged.against.push(shown(alert)),
                Kind::Interaction | Kind::Dose if is_grave => judged.against.push(shown(alert)),
                Kind::Interaction | Kind::Dose | Kind::Allergy | Kind::Duplicate => {
                    judged.beside.push(shown(alert));
                }
            }
        }
        judged
    }

    /// Whether two of one class only meet because the one takes the place of the other.
    fn replaces(&self, alert: &Alert, ingredients: &[&'static str]) -> bool {
        let Some(asked) = self.asked else { return false };
        let is_named = |name: &str, list: &[&'static str]| list.contains(&name);
        let is_own = |name: &str| is_named(name, ingredients) || is_named(name, &asked.ingredients);
        // The same ingredient under two names is the same medicine still.
        alert.ingredients.len() > 1 && alert.ingredients.iter().all(|name| is_own(name))
    }

    /// What the formulary says.
    fn said_of(&self, entry: &Entry) -> impl Iterator<Item = Warning> {
        let answers = [
            hospital(entry),
            self.age(entry),
            self.sex(entry),
            self.pregnancy(entry),
            self.organ(entry, Organ::Kidney),
            self.organ(entry, Organ::Liver),
        ];
        answers.into_iter().flatten().chain(self.conditions(entry))
    }

    fn age(&self, entry: &Entry) -> Option<Warning> {
        let Entry { name, min_age, .. } = entry;
        self.facts.age.filter(|age| age < min_age).map(|_| {
            let message = format!("{name} is not for people under {min_age} years.");
            said(entry, AGE, "AGE", Severity::Contraindicated, message)
        })
    }

    fn sex(&self, entry: &Entry) -> Option<Warning> {
        let (name, only) = (&entry.name, entry.only?);
        let (severity, message) = match self.facts.sex {
            Some(sex) if sex == only => return None,
            Some(Gender::Male | Gender::Female) => {
                (Severity::Contraindicated, format!("{name} is not for this sex."))
            }
            Some(Gender::Other | Gender::Undisclosed) | None => {
                let only = only.as_str().to_lowercase();
                (Severity::Note, format!("{name} is for {only} bodies only."))
            }
        };
        Some(said(entry, SEX, "SEX", severity, message))
    }

    fn pregnancy(&self, entry: &Entry) -> Option<Warning> {
        let name = &entry.name;
        let (rule, severity, message) = match (entry.pregnancy, self.facts.pregnant) {
            (Advice::None, _) | (Advice::Caution | Advice::Avoid, Some(false)) => return None,
            (Advice::Avoid, Some(true)) => {
                let message = format!("{name} is not for pregnant women.");
                (PREGNANCY, Severity::Contraindicated, message)
            }
            (Advice::Caution, Some(true)) => {
                let message = format!("{name} needs a reason in pregnancy.");
                (PREGNANCY, Severity::Warning, message)
            }
            (Advice::Caution | Advice::Avoid, None) if !self.may_be_pregnant => return None,
            (Advice::Caution | Advice::Avoid, None) => {
                let message =
                    format!("Nobody said whether there is a pregnancy, in which {name} matters.");
                (PREGNANCY_UNKNOWN, Severity::Contraindicated, message)
            }
        };
        Some(said(entry, rule, "PREGNANCY", severity, message))
    }

    fn organ(&self, entry: &Entry, organ: Organ) -> Option<Warning> {
        let (rule, condition, advice, is_impaired) = match organ {
            Organ::Kidney => (KIDNEY, "KIDNEY", entry.kidney, self.facts.kidney_impaired),
            Organ::Liver => (LIVER, "LIVER", entry.liver, self.facts.liver_impaired),
        };
        let (name, part) = (&entry.name, condition.to_lowercase());
        let (severity, message) = match (advice, is_impaired) {
            (Advice::None, _)
            | (Advice::Caution, None)
            | (Advice::Caution | Advice::Avoid, Some(false)) => return None,
            (Advice::Avoid, Some(true)) => {
                let message = format!("{name} is not for somebody whose {part} works badly.");
                (Severity::Contraindicated, message)
            }
            (Advice::Caution, Some(true)) => {
                let message = format!(
                    "{name} needs care and perhaps less of it where the {part} works badly."
                );
                (Severity::Warning, message)
            }
            (Advice::Avoid, None) => {
                let message = format!(
                    "{name} is not for somebody whose {part} works badly, and nobody said how it works."
                );
                (Severity::Note, message)
            }
        };
        Some(said(entry, rule, condition, severity, message))
    }

    fn conditions(&self, entry: &Entry) -> impl Iterator<Item = Warning> {
        self.facts.comorbidities.iter().filter_map(|condition| {
            let advice = entry.conditions.get(condition)?;
            let (name, words) = (&entry.name, condition.words());
            let (severity, message) = match advice {
                Advice::None => return None,
                Advice::Caution => {
                    (Severity::Warning, format!("{name} needs care in somebody with {words}."))
                }
                Advice::Avoid => {
                    let message = format!("{name} is not for somebody with {words}.");
                    (Severity::Contraindicated, message)
                }
            };
            Some(said(entry, CONDITION, condition.as_str(), severity, message))
        })
    }
}

/// An organ that may work badly.
#[derive(Clone, Copy)]
enum Organ {
    Kidney,
    Liver,
}

/// What the hospital has against a medicine.
fn hospital(entry: &Entry) -> Option<Warning> {
    (entry.standing == Standing::Excluded).then(|| {
        let message = format!("The hospital does not use {}.", entry.name);
        said(entry, HOSPITAL, "HOSPITAL", Severity::Contraindicated, message)
    })
}

/// Whether an alert is about what is known of the person, which is a gap of its own.
fn is_about_the_person(alert: &Alert) -> bool {
    ["ALLERGY-STATUS", "ALLERGY-UNKNOWN", "CURRENT-UNKNOWN", "SITE-UNKNOWN"]
        .contains(&alert.rule.as_str())
}

/// An alert without a word of what somebody wrote.
fn shown(alert: &Alert) -> Warning {
    let names: Vec<&str> = alert.ingredients.iter().map(|name| &**name).collect();
    let about = match names.as_slice() {
        [] => String::new(),
        names => format!(" ({})", names.join(", ")),
    };
    Warning {
        rule: alert.rule.clone(),
        condition: alert.kind.to_string(),
        message: format!("{}{about}: {}", alert.title, alert.detail),
        severity: alert.severity,
        source: alert.source.to_string(),
        ingredients: alert.ingredients.iter().map(ToString::to_string).collect(),
    }
}

fn replacing(alert: &Alert) -> Warning {
    let message = "It takes the place of the medicine in question and is not given with it.";
    Warning {
        rule: REPLACES,
        message: message.to_owned(),
        severity: Severity::Note,
        source: OURS.to_owned(),
        ..shown(alert)
    }
}

/// What is said of a medicine by where it comes from.
fn said(
    entry: &Entry,
    rule: RuleId,
    condition: &str,
    severity: Severity,
    message: String,
) -> Warning {
    Warning {
        source: entry.source.to_string(),
        ingredients: entry.ingredients.iter().map(|&each| each.to_owned()).collect(),
        ..ours(rule, condition, severity, message)
    }
}

fn ours(rule: RuleId, condition: &str, severity: Severity, message: String) -> Warning {
    let (condition, source) = (condition.to_owned(), OURS.to_owned());
    Warning { rule, condition, message, severity, source, ingredients: Vec::new() }
}
