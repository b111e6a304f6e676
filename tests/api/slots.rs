//! What is free: slots of a day and of many, minus what the diary holds, on the clocks of the doctor.

use carehub_domain::clock::Clock;
use carehub_testkit::{Caller, Reply, TestHub};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, again, id_of, open};

const OWN_HOURS: &str = "/api/doctors/availability/";
const SEEK: &str = "/api/appointments/available_doctors/";
/// The Monday on which the hub opens.
const TODAY: &str = "2030-01-07";
/// The Monday after.
const MONDAY: &str = "2030-01-14";

/// 003-09: what is booked is no longer free, and free again once it is called off.
#[tokio::test]
async fn a_slot_that_is_booked_is_free_for_nobody() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-11:00"}})).await;

    let booked = book(&ana, &ali, MONDAY, "09:30").await.ok();

    for person in [&ana, &bea, &ali] {
        assert_eq!(starts(person, &ali, MONDAY).await, ["09:00", "10:00", "10:30"]);
    }
    assert_eq!(book(&bea, &ali, MONDAY, "09:30").await.refusal(), "409 slot-taken");
    let path = format!("/api/appointments/{}/cancel/", id_of(&booked));
    ana.post(path, json!({"reason": "I am well again"})).await.ok();
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["09:00", "09:30", "10:00", "10:30"]);
    book(&bea, &ali, MONDAY, "09:30").await.ok();
}

/// 003-09: a longer appointment needs a longer stretch that is free.
#[tokio::test]
async fn slots_can_be_asked_for_by_length() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-11:00"}})).await;
    book(&ana, &ali, MONDAY, "10:00").await.ok();

    assert_eq!(starts(&bea, &ali, MONDAY).await, ["09:00", "09:30", "10:30"]);
    let long = bea.get(format!("{}&duration=60", day(&ali, MONDAY))).await.ok();
    assert_eq!(long["available_slots"], json!(["09:00"]));
    assert_eq!(long["slots"][0]["end"], "2030-01-14T10:00:00+00:00");
    for wrong in ["14", "121", "half-an-hour", ""] {
        let problem = bea.get(format!("{}&duration={wrong}", day(&ali, MONDAY))).await.problem();
        assert_eq!((problem.status, &*problem.errors[0].pointer), (400, "/duration"), "{wrong}");
    }
}

/// 003-09: between two appointments the doctor rests.
#[tokio::test]
async fn a_doctor_rests_between_two_appointments() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    let week = json!({"available_days": {"MONDAY": "09:00-11:00"}, "buffer_minutes": 15});
    let set = hours(&ali, week).await;

    assert_eq!(set["availability"]["buffer_minutes"], 15);
    assert_eq!(ali.get("/api/doctors/profile/").await.ok()["buffer_minutes"], 15);
    assert_eq!(starts(&ana, &ali, MONDAY).await, ["09:00", "09:45", "10:30"]);
    book(&ana, &ali, MONDAY, "09:45").await.ok();
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["09:00", "10:30"]);
    // The rest after the one that is booked stays.
    hours(&ali, json!({"buffer_minutes": 0, "appointment_duration": 15})).await;
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["09:00", "09:15", "09:30", "10:30", "10:45"]);
    for wrong in [json!(61), json!(-1), json!("a while")] {
        let problem = ali.put(OWN_HOURS, json!({"buffer_minutes": wrong})).await.problem();
        assert_eq!((problem.status, &*problem.errors[0].pointer), (400, "/buffer_minutes"));
    }
}

