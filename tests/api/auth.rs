//! Opening accounts, signing in, one's own profile, passwords, and who administers users.

use carehub_testkit::{Caller, Reply};
use futures_util::future::join_all;
use insta::assert_json_snapshot;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, open};

const PHONE: &str = "+923001234567";
/// Another password that is hard to guess.
const ANOTHER: &str = "amber-kettle-31";

#[tokio::test]
async fn a_person_registers_signs_in_and_sees_their_profile() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;

    let ana = hub.sign_in("ana", PASSWORD).await;
    let profile = ana.get("/api/auth/profile").await.ok();

    assert_eq!(profile["username"], "ana");
    assert_eq!(profile["role"], "PATIENT");
}

/// 002-A1: anybody may ask whether the service answers.
#[tokio::test]
async fn the_service_says_that_it_is_healthy() {
    let hub = open().await;

    let health = hub.visitor().get("/api/auth/health/").await.ok();

    assert_eq!(health["message"], "Authentication service is healthy");
}

// Opening accounts.

/// 000-03: a patient registers with everything that is required, and consent.
#[tokio::test]
async fn a_patient_registers_with_consent() {
    let hub = open().await;

    let reply = hub.visitor().post("/api/accounts/patients/register/", new_patient()).await;

    assert_eq!(reply.status, 201);
    let registered = reply.ok();
    assert_eq!(registered["message"], "Patient registered successfully");
    let user = &registered["user"];
    assert_eq!(user["username"], "ana");
    assert_eq!(user["name"], "Ana Diaz");
    assert_eq!(user["phone"], PHONE);
    assert_eq!(user["role"], "PATIENT");
    assert_eq!(user["is_active"], true);
}

/// 000-03: what the patient registered with signs them in.
#[tokio::test]
async fn a_registered_patient_signs_in() {
    let hub = open().await;
    hub.visitor().post("/api/accounts/patients/register/", new_patient()).await.ok();

    let ana = hub.sign_in("ana", PASSWORD).await;

    assert_eq!(ana.user["email"], "ana@example.org");
}

/// 000-03: without consent, with two passwords, or with a missing field there is no account.
#[tokio::test]
async fn a_patient_needs_consent_and_every_field() {
    let hub = open().await;
    let fields = ["username", "email", "password", "password_confirm", "first_name", "last_name"];
    let fields = fields.iter().chain(&["phone_number", "consent"]);

    let without = join_all(fields.clone().map(|field| register_patient(&hub, field, None))).await;
    let refused = register_patient(&hub, "consent", Some(json!(false))).await;
    let differing = register_patient(&hub, "password_confirm", Some(json!(ANOTHER))).await;

    for (field, reply) in fields.zip(without) {
        assert_eq!(pointers(&reply), [format!("/{field}")]);
    }
    assert_eq!(refused.refusal(), "400 no-consent");
    assert_eq!(pointers(&differing), ["/password_confirm"]);
}

/// 000-03: passwords must be long and hard to guess, also for those who know the person.
#[tokio::test]
async fn weak_passwords_are_refused() {
    let hub = open().await;
    let weak = ["short-1", "password123", "12345678", "ana@example.org", "Diaz+ana"];

    let tries = weak.map(|password| {
        let visitor = hub.visitor();
        let mut body = new_patient();
        body["password"] = json!(password);
        body["password_confirm"] = json!(password);
        async move { visitor.post("/api/accounts/patients/register/", body).await }
    });
    let replies = join_all(tries).await;

    for reply in &replies {
        assert_eq!(pointers(reply), ["/password"]);
        assert!(weak.iter().all(|password| !reply.text().contains(password)), "{}", reply.text());
    }
}

/// 000-03, 001-01: a user name belongs to one person, in whatever case.
#[tokio::test]
async fn a_user_name_is_taken_once() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;

    let mut body = new_patient();
    body["username"] = json!("ANA");
    let again = hub.visitor().post("/api/accounts/patients/register/", body).await;

    assert_eq!(again.refusal(), "409 username-taken");
}

/// 001-01: of many who want one user name at once, one gets it.
#[tokio::test]
async fn of_many_who_race_for_a_user_name_one_wins() {
    let hub = open().await;
    let visitors: Vec<_> = (0..6).map(|_| hub.visitor()).collect();

    let body = json!({"username": "ana", "password": PASSWORD});
    let tries = visitors.iter().map(|visitor| visitor.post("/api/auth/register/", &body));
    let replies = join_all(tries).await;

    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|reply| reply.refusal() == "409 username-taken"));
}

/// 001-01: who names no role and no consent keeps a roster, and is signed in at once.
#[tokio::test]
async fn a_plain_user_registers_and_keeps_a_roster() {
    let hub = open().await;
    let body = json!({
        "username": "cora", "email": "cora@example.org", "password": PASSWORD,
        "password_confirm": PASSWORD, "first_name": "Cora", "last_name": "Nator",
    });

    let reply = hub.visitor().post("/api/auth/register/", body).await;

    assert_eq!(reply.status, 201);
    let signed_in = reply.ok();
    assert_eq!(signed_in["user"]["role"], "COORDINATOR");
    let cora = hub.visitor().with_tokens(&signed_in);
    assert_eq!(cora.get("/api/auth/profile/").await.ok()["first_name"], "Cora");
}

