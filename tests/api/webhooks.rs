//! What programs of hospitals are told, and what becomes of it when they do not listen.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header::LOCATION},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use carehub_clients::{Queue, Web};
use carehub_domain::{secret, webhook::Hosts};
use carehub_testkit::Caller;
use futures_util::future::join_all;
use insta::assert_json_snapshot;
use jiff::SignedDuration;
use notifier::Notifier;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    notifier::{killed_at, queue_up},
    support::{People, carry, id_of, notifier, open},
};

/// A program is told of what happens in its hospital: ids, states and counts, signed with the
/// secret that it was given, as Standard Webhooks say.
#[tokio::test]
async fn a_program_is_told_what_happens_in_its_hospital() {
    let hub = open().await;
    let program = Program::start().await;
    let (jinnah, aga) = (hub.hospital("jinnah").await, hub.hospital("aga").await);
    let webhook = listen(&jinnah, &program, json!(["DOCTOR_CREATED"])).await;
    hub.settle().await;

    hub.doctor_of(&jinnah, "Ali", "Raza").await;
    hub.doctor_of(&aga, "Sara", "Khan").await;
    hub.settle().await;

    let [call] = program.calls().try_into().unwrap();
    assert_json_snapshot!(call.body(), {".id" => "evt", ".data.subject" => "doc", ".data.hospital" => "hsp", ".data.details.hospital" => "hsp"}, @r#"
    {
      "at": "2030-01-07T08:00:00Z",
      "data": {
        "changed": [],
        "details": {
          "hospital": "hsp"
        },
        "hospital": "hsp",
        "patient": null,
        "subject": "doc"
      },
      "id": "evt",
      "type": "DOCTOR_CREATED"
    }
    "#);
    assert_eq!(call.body()["data"]["hospital"], jinnah.id_as("hsp"));
    assert_eq!(call.header("content-type"), "application/json");
    assert_eq!(json!(call.header("webhook-id")), call.body()["id"]);
    assert_eq!(call.header("webhook-timestamp"), "1894003200");
    call.check(&webhook);
    for name in ["Ali", "Raza", "jinnah", "10.0."] {
        assert!(!call.body.contains(name), "{}", call.body);
    }
}

/// A trial call reaches the program that was meant, and a secret that was replaced signs nothing.
#[tokio::test]
async fn a_program_is_called_on_trial() {
    let hub = open().await;
    let (one, other) = (Program::start().await, Program::start().await);
    let jinnah = hub.hospital("jinnah").await;
    let webhook = listen(&jinnah, &one, json!([])).await;
    listen(&jinnah, &other, json!(["DOCTOR_CREATED"])).await;
    let path = format!("/api/webhooks/{}", id_of(&webhook));
    jinnah.post(format!("{path}/ping"), json!({})).await.ok();

    let rotated = jinnah.post(format!("{path}/rotate"), json!({})).await.ok();
    hub.settle().await;

    assert!(other.calls().is_empty());
    let calls = one.calls();
    let pinged: Vec<_> =
        calls.iter().filter(|call| call.body()["type"] == "WEBHOOK_PINGED").collect();
    assert_eq!(pinged.len(), 1);
    assert_eq!(pinged[0].body()["data"]["subject"], webhook["id"]);
    assert_ne!(rotated["secret"], webhook["secret"]);
    pinged[0].check(&rotated);
}

/// What a program took it is not told again; what it did not take comes again.
#[tokio::test]
async fn a_program_is_told_until_it_takes_it() {
    let hub = open().await;
    let jinnah = hub.hospital("jinnah").await;
    let program = Program::start().await;
    listen(&jinnah, &program, json!(["DOCTOR_CREATED"])).await;
    hub.doctor_of(&jinnah, "Ali", "Raza").await;
    queue_up(&hub).await;
    let batch = hub.queues.batch(Queue::Webhooks);
    let redirect = (StatusCode::FOUND, "http://127.0.0.1:1/");
    for answer in [(StatusCode::INTERNAL_SERVER_ERROR, ""), redirect, (StatusCode::NOT_FOUND, "")] {
        program.answer(answer);
    }

    let mut failures = Vec::new();
    for _ in 0..5 {
        let answer = notifier(&hub).deliver(batch.clone(), hub.state.clock.now()).await;
        failures.push(answer.batch_item_failures.len());
    }

    assert_eq!(failures, [1, 1, 1, 0, 0]);
    let ids: BTreeSet<_> = program.calls().iter().map(|call| call.header("webhook-id")).collect();
    assert_eq!((program.calls().len(), ids.len()), (4, 1));
}

/// A program that says that it is gone is told nothing any more, and neither is one that was
/// switched off or deleted meanwhile.
#[tokio::test]
async fn whoever_is_gone_is_told_nothing() {
    let hub = open().await;
    let jinnah = hub.hospital("jinnah").await;
    let [gone, off, deleted] =
        [Program::start().await, Program::start().await, Program::start().await];
    let gone_hook = listen(&jinnah, &gone, json!(["DOCTOR_CREATED"])).await;
    let off_hook = listen(&jinnah, &off, json!(["DOCTOR_CREATED"])).await;
    let deleted_hook = listen(&jinnah, &deleted, json!(["DOCTOR_CREATED"])).await;
    hub.doctor_of(&jinnah, "Ali", "Raza").await;
    queue_up(&hub).await;
    let path = |webhook: &Value| format!("/api/webhooks/{}", id_of(webhook));
    jinnah.patch(path(&off_hook), json!({"is_active": false})).await.ok();
    jinnah.delete(path(&deleted_hook)).await.ok();
    gone.answer((StatusCode::GONE, ""));

    hub.settle().await;

    assert_eq!([&gone, &off, &deleted].map(|program| program.calls().len()), [1, 0, 0]);
    let shown = jinnah.get(path(&gone_hook)).await.ok();
    assert_eq!(
        (&shown["is_active"], &shown["gone_at"]),
        (&json!(false), &json!("2030-01-07T08:00:00Z"))
    );
    hub.doctor_of(&jinnah, "Sara", "Khan").await;
    hub.settle().await;
    assert_eq!(gone.calls().len(), 1);
    jinnah.patch(path(&gone_hook), json!({"is_active": true})).await.ok();
    hub.doctor_of(&jinnah, "Omar", "Malik").await;
    hub.settle().await;
    assert_eq!(gone.calls().len(), 2);
}

/// A program that does not answer is left alone for longer and longer, so that others need not wait
/// for it, until it answers when somebody has mended it.
#[tokio::test]
async fn a_program_that_does_not_answer_is_left_alone() {
    let hub = open().await;
    let jinnah = hub.hospital("jinnah").await;
    let silent = Silent::start().await;
    let body = json!({"url": silent.url, "actions": ["DOCTOR_CREATED"]});
    let path = jinnah.post("/api/webhooks", body).await.ok();
    let path = format!("/api/webhooks/{}", id_of(&path));
    hub.doctor_of(&jinnah, "Ali", "Raza").await;
    queue_up(&hub).await;
    let batch = hub.queues.batch(Queue::Webhooks);
    let call = async || {
        let answer = notifier(&hub).deliver(batch.clone(), hub.state.clock.now()).await;
        answer.batch_item_failures.len()
    };

    for _ in 0..8 {
        assert_eq!(call().await, 1);
    }
    assert_eq!(silent.knocks(), 5);
    // Of many who come after the rest, one tries. After that the rest is longer.
    for (pause, knocks) in [(59, 5), (1, 6), (119, 6), (1, 7)] {
        hub.clock.advance(SignedDuration::from_secs(pause));
        assert_eq!(join_all((0..4).map(|_| call())).await, [1; 4]);
        assert_eq!(silent.knocks(), knocks);
    }

    let program = Program::start().await;
    jinnah.patch(&path, json!({"url": program.url})).await.ok();
    assert_eq!(call().await, 1);
    jinnah.post(format!("{path}/ping"), json!({})).await.ok();
    queue_up(&hub).await;
    let all = hub.queues.batch(Queue::Webhooks);
    notifier(&hub).deliver(all, hub.state.clock.now()).await;
    assert_eq!(program.calls().first().unwrap().body()["type"], "WEBHOOK_PINGED");
    assert_eq!(call().await, 0);
}

/// Nobody gets the hub to knock at doors inside the house, whatever they enter and whatever names
/// stand for later.
#[tokio::test]
async fn the_hub_knocks_at_no_door_inside_the_house() {
    let hub = open().await;
    let jinnah = hub.hospital("jinnah").await;
    let program = Program::start().await;
    listen(&jinnah, &program, json!(["DOCTOR_CREATED"])).await;
    hub.doctor_of(&jinnah, "Ali", "Raza").await;
    queue_up(&hub).await;
    let batch = hub.queues.batch(Queue::Webhooks);

    let strict = Notifier { web: Web::of_strangers(Hosts::default()), ..notifier(&hub) };
    let answer = strict.deliver(batch, hub.state.clock.now()).await;

    assert_eq!(answer.batch_item_failures.len(), 1);
    assert!(program.calls().is_empty());
    for inside in ["https://10.0.0.8/x", "https://169.254.169.254/latest", "http://example.org/x"] {
        let refused = jinnah.post("/api/webhooks", json!({"url": inside})).await.problem();
        assert_eq!(refused.errors[0].pointer, "/url", "{inside}");
    }
}

/// Whoever calls dies at every point at which it waits for somebody. The program is told, and
/// whatever it is told twice has the same name.
#[tokio::test]
async fn a_call_is_not_lost_whoever_dies() {
    let hub = open().await;
    let jinnah = hub.hospital("jinnah").await;
    let program = Program::start().await;
    let webhook = listen(&jinnah, &program, json!(["WEBHOOK_PINGED"])).await;
    let ping = format!("/api/webhooks/{}/ping", id_of(&webhook));
    let mut deaths = 0;
    loop {
        jinnah.post(&ping, json!({})).await.ok();
        queue_up(&hub).await;
        let batch = hub.queues.batch(Queue::Webhooks);
        let notifier = notifier(&hub);
        let called = notifier.deliver(batch, hub.state.clock.now());
        let died = killed_at(deaths, called).await.is_none();
        carry(&hub).await;

        let calls = program.calls();
        let ids: BTreeSet<_> = calls.iter().map(|call| call.header("webhook-id")).collect();
        assert_eq!(ids.len(), deaths + 1);
        if !died {
            break;
        }
        deaths += 1;
    }
    assert!(deaths > 2, "{deaths}");
}

/// Has a program told of what happens in a hospital.
pub(crate) async fn listen(hospital: &Caller<'_>, program: &Program, actions: Value) -> Value {
    let webhook = json!({"url": program.url, "actions": actions});
    hospital.post("/api/webhooks", webhook).await.ok()
}

/// A program of a hospital that keeps what it is told, and takes it unless it was told otherwise.
pub(crate) struct Program {
    url: String,
    heard: Arc<Heard>,
}

/// A program that hangs up on whoever calls.
struct Silent {
    url: String,
    knocks: Arc<AtomicUsize>,
}

impl Silent {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let knocks = Arc::<AtomicUsize>::default();
        let heard = Arc::clone(&knocks);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                heard.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { url, knocks }
    }

    fn knocks(&self) -> usize {
        self.knocks.load(Ordering::Relaxed)
    }
}

