//! Codes that open a repository, who looked, the audit log, the totals, finding people.

use carehub_api::limit::Bucket;
use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, open, open_limiting, relay};

const GENERATE: &str = "/api/accounts/otp/generate/";
const VERIFY: &str = "/api/accounts/otp/verify/";
const PHONE: &str = "+923001234567";

/// 000-06: the code goes to the patient's phone and nowhere else.
#[tokio::test]
async fn a_code_goes_to_the_phone_of_the_patient_only() {
    let hub = open().await;
    let admin = hub.admin().await;
    hub.patient("ana", PHONE).await;
    let ali = ali(&hub).await;

    let reply = ali.post(GENERATE, json!({"patient_phone": PHONE})).await;

    hub.settle().await;
    let code = hub.post.code_to(PHONE);
    assert_eq!(
        reply.ok(),
        json!({
            "message": "OTP sent successfully to patient phone",
            "expires_at": "2030-01-07T08:10:00Z", "phone_number": "4567",
        })
    );
    assert_eq!(
        hub.post.texts_to(PHONE),
        [format!(
            "Dr. Ali Mehmood asks to read your health record. If you agree, read out this code: {code}. It is good for 10 minutes."
        )]
    );
    let line = &lines(&admin, "action=OTP_REQUESTED").await[0];
    assert_eq!(line["performed_by"], ali.id());
    assert_eq!(line["details"]["purpose"], "REPOSITORY");
}

/// 000-06: the patient must exist, and the phone must be theirs.
#[tokio::test]
async fn a_code_is_not_sent_to_somebody_unknown() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let bela = hub.patient("bela", "+923001234568").await;
    let ali = ali(&hub).await;

    let unknown = ali.post(GENERATE, json!({"patient_phone": "+923009999999"})).await;
    let body = json!({"patient_phone": PHONE, "patient_id": bela.id_as("pat")});
    let mismatch = ali.post(GENERATE, body).await;

    assert_eq!(unknown.problem().status, 404);
    assert_eq!(mismatch.problem().status, 400);
    hub.settle().await;
    assert!(hub.post.texts_to("+923009999999").is_empty());
}

/// 000-06: where a family shares a phone, the doctor says who is meant.
#[tokio::test]
async fn of_patients_who_share_a_phone_one_is_named() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    hub.patient("bela", PHONE).await;
    let ali = ali(&hub).await;
    let unnamed = ali.post(GENERATE, json!({"patient_phone": PHONE})).await;
    let body = json!({"patient_phone": PHONE, "patient_id": ana.id_as("pat")});
    ali.post(GENERATE, body).await.ok();
    hub.settle().await;

    let body = json!({"patient_phone": PHONE, "otp": hub.post.code_to(PHONE)});
    let opened = ali.post(VERIFY, body).await.ok();

    assert_eq!(unnamed.refusal(), "409 several-patients");
    assert_eq!(opened["patient_id"], ana.id_as("pat"));
}

/// 000-06, 000-07: only doctors ask for codes and enter them.
#[tokio::test]
async fn only_doctors_open_repositories() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ana = hub.patient("ana", PHONE).await;
    let cora = hub.coordinator("cora").await;
    let hospital = hub.hospital("jinnah").await;

    let people = [&ana, &cora, &hospital, &admin];
    let asked =
        join_all(people.map(|one| one.post(GENERATE, json!({"patient_phone": PHONE})))).await;
    let body = json!({"patient_phone": PHONE, "otp": "123456"});
    let entered = join_all(people.map(|one| one.post(VERIFY, &body))).await;

    let replies = asked.iter().chain(&entered);
    assert!(replies.clone().all(|reply| reply.refusal() == "403 forbidden"), "{replies:?}");
}

/// 000-06: three codes in a quarter of an hour, from one address or for one phone.
#[tokio::test]
async fn codes_for_a_repository_are_limited() {
    let hub = open_limiting(Bucket::Otp).await;
    hub.patient("ana", PHONE).await;
    let ali = ali(&hub).await;
    for _ in 0..3 {
        ali.post(GENERATE, json!({"patient_phone": PHONE})).await.ok();
    }

    let fourth = ali.post(GENERATE, json!({"patient_phone": PHONE})).await;

    assert_eq!(fourth.refusal(), "429 too-many-requests");
    let wait: i64 = fourth.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    ali.elsewhere().post(GENERATE, json!({"patient_phone": PHONE})).await.ok();
    hub.clock.advance(SignedDuration::from_secs(wait));
    ali.post(GENERATE, json!({"patient_phone": PHONE})).await.ok();
}