/// 001-01, 003-02: two passwords that differ are refused, whatever the second is called.
#[tokio::test]
async fn two_passwords_that_differ_are_refused() {
    let hub = open().await;
    let names = ["password_confirm", "confirm_password", "password2"];

    let tries = names.map(|name| {
        let visitor = hub.visitor();
        let mut body = json!({"username": "cora", "password": PASSWORD});
        body[name] = json!(ANOTHER);
        async move { visitor.post("/api/auth/register/", body).await }
    });
    let replies = join_all(tries).await;

    assert!(replies.iter().all(|reply| pointers(reply) == ["/password_confirm"]));
}

/// 004-01: four fields are enough.
#[tokio::test]
async fn four_fields_open_an_account() {
    let hub = open().await;
    let body = |username: &str, role: &str| {
        let email = format!("{username}@example.org");
        json!({"username": username, "email": email, "password": PASSWORD, "role": role})
    };

    let patient = hub.visitor().post("/api/auth/register/", body("ana", "PATIENT")).await;
    let doctor = hub.visitor().post("/api/auth/register/", body("bob", "DOCTOR")).await;

    assert_eq!(patient.ok()["user"]["role"], "PATIENT");
    assert_eq!(doctor.ok()["user"]["role"], "DOCTOR");
}

/// 004-01: a doctor registers with everything an older client sends.
#[tokio::test]
async fn a_doctor_registers_with_a_practice() {
    let hub = open().await;
    let body = json!({
        "username": "drbob", "email": "bob@example.org", "password": PASSWORD, "role": "DOCTOR",
        "first_name": "Bob", "last_name": "Stone", "phone_number": "+923007654321",
        "address": "1 Example Road", "location": "Lahore", "date_of_birth": "1980-02-29",
        "specialization": "Cardiology", "appointment_duration": 30, "max_patients_per_day": 12,
        "available_days": {
            "MONDAY": {"start_time": "09:00", "end_time": "17:00", "is_available": true},
        },
    });

    let signed_in = hub.visitor().post("/api/auth/register/", body).await.ok();

    let user = &signed_in["user"];
    assert_eq!(user["role"], "DOCTOR");
    assert_eq!(user["phone"], "+923007654321");
    assert_eq!(user["street"], "1 Example Road");
    assert_eq!(user["age"], 49);
}

/// 004-01: what a practice cannot be is refused, field by field.
#[tokio::test]
async fn a_practice_has_its_bounds() {
    let hub = open().await;
    let body = json!({
        "username": "drbob", "password": PASSWORD, "role": "DOCTOR",
        "appointment_duration": 14, "max_patients_per_day": 51,
        "available_days": {"SOMEDAY": ["09:00-17:00"]},
    });

    let refused = hub.visitor().post("/api/auth/register/", body).await;

    let pointers = pointers(&refused);
    assert_eq!(pointers[..2], ["/appointment_duration", "/max_patients_per_day"]);
    assert!(pointers[2].starts_with("/available_days"), "{pointers:?}");
}

/// 003-02: the form of the older web site, with a role in lower case.
#[tokio::test]
async fn the_older_web_site_registers_patients() {
    let hub = open().await;
    let body = json!({
        "username": "ana", "email": "ana@example.org", "first_name": "Ana", "last_name": "Diaz",
        "password": PASSWORD, "confirm_password": PASSWORD, "role": "patient", "phone": PHONE,
    });

    let reply = hub.visitor().post("/api/v1/auth/register/", body).await;

    assert_eq!(reply.status, 201);
    assert_eq!(reply.ok()["user"]["role"], "PATIENT");
}

/// 003-02, 004-01: nobody makes themselves an admin, or a hospital that nobody approved.
#[tokio::test]
async fn nobody_gives_themselves_power() {
    let hub = open().await;
    let paths = ["/api/v1/auth/register/", "/api/auth/register/"];
    let roles = ["admin", "ADMIN", "superadmin", "HOSPITAL"];

    let tries = paths.iter().flat_map(|path| roles.map(|role| (path, role))).map(|(path, role)| {
        let body = json!({"username": "eve", "password": PASSWORD, "role": role});
        let visitor = hub.visitor();
        async move { visitor.post(path, body).await }
    });
    let replies = join_all(tries).await;

    assert!(replies.iter().all(|reply| reply.refusal() == "400 role-refused"), "{replies:?}");
}

/// 004-01: fields that decide what an account may do are no part of the form.
#[tokio::test]
async fn a_registration_has_no_hidden_fields() {
    let hub = open().await;
    let hidden = ["is_superuser", "is_staff", "is_active", "hospital", "must_change_password"];

    let tries = hidden.map(|field| {
        let mut body = json!({"username": "eve", "password": PASSWORD});
        body[field] = json!(true);
        let visitor = hub.visitor();
        async move { visitor.post("/api/auth/register/", body).await }
    });
    let replies = join_all(tries).await;

    for (field, reply) in hidden.iter().zip(replies) {
        assert_eq!(pointers(&reply), [format!("/{field}")]);
    }
}

// Signing in.

/// 000-01, 001-02, 004-02: one sign-in under every name that clients know.
#[tokio::test]
async fn a_user_name_and_a_password_sign_in_under_every_path() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let paths = ["/api/token/", "/api/auth/login/", "/api/v1/auth/login/", "/api/auth/login"];

    let visitors = paths.map(|_| hub.visitor());
    let body = json!({"username": "ana", "password": PASSWORD});
    let tries = paths.iter().zip(&visitors).map(|(path, visitor)| visitor.post(path, &body));
    let replies = join_all(tries).await;

    for reply in replies {
        assert_eq!(reply.header("cache-control"), "no-store");
        let signed_in = reply.ok();
        assert_eq!(signed_in["user"]["username"], "ana");
        assert_eq!(signed_in["token_type"], "Bearer");
        assert_eq!(signed_in["expires_in"], 3600);
        hub.visitor().with_tokens(&signed_in).get("/api/auth/profile").await.ok();
    }
}

