//! Queues: walk-ins, their tokens, and whose turn it is.

use std::collections::{BTreeMap, BTreeSet};

use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, entered, id_of, open};

const NOW: &str = "2030-01-07T08:00:00Z";

#[tokio::test]
async fn a_patient_takes_a_token_from_afar_checks_in_and_is_called() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { hospital, ali, ana, .. } = &ward;

    let taken = ana.post(ward.tokens(), json!({})).await;
    let token = taken.ok();
    hub.clock.advance(SignedDuration::from_mins(10));
    let here = ana.post(ward.check_in(1), Value::Null).await;
    hub.clock.advance(SignedDuration::from_mins(10));
    let called = ali.post(ward.next(), Value::Null).await.ok();

    assert_eq!(taken.status, 201);
    assert_eq!(
        token,
        json!({
            "doctor": ali.id_as("doc"), "hospital": hospital.id_as("hsp"), "date": "2030-01-07",
            "number": 1, "patient": ana.id_as("pat"), "patient_name": "Ana Diaz",
            "state": "WAITING", "issued_by": ana.id(), "taken_at": NOW, "checked_in_at": null,
            "called_at": null, "left_at": null, "appointment": null, "ahead": 0, "serving": null,
        })
    );
    assert_eq!(here.ok()["state"], "CHECKED_IN");
    assert_eq!(here.ok()["checked_in_at"], "2030-01-07T08:10:00Z");
    assert_eq!(called["token"]["state"], "CALLED");
    assert_eq!(called["token"]["called_at"], "2030-01-07T08:20:00Z");
    assert_eq!(called["token"]["appointment"], called["appointment"]["id"]);
    let shown = ana.get(taken.header("location")).await;
    let end = shown.ok();
    assert_eq!(
        (&end["state"], &end["ahead"], &end["serving"]),
        (&json!("CALLED"), &Value::Null, &json!(1))
    );
    assert_ne!(shown.header("etag"), taken.header("etag"));
}

#[tokio::test]
async fn the_one_who_is_called_has_an_appointment_and_is_in_the_doctors_care() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { hospital, ali, ana, .. } = &ward;
    ana.post(ward.tokens(), json!({})).await.ok();
    ana.post(ward.check_in(1), Value::Null).await.ok();
    let record = format!("/api/patients/{}", ana.id_as("pat"));
    let before = [ali.get(&record).await.refusal(), hospital.get(&record).await.refusal()];

    let called = ali.post(ward.next(), Value::Null).await.ok();

    assert_eq!(before, ["404 not-found"; 2]);
    let appointment = &called["appointment"];
    assert_eq!(appointment["kind"], "WALK_IN");
    assert_eq!(appointment["status"], "CHECKED_IN");
    assert_eq!(appointment["patient"], ana.id_as("pat"));
    assert_eq!(appointment["doctor"], ali.id_as("doc"));
    assert_eq!(appointment["hospital"], hospital.id_as("hsp"));
    assert_eq!(appointment["checked_in_at"], NOW);
    for person in [ali, hospital, ana] {
        assert_eq!(person.get(&record).await.ok()["name"], "Ana Diaz");
    }
    let care = ana.get("/api/mappings").await.ok();
    assert_eq!(care["results"][0]["doctor"], ali.id_as("doc"));
    assert_eq!(care["results"][0]["status"], "ACTIVE");
}

/// A second call of somebody whom the doctor cares for already begins no other care.
#[tokio::test]
async fn whoever_is_in_the_doctors_care_comes_and_is_called_again() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { hospital, ali, ana, .. } = &ward;

    for number in 1..=2 {
        ana.post(ward.tokens(), json!({})).await.ok();
        hospital.post(ward.check_in(number), Value::Null).await.ok();
        let called = ali.post(ward.next(), Value::Null).await.ok();
        assert_eq!(called["token"]["number"], number);
    }

    let care = ana.get("/api/mappings").await.ok();
    assert_eq!(care["results"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_desk_the_doctor_and_admins_take_tokens_for_patients_who_are_there() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, .. } = &ward;
    let takers = [hospital, ali, admin];

    for (place, taker) in takers.into_iter().enumerate() {
        let patient = entered(taker, json!({"first_name": "Pia", "last_name": "Pohl"})).await;
        let body = json!({"patient_id": patient["id"]});
        let token = taker.post(ward.tokens(), body).await.ok();

        assert_eq!(token["state"], "CHECKED_IN");
        assert_eq!(token["number"], place + 1);
        assert_eq!(token["ahead"], place);
        assert_eq!((&token["taken_at"], &token["checked_in_at"]), (&json!(NOW), &json!(NOW)));
        assert_eq!((&token["patient"], &token["issued_by"]), (&patient["id"], &json!(taker.id())));
    }
}

