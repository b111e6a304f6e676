//! When doctors see patients: weeks, days that differ, and the slots that come of them.

use carehub_testkit::{Caller, Reply};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, doctor, id_of, open};

const ANA: &str = "+923001234567";
const OWN_WEEK: &str = "/api/v1/doctor-availability/";
const OWN_HOURS: &str = "/api/doctors/availability/";
const SPELLINGS: [&str; 3] = ["/api/doctors", "/api/admin/doctors", "/api/v1/doctors"];
/// The Monday on which the hub opens.
const MONDAY: &str = "2030-01-07";

/// 002-D33, 002-D34, 002-D35, 002-D36, 002-D37, 002-D38: a doctor keeps a week of shifts with
/// breaks.
#[tokio::test]
async fn a_doctor_keeps_a_week_of_shifts() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    for spelling in SPELLINGS {
        let all = format!("{spelling}/{}/schedule/", ali.id_as("doc"));
        let body = json!({
            "day_of_week": "monday", "start_time": "09:00:00", "end_time": "17:00",
            "is_available": true, "break_start_time": "13:00", "break_end_time": "14:00:00",
            "break_reason": "Lunch",
        });

        let reply = ali.post(&all, body).await;

        let mut shift = reply.ok();
        assert_eq!(reply.status, 201);
        assert_eq!(
            shift,
            json!({
                "id": shift["id"], "doctor": ali.id_as("doc"), "day_of_week": "MONDAY",
                "start_time": "09:00", "end_time": "17:00", "is_available": true,
                "break_start_time": "13:00", "break_end_time": "14:00", "break_reason": "Lunch",
                "breaks": [{"start_time": "13:00", "end_time": "14:00", "reason": "Lunch"}],
                "max_patients": null,
            })
        );
        let id = id_of(&shift).to_owned();
        let location = format!("/api/doctors/{}/schedule/{id}", ali.id_as("doc"));
        assert_eq!(reply.header("location"), location);
        let item = format!("{all}{id}/");
        let shown = ali.get(&item).await;
        assert_eq!((shown.ok(), shown.header("etag")), (shift.clone(), reply.header("etag")));
        let list = ali.get(&all).await.ok();
        assert_eq!((&list["count"], &list["results"]), (&json!(1), &json!([shift])));
        assert_eq!(week(&ali).await, json!({"MONDAY": ["09:00-13:00", "14:00-17:00"]}));

        shift["end_time"] = json!("18:00");
        assert_eq!(ali.put(&item, json!({"end_time": "6 pm"})).await.ok(), shift);
        shift["breaks"] = json!([]);
        for field in ["break_start_time", "break_end_time", "break_reason"] {
            shift[field] = Value::Null;
        }
        let change = json!({"break_start_time": null, "break_end_time": null});
        assert_eq!(ali.patch(&item, change).await.ok(), shift);
        assert_eq!(week(&ali).await, json!({"MONDAY": ["09:00-18:00"]}));

        assert_eq!(ali.delete(&item).await.status, 204);
        assert_eq!(ali.get(&item).await.refusal(), "404 not-found");
        assert_eq!(ali.delete(&item).await.refusal(), "404 not-found");
        assert_eq!(week(&ali).await, json!({}));
    }
}

/// 002-D27, 002-D28, 002-D29, 002-D30, 002-D31, 002-D32: a day that differs is set by its date.
#[tokio::test]
async fn a_day_that_differs_is_set_by_its_date() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    for spelling in SPELLINGS {
        let all = format!("{spelling}/{}/availability/", ali.id_as("doc"));
        let body = json!({
            "date": "2030-01-14", "start_time": "10:00", "end_time": "12:00",
            "is_available": true, "reason": "Conference",
        });

        let reply = ali.post(&all, body).await;

        let mut day = reply.ok();
        assert_eq!(reply.status, 201);
        assert_eq!(
            day,
            json!({
                "kind": "DATE", "id": "2030-01-14", "doctor": ali.id_as("doc"),
                "date": "2030-01-14", "start_time": "10:00", "end_time": "12:00",
                "is_available": true, "reason": "Conference",
            })
        );
        let location = format!("/api/doctors/{}/availability/2030-01-14", ali.id_as("doc"));
        assert_eq!(reply.header("location"), location);
        let item = format!("{all}2030-01-14/");
        let shown = ali.get(&item).await;
        assert_eq!((shown.ok(), shown.header("etag")), (day.clone(), reply.header("etag")));
        assert_eq!(ali.get(&all).await.ok()["results"], json!([day]));

        day["end_time"] = json!("13:00");
        assert_eq!(ali.put(&item, json!({"end_time": "13:00"})).await.ok(), day);
        day["is_available"] = json!(false);
        day["start_time"] = Value::Null;
        day["end_time"] = Value::Null;
        day["reason"] = json!("Leave");
        let off = json!({"is_available": false, "reason": "Leave"});
        assert_eq!(ali.patch(&item, off).await.ok(), day);
        assert_eq!(ali.get(&item).await.ok(), day);

        assert_eq!(ali.delete(&item).await.status, 204);
        assert_eq!(ali.get(&item).await.refusal(), "404 not-found");
        assert_eq!(ali.delete(&item).await.refusal(), "404 not-found");
        assert_eq!(ali.get(&all).await.ok()["count"], 0);
    }
}

