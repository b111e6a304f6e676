//! The safety pack: what has to stop stops, what must not stop does not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;

use super::{
    data::{Data, built_in, data},
    lexicon::plain,
    *,
};
use crate::{Failure, Id, access::Actor};

/// A grown-up without allergies.
fn healthy() -> Person<'static> {
    Person { allergy_status: AllergyStatus::NoneKnown, allergies: Vec::new(), age: Some(40) }
}

fn allergic_to(substance: &str) -> Person<'_> {
    let (allergy_status, allergies) = (AllergyStatus::Known, vec![substance]);
    Person { allergy_status, allergies, ..healthy() }
}

fn medicines<'a>(names: &[&'a str]) -> Vec<Medicine<'a>> {
    names.iter().map(|name| Medicine::named(name)).collect()
}

/// What is said to somebody without allergies who is given `new` and takes `current`.
fn given(new: &[&str], current: &[&str]) -> Report {
    check(&medicines(new), &medicines(current), &healthy(), &SiteRules::default())
}

fn given_to(person: &Person<'_>, medicine: &str) -> Report {
    check(&medicines(&[medicine]), &[], person, &SiteRules::default())
}

fn rule(report: &Report, id: &str) -> Option<Alert> {
    report.alerts.iter().find(|alert| alert.rule.as_str() == id).cloned()
}

/// The alerts but for those that the dose was not checked, as few of these tests give one.
fn ids(report: &Report) -> Vec<&str> {
    let ids = report.alerts.iter().map(|alert| alert.id.as_str());
    ids.filter(|id| !id.starts_with("DOSE-NOT-CHECKED")).collect()
}

/// The rules that stop.
fn stops(report: &Report) -> Vec<&str> {
    report.stops().map(|alert| alert.rule.as_str()).collect()
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    text.to_owned().try_into().unwrap()
}

/// Every pair of ingredients that a rule is about, the object first.
fn pairs_of(rule: &RuleInfo) -> BTreeSet<(String, String)> {
    let mut pairs = BTreeSet::new();
    for object in rule.objects.iter().chain(&rule.any_two_of) {
        for precipitant in rule.precipitants.iter().chain(&rule.any_two_of) {
            if object != precipitant {
                pairs.insert((object.to_string(), precipitant.to_string()));
            }
        }
    }
    pairs
}

fn from(source: &str) -> Vec<RuleInfo> {
    let rules = rules().filter(|rule| rule.source.starts_with(source));
    rules.filter(|rule| rule.kind == Kind::Interaction).collect()
}

/// A name that people also use, if there is one: a brand of nothing else, or a synonym.
fn other_name(ingredient: &str) -> Option<&'static str> {
    let own = data().medicines().get(ingredient).unwrap();
    let mut names: Vec<_> = data()
        .medicines()
        .all()
        .filter(|name| *name != ingredient && data().medicines().get(name) == Some(own))
        .collect();
    names.sort_unstable();
    names.first().copied()
}

#[test]
fn the_files_are_sound() {
    assert!(!version().is_empty());
    assert!(rules().count() > 100);
    let ids: BTreeSet<_> = built_in().map(|rule| rule.id.clone()).collect();
    assert_eq!(ids.len(), rules().count(), "every rule has a name of its own");
    for rule in rules() {
        assert!(rule.id.to_string().parse() == Ok(rule.id.clone()), "{}", rule.id);
        let lists = [&rule.objects, &rule.precipitants, &rule.any_two_of];
        for list in lists {
            assert_eq!(list.iter().collect::<BTreeSet<_>>().len(), list.len(), "{}", rule.id);
        }
        assert!(rule.title.len() <= 80 && !rule.title.ends_with('.'), "{}", rule.id);
        assert!(rule.detail.ends_with('.'), "{}", rule.id);
    }
    for source in sources() {
        let used = rules().any(|rule| rule.source.starts_with(source.key.as_ref()));
        assert!(used && !source.reviewed_by.is_empty(), "{}", source.key);
    }
}

#[test]
fn every_name_is_written_plainly_and_read_as_itself() {
    assert!(data().ingredients.len() >= 450);
    for name in data().medicines().all() {
        assert_eq!(plain(name), name);
        let reading = data().read_medicine(name);
        let mut expected = data().medicines().get(name).unwrap().to_vec();
        expected.sort_unstable();
        assert!(reading.is_complete, "{name}");
        assert_eq!(reading.ingredients, expected, "{name}");
    }
}

