//! Waitlists: who waits for a full day, what they are offered, and what becomes of it.

use carehub_testkit::{Caller, Reply, TestHub};
use housekeeping::{Chore, Done, PassedOn};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    holds::keep,
    slots::{book, hours, people, starts},
    support::{PASSWORD, People, id_of, open, perform},
};

const WAITLIST: &str = "/api/appointments/waitlist/";
const MONDAY: &str = "2030-01-14";
const CARL: &str = "+923001111111";
const DORA: &str = "+923002222222";

/// A full day: two wait, somebody cancels, the first is offered the time for 15 minutes and does
/// not take it, the second is offered it and does.
#[tokio::test]
async fn whoever_waits_first_is_offered_what_becomes_free() {
    let hub = open().await;
    let day = FullDay::open(&hub).await;
    let FullDay { ali, ana, carl, dora, .. } = &day;
    let eve = hub.patient("eve", "+923003333333").await;

    let first = wait(carl, ali).await;
    hub.clock.advance(SignedDuration::from_mins(1));
    let second = wait(dora, ali).await.ok();
    assert_eq!(first.status, 201);
    let place = json!({
        "doctor": ali.id_as("doc"), "doctor_name": "Ali Mehmood", "date": MONDAY,
        "timezone": "Asia/Karachi", "position": 1, "since": "2030-01-07T08:00:00Z", "offer": null,
    });
    assert_eq!(first.ok(), place);
    assert_eq!(carl.get(first.header("location")).await.ok(), place);
    assert_eq!(second["position"], 2);
    hub.settle().await;
    assert!(letters(&hub, "carl").is_empty());

    day.cancel(ana).await;
    hub.settle().await;

    let text = "A time with Dr. Ali Mehmood has become free: Monday, 14 January 2030 at 09:00 \
                (Asia/Karachi). Book it in CareHub by 13:16, then it is offered to the next.";
    assert_eq!(letters(&hub, "carl"), [text]);
    assert!(letters(&hub, "dora").is_empty());
    let offer = json!({
        "start": "2030-01-14T09:00:00+05:00", "end": "2030-01-14T09:30:00+05:00",
        "expires_at": "2030-01-07T08:16:00Z",
    });
    assert_eq!(place_of(carl, ali).await.ok()["offer"], offer);
    assert_eq!(place_of(dora, ali).await.ok()["offer"], Value::Null);
    // It is kept for the one who is offered it.
    assert_eq!(starts(carl, ali, MONDAY).await, ["09:00"]);
    for other in [dora, &eve, ana] {
        assert_eq!(starts(other, ali, MONDAY).await, [""; 0]);
        assert_eq!(book(other, ali, MONDAY, "09:00").await.refusal(), "409 slot-taken");
    }
    assert_eq!(pass_on(&hub).await, PassedOn::default());

    hub.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(place_of(carl, ali).await.ok()["offer"], Value::Null);
    let passed = pass_on(&hub).await;
    hub.settle().await;

    assert_eq!(passed, PassedOn { lapsed: 1, offered: 1, failed: 0 });
    assert_eq!(pass_on(&hub).await, PassedOn::default());
    let text = "A time with Dr. Ali Mehmood has become free: Monday, 14 January 2030 at 09:00 \
                (Asia/Karachi). Book it in CareHub by 13:31, then it is offered to the next.";
    assert_eq!(letters(&hub, "dora"), [text]);
    assert_eq!(letters(&hub, "carl").len(), 1);
    assert_eq!(place_of(carl, ali).await.refusal(), "404 not-found");
    assert_eq!(place_of(dora, ali).await.ok()["position"], 1);
    assert_eq!(book(carl, ali, MONDAY, "09:00").await.refusal(), "409 slot-taken");

    book(dora, ali, MONDAY, "09:00").await.ok();
    assert_eq!(place_of(dora, ali).await.refusal(), "404 not-found");
    assert_eq!(dora.get(WAITLIST).await.ok()["results"], json!([]));
    hub.clock.advance(SignedDuration::from_mins(16));
    assert_eq!(pass_on(&hub).await, PassedOn::default());
    assert_eq!(starts(&eve, ali, MONDAY).await, [""; 0]);
}

