//! The directory of doctors: entered, verified, listed, found, changed, removed and counted.

use std::collections::BTreeSet;

use carehub_testkit::{Caller, Reply};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    reviews::settle_twice,
    support::{PASSWORD, People, assigned, each, id_of, open},
};

const CREATE: &str = "/api/doctors/create/";
const SEARCH: &str = "/api/doctors/search/";
const ANA: &str = "+923001234567";

/// 001-11, 002-D2: a coordinator enters a doctor with everything an older client sends.
#[tokio::test]
async fn a_coordinator_enters_a_doctor() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let body = json!({
        "first_name": " Dora ", "last_name": "Dent", "email": "Dora@Example.org",
        "phone_number": "+92 300 222 0001", "specialization": "CARDIOLOGY",
        "license_number": "MD123456", "years_of_experience": 10, "qualification": "MBBS, FCPS",
        "clinic_name": "Heart Clinic", "clinic_address": "1 Example Road", "city": "Lahore",
        "state": "Punjab", "zip_code": "54000", "consultation_fee": "150.00", "is_available": true,
    });

    let reply = cora.post(CREATE, body).await;

    let entered = reply.ok();
    assert_eq!(reply.status, 201);
    let id = id_of(&entered);
    let mut expected = json!({
        "id": id, "name": "Dora Dent", "doctor_name": "Dora Dent", "first_name": "Dora",
        "last_name": "Dent", "doctor_email": "dora@example.org", "phone_number": "+923002220001",
        "license_number": "MD123456", "specialization": "CARDIOLOGY",
        "qualification": "MBBS, FCPS", "years_of_experience": 10, "consultation_fee": "150.00",
        "clinic_name": "Heart Clinic", "clinic_address": "1 Example Road", "city": "Lahore",
        "state": "Punjab", "zip_code": "54000", "created_by": cora.id(),
        "created_at": "2030-01-07T08:00:00Z", "updated_at": "2030-01-07T08:00:00Z",
    });
    let unsaid = json!({
        "user": null, "hospital": null, "hospital_name": null, "doctor_username": null,
        "cnic": null, "address": null, "sub_specialization": null,
        "online_consultation_fee": null, "languages": [], "bio": null, "achievements": null,
        "department": null, "available_timings": {}, "timezone": "UTC",
        "appointment_duration": 30, "buffer_minutes": 0, "max_patients_per_day": 20,
        "is_available": true,
        "is_online_consultation_available": false, "is_verified": false, "is_active": true,
        "rating": null, "total_reviews": 0,
    });
    expected.as_object_mut().unwrap().extend(unsaid.as_object().unwrap().clone());
    assert_eq!(entered, expected);
    assert_eq!(reply.header("location"), format!("/api/doctors/{id}"));
    let shown = cora.get(reply.header("location")).await;
    assert_eq!(shown.ok(), entered);
    assert_eq!(shown.header("etag"), reply.header("etag"));
}

/// 002-D2: what the older apps call otherwise is read all the same.
#[tokio::test]
async fn a_doctor_is_read_by_older_names() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let body = json!({
        "full_name": "Dora van Dent", "phone": "+923002220001", "specialty": "Cardiology",
        "subspecialty": "Rhythm", "experience_years": 7, "consultation_duration": 45,
        "languages_spoken": "Urdu, English, Urdu", "hospital_affiliation": "Heart Clinic",
        "pincode": "54001", "accepts_new_patients": false, "is_online": true,
        "online_consultation_fee": 99.5, "achievements": "First in Lahore", "bio": "Hearts.",
        "available_days": {"MONDAY": {"start_time": "09:00", "end_time": "12:00"}},
        "time_zone": "Asia/Karachi", "max_patients_per_day": 12,
    });

    let dora = entered(&cora, body).await;

    let kept = |fields: &[&str]| fields.iter().map(|field| dora[field].clone()).collect::<Value>();
    assert_eq!(
        kept(&["first_name", "last_name", "specialization", "sub_specialization"]),
        json!(["Dora", "van Dent", "Cardiology", "Rhythm"])
    );
    assert_eq!(
        kept(&["years_of_experience", "appointment_duration", "languages", "clinic_name"]),
        json!([7, 45, ["Urdu", "English"], "Heart Clinic"])
    );
    assert_eq!(
        kept(&["zip_code", "is_available", "is_online_consultation_available", "timezone"]),
        json!(["54001", false, true, "Asia/Karachi"])
    );
    assert_eq!(
        kept(&["online_consultation_fee", "bio", "achievements", "max_patients_per_day"]),
        json!(["99.50", "Hearts.", "First in Lahore", 12])
    );
    assert_eq!(dora["available_timings"], json!({"MONDAY": ["09:00-12:00"]}));
}

/// 001-11: a fee is text or a number, and always shown to the cent.
#[tokio::test]
async fn a_fee_is_text_or_a_number() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let path = item(&entered(&cora, doctor("Dora", "Dent")).await);

    for (given, shown) in [
        (json!(150), "150.00"),
        (json!("150"), "150.00"),
        (json!(150.5), "150.50"),
        (json!("150.50"), "150.50"),
        (json!(0.29), "0.29"),
        (json!("0"), "0.00"),
    ] {
        let changed = cora.patch(&path, json!({"consultation_fee": given})).await.ok();
        assert_eq!(changed["consultation_fee"], shown, "{given}");
    }
    let forgotten = cora.patch(&path, json!({"consultation_fee": null})).await.ok();
    assert_eq!(forgotten["consultation_fee"], Value::Null);
}

/// 001-11, 002-D2: everything that is wrong is named at once.
#[tokio::test]
async fn every_wrong_field_of_an_entry_is_named() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let body = json!({
        "first_name": "", "specialization": "Cardiology", "email": "nowhere", "phone": "12",
        "years_of_experience": 81, "consultation_fee": -1, "online_consultation_fee": "1.999",
        "languages": "x".repeat(51), "appointment_duration": 10, "max_patients_per_day": 0,
        "timezone": "Mars/Base", "available_timings": {"MONDAY": ["12:00-09:00"]},
        "is_available": "maybe", "rating": 5, "is_verified": true,
    });

    let problem = cora.post(CREATE, body).await.problem();

    let pointers: BTreeSet<_> = problem.errors.iter().map(|error| &*error.pointer).collect();
    let expected = [
        "/first_name",
        "/email",
        "/phone",
        "/years_of_experience",
        "/consultation_fee",
        "/online_consultation_fee",
        "/languages",
        "/appointment_duration",
        "/max_patients_per_day",
        "/timezone",
        "/available_timings",
        "/is_available",
        "/rating",
        "/is_verified",
    ];
    assert_eq!(pointers, BTreeSet::from(expected));
    assert_eq!(problem.status, 400);
}

/// 001-11: who is entered has a name and a field of medicine.
#[tokio::test]
async fn an_entry_needs_a_name_and_a_field() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;

    let problem = cora.post(CREATE, json!({"city": "Lahore"})).await.problem();

    let pointers: Vec<_> = problem.errors.iter().map(|error| &*error.pointer).collect();
    assert_eq!(pointers, ["/first_name", "/specialization"]);
}

