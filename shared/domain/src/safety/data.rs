//! The data of the check: parsed once, when the first check needs them.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    dose,
    lexicon::{Ingredient, Names, Reading, Word},
    report::{Kind, RuleId, Severity},
};

/// What the files say. Without them nothing is known, so everything is not checked.
static DATA: LazyLock<Data> = LazyLock::new(|| {
    Data::parse(include_str!("../../data/medicines.json"), include_str!("../../data/rules.json"))
        .unwrap_or_default()
});

/// How many rules of one kind there can be: one bit for each.
pub(super) const MOST_RULES: usize = 128;

pub(super) fn data() -> &'static Data {
    &DATA
}

#[derive(Debug, Default)]
pub(super) struct Data {
    version: &'static str,
    sources: Vec<Source>,
    classes: BTreeMap<&'static str, Vec<Ingredient>>,
    class_names: HashMap<&'static str, &'static str>,
    medicines: Names,
    allergens: Names,
    pub(super) ingredients: Vec<Entry>,
    /// The rules about two medicines.
    pub(super) pairs: Vec<Rule>,
    /// The rules about an allergy and a medicine.
    pub(super) allergies: Vec<Rule>,
    lists: HashMap<&'static str, Lists>,
}

/// What is known about an ingredient.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    /// Its sides in the rules about two medicines.
    pub(super) pairs: Sides,
    /// Its sides in the rules about an allergy and a medicine.
    pub(super) allergies: Sides,
    pub(super) dose: Option<Dose>,
}

/// On which side of which rules an ingredient stands, one bit for each rule.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sides {
    pub(super) objects: u128,
    pub(super) precipitants: u128,
}

impl Sides {
    /// The rules that two ingredients meet in.
    pub(super) fn meet(self, other: Self) -> u128 {
        (self.objects & other.precipitants) | (self.precipitants & other.objects)
    }

    pub(super) fn join(&mut self, other: Self) {
        self.objects |= other.objects;
        self.precipitants |= other.precipitants;
    }
}

/// The most of an ingredient that adults take in a day.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dose {
    pub(super) micrograms: u64,
    /// The age from which it is less.
    pub(super) until_age: Option<i16>,
}

/// A rule, wherever it comes from.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) id: RuleId,
    pub(super) kind: Kind,
    pub(super) severity: Severity,
    pub(super) title: Cow<'static, str>,
    pub(super) why: Cow<'static, str>,
    pub(super) source: Cow<'static, str>,
}

impl Rule {
    const fn plain(
        id: &'static str,
        kind: Kind,
        severity: Severity,
        title: &'static str,
        why: &'static str,
        source: &'static str,
    ) -> Self {
        Self {
            id: RuleId::known(id),
            kind,
            severity,
            title: Cow::Borrowed(title),
            why: Cow::Borrowed(why),
            source: Cow::Borrowed(source),
        }
    }

    /// Whether a hospital may say how much it weighs.
    pub(super) fn is_adjustable(&self) -> bool {
        self.kind != Kind::NotChecked
    }
}

/// Where rules come from that need no data.
const OURS: &str = "CAREHUB 1";

