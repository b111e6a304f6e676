//! What the hub does by the clock: what has expired goes, who did not come is noted, and the log
//! says so.

use std::time::{Duration, Instant};

use carehub_clients::Queue;
use carehub_domain::notification::NotificationKind;
use carehub_testkit::{Caller, Fault, TestHub};
use futures_util::future::{Either, join_all, select};
use housekeeping::{
    Chore, Closed, Concluded, Done, Forgotten, Missed, Released, Reminded, Run, Swept,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    notifications::{tell, unread},
    pharmacy::{Surgery, first_of},
    slots::{book, hours, people},
    support::{PASSWORD, People, again, each, entered, id_of, open, perform, perform_until},
};

const MONDAY: &str = "2030-01-07";
const ANA: &str = "+923001234567";
const INBOX: &str = "/api/notifications";

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

    assert_eq!(swept, Swept { codes: 1, ..Swept::default() });
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

    assert_eq!(swept, Swept { sessions: 1, ..Swept::default() });
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

    assert_eq!(swept, Swept::default());
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

/// 003 (no-show by schedule): however many appointments fall due on a day, for this reason or
/// another, whoever did not come is found.
#[tokio::test]
async fn a_busy_day_hides_nobody_who_did_not_come() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "08:30-12:00"}})).await;
    let begun = book(&bea, &ali, MONDAY, "08:30").await.ok();
    let agreed = book(&ana, &ali, MONDAY, "10:00").await.ok();
    for (appointment, step) in [(&begun, "confirm"), (&begun, "start"), (&agreed, "confirm")] {
        let path = format!("/api/appointments/{}/{step}/", id_of(appointment));
        ali.post(path, json!({})).await.ok();
    }
    let items = hub.items("scheduling", &partition_of(&hub, &begun));
    let begun = items.iter().find(|item| item["id"]["S"] == begun["id"]).unwrap();
    hub.crowd("scheduling", begun, 1500);
    hub.clock.advance(SignedDuration::from_hours(4));

    assert_eq!(no_shows(&hub).await, Missed { appointments: 1, failed: 0 });
}

/// What a run has no time for is left to the next, and the run says so.
#[tokio::test]
async fn a_run_without_time_leaves_what_is_due_to_the_next() {
    let hub = open().await;
    let (ali, ana, _) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "08:30-12:00"}})).await;
    let agreed = book(&ana, &ali, MONDAY, "08:30").await.ok();
    ali.post(format!("/api/appointments/{}/confirm/", id_of(&agreed)), json!({})).await.ok();
    ask_for_code(&hub, ANA).await;
    hub.clock.advance(SignedDuration::from_hours(4));

    for (chore, nothing) in [
        (Chore::NoShows, Done::Missed(Missed::default())),
        (Chore::Sweep, Done::Swept(Swept::default())),
    ] {
        let run = perform_until(&hub, chore, Instant::now()).await.unwrap();
        assert_eq!(run, Run { done: nothing, is_left: true });
    }

    assert_eq!(no_shows(&hub).await, Missed { appointments: 1, failed: 0 });
    assert_eq!(sweep(&hub).await.codes, 1);
    let soon = Instant::now() + Duration::from_mins(10);
    assert!(!perform_until(&hub, Chore::Sweep, soon).await.unwrap().is_left);
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
    let first = perform(&hub, Chore::NoShows).await.unwrap();
    assert!(hub.faults.cease());

    assert_eq!(first, Done::Missed(Missed { appointments: 2, failed: 4 }));
    assert!(first.wholly().is_err());
    assert_eq!(no_shows(&hub).await, Missed { appointments: 4, failed: 0 });
}

