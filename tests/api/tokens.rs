//! Access tokens that are not what they seem, and the keys that tell.

use carehub_api::token::Claims;
use carehub_testkit::{Caller, Reply, TestHub, signing_key};
use futures_util::future::join_all;
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{People, open};

const PHONE: &str = "+923001234567";

/// A key that signs nothing but these tests.
const ANOTHER_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgo3weza3Y2gmIdFsC
XLdBukJqcgGZX/JcaCtk8OSNYMGhRANCAARH443RhFvnLTAj3Sx580EV9ni1uYeM
7ZoJB6G5W1ssWHOaEzJiLh36GzqwrupE0INXK4rvDQeMVEwUUnIZWoBu
-----END PRIVATE KEY-----
";

/// 000-04: a token made by hand with our key opens, so the refusals below have a cause.
#[tokio::test]
async fn a_token_signed_with_our_key_opens() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;

    let token = sign(&hub, &claims(&hub, &ana), &ours());
    let reply = show(&ana, &token).await;

    assert_eq!(reply.ok()["username"], "ana");
}

/// 000-04: a token without a signature that calls itself unsigned opens nothing.
#[tokio::test]
async fn a_token_of_algorithm_none_opens_nothing() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let claims = base64url(claims(&hub, &ana).to_string().as_bytes());

    let names = ["none", "None", "NONE", "nOnE", ""];
    let tokens = names.iter().flat_map(|name| {
        let header = json!({"alg": name, "typ": "JWT", "kid": kid(&hub)}).to_string();
        let unsigned = format!("{}.{claims}.", base64url(header.as_bytes()));
        let signature = ana.access.as_deref().unwrap().rsplit_once('.').unwrap().1;
        [format!("{unsigned}{signature}"), unsigned]
    });

    all_are_refused(&ana, tokens).await;
}

/// 000-04: what is public is no secret to sign with.
#[tokio::test]
async fn a_token_signed_with_the_public_key_as_a_secret_opens_nothing() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let published = hub.state.tokens.published();
    let key = serde_json::to_value(&published.keys[0]).unwrap();
    let secrets = [
        serde_json::to_string(published).unwrap(),
        key.to_string(),
        key["x"].as_str().unwrap().to_owned(),
        key["kid"].as_str().unwrap().to_owned(),
        String::new(),
    ];

    let algorithms = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
    let pairs = secrets.iter().flat_map(|secret| algorithms.map(|algorithm| (secret, algorithm)));
    let tokens = pairs.map(|(secret, algorithm)| {
        let header = Header { kid: Some(kid(&hub)), ..Header::new(algorithm) };
        let secret = EncodingKey::from_secret(secret.as_bytes());
        encode(&header, &claims(&hub, &ana), &secret).unwrap()
    });

    all_are_refused(&ana, tokens).await;
}

/// 000-04: a token signed with another key opens nothing, whatever key it names.
#[tokio::test]
async fn a_token_signed_with_another_key_opens_nothing() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let claims = claims(&hub, &ana);

    let named = [Some(kid(&hub)), Some("another".to_owned()), None];
    let tokens = named.map(|kid| {
        encode(&Header { kid, ..Header::new(Algorithm::ES256) }, &claims, &another()).unwrap()
    });

    all_are_refused(&ana, tokens).await;
}

/// 000-04: a token that brings its own key along is not believed.
#[tokio::test]
async fn a_token_that_brings_its_own_key_opens_nothing() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&another(), Algorithm::ES256).unwrap();

    let header = Header { kid: Some(kid(&hub)), ..Header::new(Algorithm::ES256) };
    let by_value = Header { jwk: Some(jwk), ..header.clone() };
    let by_address = Header { jku: Some("https://eve.example/jwks.json".to_owned()), ..header };
    let tokens = [by_value, by_address]
        .map(|header| encode(&header, &claims(&hub, &ana), &another()).unwrap());

    all_are_refused(&ana, tokens).await;
}

/// 000-04: our key under another name, or under none, is not looked for.
#[tokio::test]
async fn a_token_that_names_another_key_opens_nothing() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let claims = claims(&hub, &ana);

    let named = [Some("another".to_owned()), Some("../keys".to_owned()), Some(String::new()), None];
    let tokens = named.map(|kid| {
        encode(&Header { kid, ..Header::new(Algorithm::ES256) }, &claims, &ours()).unwrap()
    });

    all_are_refused(&ana, tokens).await;
}