/// 001-11, 001-13: bad numbers are refused with their place, in a change too.
#[tokio::test]
async fn bad_numbers_are_refused_in_changes() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let path = item(&entered(&cora, doctor("Dora", "Dent")).await);
    let before = cora.get(&path).await.ok();

    for (field, value) in [
        ("years_of_experience", json!(-1)),
        ("years_of_experience", json!(10.5)),
        ("years_of_experience", json!("many")),
        ("consultation_fee", json!("150,00")),
        ("consultation_fee", json!(1e12)),
        ("appointment_duration", json!(121)),
        ("max_patients_per_day", json!(51)),
    ] {
        let problem = cora.patch(&path, json!({field: value})).await.problem();
        assert_eq!(problem.status, 400);
        assert_eq!(problem.errors[0].pointer, format!("/{field}"), "{value}");
    }
    assert_eq!(cora.get(&path).await.ok(), before);
}

/// 001-11: neither patients nor strangers enter doctors.
#[tokio::test]
async fn patients_and_visitors_enter_nobody() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;

    for path in [CREATE, "/api/doctors/", "/api/admin/doctors/"] {
        assert_eq!(ana.post(path, doctor("Dora", "Dent")).await.refusal(), "403 forbidden");
        let visitor = hub.visitor().post(path, doctor("Dora", "Dent")).await;
        assert_eq!(visitor.refusal(), "401 unauthenticated");
    }
}

/// 001-11: an entry that is sent again is made once.
#[tokio::test]
async fn an_entry_that_is_sent_again_is_made_once() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await.with_header("idempotency-key", "dora-1");
    let first = cora.post(CREATE, doctor("Dora", "Dent")).await;

    let again = cora.post(CREATE, doctor("Dora", "Dent")).await;

    assert_eq!((again.status, again.ok()), (first.status, first.ok()));
    assert_eq!(names(&cora, "/api/doctors/").await, "Dora Dent");
}

/// 002-D2: a doctor completes the own profile once, under either path.
#[tokio::test]
async fn a_doctor_completes_the_own_profile_once() {
    let hub = open().await;
    for (username, path) in [("lone", "/api/doctors/"), ("lana", "/api/admin/doctors/")] {
        let lone = hub.lone_doctor(username).await;
        let body = json!({"specialization": "Cardiology", "license_number": "MED123456"});

        let reply = lone.post(path, &body).await;

        assert_eq!(reply.status, 201, "{}", reply.text());
        let own = reply.ok();
        assert_eq!(own["id"], lone.id_as("doc"));
        assert_eq!((&own["user"], &own["name"]), (&json!(lone.id()), &json!("Lone Doctor")));
        assert_eq!(own["license_number"], "MED123456");
        let again = lone.post(path, body).await;
        assert_eq!(again.refusal(), "409 profile-exists");
        assert_eq!(lone.post(CREATE, json!({})).await.refusal(), "409 profile-exists");
    }
}

/// 001-12, 002-D1, 002-D3, 002-D7: who is not verified is seen only by whoever entered them and
/// by admins, and by everyone as long as somebody vouches for them.
#[tokio::test]
async fn an_unverified_doctor_is_seen_by_few() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    let strangers = [
        hub.coordinator("carl").await,
        hub.patient("ana", ANA).await,
        hub.hospital("jinnah").await,
        hub.lone_doctor("lone").await,
    ];
    let dora = entered(&cora, doctor("Dora", "Dent")).await;
    let id = id_of(&dora);

    for is_verified in [false, true, false] {
        vouch(&admin, id, is_verified).await;
        for stranger in &strangers {
            assert_eq!(sees(stranger, id).await, is_verified, "{stranger:?}");
        }
        for friend in [&cora, &admin] {
            assert!(sees(friend, id).await, "{friend:?}");
        }
    }
}

/// 002-D3: doctors who registered themselves are seen by themselves and admins until verified.
#[tokio::test]
async fn a_doctor_who_registered_is_seen_once_verified() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ana = hub.patient("ana", ANA).await;
    let lone = hub.lone_doctor("lone").await;
    let body =
        json!({"specialization": "Cardiology", "license_number": "MED1", "name": "Dora Dent"});
    lone.post("/api/doctors/", body).await.ok();
    let id = lone.id_as("doc");
    assert!(sees(&lone, &id).await);
    assert!(!sees(&ana, &id).await);

    vouch(&admin, &id, true).await;

    assert!(sees(&ana, &id).await);
    assert!(sees(&lone, &id).await);
    vouch(&admin, &id, false).await;
    assert!(!sees(&ana, &id).await);
    assert!(sees(&lone, &id).await);
}

/// 002-C3: only admins vouch for doctors, and hospitals for their own.
#[tokio::test]
async fn admins_and_the_hospital_vouch_for_doctors() {
    let hub = open().await;
    let admin = hub.admin().await;
    let (hospital, other) = (hub.hospital("jinnah").await, hub.hospital("other").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let cora = hub.coordinator("cora").await;
    let ana = hub.patient("ana", ANA).await;
    let path = format!("/api/doctors/{}/verify/", ali.id_as("doc"));
    let dora = entered(&cora, doctor("Dora", "Dent")).await;

    let strangers =
        join_all([&other, &ali, &cora, &ana].map(|one| one.post(&path, json!({})))).await;
    let own = cora.post(format!("/api/doctors/{}/verify/", id_of(&dora)), json!({})).await;
    let unknown = ana.post(format!("/api/doctors/{}/verify/", id_of(&dora)), json!({})).await;

    assert!(strangers.iter().all(|reply| reply.refusal() == "403 forbidden"), "{strangers:?}");
    assert_eq!(own.refusal(), "403 forbidden");
    assert_eq!(unknown.refusal(), "404 not-found");
    assert_eq!(ana.get(item_of(&ali)).await.ok()["is_verified"], true);
    let off = hospital.post(&path, json!({"is_verified": false})).await.ok();
    assert_eq!(off["is_verified"], false);
    assert_eq!(ana.get(item_of(&ali)).await.refusal(), "404 not-found");
    assert_eq!(admin.post(&path, json!({})).await.ok()["is_verified"], true);
    ana.get(item_of(&ali)).await.ok();
}

/// 002-C3: the same decision again changes nothing, and each one is in the audit log.
#[tokio::test]
async fn verification_is_logged_once() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    let dora = entered(&cora, doctor("Dora", "Dent")).await;
    let path = format!("/api/doctors/{}/verify/", id_of(&dora));
    let stale = admin.get(item(&dora)).await.header("etag").to_owned();

    let first = admin.post(&path, json!({"is_verified": true})).await;
    let again = admin.post(&path, json!({})).await;

    assert_eq!(first.ok(), again.ok());
    assert_eq!(first.header("etag"), again.header("etag"));
    let late =
        admin.with_header("if-match", stale).post(&path, json!({"is_verified": false})).await;
    assert_eq!(late.refusal(), "412 precondition-failed");
    let log = admin.get("/api/accounts/audit-logs/?action=DOCTOR_VERIFIED").await.ok();
    let lines = log["results"].as_array().unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["entity"], &lines[0]["performed_by"]), (&dora["id"], &json!(admin.id())));
    let wrong = admin.post(&path, json!({"is_verified": "perhaps"})).await.problem();
    assert_eq!(wrong.errors[0].pointer, "/is_verified");
}

