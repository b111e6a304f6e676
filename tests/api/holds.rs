//! Slots that are kept for a patient for a while.

use carehub_api::limit::Bucket;
use carehub_testkit::{Caller, Reply};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    slots::{book, hours, people, starts},
    support::{PASSWORD, People, id_of, open, open_limiting},
};

const HOLDS: &str = "/api/appointments/holds/";
const MONDAY: &str = "2030-01-14";

/// 003-09: for five minutes nobody else finds or books a slot that a patient keeps.
#[tokio::test]
async fn a_slot_is_kept_for_five_minutes() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-10:00"}, "timezone": "Asia/Karachi"}))
        .await;

    let kept = keep(&ana, &ali, "09:00").await;

    let hold = kept.ok();
    assert_eq!(kept.status, 201);
    assert_eq!(
        hold,
        json!({
            "id": hold["id"], "doctor": ali.id_as("doc"), "appointment_date": MONDAY,
            "start_time": "09:00:00", "end_time": "09:30:00",
            "start": "2030-01-14T09:00:00+05:00", "end": "2030-01-14T09:30:00+05:00",
            "timezone": "Asia/Karachi", "expires_at": "2030-01-07T08:05:00Z",
        })
    );
    assert_eq!(ana.get(kept.header("location")).await.ok(), hold);
    let own = ana.get(HOLDS).await.ok();
    assert_eq!((&own["count"], &own["results"][0]), (&json!(1), &hold));
    assert_eq!(starts(&ana, &ali, MONDAY).await, ["09:00", "09:30"]);
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["09:30"]);
    assert_eq!(book(&bea, &ali, MONDAY, "09:00").await.refusal(), "409 slot-taken");
    assert_eq!(keep(&bea, &ali, "09:00").await.refusal(), "409 slot-taken");

    hub.clock.advance(SignedDuration::from_secs(299));
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["09:30"]);
    hub.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["09:00", "09:30"]);
    assert_eq!(ana.get(HOLDS).await.ok()["count"], 0);
    assert_eq!(ana.get(kept.header("location")).await.refusal(), "404 not-found");
    assert_eq!(ana.delete(kept.header("location")).await.refusal(), "404 not-found");
    book(&bea, &ali, MONDAY, "09:00").await.ok();
}

/// 004-16: whoever keeps a slot books it as usual, and keeps nothing then.
#[tokio::test]
async fn a_slot_that_is_kept_is_booked_as_usual() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-10:00"}})).await;
    let hold = keep(&ana, &ali, "09:00").await.ok();

    book(&ana, &ali, MONDAY, "09:00").await.ok();

    assert_eq!(ana.get(HOLDS).await.ok()["results"], json!([]));
    assert_eq!(ana.delete(format!("{HOLDS}{}", id_of(&hold))).await.refusal(), "404 not-found");
    hub.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["09:30"]);
}

#[tokio::test]
async fn a_slot_that_is_given_up_is_free_at_once() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-10:00"}})).await;
    let hold = keep(&ana, &ali, "09:00").await.ok();
    let item = format!("{HOLDS}{}", id_of(&hold));

    assert_eq!(bea.get(&item).await.refusal(), "404 not-found");
    assert_eq!(bea.delete(&item).await.refusal(), "404 not-found");
    assert_eq!(ana.delete(&item).await.status, 204);
    assert_eq!(ana.delete(&item).await.refusal(), "404 not-found");
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["09:00", "09:30"]);
}

#[tokio::test]
async fn a_patient_keeps_three_slots_at_most() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-12:00"}})).await;
    for time in ["09:00", "09:30", "10:00"] {
        keep(&ana, &ali, time).await.ok();
    }

    assert_eq!(keep(&ana, &ali, "10:30").await.refusal(), "409 too-many-holds");
    hub.clock.advance(SignedDuration::from_mins(1));
    // To keep the same slot for longer is no fourth one.
    let longer = keep(&ana, &ali, "10:00").await.ok();
    assert_eq!(longer["expires_at"], "2030-01-07T08:06:00Z");
    assert_eq!(ana.get(HOLDS).await.ok()["count"], 3);
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["10:30", "11:00", "11:30"]);
    // One that was booked is kept no longer.
    book(&ana, &ali, MONDAY, "09:30").await.ok();
    keep(&ana, &ali, "10:30").await.ok();
    assert_eq!(keep(&ana, &ali, "11:00").await.refusal(), "409 too-many-holds");
}

