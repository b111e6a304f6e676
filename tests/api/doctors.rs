//! Doctors of a hospital: added with a generated name and password, listed, changed.

use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::future::{Either, join_all, select};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, open};

const CREATE: &str = "/api/hospitals/doctors/create/";

/// 000-14, 000-C3: a hospital adds a doctor and is shown, once, how the doctor signs in.
#[tokio::test]
async fn a_hospital_adds_a_doctor_and_is_shown_the_credentials() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let department = opened(&hospital, "Cardiology").await;
    let body = json!({
        "first_name": "Ali", "last_name": "Mehmood", "email": "Ali@example.org",
        "phone_number": "+92 300 222 0000", "cnic": "35202-1234567-1",
        "address": "2 Example Road", "license_number": "PMC-1", "specialization": "Cardiology",
        "department": department["id"],
        "available_timings": {"monday": ["09:00-13:00"]},
    });

    let reply = hospital.post(CREATE, body).await;

    let employed = reply.ok();
    let doctor = &employed["doctor"];
    assert_eq!(reply.status, 201);
    assert_eq!(employed["message"], "Doctor created successfully");
    let mut known = doctor.as_object().unwrap().clone();
    known.retain(|_, fact| !fact.is_null());
    assert_eq!(
        Value::Object(known),
        json!({
            "id": doctor["id"], "user": doctor["user"],
            "hospital": hospital.id_as("hsp"), "hospital_name": "jinnah Hospital",
            "name": "Ali Mehmood", "first_name": "Ali", "last_name": "Mehmood",
            "doctor_name": "Ali Mehmood", "doctor_username": "alimehmood_jinnahhospital",
            "doctor_email": "ali@example.org", "phone_number": "+923002220000",
            "cnic": "35202-1234567-1", "address": "2 Example Road", "license_number": "PMC-1",
            "specialization": "Cardiology", "department": department["id"],
            "available_timings": {"MONDAY": ["09:00-13:00"]},
            "appointment_duration": 30, "buffer_minutes": 0, "max_patients_per_day": 20,
            "is_active": true,
            "languages": [], "timezone": "UTC", "is_available": true, "is_verified": true,
            "is_online_consultation_available": false, "total_reviews": 0,
            "created_by": doctor["user"],
            "created_at": "2030-01-07T08:00:00Z", "updated_at": "2030-01-07T08:00:00Z",
        })
    );
    assert_eq!(employed["credentials"]["username"], "alimehmood_jinnahhospital");
    assert!(employed["credentials"]["note"].as_str().unwrap().contains("not shown again"));
    let location = format!("/api/hospitals/doctors/{}", doctor["id"].as_str().unwrap());
    assert_eq!(reply.header("location"), location);
}

/// 000-14: the password has 12 characters of all four kinds and is another each time.
#[tokio::test]
async fn generated_passwords_are_long_and_mixed() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;

    let replies =
        join_all((0..6).map(|n| hospital.post(CREATE, doctor(&format!("Ali{n}"), "Mehmood"))))
            .await;

    let mut passwords: Vec<String> = replies.iter().map(|reply| given(&reply.ok()).1).collect();
    for password in &passwords {
        assert_eq!(password.chars().count(), 12);
        assert!(password.chars().any(char::is_lowercase), "{password}");
        assert!(password.chars().any(char::is_uppercase), "{password}");
        assert!(password.chars().any(|c| c.is_ascii_digit()), "{password}");
        assert!(password.chars().any(|c| "!@#$%^&*".contains(c)), "{password}");
    }
    passwords.sort();
    passwords.dedup();
    assert_eq!(passwords.len(), 6);
}

/// 000-14: both deeds are in the audit log, and the password is not.
#[tokio::test]
async fn adding_a_doctor_leaves_two_lines_without_the_password() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;

    let employed = hospital.post(CREATE, doctor("Ali", "Mehmood")).await.ok();

    let log = admin.get("/api/accounts/audit-logs/?limit=100").await;
    assert!(!log.text().contains(&given(&employed).1));
    for action in ["DOCTOR_CREATED", "PASSWORD_RETURNED"] {
        let log = admin.get(format!("/api/accounts/audit-logs/?action={action}")).await.ok();
        let lines = log["results"].as_array().unwrap();
        assert_eq!(lines.len(), 1, "{action}");
        assert_eq!(lines[0]["performed_by"], hospital.id());
        assert_eq!(lines[0]["hospital"], hospital.id_as("hsp"));
    }
}