/// 002-D1, 002-D7: admins list those who wait to be verified, or those who do not.
#[tokio::test]
async fn admins_list_who_waits_to_be_verified() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    entered(&cora, doctor("Wendy", "Waits")).await;
    hub.clock.advance(SignedDuration::from_secs(1));
    entered(&admin, doctor("Vera", "Waits")).await;

    for path in ["/api/doctors/", "/api/admin/doctors/", SEARCH, "/api/doctors/search/?query=waits"]
    {
        let sign = if path.contains('?') { '&' } else { '?' };
        assert_eq!(names(&admin, path).await, "Vera Waits, Wendy Waits", "{path}");
        assert_eq!(names(&admin, &format!("{path}{sign}is_verified=false")).await, "Wendy Waits");
        assert_eq!(names(&admin, &format!("{path}{sign}is_verified=true")).await, "Vera Waits");
    }
    let carl = hub.coordinator("carl").await;
    assert_eq!(names(&carl, "/api/doctors/?is_verified=false").await, "Vera Waits");
}

/// 001-10, 002-D1, 003-08: everyone lists the doctors under every path, oldest first.
#[tokio::test]
async fn everyone_lists_the_available_doctors() {
    let hub = open().await;
    let admin = hub.admin().await;
    for (first, is_available) in [("Zoe", true), ("Ali", true), ("Bea", false)] {
        let mut body = doctor(first, "Khan");
        body["is_available"] = json!(is_available);
        entered(&admin, body).await;
        hub.clock.advance(SignedDuration::from_secs(1));
    }
    let ana = hub.patient("ana", ANA).await;
    let cora = hub.coordinator("cora").await;

    for path in ["/api/doctors/", "/api/doctors", "/api/admin/doctors/", "/api/v1/doctors/"] {
        for person in [&ana, &cora, &admin] {
            let list = person.get(path).await.ok();
            assert_eq!(each(&list, "name"), ["Zoe Khan", "Ali Khan"], "{path}");
            assert_eq!((&list["next"], &list["previous"]), (&Value::Null, &Value::Null));
        }
        let all = ana.get(format!("{path}?available_only=false")).await.ok();
        assert_eq!(each(&all, "name"), ["Zoe Khan", "Ali Khan", "Bea Khan"]);
        let shown =
            ana.get(format!("{}/{}", path.trim_end_matches('/'), id_of(&all["results"][0])));
        assert_eq!(shown.await.ok(), all["results"][0]);
    }
    assert_eq!(hub.visitor().get("/api/doctors/").await.refusal(), "401 unauthenticated");
}

/// 001-10, 002-D1, 002-D7, 003-08: lists and searches are narrowed by each filter and by all.
#[tokio::test]
async fn the_directory_is_narrowed_by_filters() {
    let hub = open().await;
    let admin = hub.admin().await;
    for body in [
        json!({
            "name": "Ali Uhl", "specialization": "Cardiology", "sub_specialization": "Heart Rhythm",
            "city": "Lahore", "state": "Punjab", "consultation_fee": 100,
            "years_of_experience": 5, "languages": ["Urdu", "English"], "is_online": true,
        }),
        json!({
            "name": "Bea Uhl", "specialization": "General Medicine", "city": "São Paulo",
            "state": "SP", "consultation_fee": "200.50", "years_of_experience": 10,
            "languages": "Portuguese, English",
        }),
        json!({
            "name": "Cem Uhl", "specialization": "CARDIOLOGY", "city": "LAHORE",
            "consultation_fee": 300, "years_of_experience": 20, "languages": ["urdu"],
            "is_available": false, "is_online": true,
        }),
        json!({"name": "Dan Uhl", "specialization": "neurology"}),
    ] {
        entered(&admin, body).await;
    }
    let ana = hub.patient("ana", ANA).await;

    for (filter, found) in [
        ("", "Ali Bea Dan"),
        ("specialization=cardiology", "Ali"),
        ("specialization=CARDIOLOGY", "Ali"),
        ("specialty=Cardiology", "Ali"),
        ("specialization=general_medicine", "Bea"),
        ("specialization=General%20Medicine", "Bea"),
        ("specialization=GENERAL-MEDICINE", "Bea"),
        ("specialization=surgery", ""),
        ("sub_specialization=HEART%20rhythm", "Ali"),
        ("subspecialty=heart%20rhythm", "Ali"),
        ("city=lahore", "Ali"),
        ("city=sao%20paulo", "Bea"),
        ("city=S%C3%83O%20PAULO", "Bea"),
        ("state=punjab", "Ali"),
        ("language=ENGLISH", "Ali Bea"),
        ("languages=urdu", "Ali"),
        ("min_fee=150", "Bea"),
        ("max_fee=150", "Ali"),
        ("min_fee=100&max_fee=200.50", "Ali Bea"),
        ("min_fee=100.01&max_fee=200.49", ""),
        ("min_experience=6", "Bea"),
        ("max_experience=5", "Ali"),
        ("min_experience=5&max_experience=10", "Ali Bea"),
        ("consultation_type=online", "Ali"),
        ("consultation_type=in_person", "Ali Bea Dan"),
        ("consultation_type=both", "Ali Bea Dan"),
        ("available_only=true", "Ali Bea Dan"),
        ("available_only=false", "Ali Bea Cem Dan"),
        ("ordering=-rating", "Ali Bea Dan"),
        ("specialization=cardiology&city=lahore&language=urdu&available_only=false", "Ali Cem"),
        (
            "specialization=Cardiology&city=Lahore&languages=URDU&available_only=false&min_fee=200\
             &min_experience=10&max_experience=30&consultation_type=online",
            "Cem",
        ),
        ("specialization=cardiology&city=sao%20paulo", ""),
    ] {
        for path in [
            format!("/api/doctors/?{filter}"),
            format!("/api/v1/doctors/?{filter}"),
            format!("{SEARCH}?{filter}"),
            format!("/api/admin/doctors/search/?{filter}&query=uhl"),
        ] {
            let list = ana.get(&path).await.ok();
            let mut first: Vec<_> = each(&list, "first_name");
            first.sort_unstable();
            assert_eq!(first.join(" "), found, "{path}");
        }
    }
}

/// 002-D7: the rating narrows as well, as soon as it is counted.
#[tokio::test]
async fn the_directory_is_narrowed_by_rating() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ana = hub.patient("ana", ANA).await;
    for (first, stars) in [("Five", 5), ("Three", 3)] {
        let doctor = hub.doctor_of(&hospital, first, "Stars").await;
        hub.visit(&ana, &doctor).await;
        let review = json!({"doctor": doctor.id_as("doc"), "rating": stars});
        ana.post("/api/reviews/", review).await.ok();
    }
    hub.doctor_of(&hospital, "No", "Stars").await;
    assert_eq!(names(&ana, "/api/doctors/?min_rating=1").await, "");

    hub.settle().await;

    for (rating, found) in
        [("1", "Five Stars, Three Stars"), ("3.01", "Five Stars"), ("5.0", "Five Stars")]
    {
        assert_eq!(names(&ana, &format!("/api/doctors/?min_rating={rating}")).await, found);
        assert_eq!(names(&ana, &format!("{SEARCH}?query=stars&rating_min={rating}")).await, found);
    }
    assert_eq!(names(&ana, "/api/doctors/").await, "Five Stars, No Stars, Three Stars");
}