/// Rules that need no data.
pub(super) static SAME_ALLERGY: Rule = Rule::plain(
    "ALLERGY-SAME",
    Kind::Allergy,
    Severity::Contraindicated,
    "The recorded allergy names it",
    "The patient is recorded as allergic to this medicine or to its whole class.",
    OURS,
);
pub(super) static SAME_INGREDIENT: Rule = Rule::plain(
    "DUPLICATE-INGREDIENT",
    Kind::Duplicate,
    Severity::Warning,
    "The same ingredient twice",
    "Two of the medicines hold the same ingredient, and the doses add up.",
    OURS,
);
pub(super) static DOSE_MAXIMUM: Rule = Rule::plain(
    "DOSE-MAXIMUM",
    Kind::Dose,
    Severity::Warning,
    "More than the maximum of a day",
    "The doses of a day add up to more than the label's maximum for adults.",
    "FDA-LABELS 1",
);
pub(super) static DOSE_NOT_CHECKED: Rule = Rule::plain(
    "DOSE-NOT-CHECKED",
    Kind::NotChecked,
    Severity::Note,
    "The dose was not checked",
    "The known maximum is that of adults, and the age, the strength or the amount of a day is not known or does not fit.",
    OURS,
);
pub(super) static MEDICINE_UNKNOWN: Rule = Rule::plain(
    "MEDICINE-UNKNOWN",
    Kind::NotChecked,
    Severity::Warning,
    "A medicine is not known",
    "It is not known by this name, so what is not understood of it was not checked.",
    OURS,
);
pub(super) static CURRENT_UNKNOWN: Rule = Rule::plain(
    "CURRENT-UNKNOWN",
    Kind::NotChecked,
    Severity::Warning,
    "A current medicine is not known",
    "Something that the patient takes is not known by its name, so interactions with it were not checked.",
    OURS,
);
pub(super) static ALLERGY_UNKNOWN: Rule = Rule::plain(
    "ALLERGY-UNKNOWN",
    Kind::NotChecked,
    Severity::Warning,
    "An allergy is not known",
    "A recorded allergy is not known by its name, so it was not checked.",
    OURS,
);
pub(super) static ALLERGY_STATUS: Rule = Rule::plain(
    "ALLERGY-STATUS",
    Kind::NotChecked,
    Severity::Warning,
    "Allergies are not recorded",
    "The record does not say whether the patient has allergies, or which.",
    OURS,
);
pub(super) static SITE_UNKNOWN: Rule = Rule::plain(
    "SITE-UNKNOWN",
    Kind::NotChecked,
    Severity::Warning,
    "A rule of the hospital is not known",
    "A rule of the hospital names a medicine that this version does not know, so it was not checked.",
    OURS,
);
static PLAIN: [&Rule; 9] = [
    &SAME_ALLERGY,
    &SAME_INGREDIENT,
    &DOSE_MAXIMUM,
    &DOSE_NOT_CHECKED,
    &MEDICINE_UNKNOWN,
    &CURRENT_UNKNOWN,
    &ALLERGY_UNKNOWN,
    &ALLERGY_STATUS,
    &SITE_UNKNOWN,
];

/// Where rules come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// What alerts call it.
    pub key: Cow<'static, str>,
    /// Its version.
    pub version: Cow<'static, str>,
    /// What it is.
    pub citation: Cow<'static, str>,
    /// On what terms it is used.
    pub licence: Cow<'static, str>,
    /// Who looked it over.
    pub reviewed_by: Cow<'static, str>,
}

/// A rule that is built in, for people to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleInfo {
    /// Names it.
    pub id: RuleId,
    /// What it is about.
    pub kind: Kind,
    /// How much it weighs.
    pub severity: Severity,
    /// Whether a hospital may change that.
    pub is_adjustable: bool,
    /// What it says in a few words.
    pub title: Cow<'static, str>,
    /// Why, in one sentence.
    pub detail: Cow<'static, str>,
    /// Where it comes from, and in which version.
    pub source: Cow<'static, str>,
    /// The ingredients on one side of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Cow<'static, str>>,
    /// The ingredients on the other side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub precipitants: Vec<Cow<'static, str>>,
    /// The ingredients of which no two go together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_two_of: Vec<Cow<'static, str>>,
}

/// The version of the data.
pub fn version() -> &'static str {
    data().version
}

/// Where the rules come from.
pub fn sources() -> &'static [Source] {
    &data().sources
}

/// Every rule that is built in.
pub fn rules() -> impl Iterator<Item = RuleInfo> {
    let names = |list: &[Ingredient]| {
        list.iter().map(|&each| Cow::Borrowed(data().ingredients[usize::from(each)].name)).collect()
    };
    built_in().map(move |rule| {
        let lists = data().lists.get(rule.id.as_str()).cloned().unwrap_or_default();
        RuleInfo {
            id: rule.id.clone(),
            kind: rule.kind,
            severity: rule.severity,
            is_adjustable: rule.is_adjustable(),
            title: rule.title.clone(),
            detail: rule.why.clone(),
            source: rule.source.clone(),
            objects: names(&lists.objects),
            precipitants: names(&lists.precipitants),
            any_two_of: names(&lists.any_two_of),
        }
    })
}

/// Every rule that is built in, without its ingredients.
pub(super) fn built_in() -> impl Iterator<Item = &'static Rule> {
    data().pairs.iter().chain(&data().allergies).chain(PLAIN)
}

/// The ingredients on the sides of a rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    pub(super) objects: Vec<Ingredient>,
    pub(super) precipitants: Vec<Ingredient>,
    /// Each of these stands on both.
    pub(super) any_two_of: Vec<Ingredient>,
}

