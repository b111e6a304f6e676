//! Care assignments: which doctor cares for which patient.

use std::collections::BTreeMap;

use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, assigned, each, entered, id_of, open};

const ALL: &str = "/api/mappings/";

/// 001-17: a coordinator puts a patient into the care of a doctor.
#[tokio::test]
async fn a_coordinator_puts_a_patient_into_a_doctors_care() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { hospital, ali, cora, pia, .. } = &team;
    let body = json!({
        "patient": pia["id"], "doctor": ali.id_as("doc"), "status": "ACTIVE",
        "notes": " First visit ",
    });

    let reply = cora.post(ALL, body).await;

    let care = reply.ok();
    assert_eq!(reply.status, 201);
    assert_eq!(
        care,
        json!({
            "id": care["id"], "patient": pia["id"], "doctor": ali.id_as("doc"),
            "hospital": hospital.id_as("hsp"), "assigned_date": "2030-01-07T08:00:00Z",
            "status": "ACTIVE", "notes": "First visit", "created_by": cora.id(),
            "created_at": "2030-01-07T08:00:00Z", "updated_at": "2030-01-07T08:00:00Z",
        })
    );
    let shown = cora.get(reply.header("location")).await;
    assert_eq!(shown.ok(), care);
    assert_eq!(shown.header("etag"), reply.header("etag"));
}

/// 001-17: from then on the doctor and the doctor's hospital know the patient.
#[tokio::test]
async fn an_assignment_makes_the_patient_known() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { hospital, ali, sara, cora, pia, .. } = &team;
    let path = format!("/api/patients/{}", id_of(pia));
    let before = [ali.get(&path).await.refusal(), hospital.get(&path).await.refusal()];

    let body = json!({"patient_id": pia["id"], "doctor_id": ali.id_as("doc")});
    let care = cora.post("/api/v1/mappings", body).await.ok();

    assert_eq!(before, ["404 not-found"; 2]);
    assert_eq!(care["status"], "ACTIVE");
    for person in [ali, hospital, cora] {
        assert_eq!(person.get(&path).await.ok()["name"], "Pia Pohl");
        let list = person.get("/api/patients/search/?query=pohl").await.ok();
        assert_eq!(each(&list, "id"), [id_of(pia)]);
        assert_eq!(person.get(ALL).await.ok()["results"], json!([care]));
        assert_eq!(person.get(format!("{ALL}{}", id_of(&care))).await.ok(), care);
    }
    assert_eq!(sara.get(&path).await.refusal(), "404 not-found");
    assert_eq!(sara.get(ALL).await.ok()["results"], json!([]));
}

/// 001-17: care that is not active yet makes the patient known to nobody.
#[tokio::test]
async fn an_assignment_that_rests_makes_nothing_known() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { hospital, ali, cora, pia, .. } = &team;
    let path = format!("/api/patients/{}", id_of(pia));
    let body = json!({"patient": pia["id"], "doctor": ali.id_as("doc"), "status": "inactive"});

    let care = cora.post(ALL, body).await.ok();
    let resting = [ali.get(&path).await.refusal(), hospital.get(&path).await.refusal()];
    let update = format!("{ALL}{}/update/", id_of(&care));
    cora.patch(update, json!({"status": "ACTIVE"})).await.ok();

    assert_eq!(resting, ["404 not-found"; 2]);
    ali.get(&path).await.ok();
    hospital.get(&path).await.ok();
}