/// 000-06: the phone is spared, wherever the requests come from.
#[tokio::test]
async fn codes_for_one_phone_are_limited() {
    let hub = open_limiting(Bucket::OtpIdentity).await;
    hub.patient("ana", PHONE).await;
    hub.patient("bela", "+923001234568").await;
    let ali = ali(&hub).await;
    for _ in 0..3 {
        ali.elsewhere().post(GENERATE, json!({"patient_phone": PHONE})).await.ok();
    }

    let fourth = ali.elsewhere().post(GENERATE, json!({"patient_phone": PHONE})).await;

    assert_eq!(fourth.refusal(), "429 too-many-requests");
    ali.post(GENERATE, json!({"patient_phone": "+923001234568"})).await.ok();
}

/// 000-07: the right code opens the repository for half an hour.
#[tokio::test]
async fn the_right_code_opens_the_repository_for_half_an_hour() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ana = hub.patient("ana", PHONE).await;
    let ali = ali(&hub).await;
    let code = code_for(&hub, &ali).await;
    hub.clock.advance(SignedDuration::from_mins(5));

    let opened = ali.post(VERIFY, json!({"patient_phone": PHONE, "otp": code})).await.ok();

    assert_eq!(
        opened,
        json!({
            "message": "OTP verified successfully", "patient_id": ana.id_as("pat"),
            "verified": true, "access_granted_until": "2030-01-07T08:35:00Z",
        })
    );
    let line = &lines(&admin, "action=OTP_VERIFIED").await[0];
    assert_eq!(line["performed_by"], ali.id());
    assert_eq!(line["patient"], ana.id_as("pat"));
}

/// 000-07: a code is good once.
#[tokio::test]
async fn a_code_opens_a_repository_once() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let ali = ali(&hub).await;
    let body = json!({"patient_phone": PHONE, "otp": code_for(&hub, &ali).await});

    let replies = join_all((0..3).map(|_| ali.post(VERIFY, &body))).await;

    assert_eq!(replies.iter().filter(|reply| reply.status.is_success()).count(), 1);
    assert_eq!(ali.post(VERIFY, &body).await.refusal(), "400 code-expired");
}

/// 000-07: a code is good for ten minutes.
#[tokio::test]
async fn a_code_expires_after_ten_minutes() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let ali = ali(&hub).await;
    let body = json!({"patient_phone": PHONE, "otp": code_for(&hub, &ali).await});
    hub.clock.advance(SignedDuration::from_mins(10));

    let late = ali.post(VERIFY, body).await;

    assert_eq!(late.refusal(), "400 code-expired");
}

/// 000-07: five wrong entries end a code, even for the right one.
#[tokio::test]
async fn five_wrong_entries_end_a_code() {
    let hub = open().await;
    let admin = hub.admin().await;
    hub.patient("ana", PHONE).await;
    let ali = ali(&hub).await;
    let code = code_for(&hub, &ali).await;
    for _ in 0..5 {
        let body = json!({"patient_phone": PHONE, "otp": other_than(&code)});
        assert_eq!(ali.post(VERIFY, body).await.refusal(), "400 code-wrong");
    }

    let sixth = ali.post(VERIFY, json!({"patient_phone": PHONE, "otp": code})).await;

    assert_eq!(sixth.refusal(), "400 code-expired");
    assert_eq!(lines(&admin, "action=OTP_REJECTED").await.len(), 5);
}

/// 000-07: a code is good for the doctor who asked, and a newer one replaces it.
#[tokio::test]
async fn a_code_is_bound_to_its_doctor_and_replaced_by_a_newer_one() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let ali = ali(&hub).await;
    let lone = hub.lone_doctor("lone").await;
    let first = code_for(&hub, &ali).await;
    let stolen = lone.post(VERIFY, json!({"patient_phone": PHONE, "otp": first})).await;
    let second = code_for(&hub, &ali).await;

    let old = ali.post(VERIFY, json!({"patient_phone": PHONE, "otp": first})).await;

    assert_eq!(stolen.refusal(), "400 code-expired");
    assert!(first == second || old.refusal() == "400 code-wrong");
    ali.post(VERIFY, json!({"patient_phone": PHONE, "otp": second})).await.ok();
}

