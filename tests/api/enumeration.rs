//! What strangers cannot find out, and how often they may try.

use carehub_api::limit::Bucket;
use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, open, open_limiting};

const PHONE: &str = "+923001234567";
const NOBODYS_PHONE: &str = "+923007654321";
const WRONG: &str = "amber-kettle-31";

/// 000-01, 001-02, 003-01: an unknown user, a wrong password and a closed account look alike
/// and cost alike.
#[tokio::test]
async fn a_refused_sign_in_does_not_tell_why() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let closed = hub.patient("old", "+923001112222").await;
    let admin = hub.admin().await;
    admin.delete(format!("/api/auth/admin/users/{}", closed.id())).await.ok();

    let unknown = sign_in(&hub, "nobody", WRONG).await;
    let tries = [
        sign_in(&hub, "ana", WRONG).await,
        sign_in(&hub, "old", PASSWORD).await,
        sign_in(&hub, "nobody@example.org", WRONG).await,
        sign_in(&hub, "ana@example.org", WRONG).await,
        sign_in(&hub, NOBODYS_PHONE, WRONG).await,
        sign_in(&hub, PHONE, WRONG).await,
    ];

    assert_eq!(unknown.answer["code"], "sign-in-refused");
    for one in tries {
        assert_eq!(one, unknown);
    }
}

/// 000-01: a hospital that waits looks like any refusal. The one look more that it costs
/// hides behind the digest of the password, which every try pays for.
#[tokio::test]
async fn a_hospital_that_waits_is_refused_like_everybody() {
    let hub = open().await;
    hub.applicant("jinnah").await;

    let unknown = sign_in(&hub, "nobody", PASSWORD).await;
    let right = sign_in(&hub, "jinnah", PASSWORD).await;
    let wrong = sign_in(&hub, "jinnah", WRONG).await;

    assert_eq!(right, wrong);
    assert_eq!(right.answer, unknown.answer);
    assert_eq!(right.writes(), unknown.writes());
}

/// 000-01: somebody without a password is refused like somebody with another one.
#[tokio::test]
async fn an_account_without_a_password_looks_like_any_other() {
    let hub = open().await;
    hub.visitor().post("/api/auth/send-otp/", json!({"phone": PHONE})).await.ok();
    hub.settle().await;
    let body = json!({"phone": PHONE, "otp": hub.post.code_to(PHONE)});
    hub.visitor().post("/api/auth/verify-otp/", body).await.ok();

    let known = sign_in(&hub, PHONE, WRONG).await;
    let unknown = sign_in(&hub, NOBODYS_PHONE, WRONG).await;

    assert_eq!(known, unknown);
}

/// 000-01: an address that several share does not say so.
#[tokio::test]
async fn a_shared_phone_does_not_tell_that_it_is_shared() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    hub.patient("ben", PHONE).await;

    let shared = sign_in(&hub, PHONE, "another-lantern-98").await;
    let unknown = sign_in(&hub, NOBODYS_PHONE, "another-lantern-98").await;

    assert_eq!(shared, unknown);
}

/// 000-01: whoever registers with the phone of another does not lock them out.
#[tokio::test]
async fn of_those_who_share_a_phone_the_password_tells_who_signs_in() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    hub.clock.advance(SignedDuration::from_secs(1));
    let ben = hub.patient("ben", PHONE).await;
    let change = json!({"old_password": PASSWORD, "new_password": "another-lantern-98"});
    ben.post("/api/auth/change-password", change).await.ok();

    let first = hub.sign_in(PHONE, PASSWORD).await;
    let second = hub.sign_in(PHONE, "another-lantern-98").await;

    assert_eq!([first.id(), second.id()], [ana.id(), ben.id()]);
}

/// 002-01: asking for a code tells nothing of who has an account.
#[tokio::test]
async fn asking_for_a_code_does_not_tell_who_is_known() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;

    for purpose in ["login", "registration", "password_reset"] {
        let ask = |phone: &str| json!({"phone": phone, "purpose": purpose});
        let known = weigh(&hub, "/api/auth/send-otp/", ask(PHONE)).await;
        let unknown = weigh(&hub, "/api/auth/send-otp/", ask(NOBODYS_PHONE)).await;
        assert_eq!(known.without("phone"), unknown.without("phone"), "{purpose}");
        assert_eq!(known.status, 200);
    }
}