/// 003-09: a doctor who takes no new patients has nothing free, and the hours stay.
#[tokio::test]
async fn a_doctor_who_is_unavailable_has_no_slots() {
    let hub = open().await;
    let (ali, ana, _) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-10:00"}})).await;

    ali.patch("/api/doctors/update_profile/", json!({"is_available": false})).await.ok();

    assert_eq!(starts(&ana, &ali, MONDAY).await, [""; 0]);
    let days = month(&ana, &ali, &format!("&start_date={MONDAY}&end_date={MONDAY}")).await.ok();
    assert_eq!(days["availability"][0]["is_available"], false);
    let refusal = book(&ana, &ali, MONDAY, "09:00").await.refusal();
    assert_eq!(refusal, "409 doctor-unavailable");
    ali.patch("/api/doctors/update_profile/", json!({"is_available": true})).await.ok();
    assert_eq!(starts(&ana, &ali, MONDAY).await, ["09:00", "09:30"]);
}

/// 002-D33, 003-09: a shift that takes one patient is closed once one comes; the other goes on
/// until the day is full.
#[tokio::test]
async fn shifts_and_days_have_a_maximum() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    let shift = |from: &str, until: &str, most: Value| json!({"day_of_week": "monday", "start_time": from, "end_time": until, "max_patients": most});
    let schedule = format!("/api/doctors/{}/schedule/", ali.id_as("doc"));
    ali.post(&schedule, shift("09:00", "10:00", json!(1))).await.ok();
    ali.post(&schedule, shift("14:00", "15:30", Value::Null)).await.ok();
    hours(&ali, json!({"max_patients_per_day": 2})).await;
    let all = ["09:00", "09:30", "14:00", "14:30", "15:00"];
    assert_eq!(starts(&bea, &ali, MONDAY).await, all);

    book(&ana, &ali, MONDAY, "09:30").await.ok();
    assert_eq!(starts(&bea, &ali, MONDAY).await, all[2..]);
    assert_eq!(book(&bea, &ali, MONDAY, "09:00").await.refusal(), "409 day-full");
    book(&bea, &ali, MONDAY, "14:30").await.ok();
    assert_eq!(starts(&ana, &ali, MONDAY).await, [""; 0]);
    assert_eq!(book(&ana, &ali, MONDAY, "15:00").await.refusal(), "409 day-full");
    assert_eq!(starts(&ana, &ali, "2030-01-21").await, all);
}

/// 003-09: the last slot of a day ends when the day does.
#[tokio::test]
async fn the_last_slot_ends_at_midnight() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    let week = json!({
        "available_days": {"MONDAY": "23:00-24:00", "TUESDAY": "00:00-01:00"},
        "timezone": "Asia/Kathmandu",
    });
    hours(&ali, week).await;

    let booked = book(&ana, &ali, MONDAY, "23:30").await.ok();

    assert_eq!(booked["start"], "2030-01-14T23:30:00+05:45");
    assert_eq!(booked["end"], "2030-01-15T00:00:00+05:45");
    assert_eq!(booked["appointment_date"], MONDAY);
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["23:00"]);
    assert_eq!(starts(&bea, &ali, "2030-01-15").await, ["00:00", "00:30"]);
    book(&bea, &ali, "2030-01-15", "00:00").await.ok();
}