pub(crate) type Answered = (StatusCode, &'static str);

#[derive(Default)]
struct Heard {
    calls: Mutex<Vec<Call>>,
    answers: Mutex<VecDeque<Answered>>,
}

/// What a program was told.
#[derive(Clone, Debug)]
struct Call {
    headers: HeaderMap,
    body: String,
}

impl Program {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let heard = Arc::<Heard>::default();
        let routes = Router::new().fallback(hear).with_state(Arc::clone(&heard));
        tokio::spawn(async { axum::serve(listener, routes).await });
        Self { url, heard }
    }

    /// Gives this answer to whoever calls next.
    pub(crate) fn answer(&self, answer: Answered) {
        self.heard.answers.lock().unwrap().push_back(answer);
    }

    fn calls(&self) -> Vec<Call> {
        self.heard.calls.lock().unwrap().clone()
    }
}

async fn hear(
    State(heard): State<Arc<Heard>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, [(HeaderName, &'static str); 1]) {
    heard.calls.lock().unwrap().push(Call { headers, body });
    let answer = heard.answers.lock().unwrap().pop_front();
    let (status, location) = answer.unwrap_or((StatusCode::NO_CONTENT, ""));
    (status, [(LOCATION, location)])
}

impl Call {
    fn body(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> String {
        self.headers[name].to_str().unwrap().to_owned()
    }

    /// Checks the signature as a program would, with the secret that it was given.
    #[track_caller]
    fn check(&self, webhook: &Value) {
        let secret = webhook["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap();
        let secret = BASE64_STANDARD.decode(secret).unwrap();
        let [id, at] = ["webhook-id", "webhook-timestamp"].map(|name| self.header(name));
        let told = format!("{id}.{at}.{}", self.body);
        let signature = BASE64_STANDARD.encode(secret::signature(&secret, told.as_bytes()));
        assert_eq!(self.header("webhook-signature"), format!("v1,{signature}"));
    }
}
