//! The safety check: what stops a prescription, and how a doctor goes on.

use carehub_testkit::Reply;
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    prescriptions::Surgery,
    support::{People, assigned, came, id_of, looks, open},
};

const ALL: &str = "/api/prescriptions";
const RULES: &str = "/api/prescriptions/interactions";
const CHECK: &str = "/api/prescriptions/interactions/check/";
const REASON: &str = "No other medicine is at hand; the patient stays on the ward.";

fn pair() -> Value {
    json!([{"name": "Simvastatin"}, {"name": "Clarithromycin"}])
}

/// Where a stop points to, and which rule it is.
fn stops(reply: &Reply) -> Vec<(String, String)> {
    let errors = reply.problem().errors.into_iter();
    errors.map(|error| (error.pointer, error.rule.unwrap().to_string())).collect()
}

fn stop(pointer: &str, rule: &str) -> (String, String) {
    (pointer.to_owned(), rule.to_owned())
}

/// 000-25, 002-R2: what is contraindicated is not prescribed without a reason, which everyone who
/// sees the prescription reads.
#[tokio::test]
async fn a_contraindicated_pair_takes_a_reason() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let mut body = json!({"appointment": surgery.visit, "medicines": pair()});

    let stopped = surgery.ali.post(ALL, &body).await;
    assert_eq!(stopped.refusal(), "409 safety-stop");
    assert_eq!(stops(&stopped), [stop("/medicines/0", "ONC-25"), stop("/medicines/1", "ONC-25")]);
    let problem = stopped.problem();
    assert!(problem.errors[0].detail.ends_with("(ONC-2012 2012)"), "{}", stopped.text());
    let said = problem.detail.unwrap();
    assert!(said.starts_with("the safety check 1."), "{said}");
    assert!(said.ends_with("No alert does not mean no interaction."), "{said}");
    assert_eq!(surgery.ali.get(ALL).await.ok()["results"], json!([]));
    body["override_reason"] = json!(REASON);
    let made = surgery.ali.post(ALL, &body).await.ok();

    for person in [&surgery.ali, &surgery.ana, &surgery.hospital] {
        let seen = person.get(format!("{ALL}/{}", id_of(&made))).await.ok();
        let given = &seen["overrides"][0];
        assert_eq!((&given["reason"], &given["by"]), (&json!(REASON), &json!(surgery.ali.id())));
        assert_eq!(given["alerts"], json!([seen["safety"]["alerts"][0]["id"]]));
        assert_eq!(seen["warnings"][0]["stops"], true);
    }
    let event = &surgery.events("PRESCRIPTION_CREATED").await[0];
    assert_eq!(event["details"]["overridden"], "1");
    assert_eq!(event["details"]["rules"], "ONC-25");
    assert!(!event.to_string().to_lowercase().contains("simvastatin"), "{event}");
    let looked: Vec<_> = looks(&surgery.ana, "INTERACTIONS_CHECKED").await;
    assert_eq!(looked.len(), 1);
}

/// 002-R2: what the patient takes already counts, from the record and from whoever prescribed it.
#[tokio::test]
async fn what_the_patient_takes_counts() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let takes = json!({"current_medications": ["Zocor 20 mg"]});
    surgery.ana.patch("/api/patients/update_profile", takes).await.ok();
    let body = json!({"appointment": surgery.visit, "medicines": [{"name": "Clarithromycin"}]});
    let stopped = surgery.ali.post(ALL, &body).await;
    assert_eq!(stops(&stopped), [stop("/medicines/0", "ONC-25")]);

    let none = json!({"current_medications": ["none"]});
    surgery.ana.patch("/api/patients/update_profile", none).await.ok();
    let aga = hub.hospital("aga").await;
    let sara = hub.doctor_of(&aga, "Sara", "Khan").await;
    let there = came(&hub, &surgery.ana, &sara).await;
    let theirs = json!({"appointment": there, "medicines": [{"name": "Simvastatin"}]});
    let theirs = sara.post(ALL, theirs).await.ok();
    let stopped = surgery.ali.post(ALL, &body).await;
    assert_eq!(stops(&stopped), [stop("/medicines/0", "ONC-25")]);

    let item = id_of(&theirs["medicines"][0]);
    sara.post(format!("{ALL}/{item}/deactivate"), json!({})).await.ok();
    surgery.ali.post(ALL, &body).await.ok();
}

