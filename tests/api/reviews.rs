//! What patients think of doctors, who may read it, and what it comes to.

use aws_lambda_events::event::dynamodb::Event as Batch;
use carehub_domain::{
    access::{Action, Actor, Part, Permit, Role},
    account::PersonName,
    census::Sheet,
    doctor::DoctorId,
    patient::Patient,
    review::{Opinion, Review, Stars},
};
use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::future::{join, join_all};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, doctor, each, id_of, open, relay, took_place};

const REVIEWS: &str = "/api/v1/reviews/";
const ANA: &str = "+923001234567";
const BEA: &str = "+923007654321";

/// 002-D39, 002-D40, 002-D41, 003-C7: a patient reviews a doctor whom they have seen.
#[tokio::test]
async fn a_patient_reviews_a_doctor() {
    let hub = open().await;
    let (ali, ana) = (doctor(&hub).await, hub.patient("ana", ANA).await);
    for spelling in ["/api/doctors", "/api/admin/doctors", "/api/v1/doctors"] {
        let visit = hub.visit(&ana, &ali).await;
        let all = format!("{spelling}/{}/reviews/", ali.id_as("doc"));
        let body = json!({
            "rating": 5, "communication_rating": 4, "treatment_rating": 5,
            "punctuality_rating": 2, "consultation": visit,
        });

        let reply = ana.post(&all, body).await;

        let review = reply.ok();
        assert_eq!(reply.status, 201);
        assert_eq!(
            review,
            json!({
                "id": review["id"], "doctor": ali.id_as("doc"), "patient": ana.id_as("pat"),
                "rating": 5, "review_text": null, "communication_rating": 4,
                "treatment_rating": 5, "punctuality_rating": 2, "is_anonymous": false,
                "is_approved": true, "moderation": "APPROVED", "visit": visit,
                "created_at": "2030-01-07T08:00:00Z", "updated_at": "2030-01-07T08:00:00Z",
            })
        );
        let location = format!("/api/reviews/{}", id_of(&review));
        assert_eq!(reply.header("location"), location);
        for path in
            [location, format!("{REVIEWS}{}/", id_of(&review)), format!("{all}{}/", id_of(&review))]
        {
            let shown = ana.get(&path).await;
            assert_eq!((shown.ok(), shown.header("etag")), (review.clone(), reply.header("etag")));
        }
        assert!(each(&ana.get(&all).await.ok(), "id").contains(&id_of(&review)));
        assert!(each(&ana.get(REVIEWS).await.ok(), "id").contains(&id_of(&review)));
    }
}

/// Optional routes of 003: POST `/api/v1/reviews/` names the doctor, in the words of that app.
#[tokio::test]
async fn a_review_is_read_by_older_names() {
    let hub = open().await;
    let (ali, ana) = (doctor(&hub).await, hub.patient("ana", ANA).await);
    let visit = hub.visit(&ana, &ali).await;
    let body = json!({
        "doctor_id": ali.id_as("doc"), "appointment": visit, "overall_rating": 4,
        "comment": "Kind.", "professionalism_rating": 5, "wait_time_rating": 1,
    });

    let review = ana.post(REVIEWS, body).await.ok();

    assert_eq!((&review["rating"], &review["review_text"]), (&json!(4), &json!("Kind.")));
    assert_eq!(
        (&review["treatment_rating"], &review["punctuality_rating"]),
        (&json!(5), &json!(1))
    );
    assert_eq!(review["visit"], visit);
    let unnamed = ana.post(REVIEWS, json!({"rating": 4})).await.problem();
    assert_eq!(unnamed.errors[0].pointer, "/doctor");
}

/// 002-D40: without a completed visit there is nothing to review.
#[tokio::test]
async fn only_a_visit_is_reviewed() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let bea = hub.doctor_of(&hospital, "Bea", "Baum").await;
    let (ana, ben) = (hub.patient("ana", ANA).await, hub.patient("ben", BEA).await);
    let visit = hub.visit(&ana, &ali).await;
    let named = json!({"rating": 5, "visit": visit});

    let refusals = [
        ben.post(reviews(&ali), json!({"rating": 5})).await.refusal(),
        ben.post(reviews(&ali), &named).await.refusal(),
        ana.post(reviews(&bea), json!({"rating": 5})).await.refusal(),
        ana.post(reviews(&bea), &named).await.refusal(),
    ];

    assert_eq!(refusals, ["409 no-completed-visit"; 4]);
    assert_eq!(ana.get(reviews(&ali)).await.ok()["results"], json!([]));
    assert_eq!(ana.post(reviews(&ali), named).await.status, 201);
}