/// 003-01: the older web site signs in with an e-mail address.
#[tokio::test]
async fn an_email_address_and_a_password_sign_in() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let body = json!({"email": "Ana@Example.org", "password": PASSWORD, "remember": true});

    let signed_in = hub.visitor().post("/api/v1/auth/login/", body).await.ok();

    assert_eq!(signed_in["user"]["username"], "ana");
}

/// 003-01: a sign-in without a password or without a name says what is missing.
#[tokio::test]
async fn a_sign_in_needs_a_name_and_a_password() {
    let hub = open().await;
    let path = "/api/v1/auth/login/";

    let no_password = hub.visitor().post(path, json!({"email": "ana@example.org"})).await;
    let no_name = hub.visitor().post(path, json!({"password": PASSWORD})).await;

    assert_eq!(pointers(&no_password), ["/password"]);
    assert_eq!(pointers(&no_name), ["/username"]);
}

/// 004-02: a client may send an e-mail address beside the user name, and the name counts.
#[tokio::test]
async fn the_user_name_counts_before_the_email_address() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let body = json!({"username": "ana", "email": "old@example.org", "password": PASSWORD});

    let signed_in = hub.visitor().post("/api/auth/login/", body).await.ok();

    assert_eq!(signed_in["user"]["username"], "ana");
}

/// 000-01: a phone names an account too, however it is written.
#[tokio::test]
async fn a_phone_and_a_password_sign_in() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let body = json!({"phone_number": "0092 300 123-4567", "password": PASSWORD});

    let signed_in = hub.visitor().post("/api/token/", body).await.ok();

    assert_eq!(signed_in["user"]["username"], "ana");
}

/// 000-01, 001-02, 003-01: wrong credentials are a 401 that says no more.
#[tokio::test]
async fn wrong_credentials_are_refused() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;

    let refused = hub.visitor().post("/api/token/", credentials("ana", ANOTHER)).await;

    assert_eq!(refused.header("www-authenticate"), "Bearer");
    assert_json_snapshot!(refused.problem(), {".request_id" => "…"}, @r#"
    {
      "type": "/problems/sign-in-refused",
      "title": "You are not signed in",
      "status": 401,
      "detail": "no active account was found with these credentials",
      "code": "sign-in-refused",
      "request_id": "…"
    }
    "#);
}

/// 000-01: a hospital signs in from the moment it is approved.
#[tokio::test]
async fn a_hospital_waits_for_approval() {
    let hub = open().await;
    let hospital = hub.applicant("jinnah").await;
    let before = hub.visitor().post("/api/token/", credentials("jinnah", PASSWORD)).await;

    let path = format!("/api/hospitals/{}/approve/", hospital["id"].as_str().unwrap());
    hub.admin().await.patch(path, json!({"is_approved": true})).await.ok();
    let after = hub.visitor().post("/api/token/", credentials("jinnah", PASSWORD)).await;

    assert_eq!(before.refusal(), "401 sign-in-refused");
    assert_eq!(after.ok()["user"]["role"], "HOSPITAL");
}

// One's own profile.

/// 000-04, 001-03, 002-05, 003-04, 004-19: one profile under every name that clients know.
#[tokio::test]
async fn the_profile_is_the_same_under_every_path() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let paths = [
        "/api/auth/profile/",
        "/api/accounts/me/",
        "/api/v1/auth/me/",
        "/api/users/me/",
        "/api/v1/users/me",
    ];

    let replies = join_all(paths.iter().map(|path| ana.get(path))).await;

    for reply in &replies {
        assert_eq!(reply.ok(), replies[0].ok());
        assert_eq!(reply.header("etag"), "\"1\"");
    }
    assert_json_snapshot!(replies[0].ok(), {".id" => "usr_…"}, @r#"
    {
      "age": null,
      "allergies": null,
      "avatar": null,
      "blood_group": null,
      "city": null,
      "country": null,
      "created_at": "2030-01-07T08:00:00Z",
      "date_of_birth": null,
      "email": "ana@example.org",
      "emergency_contact_name": null,
      "emergency_contact_phone": null,
      "emergency_contact_relationship": null,
      "first_name": "Ana",
      "gender": null,
      "hospital": null,
      "id": "usr_…",
      "insurance_info": null,
      "is_active": true,
      "language": null,
      "last_name": "Diaz",
      "location": null,
      "medical_history": null,
      "must_change_password": false,
      "name": "Ana Diaz",
      "phone": "+923001234567",
      "role": "PATIENT",
      "state": null,
      "status": "ACTIVE",
      "street": null,
      "timezone": null,
      "updated_at": "2030-01-07T08:00:00Z",
      "username": "ana",
      "zip_code": null
    }
    "#);
}