/// 000-C3: the first thing a doctor does with a generated password is to replace it.
#[tokio::test]
async fn a_doctor_with_a_generated_password_can_do_nothing_but_change_it() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let employed = hospital.post(CREATE, doctor("Ali", "Mehmood")).await.ok();
    let (username, password) = given(&employed);
    let ali = hub.sign_in(&username, &password).await;
    let item = item(&employed["doctor"]);
    let phone = json!({"patient_phone": "+923001234567"});

    let replies =
        join_all([ali.get("/api/hospitals/"), ali.get(&item), ali.get("/api/profiles/")]).await;
    let writes = [
        ali.patch(&item, json!({"specialization": "Neurology"})).await,
        ali.patch("/api/auth/profile/", json!({"city": "Lahore"})).await,
        ali.post("/api/accounts/otp/generate/", phone).await,
    ];

    for reply in replies.iter().chain(&writes) {
        assert_eq!(reply.refusal(), "403 password-change-due");
    }
    assert_eq!(ali.user["must_change_password"], true);
}

/// 000-C3: with a password of their own the doctor is free to work.
#[tokio::test]
async fn a_doctor_who_chose_a_password_is_let_in() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let employed = hospital.post(CREATE, doctor("Ali", "Mehmood")).await.ok();
    let (username, password) = given(&employed);
    let ali = hub.sign_in(&username, &password).await;

    let change = json!({"old_password": password, "new_password": PASSWORD});
    let changed = ali.post("/api/accounts/change-password/", change).await.ok();

    let ali = ali.with_tokens(&changed);
    assert_eq!(ali.user["must_change_password"], false);
    ali.get(item(&employed["doctor"])).await.ok();
    let old = json!({"username": username, "password": password});
    assert_eq!(hub.visitor().post("/api/token/", old).await.refusal(), "401 sign-in-refused");
}

/// 000-14: whoever comes later under the same name gets a number.
#[tokio::test]
async fn doctors_of_one_name_get_numbers() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let mut usernames = Vec::new();

    for _ in 0..3 {
        let employed = hospital.post(CREATE, doctor("Ali", "Mehmood")).await.ok();
        usernames.push(given(&employed).0);
    }

    assert_eq!(
        usernames,
        ["alimehmood_jinnahhospital", "alimehmood_jinnahhospital1", "alimehmood_jinnahhospital2"]
    );
}

/// 000-14: of many created at once none fails, and no two have one name.
#[tokio::test]
async fn doctors_of_one_name_who_are_added_at_once_get_different_names() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;

    let replies = join_all((0..3).map(|_| hospital.post(CREATE, doctor("Ali", "Mehmood")))).await;

    let mut usernames: Vec<_> = replies.iter().map(|reply| given(&reply.ok()).0).collect();
    usernames.sort();
    assert_eq!(
        usernames,
        ["alimehmood_jinnahhospital", "alimehmood_jinnahhospital1", "alimehmood_jinnahhospital2"]
    );
}

/// 000-14, 000-C4: a doctor of two hospitals has two accounts, even if the hospitals sound alike.
#[tokio::test]
async fn a_doctor_at_two_hospitals_of_one_name_has_two_accounts() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let admin = hub.admin().await;
    let other = hub.hospital("second").await;
    let other_path = format!("/api/hospitals/{}/", other.id_as("hsp"));
    admin.patch(other_path, json!({"name": "Jinnah-Hospital"})).await.ok();
    let first = hospital.post(CREATE, doctor("Ali", "Mehmood")).await.ok();

    let second = other.post(CREATE, doctor("Ali", "Mehmood")).await.ok();

    assert_eq!(given(&first).0, "alimehmood_jinnahhospital");
    assert_eq!(given(&second).0, "alimehmood_jinnahhospital1");
    assert_ne!(first["doctor"]["user"], second["doctor"]["user"]);
    assert_eq!(second["doctor"]["hospital"], other.id_as("hsp"));
    for employed in [&first, &second] {
        let (username, password) = given(employed);
        assert_eq!(hub.sign_in(&username, &password).await.user["username"], username);
    }
}

