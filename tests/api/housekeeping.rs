//! The sweep: what has expired goes, what lives stays, and the log says so.

use carehub_domain::clock::Clock;
use carehub_testkit::{Caller, TestHub};
use futures_util::future::{Either, join_all, select};
use housekeeping::{Chore, Swept};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, open};

#[tokio::test]
async fn expired_codes_are_deleted_and_live_ones_stay() {
    let hub = open().await;
    hub.patient("ana", "+923001234567").await;
    ask_for_code(&hub, "+923009999999").await;
    hub.clock.advance(SignedDuration::from_mins(4));
    ask_for_code(&hub, "+923001234567").await;
    hub.settle().await;
    hub.clock.advance(SignedDuration::from_mins(1));

    let swept = sweep(&hub).await;

    assert_eq!(swept, Swept { codes: 1, sessions: 0 });
    let entry = json!({"phone": "+923001234567", "otp": hub.post.code_to("+923001234567")});
    hub.visitor().post("/api/auth/verify-otp/", entry).await.ok();
}

#[tokio::test]
async fn dead_sessions_are_deleted_and_renewed_ones_stay() {
    let hub = open().await;
    hub.coordinator("cora").await;
    let kept = hub.sign_in("cora", PASSWORD).await;
    hub.clock.advance(SignedDuration::from_hours(6 * 24));
    let renewal = json!({"refresh": kept.refresh});
    let kept = kept.with_tokens(&kept.post("/api/token/refresh/", renewal).await.ok());
    hub.clock.advance(SignedDuration::from_hours(24));

    let swept = sweep(&hub).await;

    assert_eq!(swept, Swept { codes: 0, sessions: 1 });
    let renewal = json!({"refresh": kept.refresh});
    let kept = kept.with_tokens(&kept.post("/api/token/refresh/", renewal).await.ok());
    let sessions = kept.get("/api/auth/sessions/").await.ok();
    assert_eq!(sessions["results"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_is_swept_before_its_time() {
    let hub = open().await;
    hub.coordinator("cora").await;
    ask_for_code(&hub, "+923001234567").await;

    let swept = sweep(&hub).await;

    assert_eq!(swept, Swept { codes: 0, sessions: 0 });
}

#[tokio::test]
async fn a_sweep_leaves_a_line_for_each_kind_and_none_for_nothing() {
    let hub = open().await;
    hub.superadmin().await;
    ask_for_code(&hub, "+923001234567").await;
    ask_for_code(&hub, "+923001234568").await;
    hub.clock.advance(SignedDuration::from_hours(7 * 24));
    ask_for_code(&hub, "+923001234569").await;
    hub.clock.advance(SignedDuration::from_mins(5));
    let admin = hub.sign_in("superadmin", PASSWORD).await;

    sweep(&hub).await;
    sweep(&hub).await;

    let mut details: Vec<_> =
        lines(&admin).await.iter().map(|line| line["details"].to_string()).collect();
    details.sort();
    assert_eq!(details, [r#"{"count":"1","kind":"codes"}"#, r#"{"count":"1","kind":"sessions"}"#]);
    let line = &lines(&admin).await[0];
    assert_eq!((&line["performed_by"], &line["role"]), (&Value::Null, &Value::Null));
    assert_eq!(line["user_agent"], "carehub housekeeping");
}

#[tokio::test]
async fn a_sweep_that_did_not_run_for_a_day_catches_up() {
    let hub = open().await;
    ask_for_code(&hub, "+923001234567").await;
    hub.clock.advance(SignedDuration::from_hours(24));
    ask_for_code(&hub, "+923001234568").await;
    hub.clock.advance(SignedDuration::from_hours(23));

    let swept = sweep(&hub).await;

    assert_eq!(swept.codes, 2);
}

#[tokio::test]
async fn a_sweep_of_many_takes_several_steps() {
    let hub = open().await;
    ask_for_many(&hub, 120).await;
    hub.clock.advance(SignedDuration::from_mins(5));

    let swept = sweep(&hub).await;

    assert_eq!(swept.codes, 120);
    assert_eq!(sweep(&hub).await.codes, 0);
}

#[tokio::test]
async fn a_sweep_that_was_interrupted_is_finished_by_the_next() {
    let hub = open().await;
    hub.superadmin().await;
    ask_for_many(&hub, 120).await;
    hub.clock.advance(SignedDuration::from_mins(5));
    die_after_the_first_step(&hub).await;

    let swept = sweep(&hub).await;

    assert!((20..=70).contains(&swept.codes), "{swept:?}");
    assert_eq!(sweep(&hub).await.codes, 0);
    let admin = hub.sign_in("superadmin", PASSWORD).await;
    let counts = lines(&admin).await;
    let counts = counts.iter().map(|line| line["details"]["count"].as_str().unwrap());
    assert_eq!(counts.map(|count| count.parse::<u32>().unwrap()).sum::<u32>(), 120);
}

#[tokio::test]
async fn of_two_sweeps_at_once_none_fails() {
    let hub = open().await;
    ask_for_many(&hub, 60).await;
    hub.clock.advance(SignedDuration::from_mins(5));

    join_all([sweep(&hub), sweep(&hub)]).await;

    assert_eq!(sweep(&hub).await.codes, 0);
}

#[tokio::test]
async fn a_chore_is_read_as_the_schedule_writes_it() {
    let chore: Chore = serde_json::from_value(json!({"job": "sweep"})).unwrap();

    assert_eq!(chore, Chore::Sweep);
}

async fn sweep(hub: &TestHub) -> Swept {
    Chore::Sweep.perform(&hub.state.store, hub.clock.now()).await.unwrap()
}

/// Begins a sweep and drops it when its second step has begun.
async fn die_after_the_first_step(hub: &TestHub) {
    hub.meter.take();
    let sweeping = std::pin::pin!(sweep(hub));
    let begun = std::pin::pin!(async {
        let mut steps = 0;
        while steps < 2 {
            tokio::task::yield_now().await;
            steps += hub.meter.take().calls.get("TransactWriteItems").copied().unwrap_or_default();
        }
    });
    let first = select(sweeping, begun).await;
    assert!(matches!(first, Either::Right(_)), "the sweep was over");
}

async fn ask_for_code(hub: &TestHub, phone: &str) {
    hub.visitor().post("/api/auth/send-otp/", json!({"phone": phone})).await.ok();
}

async fn ask_for_many(hub: &TestHub, many: u32) {
    for number in 0..many {
        ask_for_code(hub, &format!("+92300123{number:04}")).await;
    }
}

/// What the audit log says of sweeps.
async fn lines(admin: &Caller<'_>) -> Vec<Value> {
    let log = admin.get("/api/accounts/audit-logs/?action=EXPIRED_SWEPT&limit=100").await.ok();
    log["results"].as_array().unwrap().clone()
}
