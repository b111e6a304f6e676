//! What people were told: the list of each, what they have read, and how they want to be told.

use carehub_domain::{
    access::{Actor, UserId},
    account::Zone,
    notification::{Notification, NotificationKind, Priority, Words},
};
use carehub_testkit::{Caller, TestHub};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, assigned, each, entered, id_of, open};

const ALL: &str = "/api/v1/notifications/";
const WISHES: &str = "/api/v1/notification-preferences/";
const ANA: &str = "+923001234567";
const BEA: &str = "+923007654321";

/// 003-28: people see what they were told, newest first, with everything that clients ask for.
#[tokio::test]
async fn people_see_what_they_were_told() {
    let hub = open().await;
    let (ana, bea) = (hub.patient("ana", ANA).await, hub.patient("bea", BEA).await);
    let first = tell(&hub, &ana, NotificationKind::SystemMessage).await;
    hub.clock.advance(SignedDuration::from_mins(1));
    let soon = hub.state.clock.now() + SignedDuration::from_hours(1);
    let second = notice(&hub, &ana, NotificationKind::PrescriptionReady).until(soon);
    let second = told(&hub, second).await;

    let list = ana.get(ALL).await.ok();

    assert_eq!(each(&list, "id"), [second.as_str(), first.as_str()]);
    assert_eq!((&list["next"], &list["previous"]), (&Value::Null, &Value::Null));
    assert_eq!(
        list["results"][0],
        json!({
            "id": second, "notification_type": "PRESCRIPTION_READY", "priority": "NORMAL",
            "title": "News", "message": "Something happened.", "is_read": false,
            "is_sent": false, "read_at": null, "sent_at": null, "appointment": null,
            "send_email": true, "send_sms": true, "send_push": true,
            "delivery_channels": ["SMS", "EMAIL", "PUSH"],
            "scheduled_for": "2030-01-07T08:01:00Z", "expires_at": "2030-01-07T09:01:00Z",
            "is_expired": false, "is_scheduled": false, "metadata": {"number": "1"},
            "created_at": "2030-01-07T08:01:00Z",
        })
    );
    assert_eq!(ana.get(format!("{ALL}{second}/")).await.ok(), list["results"][0]);
    assert_eq!(bea.get(ALL).await.ok()["results"], json!([]));
    let page = ana.get(format!("{ALL}?limit=1")).await.ok();
    let page = ana.get(page["next"].as_str().unwrap()).await.ok();
    assert_eq!(each(&page, "id"), [first.as_str()]);
    hub.clock.advance(SignedDuration::from_hours(1));
    let ana = hub.sign_in("ana", PASSWORD).await;
    let expired = ana.get(ALL).await.ok();
    let expired = [0, 1].map(|place| expired["results"][place]["is_expired"].clone());
    assert_eq!(expired, [true, false]);
}

/// 003-28: the list is narrowed to what was not read, to a type and to a priority.
#[tokio::test]
async fn the_list_is_narrowed() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let news = tell(&hub, &ana, NotificationKind::SystemMessage).await;
    let ready = tell(&hub, &ana, NotificationKind::PrescriptionReady).await;
    let mut pressing = notice(&hub, &ana, NotificationKind::LabResultsAvailable);
    pressing = pressing.pressing(Priority::Urgent);
    let pressing = told(&hub, pressing).await;
    ana.post(format!("{ALL}{news}/mark_read/"), json!({})).await.ok();

    let listed = async |query: &str| {
        let list = ana.get(format!("{ALL}{query}")).await.ok();
        let mut ids: Vec<_> = each(&list, "id").into_iter().map(str::to_owned).collect();
        ids.sort();
        ids
    };
    let sorted = |mut ids: Vec<&String>| {
        ids.sort();
        ids.into_iter().cloned().collect::<Vec<_>>()
    };
    assert_eq!(listed("").await, sorted(vec![&news, &ready, &pressing]));
    assert_eq!(listed("?unread_only=true").await, sorted(vec![&ready, &pressing]));
    assert_eq!(listed("?unread_only=false").await.len(), 3);
    assert_eq!(listed("?notification_type=prescription_ready").await, [ready.as_str()]);
    assert_eq!(listed("?kind=SYSTEM_MESSAGE&unread_only=1").await, [] as [String; 0]);
    assert_eq!(listed("?priority=urgent").await, [pressing.as_str()]);
    for wrong in ["?unread_only=perhaps", "?priority=7", "?kind=GOSSIP", "?patient=x"] {
        assert_eq!(ana.get(format!("{ALL}{wrong}")).await.status, 400, "{wrong}");
    }
}