/// 000-14: names are folded to plain letters, and the hospital's part is short.
#[tokio::test]
async fn user_names_of_doctors_are_made_of_plain_letters() {
    let hub = open().await;
    let hospital = hub.hospital("st-marys-very-long-name-of-a").await;

    let employed = hospital.post(CREATE, doctor("José María", "Núñez-Ortiz")).await.ok();

    assert_eq!(given(&employed).0, "josemarianunezortiz_stmarysverylongnameo");
}

/// 000-14: only a hospital that has joined adds doctors.
#[tokio::test]
async fn a_hospital_that_waits_gets_no_doctors() {
    let hub = open().await;
    let admin = hub.admin().await;
    let waiting = hub.applicant("waiting").await;
    let mut body = doctor("Ali", "Mehmood");
    body["hospital"] = waiting["id"].clone();

    let reply = admin.post(CREATE, body).await;

    assert_eq!(reply.refusal(), "403 hospital-not-approved");
}

#[tokio::test]
async fn an_admin_adds_a_doctor_to_a_hospital() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let mut body = doctor("Ali", "Mehmood");
    let unnamed = admin.post(CREATE, &body).await;
    body["hospital_id"] = json!(hospital.id_as("hsp"));

    let employed = admin.post(CREATE, body).await.ok();

    assert_eq!(employed["doctor"]["hospital"], hospital.id_as("hsp"));
    assert_eq!(unnamed.problem().errors[0].pointer, "/hospital");
}

/// 000-14: nobody else adds doctors.
#[tokio::test]
async fn nobody_adds_doctors_to_the_hospital_of_another() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let other = hub.hospital("other").await;
    let colleague = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let mut body = doctor("Mal", "Ory");
    body["hospital"] = json!(hospital.id_as("hsp"));

    let replies =
        join_all([&other, &colleague, &ana].map(|person| person.post(CREATE, &body))).await;

    assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"), "{replies:?}");
    assert_eq!(hub.visitor().post(CREATE, body).await.refusal(), "401 unauthenticated");
}

/// 000-14: a licence is used once in a hospital, and again in another.
#[tokio::test]
async fn a_licence_is_unique_within_a_hospital() {
    let hub = open().await;
    let (hospital, other) = (hub.hospital("jinnah").await, hub.hospital("other").await);
    let licensed = |licence: &str| {
        let mut body = doctor("Ali", "Mehmood");
        body["license_number"] = json!(licence);
        body
    };
    hospital.post(CREATE, licensed("PMC-1")).await.ok();

    let again = hospital.post(CREATE, licensed("pmc-1")).await;

    assert_eq!(again.refusal(), "409 doctor-licence-taken");
    other.post(CREATE, licensed("PMC-1")).await.ok();
    let staff = hospital.get("/api/hospitals/doctors/").await.ok();
    assert_eq!(staff["results"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_licence_that_is_given_up_is_free() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let (ali, sara) = (added(&hospital, "Ali").await, added(&hospital, "Sara").await);
    hospital.patch(item(&ali), json!({"license_number": "PMC-1"})).await.ok();
    let taken = hospital.patch(item(&sara), json!({"license_number": "PMC-1"})).await;

    hospital.patch(item(&ali), json!({"license_number": null})).await.ok();

    assert_eq!(taken.refusal(), "409 doctor-licence-taken");
    hospital.patch(item(&sara), json!({"license_number": "PMC-1"})).await.ok();
}

/// 000-14: the department is one of the hospital's own.
#[tokio::test]
async fn a_department_must_belong_to_the_hospital() {
    let hub = open().await;
    let (hospital, other) = (hub.hospital("jinnah").await, hub.hospital("other").await);
    let foreign = opened(&other, "Cardiology").await;
    let ali = added(&hospital, "Ali").await;
    let mut body = doctor("Sara", "Khan");
    body["department"] = foreign["id"].clone();

    let created = hospital.post(CREATE, body).await;
    let moved = hospital.patch(item(&ali), json!({"department": foreign["id"]})).await;

    assert_eq!(created.refusal(), "400 department-unknown");
    assert_eq!(moved.refusal(), "400 department-unknown");
    let staff = hospital.get("/api/hospitals/doctors/").await.ok();
    assert_eq!(staff["results"].as_array().unwrap().len(), 1);
}

/// 000-14: everything that is wrong is named at once.
#[tokio::test]
async fn every_wrong_field_of_a_doctor_is_named() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let body = json!({
        "last_name": "", "email": "nowhere", "phone": "12", "specialization": "Cardiology",
        "department": "cardiology", "available_timings": {"monday": ["13:00-09:00"]},
        "appointment_duration": 10, "max_patients_per_day": 51, "salary": 1,
    });

    let problem = hospital.post(CREATE, body).await.problem();

    let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/first_name",
            "/last_name",
            "/email",
            "/phone",
            "/department",
            "/available_timings",
            "/appointment_duration",
            "/max_patients_per_day",
            "/salary",
        ]
    );
}