/// 002-01: a code to choose a password is sent only where there is an account.
#[tokio::test]
async fn strangers_are_not_sent_codes_for_passwords() {
    let hub = open().await;

    let body = json!({"phone": NOBODYS_PHONE, "purpose": "password_reset"});
    hub.visitor().post("/api/auth/send-otp/", body).await.ok();
    hub.settle().await;

    assert!(hub.post.sent().is_empty());
}

/// 002-02: a wrong code tells nothing of who has an account, whether or not one was sent.
#[tokio::test]
async fn a_wrong_code_does_not_tell_who_is_known() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let entry = |phone: &str| json!({"phone": phone, "otp": "000000"});
    let path = "/api/auth/verify-otp/";

    let unsent =
        [weigh(&hub, path, entry(PHONE)).await, weigh(&hub, path, entry(NOBODYS_PHONE)).await];
    let wrong = [wrong_code(&hub, PHONE).await, wrong_code(&hub, NOBODYS_PHONE).await];

    assert_eq!(unsent[0], unsent[1]);
    assert_eq!(wrong[0], wrong[1]);
    assert_eq!(wrong[0].answer, unsent[0].answer);
    assert_eq!(wrong[0].answer["code"], "code-refused");
}

/// 002-01: a refused new password tells nothing of who has an account.
#[tokio::test]
async fn a_refused_new_password_does_not_tell_who_is_known() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    for phone in [PHONE, NOBODYS_PHONE] {
        let body = json!({"phone": phone, "purpose": "password_reset"});
        hub.visitor().post("/api/auth/send-otp/", body).await.ok();
    }

    let reset = |phone: &str| json!({"phone": phone, "otp": "000000", "new_password": WRONG});
    let known = weigh(&hub, "/api/auth/password-reset/", reset(PHONE)).await;
    let unknown = weigh(&hub, "/api/auth/password-reset/", reset(NOBODYS_PHONE)).await;

    assert_eq!(known, unknown);
    assert_eq!(known.answer["code"], "code-refused");
}

/// 003-06, 002-A8: an account that is not there and one of somebody else look alike.
#[tokio::test]
async fn an_account_of_somebody_else_is_like_one_that_is_not_there() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let eve = hub.patient("eve", NOBODYS_PHONE).await;

    let others = answer(&eve.get(format!("/api/v1/profiles/{}/", ana.id())).await);
    let absent = answer(&eve.get("/api/v1/profiles/usr_01J9Z3K8Q4N6V2X5Y7W0B1C2D3/").await);

    assert_eq!(others, absent);
}

// How often.

/// 002-C1: five sign-ins a minute from one address, and no other address is touched.
#[tokio::test]
async fn an_address_signs_in_five_times_a_minute() {
    let hub = open_limiting(Bucket::Auth).await;
    let visitor = hub.visitor();
    for number in 0..5 {
        let reply = try_sign_in(&visitor, &format!("user{number}")).await;
        assert_eq!(reply.refusal(), "401 sign-in-refused");
    }

    let sixth = try_sign_in(&visitor, "user5").await;
    let elsewhere = try_sign_in(&visitor.elsewhere(), "user5").await;
    hub.clock.advance(SignedDuration::from_secs(60));
    let later = try_sign_in(&visitor, "user5").await;

    assert_eq!(sixth.refusal(), "429 too-many-requests");
    assert_eq!(sixth.header("retry-after"), "60");
    assert_eq!(sixth.header("ratelimit"), "\"too-many-requests\";r=0;t=60");
    assert_eq!(elsewhere.refusal(), "401 sign-in-refused");
    assert_eq!(later.refusal(), "401 sign-in-refused");
}

/// 002-C1: what is left of the minute is what there is to wait.
#[tokio::test]
async fn a_limit_says_how_long_to_wait() {
    let hub = open_limiting(Bucket::Auth).await;
    let visitor = hub.visitor();
    hub.clock.advance(SignedDuration::from_millis(42_500));
    for number in 0..5 {
        let _ = try_sign_in(&visitor, &format!("user{number}")).await;
    }

    let sixth = try_sign_in(&visitor, "user5").await;

    assert_eq!(sixth.header("retry-after"), "18");
}