/// 003-C6, 004-C8: a patient is reminded of an appointment a day before it and two hours before, at
/// the instant that was planned, once, and not at all if it was called off meanwhile.
#[tokio::test]
async fn patients_are_reminded_of_their_appointments() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.bookable(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let slot = json!({"doctor": ali.id_as("doc"), "start": "2030-01-09T10:00:00Z"});
    let booked = ana.post("/api/consultations", slot).await.ok();
    hub.settle().await;
    assert_eq!(pending(&hub).await, Released::default());
    assert_eq!(reminders(&ana, "APPOINTMENT_REMINDER").await, [""; 0]);

    hub.clock.advance(SignedDuration::from_hours(26));
    let (one, other) = tokio::join!(pending(&hub), pending(&hub));
    assert_eq!((one.told + other.told, one.failed + other.failed), (1, 0));
    assert_eq!(pending(&hub).await, Released::default());
    let ana = again(&hub, &ana).await;
    assert_eq!(reminders(&ana, "APPOINTMENT_REMINDER").await, ["2030-01-08T10:00:00Z"]);
    hub.settle().await;
    let mail = hub.post.texts_to("ana@example.org");
    assert_eq!(mail.iter().filter(|text| text.contains("2030")).count(), mail.len());

    let cancel = format!("/api/appointments/{}/cancel", id_of(&booked));
    ana.post(cancel, json!({"reason": "Well again."})).await.ok();
    hub.settle().await;
    hub.clock.advance(SignedDuration::from_hours(22));
    assert_eq!(pending(&hub).await, Released { forgotten: 1, ..Released::default() });
    let ana = again(&hub, &ana).await;
    assert_eq!(reminders(&ana, "APPOINTMENT_REMINDER").await.len(), 1);
}

/// 003-C6: what else ends on a day, such as what many people have read, hides no reminder, and is not
/// even looked at.
#[tokio::test]
async fn what_people_have_read_hides_no_reminder() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.bookable(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let read = tell(&hub, &ana, NotificationKind::SystemMessage).await;
    ana.post(format!("{INBOX}/{read}/mark_read"), json!({})).await.ok();
    let slot = json!({"doctor": ali.id_as("doc"), "start": "2030-01-09T10:00:00Z"});
    ana.post("/api/consultations", slot).await.ok();
    hub.settle().await;
    let inbox = hub.items("engagement", &format!("inbox#{}", ana.id()));
    let read = inbox.iter().find(|item| item["id"]["S"] == read).unwrap().to_string();
    // It was read thirty days before the day of the reminder.
    let read = serde_json::from_str(&read.replace("2030-02-06", "2030-01-08")).unwrap();
    hub.crowd("engagement", &read, 2500);
    hub.clock.advance(SignedDuration::from_hours(26));
    hub.meter.take();

    assert_eq!(pending(&hub).await, Released { told: 1, ..Released::default() });
    // One for each of seven days, of what is planned and of what waits.
    assert_eq!(hub.meter.take().calls["Query"], 7 + 7);
}

/// 003-C6, 002-P3: what was planned for a record that was merged reaches the person whose record it
/// is now.
#[tokio::test]
async fn whoever_has_two_records_is_reminded_of_what_was_agreed_with_the_other() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.bookable(&hospital, "Ali", "Mehmood").await;
    let (admin, cora) = (hub.superadmin().await, hub.coordinator("cora").await);
    let ana = hub.patient("ana", ANA).await;
    let twin = entered(&cora, json!({"first_name": "Anna", "last_name": "Diaz"})).await;
    let slot = json!({
        "doctor": ali.id_as("doc"), "patient": twin["id"], "start": "2030-01-09T10:00:00Z",
    });
    cora.post("/api/consultations", slot).await.ok();
    hub.settle().await;
    let merge = format!("/api/patients/{}/merge", ana.id_as("pat"));
    admin.post(merge, json!({"duplicate": twin["id"]})).await.ok();

    hub.clock.advance(SignedDuration::from_hours(26));

    assert_eq!(pending(&hub).await, Released { told: 1, ..Released::default() });
    let ana = again(&hub, &ana).await;
    assert_eq!(reminders(&ana, "APPOINTMENT_REMINDER").await, ["2030-01-08T10:00:00Z"]);
    assert_eq!(pending(&hub).await, Released::default());
}