/// 003-09: clocks jump and fall back, at night or at midnight, by an hour or half of one; every
/// slot that is offered is an hour of real time and can be booked.
#[tokio::test]
async fn slots_follow_clocks_that_jump_and_fall_back() {
    let hub = open().await;
    let (ali, ..) = people(&hub).await;
    let every_day: Value =
        ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
            .into_iter()
            .map(|day| (day.to_owned(), json!("00:00-04:00")))
            .collect::<serde_json::Map<_, _>>()
            .into();
    let mut zones: [(&str, &str, &[&str]); 9] = [
        // Berlin jumps from 02:00 to 03:00 and falls back from 03:00 to 02:00.
        ("Europe/Berlin", "2030-03-31", &["00:00+01:00", "01:00+01:00", "03:00+02:00"]),
        (
            "Europe/Berlin",
            "2030-10-27",
            &["00:00+02:00", "01:00+02:00", "02:00+02:00", "02:00+01:00", "03:00+01:00"],
        ),
        // In Havana there is no midnight in spring, and it comes twice in autumn.
        ("America/Havana", "2030-03-10", &["01:00-04:00", "02:00-04:00", "03:00-04:00"]),
        (
            "America/Havana",
            "2030-11-03",
            &["00:00-04:00", "00:00-05:00", "01:00-05:00", "02:00-05:00", "03:00-05:00"],
        ),
        // On Lord Howe Island it is half an hour: from 02:00 back to 01:30, and on to 02:30.
        (
            "Australia/Lord_Howe",
            "2030-04-07",
            &["00:00+11:00", "01:00+11:00", "01:30+10:30", "02:30+10:30"],
        ),
        ("Australia/Lord_Howe", "2030-10-06", &["00:00+10:30", "01:00+10:30", "02:30+11:00"]),
        // Others never change their clocks, wherever they stand.
        (
            "Asia/Kathmandu",
            "2030-04-01",
            &["00:00+05:45", "01:00+05:45", "02:00+05:45", "03:00+05:45"],
        ),
        (
            "Pacific/Apia",
            "2030-04-10",
            &["00:00+13:00", "01:00+13:00", "02:00+13:00", "03:00+13:00"],
        ),
        (
            "Pacific/Pago_Pago",
            "2030-10-30",
            &["00:00-11:00", "01:00-11:00", "02:00-11:00", "03:00-11:00"],
        ),
    ];
    zones.sort_by_key(|(_, date, _)| *date);
    for (number, (zone, date, expected)) in zones.into_iter().enumerate() {
        travel_to(&hub, &format!("{date}T12:00:00Z"), -SignedDuration::from_hours(80 * 24));
        let ali = again(&hub, &ali).await;
        let week =
            json!({"available_days": every_day, "appointment_duration": 60, "timezone": zone});
        hours(&ali, week).await;
        let found = ali.get(day(&ali, date)).await.ok();
        let slots = found["slots"].as_array().unwrap().clone();
        let clock = |slot: &Value| {
            let start = text(&slot["start"]);
            format!("{}{}", &start[11..16], &start[19..])
        };
        let begin: Vec<_> = slots.iter().map(clock).collect();
        assert_eq!(begin, expected, "{zone} {date}");
        for slot in &slots {
            let instant = |name: &str| text(&slot[name]).parse::<Timestamp>().unwrap();
            assert_eq!(
                instant("end").duration_since(instant("start")).as_mins(),
                60,
                "{zone} {slot}"
            );
        }

        let patient =
            hub.patient(&format!("patient{number}"), &format!("+92300000000{number}")).await;
        for slot in &slots {
            let body = json!({"doctor_id": ali.id_as("doc"), "start": slot["start"]});
            let booked = patient.post("/api/appointments/book/", body).await.ok();
            assert_eq!(
                (&booked["start"], &booked["end"]),
                (&slot["start"], &slot["end"]),
                "{zone}"
            );
        }
        assert_eq!(starts(&patient, &ali, date).await, [""; 0], "{zone} {date}");
    }
}