/// 002-R2: a medicine counts until the patient has taken the last of it, or the prescription ends.
#[tokio::test]
async fn a_medicine_counts_as_long_as_it_may_be_taken() {
    for (medicine, days, refusal) in [
        (json!({"name": "Simvastatin"}), 29, Some("409 safety-stop")),
        (json!({"name": "Simvastatin"}), 31, None),
        (
            json!({"name": "Simvastatin", "duration_days": 20, "refills": 2}),
            59,
            Some("409 safety-stop"),
        ),
        (json!({"name": "Simvastatin", "duration_days": 20, "refills": 2}), 61, None),
    ] {
        let hub = open().await;
        let surgery = Surgery::open(&hub).await;
        surgery.prescribe(json!([medicine])).await;
        hub.clock.advance(SignedDuration::from_hours(24 * days));
        let ali = surgery.ali.user["username"].as_str().unwrap();
        let ali = hub.sign_in(ali, crate::support::PASSWORD).await;
        let later = came(&hub, &surgery.ana, &ali).await;
        let body = json!({"appointment": later, "medicines": [{"name": "Clarithromycin"}]});

        let reply = ali.post(ALL, body).await;

        let got = (reply.status != 201).then(|| reply.refusal());
        assert_eq!(got.as_deref(), refusal, "{medicine} after {days} days");
    }
}

/// 002-R2: what was handed out counts until it is used up, also if nobody said for how long; and
/// for a year if that cannot be told.
#[tokio::test]
async fn what_was_handed_out_counts_until_it_is_used_up() {
    let daily = json!({"name": "Simvastatin", "dosage": "1 tablet", "frequency": "OD", "quantity": 90, "duration": "lifelong"});
    let vague = json!({"name": "Simvastatin", "duration": "lifelong"});
    for (medicine, days, refusal) in [
        (&daily, 31, Some("409 safety-stop")),
        (&daily, 29 + 89, Some("409 safety-stop")),
        (&daily, 29 + 91, None),
        (&vague, 29 + 300, Some("409 safety-stop")),
    ] {
        let hub = open().await;
        let surgery = Surgery::open(&hub).await;
        let made = surgery.prescribe(json!([medicine])).await;
        let ali = surgery.ali.user["username"].as_str().unwrap();
        hub.clock.advance(SignedDuration::from_hours(24 * 29));
        let then = hub.sign_in(ali, crate::support::PASSWORD).await;
        then.post(format!("{ALL}/{}/dispense", id_of(&made)), json!({})).await.ok();
        hub.clock.advance(SignedDuration::from_hours(24 * (days - 29)));
        let ali = hub.sign_in(ali, crate::support::PASSWORD).await;
        // Whatever is prescribed in between does not make it forgotten.
        for (name, refusal) in [("Paracetamol", None), ("Clarithromycin", refusal)] {
            let later = came(&hub, &surgery.ana, &ali).await;
            let body = json!({"appointment": later, "medicines": [{"name": name}]});

            let reply = ali.post(ALL, body).await;

            let got = (reply.status != 201).then(|| reply.refusal());
            assert_eq!(got.as_deref(), refusal, "{medicine}, {name} after {days} days");
        }
    }
}

/// 002-R2: a stop points to where the request names the medicine.
#[tokio::test]
async fn stops_point_into_the_request() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let takes = json!({"current_medications": ["Zocor 20 mg"]});
    surgery.ana.patch("/api/patients/update_profile", takes).await.ok();
    let template = json!({"name": "Cough", "medicines": [{"name": "Clarithromycin"}]});
    let template = surgery.ali.post(format!("{ALL}/templates"), template).await.ok();
    for (mut body, pointer) in [
        (
            json!({"medicines": [{"name": "Paracetamol"}, {"name": "Clarithromycin"}]}),
            "/medicines/1",
        ),
        (json!({"medication_name": "Clarithromycin"}), "/medication_name"),
        (json!({"template": template["id"]}), "/template"),
    ] {
        body["appointment"] = json!(surgery.visit);
        let stopped = surgery.ali.post(ALL, &body).await;
        assert_eq!(stops(&stopped), [stop(pointer, "ONC-25")], "{body}");
    }
}

