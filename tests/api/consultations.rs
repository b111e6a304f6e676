//! The clinical side of visits: what patients tell, and what doctors measure, find and note.

use carehub_domain::{
    access::{Action, Actor},
    appointment::{Appointment, Brief, StepError},
};
use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, each, id_of, open};

const ANA: &str = "+923001234567";
const NOW: &str = "2030-01-07T08:00:00Z";

/// 002-K3: a consultation is its appointment with all that was written down about it.
#[tokio::test]
async fn a_consultation_shows_all_that_was_written_down() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let empty = ali.get(&ward.path).await.ok();
    let symptom = ward.add(ana, "symptoms", json!({"symptom": "Cough"})).await;
    let diagnosis = ward.add(ali, "diagnosis", json!({"diagnosis": "Cold"})).await;
    let signs = ward.add(ali, "vital-signs", json!({"heart_rate": 72})).await;
    let first = ward.add(ali, "notes", json!({"content": "Rest."})).await;
    let second = ward.add(ana, "notes", json!({"content": "I will."})).await;

    for path in ["/api/consultations", "/api/v1/consultations"] {
        for person in [admin, hospital, ali, ana] {
            let seen = person.get(format!("{path}/{}/", ward.id)).await;
            let seen = seen.ok();
            assert_eq!(seen["symptoms"], json!([symptom]));
            assert_eq!(seen["diagnoses"], json!([diagnosis]));
            assert_eq!(seen["vital_signs"], signs);
            assert_eq!(seen["notes"], json!([first, second]));
            assert_eq!((&seen["id"], &seen["status"]), (&json!(ward.id), &json!("CHECKED_IN")));
            assert_eq!(seen["hospital_notes"], Value::Null);
        }
    }
    assert_eq!(empty["symptoms"], json!([]));
    assert_eq!(empty["diagnoses"], json!([]));
    assert_eq!(empty["vital_signs"], Value::Null);
    assert_eq!(empty["notes"], json!([]));
}

/// 002-K3, 002-K12, 002-K18, 002-K30, 002-K36, 002-K42: whoever has no part in a visit does not
/// learn that there is one, and who only books for patients reads nothing of it.
#[tokio::test]
async fn strangers_learn_nothing_of_a_visit() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let other = hub.patient("bea", "+923007654321").await;
    let sara = hub.doctor_of(&ward.hospital, "Sara", "Khan").await;
    let aga = hub.hospital("aga").await;
    let cora = hub.coordinator("cora").await;

    for path in ["", "/symptoms", "/diagnosis", "/vital-signs", "/notes", "/prescription"] {
        let path = format!("{}{path}", ward.path);
        for stranger in [&other, &sara, &aga, &cora] {
            assert_eq!(stranger.get(&path).await.refusal(), "404 not-found", "{path}");
        }
        assert_eq!(hub.visitor().get(&path).await.status, 401);
    }
    let wrong = ward.path.replace(&ward.id, "apt_1");
    assert_eq!(ward.ali.get(wrong).await.refusal(), "404 not-found");
}

/// 002-K37, 002-K38: a patient tells a symptom.
#[tokio::test]
async fn a_patient_tells_a_symptom() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let body = json!({
        "symptom": " Headache ", "severity": "severe", "duration": "two days", "notes": "Left side.",
    });

    let reply = ward.ana.post(ward.at("symptoms"), body).await;

    let symptom = reply.ok();
    assert_eq!(reply.status, 201);
    assert_eq!(
        symptom,
        json!({
            "id": symptom["id"], "consultation": ward.id, "patient": ward.ana.id_as("pat"),
            "symptom": "Headache", "severity": "SEVERE", "duration": "two days",
            "notes": "Left side.", "created_by": ward.ana.id(), "is_addendum": false,
            "created_at": NOW, "updated_at": NOW,
        })
    );
    let shown = ward.ali.get(reply.header("location")).await;
    assert_eq!(shown.ok(), symptom);
    assert_eq!(shown.header("etag"), reply.header("etag"));
}

/// 002-K36, 002-K37: symptoms are listed in the order they were told, by everyone who takes part.
#[tokio::test]
async fn symptoms_are_listed_in_order() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    for (author, symptom) in [(&ward.ana, "One"), (&ward.ali, "Two"), (&ward.admin, "Three")] {
        ward.add(author, "symptoms", json!({"symptom": symptom})).await;
    }

    for reader in [&ward.ana, &ward.ali, &ward.admin, &ward.hospital] {
        let list = reader.get(ward.at("symptoms")).await.ok();
        assert_eq!(each(&list, "symptom"), ["One", "Two", "Three"]);
        assert_eq!(list["count"], 3);
    }
}