/// 003-09, 004-16: the hour that autumn repeats is offered twice and booked once each.
#[tokio::test]
async fn the_repeated_hour_is_booked_once_each() {
    let hub = open().await;
    let (ali, ..) = people(&hub).await;
    travel_to(&hub, "2030-10-01T08:00:00Z", SignedDuration::ZERO);
    let ali = again(&hub, &ali).await;
    let (ana, bea) = (hub.sign_in("ana", PASSWORD).await, hub.sign_in("bea", PASSWORD).await);
    let eve = hub.patient("eve", "+923001234569").await;
    let week = json!({
        "available_days": {"SUNDAY": "02:00-03:00"}, "appointment_duration": 60,
        "timezone": "Europe/Berlin",
    });
    hours(&ali, week).await;
    let sunday = "2030-10-27";
    assert_eq!(starts(&ana, &ali, sunday).await, ["02:00", "02:00"]);

    let later = json!({"doctor_id": ali.id_as("doc"), "start": "2030-10-27T02:00:00+01:00"});
    let first = ana.post("/api/appointments/book/", &later).await.ok();
    assert_eq!(first["start"], "2030-10-27T02:00:00+01:00");
    assert_eq!(bea.post("/api/appointments/book/", &later).await.refusal(), "409 slot-taken");
    // Who says only what clocks show takes the one that is left.
    let second = book(&bea, &ali, sunday, "02:00").await.ok();
    assert_eq!(second["start"], "2030-10-27T02:00:00+02:00");
    assert_eq!(book(&eve, &ali, sunday, "02:00").await.refusal(), "409 slot-taken");
    assert_eq!(starts(&eve, &ali, sunday).await, [""; 0]);
}

/// 003-09: a doctor who moves keeps what is booked, and nobody is booked over it.
#[tokio::test]
async fn a_doctor_who_moves_to_another_zone_keeps_what_is_booked() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-11:00"}})).await;
    let booked = book(&ana, &ali, MONDAY, "10:00").await.ok();

    let week = json!({"available_days": {"MONDAY": "14:00-16:00"}, "timezone": "Asia/Karachi"});
    hours(&ali, week).await;

    // Ten o'clock in London is three in Karachi.
    assert_eq!(starts(&bea, &ali, MONDAY).await, ["14:00", "14:30", "15:30"]);
    assert_eq!(book(&bea, &ali, MONDAY, "15:00").await.refusal(), "409 slot-taken");
    let kept = ana.get(format!("/api/appointments/{}/", id_of(&booked))).await.ok();
    assert_eq!(kept["start"], "2030-01-14T10:00:00+00:00");
    let moved = book(&bea, &ali, MONDAY, "14:00").await.ok();
    assert_eq!(moved["start"], "2030-01-14T14:00:00+05:00");
}

