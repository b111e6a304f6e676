//! One-time codes: to sign in with, to choose a password with, and to open a repository with.

use carehub_domain::code::{CodeKey, Purpose};
use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, open};

const PHONE: &str = "+923001234567";
const OTHER_PHONE: &str = "+923007654321";

/// 002-01: a code goes to the phone, and nothing of it into the answer.
#[tokio::test]
async fn a_code_is_sent_to_the_phone_and_never_shown() {
    let hub = open().await;

    let reply = hub.visitor().post("/api/auth/send-otp/", json!({"phone": PHONE})).await;
    hub.settle().await;

    let code = hub.post.code_to(PHONE);
    assert!(!reply.text().contains(&code));
    let sent = reply.ok();
    assert_eq!(sent["message"], "OTP sent successfully");
    assert_eq!(sent["phone"], PHONE);
    assert_eq!(sent["expires_in"], 300);
    assert_eq!(hub.post.sent().len(), 1);
}

/// 002-01: ten digits alone are an Indian number, and signs between digits do not matter.
#[tokio::test]
async fn a_phone_is_read_however_it_is_written() {
    let hub = open().await;
    let written = ["9876543210", "+91 98765-43210", "0091 (987) 654 3210", "919876543210"];

    let visitor = hub.visitor();
    let replies = join_all(
        written.iter().map(|phone| visitor.post("/api/auth/send-otp/", json!({"phone": phone}))),
    )
    .await;

    assert!(replies.iter().all(|reply| reply.ok()["phone"] == "+919876543210"));
}

/// 002-01: no phone and no such purpose is a wrong field, and doctors ask elsewhere.
#[tokio::test]
async fn a_code_needs_a_phone_and_a_purpose_of_its_own() {
    let hub = open().await;
    let bodies = [
        (json!({"phone": "12345"}), "/phone"),
        (json!({}), "/phone"),
        (json!({"phone": PHONE, "purpose": "fun"}), "/purpose"),
        (json!({"phone": PHONE, "purpose": "repository"}), "/purpose"),
    ];

    let visitor = hub.visitor();
    let tries = bodies.iter().map(|(body, _)| visitor.post("/api/auth/send-otp/", body));
    let replies = join_all(tries).await;

    for ((_, pointer), reply) in bodies.iter().zip(replies) {
        assert_eq!(reply.refusal(), "400 invalid");
        assert_eq!(reply.problem().errors[0].pointer, *pointer);
    }
}

/// 002-02: a right code signs in whoever the phone belongs to.
#[tokio::test]
async fn a_code_signs_in() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let code = code(&hub, PHONE, "login").await;

    let signed_in = enter(&hub, PHONE, &code).await.ok();

    assert_eq!(signed_in["user"]["id"], ana.id());
    let ana = hub.visitor().with_tokens(&signed_in);
    assert_eq!(ana.get("/api/auth/profile/").await.ok()["username"], "ana");
    assert_eq!(ana.get("/api/auth/sessions/").await.ok()["results"].as_array().unwrap().len(), 2);
}

/// 002-02: an unknown phone becomes the account of a patient, named after its last digits.
#[tokio::test]
async fn a_code_opens_an_account_for_an_unknown_phone() {
    let hub = open().await;
    let code = code(&hub, PHONE, "registration").await;

    let body = json!({"phone": PHONE, "otp": code, "purpose": "registration", "role": "doctor"});
    let signed_in = hub.visitor().post("/api/auth/verify-otp/", body).await.ok();

    assert_eq!(signed_in["user"]["role"], "PATIENT");
    assert_eq!(signed_in["user"]["name"], "User 4567");
    assert_eq!(signed_in["user"]["phone"], PHONE);
}