/// 000-14: hours are read as each system wrote them, and shown in one way.
#[tokio::test]
async fn hours_are_read_in_every_format() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = added(&hospital, "Ali").await;
    let week = json!({"MONDAY": ["09:00-13:00", "14:00-17:00"], "FRIDAY": ["09:00-12:00"]});

    let written = [
        json!({"monday": ["09:00-13:00", "14:00-17:00"], "friday": ["09:00-12:00"]}),
        json!({"Mon": ["9:00 AM - 1:00 PM", "2 pm - 5 pm"], "Fri": "9:00 AM - 12:00 PM"}),
        json!({
            "MONDAY": [
                {"start_time": "09:00", "end_time": "13:00"},
                {"start": "14:00:00", "end": "17:00:00"},
            ],
            "FRIDAY": {"start_time": "09:00", "end_time": "12:00", "is_available": true},
            "SUNDAY": {"start_time": null, "end_time": null, "is_available": false},
        }),
    ];
    let mut shown = Vec::new();
    for hours in written {
        hospital.patch(item(&ali), json!({"available_timings": {}})).await.ok();
        let body = json!({"available_timings": hours});
        let changed = hospital.patch(item(&ali), body).await.ok();
        shown.push(changed["available_timings"].clone());
    }

    assert!(shown.iter().all(|hours| hours == &week), "{shown:?}");
}

/// 000-14: one window stands for every day.
#[tokio::test]
async fn hours_of_one_window_mean_every_day() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let mut body = doctor("Ali", "Mehmood");
    body["available_timings"] = json!("9:00 AM - 5:00 PM");

    let employed = hospital.post(CREATE, body).await.ok();

    let hours = employed["doctor"]["available_timings"].as_object().unwrap();
    assert_eq!(hours.len(), 7);
    assert!(hours.values().all(|windows| windows == &json!(["09:00-17:00"])));
}

/// 000-15: a hospital and its doctors list their own staff, others name the hospital.
#[tokio::test]
async fn the_doctors_of_a_hospital_are_listed() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    hub.clock.advance(SignedDuration::from_secs(1));
    added(&hospital, "Sara").await;
    hub.doctor_of(&hub.hospital("other").await, "Omar", "Other").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let id = hospital.id_as("hsp");

    let lists = join_all([
        hospital.get("/api/hospitals/doctors/"),
        ali.get("/api/hospitals/doctors/"),
        ana.get(&format!("/api/hospitals/doctors/?hospital_id={id}")),
        ana.get(&format!("/api/hospitals/{id}/doctors/")),
    ])
    .await;

    for list in lists.iter().map(Reply::ok) {
        assert_eq!(names(&list), ["Ali Mehmood", "Sara Khan"]);
        assert_eq!(list["results"][0]["hospital_name"], "jinnah Hospital");
    }
    let unnamed = ana.get("/api/hospitals/doctors/").await.problem();
    assert_eq!(unnamed.errors[0].pointer, "/hospital_id");
}

#[tokio::test]
async fn doctors_of_a_hospital_that_was_turned_away_are_hidden() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    added(&hospital, "Ali").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let id = hospital.id_as("hsp");

    let rejected = json!({"is_approved": false});
    admin.patch(format!("/api/hospitals/{id}/approve/"), rejected).await.ok();

    for path in [
        format!("/api/hospitals/doctors/?hospital_id={id}"),
        format!("/api/hospitals/{id}/doctors/"),
    ] {
        assert_eq!(ana.get(&path).await.refusal(), "404 not-found");
        assert_eq!(names(&admin.get(&path).await.ok()), ["Ali Khan"]);
    }
}