/// 002-D40: who cannot be seen cannot be reviewed, and only patients review.
#[tokio::test]
async fn only_patients_review_doctors_whom_they_may_see() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let lone = hub.lone_doctor("lone").await;
    let (ana, cora) = (hub.patient("ana", ANA).await, hub.coordinator("cora").await);
    hub.visit(&ana, &lone).await;

    for person in [&ali, &hospital, &cora, &admin] {
        let body = json!({"rating": 5, "doctor": ali.id_as("doc")});
        assert_eq!(
            person.post(reviews(&ali), json!({"rating": 5})).await.refusal(),
            "403 forbidden"
        );
        assert_eq!(person.post(REVIEWS, body).await.refusal(), "403 forbidden");
    }
    assert_eq!(ana.post(reviews(&lone), json!({"rating": 5})).await.refusal(), "404 not-found");
    let unknown = json!({"rating": 5, "doctor": "doc_01J9Z3K8Q4N6V2X5Y7W0B1C2D3"});
    assert_eq!(ana.post(REVIEWS, unknown).await.refusal(), "404 not-found");
    let visitor = hub.visitor().post(reviews(&ali), json!({"rating": 5})).await;
    assert_eq!(visitor.refusal(), "401 unauthenticated");
}

/// 002-D40: there is one review for each visit, and a second for a second one.
#[tokio::test]
async fn each_visit_is_reviewed_once() {
    let hub = open().await;
    let (ali, ana) = (doctor(&hub).await, hub.patient("ana", ANA).await);
    let first = hub.visit(&ana, &ali).await;
    assert_eq!(reviewed(&ana, &ali, json!({"rating": 5})).await["visit"], first);
    let again = ana.post(reviews(&ali), json!({"rating": 1})).await;
    let named = ana.post(reviews(&ali), json!({"rating": 1, "visit": first})).await;
    assert_eq!(again.refusal(), "409 already-reviewed");
    assert_eq!(named.refusal(), "409 already-reviewed");
    hub.clock.advance(SignedDuration::from_mins(5));

    let second = hub.visit(&ana, &ali).await;
    let review = reviewed(&ana, &ali, json!({"rating": 3})).await;

    assert_eq!(review["visit"], second);
    assert_eq!(
        ana.post(reviews(&ali), json!({"rating": 1})).await.refusal(),
        "409 already-reviewed"
    );
    hub.settle().await;
    assert_eq!(rating(&ana, &ali).await, (json!(4.0), json!(2)));
}