impl Lists {
    /// Where each ingredient stands in the rule that has this bit.
    pub(super) fn sides(&self, bit: u128) -> impl Iterator<Item = (Ingredient, Sides)> {
        let (object, precipitant) =
            (Sides { objects: bit, precipitants: 0 }, Sides { objects: 0, precipitants: bit });
        let objects = self.objects.iter().chain(&self.any_two_of).map(move |&each| (each, object));
        let precipitants = self.precipitants.iter().chain(&self.any_two_of);
        objects.chain(precipitants.map(move |&each| (each, precipitant)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MedicinesFile {
    #[serde(borrow)]
    ingredients: BTreeMap<&'static str, Vec<&'static str>>,
    #[serde(borrow)]
    brands: BTreeMap<&'static str, Vec<&'static str>>,
    #[serde(borrow)]
    allergens: BTreeMap<&'static str, Vec<&'static str>>,
    #[serde(borrow)]
    not_medicines: Vec<&'static str>,
    #[serde(borrow)]
    salts: Vec<&'static str>,
    #[serde(borrow)]
    forms: Vec<&'static str>,
    #[serde(borrow)]
    units: Vec<&'static str>,
    #[serde(borrow)]
    allergy_words: Vec<&'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    version: &'static str,
    #[serde(rename = "date")]
    _date: &'static str,
    sources: Vec<Source>,
    #[serde(borrow)]
    classes: BTreeMap<&'static str, ClassLine>,
    rules: Vec<RuleLine>,
    #[serde(borrow)]
    doses: BTreeMap<&'static str, DoseLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassLine {
    #[serde(borrow)]
    names: Vec<&'static str>,
    #[serde(borrow)]
    members: Vec<&'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleLine {
    id: &'static str,
    kind: Kind,
    severity: Severity,
    title: &'static str,
    why: &'static str,
    source: &'static str,
    #[serde(borrow, default)]
    objects: Vec<&'static str>,
    #[serde(borrow, default)]
    precipitants: Vec<&'static str>,
    #[serde(borrow, default)]
    any_two_of: Vec<&'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DoseLine {
    max: &'static str,
    #[serde(rename = "label")]
    _label: &'static str,
    #[serde(default)]
    until_age: Option<i16>,
}

impl Data {
    /// Nothing if the files contradict themselves: a rule that is half understood is worse.
    pub(super) fn parse(medicines: &'static str, rules: &'static str) -> Option<Self> {
        let medicines: MedicinesFile = serde_json::from_str(medicines).ok()?;
        let rules: RulesFile = serde_json::from_str(rules).ok()?;
        let mut data = Self { version: rules.version, ..Self::default() };
        data.learn_words(&medicines);
        data.learn_ingredients(&medicines, &rules.doses)?;
        for (&class, line) in &rules.classes {
            let members = members_of(&line.members, &rules.classes)?;
            let members = data.find_all(&members)?;
            for name in line.names.iter().chain([&class]) {
                data.class_names.insert(name, class);
            }
            data.classes.insert(class, members);
        }
        data.learn_allergens(&medicines, &rules.classes)?;
        for line in &rules.rules {
            data.learn_rule(line, &rules.classes, &rules.sources)?;
        }
        data.sources = rules.sources;
        Some(data)
    }

    fn learn_words(&mut self, file: &MedicinesFile) {
        let kinds =
            [(&file.salts, Word::Salt), (&file.forms, Word::Form), (&file.units, Word::Unit)];
        for (list, kind) in kinds {
            for word in list {
                self.medicines.insert_word(word, kind);
            }
        }
        for word in ["+", "and", "with"] {
            self.medicines.insert_word(word, Word::Joint);
        }
        self.allergens = self.medicines.clone();
        for word in &file.allergy_words {
            self.allergens.insert_word(word, Word::Allergy);
        }
    }

    fn learn_ingredients(
        &mut self,
        file: &MedicinesFile,
        doses: &BTreeMap<&'static str, DoseLine>,
    ) -> Option<()> {
        for (&name, also) in &file.ingredients {
            let ingredient = Ingredient::try_from(self.ingredients.len()).ok()?;
            for name in also.iter().chain([&name]) {
                self.name(name, vec![ingredient])?;
            }
            let dose = match doses.get(name) {
                Some(line) => {
                    let micrograms = dose::mass(line.max)?;
                    Some(Dose { micrograms, until_age: line.until_age })
                }
                None => None,
            };
            let (pairs, allergies) = <(Sides, Sides)>::default();
            self.ingredients.push(Entry { name, pairs, allergies, dose });
        }
        for (&brand, parts) in &file.brands {
            let parts = self.find_all(parts)?;
            self.name(brand, parts)?;
        }
        doses.keys().all(|name| file.ingredients.contains_key(name)).then_some(())
    }

    /// Files a name, which means one thing only.
    fn name(&mut self, name: &'static str, ingredients: Vec<Ingredient>) -> Option<()> {
        self.medicines.get(name).is_none().then(|| self.medicines.insert(name, ingredients))
    }

    /// Allergies go by the names of classes, too; those of medicines count before them.
    fn learn_allergens(
        &mut self,
        file: &MedicinesFile,
        classes: &BTreeMap<&'static str, ClassLine>,
    ) -> Option<()> {
        for (&name, class) in &self.class_names {
            self.allergens.insert(name, self.classes.get(class)?.clone());
        }
        let names = file.ingredients.iter().flat_map(|(name, also)| also.iter().chain([name]));
        for name in names.chain(file.brands.keys()) {
            self.allergens.insert(name, self.medicines.get(name)?.to_vec());
        }
        for (&name, parts) in &file.allergens {
            let parts = self.find_all(&members_of(parts, classes)?)?;
            self.allergens.insert(name, parts);
        }
        for &name in &file.not_medicines {
            self.allergens.insert(name, Vec::new());
        }
        Some(())
    }

    fn learn_rule(
        &mut self,
        line: &RuleLine,
        classes: &BTreeMap<&'static str, ClassLine>,
        sources: &[Source],
    ) -> Option<()> {
        let source = sources.iter().find(|source| source.key == line.source)?;
        let list = |names: &[&'static str]| self.find_all(&members_of(names, classes)?);
        let lists = Lists {
            objects: list(&line.objects)?,
            precipitants: list(&line.precipitants)?,
            any_two_of: list(&line.any_two_of)?,
        };
        let rules = if line.kind == Kind::Allergy { &mut self.allergies } else { &mut self.pairs };
        if rules.len() == MOST_RULES {
            return None;
        }
        let bit = 1 << rules.len();
        rules.push(Rule {
            id: RuleId::known(line.id),
            kind: line.kind,
            severity: line.severity,
            title: line.title.into(),
            why: line.why.into(),
            source: format!("{} {}", source.key, source.version).into(),
        });
        for (ingredient, sides) in lists.sides(bit) {
            let entry = self.ingredients.get_mut(usize::from(ingredient))?;
            match line.kind {
                Kind::Allergy => entry.allergies.join(sides),
                Kind::Interaction | Kind::Duplicate | Kind::Dose | Kind::NotChecked => {
                    entry.pairs.join(sides);
                }
            }
        }
        self.lists.insert(line.id, lists);
        Some(())
    }

    fn find_all(&self, names: &[&'static str]) -> Option<Vec<Ingredient>> {
        let found = names.iter().map(|name| match self.medicines.get(name)? {
            [one] => Some(*one),
            _ => None,
        });
        found.collect()
    }

    /// Reads the name of a medicine.
    pub(super) fn read_medicine(&self, text: &str) -> Reading {
        self.medicines.read(text)
    }

    /// Reads what somebody does not bear.
    pub(super) fn read_allergy(&self, text: &str) -> Reading {
        self.allergens.read(text)
    }

    /// The ingredients of a class or the one ingredient of a medicine, by a plain name, and what
    /// it is called here.
    pub(super) fn members(&self, plain: &str) -> Option<(&'static str, &[Ingredient])> {
        if let Some(class) = self.class_names.get(plain) {
            return Some((class, self.classes.get(class)?));
        }
        match self.medicines.get(plain)? {
            one @ [ingredient] => Some((self.ingredients.get(usize::from(*ingredient))?.name, one)),
            _ => None,
        }
    }

    #[cfg(test)]
    pub(super) fn medicines(&self) -> &Names {
        &self.medicines
    }
}

/// The names in a list, with those of each `@class` in its place.
fn members_of(
    names: &[&'static str],
    classes: &BTreeMap<&'static str, ClassLine>,
) -> Option<Vec<&'static str>> {
    let mut members = Vec::new();
    for name in names {
        match name.strip_prefix('@') {
            Some(class) => members.extend(members_of(&classes.get(class)?.members, classes)?),
            None => members.push(*name),
        }
    }
    Some(members)
}