#[tokio::test]
async fn the_doctors_of_a_hospital_are_listed_page_by_page() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    for first in ["Ali", "Bo", "Cleo"] {
        added(&hospital, first).await;
        hub.clock.advance(SignedDuration::from_secs(1));
    }

    let first = hospital.get("/api/hospitals/doctors/?limit=2").await.ok();
    let second = hospital.get(first["next"].as_str().unwrap()).await.ok();
    let back = hospital.get(second["previous"].as_str().unwrap()).await.ok();

    assert_eq!(names(&first), ["Ali Khan", "Bo Khan"]);
    assert_eq!(names(&second), ["Cleo Khan"]);
    assert_eq!(second["next"], Value::Null);
    assert_eq!(names(&back), ["Ali Khan", "Bo Khan"]);
}

/// 000-15: strangers see who a doctor is, and not how to reach them at home.
#[tokio::test]
async fn what_is_private_about_a_doctor_is_masked_for_strangers() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let path = format!("/api/hospitals/doctors/{}/", ali.id_as("doc"));
    let private = json!({"cnic": "35202-1234567-1", "address": "2 Example Road"});
    hospital.patch(&path, private).await.ok();
    let ana = hub.patient("ana", "+923001234567").await;
    let other = hub.hospital("other").await;

    let strangers = join_all([&ana, &other].map(|person| person.get(&path))).await;
    let friends = join_all([&ali, &hospital, &admin].map(|person| person.get(&path))).await;

    let private = |reply: &Reply| {
        let doctor = reply.ok();
        ["doctor_email", "phone_number", "cnic", "address"].map(|field| doctor[field].clone())
    };
    for reply in &strangers {
        let masked = [json!("d***@example.org"), json!("***0000"), json!("***67-1"), Value::Null];
        assert_eq!(private(reply), masked);
        assert_eq!(reply.ok()["doctor_name"], "Ali Mehmood");
    }
    for reply in &friends {
        let plain = ["doctor@example.org", "+923002220000", "35202-1234567-1", "2 Example Road"];
        assert_eq!(private(reply), plain);
    }
}

#[tokio::test]
async fn what_is_private_is_masked_in_lists_too() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    added(&hospital, "Ali").await;
    let ana = hub.patient("ana", "+923001234567").await;

    let list = ana.get(format!("/api/hospitals/{}/doctors/", hospital.id_as("hsp"))).await;

    assert!(!list.text().contains("doctor@example.org"));
    assert!(!list.text().contains("+923002220000"));
    assert_eq!(list.ok()["results"][0]["phone_number"], "***0000");
}

/// 000-15: those who left are listed only for the hospital itself and admins.
#[tokio::test]
async fn doctors_who_left_are_listed_for_the_hospital_and_admins_only() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = added(&hospital, "Ali").await;
    let sara = hub.doctor_of(&hospital, "Sara", "Khan").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let list = format!("/api/hospitals/{}/doctors/", hospital.id_as("hsp"));

    hospital.patch(item(&ali), json!({"is_active": false})).await.ok();

    for person in [&ana, &sara] {
        assert_eq!(names(&person.get(&list).await.ok()), ["Sara Khan"]);
    }
    for person in [&hospital, &admin] {
        assert_eq!(names(&person.get(&list).await.ok()), ["Sara Khan", "Ali Khan"]);
    }
    assert_eq!(ana.get(item(&ali)).await.refusal(), "404 not-found");
    assert_eq!(hospital.get(item(&ali)).await.ok()["is_active"], false);
}

#[tokio::test]
async fn a_doctor_who_comes_back_is_listed_again() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = added(&hospital, "Ali").await;
    hospital.patch(item(&ali), json!({"is_active": false})).await.ok();
    let ana = hub.patient("ana", "+923001234567").await;

    hospital.patch(item(&ali), json!({"is_active": true})).await.ok();

    let list = format!("/api/hospitals/{}/doctors/", hospital.id_as("hsp"));
    assert_eq!(names(&ana.get(&list).await.ok()), ["Ali Khan"]);
    assert_eq!(names(&hospital.get(&list).await.ok()), ["Ali Khan"]);
}

#[tokio::test]
async fn a_doctor_who_left_does_not_come_back_without_the_hospital() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let path = format!("/api/hospitals/doctors/{}/", ali.id_as("doc"));
    hospital.patch(&path, json!({"is_active": false})).await.ok();

    let reply = ali.patch(&path, json!({"is_active": true})).await;

    assert!(!reply.status.is_success(), "{}", reply.text());
    assert_eq!(hospital.get(&path).await.ok()["is_active"], false);
}