#[tokio::test]
async fn the_lowest_number_that_is_there_is_called_and_nobody_twice() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { hospital, ali, ana, .. } = &ward;
    let empty = ali.post(ward.next(), Value::Null).await.refusal();
    ana.post(ward.tokens(), json!({})).await.ok();
    let on_the_way = ali.post(ward.next(), Value::Null).await.refusal();
    for _ in 2..=4 {
        ward.walk_in().await;
    }
    hospital.delete(ward.token(3)).await.ok();

    let mut called = vec![ward.called(ali).await, ward.called(hospital).await];
    let queue = ana.get(ward.queue()).await.ok();
    let late = ana.post(ward.check_in(1), Value::Null).await.ok();
    called.push(ward.called(ali).await);

    assert_eq!([empty, on_the_way], ["409 queue-empty"; 2]);
    assert_eq!(called, [2, 4, 1]);
    assert_eq!((&queue["serving"], &queue["waiting"]), (&json!(4), &json!(1)));
    assert_eq!(late["ahead"], 0);
    assert_eq!(ali.post(ward.next(), Value::Null).await.refusal(), "409 queue-empty");
}

#[tokio::test]
async fn a_patient_sees_numbers_and_their_own_token_only() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let zoe = hub.patient("zoe", "+923007777777").await;
    for _ in 1..=2 {
        ward.walk_in().await;
    }
    ana.post(ward.tokens(), json!({"patient": ana.id_as("pat")})).await.ok();
    ward.called(ali).await;

    let seen = ana.get(ward.queue()).await.ok();
    let place = ana.get(ward.token(3)).await.ok();

    let own = seen["tokens"].as_array().unwrap();
    assert_eq!(own.iter().map(|token| &token["number"]).collect::<Vec<_>>(), [3]);
    let mut numbers = seen.clone();
    numbers["tokens"] = json!([]);
    let expected = json!({
        "doctor": ali.id_as("doc"), "date": "2030-01-07", "timezone": "UTC", "last_number": 3,
        "serving": 1, "waiting": 2, "tokens": [],
    });
    assert_eq!(numbers, expected);
    assert_eq!((&place["ahead"], &place["serving"]), (&json!(1), &json!(1)));
    assert_eq!(zoe.get(ward.queue()).await.ok(), expected);
    for person in [admin, hospital, ali] {
        let tokens = person.get(ward.queue()).await.ok()["tokens"].clone();
        let states: Vec<_> = tokens.as_array().unwrap().iter().map(|t| &t["state"]).collect();
        assert_eq!(states, ["CALLED", "CHECKED_IN", "WAITING"]);
        assert_eq!(tokens[2]["patient_name"], "Ana Diaz");
    }
}

#[tokio::test]
async fn a_patient_waits_once_for_a_doctor_on_a_day() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { hospital, ali, sara, ana, .. } = &ward;
    let other = format!("/api/appointments/queues/{}/tokens", sara.id_as("doc"));
    ana.post(ward.tokens(), json!({})).await.ok();

    let again = ana.post(ward.tokens(), json!({})).await.refusal();
    let elsewhere = ana.post(other, json!({})).await.ok();
    ana.delete(ward.token(1)).await.ok();
    let second = ana.post(ward.tokens(), json!({})).await.ok();
    hospital.post(ward.check_in(2), Value::Null).await.ok();
    let there = ana.post(ward.tokens(), json!({})).await.refusal();
    let called = ward.called(ali).await;
    let third = ana.post(ward.tokens(), json!({})).await.ok();

    assert_eq!([again, there], ["409 already-in-queue"; 2]);
    assert_eq!(elsewhere["number"], 1);
    assert_eq!((&second["number"], called, &third["number"]), (&json!(2), 2, &json!(3)));
}