/// 002-02: a newcomer may say what they are called.
#[tokio::test]
async fn a_newcomer_by_code_may_have_a_name() {
    let hub = open().await;
    let code = code(&hub, PHONE, "login").await;

    let body = json!({"phone": PHONE, "otp": code, "name": "Ana Diaz"});
    let signed_in = hub.visitor().post("/api/auth/verify-otp/", body).await.ok();

    assert_eq!(signed_in["user"]["first_name"], "Ana");
    assert_eq!(signed_in["user"]["last_name"], "Diaz");
}

/// 002-02, 002-A3: who came by code has no password yet and chooses one without an old one.
#[tokio::test]
async fn a_newcomer_by_code_chooses_a_first_password() {
    let hub = open().await;
    let code = code(&hub, PHONE, "login").await;
    let signed_in = enter(&hub, PHONE, &code).await.ok();
    let ana = hub.visitor().with_tokens(&signed_in);

    ana.post("/api/auth/change-password/", json!({"new_password": PASSWORD})).await.ok();

    let body = json!({"phone": PHONE, "password": PASSWORD});
    hub.visitor().post("/api/auth/login/", body).await.ok();
}

/// 002-02: a code works once.
#[tokio::test]
async fn a_code_works_once() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let code = code(&hub, PHONE, "login").await;
    enter(&hub, PHONE, &code).await.ok();

    let again = enter(&hub, PHONE, &code).await;

    assert_eq!(again.refusal(), "401 code-refused");
}

/// 002-02: of many who enter a right code at once one is signed in.
#[tokio::test]
async fn of_many_who_race_with_a_right_code_one_is_signed_in() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let code = code(&hub, PHONE, "login").await;

    let replies = join_all((0..4).map(|_| enter(&hub, PHONE, &code))).await;

    one_is_in(&replies);
}

/// 002-02: a right code opens one account, however many enter it at once.
#[tokio::test]
async fn of_many_newcomers_who_race_with_a_right_code_one_is_let_in() {
    let hub = open().await;
    let code = code(&hub, PHONE, "login").await;

    let replies = join_all((0..4).map(|_| enter(&hub, PHONE, &code))).await;

    one_is_in(&replies);
}

/// 002-02: a code to sign in with is good for five minutes.
#[tokio::test]
async fn a_code_expires_after_five_minutes() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    hub.patient("bea", OTHER_PHONE).await;
    let (anas, beas) = (code(&hub, PHONE, "login").await, code(&hub, OTHER_PHONE, "login").await);

    hub.clock.advance(SignedDuration::from_secs(299));
    let in_time = enter(&hub, PHONE, &anas).await;
    hub.clock.advance(SignedDuration::from_secs(1));
    let late = enter(&hub, OTHER_PHONE, &beas).await;

    assert_eq!(in_time.status, 200);
    assert_eq!(late.refusal(), "401 code-refused");
}

/// 002-01: asking again ends the code before.
#[tokio::test]
async fn a_new_code_replaces_the_one_before() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let (first, second) = two_codes(&hub).await;

    let old = enter(&hub, PHONE, &first).await;
    let new = enter(&hub, PHONE, &second).await;

    assert_eq!(old.refusal(), "401 code-refused");
    assert_eq!(new.status, 200);
}

/// 002-01: a code is good for one purpose.
#[tokio::test]
async fn a_code_is_good_for_its_purpose_only() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let login = code(&hub, PHONE, "login").await;
    let reset = code(&hub, PHONE, "password_reset").await;

    let reset_to_sign_in = enter(&hub, PHONE, &reset).await;
    let body = json!({"phone": PHONE, "otp": login, "new_password": "amber-kettle-31"});
    let login_to_reset = hub.visitor().post("/api/auth/password-reset/", body).await;

    assert_eq!(reset_to_sign_in.refusal(), "401 code-refused");
    assert_eq!(login_to_reset.refusal(), "401 code-refused");
}