/// 002-D7: filters that make no sense are named.
#[tokio::test]
async fn wrong_filters_of_the_directory_are_named() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;

    for (filter, pointer) in [
        ("min_fee=cheap", "/min_fee"),
        ("max_fee=-1", "/max_fee"),
        ("min_fee=300&max_fee=200", "/max_fee"),
        ("min_experience=81", "/min_experience"),
        ("max_experience=x", "/max_experience"),
        ("min_experience=9&max_experience=8", "/max_experience"),
        ("min_rating=0.5", "/min_rating"),
        ("rating_min=6", "/rating_min"),
        ("consultation_type=telepathy", "/consultation_type"),
        ("available_only=perhaps", "/available_only"),
        ("is_verified=2", "/is_verified"),
        ("shoe_size=40", "/shoe_size"),
        ("limit=101", "/limit"),
    ] {
        for path in ["/api/doctors/", "/api/admin/doctors/", SEARCH] {
            let problem = ana.get(format!("{path}?{filter}")).await.problem();
            assert_eq!((problem.status, &*problem.errors[0].pointer), (400, pointer), "{filter}");
        }
    }
}

/// 001-10, 002-D7: every page is full but the last, however few a filter lets through.
#[tokio::test]
async fn filtered_pages_of_the_directory_are_full() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    for number in 0..25 {
        let city = if number % 5 == 0 { "Lahore" } else { "Karachi" };
        let by = if number % 2 == 0 { &admin } else { &cora };
        let name = format!("N{number:02} Uhl");
        entered(by, json!({"name": name, "specialization": "Surgery", "city": city})).await;
        hub.clock.advance(SignedDuration::from_secs(1));
    }

    let narrowed = pages(&cora, "/api/doctors/?city=lahore&limit=2").await;
    let found = pages(&cora, "/api/doctors/search/?query=uhl&city=LAHORE&limit=2").await;
    let field = pages(&admin, "/api/admin/doctors/?specialization=surgery&limit=10").await;

    let expected = [vec!["N00 Uhl", "N05 Uhl"], vec!["N10 Uhl", "N15 Uhl"], vec!["N20 Uhl"]];
    assert_eq!(narrowed, expected);
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(field.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    let all: Vec<_> = field.into_iter().flatten().collect();
    assert_eq!(all, (0..25).map(|number| format!("N{number:02} Uhl")).collect::<Vec<_>>());
}

/// 001-10: a link to a page is good for whoever was given it, and for that list.
#[tokio::test]
async fn a_link_into_the_directory_is_good_for_one_person() {
    let hub = open().await;
    let admin = hub.admin().await;
    let (cora, carl) = (hub.coordinator("cora").await, hub.coordinator("carl").await);
    for first in ["Ali", "Bea"] {
        entered(&admin, doctor(first, "Khan")).await;
    }
    let list = cora.get("/api/doctors/?limit=1").await.ok();
    let next = list["next"].as_str().unwrap();

    let elsewhere = next.replace("/api/doctors", "/api/doctors/search");
    let refusals = [carl.get(next).await.refusal(), cora.get(elsewhere).await.refusal()];

    assert_eq!(refusals, ["400 bad-cursor"; 2]);
    let second = cora.get(next).await.ok();
    let back = cora.get(second["previous"].as_str().unwrap()).await.ok();
    assert_eq!(second["next"], Value::Null);
    assert_eq!(back["results"], list["results"]);
    assert_ne!(second["results"], list["results"]);
}

/// 002-D7: doctors are found by the beginning of any word of name, field or clinic, and no
/// longer by what they were called before.
#[tokio::test]
async fn doctors_are_found_by_name_field_and_clinic() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let mut body = doctor("José", "Núñez-Ortiz");
    body["clinic_name"] = json!("Shifa Heart Clinic");
    body["sub_specialization"] = json!("Electrophysiology");
    let path = item(&entered(&cora, body).await);
    entered(&cora, json!({"name": "Zed Zorn", "specialization": "Neurology"})).await;
    let find = async |text: &str| {
        let mut found = BTreeSet::new();
        for path in [SEARCH, "/api/admin/doctors/search/", "/api/v1/doctors/search/"] {
            for parameter in ["query", "search", "q"] {
                found.insert(names(&cora, &format!("{path}?{parameter}={text}")).await);
            }
        }
        found.insert(names(&cora, &format!("/api/doctors/?search={text}")).await);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found.pop_first().unwrap()
    };

    for text in ["jos", "JOSE", "Jos%C3%A9", "nunez", "cardio", "shifa", "electro", "clinic"] {
        assert_eq!(find(text).await, "José Núñez-Ortiz", "{text}");
    }
    assert_eq!(find("zorn").await, "Zed Zorn");
    assert_eq!(find("nobody").await, "");
    assert_eq!(find("ose").await, "");

    let change = json!({"first_name": "Juan", "clinic_name": null, "specialization": "Oncology"});
    cora.patch(&path, change).await.ok();

    for text in ["jose", "shifa", "cardio"] {
        assert_eq!(find(text).await, "", "{text}");
    }
    for text in ["juan", "onco", "nunez"] {
        assert_eq!(find(text).await, "Juan Núñez-Ortiz", "{text}");
    }
}

/// 002-D7: who has two words with one beginning is found once, also on small pages.
#[tokio::test]
async fn who_has_two_such_words_is_found_once() {
    let hub = open().await;
    let admin = hub.admin().await;
    for name in ["Anna Annson", "Anne Annika Annis", "Antje Annen"] {
        entered(&admin, json!({"name": name, "specialization": "Annelid Medicine"})).await;
        hub.clock.advance(SignedDuration::from_secs(1));
    }

    for limit in [1, 2, 20] {
        let path = format!("{SEARCH}?query=ann&limit={limit}");
        let mut found = pages(&admin, &path).await.concat();
        found.sort();
        assert_eq!(found, ["Anna Annson", "Anne Annika Annis", "Antje Annen"], "{limit}");
    }
}

/// 001-13, 001-14, 002-D4, 002-D5: whoever entered a doctor changes them under every path, and
/// what is not sent stays.
#[tokio::test]
async fn an_entry_is_changed_under_every_path() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    let dora = entered(&cora, doctor("Dora", "Dent")).await;
    let id = id_of(&dora);
    hub.clock.advance(SignedDuration::from_secs(1));

    let paths = [
        format!("/api/doctors/{id}/update/"),
        format!("/api/doctors/{id}/"),
        format!("/api/admin/doctors/{id}/"),
        format!("/api/v1/doctors/{id}/"),
        format!("/api/hospitals/doctors/{id}/"),
    ];
    for (number, path) in paths.iter().enumerate() {
        let put = cora.put(path, json!({"city": format!("Put {number}")})).await;
        let patch = admin.patch(path, json!({"bio": format!("Bio {number}")})).await.ok();

        assert_eq!(put.ok()["city"], format!("Put {number}"), "{path}");
        assert_eq!(patch["city"], format!("Put {number}"));
        assert_eq!(patch["name"], "Dora Dent");
        assert_eq!(patch["updated_at"], "2030-01-07T08:00:01Z");
        for path in &paths[1..] {
            assert_eq!(cora.get(path).await.ok(), patch, "{path}");
        }
        assert_eq!(cora.get("/api/doctors/").await.ok()["results"], json!([patch]));
    }
}