/// 002-K13, 002-K19, 002-K31, 002-K37: every wrong field is named.
#[tokio::test]
async fn wrong_entries_are_refused_field_by_field() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let wrong = [
        ("symptoms", json!({}), "/symptom"),
        ("symptoms", json!({"symptom": "x", "severity": "awful"}), "/severity"),
        ("symptoms", json!({"symptom": "x".repeat(201)}), "/symptom"),
        ("diagnosis", json!({"diagnosis": "x".repeat(301)}), "/diagnosis"),
        ("diagnosis", json!({"diagnosis": "x", "diagnosis_type": "sure"}), "/diagnosis_type"),
        ("diagnosis", json!({"diagnosis": "x", "confidence_level": "90%"}), "/confidence_level"),
        ("diagnosis", json!({"diagnosis": "x", "icd_code": "flu"}), "/icd_code"),
        ("notes", json!({"note_type": "general"}), "/content"),
        ("notes", json!({"content": "x", "note_type": "poem"}), "/note_type"),
        ("vital-signs", json!({"blood_pressure_systolic": 301}), "/blood_pressure_systolic"),
        ("vital-signs", json!({"blood_pressure_diastolic": 19}), "/blood_pressure_diastolic"),
        ("vital-signs", json!({"blood_pressure_diastolic": 80}), "/blood_pressure_systolic"),
        ("vital-signs", json!({"heart_rate": 19}), "/heart_rate"),
        ("vital-signs", json!({"temperature": 98.6}), "/temperature"),
        ("vital-signs", json!({"temperature_f": 37}), "/temperature_f"),
        ("vital-signs", json!({"temperature": 37, "temperature_f": 98.6}), "/temperature_f"),
        ("vital-signs", json!({"height": 1.8}), "/height"),
        ("vital-signs", json!({"height": 180, "height_in": 70}), "/height_in"),
        ("vital-signs", json!({"weight": 701}), "/weight"),
        ("vital-signs", json!({"weight": 80, "weight_lb": 176}), "/weight_lb"),
        ("vital-signs", json!({"oxygen_saturation": 101}), "/oxygen_saturation"),
        ("vital-signs", json!({"respiratory_rate": "fast"}), "/respiratory_rate"),
        ("vital-signs", json!({"blood_glucose": 9}), "/blood_glucose"),
        ("vital-signs", json!({"mood": 5}), "/mood"),
    ];

    for (kind, body, pointer) in wrong {
        let problem = ward.ali.post(ward.at(kind), &body).await.problem();
        let pointers: Vec<_> = problem.errors.iter().map(|error| &error.pointer).collect();
        assert_eq!(pointers, [pointer], "{body}");
    }
    let upside_down = json!({"blood_pressure_systolic": 80, "blood_pressure_diastolic": 80});
    let problem = ward.ali.post(ward.at("vital-signs"), upside_down).await.problem();
    assert_eq!(problem.errors[0].pointer, "/blood_pressure_diastolic");
}

/// 002-K13, 002-K14: a doctor makes a diagnosis, at either name of the path.
#[tokio::test]
async fn a_doctor_makes_a_diagnosis() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let body = json!({
        "diagnosis": "Type 2 diabetes", "diagnosis_type": "provisional", "icd_code": "e119",
        "confidence_level": "high", "notes": "Repeat the test.",
    });

    let reply = ward.ali.post(ward.at("diagnoses"), body).await;

    let diagnosis = reply.ok();
    assert_eq!(
        diagnosis,
        json!({
            "id": diagnosis["id"], "consultation": ward.id, "patient": ward.ana.id_as("pat"),
            "diagnosis": "Type 2 diabetes", "diagnosis_type": "PROVISIONAL", "icd_code": "E11.9",
            "confidence_level": "HIGH", "notes": "Repeat the test.", "created_by": ward.ali.id(),
            "is_addendum": false, "created_at": NOW, "updated_at": NOW,
        })
    );
    for path in ["diagnosis", "diagnoses"] {
        let path = format!("{}/{}", ward.at(path), id_of(&diagnosis));
        assert_eq!(ward.ana.get(path).await.ok(), diagnosis);
    }
    let plain = ward.add(&ward.ali, "diagnosis", json!({"diagnosis": "Cold"})).await;
    assert_eq!((&plain["diagnosis_type"], &plain["icd_code"]), (&json!("PRIMARY"), &Value::Null));
}

/// 002-K12: diagnoses are listed in the order they were made.
#[tokio::test]
async fn diagnoses_are_listed() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    for diagnosis in ["One", "Two"] {
        ward.add(&ward.ali, "diagnosis", json!({"diagnosis": diagnosis})).await;
    }

    for path in ["diagnosis", "diagnoses"] {
        let list = ward.ana.get(ward.at(path)).await.ok();
        assert_eq!(each(&list, "diagnosis"), ["One", "Two"]);
    }
}

/// 002-K13, 002-K15, 002-K16, 002-K17, 002-K19, 002-K21, 002-K22, 002-K23: patients neither make
/// diagnoses nor take vital signs, and hospitals write nothing.
#[tokio::test]
async fn who_may_write_what() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let sara = hub.doctor_of(&ward.hospital, "Sara", "Khan").await;
    let kinds = [
        ("symptoms", json!({"symptom": "x"}), 201),
        ("notes", json!({"content": "x"}), 201),
        ("diagnosis", json!({"diagnosis": "x"}), 403),
        ("vital-signs", json!({"heart_rate": 72}), 403),
    ];

    for (kind, body, patient) in kinds {
        assert_eq!(ward.ana.post(ward.at(kind), &body).await.status, patient, "{kind}");
        assert_eq!(ward.hospital.post(ward.at(kind), &body).await.refusal(), "403 forbidden");
        assert_eq!(sara.post(ward.at(kind), &body).await.refusal(), "404 not-found");
        let entry = ward.add(&ward.ali, kind, body.clone()).await;
        let path = ward.entry(kind, &entry);
        for person in [&ward.ana, &ward.hospital] {
            assert_eq!(person.patch(&path, &body).await.refusal(), "403 forbidden", "{kind}");
            assert_eq!(person.delete(&path).await.refusal(), "403 forbidden", "{kind}");
            assert_eq!(person.get(&path).await.ok(), entry);
        }
        assert_eq!(sara.patch(&path, &body).await.refusal(), "404 not-found");
        ward.admin.patch(&path, &body).await.ok();
    }
}