/// 002-02: a code to choose a password signs nobody in, even under its own name.
#[tokio::test]
async fn a_code_for_a_password_signs_nobody_in() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let code = code(&hub, PHONE, "password_reset").await;

    let body = json!({"phone": PHONE, "otp": code, "purpose": "password_reset"});
    let refused = hub.visitor().post("/api/auth/verify-otp/", body).await;

    assert_eq!(refused.refusal(), "400 invalid");
    assert_eq!(refused.problem().errors[0].pointer, "/purpose");
}

/// 002-02: a code belongs to the phone it was sent to.
#[tokio::test]
async fn a_code_is_good_for_its_phone_only() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let eve = hub.patient("eve", OTHER_PHONE).await;
    code(&hub, PHONE, "login").await;
    let eves = code(&hub, OTHER_PHONE, "login").await;

    let anas = enter(&hub, PHONE, &eves).await;
    let own = enter(&hub, OTHER_PHONE, &eves).await;

    assert_eq!(anas.refusal(), "401 code-refused");
    assert_eq!(own.ok()["user"]["id"], eve.id());
}

/// 002-02: what is not six digits is a wrong field and no try.
#[tokio::test]
async fn only_six_digits_are_tried() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let code = code(&hub, PHONE, "login").await;

    let odd = ["", "12345", "1234567", "12345a", "１２３４５６", "12 456"];
    let refused = join_all(odd.iter().map(|otp| enter(&hub, PHONE, otp))).await;

    assert!(refused.iter().all(|reply| reply.refusal() == "400 invalid"));
    assert_eq!(tries(&hub, Purpose::Login, None).await, 0);
    assert_eq!(enter(&hub, PHONE, &code).await.status, 200);
}

/// 002-02: the fifth try may still be the right one.
#[tokio::test]
async fn four_wrong_tries_leave_one() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let code = code(&hub, PHONE, "login").await;
    for wrong in wrong(&code, 4) {
        assert_eq!(enter(&hub, PHONE, &wrong).await.refusal(), "401 code-refused");
    }

    let fifth = enter(&hub, PHONE, &code).await;

    assert_eq!(fifth.status, 200);
}

/// 002-02: five wrong tries end a code, and a new one begins anew.
#[tokio::test]
async fn five_wrong_tries_end_a_code() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let old = code(&hub, PHONE, "login").await;
    for wrong in wrong(&old, 5) {
        assert_eq!(enter(&hub, PHONE, &wrong).await.refusal(), "401 code-refused");
    }

    let sixth = enter(&hub, PHONE, &old).await;
    let new = code(&hub, PHONE, "login").await;
    let after = enter(&hub, PHONE, &new).await;

    assert_eq!(sixth.refusal(), "401 code-refused");
    assert_eq!(after.status, 200);
}

/// 002-02: of fifty guesses at once no more than five are ever compared.
#[tokio::test]
async fn fifty_guesses_at_once_are_five_comparisons() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let code = code(&hub, PHONE, "login").await;

    let guesses = wrong(&code, 50);
    let replies = join_all(guesses.iter().map(|guess| enter(&hub, PHONE, guess))).await;

    assert!(replies.iter().all(|reply| reply.refusal() == "401 code-refused"));
    assert_eq!(tries(&hub, Purpose::Login, None).await, 5);
    assert_eq!(comparisons(&hub).await, 5);
    assert_eq!(enter(&hub, PHONE, &code).await.refusal(), "401 code-refused");
}

/// 002-01: the same holds for codes to choose a password with.
#[tokio::test]
async fn fifty_guesses_at_once_choose_no_password() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let code = code(&hub, PHONE, "password_reset").await;

    let guesses = wrong(&code, 50);
    let replies = join_all(guesses.iter().map(|guess| reset(&hub, PHONE, guess))).await;

    assert!(replies.iter().all(|reply| reply.refusal() == "401 code-refused"));
    assert_eq!(comparisons(&hub).await, 5);
    assert_eq!(reset(&hub, PHONE, &code).await.refusal(), "401 code-refused");
    hub.sign_in("ana", PASSWORD).await;
}