/// Two records that turned out to be about one person are one person in the queue.
#[tokio::test]
async fn a_patient_with_two_records_waits_once_too() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let hospital = &ward.hospital;
    let pia = entered(hospital, json!({"first_name": "Pia"})).await;
    let double = entered(hospital, json!({"first_name": "Pia", "last_name": "P."})).await;
    hospital.post(ward.tokens(), json!({"patient": double["id"]})).await.ok();
    let merge = format!("/api/patients/{}/merge", id_of(&pia));
    hospital.post(merge, json!({"duplicate": double["id"]})).await.ok();

    let refused = [&pia, &double].map(|record| json!({"patient": record["id"]}));
    let refused = join_all(refused.map(|body| hospital.post(ward.tokens(), body))).await;

    assert!(refused.iter().all(|reply| reply.refusal() == "409 already-in-queue"));
    let called = ward.ali.post(ward.next(), Value::Null).await.ok();
    assert_eq!(called["appointment"]["patient"], pia["id"]);
}

#[tokio::test]
async fn whoever_leaves_is_not_called_and_leaves_once() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    ana.post(ward.tokens(), json!({})).await.ok();
    ana.post(ward.check_in(1), Value::Null).await.ok();

    let left = [ana.delete(ward.token(1)).await, hospital.delete(ward.token(1)).await];
    let back = ana.post(ward.check_in(1), Value::Null).await.refusal();

    assert!(left.iter().all(|reply| reply.status == 204 && reply.body.is_empty()));
    assert_eq!(back, "409 token-left");
    let token = ana.get(ward.token(1)).await.ok();
    assert_eq!((&token["state"], &token["left_at"]), (&json!("LEFT"), &json!(NOW)));
    assert_eq!(token["checked_in_at"], NOW);
    assert_eq!(ali.post(ward.next(), Value::Null).await.refusal(), "409 queue-empty");
    assert_eq!(events(admin, "TOKEN_LEFT").await.len(), 1);
}

#[tokio::test]
async fn whoever_was_called_neither_checks_in_nor_leaves() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ana, .. } = &ward;
    ana.post(ward.tokens(), json!({})).await.ok();
    for person in [ana, hospital, admin] {
        assert_eq!(person.post(ward.check_in(1), Value::Null).await.ok()["state"], "CHECKED_IN");
    }
    ward.called(hospital).await;

    let late = [ana.post(ward.check_in(1), Value::Null).await, ana.delete(ward.token(1)).await];

    assert!(late.iter().all(|reply| reply.refusal() == "409 token-called"));
    assert_eq!(events(admin, "TOKEN_CHECKED_IN").await.len(), 1);
}

#[tokio::test]
async fn strangers_see_no_token_and_move_no_queue() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { sara, ana, .. } = &ward;
    let cora = hub.coordinator("cora").await;
    let other = hub.hospital("other").await;
    let omar = hub.doctor_of(&other, "Omar", "Other").await;
    let zoe = hub.patient("zoe", "+923007777777").await;
    ana.post(ward.tokens(), json!({})).await.ok();
    let own = json!({"patient": ana.id_as("pat")});

    for stranger in [&zoe, sara, &omar, &other, &cora] {
        let replies: [Reply; 4] = [
            stranger.get(ward.token(1)).await,
            stranger.post(ward.check_in(1), Value::Null).await,
            stranger.delete(ward.token(1)).await,
            stranger.post(ward.tokens(), &own).await,
        ];
        assert!(replies.iter().all(|reply| reply.refusal() == "404 not-found"), "{stranger:?}");
    }
    for stranger in [&zoe, sara, &omar, &other] {
        assert_eq!(stranger.get(ward.queue()).await.ok()["tokens"], json!([]));
        assert_eq!(stranger.post(ward.next(), Value::Null).await.refusal(), "403 forbidden");
    }
    assert_eq!(ana.post(ward.next(), Value::Null).await.refusal(), "403 forbidden");
    assert_eq!(cora.get(ward.queue()).await.refusal(), "404 not-found");
    assert_eq!(cora.post(ward.next(), Value::Null).await.refusal(), "404 not-found");
    let visitor = hub.visitor();
    assert_eq!(visitor.get(ward.queue()).await.refusal(), "401 unauthenticated");
    assert_eq!(visitor.post(ward.tokens(), own).await.refusal(), "401 unauthenticated");
    assert_eq!(ana.get(ward.token(1)).await.ok()["state"], "WAITING");
}