/// 002-D27, 002-D28, 002-D29, 002-D31, 002-D32: the flow file posts a weekly window to the same
/// place, and it is a shift of the week.
#[tokio::test]
async fn a_weekly_window_may_be_posted_as_availability() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let body = json!({
        "day_of_week": "tuesday", "start_time": "09:00", "end_time": "12:00",
        "is_available": true, "max_patients": 10,
    });

    let reply = ali.post(availability(&ali), body).await;

    let window = reply.ok();
    assert_eq!((&window["kind"], &window["day_of_week"]), (&json!("WEEKLY"), &json!("TUESDAY")));
    assert_eq!(window["max_patients"], 10);
    let item = format!("{}{}/", availability(&ali), id_of(&window));
    assert_eq!(reply.header("location"), item.trim_end_matches('/'));
    assert_eq!(ali.get(&item).await.ok(), window);
    assert_eq!(ali.get(schedule(&ali)).await.ok()["results"][0]["id"], window["id"]);
    assert_eq!(week(&ali).await, json!({"TUESDAY": ["09:00-12:00"]}));
    let changed = ali.patch(&item, json!({"end_time": "13:00", "max_patients": null})).await.ok();
    assert_eq!((&changed["kind"], &changed["end_time"]), (&json!("WEEKLY"), &json!("13:00")));
    assert_eq!(changed["max_patients"], Value::Null);
    let day = json!({"date": MONDAY, "is_available": false});
    ali.post(availability(&ali), day).await.ok();
    let list = ali.get(availability(&ali)).await.ok();
    assert_eq!(
        (&list["results"][0]["kind"], &list["results"][1]["kind"]),
        (&json!("DATE"), &json!("WEEKLY"))
    );
    assert_eq!(ali.delete(&item).await.status, 204);
    assert_eq!(week(&ali).await, json!({}));
}

/// 000-14, 002-D28, 002-D34, 004-15: hours in the words of each system make one and the same week.
#[tokio::test]
async fn hours_in_every_form_make_one_week() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let expected = json!({"MONDAY": ["09:00-12:00", "13:00-17:00"], "SUNDAY": ["10:00-12:00"]});
    let mut weeks = Vec::new();

    let ali = hub.doctor_of(&hospital, "Ali", "One").await;
    let timings = json!({"available_timings": {"monday": ["9:00 AM - 12:00 PM", "13:00-17:00"], "sun": "10:00-12:00"}});
    hospital.patch(format!("/api/hospitals/doctors/{}/", ali.id_as("doc")), timings).await.ok();
    weeks.push(slots_of_both_days(&ali).await);

    let bea = hub.doctor_of(&hospital, "Bea", "Two").await;
    let with_break = json!({
        "day_of_week": "Monday", "start_time": "09:00", "end_time": "17:00",
        "break_start_time": "12:00", "break_end_time": "13:00",
    });
    bea.post(schedule(&bea), with_break).await.ok();
    let weekly = json!({"day_of_week": "SUNDAY", "start_time": "10:00", "end_time": "12:00"});
    bea.post(availability(&bea), weekly).await.ok();
    weeks.push(slots_of_both_days(&bea).await);

    let cem = hub.doctor_of(&hospital, "Cem", "Three").await;
    for (day, start, end) in
        [(0, "09:00:00", "12:00:00"), (0, "13:00", "17:00"), (6, "10:00", "12:00")]
    {
        let body =
            json!({"day_of_week": day, "start_time": start, "end_time": end, "is_available": true});
        cem.post(OWN_WEEK, body).await.ok();
    }
    weeks.push(slots_of_both_days(&cem).await);

    let dan = hub.doctor_of(&hospital, "Dan", "Four").await;
    let days = json!({"available_days": {
        "MONDAY": [{"start_time": "09:00", "end_time": "12:00"}, {"start_time": "13:00", "end_time": "17:00"}],
        "sunday": {"start_time": "10:00", "end_time": "12:00", "is_available": true},
        "tuesday": {"start_time": null, "end_time": null, "is_available": false},
    }});
    dan.put(OWN_HOURS, days).await.ok();
    weeks.push(slots_of_both_days(&dan).await);

    for doctor in [&ali, &bea, &cem, &dan] {
        assert_eq!(week(doctor).await, expected);
    }
    assert!(weeks.iter().all(|week| week == &weeks[0]), "{weeks:?}");
    assert_eq!(weeks[0].len(), 6 + 8 + 4);
}