#[tokio::test]
async fn a_code_that_is_no_code_is_named() {
    let hub = open().await;
    let ali = ali(&hub).await;

    let codes = [json!("12345"), json!("1234567"), json!("12345x"), json!(null)];
    let replies =
        join_all(codes.map(|otp| ali.post(VERIFY, json!({"patient_phone": PHONE, "otp": otp}))))
            .await;

    for reply in replies {
        assert_eq!(reply.problem().errors[0].pointer, "/otp");
    }
}

#[tokio::test]
async fn patients_see_whom_they_let_in_and_doctors_who_let_them_in() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let ali = ali(&hub).await;
    let stranger = hub.lone_doctor("lone").await;
    open_repository(&hub, &ali).await;

    let lists =
        join_all([&ana, &ali, &stranger].map(|person| person.get("/api/accounts/access-grants/")))
            .await;

    let grant = json!([{
        "doctor": ali.id_as("doc"), "patient": ana.id_as("pat"),
        "granted_at": "2030-01-07T08:00:00Z", "expires_at": "2030-01-07T08:30:00Z",
        "is_active": true, "emergency": null,
    }]);
    assert_eq!(lists[0].ok()["results"], grant);
    assert_eq!(lists[1].ok()["results"], grant);
    assert_eq!(lists[2].ok()["results"], json!([]));
}

#[tokio::test]
async fn a_grant_runs_out_by_itself() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let ali = ali(&hub).await;
    open_repository(&hub, &ali).await;

    hub.clock.advance(SignedDuration::from_mins(30));

    for person in [&ana, &ali] {
        let grants = person.get("/api/accounts/access-grants/").await.ok();
        assert_eq!(grants["results"][0]["is_active"], false);
    }
}

#[tokio::test]
async fn a_patient_closes_the_repository_again() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ana = hub.patient("ana", PHONE).await;
    let ali = ali(&hub).await;
    open_repository(&hub, &ali).await;
    let path = format!("/api/accounts/access-grants/{}/", ali.id_as("doc"));

    let reply = ana.delete(&path).await;

    assert_eq!(reply.status, 204);
    for person in [&ana, &ali] {
        let grants = person.get("/api/accounts/access-grants/").await.ok();
        assert_eq!(grants["results"], json!([]));
    }
    assert_eq!(ana.delete(&path).await.refusal(), "404 not-found");
    assert_eq!(lines(&admin, "action=ACCESS_REVOKED").await.len(), 1);
}

#[tokio::test]
async fn only_patients_close_repositories_and_only_their_own() {
    let hub = open().await;
    let admin = hub.admin().await;
    hub.patient("ana", PHONE).await;
    let bela = hub.patient("bela", "+923001234568").await;
    let ali = ali(&hub).await;
    open_repository(&hub, &ali).await;
    let path = format!("/api/accounts/access-grants/{}/", ali.id_as("doc"));

    let replies = join_all([&bela, &ali, &admin].map(|person| person.delete(&path))).await;

    let refusals: Vec<_> = replies.iter().map(Reply::refusal).collect();
    assert_eq!(refusals, ["404 not-found", "403 forbidden", "403 forbidden"]);
    let list = admin.get("/api/accounts/access-grants/").await;
    assert_eq!(list.refusal(), "403 forbidden");
    assert_eq!(ali.get("/api/accounts/access-grants/").await.ok()["results"][0]["is_active"], true);
}

#[tokio::test]
async fn a_patient_reads_who_looked_at_their_data() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    hub.patient("bela", "+923001234568").await;
    let ali = ali(&hub).await;
    hub.clock.advance(SignedDuration::from_secs(1));
    ali.post(GENERATE, json!({"patient_phone": PHONE})).await.ok();
    hub.settle().await;
    hub.clock.advance(SignedDuration::from_secs(1));
    let body = json!({"patient_phone": PHONE, "otp": hub.post.code_to(PHONE)});
    ali.post(VERIFY, body).await.ok();

    let log = ana.get("/api/accounts/access-log/?limit=2").await.ok();

    let looks = log["results"].as_array().unwrap();
    assert_eq!(looks[0]["action"], "OTP_VERIFIED");
    assert_eq!(looks[0]["timestamp"], "2030-01-07T08:00:02Z");
    assert_eq!(looks[0]["performed_by"], ali.id());
    assert_eq!(looks[0]["role"], "DOCTOR");
    assert_eq!(looks[0]["hospital"], ali.user["hospital"]);
    assert_eq!(looks[1]["action"], "OTP_REQUESTED");
    let rest = ana.get(log["next"].as_str().unwrap()).await.ok();
    assert_eq!(rest["results"][0]["action"], "USER_CREATED");
    assert_eq!(rest["next"], Value::Null);
}