#[test]
fn the_tables_of_the_documentation_say_what_the_data_say() {
    let documentation = include_str!("../../../../docs/SAFETY.md");
    let unordered = |rules: &[RuleInfo]| -> BTreeSet<_> {
        rules.iter().flat_map(pairs_of).map(|(one, other)| BTreeSet::from([one, other])).collect()
    };
    let mut expected = Vec::new();
    for source in sources() {
        let of = |rule: &RuleInfo| rule.source == format!("{} {}", source.key, source.version);
        let rules: Vec<_> = rules().filter(of).collect();
        let Source { key, version, licence, reviewed_by, .. } = source;
        let (rules, pairs) = (rules.len(), unordered(&rules).len());
        expected
            .push(format!("| {key} | {version} | {licence} | {reviewed_by} | {rules} | {pairs} |"));
        assert!(documentation.contains(source.citation.as_ref()), "{}", source.citation);
    }
    let ingredients = data().ingredients.len();
    for (what, count) in [
        ("ingredients", ingredients),
        ("synonyms and brands", data().medicines().all().count() - ingredients),
        ("maximum doses", data().ingredients.iter().filter(|entry| entry.dose.is_some()).count()),
        ("rules", rules().count()),
    ] {
        expected.push(format!("| {what} | {count} |"));
    }
    expected.push(format!("version {}", version()));
    let missing: Vec<_> = expected.iter().filter(|line| !documentation.contains(*line)).collect();
    assert!(missing.is_empty(), "docs/SAFETY.md should say:\n{missing:#?}");
    assert!(documentation.contains(DISCLAIMER));
}

#[test]
fn the_fourteen_rules_are_those_of_the_paper() {
    let counts: Vec<_> = from("ONC-2012")
        .iter()
        .map(|rule| (rule.id.to_string().replace("ONC-", ""), pairs_of(rule).len()))
        .map(|(id, count)| format!("{id}:{count}"))
        .collect();
    let expected = "3:60 4:5 6:2 8:55 11:23 16:30 20:40 22:4 23:60 25:40 27:60 28:7 30:1 31:15";
    assert_eq!(counts.join(" "), expected);
    let pairs: BTreeSet<_> = from("ONC-2012")
        .iter()
        .flat_map(pairs_of)
        .map(|(one, other)| BTreeSet::from([one, other]))
        .collect();
    assert_eq!(pairs.len(), 402);
    assert_eq!(pairs.iter().flatten().collect::<BTreeSet<_>>().len(), 97);
}

#[test]
fn every_high_priority_pair_stops_in_both_orders_and_under_other_names() {
    for rule in from("ONC-2012").iter().chain(&from("FDA-LABELS")) {
        for (object, precipitant) in pairs_of(rule) {
            let id = format!("{}:{object}+{precipitant}", rule.id);
            let names = |name: &str| [Some(name.to_owned()), other_name(name).map(str::to_owned)];
            for one in names(&object).into_iter().flatten() {
                for other in names(&precipitant).into_iter().flatten() {
                    for (new, current) in [
                        (vec![&*one, &*other], vec![]),
                        (vec![&*other, &*one], vec![]),
                        (vec![&*one], vec![&*other]),
                        (vec![&*other], vec![&*one]),
                    ] {
                        let report = given(&new, &current);
                        let alert = report.stops().find(|alert| alert.id == id);
                        assert!(alert.is_some(), "{id}: {one} with {other}");
                    }
                }
            }
        }
    }
}

#[test]
fn two_medicines_in_one_line_are_two_medicines() {
    assert_eq!(stops(&given(&["Simvastatin 20 mg + clarithromycin 500 mg"], &[])), ["ONC-25"]);
    assert!(ids(&given(&["Exforge HCT"], &[])).is_empty());
}

#[test]
fn no_pair_of_the_non_interruptive_list_stops() {
    let rules = from("ONC-2013");
    assert_eq!(rules.len(), 28);
    for rule in &rules {
        assert_eq!(rule.severity, Severity::Note);
        for (object, precipitant) in pairs_of(rule) {
            let report = given(&[&object, &precipitant], &[]);
            assert_eq!(stops(&report), [""; 0], "{}: {object} with {precipitant}", rule.id);
            let note = report.alerts.iter().any(|alert| alert.rule == rule.id);
            assert!(note, "{}: {object} with {precipitant}", rule.id);
        }
    }
}

#[test]
fn an_ace_inhibitor_with_an_angiotensin_blocker_is_noted() {
    let report = given(&["Lisinopril 10 mg"], &["Losartan potassium 50 mg"]);
    assert_eq!(ids(&report), ["NOTE-3:lisinopril+losartan"]);
    let alert = rule(&report, "NOTE-3").unwrap();
    assert_eq!(alert.medicines, ["Lisinopril 10 mg", "Losartan potassium 50 mg"]);
    assert_eq!(alert.positions, [0]);
}