/// 000-04, 003-04: nobody who is not signed in has a profile.
#[tokio::test]
async fn visitors_have_no_profile() {
    let hub = open().await;
    let paths = ["/api/accounts/me/", "/api/auth/profile/", "/api/v1/auth/me/", "/api/users/me/"];

    let visitor = hub.visitor();
    let replies = join_all(paths.iter().map(|path| visitor.get(path))).await;

    for reply in replies {
        assert_eq!(reply.refusal(), "401 unauthenticated");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
}

/// 002-06: every field of the older client is kept and shown.
#[tokio::test]
async fn a_person_completes_their_profile() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let changes = json!({
        "name": "Ana Maria Diaz", "email": "ana.maria@example.org", "date_of_birth": "1990-01-08",
        "gender": "F", "profile_picture": "https://example.org/ana.png", "street": "2 Example Road",
        "city": "Lahore", "state": "Punjab", "pincode": "54000", "country": "Pakistan",
        "emergency_contact_name": "Luis Diaz", "emergency_contact_phone": "+923009998877",
        "emergency_contact_relationship": "brother", "blood_group": "o+",
        "allergies": "penicillin", "medical_history": "asthma",
    });

    ana.put("/api/auth/profile/", changes).await.ok();

    let profile = ana.get("/api/auth/profile/").await.ok();
    assert_eq!(profile["name"], "Ana Maria Diaz");
    assert_eq!(profile["first_name"], "Ana");
    assert_eq!(profile["email"], "ana.maria@example.org");
    assert_eq!(profile["age"], 39);
    assert_eq!(profile["gender"], "FEMALE");
    assert_eq!(profile["avatar"], "https://example.org/ana.png");
    assert_eq!(profile["zip_code"], "54000");
    assert_eq!(profile["emergency_contact_phone"], "+923009998877");
    assert_eq!(profile["emergency_contact_relationship"], "brother");
    assert_eq!(profile["blood_group"], "O+");
    assert_eq!(profile["allergies"], "penicillin");
    assert_eq!(profile["medical_history"], "asthma");
}

/// 002-06: what is not sent stays, and `null` or nothing forgets.
#[tokio::test]
async fn a_profile_changes_only_where_it_says() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let first = json!({"city": "Lahore", "country": "Pakistan", "allergies": "penicillin"});
    ana.put("/api/auth/profile/", first).await.ok();

    let second = json!({"city": null, "allergies": ""});
    let profile = ana.patch("/api/auth/profile/", second).await.ok();

    assert_eq!(profile["city"], Value::Null);
    assert_eq!(profile["allergies"], Value::Null);
    assert_eq!(profile["country"], "Pakistan");
    assert_eq!(profile["phone"], PHONE);
}

/// 002-06: an address that is no longer the account's finds it no longer.
#[tokio::test]
async fn a_new_email_address_takes_the_place_of_the_old() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;

    ana.put("/api/auth/profile/", json!({"email": "new@example.org"})).await.ok();

    let by = |email: &str| json!({"email": email, "password": PASSWORD});
    let old = hub.visitor().post("/api/auth/login/", by("ana@example.org")).await;
    let new = hub.visitor().post("/api/auth/login/", by("new@example.org")).await;
    assert_eq!(old.refusal(), "401 sign-in-refused");
    assert_eq!(new.ok()["user"]["username"], "ana");
}

/// 002-06: role and standing are not the person's own to write.
#[tokio::test]
async fn a_profile_has_no_hidden_fields() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let hidden = ["role", "is_active", "is_verified", "username", "id", "hospital"];

    let tries = hidden.map(|field| {
        let mut body = json!({"city": "Lahore"});
        body[field] = json!("ADMIN");
        let ana = ana.clone();
        async move { ana.put("/api/auth/profile/", body).await }
    });
    let replies = join_all(tries).await;

    for (field, reply) in hidden.iter().zip(replies) {
        assert_eq!(pointers(&reply), [format!("/{field}")]);
    }
    assert_eq!(ana.get("/api/auth/profile/").await.ok()["city"], Value::Null);
}

/// 002-06: whoever read an earlier profile does not overwrite a later one.
#[tokio::test]
async fn a_profile_that_changed_meanwhile_is_not_overwritten() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let seen = ana.get("/api/auth/profile/").await.header("etag").to_owned();
    ana.put("/api/auth/profile/", json!({"city": "Lahore"})).await.ok();

    let late = ana.with_header("if-match", seen);
    let refused = late.put("/api/auth/profile/", json!({"city": "Karachi"})).await;

    assert_eq!(refused.refusal(), "412 precondition-failed");
    assert_eq!(ana.get("/api/auth/profile/").await.ok()["city"], "Lahore");
}

/// 004-20: the form of the older app, with its own names for fields.
#[tokio::test]
async fn the_older_app_changes_a_profile() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let changes = json!({
        "first_name": "Anna", "last_name": "Dias", "email": "anna@example.org",
        "phone_number": "+923007654321", "address": "3 Example Road", "location": "Islamabad",
        "date_of_birth": "1990-01-07",
    });

    let profile = ana.put("/api/users/me/", changes).await.ok();

    assert_eq!(profile["name"], "Anna Dias");
    assert_eq!(profile["phone"], "+923007654321");
    assert_eq!(profile["street"], "3 Example Road");
    assert_eq!(profile["location"], "Islamabad");
    assert_eq!(profile["age"], 40);
}