/// 002-01: a code to choose a password with works once, and for five minutes.
#[tokio::test]
async fn a_code_for_a_password_works_once_and_in_time() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let first = code(&hub, PHONE, "password_reset").await;
    reset(&hub, PHONE, &first).await.ok();
    let second = code(&hub, PHONE, "password_reset").await;

    let again = reset(&hub, PHONE, &first).await;
    hub.clock.advance(SignedDuration::from_mins(5));
    let late = reset(&hub, PHONE, &second).await;

    assert_eq!(again.refusal(), "401 code-refused");
    assert_eq!(late.refusal(), "401 code-refused");
}

/// 002-02: a code does not open a closed account or a hospital that waits.
#[tokio::test]
async fn a_code_opens_no_account_that_may_not_be_used() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    hub.applicant("jinnah").await;
    let admin = hub.admin().await;
    admin.delete(format!("/api/auth/admin/users/{}", ana.id())).await.ok();
    let anas = code(&hub, PHONE, "login").await;
    let hospitals = code(&hub, "+923001110000", "login").await;

    let closed = enter(&hub, PHONE, &anas).await;
    let waiting = enter(&hub, "+923001110000", &hospitals).await;

    assert_eq!(closed.refusal(), "401 code-refused");
    assert_eq!(waiting.refusal(), "401 code-refused");
}

/// 002-02: where several share a phone, the user name says whose account it is.
#[tokio::test]
async fn several_patients_on_one_phone_say_who_they_are() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let ben = hub.patient("ben", PHONE).await;
    hub.patient("eve", OTHER_PHONE).await;
    let code = code(&hub, PHONE, "login").await;

    let nobody = enter(&hub, PHONE, &code).await;
    let stranger = enter_as(&hub, &code, "eve").await;
    let unknown = enter_as(&hub, &code, "nobody").await;
    let named = enter_as(&hub, &code, "Ben").await;

    assert_eq!(nobody.refusal(), "409 several-accounts");
    assert_eq!(stranger.refusal(), "401 code-refused");
    assert_eq!(unknown.refusal(), "401 code-refused");
    assert_eq!(named.ok()["user"]["id"], ben.id());
}

/// 002-02: a patient's code is theirs, though somebody else shares the phone.
#[tokio::test]
async fn the_only_patient_on_a_phone_is_meant() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let cora = hub.coordinator("cora").await;
    cora.patch("/api/auth/profile", json!({"phone": PHONE})).await.ok();
    let first = code(&hub, PHONE, "login").await;

    let unnamed = enter(&hub, PHONE, &first).await;
    let second = code(&hub, PHONE, "login").await;
    let named = enter_as(&hub, &second, "cora").await;

    assert_eq!(unnamed.ok()["user"]["id"], ana.id());
    assert_eq!(named.ok()["user"]["id"], cora.id());
}

/// 002-02: a wrong code does not tell that several share the phone.
#[tokio::test]
async fn a_wrong_code_tells_nothing_of_who_shares_a_phone() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    hub.patient("ben", PHONE).await;
    let code = code(&hub, PHONE, "login").await;

    let wrong = enter(&hub, PHONE, &wrong(&code, 1)[0]).await;

    assert_eq!(wrong.refusal(), "401 code-refused");
}

/// 002-01: where several share a phone, a new password is for the one who is named.
#[tokio::test]
async fn a_new_password_is_for_the_account_that_is_named() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    hub.patient("ben", PHONE).await;
    let code = code(&hub, PHONE, "password_reset").await;
    let body = |username: Option<&str>| {
        json!({
            "phone": PHONE, "otp": code, "new_password": "amber-kettle-31", "username": username,
        })
    };

    let unnamed = hub.visitor().post("/api/auth/password-reset/", body(None)).await;
    let named = hub.visitor().post("/api/auth/password-reset/", body(Some("ben"))).await;

    assert_eq!(unnamed.refusal(), "409 several-accounts");
    assert_eq!(named.status, 200);
    hub.sign_in("ana", PASSWORD).await;
    hub.sign_in("ben", "amber-kettle-31").await;
}

