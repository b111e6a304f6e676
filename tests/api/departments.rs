//! Departments: opened, listed, renamed and closed by their hospital.

use carehub_testkit::{Caller, Reply};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, open};

/// 000-17: a hospital opens a department.
#[tokio::test]
async fn a_hospital_opens_a_department() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let body = json!({"name": " Cardiology ", "description": "Hearts"});

    let reply = hospital.post("/api/hospitals/departments/", body).await;

    let department = reply.ok();
    assert_eq!(reply.status, 201);
    assert_eq!(
        department,
        json!({
            "id": department["id"], "hospital": hospital.id_as("hsp"),
            "hospital_name": "jinnah Hospital", "name": "Cardiology", "description": "Hearts",
            "created_at": "2030-01-07T08:00:00Z", "updated_at": "2030-01-07T08:00:00Z",
        })
    );
    let shown = hospital.get(reply.header("location")).await;
    assert_eq!(shown.ok(), department);
    assert_eq!(shown.header("etag"), reply.header("etag"));
}

/// 000-17: an admin says for which hospital.
#[tokio::test]
async fn an_admin_opens_a_department_for_a_hospital() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let unnamed = admin.post("/api/hospitals/departments/", json!({"name": "Cardiology"})).await;

    let body = json!({"name": "Cardiology", "hospital": hospital.id_as("hsp")});
    let department = admin.post("/api/hospitals/departments/", body).await.ok();

    assert_eq!(department["hospital"], hospital.id_as("hsp"));
    assert_eq!(unnamed.problem().errors[0].pointer, "/hospital");
}

/// 000-17: no two departments of a hospital share a name, however it is written.
#[tokio::test]
async fn a_department_of_the_same_name_is_refused() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    opened(&hospital, "Cardiology").await;

    let names = ["Cardiology", "cardiology ", "CÁRDIOLOGY"];
    let replies = join_all(
        names.map(|name| hospital.post("/api/hospitals/departments/", json!({"name": name}))),
    )
    .await;

    assert!(replies.iter().all(|reply| reply.refusal() == "409 department-exists"));
}

#[tokio::test]
async fn of_many_who_open_one_department_at_once_one_does() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;

    let replies = join_all(
        (0..4).map(|_| hospital.post("/api/hospitals/departments/", json!({"name": "Cardiology"}))),
    )
    .await;

    let (made, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    assert_eq!(made.len(), 1);
    assert!(refused.iter().all(|reply| reply.refusal() == "409 department-exists"));
    assert_eq!(hospital.get("/api/hospitals/departments/").await.ok()["count"], 1);
}

#[tokio::test]
async fn two_hospitals_may_have_a_department_of_one_name() {
    let hub = open().await;
    let (hospital, other) = (hub.hospital("jinnah").await, hub.hospital("other").await);
    opened(&hospital, "Cardiology").await;

    let department = opened(&other, "Cardiology").await;

    assert_eq!(department["hospital"], other.id_as("hsp"));
}

#[tokio::test]
async fn a_department_needs_a_name() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;

    let bodies =
        [json!({}), json!({"name": "  "}), json!({"name": "x".repeat(101)}), json!({"name": 7})];
    let replies =
        join_all(bodies.map(|body| hospital.post("/api/hospitals/departments/", body))).await;

    let pointers: Vec<_> =
        replies.iter().map(|reply| reply.problem().errors[0].pointer.clone()).collect();
    assert_eq!(pointers, ["/name"; 4]);
}

/// 000-17: only the hospital itself and admins open departments.
#[tokio::test]
async fn nobody_else_opens_departments() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let other = hub.hospital("other").await;
    let doctor = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let cora = hub.coordinator("cora").await;

    let body = json!({"name": "Mine", "hospital": hospital.id_as("hsp")});
    let replies = join_all(
        [&other, &doctor, &ana, &cora]
            .map(|person| person.post("/api/hospitals/departments/", body.clone())),
    )
    .await;

    assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"), "{replies:?}");
}

/// 000-16: those who work for a hospital see its departments without naming it.
#[tokio::test]
async fn a_hospital_and_its_doctors_list_their_own_departments() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    for name in ["Neurology", "Cardiology"] {
        opened(&hospital, name).await;
        hub.clock.advance(SignedDuration::from_secs(1));
    }
    opened(&hub.hospital("other").await, "Pediatrics").await;
    let doctor = hub.doctor_of(&hospital, "Ali", "Mehmood").await;

    let lists =
        join_all([&hospital, &doctor].map(|person| person.get("/api/hospitals/departments/")))
            .await;

    for list in lists.iter().map(Reply::ok) {
        assert_eq!(names(&list), ["Neurology", "Cardiology"]);
        assert_eq!(list["count"], 2);
        assert_eq!((&list["next"], &list["previous"]), (&Value::Null, &Value::Null));
        assert_eq!(list["results"][0]["hospital_name"], "jinnah Hospital");
    }
}

/// 000-16: everyone else names the hospital.
#[tokio::test]
async fn everyone_lists_the_departments_of_a_hospital_they_name() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    opened(&hospital, "Cardiology").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let id = hospital.id_as("hsp");

    let lists = join_all([
        ana.get(format!("/api/hospitals/departments/?hospital_id={id}")),
        ana.get(format!("/api/hospitals/departments/?hospital={id}")),
        ana.get(format!("/api/hospitals/{id}/departments/")),
    ])
    .await;

    assert!(lists.iter().all(|list| names(&list.ok()) == ["Cardiology"]));
    let unnamed = ana.get("/api/hospitals/departments/").await.problem();
    assert_eq!(unnamed.errors[0].pointer, "/hospital_id");
}