/// 003-05: a person's list of profiles has one, an admin's has everyone.
#[tokio::test]
async fn profiles_are_ones_own_except_for_admins() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    hub.coordinator("cora").await;
    let admin = hub.admin().await;

    let own = ana.get("/api/v1/profiles/").await.ok();
    let all = admin.get("/api/v1/profiles/").await.ok();

    assert_eq!(usernames(&own), ["ana"]);
    assert_eq!(sorted(&all), ["admin", "ana", "cora"]);
    assert_eq!(own["next"], Value::Null);
    assert_eq!(hub.visitor().get("/api/v1/profiles/").await.refusal(), "401 unauthenticated");
}

/// 003-06: the older web site changes a profile under its identifier.
#[tokio::test]
async fn the_older_web_site_changes_a_profile() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let changes = json!({
        "phone": "+923007654321", "date_of_birth": "1990-01-07", "gender": "P",
        "address": "4 Example Road", "emergency_contact": "Luis", "emergency_phone": "+923009998877",
        "medical_history": "asthma", "insurance_info": "ACME 1", "avatar": "ana.png",
        "timezone": "Asia/Karachi",
    });

    let path = format!("/api/v1/profiles/{}/", ana.id());
    let profile = ana.put(path, changes).await.ok();

    assert_eq!(profile["phone"], "+923007654321");
    assert_eq!(profile["gender"], "UNDISCLOSED");
    assert_eq!(profile["street"], "4 Example Road");
    assert_eq!(profile["emergency_contact_name"], "Luis");
    assert_eq!(profile["emergency_contact_phone"], "+923009998877");
    assert_eq!(profile["insurance_info"], "ACME 1");
    assert_eq!(profile["timezone"], "Asia/Karachi");
}

/// 003-06: a phone that is none, a zone that is none, and no day at all are refused together.
#[tokio::test]
async fn wrong_fields_of_a_profile_are_named_together() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let changes = json!({
        "phone": "12345", "date_of_birth": "1990-02-30", "gender": "X", "timezone": "Mars/Olympus",
    });

    let path = format!("/api/v1/profiles/{}/", ana.id());
    let refused = ana.put(path, changes).await;

    assert_eq!(pointers(&refused), ["/phone", "/date_of_birth", "/gender", "/timezone"]);
}

/// 003-06, 002-A8, 002-A9, 002-A10: for others an account does not exist.
#[tokio::test]
async fn nobody_sees_or_changes_the_account_of_another() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let others = [
        hub.patient("eve", "+923007654321").await,
        hub.coordinator("cora").await,
        hub.lone_doctor("drbob").await,
        hub.hospital("jinnah").await,
    ];

    let (profile, user) = (format!("/api/v1/profiles/{}/", ana.id()), user_path(&ana));
    let mut replies = Vec::new();
    for other in &others {
        replies.push(other.put(&profile, json!({"city": "Lahore"})).await);
        replies.push(other.get(&user).await);
        replies.push(other.put(&user, json!({"city": "Lahore"})).await);
        replies.push(other.delete(&user).await);
    }

    assert!(replies.iter().all(|reply| reply.refusal() == "404 not-found"), "{replies:?}");
}

// Passwords.

/// 000-05, 002-A3: a new password takes the place of the old one.
#[tokio::test]
async fn a_person_changes_their_password() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let change = json!({
        "old_password": PASSWORD, "new_password": ANOTHER, "new_password_confirm": ANOTHER,
    });

    let changed = ana.post("/api/accounts/change-password/", change).await;

    assert_eq!(changed.status, 200);
    let old = hub.visitor().post("/api/auth/login/", credentials("ana", PASSWORD)).await;
    assert_eq!(old.refusal(), "401 sign-in-refused");
    assert_eq!(hub.sign_in("ana", ANOTHER).await.user["username"], "ana");
}

/// 002-A3: the confirmation may be missing, and has another name there.
#[tokio::test]
async fn a_password_changes_under_the_other_path() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let unconfirmed = json!({"old_password": PASSWORD, "new_password": ANOTHER});
    let signed_in = ana.post("/api/auth/change-password/", unconfirmed).await.ok();

    let confirmed = json!({
        "old_password": ANOTHER, "new_password": PASSWORD, "confirm_password": PASSWORD,
    });
    let ana = ana.with_tokens(&signed_in);
    let changed = ana.post("/api/auth/change-password/", confirmed).await;

    assert_eq!(changed.ok()["user"]["username"], "ana");
}

/// 000-05: without the old password there is no new one.
#[tokio::test]
async fn a_password_changes_only_for_those_who_know_the_old_one() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let path = "/api/accounts/change-password/";

    let wrong = json!({"old_password": "not-it-at-all-5", "new_password": ANOTHER});
    let wrong = ana.post(path, wrong).await;
    let missing = ana.post(path, json!({"new_password": ANOTHER})).await;

    assert_eq!(wrong.refusal(), "400 wrong-password");
    assert_eq!(pointers(&missing), ["/old_password"]);
    assert_eq!(hub.sign_in("ana", PASSWORD).await.user["username"], "ana");
}

/// 000-05, 002-A3: the new password is as hard to guess as a first one, and typed twice alike.
#[tokio::test]
async fn a_changed_password_is_fit_too() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let path = "/api/accounts/change-password/";

    let weak = json!({"old_password": PASSWORD, "new_password": "password1"});
    let weak = ana.post(path, weak).await;
    let differing = json!({
        "old_password": PASSWORD, "new_password": ANOTHER, "new_password_confirm": PASSWORD,
    });
    let differing = ana.post(path, differing).await;

    assert_eq!(pointers(&weak), ["/new_password"]);
    assert_eq!(pointers(&differing), ["/new_password_confirm"]);
    assert_eq!(hub.sign_in("ana", PASSWORD).await.user["username"], "ana");
}

