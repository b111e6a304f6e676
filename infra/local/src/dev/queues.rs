//! `/dev/queues`: what waits, what is being worked on, and what was given up.

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
    response::{Html, IntoResponse},
    routing::{get, post},
};
use carehub_api::extract::Path;
use carehub_sqs::{Counts, Engine, Message, Refusal, Sqs, State as Standing};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

/// How many messages of a queue are shown.
const SHOWN: usize = 100;

pub(super) fn router(sqs: Sqs) -> Router {
    Router::new()
        .route("/dev/queues", get(async || Html(include_str!("queues.html"))))
        .route("/dev/queues.json", get(list))
        .route("/dev/queues/{name}/redrive", post(redrive))
        .with_state(sqs)
}

/// A queue as the page shows it.
#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    fifo: bool,
    /// Where messages go that were received too often.
    dead_letters: Option<String>,
    /// How often that is.
    receives: Option<u32>,
    /// The queues whose dead letters these are.
    dead_letters_of: Vec<String>,
    #[serde(flatten)]
    counts: Counts,
    messages: Vec<Letter>,
}

#[derive(Debug, Serialize)]
struct Letter {
    id: String,
    state: Standing,
    sent_at: Timestamp,
    visible_at: Timestamp,
    received: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_up_by: Option<String>,
    body: String,
}

async fn list(State(sqs): State<Sqs>) -> Response<Body> {
    match sqs.ask(shown) {
        Ok(queues) => super::json(&json!({ "queues": queues })),
        Err(refusal) => refused(&refusal),
    }
}

async fn redrive(State(sqs): State<Sqs>, Path(name): Path<String>) -> Response<Body> {
    match sqs.tell(|engine, now| engine.move_back(&name, None, now)) {
        Ok(moved) => super::json(&json!({ "moved": moved.moved, "stayed": moved.stayed })),
        Err(refusal) => refused(&refusal),
    }
}

fn refused(refusal: &Refusal) -> Response<Body> {
    let status = match refusal {
        Refusal::NoSuchQueue | Refusal::NoSuchResource(_) => StatusCode::NOT_FOUND,
        refusal if refusal.is_fault_of_sender() => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, refusal.to_string()).into_response()
}

fn shown(engine: &mut Engine, now: Timestamp) -> Result<Vec<Shown>, Refusal> {
    let queues: Vec<_> = engine.queues().cloned().collect();
    let mut shown = Vec::new();
    for queue in queues {
        let counts = engine.counts(&queue.name, now)?;
        let messages = engine.look(&queue.name, SHOWN, now)?;
        let dead_letters_of = engine.sources(&queue.name).map(|source| source.name.clone());
        shown.push(Shown {
            fifo: queue.fifo,
            receives: queue.redrive.as_ref().map(|redrive| redrive.receives),
            dead_letters: queue.redrive.map(|redrive| redrive.dead_letters),
            dead_letters_of: dead_letters_of.collect(),
            counts,
            messages: messages.into_iter().map(|message| Letter::of(message, now)).collect(),
            name: queue.name,
        });
    }
    Ok(shown)
}

impl Letter {
    fn of(message: Message, now: Timestamp) -> Self {
        Self {
            state: message.state(now),
            id: message.id,
            sent_at: message.sent_at,
            visible_at: message.visible_at,
            received: message.received,
            group: message.group,
            given_up_by: message.source,
            body: message.body,
        }
    }
}
