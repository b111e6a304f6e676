//! What the hub does by the clock: what has expired goes, who did not come is noted, and the log
//! says so.

use carehub_domain::clock::Clock;
use carehub_testkit::{Caller, Fault, TestHub};
use futures_util::future::{Either, join_all, select};
use housekeeping::{Chore, Done, Missed, Swept};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    slots::{book, hours, people},
    support::{PASSWORD, People, id_of, open},
};

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
    for (job, chore) in
        [("sweep", Chore::Sweep), ("no-shows", Chore::NoShows), ("offers", Chore::Offers)]
    {
        assert_eq!(serde_json::from_value::<Chore>(json!({"job": job})).unwrap(), chore);
    }
}

/// 003 (no-show by schedule): half an hour behind its beginning nobody waits for the patient of an
/// appointment that was agreed.
#[tokio::test]
async fn patients_who_do_not_come_are_noted_after_half_an_hour() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    let admin = hub.superadmin().await;
    hours(&ali, json!({"available_days": {"MONDAY": "08:30-12:00"}})).await;
    let agreed = book(&ana, &ali, "2030-01-07", "08:30").await.ok();
    let came = book(&bea, &ali, "2030-01-07", "09:00").await.ok();
    let open = book(&bea, &ali, "2030-01-07", "09:30").await.ok();
    let step = async |appointment: &Value, step: &str| {
        let path = format!("/api/appointments/{}/{step}/", id_of(appointment));
        ali.post(path, json!({})).await.ok();
    };
    step(&agreed, "confirm").await;
    step(&came, "confirm").await;
    step(&came, "check-in").await;

    hub.clock.advance(SignedDuration::from_mins(59));
    assert_eq!(no_shows(&hub).await, Missed::default());
    hub.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(no_shows(&hub).await, Missed { appointments: 1, failed: 0 });
    assert_eq!(no_shows(&hub).await, Missed::default());
    hub.clock.advance(SignedDuration::from_hours(3));
    assert_eq!(no_shows(&hub).await, Missed::default());

    let admin = hub.sign_in(admin.user["username"].as_str().unwrap(), PASSWORD).await;
    for (appointment, status) in [(&agreed, "NO_SHOW"), (&came, "CHECKED_IN"), (&open, "REQUESTED")]
    {
        let path = format!("/api/appointments/{}/", id_of(appointment));
        assert_eq!(admin.get(path).await.ok()["status"], status);
    }
    let log = admin.get("/api/accounts/audit-logs/?action=APPOINTMENT_MISSED").await.ok();
    let lines = log["results"].as_array().unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["details"]["to"], "NO_SHOW");
    assert_eq!(lines[0]["user_agent"], "carehub housekeeping");
}

#[tokio::test]
async fn of_two_who_note_no_shows_at_once_each_is_noted_by_one() {
    let hub = open().await;
    let (ali, ana, _) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "08:30-18:00"}})).await;
    for time in ["08:30", "09:00", "09:30", "10:00", "10:30", "11:00"] {
        let booked = book(&ana, &ali, "2030-01-07", time).await.ok();
        ali.post(format!("/api/appointments/{}/confirm/", id_of(&booked)), json!({})).await.ok();
    }
    hub.clock.advance(SignedDuration::from_hours(4));

    let (one, other) = tokio::join!(no_shows(&hub), no_shows(&hub));

    assert_eq!((one.appointments + other.appointments, one.failed + other.failed), (6, 0));
}

#[tokio::test]
async fn no_shows_that_could_not_be_noted_are_noted_by_the_next_run() {
    let hub = open().await;
    let (ali, ana, _) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "08:30-18:00"}})).await;
    for time in ["08:30", "09:00", "09:30", "10:00", "10:30", "11:00"] {
        let booked = book(&ana, &ali, "2030-01-07", time).await.ok();
        ali.post(format!("/api/appointments/{}/confirm/", id_of(&booked)), json!({})).await.ok();
    }
    hub.clock.advance(SignedDuration::from_hours(4));

    // Those that are due are found by seven queries and read by one batch; two are noted.
    hub.faults.strike(Fault::Down, 7 + 1 + 2);
    let first = Chore::NoShows
        .perform(&hub.state.store, &hub.state.objects, hub.clock.now())
        .await
        .unwrap();
    assert!(hub.faults.cease());

    assert_eq!(first, Done::Missed(Missed { appointments: 2, failed: 4 }));
    assert!(first.wholly().is_err());
    assert_eq!(no_shows(&hub).await, Missed { appointments: 4, failed: 0 });
}

async fn no_shows(hub: &TestHub) -> Missed {
    match Chore::NoShows
        .perform(&hub.state.store, &hub.state.objects, hub.clock.now())
        .await
        .unwrap()
    {
        Done::Missed(missed) => missed,
        other => panic!("{other:?}"),
    }
}

async fn sweep(hub: &TestHub) -> Swept {
    match Chore::Sweep.perform(&hub.state.store, &hub.state.objects, hub.clock.now()).await.unwrap()
    {
        Done::Swept(swept) => swept,
        other => panic!("{other:?}"),
    }
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