/// 002-01: a code on the phone, sent to choose a new password, does that.
#[tokio::test]
async fn a_forgotten_password_is_replaced_with_a_code() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let asking = json!({"phone": PHONE, "purpose": "password_reset"});
    hub.visitor().post("/api/auth/send-otp/", asking).await.ok();
    hub.settle().await;

    let body = json!({"phone": PHONE, "otp": hub.post.code_to(PHONE), "new_password": ANOTHER});
    let reset = hub.visitor().post("/api/auth/password-reset/", body).await;

    assert_eq!(reset.status, 200);
    let old = hub.visitor().post("/api/auth/login/", credentials("ana", PASSWORD)).await;
    assert_eq!(old.refusal(), "401 sign-in-refused");
    assert_eq!(hub.sign_in("ana", ANOTHER).await.user["username"], "ana");
}

/// 002-01: a new password that is not fit leaves the code for another try.
#[tokio::test]
async fn a_weak_new_password_does_not_spend_the_code() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let asking = json!({"phone": PHONE, "purpose": "password_reset"});
    hub.visitor().post("/api/auth/send-otp/", asking).await.ok();
    hub.settle().await;
    let code = hub.post.code_to(PHONE);

    let weak = json!({"phone": PHONE, "otp": code, "new_password": "password1"});
    let weak = hub.visitor().post("/api/auth/password-reset/", weak).await;
    let fit = json!({"phone": PHONE, "otp": code, "new_password": ANOTHER});
    let fit = hub.visitor().post("/api/auth/password-reset/", fit).await;

    assert_eq!(pointers(&weak), ["/new_password"]);
    assert_eq!(fit.status, 200);
}

/// 000-05: a doctor with a generated password does nothing before choosing one.
#[tokio::test]
async fn a_doctor_chooses_a_password_before_anything_else() {
    let hub = open().await;
    let (doctor, given) = new_doctor(&hub).await;
    assert_eq!(doctor.user["must_change_password"], true);

    let due = [
        doctor.get("/api/accounts/access-grants").await,
        doctor.get("/api/hospitals/").await,
        doctor.get("/api/v1/profiles/").await,
        doctor.put("/api/auth/profile/", json!({"city": "Lahore"})).await,
    ];
    let change = json!({"old_password": given, "new_password": ANOTHER});
    let changed = doctor.post("/api/accounts/change-password/", change).await.ok();

    assert!(due.iter().all(|reply| reply.refusal() == "403 password-change-due"), "{due:?}");
    assert_eq!(changed["user"]["must_change_password"], false);
    doctor.with_tokens(&changed).get("/api/accounts/access-grants").await.ok();
}

/// 000-05: whoever has a password to choose may see who they are, and leave.
#[tokio::test]
async fn a_doctor_without_a_password_of_their_own_may_look_and_leave() {
    let hub = open().await;
    let (doctor, _) = new_doctor(&hub).await;

    let profile = doctor.get("/api/auth/profile/").await;
    let left = doctor.post("/api/auth/logout/", json!({})).await;

    assert_eq!(profile.ok()["role"], "DOCTOR");
    assert_eq!(left.status, 200);
}

// User administration.

/// 002-A7: an admin opens an account, and sees the generated password once.
#[tokio::test]
async fn an_admin_opens_an_account_with_a_generated_password() {
    let hub = open().await;
    let admin = hub.admin().await;
    let body = json!({
        "phone": PHONE, "name": "Ana Diaz", "role": "patient", "email": "ana@example.org",
    });

    let reply = admin.post("/api/auth/admin/users/", body).await;

    assert_eq!(reply.status, 201);
    let opened = reply.ok();
    let user = &opened["user"];
    assert_eq!(opened["message"], "PATIENT account created successfully");
    let place = format!("/api/auth/admin/users/{}", user["id"].as_str().unwrap());
    assert_eq!(reply.header("location"), place);
    let (username, password) = (user["username"].as_str().unwrap(), opened["password"].as_str());
    assert_eq!(password.unwrap().len(), 12);
    let ana = hub.sign_in(username, password.unwrap()).await;
    assert_eq!(ana.user["must_change_password"], true);
    assert_eq!(admin.get(place).await.ok().get("password"), None);
}

/// 002-A7: a password that the admin chose is not shown again.
#[tokio::test]
async fn a_chosen_password_is_not_repeated() {
    let hub = open().await;
    let admin = hub.admin().await;
    let body = json!({
        "username": "bob", "phone": PHONE, "name": "Bob Stone", "role": "doctor",
        "password": PASSWORD,
    });

    let reply = admin.post("/api/auth/admin/users/", body).await;

    assert!(!reply.text().contains(PASSWORD));
    assert_eq!(reply.ok()["password"], Value::Null);
    assert_eq!(hub.sign_in("bob", PASSWORD).await.user["role"], "DOCTOR");
}

/// 002-A7: a missing field, an unknown role and a taken name are refused.
#[tokio::test]
async fn an_account_that_cannot_be_is_not_opened() {
    let hub = open().await;
    let admin = hub.admin().await;
    let path = "/api/auth/admin/users/";

    let missing = admin.post(path, json!({"name": "Ana"})).await;
    let unknown = admin.post(path, json!({"name": "Ana", "role": "wizard"})).await;
    let hospital = admin.post(path, json!({"name": "Ana", "role": "HOSPITAL"})).await;
    let taken = admin.post(path, json!({"username": "admin", "role": "PATIENT"})).await;

    assert_eq!(pointers(&missing), ["/role"]);
    assert_eq!(pointers(&unknown), ["/role"]);
    assert_eq!(hospital.refusal(), "400 role-refused");
    assert_eq!(taken.refusal(), "409 username-taken");
}