/// 002-R2: alerts name the medicines that they are about, and go when those are taken no longer.
#[tokio::test]
async fn alerts_follow_their_medicines() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let body = json!({
        "appointment": surgery.visit, "override_reason": REASON,
        "medicines": [{"name": "Paracetamol"}, {"name": "Simvastatin"}, {"name": "Clarithromycin"}],
    });
    let made = surgery.ali.post(ALL, body).await.ok();
    let path = format!("{ALL}/{}", id_of(&made));
    let items = made["medications"].as_array().unwrap();
    let ended = async |item: &Value| {
        surgery.ali.post(format!("{ALL}/{}/deactivate", id_of(item)), json!({})).await.ok()
    };
    // What the alert of the two medicines points to.
    let named = |seen: &Value| -> Vec<String> {
        let alerts = seen["warnings"].as_array().unwrap().iter();
        let alert = alerts.filter(|alert| alert["rule"] == "ONC-25");
        let places = alert.flat_map(|alert| alert["positions"].as_array().unwrap());
        let name = |at: &Value| seen.pointer(&format!("/medications/{at}/name")).unwrap();
        places.map(|at| name(at).as_str().unwrap().to_owned()).collect()
    };
    let both = ["Simvastatin", "Clarithromycin"];
    assert_eq!(named(&made), both);

    assert_eq!(named(&ended(&items[0]).await), both);
    let more = json!({"name": "Cetirizine", "override_reason": REASON});
    surgery.ali.post(format!("{path}/medications"), more).await.ok();
    assert_eq!(named(&surgery.ali.get(&path).await.ok()), both);
    let gone = format!("{path}/medications/{}", id_of(&items[0]));
    assert_eq!(surgery.ali.delete(gone).await.status, 204);
    assert_eq!(named(&surgery.ali.get(&path).await.ok()), both);

    let left = ended(&items[2]).await;
    assert_eq!(named(&left), [""; 0]);
    assert_eq!(left["overrides"][0]["reason"], REASON);
}

/// 002-R2: a reason that names rules is none for what the doctor has not seen.
#[tokio::test]
async fn a_reason_is_about_the_rules_that_it_names() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let bea = hub.patient("bea", "+923007654321").await;
    let visit = came(&hub, &bea, &surgery.ali).await;
    let mut body = json!({"appointment": visit, "medicines": [{"name": "Clarithromycin"}]});
    let stopped = surgery.ali.post(ALL, &body).await;
    assert_eq!(stops(&stopped), [stop("", "ALLERGY-STATUS")]);

    let sara = hub.doctor_of(&surgery.hospital, "Sara", "Khan").await;
    let there = came(&hub, &bea, &sara).await;
    let theirs =
        json!({"appointment": there, "medication_name": "Simvastatin", "override_reason": REASON});
    sara.post(ALL, theirs).await.ok();
    body["override_rules"] = json!(["ALLERGY-STATUS"]);
    let unreasoned = surgery.ali.post(ALL, &body).await.problem();
    assert_eq!((unreasoned.status, &*unreasoned.errors[0].pointer), (400, "/override_reason"));
    body["override_reason"] = json!("I asked her: there are none.");
    let stopped = surgery.ali.post(ALL, &body).await;
    assert_eq!(stopped.refusal(), "409 safety-stop");
    assert_eq!(stops(&stopped), [stop("/medicines/0", "ONC-25")]);
    body["override_rules"] = json!(["ALLERGY-STATUS", "onc-25"]);
    let made = surgery.ali.post(ALL, &body).await.ok();
    assert_eq!(made["overrides"][0]["alerts"].as_array().unwrap().len(), 2);

    let all = format!("{ALL}/{}/medications", id_of(&made));
    let mut more =
        json!({"name": "Erythromycin", "override_reason": REASON, "override_rules": ["ONC-25"]});
    let stopped = surgery.ali.post(&all, &more).await;
    assert_eq!(stops(&stopped), [stop("", "ALLERGY-STATUS")]);
    more["override_rules"] = json!(["ONC-25", "ALLERGY-STATUS"]);
    let added = surgery.ali.post(&all, &more).await.ok();
    let place = format!("{all}/{}", id_of(&added));
    more["override_rules"] = json!([]);
    let stopped = surgery.ali.patch(&place, &more).await;
    assert_eq!(stops(&stopped), [stop("/name", "ONC-25"), stop("", "ALLERGY-STATUS")]);
    more["override_rules"] = json!(["x y"]);
    let wrong = surgery.ali.patch(&place, &more).await.problem();
    assert_eq!(wrong.errors[0].pointer, "/override_rules/0");
}

