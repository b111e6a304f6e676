//! The check itself.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use sha2::{Digest, Sha256};

use super::{
    Medicine, Person,
    data::{
        ALLERGY_STATUS, ALLERGY_UNKNOWN, CURRENT_UNKNOWN, DOSE_MAXIMUM, DOSE_NOT_CHECKED,
        MEDICINE_UNKNOWN, Rule, SAME_ALLERGY, SAME_INGREDIENT, SITE_UNKNOWN, Sides, data, version,
    },
    dose,
    lexicon::{Ingredient, Reading, plain},
    report::{Alert, DISCLAIMER, Kind, Report, Severity},
    site::{Compiled, SiteRules},
};
use crate::patient::AllergyStatus;

/// From this age on the maximum doses of adults count.
const ADULT: i16 = 18;

/// What speaks against giving the `new` medicines to this person, who takes the `current` ones.
///
/// Two current medicines are not compared with each other.
pub fn check(
    new: &[Medicine<'_>],
    current: &[Medicine<'_>],
    person: &Person<'_>,
    site: &SiteRules,
) -> Report {
    let own = site.compile();
    let new = new.iter().enumerate();
    let new: Vec<_> = new.map(|(at, medicine)| Taken::read(medicine, Some(at), &own)).collect();
    let current: Vec<_> =
        current.iter().map(|medicine| Taken::read(medicine, None, &own)).collect();
    let mut alerts = Alerts { site, found: BTreeMap::new() };
    alerts.note_unknown(&new, &current);
    for id in &own.unknown {
        alerts.raise(&SITE_UNKNOWN, id.as_str(), &[], &[], None);
    }
    for (at, taken) in new.iter().enumerate() {
        alerts.look_within(taken, &own);
        for other in new[at + 1..].iter().chain(&current).filter(|other| taken.meets(other)) {
            alerts.compare(taken, other, &own);
        }
    }
    alerts.check_allergies(&new, person);
    alerts.check_doses(&new, &current, person);
    alerts.report()
}

/// What is in a medicine, as the data call it; nothing unless they know all of it.
pub fn ingredients(medicine: &Medicine<'_>) -> Vec<&'static str> {
    let reading = Taken::read(medicine, None, &Compiled::default()).reading;
    let Reading { ingredients, is_complete } = reading;
    ingredients.into_iter().filter(|_| is_complete).map(name).collect()
}

/// What an allergy means, as the data call it; nothing unless they know all of it. What is no
/// medicine, such as peanuts, means no ingredient.
pub fn allergens(allergy: &str) -> Option<Vec<&'static str>> {
    let Reading { ingredients, is_complete } = data().read_allergy(allergy);
    is_complete.then(|| ingredients.into_iter().map(name).collect())
}

/// Every ingredient that a text names by any name, whatever else it says.
pub fn named_within(text: &str) -> Vec<&'static str> {
    data().read_medicine(text).ingredients.into_iter().map(name).collect()
}

/// Every ingredient of a medicine that is understood.
pub(super) fn understood(medicine: &Medicine<'_>) -> Vec<&'static str> {
    reading_of(medicine).ingredients.into_iter().map(name).collect()
}

/// A medicine, read.
struct Taken<'a> {
    medicine: &'a Medicine<'a>,
    /// Which of the new medicines it is.
    position: Option<usize>,
    reading: Reading,
    /// All sides of its ingredients, in the rules that are built in and in those of the hospital.
    sides: [Sides; 2],
}

impl<'a> Taken<'a> {
    fn read(medicine: &'a Medicine<'a>, position: Option<usize>, own: &Compiled) -> Self {
        let reading = reading_of(medicine);
        let mut sides = [Sides::default(); 2];
        for &ingredient in &reading.ingredients {
            sides[0].join(data().ingredients[usize::from(ingredient)].pairs);
            sides[1].join(own.sides(ingredient));
        }
        Self { medicine, position, reading, sides }
    }

    /// Whether anything can speak against taking both.
    fn meets(&self, other: &Self) -> bool {
        self.sides.iter().zip(&other.sides).any(|(one, another)| one.meet(*another) != 0)
            || self.ingredients().iter().any(|each| other.ingredients().contains(each))
    }

    fn ingredients(&self) -> &[Ingredient] {
        &self.reading.ingredients
    }

    /// How much of its only ingredient is taken in a day.
    fn micrograms_a_day(&self) -> Option<u64> {
        let daily = self.medicine.daily?;
        let strength = match self.medicine.strength {
            Some(strength) => dose::mass(strength),
            None => dose::mass_within(self.medicine.name),
        };
        let is_alone = self.reading.is_complete && self.ingredients().len() == 1;
        daily.micrograms(strength).filter(|_| is_alone)
    }
}

/// Reads all that is said of a medicine. What is in it counts more than what it is called, and
/// the brand is only a hint. Amounts of two medicines with the name of one leave one unknown.
fn reading_of(medicine: &Medicine<'_>) -> Reading {
    let mut reading = data().read_medicine(medicine.name);
    if let Some(generic) = medicine.generic {
        let generic = data().read_medicine(generic);
        reading.is_complete = generic.is_complete;
        reading.ingredients.extend(generic.ingredients);
    }
    if let Some(brand) = medicine.brand {
        reading.ingredients.extend(data().read_medicine(brand).ingredients);
    }
    reading.ingredients.sort_unstable();
    reading.ingredients.dedup();
    if reading.ingredients.len() == 1 {
        let said = [Some(medicine.name), medicine.generic, medicine.strength];
        reading.is_complete &= !said.into_iter().flatten().any(dose::are_two);
    }
    reading
}

/// The alerts so far, each once.
struct Alerts<'s> {
    site: &'s SiteRules,
    found: BTreeMap<String, Alert>,
}

