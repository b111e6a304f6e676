//! Webhooks as hospitals keep them: who has which, secrets that are shown once, and trial calls.

use std::collections::BTreeSet;

use axum::{Router, routing::post};
use carehub_testkit::Caller;
use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{People, each, id_of, open};

const ALL: &str = "/api/webhooks";
const URL: &str = "https://his.example.org/carehub";

#[tokio::test]
async fn a_hospital_lets_a_program_know_what_happens() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let body = json!({"url": URL, "actions": ["APPOINTMENT_CREATED", "PRESCRIPTION_SENT"]});

    let made = hospital.post(format!("{ALL}/"), body).await;

    let webhook = made.ok();
    let location = format!("{ALL}/{}", id_of(&webhook));
    assert_eq!((made.status.as_u16(), made.header("location")), (201, location.as_str()));
    assert_eq!(
        without_secret(&webhook),
        json!({
            "id": webhook["id"], "hospital": hospital.id_as("hsp"), "url": URL,
            "actions": ["APPOINTMENT_CREATED", "PRESCRIPTION_SENT"], "is_active": true,
            "gone_at": null, "created_at": "2030-01-07T08:00:00Z",
            "updated_at": "2030-01-07T08:00:00Z", "rotated_at": "2030-01-07T08:00:00Z",
        })
    );
    let secret = webhook["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 6 + 44, "{secret}");
    let seen = hospital.get(format!("/api/v1/webhooks/{}/", id_of(&webhook))).await;
    assert_eq!((seen.ok(), seen.header("etag")), (without_secret(&webhook), made.header("etag")));
    assert_eq!(hospital.get(ALL).await.ok()["results"], json!([without_secret(&webhook)]));
}

#[tokio::test]
async fn a_secret_is_shown_once_and_replaced() {
    let hub = open().await;
    let admin = hub.superadmin().await;
    let hospital = hub.hospital("jinnah").await;
    let (one, other) = (make(&hospital).await, make(&hospital).await);
    assert_ne!(one["secret"], other["secret"]);

    let rotated = hospital.post(format!("{ALL}/{}/rotate", id_of(&one)), json!({})).await.ok();

    assert_ne!(rotated["secret"], one["secret"]);
    assert_eq!(rotated["id"], one["id"]);
    let stored = hub.items("engagement", &format!("webhooks#{}", hospital.id_as("hsp")));
    let log = admin.get("/api/accounts/audit-logs/?limit=100").await.ok();
    let everything = format!("{}{log}", json!(stored));
    for webhook in [&one, &other, &rotated] {
        let secret = webhook["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap();
        assert!(!everything.contains(secret), "a secret is stored");
    }
    let deeds: BTreeSet<_> = each(&log, "action").into_iter().collect();
    assert!(deeds.is_superset(&["WEBHOOK_CREATED", "WEBHOOK_ROTATED"].into()), "{deeds:?}");
}

#[tokio::test]
async fn a_hospital_changes_its_webhooks() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let made = hospital.post(ALL, json!({"url": URL, "is_active": false})).await;
    let path = format!("{ALL}/{}", id_of(&made.ok()));
    assert_eq!((&made.ok()["actions"], &made.ok()["is_active"]), (&json!([]), &json!(false)));

    let changes = json!({
        "url": "https://HIS.example.org:8443/Hook?a=B", "is_active": true,
        "actions": ["PATIENT_UPDATED"],
    });
    let changed = hospital.patch(&path, changes).await.ok();

    assert_eq!(changed["url"], "https://his.example.org:8443/Hook?a=B");
    assert_eq!(
        (&changed["actions"], &changed["is_active"]),
        (&json!(["PATIENT_UPDATED"]), &json!(true))
    );
    assert_eq!(changed.get("secret"), None);
    let all = hospital.put(&path, json!({"actions": []})).await.ok();
    assert_eq!(all["actions"], json!([]));
    let stale = hospital.with_header("if-match", made.header("etag"));
    assert_eq!(stale.patch(&path, json!({})).await.refusal(), "412 precondition-failed");
    assert_eq!(stale.delete(&path).await.refusal(), "412 precondition-failed");
    let rotated = stale.post(format!("{path}/rotate"), json!({})).await;
    assert_eq!(rotated.refusal(), "412 precondition-failed");
    assert_eq!(hospital.delete(&path).await.status, 204);
    assert_eq!(hospital.get(&path).await.refusal(), "404 not-found");
    assert_eq!(hospital.get(ALL).await.ok()["results"], json!([]));
}

#[tokio::test]
async fn programs_are_called_on_the_open_internet_only() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let kept = format!("{ALL}/{}", id_of(&make(&hospital).await));
    for url in [
        "http://his.example.org/hook",
        "https://user:word@his.example.org/hook",
        "https://10.0.0.8/hook",
        "https://[::1]/hook",
        "https://intranet/hook",
        "ftp://his.example.org",
        "his.example.org",
    ] {
        for reply in [
            hospital.post(ALL, json!({"url": url})).await,
            hospital.patch(&kept, json!({"url": url})).await,
        ] {
            let problem = reply.problem();
            assert_eq!(
                (problem.status, problem.errors[0].pointer.as_str()),
                (400, "/url"),
                "{url}"
            );
        }
    }
    let wrong = json!({"url": URL, "actions": ["GOSSIP"]});
    let problem = hospital.post(ALL, wrong).await.problem();
    assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (400, "/actions/0"));
    // Whoever runs the hub has named this host.
    hospital.post(ALL, json!({"url": "http://localhost:9000/hook"})).await.ok();
}