/// 002-K39, 002-K40, 002-K41: patients change and remove what they wrote, and doctors anything.
#[tokio::test]
async fn symptoms_are_changed_and_removed() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ali, ana, .. } = &ward;
    let body = json!({"symptom": "Cough", "severity": "MILD", "duration": "a day"});
    let symptom = ward.add(ana, "symptoms", body).await;
    let path = ward.entry("symptoms", &symptom);

    let patched = ana.patch(&path, json!({"severity": "moderate", "duration": null})).await.ok();
    let put = ali.put(&path, json!({"symptom": "Dry cough"})).await.ok();
    let gone = ana.delete(&path).await;

    assert_eq!(
        (&patched["severity"], &patched["duration"], &patched["symptom"]),
        (&json!("MODERATE"), &Value::Null, &json!("Cough"))
    );
    assert_eq!(patched["updated_at"], "2030-01-07T08:00:01Z");
    assert_eq!((&put["symptom"], &put["severity"]), (&json!("Dry cough"), &json!("MODERATE")));
    assert_eq!((gone.status.as_u16(), gone.text()), (204, String::new()));
    assert_eq!(ali.get(&path).await.refusal(), "404 not-found");
    assert_eq!(ana.get(ward.at("symptoms")).await.ok()["count"], 0);
}

/// 002-K15, 002-K16, 002-K17: the doctor changes and removes a diagnosis.
#[tokio::test]
async fn diagnoses_are_changed_and_removed() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ali, .. } = &ward;
    let body = json!({"diagnosis": "Cold", "icd_code": "J00", "diagnosis_type": "differential"});
    let diagnosis = ward.add(ali, "diagnosis", body).await;
    let path = ward.entry("diagnosis", &diagnosis);

    let patched = ali.patch(&path, json!({"diagnosis_type": "primary"})).await.ok();
    let put = ali.put(&path, json!({"diagnosis": "Flu", "icd_code": "1E32"})).await.ok();
    let wrong = ali.patch(&path, json!({"diagnosis": null})).await;

    assert_eq!(
        (&patched["diagnosis_type"], &patched["icd_code"]),
        (&json!("PRIMARY"), &json!("J00"))
    );
    assert_eq!((&put["diagnosis"], &put["icd_code"]), (&json!("Flu"), &json!("1E32")));
    assert_eq!(wrong.status, 200, "what cannot be forgotten stays");
    assert_eq!(ali.get(&path).await.ok()["diagnosis"], "Flu");
    ali.delete(&path).await.ok();
    assert_eq!(ali.delete(&path).await.refusal(), "404 not-found");
}

/// 002-K16, 002-K17, 002-K22, 002-K23, 002-K34, 002-K35, 002-K40, 002-K41: what was written down
/// about a visit is kept when it changes and when it goes, for everyone who takes part.
#[tokio::test]
async fn what_was_written_down_before_is_kept() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let strangers = [
        hub.patient("bea", "+923007654321").await,
        hub.doctor_of(hospital, "Sara", "Khan").await,
        hub.hospital("aga").await,
        hub.coordinator("cora").await,
    ];
    let kinds = [
        ("symptoms", "finding-symptom", "symptom"),
        ("diagnosis", "finding-diagnosis", "diagnosis"),
        ("vital-signs", "finding-vital-signs", "notes"),
        ("notes", "finding-note", "content"),
    ];

    for (kind, filed, field) in kinds {
        let first = ward.add(ali, kind, json!({field: "First"})).await;
        let path = ward.entry(kind, &first);
        let second = ali.patch(&path, json!({field: "Second"})).await.ok();
        hub.clock.advance(SignedDuration::from_secs(1));
        let third = ali.put(&path, json!({field: "Third"})).await.ok();
        let versions = format!("{path}/versions");

        for reader in [admin, hospital, ali, ana] {
            let list = reader.get(&versions).await.ok();
            assert_eq!(
                (&list["results"], &list["count"]),
                (&json!([third, second, first]), &json!(3))
            );
        }
        for stranger in &strangers {
            assert_eq!(stranger.get(&versions).await.refusal(), "404 not-found");
        }
        assert_eq!(hub.visitor().get(&versions).await.status, 401);

        assert_eq!(ali.delete(&path).await.status, 204);
        for reader in [admin, hospital, ali, ana] {
            assert_eq!(reader.get(&versions).await.refusal(), "404 not-found");
        }
        let said: Vec<_> =
            ward.past(filed, &first).iter().map(|past| past[field]["S"].clone()).collect();
        assert_eq!(said, ["First", "Second", "Third"], "{kind}");
    }
    let anew = ward.add(ali, "vital-signs", json!({"heart_rate": 72})).await;
    let versions = format!("{}/versions", ward.entry("vital-signs", &anew));
    assert_eq!(ana.get(&versions).await.ok()["results"], json!([anew]));
    ward.advance(Appointment::start_visit).await;
    ward.advance(Appointment::complete).await;
    assert_eq!(ana.get(&versions).await.ok()["results"], json!([anew]));
}

