//! Sessions: refresh tokens that rotate, and everything that ends one.

use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::future::join_all;
use http::Method;
use insta::assert_json_snapshot;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, open};

const PHONE: &str = "+923001234567";
const ANOTHER: &str = "amber-kettle-31";

/// 000-02, 001-04, 002-03, 004-03: a session goes on under every name that clients know.
#[tokio::test]
async fn a_refresh_token_renews_under_every_path() {
    let hub = open().await;
    let mut ana = hub.patient("ana", PHONE).await;
    let paths = ["/api/token/refresh/", "/api/auth/token/refresh/", "/api/auth/refresh/"];

    let mut renewals = Vec::new();
    for path in paths {
        let renewed = ana.post(path, json!({"refresh": ana.refresh})).await.ok();
        ana = ana.with_tokens(&renewed);
        renewals.push(renewed);
    }

    for renewed in &renewals {
        assert_eq!(renewed["user"]["username"], "ana");
        assert_eq!(renewed["expires_in"], 3600);
    }
    assert_ne!(renewals[0]["refresh"], renewals[1]["refresh"]);
    assert!(is_in(&ana).await);
}

/// 000-02: an expired access token does not stand in the way of a renewal.
#[tokio::test]
async fn a_session_goes_on_after_its_access_token_expired() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    hub.clock.advance(SignedDuration::from_mins(60));
    assert!(!is_in(&ana).await);

    let ana = renew(&ana).await;

    assert!(is_in(&ana).await);
}

/// 000-02, 002-03: what is no refresh token is refused, whatever it is.
#[tokio::test]
async fn what_is_no_refresh_token_renews_nothing() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let access = ana.access.clone().unwrap();
    let cut = ana.refresh[1..].to_owned();
    let mut turned = ana.refresh.clone().into_bytes();
    turned[40] = if turned[40] == b'A' { b'B' } else { b'A' };
    let turned = String::from_utf8(turned).unwrap();

    let tokens = ["", "x", "null", &access, &cut, &turned];
    let replies = join_all(tokens.iter().map(|token| try_refresh(&ana, token))).await;

    for reply in replies {
        assert_eq!(reply.refusal(), "401 invalid-refresh-token");
    }
    assert!(is_in(&ana).await);
}

/// 000-02: a refresh token without its field, or as another type, is a wrong field.
#[tokio::test]
async fn a_refresh_needs_a_token() {
    let hub = open().await;

    let missing = hub.visitor().post("/api/token/refresh/", json!({})).await;
    let number = hub.visitor().post("/api/token/refresh/", json!({"refresh": 7})).await;

    assert_eq!(missing.refusal(), "400 invalid");
    assert_eq!(number.refusal(), "400 invalid");
}

/// 000-02: whoever presents an old token ends the session, also for its holder.
#[tokio::test]
async fn a_used_refresh_token_ends_the_session() {
    let hub = open().await;
    let thief = hub.patient("ana", PHONE).await;
    let ana = renew(&thief).await;

    let reused = refresh(&thief).await;

    assert_eq!(reused.refusal(), "401 refresh-token-reused");
    assert_eq!(refresh(&ana).await.refusal(), "401 invalid-refresh-token");
    assert!(!is_in(&ana).await);
    assert!(!is_in(&thief).await);
}

/// 000-02: reuse ends one session and leaves the person's others alone.
#[tokio::test]
async fn reuse_ends_no_other_session() {
    let hub = open().await;
    let phone = hub.patient("ana", PHONE).await;
    let laptop = hub.sign_in("ana", PASSWORD).await;
    renew(&phone).await;

    let reused = refresh(&phone).await;

    assert_eq!(reused.refusal(), "401 refresh-token-reused");
    assert!(is_in(&laptop).await);
    assert_eq!(refresh(&laptop).await.status, 200);
}