/// 001-17: what is missing, wrong or unknown is named, and nothing is assigned.
#[tokio::test]
async fn every_wrong_field_of_an_assignment_is_named() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { ali, cora, pia, .. } = &team;
    let id = |field: &str, id: &str| {
        let mut body = json!({"patient": pia["id"], "doctor": ali.id_as("doc")});
        body[field] = json!(id);
        body
    };

    let missing = cora.post(ALL, json!({})).await.problem();
    let wrong = json!({"patient": 1, "doctor": "x", "status": "BUSY", "notes": 7, "fee": 1});
    let wrong = cora.post(ALL, wrong).await.problem();
    let absent = [
        cora.post(ALL, id("patient", "pat_01J9Z3K8Q4N6V2X5Y7W0B1C2D3")).await.refusal(),
        cora.post(ALL, id("doctor", "doc_01J9Z3K8Q4N6V2X5Y7W0B1C2D3")).await.refusal(),
    ];

    let pointers = |problem: &carehub_api::error::Problem| -> Vec<String> {
        problem.errors.iter().map(|error| error.pointer.clone()).collect()
    };
    assert_eq!(pointers(&missing), ["/patient", "/doctor"]);
    assert_eq!(pointers(&wrong), ["/patient", "/doctor", "/status", "/notes", "/fee"]);
    assert_eq!(absent, ["404 not-found"; 2]);
    assert_eq!(cora.get(ALL).await.ok()["results"], json!([]));
}

/// 001-17: the doctor must be one whom the caller sees.
#[tokio::test]
async fn nobody_is_put_into_the_care_of_a_doctor_nobody_vouches_for() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let lone = hub.lone_doctor("lone").await;
    let body = json!({"patient": team.pia["id"], "doctor": lone.id_as("doc")});

    let by_cora = team.cora.post(ALL, &body).await;
    let by_admin = team.admin.post(ALL, &body).await;

    assert_eq!(by_cora.refusal(), "404 not-found");
    assert_eq!(by_admin.ok()["hospital"], Value::Null);
    assert_eq!(by_admin.status, 201);
}

/// 001-17: a doctor cares for a patient once at a time.
#[tokio::test]
async fn a_second_active_assignment_is_refused() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { admin, ali, cora, pia, .. } = &team;
    let body = json!({"patient": pia["id"], "doctor": ali.id_as("doc")});
    let first = assigned(cora, id_of(pia), ali).await;
    let again = [cora.post(ALL, &body).await.refusal(), admin.post(ALL, &body).await.refusal()];
    let update = format!("{ALL}{}/update", id_of(&first));

    cora.patch(&update, json!({"status": "INACTIVE"})).await.ok();
    let second = assigned(cora, id_of(pia), ali).await;

    assert_eq!(again, ["409 already-assigned"; 2]);
    assert_ne!(second["id"], first["id"]);
    let back = cora.patch(&update, json!({"status": "ACTIVE"})).await;
    assert_eq!(back.refusal(), "409 already-assigned");
    assert_eq!(cora.get(ALL).await.ok()["results"].as_array().unwrap().len(), 2);
}

/// 001-17: of many who bring the same two together, one does.
#[tokio::test]
async fn of_many_who_assign_the_same_pair_one_does() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { ali, cora, pia, .. } = &team;
    let body = json!({"patient": pia["id"], "doctor": ali.id_as("doc")});

    let replies = join_all((0..20).map(|_| cora.post(ALL, &body))).await;

    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for reply in &replies {
        let answer = if reply.status == 201 { "201".to_owned() } else { reply.refusal() };
        *answers.entry(answer).or_default() += 1;
    }
    let expected = [("201".to_owned(), 1), ("409 already-assigned".to_owned(), 19)];
    assert_eq!(answers, BTreeMap::from(expected));
    let care = cora.get(format!("{ALL}patient/{}", id_of(pia))).await.ok();
    assert_eq!(each(&care, "doctor_name"), ["Ali Mehmood"]);
}