/// Optional routes of 000: GET, PUT and PATCH `/api/hospitals/doctors/{id}/`.
#[tokio::test]
async fn a_doctor_is_changed_by_themself_and_by_the_hospital() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let department = opened(&hospital, "Cardiology").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let path = format!("/api/hospitals/doctors/{}/", ali.id_as("doc"));
    let read = ali.get(&path).await;

    let own = json!({"specialty": "Neurology", "available_days": {"tuesday": "10:00-12:00"}});
    let own = ali.with_header("if-match", read.header("etag")).patch(&path, own).await.ok();
    let theirs = json!({"department_id": department["id"], "appointment_duration": 45});
    let theirs = hospital.put(&path, theirs).await.ok();

    assert_eq!(own["specialization"], "Neurology");
    assert_eq!(own["available_timings"], json!({"TUESDAY": ["10:00-12:00"]}));
    assert_eq!(theirs["department"], department["id"]);
    assert_eq!(theirs["appointment_duration"], 45);
    assert_eq!(theirs["specialization"], "Neurology");
    let listed = &hospital.get("/api/hospitals/doctors/").await.ok()["results"][0];
    assert_eq!(listed["department"], department["id"]);
    let late = ali.with_header("if-match", read.header("etag"));
    let late = late.patch(&path, json!({"specialty": "Late"})).await;
    assert_eq!(late.refusal(), "412 precondition-failed");
}

#[tokio::test]
async fn nobody_changes_the_doctor_of_another_hospital() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let path = item(&added(&hospital, "Ali").await);
    let colleague = hub.doctor_of(&hospital, "Sara", "Khan").await;
    let other = hub.hospital("other").await;
    let ana = hub.patient("ana", "+923001234567").await;

    let replies = join_all(
        [&colleague, &other, &ana].map(|person| person.patch(&path, json!({"first_name": "Mine"}))),
    )
    .await;

    assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"), "{replies:?}");
}

#[tokio::test]
async fn a_doctor_who_works_for_no_hospital_is_hidden_until_verified() {
    let hub = open().await;
    let admin = hub.admin().await;
    let lone = hub.lone_doctor("lone").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let path = format!("/api/hospitals/doctors/{}/", lone.id_as("doc"));

    let stranger = ana.get(&path).await;

    assert_eq!(stranger.refusal(), "404 not-found");
    assert_eq!(lone.get(&path).await.ok()["hospital"], Value::Null);
    assert_eq!(admin.get(&path).await.ok()["doctor_username"], "lone");
}

#[tokio::test]
async fn a_creation_that_is_sent_again_gets_the_same_answer() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let keyed = hospital.with_header("idempotency-key", "ali-1");
    let first = keyed.post(CREATE, doctor("Ali", "Mehmood")).await;
    hub.clock.advance(SignedDuration::from_mins(30));

    let again = keyed.post(CREATE, doctor("Ali", "Mehmood")).await;

    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("content-type"), "application/json");
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    let staff = hospital.get("/api/hospitals/doctors/").await.ok();
    assert_eq!(staff["results"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_is_not_good_for_another_request() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await.with_header("idempotency-key", "ali-1");
    hospital.post(CREATE, doctor("Ali", "Mehmood")).await.ok();

    let other_body = hospital.post(CREATE, doctor("Sara", "Khan")).await;
    let other_path =
        hospital.post("/api/hospitals/departments/", json!({"name": "Cardiology"})).await;

    assert_eq!(other_body.refusal(), "409 idempotency-key-reused");
    assert_eq!(other_path.refusal(), "409 idempotency-key-reused");
}

#[tokio::test]
async fn keys_of_different_people_have_nothing_to_do_with_each_other() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await.with_header("idempotency-key", "ali-1");
    let other = hub.hospital("other").await.with_header("idempotency-key", "ali-1");
    let first = hospital.post(CREATE, doctor("Ali", "Mehmood")).await.ok();

    let second = other.post(CREATE, doctor("Ali", "Mehmood")).await.ok();

    assert_ne!(first["doctor"]["id"], second["doctor"]["id"]);
    assert_eq!(second["doctor"]["hospital"], other.id_as("hsp"));
}