/// 003-C6: what waits for the end of quiet hours goes on its queue then, again if nobody delivers
/// it, and no more once it was delivered.
#[tokio::test]
async fn what_waits_for_the_morning_goes_out_then() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let quiet =
        json!({"quiet_hours_start": "20:00", "quiet_hours_end": "12:00", "timezone": "UTC"});
    ana.patch("/api/notification-preferences", quiet).await.ok();
    tell(&hub, &ana, NotificationKind::PrescriptionReady).await;
    hub.settle().await;
    assert_eq!(hub.post.texts_to("ana@example.org"), [""; 0]);
    hub.clock.advance(SignedDuration::from_mins(4 * 60 - 1));
    assert_eq!(pending(&hub).await, Released::default());

    hub.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(pending(&hub).await, Released { queued: 1, ..Released::default() });
    assert_eq!(hub.queues.waiting(Queue::Mail).len(), 1);
    assert_eq!(pending(&hub).await, Released::default());
    // Nobody delivers it for a quarter of an hour.
    hub.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(pending(&hub).await, Released { queued: 1, ..Released::default() });

    hub.settle().await;
    assert_eq!(hub.post.texts_to("ana@example.org").len(), 1);
    hub.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(pending(&hub).await, Released::default());
}

/// 003-C6: what was removed from the list while it waited is given up.
#[tokio::test]
async fn what_was_removed_while_it_waited_is_given_up() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let quiet =
        json!({"quiet_hours_start": "20:00", "quiet_hours_end": "12:00", "timezone": "UTC"});
    ana.patch("/api/notification-preferences", quiet).await.ok();
    let id = tell(&hub, &ana, NotificationKind::PrescriptionReady).await;
    hub.settle().await;
    assert_eq!(ana.delete(format!("{INBOX}/{id}")).await.status, 204);
    for _ in 0..2 {
        hub.clock.advance(SignedDuration::from_hours(4));
        assert_eq!(pending(&hub).await, Released::default());
    }
    hub.settle().await;
    assert_eq!(hub.post.texts_to("ana@example.org"), [""; 0]);
}

/// 003-C6: what cannot be read does not keep the rest from people, and is not given up.
#[tokio::test]
async fn a_broken_plan_does_not_stop_the_others() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.bookable(&hospital, "Ali", "Mehmood").await;
    let (ana, bea) = (hub.patient("ana", ANA).await, hub.patient("bea", "+923001234568").await);
    let mut visits = Vec::new();
    for (patient, time) in [(&ana, "10:00"), (&bea, "11:00")] {
        let slot = json!({"doctor": ali.id_as("doc"), "start": format!("2030-01-09T{time}:00Z")});
        visits.push(patient.post("/api/consultations", slot).await.ok());
    }
    hub.settle().await;
    hub.clock.advance(SignedDuration::from_hours(28));
    let place = hub.items("scheduling", &partition_of(&hub, &visits[0]));
    let place = place.iter().find(|item| item["id"]["S"] == visits[0]["id"]).unwrap();
    let at = |name: &str| place[name]["S"].as_str().unwrap().to_owned();
    hub.spoil("scheduling", &at("pk"), &at("sk"));

    let released = pending(&hub).await;

    assert_eq!((released.told, released.failed), (1, 1));
    assert!(Done::Released(released).wholly().is_err());
    assert_eq!(reminders(&again(&hub, &bea).await, "APPOINTMENT_REMINDER").await.len(), 1);
    assert_eq!(pending(&hub).await, Released { failed: 1, ..Released::default() });
}

/// 002-R30, 002-R31: a patient is reminded of a medicine when it is time, by the ways they chose,
/// once, and in words that say nothing of what they take.
#[tokio::test]
async fn patients_are_reminded_of_their_medicines() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let (prescription, ana) = (surgery.prescribe().await, &surgery.ana);
    let medication = first_of(&prescription);
    let body = json!({
        "medication": medication, "reminder_times": ["08:30", "20:00"], "timezone": "UTC",
    });
    let reminder = ana.post("/api/prescriptions/reminders", body).await.ok();
    hub.settle().await;
    assert_eq!(remind(&hub).await, Reminded::default());

    hub.clock.advance(SignedDuration::from_mins(31));
    let (one, other) = tokio::join!(remind(&hub), remind(&hub));
    assert_eq!((one.doses + other.doses, one.failed + other.failed), (1, 0));
    assert_eq!(remind(&hub).await, Reminded::default());

    let list = ana.get(format!("{INBOX}?kind=MEDICATION_REMINDER")).await.ok();
    let told = &list["results"][0];
    assert_eq!(list["results"].as_array().unwrap().len(), 1);
    assert_eq!(told["delivery_channels"], json!(["SMS", "PUSH"]));
    assert_eq!(told["scheduled_for"], "2030-01-07T08:30:00Z");
    assert_eq!(told["expires_at"], "2030-01-07T09:30:00Z");
    let words = format!("{} {}", told["title"], told["message"]);
    assert!(!words.contains("Paracetamol"), "{words}");
    let texts = hub.post.texts_to(ANA).len();
    hub.settle().await;
    assert_eq!(hub.post.texts_to(ANA).len(), texts + 1);

    // The evening was missed for more than an hour; tomorrow morning is not.
    hub.clock.advance(SignedDuration::from_hours(13));
    assert_eq!(remind(&hub).await, Reminded { skipped: 1, ..Reminded::default() });
    hub.clock.advance(SignedDuration::from_hours(11));
    assert_eq!(remind(&hub).await, Reminded { doses: 1, ..Reminded::default() });
    let ana = again(&hub, ana).await;
    let heard = reminders(&ana, "MEDICATION_REMINDER").await;
    assert_eq!(heard, ["2030-01-08T08:30:00Z", "2030-01-07T08:30:00Z"]);
    assert_eq!(clocks(&hub, id_of(&reminder)), 1);
}