/// 003-28, 003-29, 003-30: what somebody was told is nobody else's business, not even an admin's.
#[tokio::test]
async fn nobody_sees_what_others_were_told() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let (bea, admin) = (hub.patient("bea", BEA).await, hub.superadmin().await);
    let id = tell(&hub, &ana, NotificationKind::SystemMessage).await;

    for other in [&bea, &admin] {
        for reply in [
            other.get(format!("{ALL}{id}/")).await,
            other.post(format!("{ALL}{id}/mark_read/"), json!({})).await,
            other.delete(format!("{ALL}{id}/")).await,
        ] {
            assert_eq!(reply.refusal(), "404 not-found");
        }
        let named = json!({"notification_ids": [id]});
        assert_eq!(other.post(format!("{ALL}mark_all_read/"), named).await.ok()["count"], 0);
    }
    assert_eq!(unread(&ana).await, 1);
    let visitor = hub.visitor();
    assert_eq!(visitor.get(ALL).await.status, 401);
    assert_eq!(visitor.get(WISHES).await.status, 401);
}

/// 003-30: what was read stays read since the first time, and is counted once.
#[tokio::test]
async fn what_was_read_is_counted_once() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let id = tell(&hub, &ana, NotificationKind::SystemMessage).await;
    tell(&hub, &ana, NotificationKind::PrescriptionReady).await;
    assert_eq!(unread(&ana).await, 2);
    hub.clock.advance(SignedDuration::from_mins(5));

    let read = ana.post(format!("{ALL}{id}/mark_read/"), json!({})).await.ok();

    assert_eq!(read["message"], "Notification marked as read");
    let notification = &read["notification"];
    assert_eq!((&notification["id"], &notification["is_read"]), (&json!(id), &json!(true)));
    assert_eq!(notification["read_at"], "2030-01-07T08:05:00Z");
    hub.clock.advance(SignedDuration::from_mins(5));
    let again = ana.post(format!("/api/notifications/{id}/mark-read"), json!({})).await.ok();
    assert_eq!(again["notification"]["read_at"], "2030-01-07T08:05:00Z");
    assert_eq!(unread(&ana).await, 1);
    let seen = ana.get(format!("{ALL}{id}/")).await.ok();
    assert_eq!(seen["read_at"], "2030-01-07T08:05:00Z");
}

/// 003-29: all are marked at once, or those that are named; what others were told and what was
/// read before does not count.
#[tokio::test]
async fn several_are_read_at_once() {
    let hub = open().await;
    let (ana, bea) = (hub.patient("ana", ANA).await, hub.patient("bea", BEA).await);
    let mut ids = Vec::new();
    for _ in 0..60 {
        hub.clock.advance(SignedDuration::from_secs(1));
        ids.push(tell(&hub, &ana, NotificationKind::SystemMessage).await);
    }
    let hers = tell(&hub, &bea, NotificationKind::SystemMessage).await;
    let path = format!("{ALL}mark_all_read/");

    let named = json!({"notification_ids": [ids[0], ids[1], ids[1], hers]});
    let some = ana.post(&path, &named).await.ok();
    assert_eq!(some, json!({"message": "Marked 2 notifications as read", "count": 2}));
    assert_eq!(unread(&ana).await, 58);
    assert_eq!(ana.post(&path, &named).await.ok()["count"], 0);

    let all = ana.post("/api/notifications/mark-all-read", json!({})).await.ok();
    assert_eq!(all, json!({"message": "Marked 58 notifications as read", "count": 58}));
    assert_eq!((unread(&ana).await, unread(&bea).await), (0, 1));
    assert_eq!(ana.post(&path, json!({})).await.ok()["count"], 0);

    let many = json!({"notification_ids": vec![&ids[0]; 101]});
    let problem = ana.post(&path, many).await.problem();
    assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (400, "/notification_ids"));
    let wrong = json!({"notification_ids": ["apt_1"]});
    assert_eq!(ana.post(&path, wrong).await.status, 400);
}