/// 003-C2: a doctor keeps the own week, shift by shift, and switches shifts off and on.
#[tokio::test]
async fn a_doctor_keeps_the_own_week() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let body =
        json!({"day_of_week": 6, "start_time": "09:00", "end_time": "12:00", "is_available": true});

    let reply = ali.post(OWN_WEEK, body).await;

    let shift = reply.ok();
    assert_eq!((reply.status.as_u16(), &shift["day_of_week"]), (201, &json!("SUNDAY")));
    let item = format!("{OWN_WEEK}{}/", id_of(&shift));
    assert_eq!(reply.header("location"), format!("/api/doctor-availability/{}", id_of(&shift)));
    assert_eq!(ali.get(&item).await.ok(), shift);
    assert_eq!(ali.get(OWN_WEEK).await.ok()["results"], json!([shift]));
    assert_eq!(ali.get(schedule(&ali)).await.ok()["results"], json!([shift]));
    assert_eq!(ali.patch(&item, json!({"day_of_week": 0})).await.ok()["day_of_week"], "MONDAY");
    assert_eq!(ali.put(&item, json!({"end_time": "11:00"})).await.ok()["end_time"], "11:00");
    assert_eq!(week(&ali).await, json!({"MONDAY": ["09:00-11:00"]}));
    let toggle = format!("{item}toggle/");
    assert_eq!(ali.post(&toggle, json!({})).await.ok()["is_available"], false);
    assert_eq!(week(&ali).await, json!({}));
    assert_eq!(ali.post(&toggle, Value::Null).await.ok()["is_available"], true);
    assert_eq!(week(&ali).await, json!({"MONDAY": ["09:00-11:00"]}));
    assert_eq!(ali.delete(&item).await.status, 204);
    assert_eq!(ali.get(&item).await.refusal(), "404 not-found");
    assert_eq!(ali.post(&toggle, json!({})).await.refusal(), "404 not-found");
}

/// Optional routes of 003: others read the week of a doctor whom they name, and keep none.
#[tokio::test]
async fn only_doctors_keep_a_week_of_their_own() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let bea = hub.doctor_of(&hospital, "Bea", "Baum").await;
    let ana = hub.patient("ana", ANA).await;
    let body = json!({"day_of_week": 0, "start_time": "09:00", "end_time": "12:00"});
    let shift = ali.post(OWN_WEEK, &body).await.ok();
    let item = format!("{OWN_WEEK}{}/", id_of(&shift));

    for person in [&ana, &hospital] {
        let replies = [
            person.get(OWN_WEEK).await,
            person.post(OWN_WEEK, &body).await,
            person.get(&item).await,
            person.patch(&item, json!({"day_of_week": 1})).await,
            person.delete(&item).await,
            person.post(format!("{item}toggle/"), json!({})).await,
        ];
        assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"), "{replies:?}");
    }
    for reply in [bea.get(&item).await, bea.delete(&item).await] {
        assert_eq!(reply.refusal(), "404 not-found");
    }
    for parameter in ["doctor", "doctor_id"] {
        let list = ana.get(format!("{OWN_WEEK}?{parameter}={}", ali.id_as("doc"))).await.ok();
        assert_eq!(list["results"], json!([shift]));
    }
}

/// 002-D30, 002-D36, 002-D32, 002-D38: only the doctor, the hospital and admins set the hours.
#[tokio::test]
async fn others_read_the_hours_and_leave_them_alone() {
    let hub = open().await;
    let admin = hub.admin().await;
    let (hospital, other) = (hub.hospital("jinnah").await, hub.hospital("other").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let bea = hub.doctor_of(&hospital, "Bea", "Baum").await;
    let (ana, cora) = (hub.patient("ana", ANA).await, hub.coordinator("cora").await);
    let shift = json!({"day_of_week": "monday", "start_time": "09:00", "end_time": "12:00"});
    let made = ali.post(schedule(&ali), &shift).await.ok();
    let item = format!("{}{}/", schedule(&ali), id_of(&made));
    let day = json!({"date": MONDAY, "is_available": false});
    ali.post(availability(&ali), &day).await.ok();
    let date = format!("{}{MONDAY}/", availability(&ali));

    for stranger in [&other, &bea, &ana, &cora] {
        let replies = [
            stranger.post(schedule(&ali), &shift).await,
            stranger.patch(&item, json!({"is_available": false})).await,
            stranger.delete(&item).await,
            stranger
                .post(availability(&ali), json!({"date": "2030-01-08", "is_available": false}))
                .await,
            stranger.patch(&date, json!({"reason": "Mine"})).await,
            stranger.delete(&date).await,
        ];
        assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"), "{replies:?}");
        assert_eq!(stranger.get(schedule(&ali)).await.ok()["count"], 1);
        assert_eq!(stranger.get(availability(&ali)).await.ok()["count"], 2);
    }
    for (friend, day) in [(&hospital, "tuesday"), (&admin, "friday")] {
        let body = json!({"day_of_week": day, "start_time": "09:00", "end_time": "12:00"});
        friend.post(schedule(&ali), body).await.ok();
        friend.patch(&date, json!({"reason": day})).await.ok();
    }
    assert_eq!(ali.get(schedule(&ali)).await.ok()["count"], 3);
}

/// 002-D34, 002-D37: shifts of a day do not overlap, but a day may have several, one behind the
/// other.
#[tokio::test]
async fn shifts_of_a_day_do_not_overlap() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let shift = |day: &str, start: &str, end: &str| json!({"day_of_week": day, "start_time": start, "end_time": end});
    for window in [("09:00", "12:00"), ("12:00", "14:00"), ("20:00", "24:00")] {
        ali.post(schedule(&ali), shift("monday", window.0, window.1)).await.ok();
    }
    let tuesday = ali.post(schedule(&ali), shift("tuesday", "09:00", "12:00")).await.ok();
    let hours = json!({
        "MONDAY": ["09:00-12:00", "12:00-14:00", "20:00-24:00"], "TUESDAY": ["09:00-12:00"],
    });
    assert_eq!(week(&ali).await, hours);

    for path in [schedule(&ali), availability(&ali), OWN_WEEK.to_owned()] {
        for (start, end) in [
            ("11:59", "12:30"),
            ("08:00", "09:01"),
            ("10:00", "11:00"),
            ("00:00", "24:00"),
            ("09:00", "12:00"),
        ] {
            let problem = ali.post(&path, shift("Monday", start, end)).await.problem();
            assert_eq!(
                (problem.status, &*problem.errors[0].pointer),
                (400, "/start_time"),
                "{start}"
            );
        }
    }
    let item = format!("{}{}/", schedule(&ali), id_of(&tuesday));
    let moved = ali.patch(&item, json!({"day_of_week": "monday"})).await.problem();
    assert_eq!(moved.errors[0].pointer, "/start_time");
    assert_eq!(week(&ali).await, hours);
}