/// To know the patient is not enough: the doctor must be one's own, or of one's hospital.
#[tokio::test]
async fn others_who_know_the_patient_take_no_token_for_them() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ali, sara, .. } = &ward;
    let cora = hub.coordinator("cora").await;
    let other = hub.hospital("other").await;

    for taker in [sara, &other, &cora] {
        let patient = entered(taker, json!({"first_name": "Pia"})).await;
        let body = json!({"patient": patient["id"]});
        assert_eq!(taker.post(ward.tokens(), body).await.refusal(), "403 forbidden", "{taker:?}");
    }

    assert_eq!(ali.get(ward.queue()).await.ok()["last_number"], 0);
}

#[tokio::test]
async fn the_patient_must_be_named_and_known_and_the_day_readable() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { hospital, ali, ana, .. } = &ward;
    let nobody = json!({"patient": "pat_01J9Z3K8Q4N6V2X5Y7W0B1C2D3"});
    let wrong = [
        hospital.post(ward.tokens(), json!({})).await,
        hospital.post(ward.tokens(), json!({"patient": "Pia"})).await,
        ana.post(ward.tokens(), json!({"doctor": ali.id_as("doc")})).await,
        ali.get(format!("{}?date=tomorrow", ward.queue())).await,
    ];
    let absent = [
        hospital.post(ward.tokens(), &nobody).await,
        ana.post(ward.tokens(), &nobody).await,
        ana.get(ward.token(1)).await,
        ana.get(format!("{}/x", ward.tokens())).await,
        ali.get("/api/appointments/queues/doc_01J9Z3K8Q4N6V2X5Y7W0B1C2D3").await,
        ali.post("/api/appointments/queues/doc_01J9Z3K8Q4N6V2X5Y7W0B1C2D3/next", json!({})).await,
        ali.get("/api/appointments/queues/ali").await,
    ];

    let pointers: Vec<_> =
        wrong.iter().map(|reply| reply.problem().errors[0].pointer.clone()).collect();
    assert_eq!(pointers, ["/patient", "/patient", "/doctor", "/date"]);
    assert!(absent.iter().all(|reply| reply.refusal() == "404 not-found"));
}

#[tokio::test]
async fn a_doctor_who_is_away_takes_no_tokens() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { hospital, ali, ana, pia, .. } = &ward;
    ana.post(ward.tokens(), json!({})).await.ok();
    let pia = json!({"patient": pia["id"]});
    ali.patch("/api/doctors/update_profile", json!({"is_available": false})).await.ok();
    let zoe = hub.patient("zoe", "+923007777777").await;

    let resting =
        [zoe.post(ward.tokens(), json!({})).await, hospital.post(ward.tokens(), &pia).await];
    hospital.delete(format!("/api/doctors/{}", ali.id_as("doc"))).await.ok();
    let gone = [zoe.post(ward.tokens(), json!({})).await, hospital.post(ward.tokens(), &pia).await];

    assert!(resting.iter().all(|reply| reply.refusal() == "409 doctor-unavailable"));
    let gone: Vec<_> = gone.iter().map(Reply::refusal).collect();
    assert_eq!(gone, ["404 not-found", "409 doctor-unavailable"]);
    // Those who wait already are looked after.
    assert_eq!(ana.post(ward.check_in(1), Value::Null).await.ok()["state"], "CHECKED_IN");
    assert_eq!(ward.called(hospital).await, 1);
}

#[tokio::test]
async fn the_maximum_of_a_day_does_not_limit_walk_ins() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let most = json!({"max_patients_per_day": 1});
    ward.ali.patch("/api/doctors/update_profile", most).await.ok();

    for number in 1..=3 {
        assert_eq!(ward.walk_in().await["number"], number);
    }
    for number in 1..=3 {
        assert_eq!(ward.called(&ward.ali).await, number);
    }
}