/// 004-X2: a week from today unless said otherwise, with what is free.
#[tokio::test]
async fn a_doctor_shows_what_is_free_on_several_days() {
    let hub = open().await;
    let (ali, ana, bea) = people(&hub).await;
    let week = json!({
        "available_days": {"MONDAY": "09:00-10:00", "WEDNESDAY": "09:00-09:30"},
        "timezone": "Asia/Karachi",
    });
    hours(&ali, week).await;
    let off = json!({"date": "2030-01-16", "is_available": false, "reason": "Holiday"});
    ali.post(format!("/api/doctors/{}/availability/", ali.id_as("doc")), off).await.ok();
    book(&ana, &ali, MONDAY, "09:00").await.ok();

    let found = month(&bea, &ali, "").await.ok();
    let named = |name: &str| found[name].clone();
    assert_eq!(named("doctor"), ali.id_as("doc"));
    assert_eq!(
        (named("doctor_name"), named("timezone")),
        (json!("Ali Mehmood"), json!("Asia/Karachi"))
    );
    assert_eq!((named("appointment_duration"), named("buffer_minutes")), (json!(30), json!(0)));
    assert_eq!((named("start_date"), named("end_date")), (json!(TODAY), json!("2030-01-13")));
    let free: Vec<_> = named("availability").as_array().unwrap().iter().map(shown).collect();
    // At eight in London it is one in the afternoon in Karachi, so today is over.
    let expected = [
        "2030-01-07 MONDAY []",
        "2030-01-08 TUESDAY []",
        r#"2030-01-09 WEDNESDAY ["09:00"]"#,
        "2030-01-10 THURSDAY []",
        "2030-01-11 FRIDAY []",
        "2030-01-12 SATURDAY []",
        "2030-01-13 SUNDAY []",
    ];
    assert_eq!(free, expected);

    let range = format!("&start_date={MONDAY}&end_date=2030-01-16");
    let found = month(&bea, &ali, &range).await.ok();
    let free: Vec<_> = found["availability"].as_array().unwrap().iter().map(shown).collect();
    let expected =
        [r#"2030-01-14 MONDAY ["09:30"]"#, "2030-01-15 TUESDAY []", "2030-01-16 WEDNESDAY []"];
    assert_eq!(free, expected);
    assert_eq!(
        found["availability"][0]["slots"],
        json!([{
            "start": "2030-01-14T09:30:00+05:00", "end": "2030-01-14T10:00:00+05:00",
            "start_time": "09:30:00", "end_time": "10:00:00", "timezone": "Asia/Karachi",
        }])
    );
    let alias = format!(
        "/api/v1/appointments/doctor_availability/?doctor={}{range}&duration=60",
        ali.id_as("doc")
    );
    let long = bea.get(alias).await.ok();
    assert_eq!(long["availability"][0]["available_slots"], json!([]));
}

/// 004-X2: which days can be asked for.
#[tokio::test]
async fn a_range_of_days_has_an_end_and_a_doctor() {
    let hub = open().await;
    let (ali, ana, _) = people(&hub).await;
    let lone = hub.lone_doctor("lone").await;

    for (query, pointer) in [
        ("&start_date=2030-01-14&end_date=2030-01-13", "/end_date"),
        ("&end_date=2030-01-06", "/end_date"),
        ("&start_date=2030-01-01&end_date=2030-03-04", "/end_date"),
        ("&end_date=2999-01-01", "/end_date"),
        ("&start_date=soon", "/start_date"),
        ("&days=3", "/days"),
    ] {
        let problem = month(&ana, &ali, query).await.problem();
        assert_eq!((problem.status, &*problem.errors[0].pointer), (400, pointer), "{query}");
    }
    let path = "/api/appointments/doctor_availability/";
    assert_eq!(ana.get(path).await.problem().errors[0].pointer, "/doctor_id");
    assert_eq!(month(&ana, &lone, "").await.refusal(), "404 not-found");
    assert_eq!(hub.visitor().get(path).await.refusal(), "401 unauthenticated");
    for (query, days) in [
        ("&start_date=2030-01-01&end_date=2030-03-03", 62),
        ("&start_date=2019-01-01&end_date=2019-01-31", 31),
        ("&start_date=2039-01-01", 7),
        ("&end_date=2030-01-07", 1),
    ] {
        let found = month(&ana, &ali, query).await.ok();
        assert_eq!(found["availability"].as_array().unwrap().len(), days, "{query}");
    }
}

/// 004-X2: two months of slots are one round, however much is booked.
#[tokio::test]
async fn months_of_slots_are_read_at_once() {
    let hub = open().await;
    let (ali, ana, _) = people(&hub).await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-11:00"}})).await;
    let range = "&start_date=2030-01-07&end_date=2030-03-09";
    hub.meter.take();
    month(&ana, &ali, range).await.ok();
    let before = hub.meter.take();
    for (date, time) in [(MONDAY, "09:00"), (MONDAY, "09:30"), ("2030-01-21", "10:00")] {
        book(&ana, &ali, date, time).await.ok();
    }
    hub.meter.take();

    month(&ana, &ali, range).await.ok();

    let after = hub.meter.take();
    // The first round is whoever asks.
    assert_eq!((after.rounds, &after.calls), (2, &before.calls));
    let calls: Vec<_> = after.calls.iter().map(|(name, calls)| format!("{name} {calls}")).collect();
    assert_eq!(calls, ["BatchGetItem 1", "GetItem 1", "Query 2"]);
    assert!(after.read_units <= before.read_units + 1.0, "{after:?}");
}

/// 003-18, 004-17: the doctors who take appointments, as both kinds of clients know them.
#[tokio::test]
async fn available_doctors_are_those_who_take_appointments() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    hub.clock.advance(SignedDuration::from_secs(1));
    let zoe = hub.doctor_of(&hospital, "Zoe", "Rahman").await;
    hub.lone_doctor("lone").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let facts = json!({
        "specialization": "Neurology", "consultation_fee": "150.00", "appointment_duration": 45,
        "available_timings": {"MONDAY": "09:00-12:00"}, "max_patients_per_day": 8,
    });
    zoe.patch("/api/doctors/update_profile/", facts).await.ok();

    for path in [
        SEEK,
        "/api/v1/appointments/available_doctors/",
        "/api/appointment-booking/available_doctors/",
        "/api/v1/appointment-booking/available_doctors/",
    ] {
        let found = ana.get(path).await.ok();
        assert_eq!(names(&found), ["Ali Mehmood", "Zoe Rahman"], "{path}");
        assert_eq!((&found["count"], &found["next"]), (&json!(2), &Value::Null));
    }
    let found = ana.get(format!("{SEEK}?specialty=neurology")).await.ok();
    assert_eq!(
        found["doctors"],
        json!([{
            "id": zoe.id_as("doc"), "name": "Zoe Rahman", "doctor_name": "Dr. Zoe Rahman",
            "specialization": "Neurology", "specialty": "Neurology", "rating": null,
            "consultation_fee": "150.00", "online_consultation_fee": null,
            "is_online_consultation_available": false,
            "hospital": hospital.id_as("hsp"), "hospital_name": "jinnah Hospital",
            "availability": {"MONDAY": ["09:00-12:00"]}, "timezone": "UTC",
            "appointment_duration": 45, "buffer_minutes": 0, "max_patients_per_day": 8,
        }])
    );
    let same = ana.get(format!("{SEEK}?specialization=NEUROLOGY&search=zo")).await.ok();
    assert_eq!(same["doctors"], found["doctors"]);

    ali.patch("/api/doctors/update_profile/", json!({"is_available": false})).await.ok();
    assert_eq!(names(&ana.get(SEEK).await.ok()), ["Zoe Rahman"]);
    let superadmin = hub.superadmin().await;
    assert_eq!(names(&superadmin.get(SEEK).await.ok()), ["Zoe Rahman"]);
    superadmin.delete(format!("/api/hospitals/{}/", hospital.id_as("hsp"))).await.ok();
    assert_eq!(names(&ana.get(SEEK).await.ok()), [""; 0]);
    assert_eq!(hub.visitor().get(SEEK).await.refusal(), "401 unauthenticated");
}