/// 002-K14, 002-K16: a diagnosis has its versions at either name of the path, and none of what was
/// refused.
#[tokio::test]
async fn a_change_that_is_refused_leaves_no_version() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ali, ana, .. } = &ward;
    let diagnosis = ward.add(ali, "diagnosis", json!({"diagnosis": "Cold"})).await;
    let path = ward.entry("diagnosis", &diagnosis);

    let flu = json!({"diagnosis": "Flu"});
    let outdated = ali.with_header("if-match", "\"7\"");
    assert_eq!(outdated.patch(&path, &flu).await.refusal(), "412 precondition-failed");
    assert_eq!(outdated.delete(&path).await.refusal(), "412 precondition-failed");
    assert_eq!(ana.patch(&path, &flu).await.refusal(), "403 forbidden");
    assert_eq!(ali.patch(&path, json!({"icd_code": "flu"})).await.status, 400);

    for name in ["diagnosis", "diagnoses"] {
        let versions = format!("{}/{}/versions/", ward.at(name), id_of(&diagnosis));
        assert_eq!(ana.get(versions).await.ok()["results"], json!([diagnosis]));
    }
    assert!(ward.past("finding-diagnosis", &diagnosis).is_empty());
}

/// 002-K16, 002-K31: of many who change an entry at once each finds what it said in between.
#[tokio::test]
async fn changes_at_once_lose_nothing_that_was_said() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let note = ward.add(&ward.ali, "notes", json!({"content": "0"})).await;
    let path = ward.entry("notes", &note);

    let changes =
        (1..=8).map(|number| ward.ali.patch(&path, json!({"content": number.to_string()})));
    let replies = join_all(changes).await;

    let made = replies.iter().filter(|reply| reply.status.is_success());
    let mut said: Vec<_> = made.map(|reply| reply.ok()["content"].clone()).collect();
    said.push(json!("0"));
    let versions = ward.ana.get(format!("{path}/versions")).await.ok();
    let mut kept: Vec<_> = each(&versions, "content").into_iter().map(|text| json!(text)).collect();
    assert_eq!(kept.last(), Some(&json!("0")));
    for list in [&mut said, &mut kept] {
        list.sort_by_key(ToString::to_string);
    }
    assert_eq!(said, kept);
}

/// 002-K19, 002-K20: vital signs are kept in metric units, and shown in both.
#[tokio::test]
async fn a_doctor_takes_the_vital_signs() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let body = json!({
        "blood_pressure_systolic": 120, "blood_pressure_diastolic": "80", "heart_rate": 72.0,
        "temperature": 37.0, "respiratory_rate": 16, "oxygen_saturation": 98, "height": 180,
        "weight": "81.0", "blood_glucose": 95, "notes": "At rest.",
    });

    let reply = ward.ali.post(ward.at("vital-signs"), body).await;

    let signs = reply.ok();
    assert_eq!(
        signs,
        json!({
            "id": signs["id"], "consultation": ward.id, "patient": ward.ana.id_as("pat"),
            "blood_pressure_systolic": 120, "blood_pressure_diastolic": 80,
            "blood_pressure": "120/80", "heart_rate": 72, "temperature": 37.0,
            "respiratory_rate": 16, "oxygen_saturation": 98, "height": 180.0, "weight": 81.0,
            "bmi": 25.0, "blood_glucose": 95,
            "imperial": {"temperature_f": 98.6, "height_in": 70.9, "weight_lb": 178.6},
            "notes": "At rest.", "created_by": ward.ali.id(), "is_addendum": false,
            "created_at": NOW, "updated_at": NOW,
        })
    );
    assert_eq!(ward.ana.get(reply.header("location")).await.ok(), signs);
}

/// 002-K19: vital signs are read in imperial units as well, and come back as they were.
#[tokio::test]
async fn vital_signs_are_read_in_imperial_units() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let body = json!({"temperature_f": 98.7, "height_in": "70.5", "weight_lb": 165.3});

    let signs = ward.add(&ward.ali, "vital-signs", body.clone()).await;

    assert_eq!(signs["imperial"]["temperature_f"], 98.7);
    assert_eq!(signs["imperial"]["height_in"], 70.5);
    assert_eq!(signs["imperial"]["weight_lb"], 165.3);
    assert_eq!(
        (&signs["temperature"], &signs["height"], &signs["weight"], &signs["bmi"]),
        (&json!(37.06), &json!(179.1), &json!(74.979), &json!(23.4))
    );
    assert_eq!(signs["blood_pressure"], Value::Null);
}

/// 002-K18, 002-K19: a visit has its vital signs once, also if two doctors' clicks race.
#[tokio::test]
async fn vital_signs_are_there_once() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;

    let tries =
        (60..68).map(|rate| ward.ali.post(ward.at("vital-signs"), json!({"heart_rate": rate})));
    let replies = join_all(tries).await;

    let (made, refused): (Vec<Reply>, Vec<Reply>) =
        replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(made.len(), 1);
    assert!(refused.iter().all(|reply| reply.refusal() == "409 vital-signs-exist"));
    let list = ward.ana.get(ward.at("vital-signs")).await.ok();
    assert_eq!(list["results"], json!([made[0].ok()]));
}