/// 003-28: the latest ten and the number of those unread are a glance.
#[tokio::test]
async fn the_latest_are_seen_at_a_glance() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    assert_eq!(ana.get(format!("{ALL}recent/")).await.ok()["count"], 0);
    let mut ids = Vec::new();
    for _ in 0..12 {
        hub.clock.advance(SignedDuration::from_secs(1));
        ids.push(tell(&hub, &ana, NotificationKind::SystemMessage).await);
    }
    ids.reverse();

    let recent = ana.get(format!("{ALL}recent/")).await.ok();

    assert_eq!((recent["count"].as_u64(), each(&recent, "id")), (Some(10), refs(&ids[..10])));
    let counted = ana.get("/api/notifications/unread_count").await.ok();
    assert_eq!(counted, json!({"unread_count": 12}));
    assert_eq!(ana.get("/api/v1/notifications/unread-count/").await.ok(), counted);
}

/// 003-28: people take notifications out of their lists, one by one or all that they have read.
#[tokio::test]
async fn people_tidy_their_lists() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        hub.clock.advance(SignedDuration::from_secs(1));
        ids.push(tell(&hub, &ana, NotificationKind::SystemMessage).await);
    }
    let path = |id: &str| format!("{ALL}{id}/");
    let seen = ana.get(path(&ids[0])).await;
    ana.post(format!("{ALL}{}/mark_read/", ids[0]), json!({})).await.ok();

    let stale = ana.with_header("if-match", seen.header("etag"));
    assert_eq!(stale.delete(path(&ids[0])).await.refusal(), "412 precondition-failed");
    assert_eq!(ana.delete(path(&ids[3])).await.status, 204);
    assert_eq!(ana.delete(path(&ids[3])).await.refusal(), "404 not-found");
    assert_eq!(ana.get(path(&ids[3])).await.refusal(), "404 not-found");
    assert_eq!(unread(&ana).await, 2);

    let named = json!({"ids": [ids[1]]});
    ana.post(format!("{ALL}mark_all_read/"), named).await.ok();
    let cleared = ana.post(format!("{ALL}clear_all/"), json!({})).await.ok();
    assert_eq!(cleared, json!({"message": "Removed 2 notifications", "count": 2}));
    assert_eq!(each(&ana.get(ALL).await.ok(), "id"), [ids[2].as_str()]);
    assert_eq!(unread(&ana).await, 1);
    assert_eq!(ana.post("/api/notifications/clear-all", json!({})).await.ok()["count"], 0);
}

/// 003-31: whoever has not said how they want to be told has the usual wishes, as one object.
#[tokio::test]
async fn wishes_are_the_usual_ones_at_first() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;

    let wishes = ana.get(WISHES).await.ok();

    assert_eq!(
        wishes,
        json!({
            "id": ana.id(), "email_notifications": true, "sms_notifications": false,
            "push_notifications": true, "appointment_reminders": true,
            "appointment_confirmations": true, "medical_record_updates": true,
            "prescription_notifications": true, "lab_result_notifications": true,
            "review_requests": true, "system_messages": true, "reminder_hours": [24, 2],
            "quiet_hours_start": null, "quiet_hours_end": null, "max_daily_notifications": 10,
            "timezone": null, "updated_at": null,
        })
    );
    assert_eq!(ana.get(format!("{WISHES}{}/", ana.id())).await.ok(), wishes);
}