/// 002-R2: what is replaced does not speak against what takes its place.
#[tokio::test]
async fn what_is_replaced_does_not_count() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    surgery.prescribe(json!([{"name": "Simvastatin"}])).await;
    let second = surgery.prescribe(json!([{"name": "Clarithromycin"}])).await;
    assert_eq!((&second["version"], &second["warnings"]), (&json!(2), &json!([])));
    let third = surgery.prescribe(json!([{"name": "Clarithromycin"}])).await;
    assert_eq!(third["warnings"], json!([]));
}

/// 002-R2: of two who prescribe at once what does not go together, the second is stopped.
#[tokio::test]
async fn two_who_prescribe_at_once_do_not_miss_each_other() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let sara = hub.doctor_of(&surgery.hospital, "Sara", "Khan").await;
    let there = came(&hub, &surgery.ana, &sara).await;
    let one = json!({"appointment": surgery.visit, "medicines": [{"name": "Simvastatin"}]});
    let other = json!({"appointment": there, "medicines": [{"name": "Clarithromycin"}]});

    let replies = join_all([surgery.ali.post(ALL, one), sara.post(ALL, other)]).await;

    let mut got: Vec<_> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    got.sort_unstable();
    assert_eq!(got, [201, 409]);
}

/// 002-R2: allergies stop what they are about, and by its class as well.
#[tokio::test]
async fn allergies_stop() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let known = json!({"allergy_status": "KNOWN", "allergies": [{"substance": "Penicillin"}]});
    surgery.ana.patch("/api/patients/update_profile", known).await.ok();
    let body = json!({"appointment": surgery.visit, "medicines": [{"name": "Paracetamol"}, {"name": "Augmentin"}]});

    let stopped = surgery.ali.post(ALL, body).await;

    assert_eq!(stopped.refusal(), "409 safety-stop");
    assert!(
        stops(&stopped).iter().all(|(pointer, _)| pointer == "/medicines/1"),
        "{}",
        stopped.text()
    );
    assert!(!stopped.text().contains("Augmentin"));
}

/// 002-R2: what is not understood is called not checked, and takes a reason.
#[tokio::test]
async fn what_cannot_be_checked_takes_a_reason() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let unknown = json!({"appointment": surgery.visit, "medicines": [{"name": "Xyzzyline"}]});
    assert_eq!(surgery.ali.post(ALL, &unknown).await.refusal(), "409 safety-not-checked");

    let bea = hub.patient("bea", "+923007654321").await;
    let visit = came(&hub, &bea, &surgery.ali).await;
    let mut body = json!({"appointment": visit, "medicines": [{"name": "Paracetamol"}]});
    let stopped = surgery.ali.post(ALL, &body).await;
    assert_eq!(stopped.refusal(), "409 safety-not-checked");
    body["override_reason"] = json!(REASON);
    let made = surgery.ali.post(ALL, &body).await.ok();
    assert_eq!(made["overrides"].as_array().unwrap().len(), 1);
}

/// 002-R2: where something of what is known cannot be read, nothing passes as checked.
#[tokio::test]
async fn a_check_with_gaps_takes_a_reason() {
    for spoilt in ["prescription", "rules"] {
        let hub = open().await;
        let surgery = Surgery::open(&hub).await;
        let ali = &surgery.ali;
        let earlier = json!({"appointment": surgery.visit, "medication_name": "Simvastatin"});
        let earlier = ali.post(ALL, earlier).await.ok();
        let (id, hospital) = (id_of(&earlier), surgery.hospital.id_as("hsp"));
        match spoilt {
            "prescription" => hub.spoil("clinical", &format!("prescription#{id}"), "prescription"),
            _ => hub.spoil("directory", &format!("hospital#{hospital}"), "safety"),
        }
        let mut body =
            json!({"appointment": surgery.visit, "medicines": [{"name": "Paracetamol"}]});

        let stopped = ali.post(ALL, &body).await;
        assert_eq!(stopped.refusal(), "409 safety-not-checked", "{spoilt}");
        assert_eq!(stops(&stopped), [stop("", "RECORD-UNREADABLE")]);
        body["override_reason"] = json!(REASON);
        let made = ali.post(ALL, &body).await.ok();

        assert_eq!(made["overrides"][0]["alerts"], json!(["RECORD-UNREADABLE"]));
        assert_eq!(made["warnings"][0]["kind"], "NOT_CHECKED");
    }
}