#[tokio::test]
async fn only_patients_have_an_access_log() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ali = ali(&hub).await;

    let replies =
        join_all([&admin, &ali].map(|person| person.get("/api/accounts/access-log/"))).await;

    assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"));
}

/// 000-37: an admin reads the audit log, newest first, line by line.
#[tokio::test]
async fn an_admin_reads_what_happened() {
    let hub = open().await;
    let admin = hub.admin().await;
    hub.clock.advance(SignedDuration::from_secs(1));
    let visitor = hub.visitor().with_header("user-agent", "curl/8");
    let visitor = visitor.with_header("x-request-id", "request-0001");
    let body = json!({"username": "ana", "password": PASSWORD, "consent": true});
    let ana = visitor.post("/api/auth/register/", body).await.ok()["user"].clone();

    let log = admin.get("/api/accounts/audit-logs/").await.ok();

    let line = &log["results"][0];
    let id = ana["id"].as_str().unwrap();
    assert_eq!(
        line,
        &json!({
            "id": line["id"], "timestamp": "2030-01-07T08:00:01Z", "action": "USER_CREATED",
            "performed_by": null, "role": null, "entity": id, "hospital": null,
            "patient": id.replacen("usr", "pat", 1), "changed": [],
            "details": {"role": "PATIENT"}, "ip_address": visitor.address.to_string(),
            "user_agent": "curl/8", "request_id": "request-0001",
        })
    );
}

#[tokio::test]
async fn the_audit_log_is_narrowed_by_action_person_and_day() {
    let hub = open().await;
    hub.superadmin().await;
    let cora = hub.coordinator("cora").await;
    cora.patch("/api/auth/profile/", json!({"city": "Lahore"})).await.ok();
    hub.clock.advance(SignedDuration::from_hours(24));
    let cora = hub.sign_in("cora", PASSWORD).await;
    cora.patch("/api/auth/profile/", json!({"city": "Karachi"})).await.ok();
    let admin = hub.sign_in("superadmin", PASSWORD).await;

    let (user, updated) = (format!("user={}", cora.id()), "action=USER_UPDATED");
    let queries = [
        updated.to_owned(),
        user.clone(),
        format!("{user}&{updated}"),
        format!("{updated}&date=2030-01-07"),
        format!("{user}&date=2030-01-08"),
        format!("{user}&from=2030-01-08"),
        format!("{user}&to=2030-01-07"),
        format!("performed_by={}&action=HOSPITAL_APPROVED", cora.id()),
        "date=2030-01-09".to_owned(),
    ];
    let lists = join_all(queries.iter().map(|query| lines(&admin, query))).await;

    let days = |lines: &Vec<Value>| -> Vec<String> {
        let day = |line: &Value| {
            let (action, at) =
                (line["action"].as_str().unwrap(), line["timestamp"].as_str().unwrap());
            format!("{action} {}", &at[8..10])
        };
        lines.iter().map(day).collect()
    };
    assert_eq!(days(&lists[0]), ["USER_UPDATED 08", "USER_UPDATED 07"]);
    assert_eq!(sorted(days(&lists[1])), ["LOGIN 08", "USER_UPDATED 07", "USER_UPDATED 08"]);
    assert_eq!(days(&lists[2]), ["USER_UPDATED 08", "USER_UPDATED 07"]);
    assert_eq!(days(&lists[3]), ["USER_UPDATED 07"]);
    assert_eq!(sorted(days(&lists[4])), ["LOGIN 08", "USER_UPDATED 08"]);
    assert_eq!(sorted(days(&lists[5])), ["LOGIN 08", "USER_UPDATED 08"]);
    assert_eq!(days(&lists[6]), ["USER_UPDATED 07"]);
    assert!(lists[7].is_empty() && lists[8].is_empty());
}