/// 002-D34, 002-D37: breaks lie within their shift and do not overlap.
#[tokio::test]
async fn breaks_lie_within_their_shift() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let shift = |breaks: &[(&str, &str)]| {
        let breaks: Vec<_> = breaks
            .iter()
            .map(|(start, end)| json!({"start_time": start, "end_time": end}))
            .collect();
        json!({"day_of_week": "monday", "start_time": "09:00", "end_time": "17:00", "breaks": breaks})
    };

    for breaks in [
        vec![("08:00", "09:30")],
        vec![("16:30", "17:30")],
        vec![("18:00", "19:00")],
        vec![("12:00", "13:00"), ("12:30", "13:30")],
    ] {
        let problem = ali.post(schedule(&ali), shift(&breaks)).await.problem();
        assert_eq!(
            (problem.status, &*problem.errors[0].pointer),
            (400, "/break_start_time"),
            "{breaks:?}"
        );
    }
    let backwards = ali.post(schedule(&ali), shift(&[("13:00", "12:00")])).await.problem();
    assert_eq!(backwards.errors[0].pointer, "/breaks");
    let many = ali.post(schedule(&ali), shift(&[("12:00", "12:01"); 11])).await.problem();
    assert_eq!(many.errors[0].pointer, "/breaks");

    let made =
        ali.post(schedule(&ali), shift(&[("15:00", "15:30"), ("12:00", "13:00")])).await.ok();

    assert_eq!(made["break_start_time"], "12:00");
    assert_eq!(week(&ali).await, json!({"MONDAY": ["09:00-12:00", "13:00-15:00", "15:30-17:00"]}));
    let item = format!("{}{}/", schedule(&ali), id_of(&made));
    let short = ali.patch(&item, json!({"end_time": "15:00"})).await.problem();
    assert_eq!(short.errors[0].pointer, "/break_start_time");
    let half = ali.patch(&item, json!({"break_end_time": null})).await.problem();
    assert_eq!(half.errors[0].pointer, "/break_end_time");
    ali.patch(&item, json!({"breaks": []})).await.ok();
    assert_eq!(week(&ali).await, json!({"MONDAY": ["09:00-17:00"]}));
}

/// 002-D28, 002-D34, 004-15: hours that make no sense are named with their place.
#[tokio::test]
async fn wrong_hours_are_named() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let sound = json!({"day_of_week": "monday", "start_time": "09:00", "end_time": "12:00"});

    for (field, value, pointer) in [
        ("day_of_week", json!("someday"), "/day_of_week"),
        ("day_of_week", json!(7), "/day_of_week"),
        ("day_of_week", json!(-1), "/day_of_week"),
        ("start_time", json!("9"), "/start_time"),
        ("start_time", json!("12:00"), "/end_time"),
        ("start_time", json!("13:00"), "/end_time"),
        ("start_time", Value::Null, "/start_time"),
        ("end_time", json!("24:01"), "/end_time"),
        ("is_available", json!("yes"), "/is_available"),
        ("max_patients", json!(51), "/max_patients"),
        ("break_start_time", json!("10:00"), "/break_end_time"),
        ("shoe_size", json!(40), "/shoe_size"),
    ] {
        let mut body = sound.clone();
        body[field] = value;
        for path in [schedule(&ali), availability(&ali), OWN_WEEK.to_owned()] {
            let problem = ali.post(&path, &body).await.problem();
            assert_eq!(
                (problem.status, &*problem.errors[0].pointer),
                (400, pointer),
                "{path} {body}"
            );
        }
    }
    for (body, pointer) in [
        (json!({"available_days": {"SOMEDAY": "09:00-12:00"}}), "/available_days"),
        (json!({"available_days": {"MONDAY": ["12:00-09:00"]}}), "/available_days"),
        (json!({"available_days": {"MONDAY": ["09:00-12:00", "11:00-13:00"]}}), "/available_days"),
        (json!({"available_days": {"MONDAY": {"start_time": "09:00"}}}), "/available_days"),
        (json!({"appointment_duration": 14}), "/appointment_duration"),
        (json!({"appointment_duration": 121}), "/appointment_duration"),
        (json!({"max_patients_per_day": 0}), "/max_patients_per_day"),
        (json!({"timezone": "Mars/Base"}), "/timezone"),
    ] {
        let problem = ali.put(OWN_HOURS, &body).await.problem();
        assert_eq!(problem.status, 400);
        assert!(problem.errors[0].pointer.starts_with(pointer), "{body}: {:?}", problem.errors);
    }
    assert_eq!(week(&ali).await, json!({}));
}