/// 002-R31: nobody is reminded by what is switched off or of what has ended, and what is switched on
/// again goes on from there.
#[tokio::test]
async fn reminders_that_are_off_or_over_have_no_clock() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery.prescribe().await;
    let medication = first_of(&prescription);
    let body = json!({"medication": medication, "reminder_times": ["08:30"], "timezone": "UTC"});
    let reminder = surgery.ana.post("/api/prescriptions/reminders", &body).await.ok();
    let path = format!("/api/prescriptions/reminders/{}", id_of(&reminder));
    let switch = async |on: bool| {
        let ana = again(&hub, &surgery.ana).await;
        ana.patch(&path, json!({"is_active": on})).await.ok();
    };

    switch(false).await;
    assert_eq!(clocks(&hub, id_of(&reminder)), 0);
    hub.clock.advance(SignedDuration::from_mins(31));
    assert_eq!(remind(&hub).await, Reminded::default());
    switch(true).await;
    assert_eq!(clocks(&hub, id_of(&reminder)), 1);
    assert_eq!(remind(&hub).await, Reminded::default());

    let ana = again(&hub, &surgery.ana).await;
    assert_eq!(ana.delete(&path).await.status, 204);
    assert_eq!(clocks(&hub, id_of(&reminder)), 0);
    ana.post("/api/prescriptions/reminders", &body).await.ok();
    hub.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(remind(&hub).await, Reminded { doses: 1, ..Reminded::default() });
    let stop = format!("/api/v1/prescriptions/{medication}/deactivate/");
    again(&hub, &surgery.ali).await.post(stop, json!({})).await.ok();
    hub.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(remind(&hub).await, Reminded::default());
    assert_eq!(clocks(&hub, id_of(&reminder)), 0);
}

/// 002-R31: a reminder that cannot be read does not stop the others.
#[tokio::test]
async fn a_broken_reminder_does_not_stop_the_others() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery.prescribe().await;
    let mut made = Vec::new();
    for place in 0..2 {
        let medication = &prescription["medicines"][place]["id"];
        let body = json!({"medication": medication, "reminder_times": ["08:30"]});
        let body = surgery.ana.post("/api/prescriptions/reminders", body).await.ok();
        made.push(id_of(&body).to_owned());
    }
    hub.spoil("clinical", &format!("reminder#{}", made[0]), "reminder");
    hub.clock.advance(SignedDuration::from_mins(31));

    assert_eq!(remind(&hub).await, Reminded { doses: 1, failed: 1, ..Reminded::default() });
    assert_eq!(remind(&hub).await, Reminded { failed: 1, ..Reminded::default() });
}