/// 001-13, 001-15: others may not change or remove a doctor, nor learn of one who is hidden.
#[tokio::test]
async fn others_leave_an_entry_alone() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let (carl, ana) = (hub.coordinator("carl").await, hub.patient("ana", ANA).await);
    let dora = entered(&cora, doctor("Dora", "Dent")).await;
    let id = id_of(&dora);

    for expected in ["404 not-found", "403 forbidden"] {
        for stranger in [&carl, &ana, &hospital, &ali] {
            for path in [format!("/api/doctors/{id}/update/"), format!("/api/admin/doctors/{id}/")]
            {
                let reply = stranger.patch(&path, json!({"city": "Mine"})).await;
                assert_eq!(reply.refusal(), expected, "{stranger:?}");
            }
            for path in [format!("/api/doctors/{id}/delete/"), format!("/api/doctors/{id}/")] {
                assert_eq!(stranger.delete(&path).await.refusal(), expected, "{stranger:?}");
            }
        }
        vouch(&admin, id, true).await;
    }
    let bea = hub.doctor_of(&hospital, "Bea", "Mehmood").await;
    assert_eq!(bea.patch(item_of(&ali), json!({"city": "Mine"})).await.refusal(), "403 forbidden");
    assert_eq!(cora.get(item(&dora)).await.ok()["city"], Value::Null);
}

/// 001-15, 002-D6: a doctor is taken out of the directory under every path.
#[tokio::test]
async fn a_doctor_is_taken_out_of_the_directory() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let admin = hub.admin().await;
    let ana = hub.patient("ana", ANA).await;
    let paths: [fn(&str) -> String; 4] = [
        |id| format!("/api/doctors/{id}/delete/"),
        |id| format!("/api/doctors/{id}/"),
        |id| format!("/api/admin/doctors/{id}/"),
        |id| format!("/api/v1/doctors/{id}/"),
    ];
    for path in paths {
        let dora = entered(&cora, doctor("Dora", "Dent")).await;
        let id = id_of(&dora);
        vouch(&admin, id, true).await;
        assert!(sees(&ana, id).await);

        let reply = cora.delete(path(id)).await;

        assert_eq!((reply.status.as_u16(), &*reply.text()), (204, ""));
        assert!(!sees(&ana, id).await);
        for person in [&cora, &admin] {
            assert_eq!(names(person, "/api/doctors/").await, "");
            assert_eq!(names(person, "/api/doctors/search/?query=dora").await, "");
            assert_eq!(person.get(item(&dora)).await.ok()["is_active"], false);
        }
        assert_eq!(cora.delete(path(id)).await.status, 204);
    }
}

/// 001-15: who was removed is taken in again by whoever entered them.
#[tokio::test]
async fn a_removed_doctor_is_taken_in_again() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ana = hub.patient("ana", ANA).await;
    let dora = entered(&admin, doctor("Dora", "Dent")).await;
    admin.delete(item(&dora)).await.ok();
    assert!(!sees(&ana, id_of(&dora)).await);

    admin.patch(item(&dora), json!({"is_active": true})).await.ok();

    assert!(sees(&ana, id_of(&dora)).await);
}

/// 000-15, 002-D1, 004-21: a doctor of a hospital is one and the same in every list, and a
/// change under one path shows under all.
#[tokio::test]
async fn a_doctor_is_the_same_in_every_list() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let id = ali.id_as("doc");
    let everywhere = async || {
        let house = format!("/api/hospitals/{}/doctors/", hospital.id_as("hsp"));
        for path in ["/api/doctors/", "/api/admin/doctors/", "/api/hospitals/doctors/", &house] {
            let seen = hospital.get(path).await.ok()["results"][0].clone();
            assert_eq!(seen, ali.get(item_of(&ali)).await.ok(), "{path}");
        }
        let account = admin.get("/api/users/doctors/").await.ok()["results"][0].clone();
        let profile = ali.get("/api/auth/profile/").await.ok();
        let shown = ali.get("/api/doctors/profile/").await.ok();
        assert_eq!(account["id"], shown["user"]);
        for account in [&account, &profile] {
            assert_eq!(account["name"], shown["name"]);
            assert_eq!(account["phone"], shown["phone_number"]);
            assert_eq!(account["email"], shown["doctor_email"]);
        }
        [shown["name"].clone(), shown["phone_number"].clone(), shown["doctor_email"].clone()]
    };
    everywhere().await;

    let changes = [
        (
            &ali,
            "/api/auth/profile/".to_owned(),
            json!({"first_name": "Alia", "phone": "+923002220009"}),
        ),
        (&ali, format!("/api/doctors/{id}/update/"), json!({"first_name": "Aliya"})),
        (&hospital, format!("/api/hospitals/doctors/{id}/"), json!({"phone": "+923002220008"})),
        (&admin, format!("/api/admin/doctors/{id}/"), json!({"last_name": "Mirza"})),
        (&ali, "/api/doctors/update_profile/".to_owned(), json!({"email": "aliya@example.org"})),
    ];
    for (by, path, change) in changes {
        by.patch(&path, change).await.ok();
        everywhere().await;
    }

    let shown = everywhere().await;
    assert_eq!(shown, ["Aliya Mirza", "+923002220008", "aliya@example.org"]);
    for (text, found) in
        [("aliya", "Aliya Mirza"), ("mirza", "Aliya Mirza"), ("mehmood", ""), ("alia", "")]
    {
        assert_eq!(names(&ana, &format!("{SEARCH}?query={text}")).await, found, "{text}");
        let accounts = admin.get(format!("/api/users/doctors/?search={text}")).await.ok();
        assert_eq!(each(&accounts, "name").join(", "), found, "{text}");
    }
}

/// 002-D6: who closes their account, or has it closed, leaves the directory.
#[tokio::test]
async fn a_closed_account_leaves_the_directory() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    assert!(sees(&ana, &ali.id_as("doc")).await);

    admin.delete(format!("/api/auth/admin/users/{}/", ali.id())).await.ok();

    assert!(!sees(&ana, &ali.id_as("doc")).await);
    assert_eq!(names(&admin, "/api/doctors/").await, "");
    assert_eq!(hospital.get(item_of(&ali)).await.ok()["is_active"], false);
    assert_eq!(ali.get("/api/doctors/profile/").await.refusal(), "401 unauthenticated");
}