#[tokio::test]
async fn the_audit_log_reaches_back_over_months_when_asked() {
    let hub = open().await;
    hub.superadmin().await;
    hub.coordinator("cora").await;
    hub.clock.advance(SignedDuration::from_hours(24 * 100));
    let admin = hub.sign_in("superadmin", PASSWORD).await;

    let recent = lines(&admin, "action=USER_CREATED").await;
    let all = lines(&admin, "action=USER_CREATED&from=2030-01-01").await;

    assert_eq!(recent.len(), 0);
    assert_eq!(all.len(), 2);
}

#[tokio::test]
async fn the_audit_log_is_read_page_by_page() {
    let hub = open().await;
    let admin = hub.admin().await;
    for number in 0..5 {
        hub.clock.advance(SignedDuration::from_secs(1));
        hub.coordinator(&format!("cora-{number}")).await;
    }
    let all = lines(&admin, "limit=100&action=USER_CREATED").await;

    let mut pages =
        vec![admin.get("/api/accounts/audit-logs/?limit=3&action=USER_CREATED").await.ok()];
    while let Some(next) = pages.last().unwrap()["next"].as_str() {
        pages.push(admin.get(next).await.ok());
    }
    let back = admin.get(pages[2]["previous"].as_str().unwrap()).await.ok();

    let read: Vec<Value> =
        pages.iter().flat_map(|page| page["results"].as_array().unwrap().clone()).collect();
    assert_eq!((read.len(), pages.len()), (7, 3));
    assert_eq!(read, all);
    assert_eq!(back["results"], pages[1]["results"]);
}

#[tokio::test]
async fn filters_of_the_audit_log_that_make_no_sense_are_named() {
    let hub = open().await;
    let admin = hub.admin().await;

    let queries = ["action=DANCED", "user=ana", "date=yesterday", "from=2030-02-30", "colour=red"];
    let replies =
        join_all(queries.map(|query| admin.get(format!("/api/accounts/audit-logs/?{query}"))))
            .await;

    let pointers: Vec<_> =
        replies.iter().map(|reply| reply.problem().errors[0].pointer.clone()).collect();
    assert_eq!(pointers, ["/action", "/user", "/date", "/from", "/colour"]);
}

#[tokio::test]
async fn nobody_but_admins_reads_the_audit_log() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ana = hub.patient("ana", PHONE).await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;

    let replies =
        join_all([&hospital, &ana, &ali].map(|person| person.get("/api/accounts/audit-logs/")))
            .await;

    assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"));
    let nobody = hub.visitor().get("/api/accounts/audit-logs/").await;
    assert_eq!(nobody.refusal(), "401 unauthenticated");
}

/// 000-08: the totals follow what happens.
#[tokio::test]
async fn the_totals_count_everyone_and_every_hospital() {
    let hub = open().await;
    let admin = hub.admin().await;
    hub.applicant("waiting").await;
    let hospital = hub.hospital("jinnah").await;
    hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    hub.lone_doctor("lone").await;
    hub.patient("ana", PHONE).await;
    hub.coordinator("cora").await;

    hub.settle().await;

    assert_eq!(
        stats(&admin).await,
        json!({
            // The superadmin, the admin, two owners, two doctors, a patient and a coordinator.
            "total_users": 8, "total_patients": 1, "total_doctors": 2,
            "total_hospitals": 2, "approved_hospitals": 1, "pending_hospitals": 1,
            "total_appointments": 0, "pending_appointments": 0,
        })
    );
}

/// 000-08: decisions move hospitals from one total to another.
#[tokio::test]
async fn the_totals_follow_a_hospital_through_its_states() {
    let hub = open().await;
    let admin = hub.admin().await;
    let id = hub.applicant("jinnah").await["id"].as_str().unwrap().to_owned();
    let approve = format!("/api/hospitals/{id}/approve/");
    let mut seen = Vec::new();

    for approved in [None, Some(true), Some(false), Some(true)] {
        if let Some(approved) = approved {
            admin.patch(&approve, json!({"is_approved": approved})).await.ok();
        }
        seen.push(hospital_totals(&hub, &admin).await);
    }
    admin.delete(format!("/api/hospitals/{id}/")).await.ok();
    seen.push(hospital_totals(&hub, &admin).await);

    // All, those that have joined, those that wait.
    assert_eq!(seen, [[1, 0, 1], [1, 1, 0], [1, 0, 0], [1, 1, 0], [0, 0, 0]]);
    assert_eq!(stats(&admin).await["total_users"], 2);
}