/// 002-D40: of many who review one visit at once, one does.
#[tokio::test]
async fn of_many_reviews_of_one_visit_one_is_written() {
    let hub = open().await;
    let (ali, ana) = (doctor(&hub).await, hub.patient("ana", ANA).await);
    hub.visit(&ana, &ali).await;

    let replies = join_all((1..5).map(|stars| {
        let (ana, ali) = (&ana, &ali);
        async move { ana.post(reviews(ali), json!({"rating": stars})).await }
    }))
    .await;

    let (made, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    assert_eq!(made.len(), 1);
    assert!(refused.iter().all(|reply| reply.refusal() == "409 already-reviewed"), "{refused:?}");
    settle_twice(&hub).await;
    assert_eq!(rating(&ana, &ali).await.1, 1);
}

/// 002-D40, 002-D42: stars are whole and one to five, words are not endless.
#[tokio::test]
async fn wrong_fields_of_a_review_are_named() {
    let hub = open().await;
    let (ali, ana) = (doctor(&hub).await, hub.patient("ana", ANA).await);
    hub.visit(&ana, &ali).await;
    let wrong = [
        ("rating", json!(0)),
        ("rating", json!(6)),
        ("rating", json!(4.5)),
        ("rating", json!("five")),
        ("overall_rating", json!(-1)),
        ("communication_rating", json!(6)),
        ("treatment_rating", json!(0)),
        ("wait_time_rating", json!(9)),
        ("review_text", json!("x".repeat(2001))),
        ("is_anonymous", json!("maybe")),
        ("moderation", json!("APPROVED")),
        ("is_approved", json!(true)),
    ];
    for (field, value) in &wrong {
        let mut body = json!({"rating": 5});
        if *field == "overall_rating" {
            body = json!({});
        }
        body[*field] = value.clone();
        let problem = ana.post(reviews(&ali), body).await.problem();
        assert_eq!((problem.status, &*problem.errors[0].pointer), (400, &*format!("/{field}")));
    }
    let missing = ana.post(reviews(&ali), json!({"visit": "yesterday"})).await.problem();
    let pointers: Vec<_> = missing.errors.iter().map(|error| &*error.pointer).collect();
    assert_eq!(pointers, ["/visit", "/rating"]);

    let review = reviewed(&ana, &ali, json!({"rating": 5})).await;
    for (field, value) in wrong {
        let problem = ana.patch(item(&review), json!({field: value})).await.problem();
        assert_eq!((problem.status, &*problem.errors[0].pointer), (400, &*format!("/{field}")));
    }
}

/// 002-D39, 002-D41: words wait for an admin, and are read and counted from then on.
#[tokio::test]
async fn words_wait_for_an_admin() {
    let hub = open().await;
    let admin = hub.admin().await;
    let (ali, ana, ben) =
        (doctor(&hub).await, hub.patient("ana", ANA).await, hub.patient("ben", BEA).await);
    hub.visit(&ana, &ali).await;

    let review = reviewed(&ana, &ali, json!({"rating": 2, "review_text": "Long wait."})).await;

    assert_eq!((&review["moderation"], &review["is_approved"]), (&json!("PENDING"), &json!(false)));
    hub.settle().await;
    assert_eq!(rating(&ana, &ali).await, (Value::Null, json!(0)));
    for person in [&ben, &ali, &ana, &admin] {
        assert_eq!(person.get(reviews(&ali)).await.ok()["results"], json!([]), "{person:?}");
    }
    for path in [item(&review), format!("{}{}/", reviews(&ali), id_of(&review))] {
        for person in [&ben, &ali] {
            assert_eq!(person.get(&path).await.refusal(), "404 not-found");
        }
        for person in [&ana, &admin] {
            assert_eq!(person.get(&path).await.ok(), review);
        }
    }
    assert_eq!(admin.get(REVIEWS).await.ok()["results"], json!([review]));

    let approved = moderate(&admin, &review, true).await;

    assert_eq!(
        (&approved["moderation"], &approved["is_approved"]),
        (&json!("APPROVED"), &json!(true))
    );
    hub.settle().await;
    assert_eq!(rating(&ana, &ali).await, (json!(2.0), json!(1)));
    assert_eq!(ben.get(reviews(&ali)).await.ok()["results"][0]["review_text"], "Long wait.");
    ben.get(item(&review)).await.ok();
    assert_eq!(admin.get(REVIEWS).await.ok()["results"], json!([]));
}

/// 002-D39, 002-D41: what an admin turns down is read by nobody else and does not count.
#[tokio::test]
async fn a_review_that_is_turned_down_does_not_count() {
    let hub = open().await;
    let admin = hub.admin().await;
    let (ali, ana, ben) =
        (doctor(&hub).await, hub.patient("ana", ANA).await, hub.patient("ben", BEA).await);
    hub.visit(&ana, &ali).await;
    hub.visit(&ben, &ali).await;
    reviewed(&ben, &ali, json!({"rating": 4})).await;
    let review = reviewed(&ana, &ali, json!({"rating": 1, "review_text": "Rude words."})).await;
    moderate(&admin, &review, true).await;
    hub.settle().await;
    assert_eq!(rating(&ana, &ali).await, (json!(2.5), json!(2)));

    moderate(&admin, &review, false).await;

    settle_twice(&hub).await;
    assert_eq!(rating(&ana, &ali).await, (json!(4.0), json!(1)));
    for person in [&ben, &ali] {
        assert_eq!(person.get(item(&review)).await.refusal(), "404 not-found");
    }
    assert_eq!(ana.get(item(&review)).await.ok()["moderation"], "REJECTED");
    assert_eq!(each(&ali.get(reviews(&ali)).await.ok(), "id").len(), 1);
    let rejected = admin.get(format!("{REVIEWS}?moderation=rejected")).await.ok();
    assert_eq!(each(&rejected, "id"), [id_of(&review)]);
    let changed = ana.patch(item(&review), json!({"rating": 5})).await.ok();
    assert_eq!(changed["moderation"], "REJECTED");
    let changed = ana.patch(item(&review), json!({"review_text": "Kind words."})).await.ok();
    assert_eq!(changed["moderation"], "PENDING");
}

/// Only admins decide on reviews. The same decision again changes nothing, and each is logged.
#[tokio::test]
async fn only_admins_decide_on_reviews() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let (ana, ben) = (hub.patient("ana", ANA).await, hub.patient("ben", BEA).await);
    hub.visit(&ana, &ali).await;
    let review = reviewed(&ana, &ali, json!({"rating": 5, "review_text": "Kind."})).await;
    let path = format!("{REVIEWS}{}/moderate/", id_of(&review));

    assert_eq!(ana.post(&path, json!({})).await.refusal(), "403 forbidden");
    for stranger in [&ben, &hospital, &ali] {
        assert_eq!(stranger.post(&path, json!({})).await.refusal(), "404 not-found");
    }
    let seen = admin.get(item(&review)).await.header("etag").to_owned();
    let first = admin.post(&path, json!({"approved": true})).await;
    let again = admin.post(&path, json!({})).await;
    let late = admin.with_header("if-match", seen).post(&path, json!({"is_approved": false})).await;

    assert_eq!((first.ok(), first.header("etag")), (again.ok(), again.header("etag")));
    assert_eq!(late.refusal(), "412 precondition-failed");
    let log = admin.get("/api/accounts/audit-logs/?action=REVIEW_MODERATED").await;
    assert_eq!(log.ok()["results"].as_array().unwrap().len(), 1);
    assert!(!log.text().contains("Kind."));
    for stranger in [&ali, &ben, &hospital] {
        assert_eq!(stranger.post(&path, json!({})).await.refusal(), "403 forbidden");
    }
}