// The code that opens a repository.

/// 000-06, 000-07: the patient reads out the code, and the doctor may read.
#[tokio::test]
async fn a_doctor_opens_a_repository_with_the_code_that_the_patient_reads_out() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let hospital = hub.hospital("jinnah").await;
    let doctor = hub.doctor_of(&hospital, "Ali", "Mehmood").await;

    let code = repository_code(&hub, &doctor).await;
    let access = read_out(&doctor, &code).await.ok();

    assert_eq!(access["verified"], true);
    assert_eq!(access["patient_id"], ana.id_as("pat"));
    assert_eq!(access["access_granted_until"], "2030-01-07T08:30:00Z");
    let grants = doctor.get("/api/accounts/access-grants").await.ok();
    assert_eq!(grants["results"][0]["is_active"], true);
}

/// 000-06: the doctor sees four digits of the phone and none of the code.
#[tokio::test]
async fn the_doctor_never_sees_the_code() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;

    let reply = doctor.post("/api/accounts/otp/generate/", json!({"patient_phone": PHONE})).await;
    hub.settle().await;

    assert!(!reply.text().contains(&hub.post.code_to(PHONE)));
    assert!(hub.post.texts_to(PHONE)[0].starts_with("Dr. Lone Doctor asks to read"));
    let sent = reply.ok();
    assert_eq!(sent["message"], "OTP sent successfully to patient phone");
    assert_eq!(sent["phone_number"], "4567");
    assert_eq!(sent["expires_at"], "2030-01-07T08:10:00Z");
}

/// 000-06, 000-07: nobody but a doctor asks for a code or enters one.
#[tokio::test]
async fn only_doctors_open_repositories() {
    let hub = open().await;
    let people = [
        hub.patient("ana", PHONE).await,
        hub.coordinator("cora").await,
        hub.hospital("jinnah").await,
        hub.admin().await,
    ];

    let mut replies = Vec::new();
    for person in &people {
        let asking = json!({"patient_phone": PHONE});
        replies.push(person.post("/api/accounts/otp/generate/", asking).await);
        replies.push(read_out(person, "123456").await);
    }

    assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"), "{replies:?}");
    hub.settle().await;
    assert!(hub.post.texts_to(PHONE).is_empty());
}

/// 000-06: the phone must be a patient's, and the patient's who is named.
#[tokio::test]
async fn a_code_needs_a_patient_with_that_phone() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let eve = hub.patient("eve", OTHER_PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    let ask = |body: Value| doctor.post("/api/accounts/otp/generate/", body);

    let unknown = ask(json!({"patient_phone": "+923000000001"})).await;
    let mismatch = ask(json!({"patient_phone": PHONE, "patient_id": eve.id_as("pat")})).await;

    assert_eq!(unknown.refusal(), "404 patient-unknown");
    assert_eq!(mismatch.refusal(), "400 phone-mismatch");
}

/// 000-06: where several patients share a phone, the doctor says which one.
#[tokio::test]
async fn a_code_is_for_one_of_the_patients_on_a_phone() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let ben = hub.patient("ben", PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    let asking = json!({"patient_phone": PHONE});
    let unnamed = doctor.post("/api/accounts/otp/generate/", asking).await;

    let asking = json!({"patient_phone": PHONE, "patient_id": ben.id_as("pat")});
    doctor.post("/api/accounts/otp/generate/", asking).await.ok();
    hub.settle().await;
    let access = read_out(&doctor, &hub.post.code_to(PHONE)).await.ok();

    assert_eq!(unnamed.refusal(), "409 several-patients");
    assert_eq!(access["patient_id"], ben.id_as("pat"));
}