#[tokio::test]
async fn the_totals_follow_accounts_that_close_and_open_again() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ana = hub.patient("ana", PHONE).await;
    let path = format!("/api/users/{}/", ana.id());
    let mut seen = Vec::new();

    admin.delete(&path).await.ok();
    seen.push(people_totals(&hub, &admin).await);
    admin.put(&path, json!({"is_active": true})).await.ok();
    seen.push(people_totals(&hub, &admin).await);
    admin.put(&path, json!({"role": "COORDINATOR"})).await.ok();
    seen.push(people_totals(&hub, &admin).await);

    assert_eq!(seen, [[2, 0], [3, 1], [3, 0]]);
}

#[tokio::test]
async fn the_totals_count_the_owner_of_a_hospital_once() {
    let hub = open().await;
    let admin = hub.admin().await;
    let waiting = hub.applicant("waiting").await;
    let owner = waiting["user"].as_str().unwrap();

    admin.put(format!("/api/users/{owner}/"), json!({"is_active": true})).await.ok();
    let activated = people_totals(&hub, &admin).await;
    admin.delete(format!("/api/users/{owner}/")).await.ok();
    let hospital = waiting["id"].as_str().unwrap();
    admin.delete(format!("/api/hospitals/{hospital}/")).await.ok();

    assert_eq!(activated, [3, 0]);
    assert_eq!(people_totals(&hub, &admin).await, [2, 0]);
}

/// 000-08: the stream may repeat itself; an event counts once.
#[tokio::test]
async fn batches_that_come_again_count_once() {
    let hub = open().await;
    let admin = hub.admin().await;
    let relay = relay(&hub);
    hub.applicant("jinnah").await;
    let first = hub.unread();
    hub.patient("ana", PHONE).await;
    let mut overlapping = hub.unread();
    overlapping.records.splice(0..0, first.records.clone());

    for batch in [first.clone(), first, overlapping.clone(), overlapping] {
        let answer = relay.relay(batch).await;
        assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
    }

    let stats = stats(&admin).await;
    assert_eq!((&stats["total_users"], &stats["total_patients"]), (&json!(4), &json!(1)));
    assert_eq!((&stats["total_hospitals"], &stats["pending_hospitals"]), (&json!(1), &json!(1)));
}

/// 000-08: only admins see the totals.
#[tokio::test]
async fn only_admins_see_the_totals() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ana = hub.patient("ana", PHONE).await;
    let cora = hub.coordinator("cora").await;

    let replies = join_all(
        [&hospital, &ana, &cora].map(|person| person.get("/api/accounts/dashboard-stats/")),
    )
    .await;

    assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"));
}

/// 004-21, 004-22: admins list doctors and patients.
#[tokio::test]
async fn an_admin_lists_doctors_and_patients() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    hub.clock.advance(SignedDuration::from_secs(1));
    hub.lone_doctor("lone").await;
    hub.patient("ana", PHONE).await;

    let doctors = admin.get("/api/users/doctors/").await.ok();
    let patients = admin.get("/api/users/patients/").await.ok();

    assert_eq!(usernames(&doctors), ["lone", "alimehmood_jinnahhospital"]);
    assert_eq!(usernames(&patients), ["ana"]);
    assert_eq!(patients["results"][0]["role"], "PATIENT");
    assert_eq!(patients["results"][0]["phone"], PHONE);
}

/// 004-21, 004-22: nobody else does.
#[tokio::test]
async fn nobody_else_lists_doctors_and_patients() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", PHONE).await;
    let cora = hub.coordinator("cora").await;

    for path in ["/api/users/doctors/", "/api/users/patients/"] {
        let people = [&hospital, &ali, &ana, &cora];
        let replies = join_all(people.map(|person| person.get(path))).await;
        assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"), "{path}");
        assert_eq!(hub.visitor().get(path).await.refusal(), "401 unauthenticated");
    }
}