/// 002-01, 002-02: every way in counts together: passwords, codes, new passwords.
#[tokio::test]
async fn every_way_in_counts_together() {
    let hub = open_limiting(Bucket::Auth).await;
    let visitor = hub.visitor();
    let asking = json!({"phone": PHONE});
    let entry = json!({"phone": PHONE, "otp": "000000"});
    let reset = json!({"phone": PHONE, "otp": "000000", "new_password": WRONG});
    let ways = [
        ("/api/token/", json!({"username": "ana", "password": WRONG})),
        ("/api/v1/auth/login/", json!({"email": "ana@example.org", "password": WRONG})),
        ("/api/auth/send-otp/", asking),
        ("/api/auth/verify-otp/", entry),
        ("/api/auth/password-reset/", reset),
    ];
    for (path, body) in &ways {
        assert_ne!(visitor.post(path, body).await.status, 429);
    }

    let more = join_all(ways.iter().map(|(path, body)| visitor.post(path, body))).await;

    assert!(more.iter().all(|reply| reply.refusal() == "429 too-many-requests"), "{more:?}");
}

/// 002-C1: of many at once no more than five are let through.
#[tokio::test]
async fn of_twenty_sign_ins_at_once_five_are_looked_at() {
    let hub = open_limiting(Bucket::Auth).await;
    let visitor = hub.visitor();

    let replies = join_all((0..20).map(|_| try_sign_in(&visitor, "ana"))).await;

    let looked_at = replies.iter().filter(|reply| reply.status == 401).count();
    let limited = replies.iter().filter(|reply| reply.status == 429).count();
    assert_eq!((looked_at, limited), (5, 15));
}

/// 002-C1: one account is tried five times a minute, from wherever, whether it exists or not.
#[tokio::test]
async fn an_account_is_tried_five_times_a_minute_from_everywhere() {
    let hub = open_limiting(Bucket::AuthIdentity).await;
    hub.coordinator("ana").await;

    let mut sixth = Vec::new();
    for username in ["ana", "nobody"] {
        for _ in 0..5 {
            let _ = try_sign_in(&hub.visitor(), username).await;
        }
        sixth.push(answer(&try_sign_in(&hub.visitor(), username).await));
    }

    assert_eq!(sixth[0]["code"], "too-many-requests");
    assert_eq!(sixth[0], sixth[1]);
}

/// 002-C1: the way a name or a phone is written wins no further try.
#[tokio::test]
async fn another_spelling_is_the_same_account() {
    let hub = open_limiting(Bucket::AuthIdentity).await;
    let phones = [PHONE, "00923001234567", "923001234567", "+92 300 1234567", "+92-300-1234567"];
    for phone in phones {
        assert_eq!(try_sign_in(&hub.visitor(), phone).await.refusal(), "401 sign-in-refused");
    }
    for name in ["Ana", "ana", "ANA", " ana ", "anA"] {
        assert_eq!(try_sign_in(&hub.visitor(), name).await.refusal(), "401 sign-in-refused");
    }

    let phone = try_sign_in(&hub.visitor(), "(+92) 300 123 4567").await;
    let name = try_sign_in(&hub.visitor(), "aNa").await;

    assert_eq!(phone.refusal(), "429 too-many-requests");
    assert_eq!(name.refusal(), "429 too-many-requests");
}

/// 002-01: five codes a minute to one phone, from wherever they are asked for.
#[tokio::test]
async fn a_phone_is_sent_five_codes_a_minute() {
    let hub = open_limiting(Bucket::AuthIdentity).await;
    for _ in 0..5 {
        hub.visitor().post("/api/auth/send-otp/", json!({"phone": PHONE})).await.ok();
    }

    let spelt = json!({"phone_number": "0092 300 1234567"});
    let sixth = hub.visitor().post("/api/auth/send-otp/", spelt).await;
    let other = hub.visitor().post("/api/auth/send-otp/", json!({"phone": NOBODYS_PHONE})).await;

    assert_eq!(sixth.refusal(), "429 too-many-requests");
    assert_eq!(other.status, 200);
}

/// 000-02, 000-03, 001-01: accounts and renewals may come twenty times a minute.
#[tokio::test]
async fn an_address_registers_and_renews_twenty_times_a_minute() {
    let hub = open_limiting(Bucket::Register).await;
    let visitor = hub.visitor();
    for _ in 0..20 {
        let reply = visitor.post("/api/token/refresh/", json!({"refresh": "x"})).await;
        assert_eq!(reply.refusal(), "401 invalid-refresh-token");
    }

    let paths = ["/api/token/refresh/", "/api/auth/register/", "/api/accounts/patients/register/"];
    let more = join_all(paths.iter().map(|path| visitor.post(path, json!({})))).await;

    assert!(more.iter().all(|reply| reply.refusal() == "429 too-many-requests"), "{more:?}");
}

