//! Many who want the same time of a doctor at once.

use std::collections::BTreeMap;

use carehub_api::view::AccountView;
use carehub_domain::{
    access::{Action, Actor, Role},
    account::{Account, PersonName},
    session::Session,
};
use carehub_store::Opening;
use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::{StreamExt, stream};
use serde_json::json;

use crate::support::{People, open};

const BOOK: &str = "/api/appointments/book/";
const TUESDAY: &str = "2030-01-08";
/// How many ask at once. Each takes two sockets, of which some machines have few, and nobody waits
/// for so long that the hub gives up.
const AT_ONCE: usize = 50;

/// 003-17, 004-16: a hundred patients want one slot and try ten times each. One has it once, and
/// all others know why not.
#[tokio::test]
async fn of_a_thousand_bookings_of_one_slot_one_succeeds() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.bookable(&hospital, "Ali", "Mehmood").await;
    let racers = racers(&hub, 100).await;

    let thousand = racers.iter().cycle().take(1000);
    let answers = race(&ali, thousand.map(|racer| (racer, "10:00".to_owned())).collect()).await;

    assert_eq!(answers, answered([("201", 1), ("409 slot-taken", 999)]));
    assert_eq!(booked(&ali).await, 1);
}

/// 000-22, 003-17: fifty book fifty slots of a doctor who sees twenty patients a day.
#[tokio::test]
async fn nobody_is_booked_beyond_the_daily_maximum() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let hours = json!({
        "available_days": {"TUESDAY": ["08:00-20:30"]}, "appointment_duration": 15,
        "max_patients_per_day": 20,
    });
    ali.put("/api/doctors/availability", hours).await.ok();
    let racers = racers(&hub, 50).await;

    let slots = (0..50).map(|slot| format!("{:02}:{:02}", 8 + slot / 4, slot % 4 * 15));
    let answers = race(&ali, racers.iter().zip(slots).collect()).await;

    assert_eq!(answers, answered([("201", 20), ("409 day-full", 30)]));
    assert_eq!(booked(&ali).await, 20);
}

/// Patients who are signed in. Nobody hashes a password for them, which takes time.
async fn racers(hub: &TestHub, count: usize) -> Vec<Caller<'_>> {
    let now = hub.state.clock.now();
    let operator = Actor::operator(now);
    let open = async |number: usize| {
        let username = format!("racer{number}").parse().unwrap();
        let name = PersonName::of_username(&username);
        let account = Account::open(username, Role::Patient, name, now);
        let (session, _) = Session::begin(&account, &operator.origin, now, &hub.state.pepper);
        let permit = operator.create(Action::CreateAccount, &account).unwrap();
        let opening = Opening { session: Some(&session), ..Opening::of(&account) };
        hub.state.store.accounts().open(opening, &permit).await.unwrap();
        let access = hub.state.tokens.sign(&account, &session, now).unwrap();
        hub.visitor().with_tokens(&json!({"access": access, "user": AccountView::of(account, now)}))
    };
    stream::iter(0..count).map(open).buffer_unordered(AT_ONCE).collect().await
}

/// Everyone books their slot, again and again as long as the hub is busy. Counts the answers.
async fn race(doctor: &Caller<'_>, wanted: Vec<(&Caller<'_>, String)>) -> BTreeMap<String, usize> {
    let book = async |(patient, time): (&Caller<'_>, String)| {
        let body = json!({
            "doctor": doctor.id_as("doc"), "appointment_date": TUESDAY, "start_time": time,
        });
        loop {
            let reply = patient.post(BOOK, &body).await;
            if reply.status != 503 {
                return answer(&reply);
            }
            assert!(!reply.header("retry-after").is_empty());
        }
    };
    let answers: Vec<_> = stream::iter(wanted).map(book).buffer_unordered(AT_ONCE).collect().await;
    let mut counted = BTreeMap::new();
    for answer in answers {
        *counted.entry(answer).or_default() += 1;
    }
    counted
}

fn answer(reply: &Reply) -> String {
    if reply.status == 201 { "201".to_owned() } else { reply.refusal() }
}

fn answered<const N: usize>(answers: [(&str, usize); N]) -> BTreeMap<String, usize> {
    answers.map(|(answer, count)| (answer.to_owned(), count)).into()
}

/// How many appointments a doctor has.
async fn booked(doctor: &Caller<'_>) -> usize {
    let list = doctor.get("/api/appointments/doctor-appointments?limit=100").await.ok();
    list["results"].as_array().unwrap().len()
}