impl Alerts<'_> {
    /// Raises an alert, or adds to it if it is there.
    fn raise(
        &mut self,
        rule: &Rule,
        about: &str,
        ingredients: &[Ingredient],
        medicines: &[&Taken<'_>],
        allergy: Option<&str>,
    ) {
        let id = format!("{}:{about}", rule.id);
        let site = self.site;
        let alert = self.found.entry(id).or_insert_with_key(|id| blank(rule, id, site));
        let ingredients = ingredients.iter().map(|&each| Cow::Borrowed(name(each)));
        add(&mut alert.ingredients, ingredients);
        add(&mut alert.medicines, medicines.iter().map(|taken| taken.medicine.name.to_owned()));
        add(&mut alert.positions, medicines.iter().filter_map(|taken| taken.position));
        add(&mut alert.allergies, allergy.map(str::to_owned));
    }

    /// Raises an alert about two ingredients. Where a rule has sides, the object comes first.
    fn raise_pair(
        &mut self,
        rule: &Rule,
        [one, other]: [Ingredient; 2],
        medicines: &[&Taken<'_>],
        allergy: Option<&str>,
    ) {
        let about = format!("{}+{}", name(one), name(other));
        self.raise(rule, &about, &[one, other], medicines, allergy);
    }

    fn note_unknown(&mut self, new: &[Taken<'_>], current: &[Taken<'_>]) {
        for taken in new.iter().filter(|taken| !taken.reading.is_complete) {
            let about = digest(taken.medicine.name);
            self.raise(&MEDICINE_UNKNOWN, &about, taken.ingredients(), &[taken], None);
        }
        let unknown: Vec<_> = current.iter().filter(|taken| !taken.reading.is_complete).collect();
        if !unknown.is_empty() {
            self.raise(&CURRENT_UNKNOWN, "current", &[], &unknown, None);
        }
    }

    /// Two medicines in one line are two medicines; what is made together is no note.
    fn look_within(&mut self, taken: &Taken<'_>, own: &Compiled) {
        let ingredients = taken.ingredients();
        for (at, &one) in ingredients.iter().enumerate() {
            for &other in &ingredients[at + 1..] {
                let pair = [one, other];
                for_each_rule(pair, own, |rule, pair| {
                    if rule.kind == Kind::Interaction && rule.severity != Severity::Note {
                        self.raise_pair(rule, pair, &[taken], None);
                    }
                });
            }
        }
    }

    fn compare(&mut self, taken: &Taken<'_>, other: &Taken<'_>, own: &Compiled) {
        let medicines = [taken, other];
        for &one in taken.ingredients() {
            for &another in other.ingredients() {
                if one == another {
                    self.raise(&SAME_INGREDIENT, name(one), &[one], &medicines, None);
                } else {
                    for_each_rule([one, another], own, |rule, pair| {
                        self.raise_pair(rule, pair, &medicines, None);
                    });
                }
            }
        }
    }

    fn check_allergies(&mut self, new: &[Taken<'_>], person: &Person<'_>) {
        let is_known = match person.allergy_status {
            AllergyStatus::Known => !person.allergies.is_empty(),
            AllergyStatus::NoneKnown => true,
            AllergyStatus::NotRecorded | AllergyStatus::Unavailable => false,
        };
        if !is_known {
            self.raise(&ALLERGY_STATUS, "patient", &[], &[], None);
        }
        for &allergy in &person.allergies {
            let reading = data().read_allergy(allergy);
            if !reading.is_complete {
                self.raise(&ALLERGY_UNKNOWN, &digest(allergy), &[], &[], Some(allergy));
            }
            for &substance in &reading.ingredients {
                for taken in new {
                    self.check_allergy(allergy, substance, taken);
                }
            }
        }
    }

    fn check_allergy(&mut self, allergy: &str, substance: Ingredient, taken: &Taken<'_>) {
        for &given in taken.ingredients() {
            if given == substance {
                self.raise(&SAME_ALLERGY, name(given), &[given], &[taken], Some(allergy));
                continue;
            }
            let sides = |each: Ingredient| data().ingredients[usize::from(each)].allergies;
            let met = sides(substance).meet(sides(given));
            for rule in bits(met).filter_map(|bit| data().allergies.get(bit)) {
                self.raise_pair(rule, [substance, given], &[taken], Some(allergy));
            }
        }
    }

    /// Adds up what is taken of each ingredient in a day.
    fn check_doses(&mut self, new: &[Taken<'_>], current: &[Taken<'_>], person: &Person<'_>) {
        let given: BTreeSet<_> = new.iter().flat_map(Taken::ingredients).copied().collect();
        for ingredient in given {
            let Some(dose) = data().ingredients[usize::from(ingredient)].dose else { continue };
            let fits = person
                .age
                .is_some_and(|age| age >= ADULT && dose.until_age.is_none_or(|until| age < until));
            let holds = |taken: &&Taken<'_>| taken.ingredients().contains(&ingredient);
            let takers: Vec<_> = new.iter().chain(current).filter(holds).collect();
            let (mut known, mut unknown, mut amount) = (Vec::new(), Vec::new(), 0_u64);
            for &taken in &takers {
                match taken.micrograms_a_day() {
                    Some(micrograms) => {
                        known.push(taken);
                        amount = amount.saturating_add(micrograms);
                    }
                    None => unknown.push(taken),
                }
            }
            if amount > dose.micrograms {
                self.raise(&DOSE_MAXIMUM, name(ingredient), &[ingredient], &known, None);
            }
            if !fits || !unknown.is_empty() {
                let unchecked = if fits { unknown } else { takers };
                self.raise(&DOSE_NOT_CHECKED, name(ingredient), &[ingredient], &unchecked, None);
            }
        }
    }

    /// What weighs most comes first.
    fn report(self) -> Report {
        let mut alerts: Vec<_> = self.found.into_values().collect();
        alerts.sort_by(|one, other| {
            let weight = |alert: &Alert| (!alert.stops, alert.severity);
            weight(one).cmp(&weight(other)).then_with(|| one.id.cmp(&other.id))
        });
        Report { alerts, data_version: version().into(), disclaimer: DISCLAIMER.into() }
    }
}

/// An alert before anything is added to it.
fn blank(rule: &Rule, id: &str, site: &SiteRules) -> Alert {
    let adjusted = site.severities().get(&rule.id).filter(|_| rule.is_adjustable()).copied();
    let severity = adjusted.unwrap_or(rule.severity);
    let stops = match (rule.kind, severity) {
        (Kind::NotChecked, severity) => severity != Severity::Note,
        (_, Severity::Contraindicated) => true,
        (_, Severity::Warning | Severity::Note) => false,
    };
    Alert {
        id: id.to_owned(),
        rule: rule.id.clone(),
        kind: rule.kind,
        severity,
        adjusted_from: Some(rule.severity).filter(|&before| before != severity),
        stops,
        title: rule.title.clone(),
        detail: rule.why.clone(),
        source: rule.source.clone(),
        medicines: Vec::new(),
        positions: Vec::new(),
        ingredients: Vec::new(),
        allergies: Vec::new(),
    }
}

/// Calls back with every rule that two ingredients meet in, the object first. Of a rule without
/// sides the first in the alphabet comes first.
fn for_each_rule(
    [one, other]: [Ingredient; 2],
    own: &Compiled,
    mut found: impl FnMut(&Rule, [Ingredient; 2]),
) {
    let sides = |each: Ingredient| data().ingredients[usize::from(each)].pairs;
    let mut look = |rules: &[Rule], one_side: Sides, other_side: Sides| {
        for bit in bits(one_side.meet(other_side)) {
            let is_object = |side: Sides| side.objects & (1 << bit) != 0;
            let in_order = match (is_object(one_side), is_object(other_side)) {
                (true, true) => one < other,
                (first, _) => first,
            };
            let pair = if in_order { [one, other] } else { [other, one] };
            if let Some(rule) = rules.get(bit) {
                found(rule, pair);
            }
        }
    };
    look(&data().pairs, sides(one), sides(other));
    look(&own.rules, own.sides(one), own.sides(other));
}

/// The places of the bits that are set.
fn bits(mut set: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = usize::try_from(set.trailing_zeros()).ok().filter(|_| set != 0)?;
        set &= set - 1;
        Some(bit)
    })
}

fn name(ingredient: Ingredient) -> &'static str {
    data().ingredients[usize::from(ingredient)].name
}

/// Adds what is not there yet, in order.
fn add<T: Ord>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for each in more {
        if let Err(place) = list.binary_search(&each) {
            list.insert(place, each);
        }
    }
}

/// Names what people wrote without repeating it.
fn digest(text: &str) -> String {
    let [first, second, third, fourth, ..] = <[u8; 32]>::from(Sha256::digest(plain(text)));
    format!("{:08x}", u32::from_be_bytes([first, second, third, fourth]))
}