/// 004-22: the list goes on page by page, newest first.
#[tokio::test]
async fn patients_are_listed_page_by_page() {
    let hub = open().await;
    let admin = hub.admin().await;
    for number in 1..=3 {
        hub.patient(&format!("ana-{number}"), &format!("+92300123456{number}")).await;
        hub.clock.advance(SignedDuration::from_secs(1));
    }

    let first = admin.get("/api/users/patients/?limit=2").await.ok();
    let second = admin.get(first["next"].as_str().unwrap()).await.ok();

    assert_eq!(usernames(&first), ["ana-3", "ana-2"]);
    assert_eq!(usernames(&second), ["ana-1"]);
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test]
async fn people_are_found_by_the_beginning_of_any_word() {
    let hub = open().await;
    let admin = hub.admin().await;
    jose(&hub).await;
    hub.patient("ana", "+923007654321").await;

    let texts = [
        "jose",
        "JOS%C3%89",
        "jo",
        "garc%C3%ADa",
        "jose%20garcia",
        "traveller",
        "trav",
        "mail77%40example.org",
        "MAIL77%40EXAMPLE.ORG",
        "%2B923001234567",
        "%2B92%20300%201234567",
        "923001234567",
    ];
    let lists =
        join_all(texts.map(|text| admin.get(format!("/api/users/patients/?search={text}")))).await;

    for (text, list) in texts.iter().zip(&lists) {
        assert_eq!(usernames(&list.ok()), ["traveller"], "{text}");
    }
}

#[tokio::test]
async fn a_search_that_means_nobody_finds_nobody() {
    let hub = open().await;
    let admin = hub.admin().await;
    jose(&hub).await;

    let texts = ["ose", "%2C", "nobody%40example.org", "%2B923009999999", "j%23"];
    let lists =
        join_all(texts.map(|text| admin.get(format!("/api/users/patients/?search={text}")))).await;

    for (text, list) in texts.iter().zip(&lists).take(4) {
        assert_eq!(list.ok()["results"], json!([]), "{text}");
    }
    let doctors = admin.get("/api/users/doctors/?search=jose").await.ok();
    assert_eq!(doctors["results"], json!([]));
}

/// A change of name, mail or phone is found at once, and the old one no longer.
#[tokio::test]
async fn people_are_found_by_what_they_are_called_now() {
    let hub = open().await;
    let admin = hub.admin().await;
    let jose = jose(&hub).await;
    let found = async |text: &str| {
        usernames(&admin.get(format!("/api/users/patients/?search={text}")).await.ok())
    };

    let change =
        json!({"first_name": "Pablo", "email": "pablo@example.org", "phone": "+923001111111"});
    jose.patch("/api/auth/profile/", change).await.ok();

    for old in ["jose", "mail77%40example.org", "%2B923001234567"] {
        assert_eq!(found(old).await, [""; 0], "{old}");
    }
    for new in ["pablo", "pablo%40example.org", "%2B923001111111", "garcia", "traveller"] {
        assert_eq!(found(new).await, ["traveller"], "{new}");
    }
}

#[tokio::test]
async fn a_search_goes_on_page_by_page_without_showing_what_was_searched_for() {
    let hub = open().await;
    let admin = hub.admin().await;
    for number in 1..=3 {
        hub.patient(&format!("rana-{number}"), &format!("+92300123456{number}")).await;
        hub.clock.advance(SignedDuration::from_secs(1));
    }

    let first = admin.get("/api/users/patients/?search=diaz&limit=2").await.ok();
    let next = first["next"].as_str().unwrap();
    let second = admin.get(next).await.ok();

    assert_eq!(usernames(&first), ["rana-1", "rana-2"]);
    assert_eq!(usernames(&second), ["rana-3"]);
    assert!(!next.contains("diaz"));
}

/// A user name and an e-mail address may begin the same; the person is still one.
#[tokio::test]
async fn somebody_who_is_found_by_two_words_is_shown_once() {
    let hub = open().await;
    let admin = hub.admin().await;
    for number in 1..=3 {
        hub.patient(&format!("rana-{number}"), &format!("+92300123456{number}")).await;
    }

    let mut pages = vec![admin.get("/api/users/patients/?search=rana&limit=1").await.ok()];
    while let Some(next) = pages.last().unwrap()["next"].as_str() {
        pages.push(admin.get(next).await.ok());
    }

    let found: Vec<_> = pages.iter().flat_map(usernames).collect();
    assert_eq!(found, ["rana-1", "rana-2", "rana-3"]);
}

