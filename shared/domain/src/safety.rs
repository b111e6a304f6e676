//! The safety check: what speaks against giving these medicines to this patient.
//!
//! It fails closed. What it does not understand it calls not checked, and that stops like a
//! contraindication until the prescriber gives a reason. The data are in `data/medicines.json`
//! and `data/rules.json`; `docs/SAFETY.md` says where they come from and what is not checked.

mod check;
mod data;
mod dose;
mod gaps;
mod leftover;
mod lexicon;
mod overrule;
mod report;
mod site;

pub(crate) use self::lexicon::plain;
pub use self::{
    check::{allergens, check, ingredients, named_within},
    data::{RuleInfo, Source, rules, sources, version},
    dose::DailyIntake,
    overrule::{Grounds, Override, SafetyError},
    report::{Alert, DISCLAIMER, Kind, Report, RuleId, Severity, UnknownRule},
    site::{BadSiteRules, SafetyRules, SafetyRulesError, SiteRule, SiteRules},
};
use crate::{
    patient::{AllergyStatus, Health, Patient},
    text::Text,
};

/// A medicine that is to be given or is taken already, as somebody wrote it down.
#[derive(Clone, Copy)]
pub struct Medicine<'a> {
    /// What it is called, perhaps with strength and form.
    pub name: &'a str,
    /// What is in it.
    pub generic: Option<&'a str>,
    /// What the maker calls it.
    pub brand: Option<&'a str>,
    /// How much is in one unit of it, such as `500 mg`.
    pub strength: Option<&'a str>,
    /// How much of it is taken in a day.
    pub daily: Option<DailyIntake>,
}

impl<'a> Medicine<'a> {
    /// A medicine of which nothing but the name is known.
    pub fn named(name: &'a str) -> Self {
        Self { name, generic: None, brand: None, strength: None, daily: None }
    }
}

/// What the check has to know of the patient.
#[derive(Clone)]
pub struct Person<'a> {
    /// What is known about allergies.
    pub allergy_status: AllergyStatus,
    /// The substances that the patient does not bear, as somebody wrote them down.
    pub allergies: Vec<&'a str>,
    /// How old the patient is, in years.
    pub age: Option<i16>,
}

impl Person<'_> {
    /// Somebody of whom nothing is known.
    pub fn unknown() -> Self {
        Self { allergy_status: AllergyStatus::default(), allergies: Vec::new(), age: None }
    }
}

impl<'a> Person<'a> {
    /// What the record says on this day, with the allergies in words among the others.
    pub fn of(patient: &'a Patient, today: jiff::civil::Date) -> Self {
        let listed = patient.health.allergies.iter().map(|allergy| allergy.substance.reveal());
        let words = patient.profile.allergies.iter().filter(|words| !Health::none_meant_by(words));
        let words = words.flat_map(|words| words.reveal().split([',', ';', '\n']));
        Self {
            allergy_status: patient.health.allergy_status,
            allergies: listed.chain(words).filter(|words| !words.trim().is_empty()).collect(),
            age: patient.profile.age(today),
        }
    }

    /// The medicines that the record says the patient takes.
    pub fn medicines_of(patient: &'a Patient) -> Vec<Medicine<'a>> {
        let listed = patient.health.current_medications.iter();
        let names = listed.filter(|words| !Health::none_meant_by(words)).map(Text::reveal);
        names.map(Medicine::named).collect()
    }
}

#[cfg(test)]
mod tests;