#[tokio::test]
async fn who_takes_what_they_are_offered_waits_no_longer() {
    let hub = open().await;
    let day = FullDay::open(&hub).await;
    let FullDay { ali, ana, carl, dora, .. } = &day;
    wait(carl, ali).await.ok();
    wait(dora, ali).await.ok();
    day.cancel(ana).await;

    book(carl, ali, MONDAY, "09:00").await.ok();
    hub.settle().await;
    hub.clock.advance(SignedDuration::from_mins(20));

    // Whoever was faster than the message needs none.
    assert!(letters(&hub, "carl").is_empty());
    assert_eq!(pass_on(&hub).await, PassedOn::default());
    assert_eq!(place_of(dora, ali).await.ok()["position"], 1);
    assert!(letters(&hub, "dora").is_empty());
}

/// Whoever takes another time of the day leaves what they were offered to the next.
#[tokio::test]
async fn who_takes_another_time_passes_on_what_they_were_offered() {
    let hub = open().await;
    let day = FullDay::open(&hub).await;
    let FullDay { ali, ana, carl, dora, .. } = &day;
    wait(carl, ali).await.ok();
    wait(dora, ali).await.ok();
    day.cancel(ana).await;
    hours(ali, json!({"available_days": {"MONDAY": "09:00-10:30"}})).await;

    book(carl, ali, MONDAY, "10:00").await.ok();
    hub.settle().await;

    assert!(letters(&hub, "dora")[0].contains("09:00"));
    assert_eq!(starts(dora, ali, MONDAY).await, ["09:00"]);
    assert_eq!(starts(ana, ali, MONDAY).await, [""; 0]);
    assert_eq!(place_of(dora, ali).await.ok()["position"], 1);
}

#[tokio::test]
async fn who_leaves_passes_on_what_they_were_offered() {
    let hub = open().await;
    let day = FullDay::open(&hub).await;
    let FullDay { ali, ana, carl, dora, .. } = &day;
    wait(carl, ali).await.ok();
    wait(dora, ali).await.ok();
    day.cancel(ana).await;

    assert_eq!(carl.delete(place(ali)).await.status, 204);
    hub.settle().await;

    assert_eq!(carl.delete(place(ali)).await.refusal(), "404 not-found");
    assert!(letters(&hub, "carl").is_empty());
    assert_eq!(letters(&hub, "dora").len(), 1);
    assert_eq!(starts(dora, ali, MONDAY).await, ["09:00"]);
    assert_eq!(dora.delete(place(ali)).await.status, 204);
    assert_eq!(starts(carl, ali, MONDAY).await, ["09:00"]);
    assert_eq!(wait(carl, ali).await.refusal(), "409 slots-available");
}

#[tokio::test]
async fn what_nobody_takes_is_free_for_all() {
    let hub = open().await;
    let day = FullDay::open(&hub).await;
    let FullDay { ali, ana, bea, carl, .. } = &day;
    wait(carl, ali).await.ok();
    day.cancel(ana).await;
    hub.clock.advance(SignedDuration::from_mins(15));

    assert_eq!(starts(bea, ali, MONDAY).await, [""; 0]);
    assert_eq!(pass_on(&hub).await, PassedOn { lapsed: 1, offered: 0, failed: 0 });
    assert_eq!(starts(bea, ali, MONDAY).await, ["09:00"]);
    assert_eq!(carl.get(WAITLIST).await.ok()["count"], 0);
}

/// Two times that become free are offered to two, and each lapses for itself.
#[tokio::test]
async fn each_time_is_offered_to_another() {
    let hub = open().await;
    let day = FullDay::open(&hub).await;
    let FullDay { ali, ana, bea, carl, dora } = &day;
    wait(carl, ali).await.ok();
    wait(dora, ali).await.ok();
    day.cancel(ana).await;
    hub.clock.advance(SignedDuration::from_mins(10));
    day.cancel(bea).await;
    hub.settle().await;

    assert!(letters(&hub, "carl")[0].contains("09:00"));
    assert!(letters(&hub, "dora")[0].contains("09:30"));
    hub.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(pass_on(&hub).await, PassedOn { lapsed: 1, offered: 0, failed: 0 });
    assert_eq!(starts(dora, ali, MONDAY).await, ["09:00", "09:30"]);
    assert_eq!(starts(ana, ali, MONDAY).await, ["09:00"]);
}