#[test]
fn an_allergy_stops_the_same_medicine_under_every_name() {
    for (allergy, medicine) in [
        ("Amoxicillin", "Augmentin 625 mg"),
        ("Paracetamol", "Panadol"),
        ("acetaminophen", "Calpol"),
        ("Disprin", "Aspirin 75 mg"),
        ("co-trimoxazole", "Bactrim DS"),
    ] {
        let report = given_to(&allergic_to(allergy), medicine);
        let alert = rule(&report, "ALLERGY-SAME").unwrap();
        assert!(alert.stops, "{allergy}: {medicine}");
        assert_eq!(alert.allergies, [allergy]);
    }
}

#[test]
fn an_allergy_stops_its_class() {
    for (allergy, medicine) in [
        ("Penicillin", "Amoxicillin"),
        ("penicillin allergy (severe)", "Co-amoxiclav"),
        ("Ampicillin", "Piperacillin/tazobactam"),
        ("Cefaclor", "Ceftriaxone"),
        ("Sulfa drugs", "Septran"),
        ("sulfadiazine", "Co-trimoxazole"),
        ("NSAIDs", "Brufen"),
        ("Aspirin", "Diclofenac sodium 50 mg"),
        ("Ibuprofen", "Disprin"),
        ("beta-lactams", "Meropenem"),
        ("Enalapril", "Entresto"),
        ("carbamazepine", "Phenytoin"),
        ("iodine", "Iohexol"),
        ("macrolides", "Clarithromycin"),
        ("opiates", "Tramadol"),
        ("sulphonamides", "Celecoxib"),
    ] {
        let report = given_to(&allergic_to(allergy), medicine);
        assert!(report.stops().any(|alert| alert.kind == Kind::Allergy), "{allergy}: {medicine}");
        assert!(report.is_complete(), "{allergy}: {medicine}");
    }
}

#[test]
fn an_allergy_stops_the_same_side_chain() {
    for (allergy, medicine) in [
        ("Ampicillin", "Cefaclor"),
        ("Ampicillin", "Cephalexin"),
        ("Amoxicillin", "Cefadroxil"),
        ("Amoxicillin", "Cefprozil"),
        ("Penicillin", "Cefoxitin"),
        ("Penicillin V", "Cefoxitin"),
        ("Benzylpenicillin", "Cefoxitin"),
    ] {
        for (allergy, medicine) in [(allergy, medicine), (medicine, allergy)] {
            let report = given_to(&allergic_to(allergy), medicine);
            let stops = stops(&report);
            let side_chain = stops.iter().any(|rule| rule.starts_with("ALLERGY-R1-"));
            assert!(side_chain, "{allergy}: {medicine}: {stops:?}");
        }
    }
}

#[test]
fn other_cephalosporins_are_noted_and_cefazolin_no_more_than_that() {
    for medicine in ["Ceftriaxone", "Cefuroxime", "Cefepime", "Cefixime", "Cefazolin"] {
        for allergy in ["Penicillin", "Amoxicillin", "Ampicillin", "Piperacillin"] {
            let report = given_to(&allergic_to(allergy), medicine);
            let severities: Vec<_> = report.alerts.iter().map(|alert| alert.severity).collect();
            assert_eq!(severities, [Severity::Note], "{allergy}: {medicine}");
        }
    }
    let report = given_to(&allergic_to("Penicillin"), "Cephalexin");
    assert_eq!(ids(&report).len(), 2);
    assert!(!rule(&report, "ALLERGY-R1-UNSURE").unwrap().stops);
}

#[test]
fn a_similar_side_chain_is_a_warning() {
    for (allergy, medicine) in
        [("Amoxicillin", "Cephalexin"), ("Ampicillin", "Cefadroxil"), ("Amoxicillin", "Velosef")]
    {
        let report = given_to(&allergic_to(allergy), medicine);
        let weights: Vec<_> = report.alerts.iter().map(|alert| alert.severity).collect();
        assert_eq!(weights[0], Severity::Warning, "{allergy}: {medicine}");
    }
}

#[test]
fn a_file_that_contradicts_itself_is_not_read() {
    let (names, rules) =
        (include_str!("../../data/medicines.json"), include_str!("../../data/rules.json"));
    let leak = |text: String| -> &'static str { text.leak() };
    assert!(Data::parse(names, rules).is_some());
    let twice = leak(names.replacen("\"zyrtec\":", "\"aspirin\":", 1));
    assert!(Data::parse(twice, rules).is_none());
    let astray = leak(rules.replacen("\"simvastatin\"", "\"simvastatine\"", 1));
    assert!(Data::parse(names, astray).is_none());
    assert!(Data::parse("{}", rules).is_none());
}