/// 003-18: of a day, only those who still have time.
#[tokio::test]
async fn available_doctors_of_a_day_have_a_free_slot_on_it() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    hub.clock.advance(SignedDuration::from_secs(1));
    let zoe = hub.doctor_of(&hospital, "Zoe", "Rahman").await;
    let ana = hub.patient("ana", "+923001234567").await;
    hours(&ali, json!({"available_days": {"MONDAY": "09:00-10:00"}})).await;
    hours(&zoe, json!({"available_days": {"MONDAY": "09:00-09:30", "TUESDAY": "09:00-09:30"}}))
        .await;
    let on = async |date: &str| {
        let found = ana.get(format!("{SEEK}?date={date}")).await.ok();
        let doctors = found["doctors"].as_array().unwrap().clone();
        let shown = |doctor: &Value| format!("{} {}", text(&doctor["name"]), doctor["slots"]);
        doctors.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(on(MONDAY).await, ["Ali Mehmood 2", "Zoe Rahman 1"]);
    assert_eq!(on("2030-01-15").await, ["Zoe Rahman 1"]);
    assert_eq!(on("2030-01-06").await, [""; 0]);

    book(&ana, &zoe, MONDAY, "09:00").await.ok();
    book(&ana, &ali, MONDAY, "09:30").await.ok();
    let off = json!({"date": "2030-01-15", "is_available": false});
    zoe.post(format!("/api/doctors/{}/availability/", zoe.id_as("doc")), off).await.ok();

    hub.meter.take();
    assert_eq!(on(MONDAY).await, ["Ali Mehmood 1"]);
    let spent = hub.meter.take();
    assert_eq!(spent.calls.get("BatchGetItem"), Some(&3), "caller, doctors, diaries: {spent:?}");
    assert_eq!(on("2030-01-15").await, [""; 0]);
    let problem = ana.get(format!("{SEEK}?date=someday")).await.problem();
    assert_eq!(problem.errors[0].pointer, "/date");
}