/// 000-02: reuse leaves a line in the audit log.
#[tokio::test]
async fn reuse_is_logged() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    renew(&ana).await;
    let admin = hub.admin().await;

    let _ = refresh(&ana).await;

    let log = admin.get("/api/accounts/audit-logs/?action=TOKEN_REUSED").await.ok();
    assert_eq!(log["results"].as_array().unwrap().len(), 1);
    assert_eq!(log["results"][0]["performed_by"], ana.id());
}

/// 000-02: of many renewals with one token at once one succeeds, and the family ends.
#[tokio::test]
async fn of_many_who_race_with_one_refresh_token_one_wins_and_all_are_out() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;

    let replies = join_all((0..8).map(|_| refresh(&ana))).await;

    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|reply| reply.status == 401), "{lost:?}");
    let winner = ana.with_tokens(&won[0].ok());
    assert!(!is_in(&winner).await);
    assert_eq!(refresh(&winner).await.refusal(), "401 invalid-refresh-token");
}

/// 000-02: a session that nobody renews ends after seven days, and each renewal starts anew.
#[tokio::test]
async fn a_session_lives_seven_days_after_its_last_renewal() {
    let hub = open().await;
    let mut ana = hub.patient("ana", PHONE).await;
    for _ in 0..3 {
        hub.clock.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_secs(1));
        ana = renew(&ana).await;
    }

    hub.clock.advance(SignedDuration::from_hours(7 * 24));
    let late = refresh(&ana).await;

    assert_eq!(late.refusal(), "401 invalid-refresh-token");
}

/// 002-04: signing out ends the session of the refresh token that is given.
#[tokio::test]
async fn signing_out_ends_the_session() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;

    let left = ana.post("/api/auth/logout/", json!({"refresh": ana.refresh})).await.ok();

    assert_eq!(left["message"], "Logged out successfully");
    assert!(!is_in(&ana).await);
    assert_eq!(refresh(&ana).await.refusal(), "401 invalid-refresh-token");
}

/// 002-04: a person signs out of another device by its refresh token.
#[tokio::test]
async fn a_person_signs_another_device_out() {
    let hub = open().await;
    let phone = hub.patient("ana", PHONE).await;
    let laptop = hub.sign_in("ana", PASSWORD).await;

    phone.post("/api/auth/logout/", json!({"refresh": laptop.refresh})).await.ok();

    assert!(is_in(&phone).await);
    assert!(!is_in(&laptop).await);
}

/// 003-03: without a refresh token, even without a body, the session that asks ends.
#[tokio::test]
async fn signing_out_needs_no_body() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;

    let left = ana.send(Method::POST, "/api/v1/auth/logout/", None::<&Value>).await;

    assert_eq!(left.status, 200);
    assert!(!is_in(&ana).await);
}

/// 002-04: somebody else's session, or none at all, is not signed out.
#[tokio::test]
async fn nobody_signs_others_out() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let eve = hub.patient("eve", "+923007654321").await;

    let stolen = eve.post("/api/auth/logout/", json!({"refresh": ana.refresh})).await;
    let garbage = eve.post("/api/auth/logout/", json!({"refresh": "x"})).await;
    let visitor = hub.visitor().post("/api/auth/logout/", json!({"refresh": ana.refresh})).await;

    assert_eq!(stolen.refusal(), "404 not-found");
    assert_eq!(garbage.refusal(), "401 invalid-refresh-token");
    assert_eq!(visitor.refusal(), "401 unauthenticated");
    assert!(is_in(&ana).await);
    assert!(is_in(&eve).await);
}