/// 002-R13, 002-R15: a medicine that is added or changed is checked, and each reason is kept.
#[tokio::test]
async fn added_and_changed_medicines_are_checked() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let made = surgery.prescribe(json!([{"name": "Simvastatin"}])).await;
    let all = format!("{ALL}/{}/medications", id_of(&made));

    let stopped = surgery.ali.post(&all, json!({"name": "Clarithromycin"})).await;
    assert_eq!(stops(&stopped), [stop("/name", "ONC-25")]);
    let reason = json!({"name": "Clarithromycin", "override_reason": REASON});
    let added = surgery.ali.post(&all, reason).await.ok();
    assert_eq!(added["warnings"][0]["rule"], "ONC-25");
    assert_eq!(added["safety"]["alerts"], added["warnings"]);
    assert_eq!(added["safety"]["disclaimer"], "No alert does not mean no interaction.");
    surgery.ali.post(&all, json!({"name": "Paracetamol"})).await.ok();

    let place = format!("{all}/{}", id_of(&added));
    let stopped = surgery.ali.patch(&place, json!({"name": "Erythromycin"})).await;
    assert_eq!(stops(&stopped), [stop("/name", "ONC-25")]);
    let reason = json!({"name": "Erythromycin", "override_reason": REASON});
    surgery.ali.patch(&place, reason).await.ok();
    let seen = surgery.ana.get(format!("{ALL}/{}", id_of(&made))).await.ok();
    assert_eq!(seen["overrides"].as_array().unwrap().len(), 2);
    assert_eq!(seen["total_medications"], 3);
    surgery.ali.patch(&place, json!({"name": "Azithromycin"})).await.ok();
}

/// 002-C5: medicines are checked without prescribing them.
#[tokio::test]
async fn medicines_are_checked_without_prescribing() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    assigned(&surgery.admin, &surgery.ana.id_as("pat"), &surgery.ali).await;
    let takes = json!({"current_medications": ["Simvastatin"]});
    surgery.ana.patch("/api/patients/update_profile", takes).await.ok();
    let question = json!({"patient": surgery.ana.id_as("pat"), "medicines": ["Clarithromycin"]});

    let found = surgery.ali.post(CHECK, &question).await.ok();

    assert_eq!((&found["stops"], &found["is_complete"]), (&json!(true), &json!(true)));
    assert_eq!(found["alerts"][0]["rule"], "ONC-25");
    assert_eq!(found["interactions"], found["alerts"]);
    assert_eq!(found["disclaimer"], "No alert does not mean no interaction.");
    assert_eq!(looks(&surgery.ana, "INTERACTIONS_CHECKED").await.len(), 1);
    let alone = json!({"medicines": ["Paracetamol", {"name": "Ibuprofen"}], "allergies": []});
    let found = surgery.ali.post(CHECK, &alone).await.ok();
    assert_eq!((&found["stops"], &found["patient"]), (&json!(false), &Value::Null));
    let allergic = json!({"medicines": ["Ibuprofen"], "allergies": ["aspirin"]});
    assert_eq!(surgery.ali.post(CHECK, allergic).await.ok()["stops"], true);
    let unasked = json!({"medicines": ["Paracetamol"]});
    assert_eq!(surgery.ali.post(CHECK, unasked).await.ok()["is_complete"], false);

    let sara = hub.doctor_of(&surgery.hospital, "Sara", "Khan").await;
    let cora = hub.coordinator("cora").await;
    assert_eq!(sara.post(CHECK, &question).await.refusal(), "404 not-found");
    for person in [&surgery.ana, &cora] {
        assert_eq!(person.post(CHECK, &question).await.refusal(), "403 forbidden");
        assert_eq!(person.post(CHECK, &alone).await.refusal(), "403 forbidden");
    }
    let wrong = surgery.ali.post(CHECK, json!({"medicines": [5]})).await;
    assert_eq!(wrong.status, 400);
}