/// 000-06: three codes for a repository in fifteen minutes from one address.
#[tokio::test]
async fn an_address_asks_for_three_repository_codes() {
    let hub = open_limiting(Bucket::Otp).await;
    hub.patient("ana", PHONE).await;
    let doctor = hub.lone_doctor("drbob").await;
    for _ in 0..3 {
        ask_for_repository(&doctor).await.ok();
    }

    let fourth = ask_for_repository(&doctor).await;
    let elsewhere = ask_for_repository(&doctor.elsewhere()).await;
    hub.clock.advance(SignedDuration::from_mins(15));
    let later = ask_for_repository(&doctor).await;

    assert_eq!(fourth.refusal(), "429 too-many-requests");
    assert_eq!(fourth.header("retry-after"), "900");
    assert_eq!(elsewhere.status, 200);
    assert_eq!(later.status, 200);
}

/// 000-06: three codes for a repository in fifteen minutes to one phone.
#[tokio::test]
async fn a_patient_is_sent_three_repository_codes() {
    let hub = open_limiting(Bucket::OtpIdentity).await;
    hub.patient("ana", PHONE).await;
    let doctors = [hub.lone_doctor("drbob").await, hub.lone_doctor("dreve").await];
    for doctor in doctors.iter().chain([&doctors[0]]) {
        ask_for_repository(&doctor.elsewhere()).await.ok();
    }

    let fourth = ask_for_repository(&doctors[1].elsewhere()).await;

    assert_eq!(fourth.refusal(), "429 too-many-requests");
}

/// 002-C1: everything together, a hundred a minute for each caller.
#[tokio::test]
async fn a_caller_asks_a_hundred_times_a_minute() {
    let hub = open_limiting(Bucket::General).await;
    let ana = hub.patient("ana", PHONE).await;
    let visitor = hub.visitor();

    let flood = (0..300).map(|_| visitor.post("/api/token/refresh/", json!({"refresh": "x"})));
    let replies = join_all(flood).await;

    let limited: Vec<_> = replies.iter().filter(|reply| reply.status == 429).collect();
    assert!(replies.len() - limited.len() >= 100);
    assert_eq!(limited[0].refusal(), "429 too-many-requests");
    assert!(limited[0].header("ratelimit").starts_with("\"too-many-requests\";r=0;t="));
    assert_eq!(ana.get("/api/auth/profile").await.status, 200);
}

// Failed sign-ins.

/// 000-01, 001-02: three failures are free; each further one doubles the wait.
#[tokio::test]
async fn each_failed_sign_in_makes_the_next_wait_longer() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let visitor = hub.visitor();

    for _ in 0..3 {
        assert_eq!(try_sign_in(&visitor, "ana").await.refusal(), "401 sign-in-refused");
    }

    let mut waits = Vec::new();
    for _ in 0..5 {
        assert_eq!(try_sign_in(&visitor, "ana").await.refusal(), "401 sign-in-refused");
        let delayed = try_sign_in(&visitor, "ana").await;
        assert_eq!(delayed.refusal(), "429 sign-in-delayed");
        let wait: i64 = delayed.header("retry-after").parse().unwrap();
        assert_eq!(delayed.header("ratelimit"), format!("\"sign-in-delayed\";r=0;t={wait}"));
        hub.clock.advance(SignedDuration::from_secs(wait));
        waits.push(wait);
    }

    assert_eq!(waits, [2, 4, 8, 16, 32]);
}

/// 000-01: during the wait not even the right password helps, and afterwards it does.
#[tokio::test]
async fn a_wait_holds_for_the_right_password_too_but_not_for_ever() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let visitor = hub.visitor();
    let right = json!({"username": "ana", "password": PASSWORD});
    for _ in 0..4 {
        let _ = try_sign_in(&visitor, "ana").await;
    }

    let early = visitor.post("/api/token/", &right).await;
    hub.clock.advance(SignedDuration::from_secs(2));
    let late = visitor.post("/api/token/", &right).await;

    assert_eq!(early.refusal(), "429 sign-in-delayed");
    assert_eq!(late.status, 200);
}