#[test]
fn where_cross_reaction_is_unlikely_nothing_stops() {
    for (allergy, medicine) in [
        ("Co-trimoxazole", "Furosemide"),
        ("Morphine", "Fentanyl"),
        ("Azithromycin", "Clarithromycin"),
        ("Ciprofloxacin", "Levofloxacin"),
        ("Simvastatin", "Rosuvastatin"),
        ("Penicillin", "Meropenem"),
    ] {
        let report = given_to(&allergic_to(allergy), medicine);
        assert_eq!(stops(&report), [""; 0], "{allergy}: {medicine}");
        assert!(!report.alerts.is_empty(), "{allergy}: {medicine}");
    }
    for allergy in ["Peanuts", "Latex", "bee venom", "dust mites", "Shellfish, eggs and pollen"] {
        assert!(ids(&given_to(&allergic_to(allergy), "Amoxicillin")).is_empty(), "{allergy}");
    }
}

#[test]
fn what_is_not_known_stops_as_not_checked() {
    let report = given(&["Zorblaxin 20 mg"], &[]);
    assert_eq!(stops(&report), ["MEDICINE-UNKNOWN"]);
    assert!(!report.is_complete());
    assert!(!ids(&report)[0].to_lowercase().contains("zorblaxin"), "ids repeat nothing");
    let report = given(&["Panadol"], &["Zorblaxin", "Florbix"]);
    assert_eq!(stops(&report), ["CURRENT-UNKNOWN"]);
    assert_eq!(report.alerts[0].medicines, ["Florbix", "Zorblaxin"]);
    let report = given_to(&allergic_to("moon rays"), "Panadol");
    assert_eq!(stops(&report), ["ALLERGY-UNKNOWN"]);
    // What is understood of it counts all the same.
    let report = given(&["simvastatin + zorblaxin"], &["clarithromycin"]);
    assert_eq!(stops(&report), ["ONC-25", "MEDICINE-UNKNOWN"]);
    let report = given_to(&allergic_to("penicillin and moon rays"), "Amoxil");
    assert_eq!(stops(&report), ["ALLERGY-PENICILLINS", "ALLERGY-UNKNOWN"]);
}

#[test]
fn allergies_that_nobody_recorded_stop_as_not_checked() {
    for allergy_status in
        [AllergyStatus::NotRecorded, AllergyStatus::Unavailable, AllergyStatus::Known]
    {
        let person = Person { allergy_status, ..healthy() };
        let report = given_to(&person, "Panadol");
        assert_eq!(stops(&report), ["ALLERGY-STATUS"]);
        assert!(!report.is_complete());
    }
    assert!(ids(&given_to(&healthy(), "Amoxicillin")).is_empty());
}

#[test]
fn names_are_read_however_they_are_written() {
    let same = |one: &str, other: &str| {
        let read = |text| {
            let reading = data().read_medicine(text);
            assert!(reading.is_complete, "{text}");
            reading.ingredients
        };
        assert_eq!(read(one), read(other), "{one}: {other}");
    };
    same("Paracetamol", "ACETAMINOPHEN");
    same("Pethidine", "meperidine hydrochloride");
    same("Rifampicin", "rifampin");
    same("Methylergometrine", "methylergonovine maleate");
    same("Ergometrine", "ergonovine");
    same("Salbutamol", "albuterol sulfate");
    same("Adrenaline", "epinephrine");
    same("Frusemide", "Furosemide");
    same("St. John's wort", "St John’s Wort");
    same("  tab.  PARACÉTAMOL   500mg ", "paracetamol");
    same("Co-amoxiclav 625 mg", "Amoxicillin trihydrate / clavulanate potassium 500mg/125mg");
    same("Augmentin", "amoxicillin and clavulanic acid");
    same("Diclofenac Sodium 75 mg SR", "Voltaren");
    same("Lithium carbonate", "Lithium");
    same("Amlodipine besylate tablets 5 mg", "Norvasc");
    same("Sodium valproate", "Valproic acid");
    same("Penicillin G potassium", "Benzylpenicillin");
    same("Micardis HCT", "telmisartan + hydrochlorothiazide");
    same("Humulin 70/30", "Mixtard");
    same("Metoprolol succinate extended release 50 mg", "metoprolol");
    same("Glucophage XR 500 mg", "metformin HCl");
    same("Furosemide 10 mg/ml", "Furosemide 10mg per ml");
    same("Fentanyl 25 mcg/hr patch", "fentanyl");
    for (one, other) in [
        ("potassium chloride", "sodium chloride"),
        ("calcium carbonate", "lithium carbonate"),
        ("magnesium sulfate", "ferrous sulfate"),
        ("Tylenol 3", "Tylenol"),
        ("Panadol Extra", "Panadol"),
        ("Zyrtec-D", "Zyrtec"),
        ("penicillamine", "penicillin"),
        ("prednisone", "prednisolone"),
        ("hydroxyzine", "hydralazine"),
        ("chlorpromazine", "chlorpropamide"),
    ] {
        assert_ne!(data().read_medicine(one).ingredients, data().read_medicine(other).ingredients);
    }
}