/// 001-17: one patient may have several doctors, and one doctor several patients.
#[tokio::test]
async fn different_pairs_do_not_hinder_each_other() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { ali, sara, cora, pia, .. } = &team;
    let max = entered(cora, json!({"first_name": "Max"})).await;

    for (patient, doctor) in [(pia, ali), (pia, sara), (&max, ali)] {
        assigned(cora, id_of(patient), doctor).await;
    }

    let list = ali.get("/api/patients").await.ok();
    assert_eq!(list["results"].as_array().unwrap().len(), 2);
    assert_eq!(sara.get("/api/patients").await.ok()["results"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_assignment_that_is_sent_again_assigns_nothing_more() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let cora = team.cora.with_header("idempotency-key", "care-1");
    let body = json!({"patient": team.pia["id"], "doctor": team.ali.id_as("doc")});
    let first = cora.post(ALL, &body).await;

    let again = cora.post(ALL, &body).await;

    assert_eq!((again.status, again.ok()), (first.status, first.ok()));
}

/// 001-17: patients choose their doctors by appointment.
#[tokio::test]
async fn patients_assign_nobody() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { admin, ali, sara, .. } = &team;
    let ana = hub.patient("ana", "+923001234567").await;
    let care = assigned(admin, &ana.id_as("pat"), ali).await;
    let path = format!("{ALL}{}", id_of(&care));
    let body = json!({"patient": ana.id_as("pat"), "doctor": sara.id_as("doc")});

    let refusals = [
        ana.post(ALL, body).await.refusal(),
        ana.patch(format!("{path}/update"), json!({"status": "INACTIVE"})).await.refusal(),
        ana.delete(&path).await.refusal(),
    ];

    assert_eq!(refusals, ["403 forbidden"; 3]);
    assert_eq!(ana.get(&path).await.ok(), care);
    assert_eq!(ana.get(ALL).await.ok()["results"], json!([care]));
    let mine = ana.get("/api/patients/my_doctor/").await.ok();
    assert_eq!(
        mine,
        json!({"count": 1, "doctors": [{
            "assignment": care["id"], "doctor": ali.id_as("doc"), "name": "Ali Mehmood",
            "specialization": "Cardiology", "assigned_at": "2030-01-07T08:00:00Z",
        }]})
    );
}

/// 001-16: everyone lists the assignments that concern them, newest first, page by page.
#[tokio::test]
async fn everyone_lists_their_own_assignments() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { admin, hospital, ali, sara, cora, pia, .. } = &team;
    let carl = hub.coordinator("carl").await;
    let max = entered(&carl, json!({"first_name": "Max"})).await;
    let mut all = Vec::new();
    for (by, patient, doctor) in [(cora, pia, ali), (cora, pia, sara), (&carl, &max, ali)] {
        all.push(assigned(by, id_of(patient), doctor).await);
        hub.clock.advance(SignedDuration::from_secs(1));
    }

    let lists = join_all(
        [cora, &carl, ali, sara, hospital, admin].map(|person| person.get("/api/mappings/")),
    )
    .await;

    let ids = |wanted: &[usize]| wanted.iter().map(|&n| all[n].clone()).collect::<Value>();
    let lists: Vec<_> = lists.iter().map(|list| list.ok()["results"].clone()).collect();
    let expected: [&[usize]; 6] = [&[1, 0], &[2], &[2, 0], &[1], &[2, 1, 0], &[2, 1, 0]];
    assert_eq!(lists, expected.map(ids));
    let first = hospital.get("/api/mappings?limit=2").await.ok();
    let second = hospital.get(first["next"].as_str().unwrap()).await.ok();
    assert_eq!((&first["results"], &second["results"]), (&ids(&[2, 1]), &ids(&[0])));
    assert_eq!(second["next"], Value::Null);
    assert_eq!(ali.get(first["next"].as_str().unwrap()).await.refusal(), "400 bad-cursor");
}

/// 001-18: whoever knows a patient lists all doctors of the patient, by name.
#[tokio::test]
async fn the_doctors_of_a_patient_are_listed_by_name() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { admin, hospital, ali, sara, cora, pia, .. } = &team;
    let first = assigned(cora, id_of(pia), ali).await;
    hub.clock.advance(SignedDuration::from_secs(1));
    assigned(cora, id_of(pia), sara).await;
    let update = format!("{ALL}{}/update", id_of(&first));
    cora.patch(update, json!({"status": "TRANSFERRED"})).await.ok();

    for path in ["/api/mappings/patient", "/api/v1/mappings/patient"] {
        let path = format!("{path}/{}/", id_of(pia));
        for person in [cora, sara, hospital, admin] {
            let list = person.get(&path).await.ok();
            assert_eq!(each(&list, "doctor_name"), ["Sara Khan", "Ali Mehmood"]);
            assert_eq!(each(&list, "status"), ["ACTIVE", "TRANSFERRED"]);
            assert_eq!(each(&list, "specialization"), ["Cardiology"; 2]);
            assert_eq!(list["results"][1]["id"], first["id"]);
        }
        assert_eq!(ali.get(&path).await.refusal(), "404 not-found");
    }
}