/// 000-15, 002-D4: a hospital that lets a doctor go signs them out, and lets them in again.
#[tokio::test]
async fn a_doctor_who_is_let_go_is_signed_out() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let username = ali.user["username"].as_str().unwrap();
    let credentials = json!({"username": username, "password": PASSWORD});

    hospital.patch(item_of(&ali), json!({"is_active": false})).await.ok();

    assert_eq!(ali.get("/api/auth/profile/").await.refusal(), "401 unauthenticated");
    let renewal = json!({"refresh": ali.refresh});
    let renewed = hub.visitor().post("/api/auth/refresh/", renewal).await;
    assert_eq!(renewed.status, 401, "{}", renewed.text());
    let signed_in = hub.visitor().post("/api/auth/login/", &credentials).await;
    assert_eq!(signed_in.refusal(), "401 sign-in-refused");
    assert!(!sees(&ana, &ali.id_as("doc")).await);

    hospital.patch(item_of(&ali), json!({"is_active": true})).await.ok();

    hub.sign_in(username, PASSWORD).await;
    assert!(sees(&ana, &ali.id_as("doc")).await);
    assert_eq!(ali.get("/api/auth/profile/").await.refusal(), "401 unauthenticated");
}

/// 002-D4: whether they work here, doctors do not say themselves.
#[tokio::test]
async fn doctors_do_not_say_whether_they_work_here() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;

    for path in [item_of(&ali), "/api/doctors/update_profile/".to_owned()] {
        let reply = ali.patch(&path, json!({"is_active": false})).await;
        assert_eq!(reply.refusal(), "403 forbidden");
        ali.patch(&path, json!({"is_active": true, "bio": "Hearts."})).await.ok();
    }
    let lone = hub.lone_doctor("lone").await;
    assert_eq!(lone.delete(item_of(&lone)).await.status, 204);
    let back = lone.patch(item_of(&lone), json!({"is_active": true})).await;
    assert_eq!(back.refusal(), "403 forbidden");
}

/// 001-11: within a hospital no two doctors have one licence; who has no account is no exception.
#[tokio::test]
async fn a_licence_is_used_once_in_a_hospital() {
    let hub = open().await;
    let (hospital, other) = (hub.hospital("jinnah").await, hub.hospital("other").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let licensed = |licence: &str| {
        let mut body = doctor("Dora", "Dent");
        body["license_number"] = json!(licence);
        body
    };
    let dora = entered(&hospital, licensed("PMC-1")).await;
    assert_eq!(
        (&dora["hospital"], &dora["is_verified"]),
        (&json!(hospital.id_as("hsp")), &json!(true))
    );

    let again = hospital.post(CREATE, licensed("pmc-1")).await;
    let change = ali.patch(item_of(&ali), json!({"license_number": "PMC-1"})).await;
    let completed = ali.post("/api/doctors/", licensed("PMC-1")).await;

    for reply in [&again, &change, &completed] {
        assert_eq!(reply.refusal(), "409 doctor-licence-taken");
    }
    entered(&other, licensed("PMC-1")).await;
    hospital.patch(item(&dora), json!({"license_number": "PMC-2"})).await.ok();
    ali.patch(item_of(&ali), json!({"license_number": "PMC-1"})).await.ok();
}

/// 001-11: of many who enter one licence at once, one does.
#[tokio::test]
async fn of_many_who_enter_one_licence_one_does() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let mut body = doctor("Dora", "Dent");
    body["license_number"] = json!("PMC-1");

    let replies = join_all((0..4).map(|_| hospital.post(CREATE, &body))).await;

    let made = replies.iter().filter(|reply| reply.status == 201).count();
    let refused = replies.iter().filter(|reply| reply.status != 201);
    assert_eq!(made, 1);
    assert!(refused.map(Reply::refusal).all(|refusal| refusal == "409 doctor-licence-taken"));
    assert_eq!(names(&hospital, "/api/doctors/").await, "Dora Dent");
}

/// 001-11: a hospital enters doctors of its own only; admins name one that has joined.
#[tokio::test]
async fn doctors_are_entered_for_a_hospital() {
    let hub = open().await;
    let admin = hub.admin().await;
    let (hospital, other) = (hub.hospital("jinnah").await, hub.hospital("other").await);
    let waiting = hub.applicant("waiting").await;
    let cora = hub.coordinator("cora").await;
    let with = |hospital: &str| {
        let mut body = doctor("Dora", "Dent");
        body["hospital"] = json!(hospital);
        body
    };

    let refusals = [
        other.post(CREATE, with(&hospital.id_as("hsp"))).await.refusal(),
        cora.post(CREATE, with(&hospital.id_as("hsp"))).await.refusal(),
        admin.post(CREATE, with(id_of(&waiting))).await.refusal(),
        admin.post(CREATE, with("hsp_01J9Z3K8Q4N6V2X5Y7W0B1C2D3")).await.refusal(),
    ];

    assert_eq!(
        refusals,
        ["403 forbidden", "403 forbidden", "403 hospital-not-approved", "404 not-found"]
    );
    let dora = entered(&admin, with(&hospital.id_as("hsp"))).await;
    assert_eq!(dora["hospital_name"], "jinnah Hospital");
    assert_eq!(names(&hospital, "/api/hospitals/doctors/").await, "Dora Dent");
    hospital.patch(item(&dora), json!({"bio": "Ours."})).await.ok();
}

/// 000-15: doctors of a hospital that was turned away are in no list of others.
#[tokio::test]
async fn doctors_of_a_hospital_that_was_turned_away_leave_the_directory() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let dora = entered(&hospital, doctor("Dora", "Dent")).await;
    let ana = hub.patient("ana", ANA).await;
    let decision = format!("/api/hospitals/{}/approve/", hospital.id_as("hsp"));
    assert!(sees(&ana, id_of(&dora)).await);

    admin.patch(&decision, json!({"is_approved": false})).await.ok();

    assert_eq!(ana.get(item(&dora)).await.refusal(), "404 not-found");
    assert_eq!(names(&ana, "/api/doctors/").await, "");
    assert_eq!(names(&ana, "/api/doctors/search/?query=dora").await, "");
    assert_eq!(names(&admin, "/api/doctors/").await, "Dora Dent");
    admin.patch(&decision, json!({"is_approved": true})).await.ok();
    assert!(sees(&ana, id_of(&dora)).await);
}

/// 001-13, 002-D4: a change to what was seen elsewhere is refused.
#[tokio::test]
async fn a_change_is_made_to_what_was_seen() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let dora = entered(&cora, doctor("Dora", "Dent")).await;
    let seen = cora.get(item(&dora)).await.header("etag").to_owned();
    let careful = cora.with_header("if-match", seen);

    let first = careful.patch(item(&dora), json!({"city": "Lahore"})).await;
    let late = careful.put(item(&dora), json!({"city": "Karachi"})).await;
    let removal = careful.delete(item(&dora)).await;

    assert_eq!(first.ok()["city"], "Lahore");
    for reply in [late, removal] {
        assert_eq!(reply.refusal(), "412 precondition-failed");
    }
    let careful = cora.with_header("if-match", first.header("etag"));
    careful.delete(item(&dora)).await.ok();
}