#[test]
fn no_name_is_guessed() {
    for name in [
        "",
        "   ",
        "500 mg",
        "tablet",
        "sodium",
        "chloride",
        "potassium",
        "hydrochloride tablets",
        "paracetamo",
        "paracetamoll",
        "simva statin",
        "Losartan H",
        "Losartan 50 H",
        "Panadol Plus",
        "Panadol Cold",
        "peanut",
        "penicillin-like",
        "statin",
        "NSAID",
        "Zerodol MR",
        "ibuprofen cold",
        "antibiotic",
        "+",
        "and",
        "furosemide ml",
        "furosemide 10 / ml",
    ] {
        assert!(!data().read_medicine(name).is_complete, "{name}");
    }
}

#[test]
fn amounts_of_two_with_the_name_of_one_leave_one_unknown() {
    let run = |medicine| {
        let report =
            check(&[medicine], &medicines(&["dofetilide"]), &healthy(), &SiteRules::default());
        stops(&report).join(" ")
    };
    let named = Medicine::named;
    assert_eq!(run(named("Losartan 50 mg")), "");
    assert_eq!(run(named("Losartan 50/12.5 mg")), "MEDICINE-UNKNOWN");
    assert_eq!(run(named("Losartan 50mg/12.5mg")), "MEDICINE-UNKNOWN");
    assert_eq!(
        run(Medicine { strength: Some("50/12.5 mg"), ..named("Losartan") }),
        "MEDICINE-UNKNOWN"
    );
    let hyzaar = Medicine { brand: Some("Hyzaar"), ..named("Losartan 50/12.5 mg") };
    assert_eq!(run(hyzaar), "LABEL-14");
    assert_eq!(run(named("Amoxicillin 125 mg/5 ml")), "");
    assert_eq!(run(named("Humulin 70/30")), "");
}

#[test]
fn what_is_in_a_medicine_counts_more_than_what_it_is_called() {
    let named = Medicine::named("Zorblaxin");
    let current = medicines(&["clarithromycin"]);
    let run = |medicine| check(&[medicine], &current, &healthy(), &SiteRules::default());
    let report = run(Medicine { generic: Some("simvastatin"), ..named });
    assert_eq!(stops(&report), ["ONC-25"]);
    let report = run(Medicine { brand: Some("Zocor"), ..named });
    assert_eq!(stops(&report), ["ONC-25", "MEDICINE-UNKNOWN"]);
    let report = run(Medicine { generic: Some("florbix"), ..Medicine::named("Zocor") });
    assert_eq!(stops(&report), ["ONC-25", "MEDICINE-UNKNOWN"]);
}

#[test]
fn the_same_twice_is_a_duplicate() {
    for (one, other) in [
        ("Panadol", "Calpol"),
        ("Paracetamol", "Ultracet"),
        ("Brufen", "Combiflam"),
        ("Salbutamol", "Ventolin"),
    ] {
        for report in [given(&[one, other], &[]), given(&[one], &[other])] {
            let alert = rule(&report, "DUPLICATE-INGREDIENT").unwrap();
            assert_eq!((alert.severity, alert.stops), (Severity::Warning, false));
            assert_eq!(alert.medicines.len(), 2);
        }
    }
}

#[test]
fn two_of_a_class_are_a_duplicate() {
    for (one, other, severity) in [
        ("Ibuprofen", "Naproxen", Severity::Warning),
        ("Simvastatin", "Atorvastatin", Severity::Warning),
        ("Sertraline", "Venlafaxine", Severity::Warning),
        ("Omeprazole", "Pantoprazole", Severity::Warning),
        ("Lisinopril", "Enalapril", Severity::Warning),
        ("Losartan", "Valsartan", Severity::Warning),
        ("Diazepam", "Lorazepam", Severity::Warning),
        ("Morphine", "Codeine", Severity::Note),
        ("Aspirin", "Ibuprofen", Severity::Note),
    ] {
        let report = given(&[one], &[other]);
        let alert = report.alerts.iter().find(|alert| alert.kind == Kind::Duplicate).unwrap();
        assert_eq!((alert.severity, alert.stops), (severity, false), "{one} with {other}");
    }
    // The parts of one product belong together.
    assert!(ids(&given(&["Adderall"], &[])).is_empty());
}

fn dosed<'a>(name: &'a str, strength: &'a str, dose: &str, times: u16) -> Medicine<'a> {
    let daily = DailyIntake::read(dose, times);
    Medicine { strength: Some(strength), daily, ..Medicine::named(name) }
}

