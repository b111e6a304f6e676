//! The formulary: sound data, and hospitals that have the last word.

use std::collections::BTreeSet;

use super::{data::File, *};
use crate::{Failure, text::Text};

fn named(name: &str) -> Vec<&'static str> {
    safety::ingredients(&safety::Medicine::named(name))
}

fn names(names: &[&str]) -> Vec<Text<200>> {
    names.iter().map(|&name| name.to_owned().try_into().unwrap()).collect()
}

fn addition(name: &str) -> Addition {
    serde_json::from_value(serde_json::json!({
        "name": name,
        "class": "Nonsteroidal Anti-inflammatory Drug",
        "indications": ["PAIN"],
    }))
    .unwrap()
}

#[test]
fn every_medicine_is_known_to_the_safety_check() {
    let formulary = Formulary::bundled();
    assert!(formulary.entries().count() >= 120);
    for entry in formulary.entries() {
        assert_eq!(named(&entry.name), entry.ingredients, "{}", entry.name);
        let report = safety::check(
            &[safety::Medicine::named(&entry.name)],
            &[],
            &safety::Person::unknown(),
            &safety::SiteRules::default(),
        );
        let is_unknown = report.alerts.iter().any(|it| it.rule.as_str() == "MEDICINE-UNKNOWN");
        assert!(!is_unknown, "{}", entry.name);
        assert!(!entry.indications.is_empty() && !entry.forms.is_empty(), "{}", entry.name);
        assert!(!entry.class.is_empty() && entry.min_age <= 18, "{}", entry.name);
    }
}

#[test]
fn every_indication_has_medicines_and_every_source_is_used() {
    let formulary = Formulary::bundled();
    for indication in Indication::ALL {
        let has_one = formulary.entries().any(|entry| entry.indications.contains(indication));
        assert!(has_one, "{indication}");
    }
    for source in formulary.sources() {
        let is_used = formulary.entries().any(|entry| entry.source.starts_with(&*source.key));
        assert!(is_used && !source.reviewed_by.is_empty(), "{}", source.key);
    }
}

#[test]
fn the_documentation_says_what_the_data_say() {
    let documentation = include_str!("../../../../docs/SAFETY.md");
    let formulary = Formulary::bundled();
    let restricted = formulary.entries().filter(|entry| entry.is_restricted).count();
    let classes: BTreeSet<_> = formulary.entries().map(|entry| &entry.class).collect();
    let mut expected: Vec<_> = [
        ("medicines", formulary.entries().count()),
        ("classes", classes.len()),
        ("indications", Indication::ALL.len()),
        ("illnesses that are looked at", Condition::ALL.len()),
        ("medicines that only take the place of their like", restricted),
    ]
    .map(|(what, count)| format!("| {what} | {count} |"))
    .into();
    expected.push(format!("formulary is version {}", formulary.version()));
    for source in formulary.sources() {
        expected.push(source.citation.to_string());
    }
    let missing: Vec<_> = expected.iter().filter(|line| !documentation.contains(*line)).collect();
    assert!(missing.is_empty(), "docs/SAFETY.md should say:\n{missing:#?}");
}

#[test]
fn a_medicine_is_found_under_every_name() {
    let formulary = Formulary::bundled();
    for (name, entry) in [
        ("Paracetamol 500 mg", "acetaminophen"),
        ("Salbutamol inhaler", "albuterol"),
        ("Augmentin", "amoxicillin + clavulanic acid"),
        ("Lipitor", "atorvastatin"),
        ("Sodium valproate", "valproic acid"),
    ] {
        let found = formulary.find(&named(name)).map(|entry| entry.name.as_ref());
        assert_eq!(found, Some(entry), "{name}");
    }
    assert!(formulary.find(&named("Zorblaxin")).is_none());
}