/// 002-D39, 002-D41: an author who is not to be named is named to nobody but themselves and
/// admins.
#[tokio::test]
async fn an_anonymous_author_is_not_named() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let (ana, ben, cora) = (
        hub.patient("ana", ANA).await,
        hub.patient("ben", BEA).await,
        hub.coordinator("cora").await,
    );
    let visit = hub.visit(&ana, &ali).await;
    let review = reviewed(&ana, &ali, json!({"rating": 5, "is_anonymous": true})).await;
    assert_eq!((&review["patient"], &review["visit"]), (&json!(ana.id_as("pat")), &json!(visit)));
    let places = [reviews(&ali), item(&review), format!("{}{}/", reviews(&ali), id_of(&review))];

    for (stranger, concerned) in [(&ben, false), (&hospital, false), (&cora, false), (&ali, true)] {
        let own = concerned.then(|| REVIEWS.to_owned());
        for place in places.iter().chain(&own) {
            let reply = stranger.get(place).await;
            reply.ok();
            // Whoever knows of the visit knows who came.
            for name in [number(&ana.id()), number(&visit), "Ana"] {
                assert!(!reply.text().contains(name), "{stranger:?} reads {name} at {place}");
            }
        }
        assert_eq!(stranger.get(item(&review)).await.ok()["is_anonymous"], true);
    }
    for friend in [&ana, &admin] {
        for place in &places {
            assert!(
                friend.get(place).await.text().contains(&ana.id_as("pat")),
                "{friend:?} {place}"
            );
        }
    }

    ana.patch(item(&review), json!({"is_anonymous": false})).await.ok();

    assert_eq!(ali.get(item(&review)).await.ok()["patient"], ana.id_as("pat"));
    assert_eq!(ben.get(item(&review)).await.ok()["patient"], Value::Null);
}