/// 002-K20, 002-K21, 002-K22, 002-K23: vital signs are changed in either unit, removed, and taken
/// again.
#[tokio::test]
async fn vital_signs_are_changed_and_removed() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ali, .. } = &ward;
    let body = json!({
        "blood_pressure_systolic": 120, "blood_pressure_diastolic": 80, "temperature": 37, "weight": 80,
    });
    let signs = ward.add(ali, "vital-signs", body).await;
    let path = ward.entry("vital-signs", &signs);

    let patched = ali.patch(&path, json!({"temperature_f": 100.4, "weight": null})).await.ok();
    let put = ali.put(&path, json!({"blood_pressure_systolic": 140, "height_in": 70})).await.ok();
    let both = ali.patch(&path, json!({"height": 180, "height_in": 70})).await.problem();
    let alone = ali.patch(&path, json!({"blood_pressure_systolic": null})).await.problem();
    let under = ali.patch(&path, json!({"blood_pressure_systolic": 70})).await.problem();

    assert_eq!((&patched["temperature"], &patched["weight"]), (&json!(38.0), &Value::Null));
    assert_eq!((&put["blood_pressure"], &put["height"]), (&json!("140/80"), &json!(177.8)));
    assert_eq!(both.errors[0].pointer, "/height_in");
    assert_eq!(alone.errors[0].pointer, "/blood_pressure_systolic");
    assert_eq!(under.errors[0].pointer, "/blood_pressure_diastolic");
    assert_eq!(ali.get(&path).await.ok(), put);
    ali.delete(&path).await.ok();
    let again = ward.add(ali, "vital-signs", json!({"heart_rate": 60})).await;
    assert_eq!(ali.get(&path).await.refusal(), "404 not-found");
    assert_ne!(again["id"], signs["id"]);
}

/// 002-K30, 002-K31, 002-K32: patient and doctor write notes into a visit, and read each other's.
#[tokio::test]
async fn participants_write_notes() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let body = json!({"note_type": "follow-up", "content": "See me in a week."});
    let note = ward.add(&ward.ali, "notes", body).await;
    let reply = ward.add(&ward.ana, "notes", json!({"content": "Gladly."})).await;

    assert_eq!(
        note,
        json!({
            "id": note["id"], "consultation": ward.id, "patient": ward.ana.id_as("pat"),
            "note_type": "FOLLOW_UP", "content": "See me in a week.", "created_by": ward.ali.id(),
            "is_addendum": false, "created_at": NOW, "updated_at": NOW,
        })
    );
    assert_eq!(reply["note_type"], "GENERAL");
    for reader in [&ward.ana, &ward.ali, &ward.hospital, &ward.admin] {
        let list = reader.get(ward.at("notes")).await.ok();
        assert_eq!(each(&list, "content"), ["See me in a week.", "Gladly."]);
        assert_eq!(reader.get(ward.entry("notes", &note)).await.ok(), note);
    }
}

/// 002-K33, 002-K34, 002-K35: notes are changed and removed, by patients only their own.
#[tokio::test]
async fn notes_of_a_visit_are_changed_and_removed() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ana, .. } = &ward;
    let note = ward.add(ana, "notes", json!({"content": "First"})).await;
    let path = ward.entry("notes", &note);

    let patched = ana.patch(&path, json!({"content": "Second"})).await.ok();
    let put = ana.put(&path, json!({"note_type": "advice"})).await.ok();

    assert_eq!((&patched["content"], &patched["note_type"]), (&json!("Second"), &json!("GENERAL")));
    assert_eq!((&put["content"], &put["note_type"]), (&json!("Second"), &json!("ADVICE")));
    ana.delete(&path).await.ok();
    assert_eq!(ana.get(&path).await.refusal(), "404 not-found");
}

/// 002-K40, 002-K41: who saw an older entry changes nothing, and of two at once one does.
#[tokio::test]
async fn an_outdated_change_of_an_entry_is_refused() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let path = ward.entry("notes", &ward.add(&ward.ali, "notes", json!({"content": "1"})).await);
    let seen = ward.ali.get(&path).await.header("etag").to_owned();
    let careful = ward.ali.with_header("if-match", seen);

    let tries = ["2", "3"].map(|text| careful.patch(&path, json!({"content": text})));
    let replies = join_all(tries).await;
    let late = careful.delete(&path).await;

    let refused: Vec<_> = replies.iter().filter(|reply| !reply.status.is_success()).collect();
    assert_eq!(refused.len(), 1);
    let refusal = refused[0].refusal();
    assert!(["409 entry-stale", "412 precondition-failed"].contains(&&*refusal), "{refusal}");
    assert_eq!(late.refusal(), "412 precondition-failed");
}

/// 002-K37: before a visit is agreed, the patient tells symptoms, and nobody writes anything else.
#[tokio::test]
async fn before_a_visit_is_agreed_only_the_patient_tells_symptoms() {
    let hub = open().await;
    let ward = Ward::requested(&hub).await;
    let Ward { admin, hospital, ana, .. } = &ward;
    let symptom = ward.add(ana, "symptoms", json!({"symptom": "Cough"})).await;

    let early = [
        ana.post(ward.at("notes"), json!({"content": "x"})).await,
        admin.post(ward.at("symptoms"), json!({"symptom": "x"})).await,
        admin.post(ward.at("diagnosis"), json!({"diagnosis": "x"})).await,
        admin.post(ward.at("vital-signs"), json!({"heart_rate": 60})).await,
    ];

    for reply in early {
        assert_eq!(reply.refusal(), "409 consultation-not-open");
        assert!(reply.problem().detail.unwrap().contains("REQUESTED"));
    }
    let list = hospital.get(ward.at("symptoms")).await.ok();
    assert_eq!(list["results"], json!([symptom]));
    ana.patch(ward.entry("symptoms", &symptom), json!({"severity": "mild"})).await.ok();
    ana.delete(ward.entry("symptoms", &symptom)).await.ok();
}