/// 002-A4: a person sees where they are signed in, newest first.
#[tokio::test]
async fn a_person_sees_their_sessions() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    hub.clock.advance(SignedDuration::from_mins(1));
    let tablet = hub.visitor().with_header("user-agent", "Tablet/1.0");
    let body = json!({"username": "ana", "password": PASSWORD});
    let signed_in = tablet.post("/api/auth/login/", body).await.ok();

    let sessions = tablet.with_tokens(&signed_in).get("/api/auth/sessions/").await.ok();

    assert_json_snapshot!(sessions, {".results[].id" => "ses_…"}, @r#"
    {
      "next": null,
      "previous": null,
      "results": [
        {
          "created_at": "2030-01-07T08:01:00Z",
          "device_info": "Tablet/1.0",
          "expires_at": "2030-01-14T08:01:00Z",
          "id": "ses_…",
          "ip_address": "10.0.0.2",
          "is_active": true,
          "is_current": true,
          "last_used": "2030-01-07T08:01:00Z"
        },
        {
          "created_at": "2030-01-07T08:00:00Z",
          "device_info": null,
          "expires_at": "2030-01-14T08:00:00Z",
          "id": "ses_…",
          "ip_address": "10.0.0.1",
          "is_active": true,
          "is_current": false,
          "last_used": "2030-01-07T08:00:00Z"
        }
      ]
    }
    "#);
}

/// 002-A4: nobody sees the sessions of others, and visitors have none.
#[tokio::test]
async fn sessions_are_ones_own() {
    let hub = open().await;
    hub.patient("ana", PHONE).await;
    let eve = hub.patient("eve", "+923007654321").await;

    let own = eve.get("/api/auth/sessions/").await.ok();
    let nobodys = hub.visitor().get("/api/auth/sessions/").await;

    assert_eq!(own["results"].as_array().unwrap().len(), 1);
    assert_eq!(own["results"][0]["is_current"], true);
    assert_eq!(nobodys.refusal(), "401 unauthenticated");
}

/// 002-A5: a person ends one session, named in the body or in the path.
#[tokio::test]
async fn a_person_ends_one_session() {
    let hub = open().await;
    let here = hub.patient("ana", PHONE).await;
    let laptop = hub.sign_in("ana", PASSWORD).await;
    let tablet = hub.sign_in("ana", PASSWORD).await;

    let body = json!({"session_id": session_of(&laptop).await});
    let ended = here.send(Method::DELETE, "/api/auth/sessions/", Some(&body)).await;
    let path = format!("/api/auth/sessions/{}/", session_of(&tablet).await);
    let ended_by_path = here.delete(path).await;

    assert_eq!(ended.status, 204);
    assert_eq!(ended_by_path.status, 204);
    assert!(is_in(&here).await);
    assert!(!is_in(&laptop).await);
    assert!(!is_in(&tablet).await);
    assert_eq!(refresh(&laptop).await.refusal(), "401 invalid-refresh-token");
}

/// 002-A5: without a name, all sessions end but the one that asks.
#[tokio::test]
async fn a_person_ends_all_other_sessions() {
    let hub = open().await;
    let here = hub.patient("ana", PHONE).await;
    let others = [hub.sign_in("ana", PASSWORD).await, hub.sign_in("ana", PASSWORD).await];
    let eve = hub.patient("eve", "+923007654321").await;

    let ended = here.delete("/api/auth/sessions/").await;

    assert_eq!(ended.status, 204);
    assert!(is_in(&here).await);
    assert!(is_in(&eve).await);
    for other in &others {
        assert!(!is_in(other).await);
    }
}

/// 002-A5: a session of somebody else does not exist.
#[tokio::test]
async fn nobody_ends_the_session_of_another() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let eve = hub.patient("eve", "+923007654321").await;
    let id = session_of(&ana).await;

    let body = json!({"session_id": id});
    let by_body = eve.send(Method::DELETE, "/api/auth/sessions/", Some(&body)).await;
    let by_path = eve.delete(format!("/api/auth/sessions/{id}/")).await;
    let impossible = eve.delete("/api/auth/sessions/1/").await;

    assert_eq!(by_body.refusal(), "404 not-found");
    assert_eq!(by_path.refusal(), "404 not-found");
    assert_eq!(impossible.refusal(), "404 not-found");
    assert!(is_in(&ana).await);
}