/// 002-D28: days that make no sense are named.
#[tokio::test]
async fn wrong_days_are_named() {
    let hub = open().await;
    let ali = doctor(&hub).await;

    for (body, pointer) in [
        (json!({"start_time": "09:00", "end_time": "12:00"}), "/date"),
        (json!({"date": MONDAY, "day_of_week": 0, "is_available": false}), "/day_of_week"),
        (json!({"date": "2030-01-06", "is_available": false}), "/date"),
        (json!({"date": "2031-02-11", "is_available": false}), "/date"),
        (json!({"date": "07.01.2030", "is_available": false}), "/date"),
        (json!({"date": MONDAY}), "/start_time"),
        (json!({"date": MONDAY, "start_time": "09:00"}), "/end_time"),
        (json!({"date": MONDAY, "start_time": "12:00", "end_time": "09:00"}), "/end_time"),
        (json!({"date": MONDAY, "is_available": false, "reason": "x".repeat(301)}), "/reason"),
    ] {
        let problem = ali.post(availability(&ali), &body).await.problem();
        assert_eq!((problem.status, &*problem.errors[0].pointer), (400, pointer), "{body}");
    }
    let last = json!({"date": "2031-02-10", "is_available": false});
    ali.post(availability(&ali), last).await.ok();
    assert_eq!(ali.get(availability(&ali)).await.ok()["count"], 1);
}

/// 002-D28: a day is set once; of many who set it at once, one does.
#[tokio::test]
async fn a_day_is_set_once() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let body = json!({"date": MONDAY, "is_available": false});

    let replies = join_all((0..3).map(|_| ali.post(availability(&ali), &body))).await;

    let (made, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    assert_eq!(made.len(), 1);
    assert!(refused.iter().all(|reply| reply.refusal() == "409 day-exists"), "{refused:?}");
    let again = ali.post(availability(&ali), &body).await;
    assert_eq!(again.refusal(), "409 day-exists");
}

/// 002-D30, 002-D31, 002-D32: a day keeps its date, and is changed as it was seen.
#[tokio::test]
async fn a_day_is_changed_as_it_was_seen() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let body = json!({"date": MONDAY, "is_available": false});
    let made = ali.post(availability(&ali), body).await;
    let item = format!("{}{MONDAY}/", availability(&ali));
    let careful = ali.with_header("if-match", made.header("etag"));

    let moved = ali.patch(&item, json!({"date": "2030-01-08"})).await.problem();
    let first = careful.patch(&item, json!({"reason": "Leave", "date": MONDAY})).await;
    let late = careful.patch(&item, json!({"reason": "Late"})).await;
    let removal = careful.delete(&item).await;

    assert_eq!(moved.errors[0].pointer, "/date");
    assert_eq!(first.ok()["reason"], "Leave");
    for reply in [late, removal] {
        assert_eq!(reply.refusal(), "412 precondition-failed");
    }
    let opened = ali.patch(&item, json!({"start_time": "10:00", "end_time": "11:00"})).await.ok();
    assert_eq!((&opened["is_available"], &opened["reason"]), (&json!(true), &json!("Leave")));
}