#[test]
fn illnesses_are_read_and_not_guessed() {
    for (text, condition) in [
        ("Hypertension", Condition::Hypertension),
        ("high blood pressure", Condition::Hypertension),
        ("Type 2 Diabetes", Condition::Diabetes),
        ("CKD", Condition::KidneyDisease),
        (" Peptic-ulcer ", Condition::PepticUlcer),
    ] {
        assert_eq!(Condition::read(text), Some(condition), "{text}");
    }
    for text in ["", "hypertension since 2019", "not diabetes", "moon rays"] {
        assert_eq!(Condition::read(text), None, "{text}");
    }
}

#[test]
fn a_file_that_contradicts_itself_is_not_read() {
    let text = include_str!("../../data/formulary.json");
    let leak = |text: String| -> &'static str { text.leak() };
    assert!(File::parse(text).is_some());
    assert!(File::parse(leak(text.replacen("\"ibuprofen\":", "\"ibuprofin\":", 1))).is_none());
    assert!(File::parse(leak(text.replacen("\"ibuprofen\":", "\"motrin\":", 1))).is_none());
    assert!(File::parse(leak(text.replacen("\"FEVER\"", "\"FEAR\"", 1))).is_none());
    assert!(File::parse("{}").is_none());
}

#[test]
fn a_hospital_has_the_last_word() {
    let site = SiteFormulary::of(
        names(&["Panadol", "Brufen", "Naproxen", "Zorblaxin"]),
        names(&["naproxen"]),
        names(&["Ibuprofen 400 mg"]),
        vec![addition("Brufen")],
    );
    assert_eq!(site.unwrap_err().fields()[0].pointer, "/only/3");

    let site = SiteFormulary::of(
        names(&["Panadol", "Brufen", "Naproxen"]),
        names(&["naproxen"]),
        names(&["Ibuprofen 400 mg"]),
        vec![addition("Brufen")],
    );
    let formulary = Formulary::with(&site.unwrap());

    let listed = formulary.entries().filter(|it| it.standing != Standing::Unlisted);
    let listed: Vec<_> = listed.map(|entry| entry.name.as_ref()).collect();
    assert_eq!(listed, ["acetaminophen", "ibuprofen", "naproxen"]);
    let ibuprofen = formulary.find(&["ibuprofen"]).unwrap();
    assert!(ibuprofen.is_added);
    assert_eq!(ibuprofen.standing, Standing::Excluded);
    assert_eq!((ibuprofen.min_age, ibuprofen.pregnancy), (18, Advice::Caution));
    assert_eq!(formulary.find(&["naproxen"]).unwrap().standing, Standing::Preferred);
    assert!(formulary.find(&["warfarin"]).is_some(), "what is not listed is still known");
}

#[test]
fn the_version_tells_what_hospitals_say_apart() {
    let bundled = Formulary::bundled();
    let of = |excluded| SiteFormulary::of(vec![], vec![], names(excluded), vec![]).unwrap();
    let [one, other] = [of(&["aspirin"]), of(&["ibuprofen"])].map(|site| Formulary::with(&site));
    assert_eq!(Formulary::with(&SiteFormulary::default()).version(), bundled.version());
    assert!(one.version().starts_with(bundled.version()));
    assert_ne!(one.version(), bundled.version());
    assert_ne!(one.version(), other.version());
}

#[test]
fn what_a_hospital_says_has_to_be_sound() {
    let refused = |additions| {
        let wrong = SiteFormulary::of(vec![], vec![], vec![], additions).unwrap_err();
        wrong.fields().into_iter().map(|field| field.pointer).collect::<Vec<_>>()
    };
    assert_eq!(refused(vec![addition("Zorblaxin")]), ["/additions/0/name"]);
    assert_eq!(refused(vec![addition("Brufen"), addition("ibuprofen")]), ["/additions/1/name"]);
    let useless = Addition { indications: BTreeSet::new(), ..addition("Brufen") };
    assert_eq!(refused(vec![useless]), ["/additions/0/indications"]);
    assert_eq!(refused(vec![addition("Brufen"); 101]).first().unwrap(), "/additions");
    let many = SiteFormulary::of(names(&["aspirin"; 301]), vec![], vec![], vec![]);
    assert_eq!(many.unwrap_err().fields()[0].pointer, "/only");
}