/// 002-D42, 002-D43: an author changes the stars at once, and new words wait again.
#[tokio::test]
async fn a_changed_review_waits_again_if_its_words_are_new() {
    let hub = open().await;
    let admin = hub.admin().await;
    let (ali, ana) = (doctor(&hub).await, hub.patient("ana", ANA).await);
    hub.visit(&ana, &ali).await;
    let review = reviewed(&ana, &ali, json!({"rating": 5, "review_text": "Kind."})).await;
    moderate(&admin, &review, true).await;
    hub.clock.advance(SignedDuration::from_secs(1));
    for spelling in ["/api/reviews", "/api/v1/reviews"] {
        let path = format!("{spelling}/{}/", id_of(&review));
        let changed = ana.patch(path, json!({"rating": 4, "review_text": "Kind."})).await.ok();
        assert_eq!((&changed["rating"], &changed["moderation"]), (&json!(4), &json!("APPROVED")));
        assert_eq!(changed["updated_at"], "2030-01-07T08:00:01Z");
    }
    settle_twice(&hub).await;
    assert_eq!(rating(&ana, &ali).await, (json!(4.0), json!(1)));

    for spelling in ["/api/doctors", "/api/admin/doctors", "/api/v1/doctors"] {
        let path = format!("{spelling}/{}/reviews/{}/", ali.id_as("doc"), id_of(&review));
        let changed =
            ana.put(&path, json!({"review_text": format!("Kind, {spelling}.")})).await.ok();
        assert_eq!((&changed["rating"], &changed["moderation"]), (&json!(4), &json!("PENDING")));
        settle_twice(&hub).await;
        assert_eq!(rating(&ana, &ali).await, (Value::Null, json!(0)));
        assert_eq!(ana.get(reviews(&ali)).await.ok()["results"], json!([]));
        moderate(&admin, &review, true).await;
        settle_twice(&hub).await;
        assert_eq!(rating(&ana, &ali).await, (json!(4.0), json!(1)));
    }
    ana.patch(item(&review), json!({"review_text": "Worse."})).await.ok();
    let wordless = ana.patch(item(&review), json!({"review_text": null})).await.ok();
    assert_eq!(
        (&wordless["moderation"], &wordless["review_text"]),
        (&json!("APPROVED"), &Value::Null)
    );
}

/// 002-D44: an author or an admin withdraws a review; it counts no longer, and the visit may be
/// reviewed anew.
#[tokio::test]
async fn a_withdrawn_review_counts_no_longer() {
    let hub = open().await;
    let admin = hub.admin().await;
    let (ali, ana) = (doctor(&hub).await, hub.patient("ana", ANA).await);
    hub.visit(&ana, &ali).await;
    let paths: [fn(&str, &str) -> String; 4] = [
        |doctor, id| format!("/api/doctors/{doctor}/reviews/{id}/"),
        |doctor, id| format!("/api/admin/doctors/{doctor}/reviews/{id}/"),
        |_, id| format!("/api/reviews/{id}/"),
        |_, id| format!("/api/v1/reviews/{id}/"),
    ];
    for (number, path) in paths.into_iter().enumerate() {
        let review = reviewed(&ana, &ali, json!({"rating": 5})).await;
        settle_twice(&hub).await;
        assert_eq!(rating(&ana, &ali).await, (json!(5.0), json!(1)));
        let by = if number % 2 == 0 { &ana } else { &admin };

        let reply = by.delete(path(&ali.id_as("doc"), id_of(&review))).await;

        assert_eq!((reply.status.as_u16(), &*reply.text()), (204, ""));
        settle_twice(&hub).await;
        assert_eq!(rating(&ana, &ali).await, (Value::Null, json!(0)));
        assert_eq!(ana.get(item(&review)).await.refusal(), "404 not-found");
        assert_eq!(by.delete(item(&review)).await.refusal(), "404 not-found");
        assert_eq!(ana.get(reviews(&ali)).await.ok()["results"], json!([]));
        assert_eq!(ana.get(REVIEWS).await.ok()["results"], json!([]));
    }
}

