//! What operators do at the console: the first admin, and the demonstration.

use carehub_domain::clock::Clock;
use carehub_operator::{OperatorError, create_admin, demo};
use carehub_testkit::{Caller, TestHub};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, open};

/// 000-C17: the first admin comes from the console and opens all other accounts.
#[tokio::test]
async fn the_first_admin_is_opened_at_the_console() {
    let hub = open().await;
    let (username, email) = ("root".parse().unwrap(), Some("Root@example.org".parse().unwrap()));

    let shown =
        create_admin(&hub.state.store, username, email, Some(PASSWORD.into()), hub.clock.now())
            .await
            .unwrap();

    assert_eq!(shown, None);
    let root = hub.sign_in("root@example.org", PASSWORD).await;
    assert_eq!(root.user["role"], "SUPERADMIN");
    assert_eq!(root.user["must_change_password"], false);
    let body = json!({"role": "ADMIN", "username": "admin", "password": PASSWORD});
    root.post("/api/users/", body).await.ok();
}

#[tokio::test]
async fn an_admin_without_a_password_is_given_one_that_must_be_changed() {
    let hub = open().await;

    let shown =
        create_admin(&hub.state.store, "root".parse().unwrap(), None, None, hub.clock.now()).await;

    let password = shown.unwrap().unwrap();
    let root = hub.sign_in("root", &password).await;
    assert_eq!(root.get("/api/users/").await.refusal(), "403 password-change-due");
    let change = json!({"old_password": password, "new_password": PASSWORD});
    let root = root.with_tokens(&root.post("/api/auth/change-password/", change).await.ok());
    root.get("/api/users/").await.ok();
}

#[tokio::test]
async fn an_admin_with_a_weak_password_or_a_taken_name_is_refused() {
    let hub = open().await;
    hub.superadmin().await;
    let create = |username: &str, password: &'static str| {
        let username = username.parse().unwrap();
        create_admin(&hub.state.store, username, None, Some(password.into()), hub.clock.now())
    };

    let weak = create("root", "root1234").await;
    let taken = create("SuperAdmin", PASSWORD).await;

    assert!(matches!(weak, Err(OperatorError::Password(_))), "{weak:?}");
    assert!(matches!(taken, Err(OperatorError::Account(_))), "{taken:?}");
}

/// 000-C16: those who have an account of the demonstration can sign in with it.
#[tokio::test]
async fn the_accounts_of_the_demonstration_can_sign_in() {
    let hub = open().await;

    demo::load(&hub.state.store, hub.clock.now()).await.unwrap();

    for (username, password, role) in [
        ("admin", "admin123", "ADMIN"),
        ("jinnah_hospital", "jinnah123", "HOSPITAL"),
        ("alimehmood_jinnahhospital", "doctor123", "DOCTOR"),
        ("demo_patient", "patient123", "PATIENT"),
    ] {
        let person = hub.sign_in(username, password).await;
        assert_eq!(person.user["role"], role);
        assert_eq!(person.get("/api/hospitals/").await.status, 200);
    }
    let waiting = json!({"username": "demo_hospital", "password": "hospital123"});
    let refused = hub.visitor().post("/api/token/", waiting).await;
    assert_eq!(refused.refusal(), "401 sign-in-refused");
}

/// 000-C16: the accounts are those that the documents name.
#[tokio::test]
async fn the_accounts_of_the_demonstration_are_the_documented_ones() {
    let hub = open().await;
    demo::load(&hub.state.store, hub.clock.now()).await.unwrap();

    for (username, password, _) in demo::ACCOUNTS {
        let credentials = json!({"username": username, "password": password});
        let reply = hub.visitor().post("/api/token/", credentials).await;

        let expected = if username == "demo_hospital" { 401 } else { 200 };
        assert_eq!(reply.status.as_u16(), expected, "{username}");
    }
}