#[tokio::test]
async fn a_day_begins_at_midnight_where_the_doctor_is() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { hospital, ali, ana, .. } = &ward;
    let zone = json!({"timezone": "Asia/Karachi"});
    ali.patch("/api/doctors/update_profile", zone).await.ok();
    let first = ana.post(ward.tokens(), json!({})).await;
    hub.clock.advance(SignedDuration::from_mins(10 * 60 + 59));
    let ali = &hub.sign_in(ali.user["username"].as_str().unwrap(), PASSWORD).await;
    let hospital = &hub.sign_in(hospital.user["username"].as_str().unwrap(), PASSWORD).await;
    let ana = &hub.sign_in("ana", PASSWORD).await;

    let evening = ali.get(ward.queue()).await.ok();
    hub.clock.advance(SignedDuration::from_mins(1));
    let midnight = ali.get(ward.queue()).await.ok();
    let gone = ana.post(ward.check_in(1), Value::Null).await.refusal();
    let next = ana.post(ward.tokens(), json!({})).await;

    assert_eq!((&evening["date"], &evening["last_number"]), (&json!("2030-01-07"), &json!(1)));
    assert_eq!((&midnight["date"], &midnight["last_number"]), (&json!("2030-01-08"), &json!(0)));
    assert_eq!(midnight["timezone"], "Asia/Karachi");
    assert_eq!(gone, "404 not-found");
    assert_eq!((&next.ok()["date"], &next.ok()["number"]), (&json!("2030-01-08"), &json!(1)));
    // What a link leads to does not change with the day.
    assert_eq!(ana.get(first.header("location")).await.ok()["date"], "2030-01-07");
    let yesterday = format!("{}?date=2030-01-07", ward.queue());
    assert_eq!(ali.get(&yesterday).await.ok()["waiting"], 1);
    // A clinic that is open at midnight goes on with the queue of the evening.
    ana.post(format!("{}?date=2030-01-07", ward.check_in(1)), Value::Null).await.ok();
    let called = hospital.post(format!("{}?date=2030-01-07", ward.next()), Value::Null).await.ok();
    assert_eq!(called["token"]["date"], "2030-01-07");
}

#[tokio::test]
async fn fifty_people_at_once_get_the_numbers_one_to_fifty() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let mut patients = Vec::new();
    for _ in 0..50 {
        patients.push(entered(&ward.hospital, json!({"first_name": "Pia"})).await);
    }

    let taken = join_all(
        patients
            .iter()
            .map(|patient| ward.hospital.post(ward.tokens(), json!({"patient": patient["id"]}))),
    )
    .await;

    let numbers: BTreeSet<_> =
        taken.iter().map(|reply| reply.ok()["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=50).collect());
    let queue = ward.ali.get(ward.queue()).await.ok();
    assert_eq!((&queue["last_number"], &queue["waiting"]), (&json!(50), &json!(50)));
    let held: BTreeSet<_> = queue["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| token["patient"].to_string())
        .collect();
    assert_eq!(held.len(), 50);
}

#[tokio::test]
async fn a_patient_in_a_hurry_gets_one_token() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;

    let replies = join_all((0..20).map(|_| ward.ana.post(ward.tokens(), json!({})))).await;

    let expected = [("201".to_owned(), 1), ("409 already-in-queue".to_owned(), 19)];
    assert_eq!(answers(&replies), BTreeMap::from(expected));
    assert_eq!(ward.ali.get(ward.queue()).await.ok()["last_number"], 1);
}

#[tokio::test]
async fn several_who_call_at_once_call_different_people() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    for _ in 1..=10 {
        ward.walk_in().await;
    }
    let callers = [&ward.ali, &ward.hospital, &ward.admin].into_iter().cycle();

    let replies =
        join_all(callers.take(12).map(|caller| caller.post(ward.next(), Value::Null))).await;

    let (called, empty): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    let numbers: BTreeSet<_> =
        called.iter().map(|reply| reply.ok()["token"]["number"].as_u64().unwrap()).collect();
    assert_eq!((called.len(), numbers), (10, (1..=10).collect()));
    assert!(empty.iter().all(|reply| reply.refusal() == "409 queue-empty"));
}