/// 002-D27: the days that differ are listed from today on, earliest first.
#[tokio::test]
async fn days_are_listed_from_today_on() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    for date in ["2030-02-01", MONDAY, "2030-01-20"] {
        ali.post(availability(&ali), json!({"date": date, "is_available": false})).await.ok();
    }
    let dates = async |query: &str| {
        let list = ali.get(format!("{}{query}", availability(&ali))).await.ok();
        let days = list["results"].as_array().unwrap().clone();
        days.iter().map(|day| day["date"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    assert_eq!(dates("").await, [MONDAY, "2030-01-20", "2030-02-01"]);
    assert_eq!(dates("?start_date=2030-01-20").await, ["2030-01-20", "2030-02-01"]);
    let wrong = ali.get(format!("{}?start_date=soon", availability(&ali))).await.problem();
    assert_eq!(wrong.errors[0].pointer, "/start_date");
    hub.clock.advance(SignedDuration::from_hours(24));
    let ali = hub.sign_in(ali.user["username"].as_str().unwrap(), crate::support::PASSWORD).await;
    let list = ali.get(availability(&ali)).await.ok();
    assert_eq!(list["count"], 2);
}

/// 002-D33: the week is shown for the days that one asks for, too.
#[tokio::test]
async fn the_days_of_a_week_are_shown() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let ana = hub.patient("ana", ANA).await;
    let shift = json!({"day_of_week": "monday", "start_time": "09:00", "end_time": "12:00"});
    ali.post(schedule(&ali), shift).await.ok();
    let leave = json!({"date": "2030-01-14", "is_available": false, "reason": "Leave"});
    ali.post(availability(&ali), leave).await.ok();
    let extra = json!({"date": "2030-01-15", "start_time": "10:00", "end_time": "11:00"});
    ali.post(availability(&ali), extra).await.ok();

    let path = format!("{}?start_date=2030-01-13&end_date=2030-01-21", schedule(&ali));
    let list = ana.get(path).await.ok();

    let days = list["days"].as_array().unwrap();
    assert_eq!((list["count"].as_u64(), days.len()), (Some(1), 9));
    let day = |date: &str, name: &str, hours: Value, reason: Value| {
        let is_available = hours != json!([]);
        json!({"date": date, "day_of_week": name, "is_available": is_available, "hours": hours, "reason": reason})
    };
    assert_eq!(days[0], day("2030-01-13", "SUNDAY", json!([]), Value::Null));
    assert_eq!(days[1], day("2030-01-14", "MONDAY", json!([]), json!("Leave")));
    assert_eq!(days[2], day("2030-01-15", "TUESDAY", json!(["10:00-11:00"]), Value::Null));
    assert_eq!(days[8], day("2030-01-21", "MONDAY", json!(["09:00-12:00"]), Value::Null));
    assert_eq!(ana.get(schedule(&ali)).await.ok().get("days"), None);
    for (query, pointer) in [
        ("start_date=2030-01-13", "/end_date"),
        ("end_date=2030-01-13", "/start_date"),
        ("start_date=2030-01-13&end_date=2030-01-12", "/end_date"),
        ("start_date=2030-01-01&end_date=2030-02-01", "/end_date"),
        ("start_date=x&end_date=2030-02-01", "/start_date"),
    ] {
        let problem = ana.get(format!("{}?{query}", schedule(&ali))).await.problem();
        assert_eq!((problem.status, &*problem.errors[0].pointer), (400, pointer), "{query}");
    }
}

/// 002-D37: a change to a week that was seen elsewhere is refused; nothing of others is lost.
#[tokio::test]
async fn a_week_is_changed_as_it_was_seen() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let shift = json!({"day_of_week": "monday", "start_time": "09:00", "end_time": "12:00"});
    let made = ali.post(schedule(&ali), shift).await;
    let item = format!("{}{}/", schedule(&ali), id_of(&made.ok()));
    let careful = ali.with_header("if-match", made.header("etag"));
    careful.patch(&item, json!({"end_time": "13:00"})).await.ok();

    let late = careful.patch(&item, json!({"end_time": "14:00"})).await;
    let toggle = careful.post(format!("{OWN_WEEK}{}/toggle/", id_of(&made.ok())), json!({})).await;
    let removal = careful.delete(&item).await;

    for reply in [late, toggle, removal] {
        assert_eq!(reply.refusal(), "412 precondition-failed");
    }
    let days = ["tuesday", "wednesday", "thursday"];
    let replies = join_all(days.map(|day| {
        let body = json!({"day_of_week": day, "start_time": "09:00", "end_time": "12:00"});
        let path = schedule(&ali);
        let ali = &ali;
        async move { ali.post(path, body).await }
    }))
    .await;
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    let refused = replies.iter().filter(|reply| reply.status != 201);
    assert!(refused.map(Reply::refusal).all(|refusal| refusal == "409 doctor-stale"));
    assert!(made >= 1);
    assert_eq!(ali.get(schedule(&ali)).await.ok()["count"], made + 1);
}

/// 004-14, 004-15: a doctor reads and changes the own hours; days that are not named stay.
#[tokio::test]
async fn a_doctor_changes_the_own_hours() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let read = ali.get(OWN_HOURS).await;
    let flat = json!({
        "available_days": {}, "appointment_duration": 30, "buffer_minutes": 0,
        "max_patients_per_day": 20,
        "timezone": "UTC",
    });
    let mut whole = flat.clone();
    whole["availability"] = flat;
    assert_eq!(read.ok(), whole);

    let body = json!({
        "available_days": {
            "MONDAY": {"start_time": "09:00", "end_time": "17:00", "is_available": true},
            "friday": {"start_time": "09:00", "end_time": "12:00"},
        },
        "appointment_duration": 45, "max_patients_per_day": 12, "timezone": "Asia/Karachi",
    });
    let first = ali.put(OWN_HOURS, body).await.ok();
    assert_eq!(
        first["availability"],
        json!({
            "available_days": {"MONDAY": ["09:00-17:00"], "FRIDAY": ["09:00-12:00"]},
            "appointment_duration": 45, "buffer_minutes": 0, "max_patients_per_day": 12,
            "timezone": "Asia/Karachi",
        })
    );

    let part = json!({"available_days": {
        "Tue": {"start_time": "10:00", "end_time": "11:00"},
        "FRIDAY": {"start_time": null, "end_time": null, "is_available": false},
    }});
    let second = ali.patch("/api/v1/doctors/availability/", part).await.ok();

    assert_eq!(
        second["available_days"],
        json!({"MONDAY": ["09:00-17:00"], "TUESDAY": ["10:00-11:00"]})
    );
    assert_eq!(second["availability"]["appointment_duration"], 45);
    assert_eq!(ali.get(OWN_HOURS).await.ok(), second);
    let every = ali.put(OWN_HOURS, json!({"available_days": "9:00 AM - 5:00 PM"})).await.ok();
    assert_eq!(every["available_days"].as_object().unwrap().len(), 7);
    let late = ali.with_header("if-match", read.header("etag"));
    let late = late.put(OWN_HOURS, json!({"appointment_duration": 60})).await;
    assert_eq!(late.refusal(), "412 precondition-failed");
    for stranger in [hub.patient("ana", ANA).await, hub.coordinator("cora").await] {
        assert_eq!(stranger.get(OWN_HOURS).await.refusal(), "403 forbidden");
        assert_eq!(stranger.put(OWN_HOURS, json!({})).await.refusal(), "403 forbidden");
    }
}