/// 000-C16: a hospital with four departments and a doctor, and one that waits.
#[tokio::test]
async fn the_demonstration_shows_a_hospital_at_work() {
    let hub = open().await;
    demo::load(&hub.state.store, hub.clock.now()).await.unwrap();
    let patient = hub.sign_in("demo_patient", "patient123").await;

    let hospitals = patient.get("/api/hospitals/").await.ok();
    let near = patient.get("/api/hospitals/nearby/?lat=31.4844&lng=74.2975").await.ok();

    let jinnah = &hospitals["results"][0];
    let id = jinnah["id"].as_str().unwrap();
    assert_eq!(texts(&hospitals, "name"), ["Jinnah Hospital"]);
    assert_eq!(near["hospitals"][0]["id"], id);
    let mut departments =
        texts(&patient.get(format!("/api/hospitals/{id}/departments/")).await.ok(), "name");
    departments.sort();
    assert_eq!(departments, ["Cardiology", "Neurology", "Orthopedics", "Pediatrics"]);
    let doctors = patient.get(format!("/api/hospitals/{id}/doctors/")).await.ok();
    assert_eq!(texts(&doctors, "doctor_username"), ["alimehmood_jinnahhospital"]);
    let admin = hub.sign_in("admin", "admin123").await;
    let all = texts(&admin.get("/api/hospitals/?is_approved=false").await.ok(), "name");
    assert_eq!(all, ["Demo Hospital"]);
}

/// 000-C16: the hospital has a request to answer, and its doctor offers time.
#[tokio::test]
async fn the_demonstration_has_an_appointment_to_give_and_time_to_take() {
    let hub = open().await;
    for _ in 0..2 {
        demo::load(&hub.state.store, hub.clock.now()).await.unwrap();
    }
    let hospital = hub.sign_in("jinnah_hospital", "jinnah123").await;
    let patient = hub.sign_in("demo_patient", "patient123").await;

    let requests = hospital.get("/api/appointments/hospital-appointments/?status=requested").await;
    let doctors = patient.get("/api/appointments/available_doctors/?date=2030-01-08").await.ok();

    assert_eq!(texts(&requests.ok(), "department_name"), ["Cardiology"]);
    assert_eq!(doctors["doctors"][0]["slots"], 16);

    demo::clear(&hub.state.store, hub.clock.now()).await.unwrap();
    demo::load(&hub.state.store, hub.clock.now()).await.unwrap();
    let patient = hub.sign_in("demo_patient", "patient123").await;
    let own = patient.get("/api/appointments/my-appointments/").await.ok();
    assert_eq!(texts(&own, "status"), ["REQUESTED"]);
}

/// 000-C16: loading again adds nothing.
#[tokio::test]
async fn loading_the_demonstration_twice_adds_nothing() {
    let hub = open().await;
    let root = hub.superadmin().await;
    demo::load(&hub.state.store, hub.clock.now()).await.unwrap();
    let before = everything(&hub, &root).await;

    demo::load(&hub.state.store, hub.clock.now()).await.unwrap();

    assert_eq!(everything(&hub, &root).await, before);
}

/// 000-C16: the totals are right as soon as it is loaded.
#[tokio::test]
async fn the_totals_show_the_demonstration() {
    let hub = open().await;
    let root = hub.superadmin().await;

    demo::load(&hub.state.store, hub.clock.now()).await.unwrap();

    assert_eq!(
        stats(&hub, &root).await,
        json!({
            // With the superadmin.
            "total_users": 7, "total_patients": 1, "total_doctors": 1,
            "total_hospitals": 2, "approved_hospitals": 1, "pending_hospitals": 1,
            "total_appointments": 1, "pending_appointments": 1,
        })
    );
}

/// 000-C16: `--clear` removes it, and nobody else.
#[tokio::test]
async fn clearing_the_demonstration_leaves_only_what_was_not_of_it() {
    let hub = open().await;
    let root = hub.superadmin().await;
    hub.patient("ana", "+923001234567").await;
    demo::load(&hub.state.store, hub.clock.now()).await.unwrap();
    let people: Vec<Caller<'_>> = [
        hub.sign_in("admin", "admin123").await,
        hub.sign_in("jinnah_hospital", "jinnah123").await,
        hub.sign_in("alimehmood_jinnahhospital", "doctor123").await,
        hub.sign_in("demo_patient", "patient123").await,
    ]
    .into();

    demo::clear(&hub.state.store, hub.clock.now()).await.unwrap();

    assert_eq!(
        stats(&hub, &root).await,
        json!({
            "total_users": 2, "total_patients": 1, "total_doctors": 0,
            "total_hospitals": 0, "approved_hospitals": 0, "pending_hospitals": 0,
            // One was made, and called off.
            "total_appointments": 1, "pending_appointments": 0,
        })
    );
    let everyone = texts(&root.get("/api/users/?limit=100").await.ok(), "username");
    assert_eq!(sorted(everyone), ["ana", "superadmin"]);
    assert_eq!(root.get("/api/hospitals/").await.ok()["results"], json!([]));
    assert_eq!(root.get("/api/users/?search=demo").await.ok()["results"], json!([]));
    let replies = join_all(people.iter().map(|person| person.get("/api/auth/profile/"))).await;
    assert!(replies.iter().all(|reply| reply.refusal() == "401 unauthenticated"), "{replies:?}");
}