/// 000-01: a sign-in that succeeds wipes the failures out.
#[tokio::test]
async fn a_sign_in_forgets_the_failures_before_it() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let visitor = hub.visitor();
    for _ in 0..3 {
        let _ = try_sign_in(&visitor, "ana").await;
    }
    visitor.post("/api/token/", json!({"username": "ana", "password": PASSWORD})).await.ok();

    for _ in 0..3 {
        assert_eq!(try_sign_in(&visitor, "ana").await.refusal(), "401 sign-in-refused");
    }
    let next = visitor.post("/api/token/", json!({"username": "ana", "password": PASSWORD})).await;

    assert_eq!(next.status, 200);
}

/// 000-01: whoever fails elsewhere, or at another account, locks nobody out.
#[tokio::test]
async fn nobody_is_locked_out_by_others() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let attacker = hub.visitor();
    for _ in 0..4 {
        let _ = try_sign_in(&attacker, "ana").await;
    }
    assert_eq!(try_sign_in(&attacker, "ana").await.refusal(), "429 sign-in-delayed");

    let right = json!({"username": "ana", "password": PASSWORD});
    let elsewhere = hub.visitor().post("/api/token/", right).await;
    let other_account = try_sign_in(&attacker, "ben").await;

    assert_eq!(elsewhere.status, 200);
    assert_eq!(other_account.refusal(), "401 sign-in-refused");
}

/// 000-01: an account that does not exist makes wait just the same.
#[tokio::test]
async fn waiting_does_not_tell_who_is_known() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;

    let mut waits = Vec::new();
    for username in ["ana", "nobody"] {
        let visitor = hub.visitor();
        for _ in 0..4 {
            let _ = try_sign_in(&visitor, username).await;
        }
        hub.meter.take();
        let delayed = try_sign_in(&visitor, username).await;
        waits.push((
            answer(&delayed),
            delayed.header("retry-after").to_owned(),
            hub.meter.take().calls,
        ));
    }

    assert_eq!(waits[0].0["code"], "sign-in-delayed");
    assert_eq!(waits[0], waits[1]);
}

/// What a request answered and what it took.
#[derive(Debug, PartialEq)]
struct Weighed {
    status: u16,
    answer: Value,
    headers: Vec<String>,
    calls: std::collections::BTreeMap<&'static str, u32>,
}

impl Weighed {
    /// The same but for one field that repeats what was sent.
    fn without(&self, field: &str) -> Self {
        let mut answer = self.answer.clone();
        answer.as_object_mut().unwrap().remove(field);
        let calls = self.calls.clone();
        Self { status: self.status, answer, headers: self.headers.clone(), calls }
    }

    fn writes(&self) -> Vec<(&'static str, u32)> {
        let reads = ["GetItem", "BatchGetItem", "Query"];
        self.calls.clone().into_iter().filter(|(name, _)| !reads.contains(name)).collect()
    }
}

/// Makes a request as somebody new, and counts its calls to the tables.
async fn weigh(hub: &TestHub, path: &str, body: Value) -> Weighed {
    hub.meter.take();
    let reply = hub.visitor().post(path, body).await;
    let calls = hub.meter.take().calls;
    let headers = reply.headers.keys().map(ToString::to_string).collect();
    Weighed { status: reply.status.as_u16(), answer: answer(&reply), headers, calls }
}

async fn sign_in(hub: &TestHub, username: &str, password: &str) -> Weighed {
    weigh(hub, "/api/token/", json!({"username": username, "password": password})).await
}

/// Asks for a code and enters another one.
async fn wrong_code(hub: &TestHub, phone: &str) -> Weighed {
    hub.visitor().post("/api/auth/send-otp/", json!({"phone": phone})).await.ok();
    hub.settle().await;
    let right: u32 = hub.post.code_to(phone).parse().unwrap();
    let wrong = format!("{:06}", (right + 1) % 1_000_000);
    weigh(hub, "/api/auth/verify-otp/", json!({"phone": phone, "otp": wrong})).await
}

/// The body without the name of the request, which no two share.
fn answer(reply: &Reply) -> Value {
    let mut body: Value = serde_json::from_slice(&reply.body).unwrap();
    body.as_object_mut().unwrap().remove("request_id");
    body
}

async fn try_sign_in(caller: &Caller<'_>, username: &str) -> Reply {
    caller.post("/api/token/", json!({"username": username, "password": WRONG})).await
}

async fn ask_for_repository(doctor: &Caller<'_>) -> Reply {
    doctor.post("/api/accounts/otp/generate/", json!({"patient_phone": PHONE})).await
}
