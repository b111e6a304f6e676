//! SMS, mail and messages of queues on one machine: a list that developers can see.

use std::{io, path::Path, sync::Arc};

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use carehub_clients::{Message, Post, PostError};
use carehub_domain::clock::SharedClock;
use futures_util::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use ulid::Ulid;

use crate::journal::Journal;

/// Where messages go instead of out.
pub(crate) struct Outbox {
    journal: Journal,
    clock: SharedClock,
}

/// A message as it would have been sent.
#[derive(Debug, Serialize, Deserialize)]
struct Letter {
    id: Ulid,
    at: Timestamp,
    channel: Channel,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    text: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Channel {
    Sms,
    Mail,
    Queue,
}

impl Outbox {
    /// Opens the outbox in `file`.
    pub(crate) async fn open(file: &Path, clock: SharedClock) -> io::Result<Self> {
        Ok(Self { journal: Journal::open(file).await?, clock })
    }

    /// The outbox as a page for people and as JSON for tools.
    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/dev/outbox", get(async || Html(include_str!("outbox.html"))))
            .route("/dev/outbox.json", get(list))
            .with_state(self)
    }

    fn letter(&self, message: Message) -> Letter {
        let (channel, to, subject, text) = match message {
            Message::Sms { to, text } => (Channel::Sms, to.reveal().to_owned(), None, text),
            Message::Mail { to, subject, text } => {
                (Channel::Mail, to.reveal().to_owned(), Some(subject), text)
            }
            Message::Order(order) => {
                (Channel::Queue, "pharmacy".to_owned(), None, json!(order).to_string())
            }
        };
        Letter { id: Ulid::generate(), at: self.clock.now(), channel, to, subject, text }
    }
}

impl Post for Outbox {
    fn send(&self, message: Message) -> BoxFuture<'_, Result<(), PostError>> {
        let letter = self.letter(message);
        async move { self.journal.append(&letter).await.map_err(|error| PostError(error.into())) }
            .boxed()
    }
}

/// What to show of the outbox.
#[derive(Deserialize)]
struct Filter {
    /// The recipient, or a part of the address.
    #[serde(default)]
    to: String,
}

async fn list(State(outbox): State<Arc<Outbox>>, Query(Filter { to }): Query<Filter>) -> Response {
    let Ok(mut letters) = outbox.journal.read::<Letter>().await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // A plus sign in a query reads as a space.
    letters.retain(|letter| letter.to.contains(to.trim()));
    letters.reverse();
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, json!({ "results": letters }).to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use axum::{
        body::{self, Body},
        http::Request,
    };
    use carehub_domain::clock::{Clock, SystemClock};
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn messages_are_listed_newest_first_and_by_recipient() {
        let path = env::temp_dir().join(format!("carehub-outbox-{}.jsonl", process::id()));
        let outbox = Arc::new(Outbox::open(&path, Arc::new(SystemClock)).await.unwrap());
        for (to, text) in [("+4915112345678", "one"), ("a@example.org", "two")] {
            let letter = Letter {
                id: Ulid::generate(),
                at: SystemClock.now(),
                channel: Channel::Sms,
                to: to.to_owned(),
                subject: None,
                text: text.to_owned(),
            };
            outbox.journal.append(&letter).await.unwrap();
        }

        assert_eq!(texts(&outbox, "/dev/outbox.json").await, ["two", "one"]);
        assert_eq!(texts(&outbox, "/dev/outbox.json?to=+4915112345678").await, ["one"]);
        assert_eq!(texts(&outbox, "/dev/outbox.json?to=%2B4915112345678").await, ["one"]);
        assert_eq!(texts(&outbox, "/dev/outbox.json?to=nobody").await, [] as [&str; 0]);
        fs::remove_file(path).unwrap();
    }

    async fn texts(outbox: &Arc<Outbox>, path: &str) -> Vec<String> {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = Arc::clone(outbox).router().oneshot(request).await.unwrap();
        let body = body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let list: Value = serde_json::from_slice(&body).unwrap();
        let results = list["results"].as_array().unwrap();
        results.iter().map(|letter| letter["text"].as_str().unwrap().to_owned()).collect()
    }
}