/// 003-32: people change how they want to be told, on the bare path and on their own; what is not
/// there stays.
#[tokio::test]
async fn people_say_how_they_want_to_be_told() {
    let hub = open().await;
    let (ana, bea) = (hub.patient("ana", ANA).await, hub.patient("bea", BEA).await);
    let own = format!("{WISHES}{}/", ana.id());

    let first = json!({
        "sms_notifications": true, "review_requests": false, "reminder_hours": [1, 48],
        "quiet_hours_start": "22:00:00", "quiet_hours_end": "07:30",
        "max_daily_notifications": 3, "timezone": "Asia/Karachi",
    });
    let changed = ana.put(WISHES, first).await;
    let wishes = changed.ok();
    assert_eq!(wishes["reminder_hours"], json!([48, 1]));
    assert_eq!(wishes["quiet_hours_start"], "22:00");
    assert_eq!(
        (&wishes["sms_notifications"], &wishes["email_notifications"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(wishes["updated_at"], "2030-01-07T08:00:00Z");

    let second = json!({"email_notifications": false, "reminder_hours": [], "timezone": null});
    let wishes = ana.patch(&own, second).await.ok();
    assert_eq!(wishes["reminder_hours"], json!([24, 2]));
    assert_eq!((&wishes["timezone"], &wishes["review_requests"]), (&Value::Null, &json!(false)));
    assert_eq!(wishes["quiet_hours_end"], "07:30");
    assert_eq!(ana.get(WISHES).await.ok(), wishes);

    let stale = ana.with_header("if-match", changed.header("etag"));
    assert_eq!(stale.put(&own, json!({})).await.refusal(), "412 precondition-failed");
    let none = json!({"quiet_hours_start": null, "quiet_hours_end": ""});
    assert_eq!(ana.patch(WISHES, none).await.ok()["quiet_hours_start"], Value::Null);
    for other in [&bea, &hub.superadmin().await] {
        assert_eq!(other.get(&own).await.refusal(), "404 not-found");
        assert_eq!(other.put(&own, json!({})).await.refusal(), "404 not-found");
    }
    assert_eq!(bea.get(WISHES).await.ok()["email_notifications"], true);
    let malformed = format!("{WISHES}1/");
    assert_eq!(ana.get(malformed).await.refusal(), "404 not-found");
}

/// 003-32: wishes that nobody can meet are refused.
#[tokio::test]
async fn impossible_wishes_are_refused() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    for (body, pointer) in [
        (json!({"reminder_hours": [169]}), "/reminder_hours"),
        (json!({"reminder_hours": [2, 2]}), "/reminder_hours"),
        (json!({"reminder_hours": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}), "/reminder_hours"),
        (json!({"max_daily_notifications": 0}), "/max_daily_notifications"),
        (json!({"max_daily_notifications": 101}), "/max_daily_notifications"),
        (json!({"quiet_hours_start": "22:00"}), "/quiet_hours_end"),
        (json!({"quiet_hours_start": "25:00", "quiet_hours_end": "07:00"}), "/quiet_hours_start"),
        (json!({"timezone": "Mars/Base"}), "/timezone"),
        (json!({"sms_notifications": "often"}), "/sms_notifications"),
        (json!({"letters": true}), "/letters"),
    ] {
        let problem = ana.patch(WISHES, &body).await.problem();
        assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (400, pointer), "{body}");
    }
    assert_eq!(ana.get(WISHES).await.ok()["updated_at"], Value::Null);
}

/// 003-32: all switches are turned at once, and wishes become the usual ones again.
#[tokio::test]
async fn all_switches_are_turned_at_once() {
    let hub = open().await;
    let admin = hub.superadmin().await;
    let ana = hub.patient("ana", ANA).await;
    let usual = ana.get(WISHES).await.ok();
    ana.put(WISHES, json!({"max_daily_notifications": 3})).await.ok();
    let switches = |wishes: &Value| {
        let fields = wishes.as_object().unwrap().iter();
        fields.filter_map(|(_, value)| value.as_bool()).collect::<Vec<_>>()
    };

    let off = ana.post(format!("{WISHES}disable_all/"), json!({})).await.ok();
    assert_eq!(switches(&off), [false; 10]);
    assert_eq!(off["max_daily_notifications"], 3);
    let on = ana.post(format!("{WISHES}enable-all/"), json!({})).await.ok();
    assert_eq!(switches(&on), [true; 10]);
    let mut reset = ana.post(format!("{WISHES}reset_to_defaults/"), json!({})).await.ok();
    assert_eq!(reset["updated_at"], "2030-01-07T08:00:00Z");
    reset["updated_at"] = Value::Null;
    assert_eq!(reset, usual);

    let log = "/api/accounts/audit-logs/?action=NOTIFICATION_PREFERENCES_UPDATED";
    let log = admin.get(log).await.ok();
    let lines = log["results"].as_array().unwrap();
    assert_eq!(lines.len(), 4);
    // All of it happened at one instant.
    assert!(lines.iter().any(|line| line["changed"] == json!(["max_daily_notifications"])));
}

/// 004-13: a doctor is told of patients who were put into their care, and of those who booked.
#[tokio::test]
async fn a_doctor_is_told_of_new_patients() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.bookable(&hospital, "Ali", "Mehmood").await;
    let bea = hub.doctor_of(&hospital, "Bea", "Baum").await;
    let cora = hub.coordinator("cora").await;
    let ana = hub.patient("ana", ANA).await;
    let slot = json!({"doctor": ali.id_as("doc"), "start": "2030-01-08T10:00:00Z"});
    let booked = ana.post("/api/consultations", slot).await.ok();
    tell(&hub, &ali, NotificationKind::SystemMessage).await;
    hub.settle().await;

    let path = "/api/doctors/notifications/";
    let told = ali.get(path).await.ok();

    assert_eq!((&told["count"], &told["unread_count"]), (&json!(1), &json!(1)));
    let notice = &told["notifications"][0];
    assert_eq!(notice["notification_type"], "PATIENT_ASSIGNED");
    assert_eq!((&notice["appointment"], &notice["is_read"]), (&booked["id"], &json!(false)));
    let words = format!("{} {}", notice["title"], notice["message"]);
    assert!(!words.contains("Ana") && !words.contains("Diaz"), "{words}");

    let pia = entered(&cora, json!({"first_name": "Pia"})).await;
    assigned(&cora, id_of(&pia), &ali).await;
    hub.settle().await;
    assert_eq!(ali.get("/api/v1/doctors/notifications/").await.ok()["count"], 2);

    ali.post(format!("{ALL}{}/mark_read/", id_of(notice)), json!({})).await.ok();
    assert_eq!(ali.get(path).await.ok()["unread_count"], 1);
    assert_eq!(bea.get(path).await.ok()["count"], 0);
    for other in [&cora, &ana, &hospital] {
        assert_eq!(other.get(path).await.refusal(), "403 forbidden");
    }
}