/// 002-D42, 002-D43, 002-D44: nobody else changes or withdraws a review.
#[tokio::test]
async fn others_leave_a_review_alone() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let bea = hub.doctor_of(&hospital, "Bea", "Baum").await;
    let (ana, ben) = (hub.patient("ana", ANA).await, hub.patient("ben", BEA).await);
    hub.visit(&ana, &ali).await;
    let review = reviewed(&ana, &ali, json!({"rating": 1})).await;

    for person in [&ali, &ben, &hospital] {
        for path in [item(&review), format!("{}{}/", reviews(&ali), id_of(&review))] {
            let replies = [
                person.patch(&path, json!({"rating": 5})).await,
                person.put(&path, json!({"rating": 5})).await,
                person.delete(&path).await,
            ];
            assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"), "{replies:?}");
        }
    }
    assert_eq!(admin.patch(item(&review), json!({"rating": 5})).await.refusal(), "403 forbidden");
    let elsewhere = format!("{}{}/", reviews(&bea), id_of(&review));
    for reply in [
        ana.get(&elsewhere).await,
        ana.patch(&elsewhere, json!({"rating": 5})).await,
        ana.delete(&elsewhere).await,
    ] {
        assert_eq!(reply.refusal(), "404 not-found");
    }
    assert_eq!(ana.get(item(&review)).await.ok(), review);
}

/// 002-D42: a review is changed as it was seen.
#[tokio::test]
async fn a_review_is_changed_as_it_was_seen() {
    let hub = open().await;
    let (ali, ana) = (doctor(&hub).await, hub.patient("ana", ANA).await);
    hub.visit(&ana, &ali).await;
    let made = ana.post(reviews(&ali), json!({"rating": 5})).await;
    let path = item(&made.ok());
    let careful = ana.with_header("if-match", made.header("etag"));

    let replies =
        join_all([1, 2].map(|stars| careful.patch(&path, json!({"rating": stars})))).await;

    let (changed, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    assert_eq!((changed.len(), refused.len()), (1, 1));
    let refusal = refused[0].refusal();
    assert!(["409 review-stale", "412 precondition-failed"].contains(&&*refusal), "{refusal}");
    assert_eq!(ana.get(&path).await.ok(), changed[0].ok());
    let removal: Reply = careful.delete(&path).await;
    assert_eq!(removal.refusal(), "412 precondition-failed");
    settle_twice(&hub).await;
    assert_eq!(rating(&ana, &ali).await, (json!(changed[0].ok()["rating"].as_f64()), json!(1)));
}

/// Optional routes of 003: patients list what they wrote, doctors what is written of them, and
/// admins what waits.
#[tokio::test]
async fn everyone_lists_the_reviews_that_concern_them() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let bea = hub.doctor_of(&hospital, "Bea", "Baum").await;
    let (ana, ben) = (hub.patient("ana", ANA).await, hub.patient("ben", BEA).await);
    let mut written = Vec::new();
    for (patient, doctor, text) in [
        (&ana, &ali, None),
        (&ana, &bea, Some("Fine.")),
        (&ben, &ali, None),
        (&ana, &ali, Some("Late.")),
    ] {
        hub.visit(patient, doctor).await;
        let review = reviewed(patient, doctor, json!({"rating": 4, "review_text": text})).await;
        written.push(id_of(&review).to_owned());
        hub.clock.advance(SignedDuration::from_secs(1));
    }
    let [one, two, three, four] = <[String; 4]>::try_from(written).unwrap();
    let listed = async |person: &Caller<'_>, path: &str| {
        let list = person.get(path).await.ok();
        each(&list, "id").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };

    assert_eq!(listed(&ana, REVIEWS).await, [&four, &two, &one].map(Clone::clone));
    assert_eq!(listed(&ben, REVIEWS).await, std::slice::from_ref(&three));
    assert_eq!(listed(&ali, REVIEWS).await, [&three, &one].map(Clone::clone));
    assert_eq!(listed(&ben, &reviews(&ali)).await, [&three, &one].map(Clone::clone));
    assert_eq!(listed(&bea, REVIEWS).await, [""; 0]);
    assert_eq!(listed(&admin, REVIEWS).await, [&four, &two].map(Clone::clone));
    let approved = listed(&admin, "/api/reviews/?moderation=APPROVED").await;
    assert_eq!(approved, [&three, &one].map(Clone::clone));
    let wrong = admin.get("/api/reviews/?status=fine").await.problem();
    assert_eq!(wrong.errors[0].pointer, "/status");
    for stranger in [hospital, hub.coordinator("cora").await] {
        assert_eq!(stranger.get(REVIEWS).await.refusal(), "403 forbidden");
    }
}