/// 001-19, 001-20: status and notes change, in part, with either verb and under either path.
#[tokio::test]
async fn an_assignment_is_changed_in_part() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { hospital, ali, cora, pia, .. } = &team;
    let care = assigned(cora, id_of(pia), ali).await;
    let id = id_of(&care);
    hub.clock.advance(SignedDuration::from_secs(1));

    let put = cora.put(format!("/api/mappings/{id}/update/"), json!({"notes": "Seen"})).await.ok();
    let patch = format!("/api/v1/mappings/{id}/update");
    let patched = ali.patch(patch, json!({"status": "completed"})).await.ok();
    let short = hospital.patch(format!("/api/mappings/{id}/"), json!({"notes": null})).await.ok();

    assert_eq!((&put["status"], &put["notes"]), (&json!("ACTIVE"), &json!("Seen")));
    assert_eq!((&patched["status"], &patched["notes"]), (&json!("COMPLETED"), &json!("Seen")));
    assert_eq!((&short["status"], &short["notes"]), (&json!("COMPLETED"), &Value::Null));
    assert_eq!(short["assigned_date"], "2030-01-07T08:00:00Z");
    assert_eq!(short["updated_at"], "2030-01-07T08:00:01Z");
    assert_eq!(cora.get(format!("/api/mappings/{id}")).await.ok(), short);
    assert_eq!(cora.get(ALL).await.ok()["results"], json!([short]));
    assert_eq!(hospital.get(ALL).await.ok()["results"], json!([short]));
}

/// 001-19, 001-20: wrong and outdated changes are refused, and of two at once one happens.
#[tokio::test]
async fn wrong_and_outdated_changes_are_refused() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { ali, cora, pia, .. } = &team;
    let care = assigned(cora, id_of(pia), ali).await;
    let path = format!("{ALL}{}", id_of(&care));
    let update = format!("{path}/update");
    let careful = cora.with_header("if-match", cora.get(&path).await.header("etag"));

    let wrong = json!({"status": "BUSY", "notes": 7, "doctor": ali.id_as("doc")});
    let wrong = cora.put(&update, wrong).await.problem();
    let replies =
        join_all(["One", "Two"].map(|notes| careful.patch(&update, json!({"notes": notes})))).await;
    let late = careful.delete(&path).await;

    let pointers: Vec<_> = wrong.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/status", "/notes", "/doctor"]);
    let (made, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    assert_eq!((made.len(), refused.len()), (1, 1));
    assert!(["409 assignment-stale", "412 precondition-failed"].contains(&&*refused[0].refusal()));
    assert_eq!(late.refusal(), "412 precondition-failed");
}

/// 001-21: a removed assignment is gone, and the doctor no longer sees the patient.
#[tokio::test]
async fn a_removed_assignment_is_gone() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { admin, hospital, ali, sara, cora, pia } = &team;
    let care = assigned(cora, id_of(pia), ali).await;
    let stays = assigned(cora, id_of(pia), sara).await;
    let path = format!("{ALL}{}/", id_of(&care));

    let reply = cora.delete(&path).await;

    assert_eq!((reply.status.as_u16(), reply.text()), (204, String::new()));
    for person in [cora, ali, hospital, admin] {
        assert_eq!(person.get(&path).await.refusal(), "404 not-found");
        assert_eq!(person.delete(&path).await.refusal(), "404 not-found");
        let update = format!("{path}update");
        assert_eq!(person.patch(update, json!({"notes": "x"})).await.refusal(), "404 not-found");
    }
    for person in [cora, hospital, admin] {
        assert_eq!(person.get(ALL).await.ok()["results"], json!([stays]));
    }
    let patient = format!("/api/patients/{}", id_of(pia));
    assert_eq!(ali.get(&patient).await.refusal(), "404 not-found");
    assert_eq!(ali.get("/api/patients").await.ok()["results"], json!([]));
    sara.get(&patient).await.ok();
    assigned(cora, id_of(pia), ali).await;
    ali.get(&patient).await.ok();
}