/// 002-K13, 002-K15, 002-K17, 002-K19, 002-K31, 002-K37: when a visit took place, what was written
/// stays, and what is added is an addendum.
#[tokio::test]
async fn after_a_visit_there_are_only_addenda() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, ali, ana, .. } = &ward;
    let bodies = [
        ("symptoms", json!({"symptom": "x"})),
        ("diagnosis", json!({"diagnosis": "x"})),
        ("notes", json!({"content": "x"})),
    ];
    let mut paths = Vec::new();
    for (kind, body) in &bodies {
        paths.push((ward.entry(kind, &ward.add(ali, kind, body.clone()).await), body));
    }

    ward.advance(Appointment::start_visit).await;
    ward.advance(Appointment::complete).await;

    for (path, body) in paths {
        for reply in
            [ali.patch(&path, body).await, ali.put(&path, body).await, admin.delete(&path).await]
        {
            assert_eq!(reply.refusal(), "409 consultation-locked");
            assert!(reply.problem().detail.unwrap().contains("COMPLETED"));
        }
    }
    for (kind, body) in bodies {
        let addendum = ward.add(ali, kind, body.clone()).await;
        assert_eq!(addendum["is_addendum"], true);
        let path = ward.entry(kind, &addendum);
        assert_eq!(ali.delete(&path).await.refusal(), "409 consultation-locked");
    }
    assert_eq!(ward.add(ali, "vital-signs", json!({"heart_rate": 60})).await["is_addendum"], true);
    assert_eq!(ward.add(ana, "notes", json!({"content": "Thanks."})).await["is_addendum"], true);
}

/// 002-K13, 002-K17, 002-K31, 002-K37: nothing is written about a visit that was called off.
#[tokio::test]
async fn a_visit_that_was_called_off_is_locked() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, ali, ana, .. } = &ward;
    let note = ward.add(ana, "notes", json!({"content": "x"})).await;

    ward.advance(|visit, by| visit.cancel(None, by)).await;

    for reply in [
        ana.post(ward.at("symptoms"), json!({"symptom": "x"})).await,
        ana.delete(ward.entry("notes", &note)).await,
        ali.post(ward.at("diagnosis"), json!({"diagnosis": "x"})).await,
        admin.post(ward.at("notes"), json!({"content": "x"})).await,
    ] {
        assert_eq!(reply.refusal(), "409 consultation-locked");
        assert!(reply.problem().detail.unwrap().contains("CANCELLED"));
    }
    assert_eq!(ali.get(&ward.path).await.ok()["notes"], json!([note]));
}

/// 002-K16, 002-K31: of a change and the end of the visit, whichever comes first counts: no entry
/// changes once the visit is over.
#[tokio::test]
async fn nothing_slips_in_while_a_visit_ends() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    ward.advance(Appointment::start_visit).await;
    let note = ward.add(&ward.ali, "notes", json!({"content": "First"})).await;
    let path = ward.entry("notes", &note);

    let changes =
        (0..6).map(|number| ward.ali.patch(&path, json!({"content": number.to_string()})));
    let ((), replies) = tokio::join!(ward.advance(Appointment::complete), join_all(changes));

    let known = ["409 consultation-locked", "409 consultation-stale", "409 entry-stale"];
    for reply in replies.iter().filter(|reply| !reply.status.is_success()) {
        assert!(known.contains(&&*reply.refusal()), "{}", reply.refusal());
    }
    let after = ward.ali.patch(&path, json!({"content": "Late"})).await;
    assert_eq!(after.refusal(), "409 consultation-locked");
}

/// 002-K14, 002-K20, 002-K32, 002-K38: an entry is found in its own visit and by its own kind.
#[tokio::test]
async fn an_entry_is_not_found_elsewhere() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let note = ward.add(&ward.ali, "notes", json!({"content": "x"})).await;
    let other = ward.visit().await;

    let elsewhere = ward.entry("notes", &note).replace(&ward.id, &other);
    let as_symptom = ward.entry("symptoms", &note);
    let nowhere = ward.entry("notes", &json!({"id": "cno_01J9Z3K8Q4N6V2X5Y7W0B1C2D3"}));

    for path in [elsewhere, as_symptom, nowhere] {
        assert_eq!(ward.ali.get(&path).await.refusal(), "404 not-found");
        assert_eq!(ward.ali.patch(&path, json!({})).await.refusal(), "404 not-found");
        assert_eq!(ward.ali.delete(&path).await.refusal(), "404 not-found");
    }
}

/// 002-K37: a visit has at most a hundred entries of each kind.
#[tokio::test]
async fn a_visit_has_room_for_a_hundred_entries() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let told = || ward.ana.post(ward.at("symptoms"), json!({"symptom": "x"}));
    let replies = join_all((0..100).map(|_| told())).await;
    assert!(replies.iter().all(|reply| reply.status == 201));

    assert_eq!(told().await.refusal(), "400 consultation-full");

    let list = ward.ana.get(ward.at("symptoms")).await.ok();
    assert_eq!(list["count"], 100);
    ward.add(&ward.ana, "notes", json!({"content": "x"})).await;
    let whole = ward.ana.get(&ward.path).await.ok();
    assert_eq!(whole["symptoms"].as_array().unwrap().len(), 100);
    assert_eq!(whole["notes"].as_array().unwrap().len(), 1);
}