/// Whoever has yet to choose a password of their own is told nothing.
#[tokio::test]
async fn a_password_comes_before_news() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let body = json!({
        "first_name": "Ali", "last_name": "Mehmood", "email": "ali@example.org",
        "phone_number": "+923002220000", "specialization": "Cardiology",
    });
    let employed = hospital.post("/api/hospitals/doctors/create", body).await.ok();
    let given = &employed["credentials"];
    let username = given["username"].as_str().unwrap();
    let ali = hub.sign_in(username, given["password"].as_str().unwrap()).await;
    assert_eq!(ali.get(ALL).await.refusal(), "403 password-change-due");
    let change = json!({"old_password": given["password"], "new_password": PASSWORD});
    let ali = ali.with_tokens(&ali.post("/api/auth/change-password", change).await.ok());
    assert_eq!(ali.get(ALL).await.ok()["results"], json!([]));
}

/// Something that a person could be told now.
pub(crate) fn notice(hub: &TestHub, person: &Caller<'_>, kind: NotificationKind) -> Notification {
    let (recipient, now): (UserId, Timestamp) =
        (person.id().parse().unwrap(), hub.state.clock.now());
    let text = |text: &str| text.to_owned();
    let words = Words {
        title: text("News").try_into().unwrap(),
        message: text("Something happened.").try_into().unwrap(),
    };
    Notification::at(recipient.into(), recipient, kind, now, &Zone::default(), words)
        .noting("number", 1)
}

/// Tells somebody, and gives back the identifier.
pub(crate) async fn told(hub: &TestHub, notification: Notification) -> String {
    let worker = Actor::worker("relay", hub.state.clock.now());
    let (notifications, id) = (hub.state.store.notifications(), notification.id);
    assert_eq!(notifications.create(&[notification], &worker).await.unwrap(), 1);
    id.to_string()
}

/// Tells somebody something, and gives back the identifier.
pub(crate) async fn tell(hub: &TestHub, person: &Caller<'_>, kind: NotificationKind) -> String {
    told(hub, notice(hub, person, kind)).await
}

/// How much somebody has not read.
pub(crate) async fn unread(person: &Caller<'_>) -> u64 {
    let counted = person.get("/api/notifications/unread_count").await.ok();
    counted["unread_count"].as_u64().unwrap()
}

fn refs(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}