/// 003-07: everyone has a first page of their own kind.
#[tokio::test]
async fn everyone_sees_the_dashboard_of_their_role() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ana = hub.patient("ana", PHONE).await;
    let lone = hub.lone_doctor("lone").await;
    let cora = hub.coordinator("cora").await;
    let path = "/api/v1/profiles/dashboard_data/";

    let replies = join_all([&ana, &lone, &cora, &admin].map(|person| person.get(path))).await;

    let shown: Vec<_> = replies.iter().map(Reply::ok).collect();
    let other = json!({"total_appointments": 0, "pending_appointments": 0});
    assert_eq!(
        shown,
        [
            json!({"upcoming_appointments": 0, "total_appointments": 0, "completed_visits": 0}),
            json!({"todays_appointments": 0, "total_patients": 0, "pending_reviews": 0}),
            other.clone(),
            other,
        ]
    );
    assert_eq!(hub.visitor().get(path).await.refusal(), "401 unauthenticated");
}

/// 000-37, 000-C13: what the admin site shows and changes is there as data, for admins only.
#[tokio::test]
async fn an_admin_runs_the_hub_through_the_data_api() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ana = hub.patient("ana", PHONE).await;

    let paths = [
        "/api/hospitals/".to_owned(),
        format!("/api/hospitals/{}/", hospital.id_as("hsp")),
        format!("/api/hospitals/{}/departments/", hospital.id_as("hsp")),
        format!("/api/hospitals/{}/doctors/", hospital.id_as("hsp")),
        "/api/accounts/users/".to_owned(),
        format!("/api/users/{}/", ana.id()),
        "/api/users/patients/".to_owned(),
        "/api/users/doctors/".to_owned(),
        "/api/accounts/dashboard-stats/".to_owned(),
        "/api/accounts/audit-logs/".to_owned(),
    ];
    let replies = join_all(paths.iter().map(|path| admin.get(path))).await;

    for (path, reply) in paths.iter().zip(&replies) {
        assert!(reply.status.is_success(), "{path}: {}", reply.text());
    }
}

/// A doctor of a hospital, ready to work.
async fn ali(hub: &TestHub) -> Caller<'_> {
    let hospital = hub.hospital("jinnah").await;
    hub.doctor_of(&hospital, "Ali", "Mehmood").await
}

/// The code that the patient at [`PHONE`] reads out to `doctor`.
async fn code_for(hub: &TestHub, doctor: &Caller<'_>) -> String {
    doctor.post(GENERATE, json!({"patient_phone": PHONE})).await.ok();
    hub.settle().await;
    hub.post.code_to(PHONE)
}

async fn open_repository(hub: &TestHub, doctor: &Caller<'_>) {
    let body = json!({"patient_phone": PHONE, "otp": code_for(hub, doctor).await});
    doctor.post(VERIFY, body).await.ok();
}

fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

/// José García, whose other names have nothing to do with it.
async fn jose(hub: &TestHub) -> Caller<'_> {
    let visitor = hub.visitor();
    let body = json!({
        "username": "traveller", "password": PASSWORD, "email": "Mail77@example.org",
        "first_name": "José", "last_name": "García", "phone": PHONE, "consent": true,
    });
    let signed_in = visitor.post("/api/auth/register/", body).await.ok();
    visitor.with_tokens(&signed_in)
}

/// Lines of the audit log, newest first.
async fn lines(admin: &Caller<'_>, query: &str) -> Vec<Value> {
    let log = admin.get(format!("/api/accounts/audit-logs/?{query}")).await.ok();
    log["results"].as_array().unwrap().clone()
}

async fn stats(admin: &Caller<'_>) -> Value {
    admin.get("/api/accounts/dashboard-stats/").await.ok()
}

/// All hospitals, those that have joined and those that wait.
async fn hospital_totals(hub: &TestHub, admin: &Caller<'_>) -> [i64; 3] {
    hub.settle().await;
    let stats = stats(admin).await;
    ["total_hospitals", "approved_hospitals", "pending_hospitals"]
        .map(|name| stats[name].as_i64().unwrap())
}

/// All people, and the patients among them.
async fn people_totals(hub: &TestHub, admin: &Caller<'_>) -> [i64; 2] {
    hub.settle().await;
    let stats = stats(admin).await;
    ["total_users", "total_patients"].map(|name| stats[name].as_i64().unwrap())
}

fn usernames(list: &Value) -> Vec<String> {
    let results = list["results"].as_array().unwrap().iter();
    results.map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}