/// 000-C16: what was cleared can be loaded anew, as often as one likes.
#[tokio::test]
async fn the_demonstration_can_be_cleared_and_loaded_anew() {
    let hub = open().await;
    let root = hub.superadmin().await;
    demo::load(&hub.state.store, hub.clock.now()).await.unwrap();
    let mut first = stats(&hub, &root).await;

    for _ in 0..2 {
        demo::clear(&hub.state.store, hub.clock.now()).await.unwrap();
        demo::load(&hub.state.store, hub.clock.now()).await.unwrap();
    }

    // What was called off was made nevertheless.
    first["total_appointments"] = json!(3);
    assert_eq!(stats(&hub, &root).await, first);
    for (username, password, _) in demo::ACCOUNTS {
        if username != "demo_hospital" {
            hub.sign_in(username, password).await;
        }
    }
    let patient = hub.sign_in("demo_patient", "patient123").await;
    let hospitals = patient.get("/api/hospitals/").await.ok();
    assert_eq!(texts(&hospitals, "name"), ["Jinnah Hospital"]);
    let id = hospitals["results"][0]["id"].as_str().unwrap();
    let departments = patient.get(format!("/api/hospitals/{id}/departments/")).await.ok();
    assert_eq!(departments["count"], 4);
}

#[tokio::test]
async fn clearing_what_was_never_loaded_changes_nothing() {
    let hub = open().await;
    let root = hub.superadmin().await;
    let before = everything(&hub, &root).await;

    demo::clear(&hub.state.store, hub.clock.now()).await.unwrap();

    assert_eq!(everything(&hub, &root).await, before);
}

#[tokio::test]
async fn the_demonstration_is_cleared_whatever_became_of_it() {
    let hub = open().await;
    let root = hub.superadmin().await;
    demo::load(&hub.state.store, hub.clock.now()).await.unwrap();
    let hospitals = root.get("/api/hospitals/").await.ok();
    let hospitals = hospitals["results"].as_array().unwrap().clone();
    for hospital in &hospitals {
        let turned = json!({"is_approved": hospital["name"] == "Demo Hospital"});
        let path = format!("/api/hospitals/{}/approve/", hospital["id"].as_str().unwrap());
        root.patch(path, turned).await.ok();
    }
    let people = root.get("/api/users/?role=PATIENT").await.ok();
    let patient = people["results"][0]["id"].as_str().unwrap();
    root.delete(format!("/api/users/{patient}/")).await.ok();

    demo::clear(&hub.state.store, hub.clock.now()).await.unwrap();

    let stats = stats(&hub, &root).await;
    assert_eq!(stats["total_users"], 1);
    assert_eq!((&stats["total_hospitals"], &stats["approved_hospitals"]), (&json!(0), &json!(0)));
    assert_eq!((&stats["total_patients"], &stats["total_doctors"]), (&json!(0), &json!(0)));
    demo::load(&hub.state.store, hub.clock.now()).await.unwrap();
}

/// Everyone, every hospital, the totals and every line of the log.
async fn everything(hub: &TestHub, root: &Caller<'_>) -> Vec<Value> {
    let totals = stats(hub, root).await;
    let paths = ["/api/users/", "/api/hospitals/", "/api/accounts/audit-logs/"];
    let lists = join_all(paths.map(|path| root.get(format!("{path}?limit=100")))).await;
    std::iter::once(totals).chain(lists.iter().map(|list| list.ok()["results"].clone())).collect()
}

async fn stats(hub: &TestHub, root: &Caller<'_>) -> Value {
    hub.settle().await;
    root.get("/api/accounts/dashboard-stats/").await.ok()
}

fn texts(list: &Value, field: &str) -> Vec<String> {
    let results = list["results"].as_array().unwrap().iter();
    results.map(|one| one[field].as_str().unwrap().to_owned()).collect()
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}
