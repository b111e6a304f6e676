//! Opening a repository in an emergency, and answering for it.

use carehub_api::limit::Bucket;
use carehub_testkit::{Caller, Reply, files::pdf};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, again, each, entered, id_of, let_in, looks, open, open_limiting};

const ANA: &str = "+923001234567";
const REASON: &str = "Unconscious in our emergency room, relatives not reached.";

#[tokio::test]
async fn in_an_emergency_a_doctor_reads_for_an_hour_without_being_let_in() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let summary = format!("/api/records/patients/{}/summary", ana.id_as("pat"));
    assert_eq!(ali.get(&summary).await.refusal(), "404 not-found");

    let reply = break_glass(&ali, &ana.id_as("pat")).await;

    let access = reply.ok();
    assert_eq!(reply.status, 201);
    assert_eq!(
        access,
        json!({
            "id": access["id"], "doctor": ali.id_as("doc"), "doctor_name": "Ali Mehmood",
            "hospital": hospital.id_as("hsp"), "patient": ana.id_as("pat"),
            "patient_name": "Ana Diaz", "reason": REASON, "opened_at": "2030-01-07T08:00:00Z",
            "expires_at": "2030-01-07T09:00:00Z", "status": "PENDING", "review": null, "version": 1,
        })
    );
    assert_eq!(hospital.get(reply.header("location")).await.ok(), access);
    ali.get(&summary).await.ok();
    hub.clock.advance(SignedDuration::from_mins(59));
    ali.get(&summary).await.ok();
    hub.clock.advance(SignedDuration::from_mins(1));
    let ali = again(&hub, &ali).await;
    assert_eq!(ali.get(&summary).await.refusal(), "404 not-found");
}

#[tokio::test]
async fn everything_read_in_an_emergency_is_marked() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let path = format!("/api/records/patients/{}", ana.id_as("pat"));
    let fields = [("file_type", "LAB"), ("title", "Blood")];
    let upload = format!("{path}/reports/upload");
    let filed = ana.upload(upload, &fields, &[("file", "blood.pdf", pdf())]).await.ok();
    let report = format!("/api/records/reports/{}", id_of(&filed["report"]));
    let access = break_glass(&ali, &ana.id_as("pat")).await.ok();

    for path in [format!("{path}/summary"), format!("{path}/reports"), report] {
        ali.get(path).await.ok();
    }

    let opened = looks(&ana, "EMERGENCY_ACCESS_OPENED").await;
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].0, ali.id());
    for (action, count) in [("REPOSITORY_VIEWED", 2), ("FILE_DOWNLOADED", 1)] {
        let lines = looks(&ana, action).await;
        assert_eq!(lines.len(), count, "{action}");
        assert!(lines.iter().all(|(_, facts)| facts["emergency"] == access["id"]), "{lines:?}");
    }
    assert!(!serde_json::to_string(&opened).unwrap().contains("Unconscious"));
}

#[tokio::test]
async fn the_patient_and_the_hospital_are_told_at_once() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let letter = json!({"name": "Pia Pohl", "email": "pia@example.org"});
    let pia = entered(&hub.hospital("aga").await, letter).await;
    hub.settle().await;

    let access = break_glass(&ali, &ana.id_as("pat")).await.ok();
    break_glass(&ali, id_of(&pia)).await.ok();
    hub.settle().await;

    let told = hub.post.texts_to(ANA);
    assert!(hub.post.texts_to("ana@example.org")[0].starts_with(&told[0]));
    assert_eq!(
        told,
        [
            "Dr. Ali Mehmood opened your health record in an emergency, for an hour. You can see why in CareHub, and close it there. Somebody will review it."
        ]
    );
    assert_eq!(hub.post.texts_to("pia@example.org").len(), 1);
    let desk = hub.post.texts_to("desk-jinnah@example.org");
    let about_ana: Vec<_> = desk.iter().filter(|text| text.contains(id_of(&access))).collect();
    assert_eq!(about_ana.len(), 1);
    assert!(desk.iter().all(|text| !text.contains("Ana") && !text.contains("Unconscious")));
}