/// 002-K3, 002-K12, 002-K18, 002-K30, 002-K36: who reads about somebody else leaves a line that
/// names what was read, and patients leave none.
#[tokio::test]
async fn who_reads_about_a_visit_leaves_a_line() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let note = ward.add(&ward.ali, "notes", json!({"content": "canary"})).await;
    let looks = [
        (ward.path.clone(), "consultation"),
        (ward.at("symptoms"), "symptoms"),
        (ward.at("diagnosis"), "diagnoses"),
        (ward.at("vital-signs"), "vital-signs"),
        (ward.entry("notes", &note), "notes"),
        (format!("{}/versions", ward.entry("notes", &note)), "notes"),
    ];

    for (path, what) in looks {
        ward.ana.get(&path).await.ok();
        ward.hospital.get(&path).await.ok();
        hub.clock.advance(SignedDuration::from_secs(1));
        let line = &ward.events("CONSULTATION_VIEWED").await[0];
        assert_eq!(line["details"]["what"], what);
        assert_eq!(
            (&line["entity"], &line["patient"]),
            (&json!(ward.id), &json!(ward.ana.id_as("pat")))
        );
        assert_eq!(line["performed_by"], ward.hospital.id());
    }
    let lines = ward.events("CONSULTATION_VIEWED").await;
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[0]["details"]["versions"], "1");
}

/// 002-K13, 002-K16, 002-K17, 002-K19, 002-K31, 002-K37: what is written about visits is in the
/// audit log, and what it says is not.
#[tokio::test]
async fn what_is_written_about_visits_is_in_the_audit_log() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let bodies = [
        ("symptoms", "SYMPTOM", json!({"symptom": "canary"})),
        ("diagnosis", "DIAGNOSIS", json!({"diagnosis": "canary"})),
        ("vital-signs", "VITAL_SIGNS", json!({"notes": "canary"})),
        ("notes", "CONSULTATION_NOTE", json!({"content": "canary"})),
    ];

    for (kind, code, body) in bodies {
        let entry = ward.add(&ward.ali, kind, body).await;
        let path = ward.entry(kind, &entry);
        ward.ali.patch(&path, json!({})).await.ok();
        ward.ali.delete(&path).await.ok();
        for deed in ["CREATED", "UPDATED", "DELETED"] {
            let line = &ward.events(&format!("{code}_{deed}")).await[0];
            assert_eq!(line["entity"], entry["id"], "{code}");
            assert_eq!(line["patient"], ward.ana.id_as("pat"));
            assert_eq!(line["details"]["appointment"], ward.id);
        }
    }
    let log = ward.admin.get("/api/accounts/audit-logs/?limit=100").await.text();
    assert!(!log.contains("canary"));
}

/// 002-K10: everyone searches among the appointments that concern them.
#[tokio::test]
async fn consultations_are_searched() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let second = ward.visit().await;
    ward.advance(|visit, by| visit.cancel(None, by)).await;
    let other = hub.patient("bea", "+923007654321").await;
    let (doctor, patient) = (ward.ali.id_as("doc"), ward.ana.id_as("pat"));
    let stranger = other.id_as("pat");

    let found = async |caller: &Caller<'_>, filter: String| {
        let list = caller.get(format!("/api/consultations/search/?{filter}")).await.ok();
        let mut ids: Vec<_> = each(&list, "id").into_iter().map(str::to_owned).collect();
        ids.sort_unstable();
        ids
    };
    let mut both = [ward.id.clone(), second.clone()].to_vec();
    both.sort_unstable();
    for person in [&ward.admin, &ward.hospital, &ward.ali, &ward.ana] {
        for filter in [
            String::new(),
            "query=mehm".to_owned(),
            format!("doctor_id={doctor}&patient_id={patient}"),
            "consultation_type=in_person&payment_status=pending".to_owned(),
            "date_from=2030-01-07&date_to=2030-01-07".to_owned(),
        ] {
            assert_eq!(found(person, filter.clone()).await, both, "{filter}");
        }
        assert_eq!(found(person, "status=cancelled".to_owned()).await, [ward.id.as_str()]);
        assert_eq!(found(person, "status=checked_in".to_owned()).await, [second.as_str()]);
        for filter in [
            "query=nobody".to_owned(),
            format!("patient_id={stranger}"),
            "consultation_type=video".to_owned(),
            "payment_status=paid".to_owned(),
            "date_from=2030-01-08".to_owned(),
            "date_to=2030-01-06".to_owned(),
        ] {
            assert_eq!(found(person, filter.clone()).await, Vec::<String>::new(), "{filter}");
        }
    }
    assert_eq!(found(&other, String::new()).await, Vec::<String>::new());
    let wrong = ward.ali.get("/api/consultations/search?status=perhaps").await;
    assert_eq!(wrong.problem().errors[0].pointer, "/status");
    let backwards = "/api/consultations/search?date_from=2030-01-08&date_to=2030-01-07";
    assert_eq!(ward.ali.get(backwards).await.problem().errors[0].pointer, "/date_from");
}

/// 002-K11: admins see the numbers of the hub, and doctors and their hospital those of a doctor.
#[tokio::test]
async fn consultations_are_counted() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let second = ward.visit().await;
    ward.advance(Appointment::start_visit).await;
    ward.advance(Appointment::complete).await;
    hub.settle().await;
    let doctor = ward.ali.id_as("doc");
    let of_doctor = format!("/api/consultations/stats?doctor_id={doctor}");

    let of_hub = ward.admin.get("/api/consultations/stats/").await.ok();
    let own = ward.ali.get("/api/consultations/stats").await.ok();

    assert!(second.starts_with("apt_"));
    for numbers in [&of_hub, &own] {
        assert_eq!(numbers["total_consultations"], 2, "{numbers}");
        assert_eq!(numbers["scheduled_consultations"], 1);
        assert_eq!(numbers["completed_consultations"], 1);
        assert_eq!(numbers["cancelled_consultations"], 0);
        assert_eq!(numbers["consultation_types"], json!({"IN_PERSON": 2}));
        assert_eq!(numbers["consultation_trends"], json!([{"month": "2030-01", "count": 2}]));
        assert_eq!(numbers["total_revenue"], "0.00");
    }
    assert_eq!(of_hub["doctor_consultation_stats"], json!({}));
    assert_eq!(own["doctor_consultation_stats"][&doctor]["completed"], 1);
    assert_eq!(ward.hospital.get(&of_doctor).await.ok(), own);
    assert_eq!(ward.admin.get(&of_doctor).await.ok(), own);
    for person in [&ward.ana, &ward.hospital] {
        assert_eq!(person.get("/api/consultations/stats").await.refusal(), "403 forbidden");
    }
    assert_eq!(ward.ana.get(&of_doctor).await.refusal(), "403 forbidden");
}