/// 003-18: pages go on, also when the day leaves some doctors out.
#[tokio::test]
async fn available_doctors_come_in_pages() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ana = hub.patient("ana", "+923001234567").await;
    for number in 0..5 {
        hub.clock.advance(SignedDuration::from_secs(1));
        let doctor = hub.doctor_of(&hospital, "Doctor", &format!("Number{number}")).await;
        if number != 1 {
            hours(&doctor, json!({"available_days": {"MONDAY": "09:00-10:00"}})).await;
        }
    }
    for (query, pages) in [("limit=2", [2, 2, 1]), ("limit=2&date=2030-01-14", [1, 2, 1])] {
        let (mut path, mut seen) = (Some(format!("{SEEK}?{query}")), Vec::new());
        while let Some(next) = path {
            let page = ana.get(next).await.ok();
            seen.push(names(&page).len());
            path = page["next"].as_str().map(str::to_owned);
        }
        assert_eq!(seen, pages, "{query}");
    }
}

pub(crate) async fn book(
    patient: &Caller<'_>,
    doctor: &Caller<'_>,
    date: &str,
    time: &str,
) -> Reply {
    let body = json!({
        "doctor_id": doctor.id_as("doc"), "appointment_date": date, "start_time": time,
    });
    patient.post("/api/appointments/book/", body).await
}

/// Sets the hours of a doctor.
pub(crate) async fn hours(doctor: &Caller<'_>, week: Value) -> Value {
    doctor.put(OWN_HOURS, week).await.ok()
}

/// When the free slots of a day begin, as `person` sees them.
pub(crate) async fn starts(person: &Caller<'_>, doctor: &Caller<'_>, date: &str) -> Vec<String> {
    let found = person.get(day(doctor, date)).await.ok();
    let starts = found["available_slots"].as_array().unwrap();
    starts.iter().map(|start| text(start).to_owned()).collect()
}

/// A doctor of a hospital and two patients.
pub(crate) async fn people(hub: &TestHub) -> (Caller<'_>, Caller<'_>, Caller<'_>) {
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", "+923001234567").await;
    (ali, ana, hub.patient("bea", "+923001234568").await)
}

fn day(doctor: &Caller<'_>, date: &str) -> String {
    format!("/api/doctors/{}/available_slots/?date={date}", doctor.id_as("doc"))
}

async fn month(person: &Caller<'_>, doctor: &Caller<'_>, query: &str) -> Reply {
    let doctor = doctor.id_as("doc");
    person.get(format!("/api/appointments/doctor_availability/?doctor_id={doctor}{query}")).await
}

fn shown(day: &Value) -> String {
    let free = day["available_slots"].to_string();
    assert_eq!(day["is_available"], json!(free != "[]"));
    format!("{} {} {free}", text(&day["date"]), text(&day["day"]))
}

fn names(page: &Value) -> Vec<&str> {
    page["doctors"].as_array().unwrap().iter().map(|doctor| text(&doctor["name"])).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Moves the clock on to so long behind that instant, unless it is later already.
fn travel_to(hub: &TestHub, instant: &str, behind: SignedDuration) {
    let to = instant.parse::<Timestamp>().unwrap() + behind;
    let way = to.duration_since(hub.clock.now());
    if way.is_positive() {
        hub.clock.advance(way);
    }
}