#[tokio::test]
async fn only_what_is_offered_can_be_kept_and_only_by_patients() {
    let hub = open().await;
    let (ali, ana, _) = people(&hub).await;
    let lone = hub.lone_doctor("lone").await;
    let cora = hub.coordinator("cora").await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-10:00"}})).await;

    assert_eq!(keep(&ana, &ali, "09:15").await.refusal(), "409 slot-not-offered");
    assert_eq!(keep(&ana, &lone, "09:00").await.refusal(), "404 not-found");
    for other in [&ali, &cora] {
        assert_eq!(keep(other, &ali, "09:00").await.refusal(), "403 forbidden");
        assert_eq!(other.get(HOLDS).await.refusal(), "403 forbidden");
    }
    assert_eq!(hub.visitor().get(HOLDS).await.refusal(), "401 unauthenticated");
    let doctor = ali.id_as("doc");
    for (body, code) in [
        (json!({"doctor": doctor, "start": "2030-01-07T07:00:00Z"}), "400 in-the-past"),
        (json!({"doctor": doctor, "start": "2030-06-03T09:00:00Z"}), "400 too-far-ahead"),
        (json!({"doctor": doctor, "start": "today"}), "400 invalid"),
        (json!({"doctor": doctor, "appointment_date": MONDAY}), "400 invalid"),
        (json!({"doctor": doctor}), "400 invalid"),
        (json!({"appointment_date": MONDAY, "start_time": "09:00"}), "400 invalid"),
    ] {
        assert_eq!(ana.post(HOLDS, &body).await.refusal(), code, "{body}");
    }
    let start = json!({"doctor": doctor, "start": "2030-01-14T14:00:00+05:00"});
    assert_eq!(ana.post(HOLDS, start).await.ok()["start"], "2030-01-14T09:00:00+00:00");
}

#[tokio::test]
async fn a_request_that_is_sent_again_keeps_one_slot() {
    let hub = open().await;
    let (ali, ana, _) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-10:00"}})).await;
    let ana = ana.with_header("idempotency-key", "once");

    let first = keep(&ana, &ali, "09:00").await.ok();
    let second = keep(&ana, &ali, "09:00").await.ok();

    assert_eq!(first, second);
    assert_eq!(ana.get(HOLDS).await.ok()["count"], 1);
}

#[tokio::test]
async fn keeping_counts_as_booking() {
    let hub = open_limiting(Bucket::Booking).await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-10:00"}})).await;
    for _ in 0..9 {
        keep(&ana, &ali, "09:00").await.ok();
    }
    book(&ana, &ali, MONDAY, "09:00").await.ok();

    assert_eq!(keep(&ana, &ali, "09:30").await.refusal(), "429 too-many-requests");
    let wait = json!({"doctor": ali.id_as("doc"), "date": MONDAY});
    let refused = ana.post("/api/appointments/waitlist/", wait).await;
    assert_eq!(refused.refusal(), "429 too-many-requests");
    keep(&bea, &ali, "09:30").await.ok();
    hub.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(keep(&ana, &ali, "09:30").await.refusal(), "409 slot-taken");
}

#[tokio::test]
async fn of_two_who_want_to_keep_a_slot_one_does() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-10:00"}})).await;

    let (one, other) = tokio::join!(keep(&ana, &ali, "09:00"), keep(&bea, &ali, "09:00"));

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[tokio::test]
async fn a_doctor_who_is_gone_still_gets_the_time_back() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-10:00"}})).await;
    let hold = keep(&ana, &ali, "09:00").await.ok();
    let hospital = hub.sign_in("jinnah", PASSWORD).await;
    let staff = format!("/api/doctors/{}/update/", ali.id_as("doc"));
    hospital.patch(&staff, json!({"is_active": false})).await.ok();

    assert_eq!(ana.delete(format!("{HOLDS}{}", id_of(&hold))).await.status, 204);

    hospital.patch(&staff, json!({"is_active": true})).await.ok();
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["09:00", "09:30"]);
}

/// Keeping leaves lines in the audit log, which name the doctor and the hold.
#[tokio::test]
async fn the_log_says_who_kept_what() {
    let hub = open().await;
    let (ali, ana, _) = people(&hub).await;
    let admin = hub.superadmin().await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-10:00"}})).await;
    let hold = keep(&ana, &ali, "09:00").await.ok();
    ana.delete(format!("{HOLDS}{}", id_of(&hold))).await.ok();

    for action in ["HOLD_CREATED", "HOLD_DELETED"] {
        let log = admin.get(format!("/api/accounts/audit-logs/?action={action}")).await.ok();
        let lines = log["results"].as_array().unwrap();
        assert_eq!(lines.len(), 1, "{action}");
        assert_eq!(lines[0]["performed_by"], ana.id());
        let details = json!({"doctor": ali.id_as("doc"), "hold": hold["id"]});
        assert_eq!(lines[0]["details"], details, "{action}");
    }
}

/// Keeps a slot of the Monday.
pub(crate) async fn keep(patient: &Caller<'_>, doctor: &Caller<'_>, time: &str) -> Reply {
    let body: Value =
        json!({"doctor": doctor.id_as("doc"), "appointment_date": MONDAY, "start_time": time});
    patient.post(HOLDS, body).await
}