/// 002-A7: admins open accounts up to their own rank.
#[tokio::test]
async fn an_admin_makes_admins_but_no_superadmin() {
    let hub = open().await;
    let admin = hub.admin().await;
    let path = "/api/auth/admin/users/";

    let equal = admin.post(path, json!({"username": "ben", "role": "admin"})).await;
    let above = admin.post(path, json!({"username": "eve", "role": "superadmin"})).await;

    assert_eq!(equal.ok()["user"]["role"], "ADMIN");
    assert_eq!(above.refusal(), "403 forbidden");
}

/// 002-A6: an admin lists accounts up to their own rank, by role and by the beginning of a word.
#[tokio::test]
async fn an_admin_finds_accounts_by_role_and_by_word() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    hub.coordinator("cora").await;
    let admin = hub.admin().await;

    let all = admin.get("/api/auth/admin/users/").await.ok();
    let patients = admin.get("/api/auth/admin/users/?role=patient").await.ok();
    let named = admin.get("/api/auth/admin/users/?search=DIA").await.ok();
    let phoned = admin.get("/api/auth/admin/users/?search=%2B923001234567").await.ok();
    let neither = admin.get("/api/auth/admin/users/?role=doctor&search=dia").await.ok();

    assert_eq!(sorted(&all), ["admin", "ana", "cora"]);
    assert_eq!(usernames(&patients), ["ana"]);
    assert_eq!(usernames(&named), ["ana"]);
    assert_eq!(usernames(&phoned), ["ana"]);
    assert!(usernames(&neither).is_empty());
}

/// 002-A6: a long list comes in pages, forwards and back.
#[tokio::test]
async fn accounts_come_in_pages() {
    let hub = open().await;
    for username in ["ana", "ben", "cora", "dan"] {
        hub.clock.advance(SignedDuration::from_secs(1));
        hub.coordinator(username).await;
    }
    let admin = hub.admin().await;

    let path = "/api/auth/admin/users/?role=coordinator&limit=3";
    let first = admin.get(path).await.ok();
    let second = admin.get(first["next"].as_str().unwrap()).await.ok();
    let back = admin.get(second["previous"].as_str().unwrap()).await.ok();

    assert_eq!(usernames(&first), ["dan", "cora", "ben"]);
    assert_eq!(usernames(&second), ["ana"]);
    assert_eq!(second["next"], Value::Null);
    assert_eq!(usernames(&back), usernames(&first));
}

/// 002-A6, 002-A7: only admins list and open accounts.
#[tokio::test]
async fn only_admins_administer() {
    let hub = open().await;
    let people = [
        hub.patient("ana", PHONE).await,
        hub.coordinator("cora").await,
        hub.lone_doctor("drbob").await,
        hub.hospital("jinnah").await,
    ];

    let mut replies = Vec::new();
    for person in &people {
        replies.push(person.get("/api/auth/admin/users/").await);
        replies.push(person.get("/api/users/").await);
        let body = json!({"username": "eve", "role": "ADMIN"});
        replies.push(person.post("/api/auth/admin/users/", &body).await);
        replies.push(person.post("/api/users/", &body).await);
    }

    assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"), "{replies:?}");
}

/// 002-A8: an admin reads an account by its identifier.
#[tokio::test]
async fn an_admin_sees_an_account() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let admin = hub.admin().await;

    let seen = admin.get(user_path(&ana)).await.ok();
    let absent = admin.get("/api/auth/admin/users/usr_01J9Z3K8Q4N6V2X5Y7W0B1C2D3/").await;
    let impossible = admin.get("/api/auth/admin/users/PAT001/").await;

    assert_eq!(seen["username"], "ana");
    assert_eq!(absent.refusal(), "404 not-found");
    assert_eq!(impossible.refusal(), "404 not-found");
}

/// 002-A9: an admin changes what an account says, its role and whether it may be used.
#[tokio::test]
async fn an_admin_changes_an_account() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let admin = hub.admin().await;
    let changes = json!({"role": "PATIENT", "city": "Lahore", "phone_number": PHONE});

    let changed = admin.put(user_path(&cora), changes).await.ok();

    assert_eq!(changed["role"], "PATIENT");
    assert_eq!(changed["city"], "Lahore");
    assert_eq!(hub.sign_in("cora", PASSWORD).await.user["role"], "PATIENT");
    let patients = admin.get("/api/auth/admin/users/?role=patient").await.ok();
    assert_eq!(usernames(&patients), ["cora"]);
}

/// 002-A9: a doctor has records of their own, so nobody becomes or ceases to be one.
#[tokio::test]
async fn nobody_becomes_a_doctor_by_a_change_of_role() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let bob = hub.lone_doctor("drbob").await;
    let admin = hub.admin().await;

    let becoming = admin.put(user_path(&cora), json!({"role": "DOCTOR"})).await;
    let ceasing = admin.put(user_path(&bob), json!({"role": "PATIENT"})).await;

    assert_eq!(becoming.refusal(), "400 role-refused");
    assert_eq!(ceasing.refusal(), "400 role-refused");
}