/// 001-21: a doctor gives a patient up, and a doctor who keeps the record goes on to see it.
#[tokio::test]
async fn a_doctor_gives_a_patient_up() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { ali, cora, pia, .. } = &team;
    let own = entered(ali, json!({"first_name": "Own"})).await;
    let cares = [assigned(ali, id_of(&own), ali).await, assigned(cora, id_of(pia), ali).await];

    for care in &cares {
        ali.delete(format!("{ALL}{}", id_of(care))).await.ok();
    }

    ali.get(format!("/api/patients/{}", id_of(&own))).await.ok();
    let given_up = ali.get(format!("/api/patients/{}", id_of(pia))).await;
    assert_eq!(given_up.refusal(), "404 not-found");
}

/// 001-19: others neither see nor change an assignment.
#[tokio::test]
async fn strangers_cannot_tell_that_there_is_an_assignment() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { ali, sara, cora, pia, .. } = &team;
    let care = assigned(cora, id_of(pia), ali).await;
    let path = format!("{ALL}{}", id_of(&care));
    let carl = hub.coordinator("carl").await;
    let other = hub.hospital("other").await;
    let ana = hub.patient("ana", "+923001234567").await;

    for stranger in [&carl, &other, &ana] {
        let replies: [Reply; 4] = [
            stranger.get(&path).await,
            stranger.put(format!("{path}/update"), json!({"notes": "Mine"})).await,
            stranger.delete(&path).await,
            stranger.get(format!("{ALL}patient/{}", id_of(pia))).await,
        ];
        assert!(replies.iter().all(|reply| reply.refusal() == "404 not-found"), "{stranger:?}");
        assert_eq!(stranger.get(ALL).await.ok()["results"], json!([]));
    }
    // A colleague belongs to the hospital, and sees who cares for whom there, but no patient.
    assert_eq!(sara.get(format!("/api/patients/{}", id_of(pia))).await.refusal(), "404 not-found");
    assert_eq!(hub.visitor().get(&path).await.refusal(), "401 unauthenticated");
}

#[tokio::test]
async fn what_is_done_with_assignments_is_in_the_audit_log() {
    let hub = open().await;
    let team = Team::open(&hub).await;
    let Team { admin, ali, cora, pia, .. } = &team;
    let care = assigned(cora, id_of(pia), ali).await;
    let path = format!("{ALL}{}", id_of(&care));
    cora.patch(format!("{path}/update"), json!({"notes": "canary"})).await.ok();

    cora.delete(&path).await.ok();

    for action in ["ASSIGNMENT_CREATED", "ASSIGNMENT_UPDATED", "ASSIGNMENT_DELETED"] {
        let log = admin.get(format!("/api/accounts/audit-logs/?action={action}")).await;
        let line = &log.ok()["results"][0];
        assert_eq!(line["entity"], care["id"], "{action}");
        assert_eq!(line["performed_by"], cora.id());
        assert!(!log.text().contains("canary"));
    }
}

/// Two doctors of one hospital, and Pia, whose record Cora keeps.
struct Team<'h> {
    admin: Caller<'h>,
    hospital: Caller<'h>,
    ali: Caller<'h>,
    sara: Caller<'h>,
    cora: Caller<'h>,
    pia: Value,
}

impl<'h> Team<'h> {
    async fn open(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let hospital = hub.hospital("jinnah").await;
        let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
        let sara = hub.doctor_of(&hospital, "Sara", "Khan").await;
        let cora = hub.coordinator("cora").await;
        let pia = entered(&cora, json!({"first_name": "Pia", "last_name": "Pohl"})).await;
        Self { admin, hospital, ali, sara, cora, pia }
    }
}