#[tokio::test]
async fn webhooks_are_those_of_one_hospital() {
    let hub = open().await;
    let admin = hub.superadmin().await;
    let (hospital, other) = (hub.hospital("jinnah").await, hub.hospital("aga").await);
    let doctor = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let path = format!("{ALL}/{}", id_of(&make(&hospital).await));
    let of = format!("hospital={}", hospital.id_as("hsp"));

    for stranger in [&doctor, &ana, &hub.coordinator("cora").await] {
        assert_eq!(stranger.get(ALL).await.refusal(), "403 forbidden");
        assert_eq!(stranger.get(format!("{ALL}?{of}")).await.refusal(), "403 forbidden");
        assert_eq!(stranger.post(ALL, json!({"url": URL})).await.refusal(), "403 forbidden");
    }
    for stranger in [&doctor, &ana, &other] {
        let named = format!("{path}?{of}");
        for reply in [
            stranger.get(&path).await,
            stranger.get(named).await,
            stranger.patch(&path, json!({})).await,
            stranger.delete(&path).await,
            stranger.post(format!("{path}/rotate"), json!({})).await,
            stranger.post(format!("{path}/ping"), json!({})).await,
        ] {
            assert_eq!(reply.refusal(), "404 not-found");
        }
    }
    assert_eq!(other.get(format!("{ALL}?{of}")).await.refusal(), "403 forbidden");
    assert_eq!(other.get(ALL).await.ok()["results"], json!([]));

    let listed = admin.get(format!("{ALL}?{of}")).await.ok();
    assert_eq!(each(&listed, "url"), [URL]);
    assert_eq!(admin.get(format!("{path}?{of}")).await.ok()["url"], URL);
    assert_eq!(admin.get(ALL).await.problem().errors[0].pointer, "/hospital");
    assert_eq!(admin.get(&path).await.refusal(), "404 not-found");
    assert_eq!(admin.post(ALL, json!({"url": URL})).await.refusal(), "403 forbidden");
    assert_eq!(hub.visitor().get(ALL).await.status, 401);
}

#[tokio::test]
async fn a_hospital_has_ten_webhooks_at_most() {
    let hub = open().await;
    let (hospital, other) = (hub.hospital("jinnah").await, hub.hospital("aga").await);
    for _ in 0..8 {
        make(&hospital).await;
    }

    let racing = (0..4).map(|_| hospital.post(ALL, json!({"url": URL})));
    let racing = join_all(racing).await;

    let made: Vec<_> = racing.iter().filter(|reply| reply.status == 201).collect();
    assert_eq!(made.len(), 2);
    for refused in racing.iter().filter(|reply| reply.status != 201) {
        assert_eq!(refused.refusal(), "409 too-many-webhooks");
    }
    make(&other).await;
    let given_up = format!("{ALL}/{}", id_of(&made[0].ok()));
    assert_eq!(hospital.delete(given_up).await.status, 204);
    make(&hospital).await;
    let refused = hospital.post(ALL, json!({"url": URL})).await;
    assert_eq!(refused.refusal(), "409 too-many-webhooks");
    assert_eq!(hospital.get(ALL).await.ok()["results"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_webhook_is_called_on_trial() {
    let hub = open().await;
    let admin = hub.superadmin().await;
    let hospital = hub.hospital("jinnah").await;
    let webhook = make(&hospital).await;
    let path = format!("{ALL}/{}", id_of(&webhook));

    let called = hospital.post(format!("{path}/ping"), json!({})).await;

    assert_eq!(called.status, 202);
    assert_eq!(called.ok()["webhook"], webhook["id"]);
    let log = admin.get("/api/accounts/audit-logs/?action=WEBHOOK_PINGED").await.ok();
    let lines = log["results"].as_array().unwrap();
    assert_eq!((lines.len(), &lines[0]["entity"]), (1, &webhook["id"]));
    hospital.patch(&path, json!({"is_active": false})).await.ok();
    assert_eq!(hospital.post(format!("{path}/ping"), json!({})).await.refusal(), "409 webhook-off");
}

#[tokio::test]
async fn a_webhook_is_made_once_for_one_key() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await.with_header("idempotency-key", "first");
    let body = json!({"url": URL});

    let (made, again) = (hospital.post(ALL, &body).await, hospital.post(ALL, &body).await);

    assert_eq!(made.ok(), again.ok());
    assert_eq!(hospital.get(ALL).await.ok()["results"].as_array().unwrap().len(), 1);
}

async fn make(hospital: &Caller<'_>) -> Value {
    hospital.post(ALL, json!({"url": URL})).await.ok()
}

fn without_secret(webhook: &Value) -> Value {
    let mut webhook = webhook.clone();
    assert!(webhook.as_object_mut().unwrap().remove("secret").is_some());
    webhook
}

/// Where a program on this machine listens, which takes whatever it is told.
pub(crate) async fn listening() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let take = post(async || StatusCode::NO_CONTENT);
    tokio::spawn(axum::serve(listener, Router::new().route("/hook", take)).into_future());
    format!("http://{address}/hook")
}