/// 001-13: of two who change a doctor at once, one does and the other is told.
#[tokio::test]
async fn of_two_changes_at_once_one_is_made() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    let dora = entered(&cora, doctor("Dora", "Dent")).await;
    let seen = cora.get(item(&dora)).await.header("etag").to_owned();

    let replies = join_all([(&cora, "Lahore"), (&admin, "Karachi")].map(|(person, city)| {
        let careful = person.with_header("if-match", &seen);
        let path = item(&dora);
        async move { careful.patch(path, json!({"city": city})).await }
    }))
    .await;

    let (made, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    assert_eq!((made.len(), refused.len()), (1, 1));
    let refusal = refused[0].refusal();
    assert!(["409 doctor-stale", "412 precondition-failed"].contains(&&*refusal), "{refusal}");
    assert_eq!(cora.get(item(&dora)).await.ok()["city"], made[0].ok()["city"]);
}

/// 001-12, 003-08: how to reach a doctor at home is masked for everyone else, in lists too.
#[tokio::test]
async fn contact_details_are_masked_in_the_directory() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    let ana = hub.patient("ana", ANA).await;
    let mut body = doctor("Dora", "Dent");
    body["email"] = json!("dora@example.org");
    body["phone"] = json!("+923002220001");
    body["cnic"] = json!("35202-1234567-1");
    body["address"] = json!("2 Example Road");
    let dora = entered(&cora, body).await;
    vouch(&admin, id_of(&dora), true).await;

    for path in [item(&dora), "/api/doctors/".to_owned(), format!("{SEARCH}?query=dora")] {
        let stranger = ana.get(&path).await;
        for secret in ["dora@example.org", "+923002220001", "35202-1234567-1", "2 Example Road"] {
            assert!(!stranger.text().contains(secret), "{path}: {secret}");
            assert!(cora.get(&path).await.text().contains(secret), "{path}: {secret}");
        }
    }
    let shown = ana.get(item(&dora)).await.ok();
    assert_eq!((&shown["phone_number"], &shown["address"]), (&json!("***0001"), &Value::Null));
}

/// Optional routes of 004: GET `/api/doctors/profile/`, PUT `/api/doctors/update_profile/`.
#[tokio::test]
async fn a_doctor_reads_and_changes_the_own_entry() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;

    let read = ali.get("/api/doctors/profile/").await;
    let changed = ali.put("/api/doctors/update_profile/", json!({"qualification": "MBBS"})).await;

    assert_eq!(read.ok()["qualification"], Value::Null);
    assert_eq!(changed.ok()["qualification"], "MBBS");
    assert_eq!(changed.ok(), ali.get(item_of(&ali)).await.ok());
    let late = ali.with_header("if-match", read.header("etag"));
    let late = late.patch("/api/doctors/update_profile/", json!({"bio": "Late"})).await;
    assert_eq!(late.refusal(), "412 precondition-failed");
    for stranger in [hub.patient("ana", ANA).await, hub.coordinator("cora").await, hospital] {
        assert_eq!(stranger.get("/api/doctors/profile/").await.refusal(), "403 forbidden");
        let change = stranger.patch("/api/doctors/update_profile/", json!({"bio": "Mine"})).await;
        assert_eq!(change.refusal(), "403 forbidden");
    }
}

/// 004-10, 004-11: a doctor lists the patients in their care, under both names.
#[tokio::test]
async fn a_doctor_lists_the_own_patients() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let (ali, bea) = (
        hub.doctor_of(&hospital, "Ali", "Mehmood").await,
        hub.doctor_of(&hospital, "Bea", "Baum").await,
    );
    let cora = hub.coordinator("cora").await;
    let mut patients = Vec::new();
    for first in ["Pia", "Pat"] {
        let body = json!({
            "first_name": first, "last_name": "Pohl", "phone": "+923001112222", "gender": "F",
            "date_of_birth": "1980-05-05", "blood_group": "O+", "city": "Lahore",
        });
        patients.push(cora.post("/api/patients/", body).await.ok());
        hub.clock.advance(SignedDuration::from_secs(1));
    }
    for patient in &patients {
        assigned(&cora, id_of(patient), &ali).await;
    }

    for path in ["/api/doctors/patients/", "/api/doctors/my_patients/", "/api/v1/doctors/patients/"]
    {
        let list = ali.get(path).await.ok();
        assert_eq!(
            list["patients"][1],
            json!({
                "id": patients[0]["id"], "name": "Pia Pohl", "first_name": "Pia",
                "last_name": "Pohl", "email": null, "phone_number": "+923001112222",
                "gender": "FEMALE", "date_of_birth": "1980-05-05", "age": 49,
                "blood_group": "O+", "city": "Lahore",
            })
        );
        assert_eq!(list["patients"][0]["name"], "Pat Pohl");
        assert_eq!((&list["count"], &list["next"]), (&json!(2), &Value::Null));
        assert_eq!(list["message"], "Patients retrieved successfully");
        assert_eq!(bea.get(path).await.ok()["patients"], json!([]));
        for stranger in [&cora, &hospital] {
            assert_eq!(stranger.get(path).await.refusal(), "403 forbidden");
        }
    }
    let first = ali.get("/api/doctors/my_patients/?limit=1").await.ok();
    let second = ali.get(first["next"].as_str().unwrap()).await.ok();
    assert_eq!(second["patients"][0]["name"], "Pia Pohl");
}