fn dosed_for(age: Option<i16>, new: &[Medicine<'_>], current: &[Medicine<'_>]) -> Vec<String> {
    let person = Person { age, ..healthy() };
    let report = check(new, current, &person, &SiteRules::default());
    let doses = ["DOSE-MAXIMUM", "DOSE-NOT-CHECKED"];
    let alerts = report.alerts.iter().filter(|alert| doses.contains(&alert.rule.as_str()));
    alerts.inspect(|alert| assert!(!alert.stops)).map(|alert| alert.id.clone()).collect()
}

#[test]
fn doses_of_adults_are_added_up() {
    let adult = Some(40);
    let low = dosed("Paracetamol", "500 mg", "2 tablets", 4);
    assert_eq!(dosed_for(adult, &[low], &[]), [""; 0]);
    let high = dosed("Paracetamol", "1 g", "1 tablet", 6);
    assert_eq!(dosed_for(adult, &[high], &[]), ["DOSE-MAXIMUM:acetaminophen"]);
    let more = dosed("Panadol", "500 mg", "500 mg", 2);
    assert_eq!(dosed_for(adult, &[low], &[more]), ["DOSE-MAXIMUM:acetaminophen"]);
    let unclear = dosed("Paracetamol", "500 mg", "1-2 tablets", 4);
    assert_eq!(dosed_for(adult, &[unclear], &[]), ["DOSE-NOT-CHECKED:acetaminophen"]);
    let no_bound = dosed("Nystatin", "500 mg", "2 tablets", 4);
    assert_eq!(dosed_for(adult, &[no_bound], &[]), [""; 0]);
}

#[test]
fn doses_of_others_are_not_said_to_be_checked() {
    let low = dosed("Paracetamol", "500 mg", "1 tablet", 3);
    for age in [None, Some(4), Some(17)] {
        assert_eq!(dosed_for(age, &[low], &[]), ["DOSE-NOT-CHECKED:acetaminophen"]);
    }
    let citalopram = dosed("Citalopram", "40 mg", "1", 1);
    assert_eq!(dosed_for(Some(40), &[citalopram], &[]), [""; 0]);
    assert_eq!(dosed_for(Some(70), &[citalopram], &[]), ["DOSE-NOT-CHECKED:citalopram"]);
}

#[test]
fn every_maximum_is_an_amount() {
    let doses = data().ingredients.iter().filter_map(|entry| entry.dose);
    assert!(doses.clone().count() >= 40);
    assert!(doses.into_iter().all(|dose| dose.micrograms > 0));
}

fn site_rule(id: &str, any_two_of: &[&str]) -> SiteRule {
    SiteRule {
        id: id.parse().unwrap(),
        title: text("Two medicines that prolong QT"),
        severity: Severity::Contraindicated,
        objects: Vec::new(),
        precipitants: Vec::new(),
        any_two_of: any_two_of.iter().map(|name| text(name)).collect(),
        detail: text("The heart can lose its rhythm."),
        source: text("The list of the pharmacy, 3"),
    }
}

/// The fifteenth rule is about a list that each hospital brings along.
#[test]
fn a_hospital_brings_its_list_of_medicines_that_prolong_qt() {
    let without = given(&["Haloperidol", "Ondansetron"], &["Sotalol"]);
    assert!(stops(&without).is_empty());
    let rule = site_rule("SITE-21", &["Haldol", "ondansetron", "Sotalol hydrochloride"]);
    // A name is one as the lexicon files it; salts are not part of it.
    assert!(SiteRules::of(BTreeMap::new(), vec![rule]).is_err());
    let rule = site_rule("SITE-21", &["Haldol", "Ondansetron", "SOTALOL"]);
    let site = SiteRules::of(BTreeMap::new(), vec![rule]).unwrap();
    assert_eq!(site.rules()[0].any_two_of, ["haloperidol", "ondansetron", "sotalol"].map(text));
    let new = medicines(&["Ondansetron 4 mg", "Haloperidol"]);
    let report = check(&new, &medicines(&["Betapace"]), &healthy(), &site);
    let alerts: Vec<_> = report.stops().map(|alert| alert.id.as_str()).collect();
    assert_eq!(
        alerts,
        [
            "SITE-21:haloperidol+ondansetron",
            "SITE-21:haloperidol+sotalol",
            "SITE-21:ondansetron+sotalol"
        ]
    );
    assert_eq!(report.alerts[0].source, "The list of the pharmacy, 3");
}

#[test]
fn a_hospital_adds_rules_of_classes() {
    let mut rule = site_rule("SITE-1", &[]);
    rule.objects = vec![text("Warfarin")];
    rule.precipitants = vec![text("NSAIDs")];
    let site = SiteRules::of(BTreeMap::new(), vec![rule]).unwrap();
    let report = check(&medicines(&["Brufen"]), &medicines(&["Coumadin"]), &healthy(), &site);
    assert_eq!(ids(&report)[0], "SITE-1:warfarin+ibuprofen");
}