/// 000-07: a code belongs to the doctor who asked for it.
#[tokio::test]
async fn a_code_is_good_for_the_doctor_who_asked() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let bob = hub.lone_doctor("drbob").await;
    let eve = hub.lone_doctor("dreve").await;
    let code = repository_code(&hub, &bob).await;

    let stolen = read_out(&eve, &code).await;
    let own = read_out(&bob, &code).await;

    assert_eq!(stolen.refusal(), "400 code-expired");
    assert_eq!(own.status, 200);
    assert!(grants(&eve).await.is_empty());
}

/// 000-07: two doctors ask for the same patient, and neither code disturbs the other.
#[tokio::test]
async fn the_codes_of_two_doctors_do_not_meet() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let bob = hub.lone_doctor("drbob").await;
    let eve = hub.lone_doctor("dreve").await;
    let (bobs, eves) = (repository_code(&hub, &bob).await, repository_code(&hub, &eve).await);

    let crossed = read_out(&bob, &eves).await;
    let bobs = read_out(&bob, &bobs).await;
    let eves = read_out(&eve, &eves).await;

    assert!(matches!(&*crossed.refusal(), "400 code-wrong" | "400 code-expired"));
    assert_eq!(bobs.status, 200);
    assert_eq!(eves.status, 200);
}

/// 000-07: a code belongs to the patient it was sent to.
#[tokio::test]
async fn a_code_is_good_for_the_patient_who_received_it() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    hub.patient("ben", OTHER_PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    let code = repository_code(&hub, &doctor).await;

    let body = json!({"patient_phone": OTHER_PHONE, "otp": code});
    let other = doctor.post("/api/accounts/otp/verify/", body).await;

    assert_eq!(other.refusal(), "400 code-expired");
    assert!(grants(&doctor).await.is_empty());
}

/// 000-07: a code to sign in with opens no repository, nor the other way round.
#[tokio::test]
async fn a_code_to_sign_in_with_opens_no_repository() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    let login = code(&hub, PHONE, "login").await;
    let repository = repository_code(&hub, &doctor).await;

    let signing_in = enter(&hub, PHONE, &repository).await;
    let opening = read_out(&doctor, &login).await;

    assert_eq!(signing_in.refusal(), "401 code-refused");
    assert_eq!(opening.refusal(), "400 code-wrong");
}

/// 000-06: asking again ends the code before.
#[tokio::test]
async fn a_new_repository_code_replaces_the_one_before() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    let first = repository_code(&hub, &doctor).await;
    let mut second = repository_code(&hub, &doctor).await;
    while first == second {
        second = repository_code(&hub, &doctor).await;
    }

    let old = read_out(&doctor, &first).await;
    let new = read_out(&doctor, &second).await;

    assert_eq!(old.refusal(), "400 code-wrong");
    assert_eq!(new.status, 200);
}

/// 000-07: a repository code works once, and for ten minutes.
#[tokio::test]
async fn a_repository_code_works_once_and_in_time() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    let first = repository_code(&hub, &doctor).await;
    hub.clock.advance(SignedDuration::from_secs(599));
    let in_time = read_out(&doctor, &first).await;
    let again = read_out(&doctor, &first).await;
    let second = repository_code(&hub, &doctor).await;

    hub.clock.advance(SignedDuration::from_secs(600));
    let late = read_out(&doctor, &second).await;

    assert_eq!(in_time.status, 200);
    assert_eq!(again.refusal(), "400 code-expired");
    assert_eq!(late.refusal(), "400 code-expired");
}

/// 000-07: of fifty guesses at once no more than five are ever compared.
#[tokio::test]
async fn fifty_guesses_at_once_open_no_repository() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    let code = repository_code(&hub, &doctor).await;

    let guesses = wrong(&code, 50);
    let replies = join_all(guesses.iter().map(|guess| read_out(&doctor, guess))).await;

    let compared = replies.iter().filter(|reply| reply.refusal() == "400 code-wrong").count();
    let unseen = replies.iter().filter(|reply| reply.refusal() == "400 code-expired").count();
    assert_eq!((compared, unseen), (5, 45));
    assert_eq!(tries(&hub, Purpose::Repository, Some(&doctor)).await, 5);
    assert_eq!(comparisons(&hub).await, 5);
    assert_eq!(read_out(&doctor, &code).await.refusal(), "400 code-expired");
}