#[tokio::test]
async fn without_a_hospital_those_who_run_the_hub_are_told() {
    let hub = open().await;
    let (admin, lone) = (hub.admin().await, hub.lone_doctor("lone").await);
    let ana = hub.patient("ana", ANA).await;
    let verify = format!("/api/doctors/{}/verify", lone.id_as("doc"));
    admin.post(verify, json!({})).await.ok();
    hub.settle().await;

    let access = break_glass(&lone, &ana.id_as("pat")).await.ok();
    hub.settle().await;

    let told = admin.get("/api/notifications").await.ok();
    let told = told["results"].as_array().unwrap().iter();
    let told: Vec<_> =
        told.filter(|one| one["message"].as_str().unwrap().contains(id_of(&access))).collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["priority"], "URGENT");
    assert!(!told[0].to_string().contains("Ana"), "{}", told[0]);
}

#[tokio::test]
async fn only_doctors_for_whom_somebody_vouches_break_the_glass() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let (lone, cora) = (hub.lone_doctor("lone").await, hub.coordinator("cora").await);
    let ana = hub.patient("ana", ANA).await;
    let bea = hub.patient("bea", "+923007654321").await;

    for nobody in [&admin, &hospital, &cora, &ana, &bea] {
        let reply = break_glass(nobody, &ana.id_as("pat")).await;
        assert_eq!(reply.refusal(), "403 forbidden");
    }
    let reply = break_glass(&lone, &ana.id_as("pat")).await;
    assert_eq!(reply.refusal(), "403 not-vouched-for");
    let verify = format!("/api/doctors/{}/verify", lone.id_as("doc"));
    admin.post(verify, json!({})).await.ok();
    let access = break_glass(&lone, &ana.id_as("pat")).await.ok();
    assert_eq!(access["hospital"], Value::Null);

    let unknown = ana.id_as("pat").replace(&ana.id()[4..], "01J9Z3K8Q4N6V2X5Y7W0B1C2D3");
    assert_eq!(break_glass(&lone, &unknown).await.refusal(), "404 not-found");
    let path = format!("/api/records/patients/{}/break-glass", ana.id_as("pat"));
    for reason in [json!({}), json!({"reason": "urgent"}), json!({"reason": "x".repeat(1001)})] {
        let problem = lone.post(&path, reason).await.problem();
        assert_eq!(problem.errors[0].pointer, "/reason");
    }
}

#[tokio::test]
async fn nobody_breaks_the_glass_all_day() {
    let hub = open_limiting(Bucket::Glass).await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;

    for _ in 0..5 {
        break_glass(&ali, &ana.id_as("pat")).await.ok();
    }

    let reply = break_glass(&ali, &ana.id_as("pat")).await;
    assert_eq!(reply.refusal(), "429 too-many-requests");
    hub.clock.advance(SignedDuration::from_hours(1));
    break_glass(&again(&hub, &ali).await, &ana.id_as("pat")).await.ok();
}

#[tokio::test]
async fn an_emergency_is_reviewed_once_and_not_by_the_doctor() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let (aga, ana) = (hub.hospital("aga").await, hub.patient("ana", ANA).await);
    let access = break_glass(&ali, &ana.id_as("pat")).await.ok();
    let review = format!("/api/records/break-glass/{}/review", id_of(&access));
    let body = json!({"outcome": "unjustified", "notes": "The patient was awake."});

    for nobody in [&ali, &ana] {
        assert_eq!(nobody.post(&review, &body).await.refusal(), "403 forbidden");
    }
    assert_eq!(aga.post(&review, &body).await.refusal(), "404 not-found");
    let judged = hospital.post(&review, &body).await.ok();
    for later in [&hospital, &admin] {
        let reply = later.post(&review, json!({"outcome": "JUSTIFIED"})).await;
        assert_eq!(reply.refusal(), "409 emergency-reviewed");
    }

    assert_eq!((&judged["status"], &judged["version"]), (&json!("UNJUSTIFIED"), &json!(2)));
    assert_eq!(
        judged["review"],
        json!({
            "outcome": "UNJUSTIFIED", "notes": "The patient was awake.",
            "reviewed_by": hospital.id(), "reviewed_at": "2030-01-07T08:00:00Z",
        })
    );
    assert_eq!(looks(&ana, "EMERGENCY_ACCESS_REVIEWED").await.len(), 1);
}