/// Whoever is faster, the others are told what became of the token, never to try again.
#[tokio::test]
async fn check_in_and_leaving_and_the_call_at_once_end_in_one_of_their_states() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { hospital, ali, ana, .. } = &ward;

    for number in 1..=5 {
        ana.post(ward.tokens(), json!({})).await.ok();
        let (token, check_in) = (ward.token(number), ward.check_in(number));
        let (left, own, desk, call) = tokio::join!(
            ana.delete(&token),
            ana.post(&check_in, Value::Null),
            hospital.post(&check_in, Value::Null),
            ali.post(ward.next(), Value::Null),
        );

        let state = ana.get(&token).await.ok()["state"].clone();
        let (expected_left, expected_call) = match call.status.is_success() {
            true => ("409 token-called", "CALLED"),
            false => ("204", "LEFT"),
        };
        let leaving = if left.status == 204 { "204".to_owned() } else { left.refusal() };
        assert_eq!((leaving.as_str(), &state), (expected_left, &json!(expected_call)));
        let told = [own, desk].map(|reply| match reply.status.is_success() {
            true => "200".to_owned(),
            false => reply.refusal(),
        });
        let sound = ["200", "409 token-called", "409 token-left"];
        assert!(told.iter().all(|answer| sound.contains(&answer.as_str())), "{told:?}");
    }
}

#[tokio::test]
async fn a_token_changes_only_from_the_revision_the_caller_saw() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let ana = &ward.ana;
    let first = ana.post(ward.tokens(), json!({})).await;
    let seen = first.header("etag").to_owned();
    let careful = ana.with_header("if-match", &seen);
    let here = careful.post(ward.check_in(1), Value::Null).await;

    let late =
        [careful.post(ward.check_in(1), Value::Null).await, careful.delete(ward.token(1)).await];

    assert_eq!(here.ok()["state"], "CHECKED_IN");
    assert!(late.iter().all(|reply| reply.refusal() == "412 precondition-failed"));
    let fresh = ana.with_header("if-match", here.header("etag"));
    assert_eq!(fresh.delete(ward.token(1)).await.status, 204);
}

#[tokio::test]
async fn a_request_that_is_sent_again_takes_and_calls_once() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    ward.walk_in().await;
    let ana = ward.ana.with_header("idempotency-key", "my-token");
    let ali = ward.ali.with_header("idempotency-key", "my-call");

    let taken =
        [ana.post(ward.tokens(), json!({})).await, ana.post(ward.tokens(), json!({})).await];
    ward.walk_in().await;
    let called = [ali.post(ward.next(), json!({})).await, ali.post(ward.next(), json!({})).await];

    assert_eq!(taken[0].ok(), taken[1].ok());
    assert_eq!(called[0].ok(), called[1].ok());
    let queue = ali.get(ward.queue()).await.ok();
    assert_eq!((&queue["last_number"], &queue["serving"]), (&json!(3), &json!(1)));
}

/// The record of somebody who waits may be removed. The desk takes the token back, and goes on.
#[tokio::test]
async fn a_removed_record_holds_up_the_queue_until_its_token_is_taken_back() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let hospital = &ward.hospital;
    let gone = ward.walk_in().await;
    ward.walk_in().await;
    let record = format!("/api/patients/{}", gone["patient"].as_str().unwrap());
    hospital.delete(record).await.ok();

    let stuck = hospital.post(ward.next(), Value::Null).await.refusal();
    hospital.delete(ward.token(1)).await.ok();

    assert_eq!(stuck, "409 patient-gone");
    assert_eq!(ward.called(hospital).await, 2);
}