/// 003-C15: what was read is deleted after thirty days, what nobody reads after a year, and the
/// number of those unread stays right.
#[tokio::test]
async fn old_notifications_are_deleted() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let read = tell(&hub, &ana, NotificationKind::SystemMessage).await;
    tell(&hub, &ana, NotificationKind::PrescriptionReady).await;
    ana.post(format!("{INBOX}/{read}/mark_read"), json!({})).await.ok();

    hub.clock.advance(SignedDuration::from_hours(30 * 24 - 1));
    assert_eq!(forget(&hub).await, Forgotten::default());
    hub.clock.advance(SignedDuration::from_hours(1));
    let (one, other) = tokio::join!(forget(&hub), forget(&hub));
    assert_eq!((one.notifications + other.notifications, one.failed + other.failed), (1, 0));
    let ana = again(&hub, &ana).await;
    let left = ana.get(INBOX).await.ok();
    assert_eq!(each(&left, "notification_type"), ["PRESCRIPTION_READY"]);
    assert_eq!(unread(&ana).await, 1);

    hub.clock.advance(SignedDuration::from_hours(335 * 24));
    assert_eq!(forget(&hub).await, Forgotten { notifications: 1, failed: 0 });
    assert_eq!(forget(&hub).await, Forgotten::default());
    let ana = again(&hub, &ana).await;
    assert_eq!(unread(&ana).await, 0);
}

/// 003 (clean-up by schedule): what was asked for, or agreed and never ended, is closed after ninety
/// days, and nobody is told any more.
#[tokio::test]
async fn old_appointments_are_closed() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    let admin = hub.superadmin().await;
    hours(&ali, json!({"available_days": {"MONDAY": "08:30-12:00"}})).await;
    let asked = book(&ana, &ali, MONDAY, "08:30").await.ok();
    let came = book(&bea, &ali, MONDAY, "09:00").await.ok();
    let agreed = book(&bea, &ali, MONDAY, "09:30").await.ok();
    for (appointment, step) in [(&came, "confirm"), (&came, "check-in"), (&agreed, "confirm")] {
        let path = format!("/api/appointments/{}/{step}/", id_of(appointment));
        ali.post(path, json!({})).await.ok();
    }
    hub.settle().await;
    let told = unread(&ana).await;

    hub.clock.advance(SignedDuration::from_hours(90 * 24));
    assert_eq!(close(&hub).await, Closed::default());
    hub.clock.advance(SignedDuration::from_hours(24));
    let (one, other) = tokio::join!(close(&hub), close(&hub));
    assert_eq!((one.appointments + other.appointments, one.failed + other.failed), (3, 0));
    assert_eq!(close(&hub).await, Closed::default());

    let admin = again(&hub, &admin).await;
    for appointment in [&asked, &came, &agreed] {
        let path = format!("/api/appointments/{}/", id_of(appointment));
        let closed = admin.get(path).await.ok();
        assert_eq!(
            (&closed["status"], &closed["cancellation_reason"]),
            (&json!("CANCELLED"), &json!("EXPIRED"))
        );
    }
    let log = admin.get("/api/accounts/audit-logs/?action=APPOINTMENT_EXPIRED").await.ok();
    assert_eq!(log["results"].as_array().unwrap().len(), 3);
    assert_eq!(log["results"][0]["user_agent"], "carehub housekeeping");
    hub.settle().await;
    assert_eq!(unread(&again(&hub, &ana).await).await, told);
}

/// 002 (completion by schedule): a visit that nobody ends is over an hour behind its end.
#[tokio::test]
async fn visits_that_nobody_ends_are_concluded() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    let admin = hub.superadmin().await;
    hours(&ali, json!({"available_days": {"MONDAY": "08:30-12:00"}})).await;
    let begun = book(&ana, &ali, MONDAY, "08:30").await.ok();
    let waiting = book(&bea, &ali, MONDAY, "09:00").await.ok();
    for (appointment, step) in [(&begun, "confirm"), (&begun, "start"), (&waiting, "confirm")] {
        let path = format!("/api/appointments/{}/{step}/", id_of(appointment));
        ali.post(path, json!({})).await.ok();
    }

    hub.clock.advance(SignedDuration::from_mins(119));
    assert_eq!(conclude(&hub).await, Concluded::default());
    hub.clock.advance(SignedDuration::from_mins(1));
    let (one, other) = tokio::join!(conclude(&hub), conclude(&hub));
    assert_eq!((one.visits + other.visits, one.failed + other.failed), (1, 0));
    assert_eq!(conclude(&hub).await, Concluded::default());
    assert_eq!(no_shows(&hub).await, Missed { appointments: 1, failed: 0 });

    let admin = again(&hub, &admin).await;
    let over = admin.get(format!("/api/appointments/{}/", id_of(&begun))).await.ok();
    assert_eq!(over["status"], "COMPLETED");
    let log = admin.get("/api/accounts/audit-logs/?action=APPOINTMENT_COMPLETED").await.ok();
    let line = &log["results"][0];
    assert_eq!(
        (&line["performed_by"], &line["details"]["overdue"]),
        (&Value::Null, &json!("true"))
    );
    // As after any other visit, the patient is asked for a review.
    hub.settle().await;
    assert_eq!(reminders(&again(&hub, &ana).await, "REVIEW_REQUEST").await.len(), 1);
}