/// 002-C5: a hospital adds the rule of its own list, which counts for its own doctors.
#[tokio::test]
async fn a_hospital_adds_rules() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let list = ["sotalol", "amiodarone", "haloperidol"];
    let rule = json!({
        "title": "QT", "severity": "CONTRAINDICATED", "any_two_of": list,
        "detail": "Both prolong the QT interval.", "source": "The hospital's own list",
    });

    let reply = surgery.hospital.post(RULES, &rule).await;

    let made = reply.ok();
    assert_eq!(
        (reply.status.as_u16(), &made["id"], &made["is_own"]),
        (201, &json!("SITE-1"), &json!(true))
    );
    assert_eq!(surgery.ali.get(reply.header("location")).await.ok(), made);
    let body = json!({"appointment": surgery.visit, "medicines": [{"name": "Haloperidol"}, {"name": "Sotalol"}]});
    let stopped = surgery.ali.post(ALL, &body).await;
    assert!(stops(&stopped).contains(&stop("/medicines/0", "SITE-1")), "{}", stopped.text());
    let rules = surgery.ali.get(RULES).await.ok();
    assert_eq!(rules["results"].as_array().unwrap().last(), Some(&made));
    for person in [&surgery.ana, &surgery.ali, &surgery.admin] {
        assert_eq!(person.post(RULES, &rule).await.refusal(), "403 forbidden");
        assert_eq!(person.delete(format!("{RULES}/SITE-1")).await.refusal(), "403 forbidden");
    }
    let lone = hub.lone_doctor("lone").await;
    assert_eq!(lone.get(format!("{RULES}/SITE-1")).await.refusal(), "404 not-found");
    assert_eq!(surgery.ana.get(RULES).await.refusal(), "403 forbidden");

    let unknown =
        json!({"severity": "NOTE", "drug1": "xyzzyline", "drug2": "aspirin", "description": "x"});
    let wrong = surgery.hospital.post(RULES, unknown).await;
    assert_eq!(wrong.problem().errors[0].pointer, "/objects/0");
    assert_eq!(surgery.hospital.delete(format!("{RULES}/SITE-1")).await.status, 204);
    surgery.ali.post(ALL, &body).await.ok();
}

/// 002-C5: a hospital says how much a rule weighs, for its own doctors only.
#[tokio::test]
async fn a_hospital_changes_how_much_rules_weigh() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let place = format!("{RULES}/ONC-25");

    let changed = surgery.hospital.patch(&place, json!({"severity": "warning"})).await.ok();

    assert_eq!(
        (&changed["severity"], &changed["adjusted_from"]),
        (&json!("WARNING"), &json!("CONTRAINDICATED"))
    );
    let made = surgery.prescribe(pair()).await;
    let alert = &made["warnings"][0];
    assert_eq!(
        (&alert["severity"], &alert["adjusted_from"], &alert["stops"]),
        (&json!("WARNING"), &json!("CONTRAINDICATED"), &json!(false))
    );
    let elsewhere = json!({"medicines": ["Simvastatin", "Clarithromycin"], "allergies": []});
    let aga = hub.hospital("aga").await;
    assert_eq!(aga.post(CHECK, &elsewhere).await.ok()["stops"], true);
    assert_eq!(aga.get(&place).await.ok()["severity"], "CONTRAINDICATED");
    let event = &surgery.events("SAFETY_RULES_UPDATED").await[0];
    assert_eq!(
        (&event["details"]["rule"], &event["details"]["severity"]),
        (&json!("ONC-25"), &json!("WARNING"))
    );

    let built_in = surgery.hospital.patch(&place, json!({"title": "Mine"})).await;
    assert_eq!(built_in.refusal(), "409 rule-built-in");
    assert_eq!(surgery.hospital.delete(&place).await.refusal(), "409 rule-built-in");
    let unknown =
        surgery.hospital.patch(format!("{RULES}/ONC-99"), json!({"severity": "NOTE"})).await;
    assert_eq!(unknown.refusal(), "404 not-found");
    let fixed = surgery
        .hospital
        .patch(format!("{RULES}/ALLERGY-STATUS"), json!({"severity": "NOTE"}))
        .await;
    assert_eq!(fixed.status, 400, "{}", fixed.text());
    surgery.hospital.put(&place, json!({"severity": null})).await.ok();
    assert_eq!(surgery.ali.get(&place).await.ok()["adjusted_from"], Value::Null);
}