#[test]
fn a_hospital_says_how_much_rules_weigh() {
    let severities = |list: &[(&str, Severity)]| {
        list.iter().map(|(id, severity)| (id.parse().unwrap(), *severity)).collect()
    };
    let lighter =
        severities(&[("ONC-25", Severity::Warning), ("NOTE-3", Severity::Contraindicated)]);
    let site = SiteRules::of(lighter, Vec::new()).unwrap();
    let new = medicines(&["Simvastatin", "Clarithromycin", "Lisinopril", "Losartan"]);
    let report = check(&new, &[], &healthy(), &site);
    assert_eq!(stops(&report), ["NOTE-3"]);
    let alert = rule(&report, "ONC-25").unwrap();
    assert_eq!(alert.severity, Severity::Warning);
    assert_eq!(alert.adjusted_from, Some(Severity::Contraindicated));
    for id in ["MEDICINE-UNKNOWN", "ALLERGY-STATUS", "ONC-21", "SITE-1"] {
        let refused = SiteRules::of(severities(&[(id, Severity::Note)]), Vec::new());
        assert!(refused.is_err(), "{id}");
    }
}

#[test]
fn rules_of_a_hospital_that_are_not_sound_are_refused_part_by_part() {
    let mut one_sided = site_rule("SITE-2", &[]);
    one_sided.objects = vec![text("Warfarin")];
    let rules = vec![
        site_rule("SITE-1", &["Zorblaxin", "Haloperidol", "Augmentin"]),
        site_rule("SITE-1", &["Sotalol"]),
        site_rule("ONC-25", &["Sotalol"]),
        one_sided,
    ];
    let refused = SiteRules::of(BTreeMap::new(), rules).unwrap_err();
    let pointers: Vec<_> = refused.fields().into_iter().map(|field| field.pointer).collect();
    assert_eq!(
        pointers,
        [
            "/rules/0/any_two_of/0",
            "/rules/0/any_two_of/2",
            "/rules/1/id",
            "/rules/2/id",
            "/rules/3"
        ]
    );
    let many = vec![site_rule("SITE-1", &["Sotalol"]); 101];
    assert!(SiteRules::of(BTreeMap::new(), many).is_err());
    let long = vec![site_rule("SITE-1", &["Sotalol"; 201])];
    assert!(SiteRules::of(BTreeMap::new(), long).is_err());
}

/// A rule that was kept names what a later version does not know any more.
#[test]
fn a_rule_of_a_hospital_that_is_not_understood_is_not_checked() {
    let site = SiteRules::of(BTreeMap::new(), vec![site_rule("SITE-1", &["Sotalol"])]).unwrap();
    let kept = serde_json::to_string(&site).unwrap().replace("sotalol", "zorblaxin");
    let site: SiteRules = serde_json::from_str(&kept).unwrap();
    let report = check(&medicines(&["Panadol"]), &[], &healthy(), &site);
    assert_eq!(ids(&report), ["SITE-UNKNOWN:SITE-1"]);
    assert!(report.alerts[0].stops);
}