/// 002 (completion by schedule): what could not be written is done by the next run.
#[tokio::test]
async fn visits_that_could_not_be_concluded_are_concluded_by_the_next_run() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "08:30-12:00"}})).await;
    for (patient, time) in [(&ana, "08:30"), (&bea, "09:00")] {
        let booked = book(patient, &ali, MONDAY, time).await.ok();
        for step in ["confirm", "start"] {
            ali.post(format!("/api/appointments/{}/{step}/", id_of(&booked)), json!({})).await.ok();
        }
    }
    hub.clock.advance(SignedDuration::from_hours(3));

    // Those that are due are found by seven queries and read by one batch; one is written.
    hub.faults.strike(Fault::Down, 7 + 1 + 1);
    let first = conclude(&hub).await;
    assert!(hub.faults.cease());

    assert_eq!(first, Concluded { visits: 1, failed: 1 });
    assert!(Done::Concluded(first).wholly().is_err());
    assert_eq!(conclude(&hub).await, Concluded { visits: 1, failed: 0 });
}

/// When those notifications of a kind that a person has were to come, newest first.
async fn reminders(person: &Caller<'_>, kind: &str) -> Vec<String> {
    let list = person.get(format!("{INBOX}?kind={kind}&limit=100")).await.ok();
    let results = list["results"].as_array().unwrap().iter();
    let when = |one: &Value| one["scheduled_for"].as_str().unwrap_or_default().to_owned();
    results.map(when).collect()
}

/// How many clocks a reminder has.
fn clocks(hub: &TestHub, reminder: &str) -> usize {
    let items = hub.items("clinical", &format!("reminder#{reminder}"));
    items.iter().filter(|item| item["sk"]["S"] == "clock").count()
}

/// Where the appointments of the day are kept together with one that was just made.
fn partition_of(hub: &TestHub, appointment: &Value) -> String {
    let shards = (0..4).map(|shard| format!("appointments#2030-01#{shard}"));
    let holds = |partition: &String| {
        let items = hub.items("scheduling", partition);
        items.iter().any(|item| item["id"]["S"] == appointment["id"])
    };
    shards.into_iter().find(holds).unwrap()
}

async fn pending(hub: &TestHub) -> Released {
    match perform(hub, Chore::Pending).await.unwrap() {
        Done::Released(released) => released,
        other => panic!("{other:?}"),
    }
}

async fn remind(hub: &TestHub) -> Reminded {
    match perform(hub, Chore::Reminders).await.unwrap() {
        Done::Reminded(reminded) => reminded,
        other => panic!("{other:?}"),
    }
}

async fn forget(hub: &TestHub) -> Forgotten {
    match perform(hub, Chore::OldNotifications).await.unwrap() {
        Done::Forgotten(forgotten) => forgotten,
        other => panic!("{other:?}"),
    }
}

async fn close(hub: &TestHub) -> Closed {
    match perform(hub, Chore::OldAppointments).await.unwrap() {
        Done::Closed(closed) => closed,
        other => panic!("{other:?}"),
    }
}

async fn conclude(hub: &TestHub) -> Concluded {
    match perform(hub, Chore::Overdue).await.unwrap() {
        Done::Concluded(concluded) => concluded,
        other => panic!("{other:?}"),
    }
}

async fn no_shows(hub: &TestHub) -> Missed {
    match perform(hub, Chore::NoShows).await.unwrap() {
        Done::Missed(missed) => missed,
        other => panic!("{other:?}"),
    }
}

async fn sweep(hub: &TestHub) -> Swept {
    match perform(hub, Chore::Sweep).await.unwrap() {
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