/// 000-04: a token for somebody else's service, or by somebody else, opens nothing.
#[tokio::test]
async fn a_token_for_or_by_somebody_else_opens_nothing() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let changes = [
        ("aud", json!("another-api")),
        ("aud", json!("")),
        ("aud", Value::Null),
        ("iss", json!("https://eve.example")),
        ("iss", json!("")),
        ("iss", Value::Null),
    ];

    let tokens = changes.map(|(name, value)| sign(&hub, &with(&hub, &ana, name, value), &ours()));

    all_are_refused(&ana, tokens).await;
}

/// 000-04: a token without one of its claims, or with one of another kind, opens nothing.
#[tokio::test]
async fn a_token_with_a_claim_missing_or_odd_opens_nothing() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let names = ["iss", "aud", "sub", "role", "sid", "iat", "exp"];

    let missing = names.map(|name| {
        let mut claims = claims(&hub, &ana);
        claims.as_object_mut().unwrap().remove(name);
        sign(&hub, &claims, &ours())
    });
    let odd = names.map(|name| sign(&hub, &with(&hub, &ana, name, json!({"a": 1})), &ours()));
    let endless = sign(&hub, &with(&hub, &ana, "exp", json!("never")), &ours());

    all_are_refused(&ana, missing.into_iter().chain(odd).chain([endless])).await;
}

/// 000-04: a token is good for sixty minutes to the second.
#[tokio::test]
async fn an_access_token_expires_after_an_hour() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    hub.clock.advance(SignedDuration::from_secs(3599));
    let before = ana.get("/api/accounts/me/").await;

    hub.clock.advance(SignedDuration::from_secs(1));
    let after = ana.get("/api/accounts/me/").await;

    assert_eq!(before.status, 200);
    assert_eq!(after.refusal(), "401 unauthenticated");
}

/// 000-04: a token that has expired, or that does not hold yet, opens nothing.
#[tokio::test]
async fn a_token_of_another_time_opens_nothing() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let now = hub.state.clock.now().as_second();
    let spans = [
        (now - 7200, now - 3600),
        (now - 3600, now),
        (now + 1, now + 3600),
        (now, now),
        (now, 0),
        (now, -1),
    ];

    let tokens = spans.map(|(iat, exp)| {
        let mut claims = claims(&hub, &ana);
        claims["iat"] = json!(iat);
        claims["exp"] = json!(exp);
        sign(&hub, &claims, &ours())
    });

    all_are_refused(&ana, tokens).await;
}

/// 000-04: a part of a token, a token with a part changed, and noise open nothing.
#[tokio::test]
async fn garbage_opens_nothing() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let eve = hub.patient("eve", "+923007654321").await;
    let (anas, eves) = (ana.access.clone().unwrap(), eve.access.clone().unwrap());
    let [head, body, seal] = parts(&anas);
    let [_, other_body, other_seal] = parts(&eves);

    let garbage = [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "null".to_owned(),
        "undefined".to_owned(),
        "a.b.c".to_owned(),
        "eyJ.eyJ.eyJ".to_owned(),
        head.to_owned(),
        format!("{head}.{body}"),
        format!("{head}.{body}."),
        format!("{head}..{seal}"),
        format!(".{body}.{seal}"),
        format!("{head}.{body}.{seal}.{seal}"),
        format!("{head}.{body}.{other_seal}"),
        format!("{head}.{other_body}.{seal}"),
        format!("{head}.{body}.{}", &seal[1..]),
        format!("{head}.{body}.{}", "A".repeat(seal.len())),
        format!("{anas} {anas}"),
        anas.to_lowercase(),
        eve.refresh.clone(),
        "A".repeat(5000),
    ];

    all_are_refused(&ana, garbage).await;
}

/// 000-04: a header that is no bearer token opens nothing.
#[tokio::test]
async fn only_a_bearer_token_opens() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let token = ana.access.clone().unwrap();
    let visitor = hub.visitor();

    let headers =
        [format!("Basic {token}"), format!("Token {token}"), token.clone(), "Bearer".to_owned()];
    let refused = join_all(headers.map(|header| {
        let caller = visitor.with_header("authorization", header);
        async move { caller.get("/api/accounts/me/").await }
    }))
    .await;
    let in_lower_case = visitor.with_header("authorization", format!("bearer {token}"));
    let in_the_query = visitor.get(format!("/api/accounts/me/?access_token={token}")).await;

    assert!(refused.iter().all(|reply| reply.refusal() == "401 unauthenticated"), "{refused:?}");
    assert_eq!(in_lower_case.get("/api/accounts/me/").await.status, 200);
    assert_eq!(in_the_query.refusal(), "401 unauthenticated");
}