#[test]
fn what_stops_passes_with_a_reason_for_exactly_that() {
    let report = given(&["Panadol", "Zocor"], &["Clarithromycin", "Zorblaxin"]);
    let places = ["/medicines/0", "/medicines/1"];
    let refused = report.pass(None, &places).unwrap_err();
    assert_eq!(refused.code(), "safety-stop");
    let said = refused.to_string();
    assert!(said.contains(&*report.data_version) && said.ends_with(DISCLAIMER), "{said}");
    let fields = refused.fields();
    assert_eq!(fields[0].pointer, "/medicines/1");
    assert_eq!(fields[0].rule.as_ref().map(RuleId::as_str), Some("ONC-25"));
    assert!(fields[0].detail.starts_with("ONC-25: "), "{}", fields[0].detail);
    assert!(fields[0].detail.contains(&*report.alerts[0].source), "{}", fields[0].detail);
    assert!(fields.iter().all(|field| !field.detail.contains("Zorblaxin")));

    let passes = |report: &Report, rules: Option<&[&str]>| {
        let reason = "A week only.".to_owned().try_into().unwrap();
        let rules = rules.map(|ids| ids.iter().map(|id| id.parse().unwrap()).collect());
        let (by, at) = (Id::generate(Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH);
        let given = Override::of(report, &Grounds { reason, rules }, by, at);
        report.pass(Some(&given), &places)
    };
    assert_eq!(passes(&report, None), Ok(()));
    assert_eq!(passes(&report, Some(&["ONC-25", "CURRENT-UNKNOWN"])), Ok(()));
    // A reason for one thing is none for another.
    assert_eq!(passes(&report, Some(&["ONC-25"])).unwrap_err().code(), "safety-not-checked");
    assert_eq!(passes(&report, Some(&["CURRENT-UNKNOWN"])).unwrap_err().code(), "safety-stop");
    assert!(passes(&report, Some(&[])).is_err());
    let unchecked = given(&["Zorblaxin"], &[]);
    assert_eq!(unchecked.pass(None, &places).unwrap_err().code(), "safety-not-checked");
    assert_eq!(given(&["Panadol"], &[]).pass(None, &places), Ok(()));
}

#[test]
fn a_report_is_kept_as_it_is_and_says_what_it_is_not() {
    let report = given(&["Zocor", "Brufen"], &["Clarithromycin", "Lisinopril"]);
    let kept = serde_json::to_string(&report).unwrap();
    assert!(serde_json::from_str::<Report>(&kept).unwrap() == report);
    assert_eq!(report.disclaimer, "No alert does not mean no interaction.");
    assert_eq!(report.data_version, version());
    assert!(report.alerts.iter().all(|alert| !alert.source.is_empty()));
    assert!(!format!("{report:?}").to_lowercase().contains("simvastatin"));
}

#[test]
fn rules_of_a_hospital_are_kept_with_their_revision() {
    let by = Actor::worker("test", Timestamp::UNIX_EPOCH);
    let site = SiteRules::of(BTreeMap::new(), vec![site_rule("SITE-1", &["Sotalol"])]).unwrap();
    let rules = SafetyRules::of(Id::generate(by.at), &by).replaced(site, &by);
    let kept = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<SafetyRules>(&kept).unwrap(), rules);
}

/// Names that mean something, and some that do not.
fn some_name() -> impl Strategy<Value = String> {
    let mut known: Vec<_> = data().medicines().all().collect();
    known.sort_unstable();
    let often = [
        "simvastatin",
        "clarithromycin",
        "fluoxetine",
        "phenelzine",
        "ibuprofen",
        "aspirin",
        "lisinopril",
        "amoxicillin",
        "cephalexin",
        "paracetamol",
        "panadol",
        "zorblaxin",
    ];
    prop_oneof![
        3 => prop::sample::select(often.to_vec()).prop_map(str::to_owned),
        2 => prop::sample::select(known).prop_map(str::to_owned),
        1 => ".{0,30}",
    ]
}

fn some_names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(some_name(), 0..6)
}

fn run(new: &[String], current: &[String], allergies: &[String]) -> Report {
    let new: Vec<_> = new.iter().map(|name| Medicine::named(name)).collect();
    let current: Vec<_> = current.iter().map(|name| Medicine::named(name)).collect();
    let allergies = allergies.iter().map(String::as_str).collect();
    let person = Person { allergy_status: AllergyStatus::Known, allergies, ..healthy() };
    check(&new, &current, &person, &SiteRules::default())
}

proptest! {
    #[test]
    fn any_text_is_checked_without_panic(
        new in prop::collection::vec(".*", 0..4),
        current in prop::collection::vec(".*", 0..4),
        allergies in prop::collection::vec(".*", 0..4),
    ) {
        run(&new, &current, &allergies);
    }

    #[test]
    fn one_more_medicine_takes_no_alert_away(
        new in some_names(), current in some_names(), allergies in some_names(), more in some_name(),
    ) {
        let before = run(&new, &current, &allergies);
        let with = |list: &[String]| [list, std::slice::from_ref(&more)].concat();
        for after in
            [run(&with(&new), &current, &allergies), run(&new, &with(&current), &allergies)]
        {
            let after: BTreeSet<_> = after.alerts.iter().map(|alert| &alert.id).collect();
            prop_assert!(before.alerts.iter().all(|alert| after.contains(&alert.id)));
        }
    }

    #[test]
    fn the_order_of_medicines_does_not_matter(
        (new, shuffled) in some_names().prop_flat_map(|new| (Just(new.clone()), Just(new).prop_shuffle())),
        current in some_names(), allergies in some_names(),
    ) {
        let of = |new: &[String], current: &[String]| {
            let mut report = run(new, current, &allergies);
            report.alerts.iter_mut().for_each(|alert| alert.positions.clear());
            report
        };
        let mut turned = current.clone();
        turned.reverse();
        prop_assert!(of(&new, &current) == of(&shuffled, &turned));
    }

    #[test]
    fn what_is_unknown_always_stops(name in "[b-df-hj-np-tv-z]{7,12}") {
        prop_assume!(!data().read_medicine(&name).is_complete);
        prop_assert!(given(&[&name], &[]).stops().count() == 1);
        prop_assert!(!given_to(&allergic_to(&name), "Panadol").is_complete());
    }
}