/// 000-16: a hospital that has not joined shows nothing.
#[tokio::test]
async fn departments_of_a_hospital_that_waits_are_hidden() {
    let hub = open().await;
    let admin = hub.admin().await;
    let id = hub.applicant("waiting").await["id"].as_str().unwrap().to_owned();
    let body = json!({"name": "Cardiology", "hospital": id});
    let department = admin.post("/api/hospitals/departments/", body).await.ok();
    let ana = hub.patient("ana", "+923001234567").await;
    let item = format!("/api/hospitals/departments/{}/", department["id"].as_str().unwrap());

    let replies = join_all([
        ana.get(format!("/api/hospitals/departments/?hospital_id={id}")),
        ana.get(format!("/api/hospitals/{id}/departments/")),
        ana.get(item),
    ])
    .await;

    assert!(replies.iter().all(|reply| reply.refusal() == "404 not-found"), "{replies:?}");
}

/// Optional route of 000: PATCH and PUT `/api/hospitals/departments/{id}/`.
#[tokio::test]
async fn a_hospital_renames_and_describes_a_department() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let path = item(&opened(&hospital, "Cardiology").await);
    let careful = hospital.with_header("if-match", hospital.get(&path).await.header("etag"));

    let renamed = careful.patch(&path, json!({"name": "Heart Centre"})).await;
    let described = hospital.put(&path, json!({"description": null})).await.ok();

    assert_eq!(renamed.ok()["name"], "Heart Centre");
    assert_eq!(described["name"], "Heart Centre");
    assert_eq!(described["description"], Value::Null);
    let list = hospital.get("/api/hospitals/departments/").await.ok();
    assert_eq!(names(&list), ["Heart Centre"]);
    let late = careful.patch(&path, json!({"name": "Late"})).await;
    assert_eq!(late.refusal(), "412 precondition-failed");
}

#[tokio::test]
async fn a_renamed_department_frees_its_name_and_takes_no_other() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let path = item(&opened(&hospital, "Cardiology").await);
    opened(&hospital, "Neurology").await;
    let taken = hospital.patch(&path, json!({"name": "neurology"})).await;

    hospital.patch(&path, json!({"name": "Heart Centre"})).await.ok();

    assert_eq!(taken.refusal(), "409 department-exists");
    opened(&hospital, "Cardiology").await;
}

#[tokio::test]
async fn a_department_may_change_the_case_of_its_name() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let path = item(&opened(&hospital, "cardiology").await);

    let renamed = hospital.patch(&path, json!({"name": "Cardiology"})).await.ok();

    assert_eq!(renamed["name"], "Cardiology");
}

/// Optional route of 000: DELETE `/api/hospitals/departments/{id}/`.
#[tokio::test]
async fn a_closed_department_is_gone_and_its_name_is_free() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let path = item(&opened(&hospital, "Cardiology").await);

    let reply = hospital.delete(&path).await;

    assert_eq!(reply.status, 204);
    assert_eq!(hospital.get(&path).await.refusal(), "404 not-found");
    assert_eq!(hospital.delete(&path).await.refusal(), "404 not-found");
    assert_eq!(hospital.get("/api/hospitals/departments/").await.ok()["count"], 0);
    opened(&hospital, "Cardiology").await;
}

#[tokio::test]
async fn nobody_else_changes_or_closes_a_department() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let path = item(&opened(&hospital, "Cardiology").await);
    let other = hub.hospital("other").await;
    let doctor = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", "+923001234567").await;

    let strangers = [&other, &doctor, &ana];
    let changed = join_all(strangers.map(|one| one.patch(&path, json!({"name": "Mine"})))).await;
    let closed = join_all(strangers.map(|one| one.delete(&path))).await;

    let replies = changed.iter().chain(&closed);
    assert!(replies.clone().all(|reply| reply.refusal() == "403 forbidden"), "{replies:?}");
}

#[tokio::test]
async fn an_opening_that_is_sent_again_opens_nothing_more() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await.with_header("idempotency-key", "opening-1");
    let first = hospital.post("/api/hospitals/departments/", json!({"name": "Cardiology"})).await;

    let again = hospital.post("/api/hospitals/departments/", json!({"name": "Cardiology"})).await;

    assert_eq!((again.status, again.ok()), (first.status, first.ok()));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("etag"), first.header("etag"));
}

#[tokio::test]
async fn every_change_to_a_department_is_in_the_audit_log() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let department = opened(&hospital, "Cardiology").await;
    hospital.patch(item(&department), json!({"name": "Hearts"})).await.ok();

    hospital.delete(item(&department)).await.ok();

    for action in ["DEPARTMENT_CREATED", "DEPARTMENT_UPDATED", "DEPARTMENT_DELETED"] {
        let log = admin.get(format!("/api/accounts/audit-logs/?action={action}")).await.ok();
        let line = &log["results"][0];
        assert_eq!(line["entity"], department["id"]);
        assert_eq!(line["performed_by"], hospital.id());
        assert_eq!(line["hospital"], hospital.id_as("hsp"));
    }
}

async fn opened(hospital: &Caller<'_>, name: &str) -> Value {
    hospital.post("/api/hospitals/departments/", json!({"name": name})).await.ok()
}

fn item(department: &Value) -> String {
    format!("/api/hospitals/departments/{}/", department["id"].as_str().unwrap())
}

fn names(list: &Value) -> Vec<&str> {
    let results = list["results"].as_array().unwrap().iter();
    results.map(|department| department["name"].as_str().unwrap()).collect()
}