/// 000-05, 002-A3: a new password ends every session but the new one that it begins.
#[tokio::test]
async fn a_new_password_ends_every_session() {
    let hub = open().await;
    let here = hub.patient("ana", PHONE).await;
    let laptop = hub.sign_in("ana", PASSWORD).await;

    let change = json!({"old_password": PASSWORD, "new_password": ANOTHER});
    let changed = here.post("/api/accounts/change-password/", change).await.ok();

    for before in [&here, &laptop] {
        assert!(!is_in(before).await);
        assert_eq!(refresh(before).await.refusal(), "401 invalid-refresh-token");
    }
    let after = here.with_tokens(&changed);
    assert!(is_in(&after).await);
    assert_eq!(refresh(&after).await.status, 200);
}

/// 002-01: a password chosen with a code ends every session.
#[tokio::test]
async fn a_replaced_password_ends_every_session() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let asking = json!({"phone": PHONE, "purpose": "password_reset"});
    hub.visitor().post("/api/auth/send-otp/", asking).await.ok();
    hub.settle().await;

    let body = json!({"phone": PHONE, "otp": hub.post.code_to(PHONE), "new_password": ANOTHER});
    hub.visitor().post("/api/auth/password-reset/", body).await.ok();

    assert!(!is_in(&ana).await);
    assert_eq!(refresh(&ana).await.refusal(), "401 invalid-refresh-token");
}

/// 002-A10: closing an account ends its sessions, and opening it again does not bring them back.
#[tokio::test]
async fn a_closed_account_is_signed_out_for_good() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let admin = hub.admin().await;
    let path = format!("/api/auth/admin/users/{}/", ana.id());
    admin.delete(&path).await.ok();
    let closed = (is_in(&ana).await, refresh(&ana).await);

    admin.put(&path, json!({"is_active": true})).await.ok();

    assert!(!closed.0);
    assert_eq!(closed.1.refusal(), "401 invalid-refresh-token");
    assert!(!is_in(&ana).await);
    assert_eq!(refresh(&ana).await.refusal(), "401 invalid-refresh-token");
}

/// 002-A9: whoever gets another role has to sign in again.
#[tokio::test]
async fn a_change_of_role_ends_every_session() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let admin = hub.admin().await;

    let path = format!("/api/auth/admin/users/{}/", cora.id());
    admin.put(path, json!({"role": "PATIENT"})).await.ok();

    assert!(!is_in(&cora).await);
    assert_eq!(refresh(&cora).await.refusal(), "401 invalid-refresh-token");
}

/// 000-01: a hospital that is turned away takes its doctors with it.
#[tokio::test]
async fn a_rejected_hospital_and_its_doctors_are_signed_out() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let doctor = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let id = hospital.user["hospital"].as_str().unwrap().to_owned();

    let path = format!("/api/hospitals/{id}/approve/");
    hub.admin().await.patch(path, json!({"is_approved": false})).await.ok();

    for person in [&hospital, &doctor] {
        assert!(!is_in(person).await);
        assert_eq!(refresh(person).await.refusal(), "401 invalid-refresh-token");
        let body = json!({"username": person.user["username"], "password": PASSWORD});
        let refused = hub.visitor().post("/api/token/", body).await;
        assert_eq!(refused.refusal(), "401 sign-in-refused");
    }
}

/// 000-02, 002-04, 002-A5: whatever happens in whatever order, exactly those sessions are
/// in that should be, and exactly the newest token of each renews it.
#[tokio::test]
async fn random_interleavings_keep_sessions_apart() {
    for seed in 1..=4 {
        let hub = open().await;
        hub.patient("ana", PHONE).await;
        let mut model = Model { hub: &hub, devices: Vec::new(), draws: Draws(seed) };

        for step in 0..20 {
            model.step().await;
            model.check(&format!("seed {seed}, step {step}")).await;
        }
    }
}