/// 002-D39: the reviews of a doctor are listed page by page, newest first.
#[tokio::test]
async fn reviews_are_listed_page_by_page() {
    let hub = open().await;
    let (ali, ana, ben) =
        (doctor(&hub).await, hub.patient("ana", ANA).await, hub.patient("ben", BEA).await);
    let mut written = Vec::new();
    for stars in 1..=5 {
        hub.visit(&ana, &ali).await;
        let review = reviewed(&ana, &ali, json!({"rating": stars})).await;
        written.insert(0, id_of(&review).to_owned());
        hub.clock.advance(SignedDuration::from_secs(1));
    }

    let first = ben.get(format!("{}?limit=2", reviews(&ali))).await.ok();
    let second = ben.get(first["next"].as_str().unwrap()).await.ok();
    let third = ben.get(second["next"].as_str().unwrap()).await.ok();

    let pages = [&first, &second, &third].map(|page| each(page, "id"));
    assert_eq!(pages.concat(), written);
    assert_eq!(pages.map(|page| page.len()), [2, 2, 1]);
    assert_eq!(third["next"], Value::Null);
    assert_eq!(ana.get(first["next"].as_str().unwrap()).await.refusal(), "400 bad-cursor");
}

/// 002-D39, 003-C7: two hundred reviews of one doctor come to the exact mean, though the stream tells of
/// each four times and to two at once, and though the doctor is at work on the profile meanwhile.
#[tokio::test]
async fn many_reviews_at_once_come_to_the_exact_mean() {
    let hub = &open().await;
    let ali = doctor(hub).await;
    let id: DoctorId = ali.id_as("doc").parse().unwrap();
    let stars = |number: usize| [5, 5, 4, 3, 1][number % 5];

    let written = join_all((0..200).map(|number| review_of(hub, id, number, stars(number)))).await;
    let told = unread(hub);
    let edits = async {
        for number in 0..12 {
            changed(&ali, json!({"bio": format!("Edit {number}"), "consultation_fee": number}))
                .await;
        }
    };
    Box::pin(join(relay_all(hub, &told), edits)).await;

    assert_eq!(counted(hub, id).await, (200, 720));
    assert_eq!(rating(&ali, &ali).await, (json!(3.6), json!(200)));
    let profile = ali.get("/api/doctors/profile/").await.ok();
    assert_eq!(
        (&profile["bio"], &profile["consultation_fee"]),
        (&json!("Edit 11"), &json!("11.00"))
    );

    // Forty are withdrawn, which gave five stars; forty go from five stars to one.
    let five = |of: usize| written.iter().skip(of).step_by(5);
    let withdrawn = five(0).map(|review| async move {
        let permit = allowed(hub, review, Action::DeleteReview);
        hub.state.store.reviews().withdraw(review, &permit).await.unwrap();
    });
    let rewritten = five(1).map(|review| async move {
        let opinion = Opinion { rating: Stars::try_from(1).unwrap(), ..review.opinion.clone() };
        let mut changed = review.clone().rewrite(opinion, hub.state.clock.now());
        let permit = allowed(hub, review, Action::EditReview);
        hub.state.store.reviews().save(review, &mut changed, &permit).await.unwrap();
    });
    join(join_all(withdrawn), join_all(rewritten)).await;
    let news = unread(hub);
    let edits = changed(&ali, json!({"bio": "Last"}));
    let old_and_new: Vec<_> = told.into_iter().chain(news).rev().collect();
    Box::pin(join(relay_all(hub, &old_and_new), edits)).await;

    // 160 are left: 40 with one star instead of five, and 40 each with 4, 3 and 1.
    assert_eq!(counted(hub, id).await, (160, 360));
    assert_eq!(rating(&ali, &ali).await, (json!(2.25), json!(160)));
    assert_eq!(ali.get("/api/doctors/profile/").await.ok()["bio"], "Last");
}

/// Lets `relay` catch up with a stream that says everything four times, twice to each of two.
pub(crate) async fn settle_twice(hub: &TestHub) {
    relay_all(hub, &unread(hub)).await;
}