/// 000-07: of many who enter a right code at once one opens the repository.
#[tokio::test]
async fn of_many_who_race_with_a_repository_code_one_opens() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    let code = repository_code(&hub, &doctor).await;

    let replies = join_all((0..4).map(|_| read_out(&doctor, &code))).await;

    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|reply| matches!(reply.status.as_u16(), 400 | 409)), "{lost:?}");
    assert_eq!(grants(&doctor).await.len(), 1);
}

/// 000-07: a grant lives for thirty minutes, and both sides see it.
#[tokio::test]
async fn a_grant_lives_for_thirty_minutes() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    let code = repository_code(&hub, &doctor).await;
    read_out(&doctor, &code).await.ok();

    hub.clock.advance(SignedDuration::from_secs(1799));
    let (before, patients) = (grants(&doctor).await, grants(&ana).await);
    hub.clock.advance(SignedDuration::from_secs(1));
    let after = grants(&doctor).await;

    assert_eq!(before, patients);
    assert_eq!(before[0]["is_active"], true);
    assert_eq!(before[0]["doctor"], doctor.id_as("doc"));
    assert_eq!(before[0]["patient"], ana.id_as("pat"));
    assert!(after.iter().all(|grant| grant["is_active"] == false), "{after:?}");
}

/// 000-07: a grant is what the store says, never what a request says.
#[tokio::test]
async fn a_request_cannot_claim_a_grant() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;

    let body = json!({
        "patient_phone": PHONE, "otp": "000000", "verified": true, "patient_id": ana.id_as("pat"),
    });
    let claimed = doctor.post("/api/accounts/otp/verify/", body).await;
    let queried = doctor.get("/api/accounts/access-grants?otp_verified=true").await;

    assert_eq!(claimed.refusal(), "400 invalid");
    assert_eq!(queried.refusal(), "400 invalid");
    assert!(grants(&doctor).await.is_empty());
}

/// 000-07: a patient closes the repository again.
#[tokio::test]
async fn a_patient_revokes_a_grant() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    let code = repository_code(&hub, &doctor).await;
    read_out(&doctor, &code).await.ok();
    let path = format!("/api/accounts/access-grants/{}/", doctor.id_as("doc"));

    let revoked = ana.delete(&path).await;

    assert_eq!(revoked.status, 204);
    assert!(grants(&doctor).await.is_empty());
    assert!(grants(&ana).await.is_empty());
    assert_eq!(ana.delete(&path).await.refusal(), "404 not-found");
}

/// 000-07: a grant is for its patient to revoke, and for nobody else to see.
#[tokio::test]
async fn nobody_else_touches_a_grant() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let eve = hub.patient("eve", OTHER_PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    let other = hub.lone_doctor("dreve").await;
    let code = repository_code(&hub, &doctor).await;
    read_out(&doctor, &code).await.ok();
    let path = format!("/api/accounts/access-grants/{}/", doctor.id_as("doc"));

    let by_eve = eve.delete(&path).await;
    let by_doctor = doctor.delete(&path).await;
    let by_visitor = hub.visitor().delete(&path).await;

    assert_eq!(by_eve.refusal(), "404 not-found");
    assert_eq!(by_doctor.refusal(), "403 forbidden");
    assert_eq!(by_visitor.refusal(), "401 unauthenticated");
    assert_eq!(grants(&doctor).await.len(), 1);
    assert!(grants(&eve).await.is_empty());
    assert!(grants(&other).await.is_empty());
}