/// A device and every state of its tokens so far, newest last.
struct Device<'h> {
    states: Vec<Caller<'h>>,
    live: bool,
}

impl<'h> Device<'h> {
    fn newest(&self) -> &Caller<'h> {
        self.states.last().unwrap()
    }
}

/// What should hold after each step.
struct Model<'h> {
    hub: &'h TestHub,
    devices: Vec<Device<'h>>,
    draws: Draws,
}

impl Model<'_> {
    async fn step(&mut self) {
        if self.devices.is_empty() || self.draws.below(4) == 0 {
            let device = self.hub.sign_in("ana", PASSWORD).await;
            self.devices.push(Device { states: vec![device], live: true });
            return;
        }
        let one = self.draws.below(self.devices.len());
        let acting = self.devices.iter().position(|device| device.live);
        match (self.draws.below(5), acting) {
            (0 | 1, _) => self.renew_newest(one).await,
            (2, _) => self.renew_any(one).await,
            (3, _) => self.sign_out(one).await,
            (_, Some(acting)) => self.end(acting, one).await,
            (_, None) => {}
        }
    }

    async fn renew_newest(&mut self, one: usize) {
        let device = &mut self.devices[one];
        let reply = refresh(device.newest()).await;
        assert_eq!(reply.status == 200, device.live);
        if device.live {
            let renewed = device.newest().with_tokens(&reply.ok());
            device.states.push(renewed);
        }
    }

    async fn renew_any(&mut self, one: usize) {
        let state = self.draws.below(self.devices[one].states.len());
        if state + 1 == self.devices[one].states.len() {
            return self.renew_newest(one).await;
        }
        let device = &mut self.devices[one];
        let code =
            if device.live { "401 refresh-token-reused" } else { "401 invalid-refresh-token" };
        assert_eq!(refresh(&device.states[state]).await.refusal(), code);
        device.live = false;
    }

    async fn sign_out(&mut self, one: usize) {
        let device = &mut self.devices[one];
        let reply = device.newest().post("/api/auth/logout", json!({})).await;
        assert_eq!(reply.status == 200, device.live);
        device.live = false;
    }

    async fn end(&mut self, acting: usize, one: usize) {
        if !self.devices[one].live {
            return;
        }
        let id = session_of(self.devices[one].newest()).await;
        let ended = self.devices[acting].newest().delete(format!("/api/auth/sessions/{id}")).await;
        assert_eq!(ended.status, 204);
        self.devices[one].live = false;
    }

    async fn check(&self, when: &str) {
        for (position, device) in self.devices.iter().enumerate() {
            for state in &device.states {
                assert_eq!(is_in(state).await, device.live, "device {position}, {when}");
            }
        }
    }
}

/// Draws that are the same in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        // Knuth's MMIX; the high bits are the random ones.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

async fn try_refresh(caller: &Caller<'_>, token: &str) -> Reply {
    caller.post("/api/auth/refresh/", json!({"refresh": token})).await
}

async fn refresh(caller: &Caller<'_>) -> Reply {
    try_refresh(caller, &caller.refresh).await
}

async fn renew<'h>(caller: &Caller<'h>) -> Caller<'h> {
    caller.with_tokens(&refresh(caller).await.ok())
}

/// Whether their access token opens anything.
async fn is_in(caller: &Caller<'_>) -> bool {
    match caller.get("/api/auth/profile").await {
        reply if reply.status == 200 => true,
        reply => {
            assert_eq!(reply.refusal(), "401 unauthenticated");
            false
        }
    }
}

async fn session_of(caller: &Caller<'_>) -> String {
    let sessions = caller.get("/api/auth/sessions").await.ok();
    let mut sessions = sessions["results"].as_array().unwrap().iter();
    let current = sessions.find(|session| session["is_current"] == true).unwrap();
    current["id"].as_str().unwrap().to_owned()
}