#[tokio::test]
async fn what_happens_in_a_queue_is_in_the_audit_log() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    ana.post(ward.tokens(), json!({})).await.ok();
    ana.get(ward.queue()).await.ok();
    ana.get(ward.token(1)).await.ok();
    ward.walk_in().await;
    assert_eq!(events(admin, "QUEUE_VIEWED").await, Vec::<Value>::new());

    ana.post(ward.check_in(1), Value::Null).await.ok();
    ali.get(ward.queue()).await.ok();
    hospital.get(ward.token(1)).await.ok();
    ward.called(ali).await;
    hospital.delete(ward.token(2)).await.ok();

    let token = format!("token#{}#2030-01-07#1", ali.id_as("doc"));
    let expected = [
        ("TOKEN_CHECKED_IN", ana, token.as_str(), true),
        ("TOKEN_VIEWED", hospital, &token, true),
        ("TOKEN_CALLED", ali, &token[6..token.len() - 2], true),
        ("QUEUE_VIEWED", ali, &token[6..token.len() - 2], false),
    ];
    for (action, actor, entity, is_about_ana) in expected {
        let line = &events(admin, action).await[0];
        assert_eq!(line["performed_by"], actor.id(), "{action}");
        assert!(line["entity"].as_str().unwrap().ends_with(entity), "{line}");
        let patient = if is_about_ana { json!(ana.id_as("pat")) } else { Value::Null };
        assert_eq!(line["patient"], patient, "{action}");
    }
    assert_eq!(events(admin, "QUEUE_VIEWED").await[0]["details"]["count"], "2");
    let taken = events(admin, "TOKEN_CREATED").await;
    let numbers: BTreeSet<_> =
        taken.iter().map(|line| line["details"]["number"].as_str()).collect();
    assert_eq!(numbers, BTreeSet::from([Some("1"), Some("2")]));
    assert_eq!(events(admin, "TOKEN_CALLED").await[0]["details"]["number"], "1");
    assert_eq!(events(admin, "TOKEN_LEFT").await.len(), 1);
    assert_eq!(events(admin, "APPOINTMENT_CREATED").await.len(), 1);
    let log = admin.get("/api/accounts/audit-logs/?limit=100").await.text();
    assert!(!log.contains("Diaz"));
}

fn answers(replies: &[Reply]) -> BTreeMap<String, usize> {
    let mut answers = BTreeMap::new();
    for reply in replies {
        let answer = if reply.status == 201 { "201".to_owned() } else { reply.refusal() };
        *answers.entry(answer).or_default() += 1;
    }
    answers
}

/// What the audit log has of an action, newest first.
async fn events(admin: &Caller<'_>, action: &str) -> Vec<Value> {
    let log = admin.get(format!("/api/accounts/audit-logs/?action={action}")).await.ok();
    log["results"].as_array().unwrap().clone()
}

/// Two doctors of one hospital, Ana, who has an account, and Pia, whose record the hospital keeps.
/// The queue is Ali's.
struct Ward<'h> {
    admin: Caller<'h>,
    hospital: Caller<'h>,
    ali: Caller<'h>,
    sara: Caller<'h>,
    ana: Caller<'h>,
    pia: Value,
}

impl<'h> Ward<'h> {
    async fn open(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let hospital = hub.hospital("jinnah").await;
        let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
        let sara = hub.doctor_of(&hospital, "Sara", "Khan").await;
        let ana = hub.patient("ana", "+923001234567").await;
        let pia = entered(&hospital, json!({"first_name": "Pia", "last_name": "Pohl"})).await;
        Self { admin, hospital, ali, sara, ana, pia }
    }

    fn queue(&self) -> String {
        format!("/api/appointments/queues/{}", self.ali.id_as("doc"))
    }

    fn tokens(&self) -> String {
        format!("{}/tokens", self.queue())
    }

    fn token(&self, number: usize) -> String {
        format!("{}/{number}", self.tokens())
    }

    fn check_in(&self, number: usize) -> String {
        format!("{}/check-in", self.token(number))
    }

    fn next(&self) -> String {
        format!("{}/next", self.queue())
    }

    /// Somebody comes whom the desk has not seen before.
    async fn walk_in(&self) -> Value {
        let patient = entered(&self.hospital, json!({"first_name": "Walter"})).await;
        self.hospital.post(self.tokens(), json!({"patient": patient["id"]})).await.ok()
    }

    /// The number that `caller` calls.
    async fn called(&self, caller: &Caller<'_>) -> u64 {
        let called = caller.post(self.next(), Value::Null).await.ok();
        called["token"]["number"].as_u64().unwrap()
    }
}