/// 004-15: a day that is sent as it is keeps its breaks, and one that is not named keeps all.
#[tokio::test]
async fn days_that_stay_keep_their_breaks() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    for day in ["monday", "tuesday"] {
        let body = json!({
            "day_of_week": day, "start_time": "09:00", "end_time": "17:00",
            "break_start_time": "12:00", "break_end_time": "13:00", "break_reason": "Lunch",
        });
        ali.post(schedule(&ali), body).await.ok();
    }
    let before = ali.get(schedule(&ali)).await.ok();

    let same = json!({"available_days": {"MONDAY": ["09:00-12:00", "13:00-17:00"]}});
    ali.put(OWN_HOURS, same).await.ok();
    assert_eq!(ali.get(schedule(&ali)).await.ok(), before);
    ali.put(OWN_HOURS, json!({"available_days": {"MONDAY": "09:00-10:00"}})).await.ok();

    let after = ali.get(schedule(&ali)).await.ok();
    assert_eq!(after["count"], 2);
    assert_eq!(after["results"][0]["breaks"], json!([]));
    assert_eq!(after["results"][1], before["results"][1]);
    let whole = json!({"available_timings": {"MONDAY": ["09:00-10:00"], "TUESDAY": ["09:00-12:00", "13:00-17:00"]}});
    ali.patch("/api/doctors/update_profile/", whole).await.ok();
    assert_eq!(ali.get(schedule(&ali)).await.ok(), after);
}

/// 003-09: slots have the length of an appointment and leave out breaks and what is over.
#[tokio::test]
async fn slots_are_as_long_as_an_appointment() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let ana = hub.patient("ana", ANA).await;
    let shift = json!({
        "day_of_week": "monday", "start_time": "09:00", "end_time": "12:10",
        "break_start_time": "10:00", "break_end_time": "10:30",
    });
    ali.post(schedule(&ali), shift).await.ok();

    for spelling in SPELLINGS.into_iter().filter(|spelling| !spelling.contains("admin")) {
        let path = format!("{spelling}/{}/available_slots/?date={MONDAY}", ali.id_as("doc"));
        let found = ana.get(path).await.ok();
        assert_eq!((&found["date"], &found["timezone"]), (&json!(MONDAY), &json!("UTC")));
        assert_eq!(found["available_slots"], json!(["09:00", "09:30", "10:30", "11:00", "11:30"]));
        assert_eq!(
            found["slots"][0],
            json!({
                "start": "2030-01-07T09:00:00+00:00", "end": "2030-01-07T09:30:00+00:00",
                "start_time": "09:00:00", "end_time": "09:30:00", "timezone": "UTC",
            })
        );
    }
    ali.put(OWN_HOURS, json!({"appointment_duration": 45})).await.ok();
    assert_eq!(starts(&ana, &ali, MONDAY).await, ["09:00", "10:30", "11:15"]);
    ali.put(OWN_HOURS, json!({"appointment_duration": 120})).await.ok();
    assert_eq!(starts(&ana, &ali, MONDAY).await, [""; 0]);
    ali.put(OWN_HOURS, json!({"appointment_duration": 15})).await.ok();
    assert_eq!(starts(&ana, &ali, "2030-01-08").await, [""; 0]);
    hub.clock.advance(SignedDuration::from_mins(165));
    let ana = hub.sign_in("ana", crate::support::PASSWORD).await;
    assert_eq!(starts(&ana, &ali, MONDAY).await, ["11:00", "11:15", "11:30", "11:45"]);
}

/// 003-09: several windows a day, until midnight.
#[tokio::test]
async fn a_day_of_several_windows_goes_on_until_midnight() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let hours =
        json!({"available_days": {"MONDAY": ["09:00-10:00", "14:10-15:00", "23:00-24:00"]}});
    ali.put(OWN_HOURS, hours).await.ok();

    let path = format!("/api/doctors/{}/available_slots/?date={MONDAY}", ali.id_as("doc"));
    let found = ali.get(path).await.ok();

    assert_eq!(found["available_slots"], json!(["09:00", "09:30", "14:10", "23:00", "23:30"]));
    assert_eq!(found["slots"][4]["end"], "2030-01-08T00:00:00+00:00");
}