/// 003-10: a doctor's practice in numbers, for the doctor, the hospital and admins.
#[tokio::test]
async fn a_practice_is_shown_in_numbers() {
    let hub = open().await;
    let admin = hub.admin().await;
    let (hospital, other) = (hub.hospital("jinnah").await, hub.hospital("other").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let cora = hub.coordinator("cora").await;
    let ana = hub.patient("ana", ANA).await;
    for first in ["Pia", "Pat"] {
        let patient = cora.post("/api/patients/", json!({"first_name": first})).await.ok();
        assigned(&cora, id_of(&patient), &ali).await;
    }
    for stars in [5, 4, 4] {
        hub.visit(&ana, &ali).await;
        let review = json!({"doctor": ali.id_as("doc"), "rating": stars});
        ana.post("/api/reviews/", review).await.ok();
    }
    settle_twice(&hub).await;

    for path in ["/api/doctors", "/api/v1/doctors"] {
        let path = format!("{path}/{}/statistics/", ali.id_as("doc"));
        for person in [&ali, &hospital, &admin] {
            assert_eq!(
                person.get(&path).await.ok(),
                json!({
                    "total_patients": 2, "total_appointments": 3, "completed_appointments": 3,
                    "average_rating": 4.33, "total_reviews": 3,
                })
            );
        }
        for stranger in [&ana, &cora, &other] {
            assert_eq!(stranger.get(&path).await.refusal(), "403 forbidden");
        }
    }
    let unknown = "/api/v1/doctors/doc_01J9Z3K8Q4N6V2X5Y7W0B1C2D3/statistics/";
    assert_eq!(ali.get(unknown).await.refusal(), "404 not-found");
}

/// 002-D8: admins see the doctors of the hub in numbers, however often the stream tells of them.
#[tokio::test]
async fn the_directory_is_counted() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let cora = hub.coordinator("cora").await;
    let ana = hub.patient("ana", ANA).await;
    let numbers = async || {
        settle_twice(&hub).await;
        let numbers = admin.get("/api/doctors/stats/").await.ok();
        assert_eq!(admin.get("/api/admin/doctors/stats/").await.ok(), numbers);
        numbers
    };
    let bands = |counts: [i64; 5]| {
        let names = ["0-2", "3-5", "6-10", "11-20", "20+"];
        names
            .into_iter()
            .zip(counts)
            .map(|(name, count)| (name.to_owned(), json!(count)))
            .collect::<Value>()
    };
    let none = numbers().await;
    assert_eq!(
        (&none["total_doctors"], &none["average_consultation_fee"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(none["experience_distribution"], bands([0; 5]));

    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let practice = json!({"consultation_fee": 100, "years_of_experience": 2});
    ali.patch(item_of(&ali), practice).await.ok();
    let mut body = doctor("Bea", "Baum");
    body["specialization"] = json!("General Medicine");
    body["consultation_fee"] = json!("200.01");
    body["years_of_experience"] = json!(21);
    let bea = entered(&cora, body).await;
    let mut body = doctor("Cem", "Can");
    body["specialization"] = json!("cardiology");
    body["is_available"] = json!(false);
    let cem = entered(&admin, body).await;
    hub.visit(&ana, &ali).await;
    ana.post("/api/reviews/", json!({"doctor": ali.id_as("doc"), "rating": 4})).await.ok();

    assert_eq!(
        numbers().await,
        json!({
            "total_doctors": 3, "verified_doctors": 2, "active_doctors": 1,
            "specialization_distribution": {"CARDIOLOGY": 2, "GENERAL_MEDICINE": 1},
            "experience_distribution": bands([1, 0, 0, 0, 1]),
            "average_consultation_fee": "150.01",
            "top_rated_doctors": [{
                "id": ali.id_as("doc"), "name": "Ali Mehmood", "rating": 4.0, "total_reviews": 1,
            }],
            "consultation_stats": {
                "total_appointments": 1, "pending_appointments": 0, "completed_visits": 1,
            },
        })
    );

    vouch(&admin, id_of(&bea), true).await;
    cora.patch(item(&bea), json!({"specialization": "Cardiology", "years_of_experience": 3}))
        .await
        .ok();
    admin.delete(item(&cem)).await.ok();
    hospital.patch(item_of(&ali), json!({"is_active": false})).await.ok();

    let after = numbers().await;
    assert_eq!((&after["total_doctors"], &after["verified_doctors"]), (&json!(1), &json!(1)));
    assert_eq!(after["active_doctors"], 1);
    assert_eq!(after["specialization_distribution"], json!({"CARDIOLOGY": 1}));
    assert_eq!(after["experience_distribution"], bands([0, 1, 0, 0, 0]));
    assert_eq!(after["average_consultation_fee"], "200.01");
    assert_eq!(after["top_rated_doctors"], json!([]));
}

/// 002-D8: nobody else sees them.
#[tokio::test]
async fn only_admins_see_the_numbers_of_the_directory() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let (ana, cora) = (hub.patient("ana", ANA).await, hub.coordinator("cora").await);

    for person in [&hospital, &ali, &ana, &cora] {
        for path in ["/api/doctors/stats/", "/api/admin/doctors/stats/"] {
            assert_eq!(person.get(path).await.refusal(), "403 forbidden");
        }
    }
}

/// 001-11, 001-13, 001-15: whatever happens to an entry is in the audit log, without what it says.
#[tokio::test]
async fn every_change_to_an_entry_is_in_the_audit_log() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    let dora = entered(&cora, doctor("Dora", "Dent")).await;
    cora.patch(item(&dora), json!({"bio": "A secret word", "city": "Lahore"})).await.ok();
    cora.delete(item(&dora)).await.ok();

    for action in ["DOCTOR_CREATED", "DOCTOR_UPDATED", "DOCTOR_DELETED"] {
        let log = admin.get(format!("/api/accounts/audit-logs/?action={action}")).await;
        let lines = log.ok()["results"].clone();
        assert_eq!(lines.as_array().unwrap().len(), 1, "{action}");
        assert_eq!(
            (&lines[0]["entity"], &lines[0]["performed_by"]),
            (&dora["id"], &json!(cora.id()))
        );
        assert!(!log.text().contains("secret"));
    }
}

/// Whether somebody sees a cardiologist. It must be the same in every way there is to see one.
async fn sees(person: &Caller<'_>, id: &str) -> bool {
    let mut seen = BTreeSet::new();
    for path in [
        format!("/api/doctors/{id}/"),
        format!("/api/admin/doctors/{id}/"),
        format!("/api/v1/doctors/{id}/"),
        format!("/api/hospitals/doctors/{id}/"),
        format!("/api/doctors/{id}/available_slots/?date=2030-01-08"),
        format!("/api/doctors/{id}/schedule/"),
        format!("/api/doctors/{id}/availability/"),
        format!("/api/doctors/{id}/education/"),
        format!("/api/doctors/{id}/experience/"),
        format!("/api/doctors/{id}/reviews/"),
        format!("/api/doctor-availability/?doctor={id}"),
    ] {
        let reply = person.get(&path).await;
        assert!(reply.status.is_success() || reply.refusal() == "404 not-found", "{path}");
        seen.insert(reply.status.is_success());
    }
    for path in [
        "/api/doctors/?limit=100",
        "/api/admin/doctors/?limit=100",
        "/api/v1/doctors/?specialty=cardiology&limit=100",
        "/api/doctors/search/?query=cardio&limit=100",
        "/api/doctors/search/?specialization=Cardiology&limit=100",
    ] {
        let list = person.get(path).await.ok();
        seen.insert(each(&list, "id").contains(&id));
    }
    assert_eq!(seen.len(), 1, "{person:?} sees {id} in some ways and not in others");
    seen.contains(&true)
}

async fn vouch(by: &Caller<'_>, id: &str, is_verified: bool) {
    let path = format!("/api/doctors/{id}/verify/");
    by.post(path, json!({"is_verified": is_verified})).await.ok();
}

async fn entered(by: &Caller<'_>, doctor: Value) -> Value {
    by.post(CREATE, doctor).await.ok()
}

fn doctor(first: &str, last: &str) -> Value {
    json!({"first_name": first, "last_name": last, "specialization": "Cardiology"})
}

fn item(doctor: &Value) -> String {
    format!("/api/doctors/{}/", id_of(doctor))
}

fn item_of(doctor: &Caller<'_>) -> String {
    format!("/api/doctors/{}/", doctor.id_as("doc"))
}

/// Who is in a list, sorted.
async fn names(person: &Caller<'_>, path: &str) -> String {
    let list = person.get(path).await.ok();
    let mut names = each(&list, "name");
    names.sort_unstable();
    names.join(", ")
}

/// The names on each page of a list.
async fn pages(person: &Caller<'_>, path: &str) -> Vec<Vec<String>> {
    let (mut pages, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let page = person.get(&path).await.ok();
        pages.push(each(&page, "name").into_iter().map(str::to_owned).collect());
        next = page["next"].as_str().map(str::to_owned);
    }
    pages
}