/// 000-06, 000-07: what happens to a code is in the audit log, and the code is not.
#[tokio::test]
async fn codes_leave_lines_in_the_audit_log_but_not_themselves() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    let admin = hub.admin().await;
    let code = repository_code(&hub, &doctor).await;
    let _ = read_out(&doctor, &wrong(&code, 1)[0]).await;
    read_out(&doctor, &code).await.ok();

    let log = admin.get("/api/accounts/audit-logs/?limit=100").await;

    let lines = log.ok()["results"].as_array().unwrap().clone();
    for action in ["OTP_REQUESTED", "OTP_REJECTED", "OTP_VERIFIED"] {
        let line = lines.iter().find(|line| line["action"] == action).unwrap();
        assert_eq!(line["performed_by"], doctor.id());
        assert_eq!(line["patient"], ana.id_as("pat"));
    }
    assert!(!log.text().contains(PHONE));
    assert!(lines.iter().all(|line| !line["details"].to_string().contains(&code)));
}

/// Asks for a code and reads it off the phone.
async fn code(hub: &TestHub, phone: &str, purpose: &str) -> String {
    let body = json!({"phone": phone, "purpose": purpose});
    hub.visitor().post("/api/auth/send-otp/", body).await.ok();
    hub.settle().await;
    hub.post.code_to(phone)
}

/// Two codes in a row that differ, as they do all but once in a million times.
async fn two_codes(hub: &TestHub) -> (String, String) {
    let first = code(hub, PHONE, "login").await;
    let mut second = code(hub, PHONE, "login").await;
    while first == second {
        second = code(hub, PHONE, "login").await;
    }
    (first, second)
}

async fn repository_code(hub: &TestHub, doctor: &Caller<'_>) -> String {
    doctor.post("/api/accounts/otp/generate/", json!({"patient_phone": PHONE})).await.ok();
    hub.settle().await;
    hub.post.code_to(PHONE)
}

async fn enter(hub: &TestHub, phone: &str, otp: &str) -> Reply {
    hub.visitor().post("/api/auth/verify-otp/", json!({"phone": phone, "otp": otp})).await
}

async fn enter_as(hub: &TestHub, otp: &str, username: &str) -> Reply {
    let body = json!({"phone": PHONE, "otp": otp, "username": username});
    hub.visitor().post("/api/auth/verify-otp/", body).await
}

async fn reset(hub: &TestHub, phone: &str, otp: &str) -> Reply {
    let body = json!({"phone": phone, "otp": otp, "new_password": "amber-kettle-31"});
    hub.visitor().post("/api/auth/password-reset/", body).await
}

async fn read_out(doctor: &Caller<'_>, otp: &str) -> Reply {
    let body = json!({"patient_phone": PHONE, "otp": otp});
    doctor.post("/api/accounts/otp/verify/", body).await
}

async fn grants(person: &Caller<'_>) -> Vec<Value> {
    let page = person.get("/api/accounts/access-grants").await.ok();
    page["results"].as_array().unwrap().clone()
}

/// So many codes that are not this one.
fn wrong(code: &str, count: u32) -> Vec<String> {
    let right: u32 = code.parse().unwrap();
    (1..=count).map(|step| format!("{:06}", (right + step) % 1_000_000)).collect()
}

/// How often the live code was tried.
async fn tries(hub: &TestHub, purpose: Purpose, doctor: Option<&Caller<'_>>) -> u8 {
    let requester = doctor.map(|doctor| doctor.id_as("doc").parse().unwrap());
    let key = CodeKey::of(purpose, &PHONE.parse().unwrap(), requester, &hub.state.pepper);
    hub.state.store.codes().find(&key).await.unwrap().unwrap().tries
}

/// How often an entry was compared with a code and differed.
async fn comparisons(hub: &TestHub) -> usize {
    let path = "/api/accounts/audit-logs/?action=OTP_REJECTED&limit=100";
    let log = hub.admin().await.get(path).await.ok();
    log["results"].as_array().unwrap().len()
}

#[track_caller]
fn one_is_in(replies: &[Reply]) {
    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|reply| reply.refusal() == "401 code-refused"), "{lost:?}");
}