/// 002-A9: nobody raises an account above their own rank, least of all their own.
#[tokio::test]
async fn nobody_raises_themselves() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;

    let own = admin.put(user_path(&admin), json!({"role": "SUPERADMIN"})).await;
    let other = admin.put(user_path(&cora), json!({"role": "SUPERADMIN"})).await;
    let plain = cora.put(user_path(&cora), json!({"role": "ADMIN"})).await;

    assert!(matches!(own.status.as_u16(), 403 | 404), "{own:?}");
    assert!(matches!(other.status.as_u16(), 403 | 404), "{other:?}");
    assert_eq!(plain.refusal(), "403 forbidden");
    assert_eq!(admin.get("/api/auth/profile").await.ok()["role"], "ADMIN");
    assert_eq!(cora.get("/api/auth/profile").await.ok()["role"], "COORDINATOR");
}

/// 002-A8, 002-A9, 002-A10: for an admin a superadmin does not exist.
#[tokio::test]
async fn an_admin_does_not_reach_a_superadmin() {
    let hub = open().await;
    let superadmin = hub.superadmin().await;
    let body = json!({"role": "ADMIN", "username": "ada", "password": PASSWORD});
    superadmin.post("/api/auth/admin/users/", body).await.ok();
    let ada = hub.sign_in("ada", PASSWORD).await;

    let path = user_path(&superadmin);
    let seen = ada.get(&path).await;
    let changed = ada.put(&path, json!({"is_active": false})).await;
    let closed = ada.delete(&path).await;

    assert_eq!(seen.refusal(), "404 not-found");
    assert_eq!(changed.refusal(), "404 not-found");
    assert_eq!(closed.refusal(), "404 not-found");
}

/// 002-A10: a closed account signs nobody in, and what it did is kept.
#[tokio::test]
async fn an_admin_closes_an_account() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let admin = hub.admin().await;

    let closed = admin.delete(user_path(&ana)).await;

    assert_eq!(closed.status, 204);
    let refused = hub.visitor().post("/api/auth/login/", credentials("ana", PASSWORD)).await;
    assert_eq!(refused.refusal(), "401 sign-in-refused");
    assert_eq!(admin.get(user_path(&ana)).await.ok()["status"], "INACTIVE");
    assert_eq!(admin.delete(user_path(&ana)).await.refusal(), "409 account-closed");
}

/// 002-A10: nobody closes their own account.
#[tokio::test]
async fn an_admin_does_not_close_their_own_account() {
    let hub = open().await;
    let admin = hub.admin().await;

    let closed = admin.delete(user_path(&admin)).await;
    let deactivated = admin.put(user_path(&admin), json!({"is_active": false})).await;

    assert_eq!(closed.refusal(), "400 self-delete");
    assert_eq!(deactivated.refusal(), "400 self-delete");
    admin.get("/api/auth/profile").await.ok();
}

/// 002-A9: a closed account can be opened again.
#[tokio::test]
async fn an_admin_opens_a_closed_account_again() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let admin = hub.admin().await;
    admin.delete(user_path(&ana)).await.ok();

    let opened = admin.put(user_path(&ana), json!({"is_active": true})).await.ok();

    assert_eq!(opened["status"], "ACTIVE");
    assert_eq!(hub.sign_in("ana", PASSWORD).await.user["username"], "ana");
}

fn credentials(username: &str, password: &str) -> Value {
    json!({"username": username, "password": password})
}

fn user_path(person: &Caller<'_>) -> String {
    format!("/api/auth/admin/users/{}/", person.id())
}

/// A patient as the seed's form sends them.
fn new_patient() -> Value {
    json!({
        "username": "ana", "email": "ana@example.org",
        "password": PASSWORD, "password_confirm": PASSWORD,
        "first_name": "Ana", "last_name": "Diaz", "phone_number": PHONE, "consent": true,
    })
}

/// Registers the same patient with one field replaced or left out.
async fn register_patient(
    hub: &carehub_testkit::TestHub,
    field: &str,
    value: Option<Value>,
) -> Reply {
    let mut body = new_patient();
    match value {
        Some(value) => body[field] = value,
        None => drop(body.as_object_mut().unwrap().remove(field)),
    }
    hub.visitor().post("/api/accounts/patients/register/", body).await
}

/// A doctor whom a hospital has just added, signed in, and the generated password.
async fn new_doctor(hub: &carehub_testkit::TestHub) -> (Caller<'_>, String) {
    let hospital = hub.hospital("jinnah").await;
    let body = json!({
        "first_name": "Ali", "last_name": "Mehmood", "email": "ali@example.org",
        "phone_number": "+923002220000", "specialization": "Cardiology",
    });
    let employed = hospital.post("/api/hospitals/doctors/create/", body).await.ok();
    let given = &employed["credentials"];
    let password = given["password"].as_str().unwrap().to_owned();
    (hub.sign_in(given["username"].as_str().unwrap(), &password).await, password)
}

/// Which fields were wrong.
#[track_caller]
fn pointers(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.refusal(), "400 invalid");
    reply.problem().errors.into_iter().map(|error| error.pointer).collect()
}

/// The names of accounts that were opened at the same instant, which are in no order.
fn sorted(page: &Value) -> Vec<&str> {
    let mut usernames = usernames(page);
    usernames.sort_unstable();
    usernames
}

fn usernames(page: &Value) -> Vec<&str> {
    page["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["username"].as_str().unwrap())
        .collect()
}