/// Who is offered a time and keeps it to pay has it for as long as they were told.
#[tokio::test]
async fn an_offer_that_is_kept_lasts_as_long_as_the_hold() {
    let hub = open().await;
    let day = FullDay::open(&hub).await;
    let FullDay { ali, ana, carl, dora, .. } = &day;
    wait(carl, ali).await.ok();
    wait(dora, ali).await.ok();
    day.cancel(ana).await;
    hub.clock.advance(SignedDuration::from_mins(14));

    let hold = keep(carl, ali, "09:00").await.ok();
    assert_eq!(hold["expires_at"], "2030-01-07T08:19:00Z");
    hub.clock.advance(SignedDuration::from_mins(4));
    assert_eq!(pass_on(&hub).await, PassedOn::default());
    assert_eq!(starts(carl, ali, MONDAY).await, ["09:00"]);
    // To give the hold up is not to give up the offer.
    assert_eq!(carl.delete(format!("/api/appointments/holds/{}", id_of(&hold))).await.status, 204);
    assert_eq!(starts(dora, ali, MONDAY).await, [""; 0]);
    book(carl, ali, MONDAY, "09:00").await.ok();
}

/// A slot that was kept and is given up is offered to whoever waits.
#[tokio::test]
async fn what_was_kept_and_is_given_up_is_offered() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-09:30"}})).await;
    let hold = keep(&ana, &ali, "09:00").await.ok();
    wait(&bea, &ali).await.ok();

    ana.delete(format!("/api/appointments/holds/{}", id_of(&hold))).await.ok();
    hub.settle().await;

    assert_eq!(letters(&hub, "bea").len(), 1);
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["09:00"]);
    assert_eq!(starts(&ana, &ali, MONDAY).await, [""; 0]);
}

/// Patients without a phone are written to.
#[tokio::test]
async fn whoever_has_no_phone_gets_a_mail() {
    let hub = open().await;
    let day = FullDay::open(&hub).await;
    let body = json!({
        "username": "mia", "password": PASSWORD, "email": "mia@example.org", "name": "Mia Diaz",
        "role": "PATIENT", "consent": true,
    });
    let visitor = hub.visitor();
    let mia = visitor.with_tokens(&visitor.post("/api/auth/register", body).await.ok());
    wait(&mia, &day.ali).await.ok();

    day.cancel(&day.ana).await;
    hub.settle().await;

    let letters = hub.post.texts_to("mia@example.org");
    assert_eq!(letters.len(), 1);
    assert!(letters[0].starts_with("A time with Dr. Ali Mehmood has become free"), "{letters:?}");
}

#[tokio::test]
async fn only_a_day_without_free_times_is_waited_for() {
    let hub = open().await;
    let day = FullDay::open(&hub).await;
    let FullDay { ali, carl, .. } = &day;
    let at = async |date: &str| {
        let body = json!({"doctor_id": ali.id_as("doc"), "date": date});
        carl.post(WAITLIST, body).await
    };

    assert_eq!(at("2030-01-21").await.refusal(), "409 slots-available");
    assert_eq!(at("2030-01-06").await.refusal(), "400 in-the-past");
    assert_eq!(at("2031-01-06").await.refusal(), "400 too-far-ahead");
    assert_eq!(at("soon").await.problem().errors[0].pointer, "/date");
    assert_eq!(at(MONDAY).await.status, 201);
    assert_eq!(at(MONDAY).await.refusal(), "409 already-waiting");
    assert_eq!(carl.get(WAITLIST).await.ok()["count"], 1);
    let lone = hub.lone_doctor("lone").await;
    assert_eq!(wait(carl, &lone).await.refusal(), "404 not-found");
    assert_eq!(carl.get(place(&lone)).await.refusal(), "404 not-found");
    ali.patch("/api/doctors/update_profile/", json!({"is_available": false})).await.ok();
    assert_eq!(wait(&day.dora, ali).await.refusal(), "409 doctor-unavailable");
}