/// A doctor of a hospital, and Ana, who is here to see him.
struct Ward<'h> {
    hub: &'h TestHub,
    admin: Caller<'h>,
    hospital: Caller<'h>,
    ali: Caller<'h>,
    ana: Caller<'h>,
    id: String,
    path: String,
}

impl<'h> Ward<'h> {
    /// The visit has been agreed, and Ana is here.
    async fn open(hub: &'h TestHub) -> Self {
        let mut ward = Self::empty(hub).await;
        ward.id = ward.visit().await;
        ward.path = format!("/api/consultations/{}", ward.id);
        ward
    }

    /// Ana has asked a department for a visit, and no doctor has been assigned to it.
    async fn requested(hub: &'h TestHub) -> Self {
        let mut ward = Self::empty(hub).await;
        let body = json!({"name": "Cardiology"});
        let department = ward.hospital.post("/api/hospitals/departments", body).await.ok();
        let (store, by) = (&hub.state.store, Self::operator(hub));
        let id = id_of(&department).parse().unwrap();
        let department = store.departments().find(id).await.unwrap().view(&by).unwrap();
        let hospital = store.hospitals().find(department.hospital).await.unwrap();
        let hospital = hospital.view(&by).unwrap();
        let patient = ward.ana.id_as("pat").parse().unwrap();
        let patient = store.patients().recorded(patient).await.unwrap().unwrap();
        let wished = by.at + SignedDuration::from_hours(24);
        let brief = Brief::default();
        let request =
            Appointment::request(&patient, &hospital, &department, wished, brief, &by).unwrap();
        ward.id = ward.keep(&request).await;
        ward.path = format!("/api/consultations/{}", ward.id);
        ward
    }

    async fn empty(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let hospital = hub.hospital("jinnah").await;
        let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
        let ana = hub.patient("ana", ANA).await;
        Self { hub, admin, hospital, ali, ana, id: String::new(), path: String::new() }
    }

    fn operator(hub: &TestHub) -> Actor {
        Actor::operator(hub.state.clock.now())
    }

    /// Ana comes to see Ali.
    async fn visit(&self) -> String {
        let (store, by) = (&self.hub.state.store, Self::operator(self.hub));
        let patient = self.ana.id_as("pat").parse().unwrap();
        let patient = store.patients().recorded(patient).await.unwrap().unwrap();
        let doctor = self.ali.id_as("doc").parse().unwrap();
        let doctor = store.doctors().recorded(doctor).await.unwrap().unwrap();
        self.keep(&Appointment::walk_in(&patient, &doctor, None, &by)).await
    }

    async fn keep(&self, visit: &Appointment) -> String {
        let by = Self::operator(self.hub);
        let permit = by.create(Action::CreateAppointment, visit).unwrap();
        self.hub.state.store.appointments().request(visit, &permit).await.unwrap();
        visit.id.to_string()
    }

    /// The visit gets a step further, whatever happens at the same time.
    async fn advance(&self, step: impl Fn(Appointment, &Actor) -> Result<Appointment, StepError>) {
        let (appointments, by) = (self.hub.state.store.appointments(), Self::operator(self.hub));
        let before = appointments.recorded(self.id.parse().unwrap()).await.unwrap().unwrap();
        let after = step(before.clone(), &by).unwrap();
        let permit = by.authorize(Action::EditAppointment, &before).unwrap();
        assert!(appointments.step(&before, &after, &permit).await.unwrap());
    }

    fn at(&self, kind: &str) -> String {
        format!("{}/{kind}", self.path)
    }

    fn entry(&self, kind: &str, entry: &Value) -> String {
        format!("{}/{}", self.at(kind), id_of(entry))
    }

    /// Somebody writes something down, a second before the next.
    async fn add(&self, author: &Caller<'_>, kind: &str, body: Value) -> Value {
        let entry = author.post(self.at(kind), body).await.ok();
        self.hub.clock.advance(SignedDuration::from_secs(1));
        entry
    }

    /// What the table keeps of what an entry said before, oldest first.
    fn past(&self, filed: &str, entry: &Value) -> Vec<Value> {
        let beginning = format!("past#{filed}#{}#", id_of(entry));
        let mut items = self.hub.items("clinical", &format!("consultation#{}", self.id));
        items.retain(|item| item["sk"]["S"].as_str().unwrap().starts_with(&beginning));
        items
    }

    /// What the audit log has of an action, newest first.
    async fn events(&self, action: &str) -> Vec<Value> {
        let log = self.admin.get(format!("/api/accounts/audit-logs/?action={action}")).await.ok();
        log["results"].as_array().unwrap().clone()
    }
}