#[tokio::test]
async fn a_key_is_free_again_after_a_refusal() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await.with_header("idempotency-key", "ali-1");
    let refused = hospital.post(CREATE, doctor("", "Mehmood")).await;

    let reply = hospital.post(CREATE, doctor("Ali", "Mehmood")).await;

    assert_eq!(refused.refusal(), "400 invalid");
    assert_eq!(reply.status, 201, "{}", reply.text());
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let keyed = hospital.with_header("idempotency-key", "ali-1");
    let first = keyed.post(CREATE, doctor("Ali", "Mehmood")).await.ok();
    hub.clock.advance(SignedDuration::from_hours(24));
    let keyed = hub.sign_in("jinnah", PASSWORD).await.with_header("idempotency-key", "ali-1");

    let second = keyed.post(CREATE, doctor("Ali", "Mehmood")).await.ok();

    assert_ne!(first["doctor"]["id"], second["doctor"]["id"]);
}

#[tokio::test]
async fn of_two_requests_with_one_key_at_once_one_is_told_to_wait() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await.with_header("idempotency-key", "ali-1");

    let replies = join_all((0..2).map(|_| hospital.post(CREATE, doctor("Ali", "Mehmood")))).await;

    let (made, waits): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    assert_eq!((made.len(), waits.len()), (1, 1));
    assert_eq!(waits[0].refusal(), "409 request-at-work");
    let again = hospital.post(CREATE, doctor("Ali", "Mehmood")).await;
    assert_eq!(again.body, made[0].body);
}

#[tokio::test]
async fn a_request_that_died_on_the_way_may_be_sent_again_after_a_minute() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await.with_header("idempotency-key", "ali-1");
    die_at_work(&hub, &hospital).await;
    let at_once = hospital.post(CREATE, doctor("Ali", "Mehmood")).await;
    hub.clock.advance(SignedDuration::from_secs(60));

    let later = hospital.post(CREATE, doctor("Ali", "Mehmood")).await;

    assert_eq!(at_once.refusal(), "409 request-at-work");
    assert_eq!(later.status, 201, "{}", later.text());
}

#[tokio::test]
async fn a_key_must_be_short_and_visible() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;

    let keys = [String::new(), "k".repeat(201)];
    let replies = join_all(keys.map(|key| {
        let hospital = hospital.with_header("idempotency-key", key);
        async move { hospital.post(CREATE, doctor("Ali", "Mehmood")).await }
    }))
    .await;

    assert!(replies.iter().all(|reply| reply.refusal() == "400 bad-idempotency-key"));
}

/// Sends a request and drops it after it has noted its key and before it has answered.
async fn die_at_work(hub: &TestHub, hospital: &Caller<'_>) {
    hub.meter.take();
    let request = std::pin::pin!(hospital.post(CREATE, doctor("Ali", "Mehmood")));
    let noted = std::pin::pin!(async {
        // The key is noted first, and only then does the handler look who is calling.
        while !hub.meter.take().calls.contains_key("BatchGetItem") {
            tokio::task::yield_now().await;
        }
    });
    let first = select(request, noted).await;
    assert!(matches!(first, Either::Right(_)), "the request was answered");
}

fn doctor(first: &str, last: &str) -> Value {
    json!({
        "first_name": first, "last_name": last, "email": "doctor@example.org",
        "phone_number": "+923002220000", "specialization": "Cardiology",
    })
}

/// A doctor called `first` Khan who was added to the hospital.
async fn added(hospital: &Caller<'_>, first: &str) -> Value {
    hospital.post(CREATE, doctor(first, "Khan")).await.ok()["doctor"].clone()
}

async fn opened(hospital: &Caller<'_>, name: &str) -> Value {
    hospital.post("/api/hospitals/departments/", json!({"name": name})).await.ok()
}

fn item(doctor: &Value) -> String {
    format!("/api/hospitals/doctors/{}/", doctor["id"].as_str().unwrap())
}

/// The user name and the password that were handed out.
fn given(employed: &Value) -> (String, String) {
    let text = |field: &str| employed["credentials"][field].as_str().unwrap().to_owned();
    (text("username"), text("password"))
}

fn names(list: &Value) -> Vec<String> {
    let results = list["results"].as_array().unwrap().iter();
    results.map(|doctor| doctor["doctor_name"].as_str().unwrap().to_owned()).collect()
}