/// What the stream has to tell, in small batches.
fn unread(hub: &TestHub) -> Vec<Batch> {
    let mut batches = Vec::new();
    loop {
        let all = hub.unread();
        if all.records.is_empty() {
            return batches;
        }
        batches.extend(all.records.chunks(25).map(|records| {
            let mut batch = Batch::default();
            batch.records = records.to_vec();
            batch
        }));
    }
}

/// Two relays act on every batch, twice each, at the same time. As the stream does, they are told
/// again of what they could not act on.
async fn relay_all(hub: &TestHub, batches: &[Batch]) {
    let relay = relay(hub);
    let once = async |batch: &Batch| {
        for _ in 0..10 {
            if relay.relay(batch.clone()).await.batch_item_failures.is_empty() {
                return;
            }
        }
        panic!("a batch is asked for again and again");
    };
    let twice = async || {
        for batch in batches {
            once(batch).await;
            once(batch).await;
        }
    };
    join(twice(), twice()).await;
}

/// The review of a visit of somebody new.
async fn review_of(hub: &TestHub, doctor: DoctorId, number: usize, stars: u8) -> Review {
    let now = hub.state.clock.now();
    let name = PersonName::split("Somebody New".to_owned().try_into().unwrap());
    let patient = Patient::enter(name, None, &Actor::operator(now));
    let visit = took_place(hub, &patient, doctor).await;
    let opinion = Opinion {
        rating: Stars::try_from(stars).unwrap(),
        communication: number.is_multiple_of(2).then(|| Stars::try_from(3).unwrap()),
        treatment: None,
        punctuality: None,
        text: None,
        is_anonymous: number.is_multiple_of(3),
    };
    let review = Review::write(&visit, opinion, now);
    let permit = allowed(hub, &review, Action::CreateReview);
    hub.state.store.reviews().write(&review, &permit).await.unwrap();
    review
}

/// What lets the author of a review do something with it.
fn allowed(hub: &TestHub, review: &Review, action: Action) -> Permit {
    let nobody = Actor::worker("test", hub.state.clock.now());
    let author =
        Actor { user: Some(review.patient.into()), part: Part::Member(Role::Patient), ..nobody };
    author.create(action, review).unwrap()
}

/// How many reviews count, and how many stars they gave.
async fn counted(hub: &TestHub, doctor: DoctorId) -> (i64, i64) {
    let sheet = hub.state.store.census().sheet(&Sheet::Rating(doctor.into())).await.unwrap();
    let kept = hub.state.store.doctors().recorded(doctor).await.unwrap().unwrap().rating;
    let counted = (sheet["rating:count"], sheet["rating:stars"]);
    assert_eq!(counted, (kept.count.into(), kept.stars.into()));
    counted
}

/// A doctor changes their own profile, and again if somebody was in the way.
async fn changed(doctor: &Caller<'_>, change: Value) {
    for _ in 0..50 {
        let reply = doctor.patch("/api/doctors/update_profile/", &change).await;
        if reply.status.is_success() {
            return;
        }
        assert_eq!(reply.refusal(), "409 doctor-stale");
    }
    panic!("somebody is always in the way");
}

/// The mean of the stars of a doctor and how many gave some.
async fn rating(person: &Caller<'_>, doctor: &Caller<'_>) -> (Value, Value) {
    let shown = person.get(format!("/api/doctors/{}/", doctor.id_as("doc"))).await.ok();
    (shown["rating"].clone(), shown["total_reviews"].clone())
}

async fn moderate(admin: &Caller<'_>, review: &Value, is_approved: bool) -> Value {
    let path = format!("{REVIEWS}{}/moderate/", id_of(review));
    admin.post(path, json!({"is_approved": is_approved})).await.ok()
}

async fn reviewed(patient: &Caller<'_>, doctor: &Caller<'_>, review: Value) -> Value {
    patient.post(reviews(doctor), review).await.ok()
}

/// What is left of an identifier without its prefix.
fn number(id: &str) -> &str {
    id.split('_').next_back().unwrap()
}

fn reviews(doctor: &Caller<'_>) -> String {
    format!("/api/doctors/{}/reviews/", doctor.id_as("doc"))
}

fn item(review: &Value) -> String {
    format!("/api/reviews/{}/", id_of(review))
}