/// 000-04: a token of another hub with the same key names a session that is not ours.
#[tokio::test]
async fn a_token_of_another_hub_opens_nothing() {
    let (hub, elsewhere) = (open().await, open().await);
    let ana = hub.patient("ana", PHONE).await;
    let stranger = elsewhere.patient("ana", PHONE).await;

    all_are_refused(&ana, stranger.access).await;
}

/// 000-04: a session belongs to one person, and a token that says otherwise opens nothing.
#[tokio::test]
async fn a_session_under_another_name_opens_nothing() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let eve = hub.patient("eve", "+923007654321").await;

    let token = sign(&hub, &with(&hub, &eve, "sub", json!(ana.id())), &ours());

    all_are_refused(&eve, [token]).await;
}

/// 000-04: what somebody may do is in the tables, whatever their token says.
#[tokio::test]
async fn a_role_in_a_token_gives_no_power() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;

    let token = sign(&hub, &with(&hub, &ana, "role", json!("SUPERADMIN")), &ours());
    let posing = showing(&ana, &token);
    let refused = posing.get("/api/auth/admin/users/").await;

    assert_eq!(refused.refusal(), "403 forbidden");
    assert_eq!(posing.get("/api/accounts/me/").await.ok()["role"], "PATIENT");
}

/// 000-04: a hospital in a token that is not the account's opens nothing.
#[tokio::test]
async fn a_hospital_in_a_token_is_not_believed() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;
    let jinnah = hub.hospital("jinnah").await;
    let mayo = hub.hospital("mayo").await;

    let joining = with(&hub, &ana, "hospital", jinnah.user["hospital"].clone());
    let moving = with(&hub, &jinnah, "hospital", mayo.user["hospital"].clone());
    let tokens = [joining, moving].map(|claims| sign(&hub, &claims, &ours()));

    all_are_refused(&ana, tokens).await;
}

/// 000-01: everybody may have the keys to check tokens with, and none to sign with.
#[tokio::test]
async fn the_public_keys_are_published_and_nothing_else() {
    let hub = open().await;
    let ana = hub.patient("ana", PHONE).await;

    let reply = hub.visitor().get("/.well-known/jwks.json").await;

    assert_eq!(reply.header("cache-control"), "public, max-age=3600");
    let keys = reply.ok();
    let key = keys["keys"][0].as_object().unwrap();
    let names: Vec<_> = key.keys().map(String::as_str).collect();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    assert_eq!(key["alg"], "ES256");
    assert_eq!(key["use"], "sig");
    assert!(!names.contains(&"d"), "{names:?}");
    let head = jsonwebtoken::decode_header(ana.access.unwrap()).unwrap();
    assert_eq!(key["kid"], head.kid.unwrap());
}

fn ours() -> EncodingKey {
    EncodingKey::from_ec_pem(signing_key().expose_secret().as_bytes()).unwrap()
}

fn another() -> EncodingKey {
    EncodingKey::from_ec_pem(ANOTHER_KEY.as_bytes()).unwrap()
}

fn kid(hub: &TestHub) -> String {
    hub.state.tokens.published().keys[0].common.key_id.clone().unwrap()
}

/// What the person's own token says.
fn claims(hub: &TestHub, person: &Caller<'_>) -> Value {
    let token = person.access.as_deref().unwrap();
    let claims: Claims = hub.state.tokens.verify(token, hub.state.clock.now()).unwrap();
    serde_json::to_value(claims).unwrap()
}

/// The same with one claim replaced.
fn with(hub: &TestHub, person: &Caller<'_>, name: &str, value: Value) -> Value {
    let mut claims = claims(hub, person);
    claims[name] = value;
    claims
}

fn sign(hub: &TestHub, claims: &Value, key: &EncodingKey) -> String {
    let header = Header { kid: Some(kid(hub)), ..Header::new(Algorithm::ES256) };
    encode(&header, claims, key).unwrap()
}

fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

/// Base64 for URLs, without padding, as RFC 4648 says.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let group = |chunk: &[u8]| {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | usize::from(*chunk.get(at).unwrap_or(&0)));
        let letters =
            (0..=chunk.len()).map(move |at| char::from(ALPHABET[bits >> (18 - 6 * at) & 63]));
        letters.collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

async fn show(person: &Caller<'_>, token: &str) -> Reply {
    showing(person, token).get("/api/accounts/me/").await
}

/// The same person, showing another token.
fn showing<'h>(person: &Caller<'h>, token: &str) -> Caller<'h> {
    let mut caller = person.clone();
    caller.access = Some(token.to_owned());
    caller
}

async fn all_are_refused(person: &Caller<'_>, tokens: impl IntoIterator<Item = String>) {
    for token in tokens {
        let reply = show(person, &token).await;
        assert_eq!(reply.refusal(), "401 unauthenticated", "{token}");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
}