/// 003-09, 002-D28, 002-D32: a day off has no slots, a day with hours of its own has those.
#[tokio::test]
async fn slots_follow_the_days_that_differ() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    ali.put(OWN_HOURS, json!({"available_days": {"MONDAY": "09:00-11:00"}})).await.ok();
    let usual = ["09:00", "09:30", "10:00", "10:30"];
    assert_eq!(starts(&ali, &ali, "2030-01-14").await, usual);
    let item = format!("{}2030-01-14/", availability(&ali));

    let off = json!({"date": "2030-01-14", "start_time": "09:00", "end_time": "11:00", "is_available": false});
    ali.post(availability(&ali), off).await.ok();
    assert_eq!(starts(&ali, &ali, "2030-01-14").await, [""; 0]);
    assert_eq!(starts(&ali, &ali, "2030-01-21").await, usual);

    ali.patch(&item, json!({"start_time": "15:00", "end_time": "16:00"})).await.ok();
    assert_eq!(starts(&ali, &ali, "2030-01-14").await, ["15:00", "15:30"]);

    ali.delete(&item).await.ok();
    assert_eq!(starts(&ali, &ali, "2030-01-14").await, usual);
    let shift = ali.get(schedule(&ali)).await.ok()["results"][0].clone();
    ali.post(format!("{OWN_WEEK}{}/toggle/", id_of(&shift)), json!({})).await.ok();
    assert_eq!(starts(&ali, &ali, "2030-01-14").await, [""; 0]);
}

/// 003-09: zones of half hours and of quarters are zones like any other.
#[tokio::test]
async fn slots_are_in_the_zone_of_the_doctor() {
    let hub = open().await;
    let ali = doctor(&hub).await;

    for (zone, start, times) in [
        ("Asia/Kolkata", "2030-01-07T14:00:00+05:30", ["14:00", "14:30"]),
        ("Asia/Kathmandu", "2030-01-07T14:00:00+05:45", ["14:00", "14:30"]),
        ("Asia/Karachi", "2030-01-07T13:30:00+05:00", ["13:30", "14:00"]),
    ] {
        let hours = json!({"available_days": {"MONDAY": "13:30-15:00"}, "timezone": zone});
        ali.put(OWN_HOURS, hours).await.ok();
        let path = format!("/api/doctors/{}/available_slots/?date={MONDAY}", ali.id_as("doc"));

        let found = ali.get(path).await.ok();

        assert_eq!(
            (&found["timezone"], &found["slots"][0]["start"]),
            (&json!(zone), &json!(start))
        );
        assert_eq!(found["slots"][0]["timezone"], zone);
        assert_eq!(
            found["available_slots"].as_array().unwrap()[..2],
            times.map(|time| json!(time))
        );
    }
}

/// 002-D28: which day it is, the clock of the doctor says.
#[tokio::test]
async fn today_is_the_day_of_the_doctor() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    ali.put(OWN_HOURS, json!({"timezone": "Pacific/Honolulu"})).await.ok();
    // At eight in the morning in London it is still Sunday on Hawaii.
    let sunday = json!({"date": "2030-01-06", "is_available": false});
    ali.post(availability(&ali), &sunday).await.ok();

    assert_eq!(ali.get(availability(&ali)).await.ok()["count"], 1);
    ali.put(OWN_HOURS, json!({"timezone": "Pacific/Auckland"})).await.ok();
    assert_eq!(ali.get(availability(&ali)).await.ok()["count"], 0);
}

/// 003-09: a date that is missing or cannot be read is named, and so is a doctor who is not there.
#[tokio::test]
async fn slots_need_a_date_and_a_doctor() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let lone = hub.lone_doctor("lone").await;
    let ana = hub.patient("ana", ANA).await;
    let path = format!("/api/v1/doctors/{}/available_slots/", ali.id_as("doc"));

    for query in ["", "?date=", "?date=tomorrow", "?date=2030-02-30", "?date=07/01/2030"] {
        let problem = ana.get(format!("{path}{query}")).await.problem();
        assert_eq!((problem.status, &*problem.errors[0].pointer), (400, "/date"), "{query}");
    }
    let hidden = format!("/api/doctors/{}/available_slots/?date={MONDAY}", lone.id_as("doc"));
    assert_eq!(ana.get(&hidden).await.refusal(), "404 not-found");
    lone.get(&hidden).await.ok();
    let unknown =
        format!("/api/doctors/doc_01J9Z3K8Q4N6V2X5Y7W0B1C2D3/available_slots/?date={MONDAY}");
    assert_eq!(ana.get(unknown).await.refusal(), "404 not-found");
    assert_eq!(ana.get(format!("{path}?date=2020-01-06")).await.ok()["slots"], json!([]));
}

/// The start of every slot on the Monday and the Sunday after.
async fn slots_of_both_days(doctor: &Caller<'_>) -> Vec<String> {
    let mut all = starts(doctor, doctor, "2030-01-14").await;
    all.extend(starts(doctor, doctor, "2030-01-20").await);
    all
}

async fn starts(person: &Caller<'_>, doctor: &Caller<'_>, date: &str) -> Vec<String> {
    let path = format!("/api/doctors/{}/available_slots/?date={date}", doctor.id_as("doc"));
    let found = person.get(path).await.ok();
    let starts = found["available_slots"].as_array().unwrap();
    starts.iter().map(|start| start.as_str().unwrap().to_owned()).collect()
}

/// The hours of a doctor, as the directory shows them.
async fn week(doctor: &Caller<'_>) -> Value {
    doctor.get("/api/doctors/profile/").await.ok()["available_timings"].clone()
}

fn schedule(doctor: &Caller<'_>) -> String {
    format!("/api/doctors/{}/schedule/", doctor.id_as("doc"))
}

fn availability(doctor: &Caller<'_>) -> String {
    format!("/api/doctors/{}/availability/", doctor.id_as("doc"))
}