#[tokio::test]
async fn what_was_no_emergency_ends_with_its_review() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let sara = hub.doctor_of(&hospital, "Sara", "Khan").await;
    let ana = hub.patient("ana", ANA).await;
    let summary = format!("/api/records/patients/{}/summary", ana.id_as("pat"));
    let judge = async |access: &Value, outcome: &str| {
        let review = format!("/api/records/break-glass/{}/review", id_of(access));
        hospital.post(review, json!({"outcome": outcome})).await.ok();
    };
    let [wrong, right] = [
        break_glass(&ali, &ana.id_as("pat")).await.ok(),
        break_glass(&sara, &ana.id_as("pat")).await.ok(),
    ];

    judge(&wrong, "UNJUSTIFIED").await;
    judge(&right, "JUSTIFIED").await;

    assert_eq!(ali.get(&summary).await.refusal(), "404 not-found");
    sara.get(&summary).await.ok();
    assert_eq!(grants(&ali).await, [] as [Value; 0]);
    assert_eq!(grants(&ana).await.len(), 1);

    // What the patient gives is the patient's to take.
    let wrong = break_glass(&ali, &ana.id_as("pat")).await.ok();
    hub.settle().await;
    let_in(&hub, &ali, ANA).await;
    judge(&wrong, "UNJUSTIFIED").await;
    ali.get(&summary).await.ok();
}

#[tokio::test]
async fn everyone_concerned_sees_the_emergencies_that_concern_them() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let sara = hub.doctor_of(&hospital, "Sara", "Khan").await;
    let (aga, cora) = (hub.hospital("aga").await, hub.coordinator("cora").await);
    let (ana, bea) = (hub.patient("ana", ANA).await, hub.patient("bea", "+923007654321").await);
    let first = break_glass(&ali, &ana.id_as("pat")).await.ok();
    hub.clock.advance(SignedDuration::from_secs(1));
    let second = break_glass(&sara, &bea.id_as("pat")).await.ok();
    let review = format!("/api/records/break-glass/{}/review", id_of(&first));
    hospital.post(review, json!({"outcome": "JUSTIFIED"})).await.ok();

    let (first, second) = (id_of(&first), id_of(&second));
    let seen = [
        (&admin, vec![second, first]),
        (&hospital, vec![second, first]),
        (&ali, vec![first]),
        (&sara, vec![second]),
        (&ana, vec![first]),
        (&bea, vec![second]),
        (&aga, vec![]),
    ];
    for (person, wanted) in seen {
        let list = person.get("/api/records/break-glass").await.ok();
        assert_eq!(each(&list, "id"), wanted);
        for id in [first, second] {
            let status = person.get(format!("/api/records/break-glass/{id}")).await.status;
            assert_eq!(status, if wanted.contains(&id) { 200 } else { 404 });
        }
    }
    for (status, wanted) in
        [("pending", vec![second]), ("JUSTIFIED", vec![first]), ("UNJUSTIFIED", vec![])]
    {
        let list = admin.get(format!("/api/records/break-glass?status={status}")).await.ok();
        assert_eq!(each(&list, "id"), wanted);
    }
    assert_eq!(cora.get("/api/records/break-glass").await.refusal(), "403 forbidden");
}

#[tokio::test]
async fn the_grant_of_an_emergency_says_so_and_ends_when_the_patient_says() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let summary = format!("/api/records/patients/{}/summary", ana.id_as("pat"));
    let_in(&hub, &ali, ANA).await;
    assert_eq!(grants(&ana).await[0]["emergency"], Value::Null);
    let access = break_glass(&ali, &ana.id_as("pat")).await.ok();

    let grants = grants(&ana).await;
    assert_eq!(grants[0]["emergency"], access["id"]);
    assert_eq!(grants[0]["expires_at"], access["expires_at"]);
    ana.delete(format!("/api/accounts/access-grants/{}", ali.id_as("doc"))).await.ok();

    assert_eq!(ali.get(summary).await.refusal(), "404 not-found");
    assert_eq!(looks(&ana, "ACCESS_REVOKED").await.len(), 1);
}

async fn break_glass(doctor: &Caller<'_>, patient: &str) -> Reply {
    let path = format!("/api/records/patients/{patient}/break-glass");
    doctor.post(path, json!({"reason": REASON})).await
}

async fn grants(person: &Caller<'_>) -> Vec<Value> {
    let list = person.get("/api/accounts/access-grants").await.ok();
    list["results"].as_array().unwrap().clone()
}