/// Patients see their own place; the doctor, the hospital and admins see everyone, and the log
/// says so.
#[tokio::test]
async fn who_waits_is_seen_by_those_whom_it_concerns() {
    let hub = open().await;
    let day = FullDay::open(&hub).await;
    let FullDay { ali, ana, carl, dora, .. } = &day;
    wait(carl, ali).await.ok();
    wait(dora, ali).await.ok();
    let jinnah = hub.sign_in("jinnah", PASSWORD).await;
    let mayo = hub.hospital("mayo").await;
    let zoe = hub.doctor_of(&mayo, "Zoe", "Rahman").await;
    let (cora, admin) = (hub.coordinator("cora").await, hub.superadmin().await);

    for person in [ali, &jinnah, &admin] {
        let seen = person.get(place(ali)).await.ok();
        assert_eq!((&seen["count"], &seen["doctor_name"]), (&json!(2), &json!("Ali Mehmood")));
        assert_eq!(
            seen["waiting"],
            json!([
                {"patient": carl.id_as("pat"), "position": 1, "since": "2030-01-07T08:00:00Z", "offer": null},
                {"patient": dora.id_as("pat"), "position": 2, "since": "2030-01-07T08:00:00Z", "offer": null},
            ])
        );
    }
    for other in [&mayo, &zoe, &cora, ana] {
        assert_eq!(other.get(place(ali)).await.refusal(), "404 not-found");
    }
    for other in [ali, &jinnah, &cora, &admin] {
        assert_eq!(wait(other, ali).await.refusal(), "403 forbidden");
        assert_eq!(other.get(WAITLIST).await.refusal(), "403 forbidden");
        assert_eq!(other.delete(place(ali)).await.refusal(), "403 forbidden");
    }
    assert_eq!(hub.visitor().get(place(ali)).await.refusal(), "401 unauthenticated");
    let log = admin.get("/api/accounts/audit-logs/?action=WAITLIST_VIEWED").await.ok();
    let lines = log["results"].as_array().unwrap();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line["details"] == json!({"count": "2", "date": MONDAY})));
    let nobody = ali.get(format!("{WAITLIST}{}/2030-01-21", ali.id_as("doc"))).await.ok();
    assert_eq!(nobody["waiting"], json!([]));
}

/// A waitlist that cannot be seen to does not stop the others, and the next run goes on.
#[tokio::test]
async fn the_hub_passes_offers_on_once_however_often_it_runs() {
    let hub = open().await;
    let day = FullDay::open(&hub).await;
    let FullDay { ali, ana, carl, dora, .. } = &day;
    wait(carl, ali).await.ok();
    wait(dora, ali).await.ok();
    day.cancel(ana).await;
    hub.clock.advance(SignedDuration::from_mins(15));

    let (one, other) = tokio::join!(pass_on(&hub), pass_on(&hub));

    assert_eq!(one.lapsed + other.lapsed, 1);
    hub.settle().await;
    assert_eq!(letters(&hub, "dora").len(), 1);
    let chore: Chore = serde_json::from_value(json!({"job": "offers"})).unwrap();
    assert_eq!(chore, Chore::Offers);
}

/// A day of a doctor with two slots, which two patients have booked.
struct FullDay<'h> {
    ali: Caller<'h>,
    ana: Caller<'h>,
    bea: Caller<'h>,
    carl: Caller<'h>,
    dora: Caller<'h>,
}

impl<'h> FullDay<'h> {
    async fn open(hub: &'h TestHub) -> Self {
        let (ali, ana, bea) = people(hub).await;
        let week = json!({"available_days": {"MONDAY": "09:00-10:00"}, "timezone": "Asia/Karachi"});
        hours(&ali, week).await;
        book(&ana, &ali, MONDAY, "09:00").await.ok();
        book(&bea, &ali, MONDAY, "09:30").await.ok();
        let (carl, dora) = (hub.patient("carl", CARL).await, hub.patient("dora", DORA).await);
        Self { ali, ana, bea, carl, dora }
    }

    /// Calls off what the patient has booked.
    async fn cancel(&self, patient: &Caller<'_>) {
        let booked = patient.get("/api/appointments/my-appointments/").await.ok();
        let id = id_of(&booked["results"][0]).to_owned();
        let path = format!("/api/appointments/{id}/cancel/");
        patient.post(path, json!({"reason": "I am well again"})).await.ok();
    }
}

async fn wait(patient: &Caller<'_>, doctor: &Caller<'_>) -> Reply {
    patient.post(WAITLIST, json!({"doctor": doctor.id_as("doc"), "date": MONDAY})).await
}

async fn place_of(patient: &Caller<'_>, doctor: &Caller<'_>) -> Reply {
    patient.get(place(doctor)).await
}

fn place(doctor: &Caller<'_>) -> String {
    format!("{WAITLIST}{}/{MONDAY}", doctor.id_as("doc"))
}

async fn pass_on(hub: &TestHub) -> PassedOn {
    match perform(hub, Chore::Offers).await.unwrap() {
        Done::PassedOn(passed) => passed,
        other => panic!("{other:?}"),
    }
}

/// What mail to somebody says, oldest first.
fn letters(hub: &TestHub, username: &str) -> Vec<String> {
    let letters = hub.post.texts_to(&format!("{username}@example.org")).into_iter();
    letters.filter_map(|letter| letter.lines().next().map(str::to_owned)).collect()
}
