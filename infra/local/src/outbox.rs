//! SMS and mail on one machine: a list that developers can see.

use std::{collections::HashSet, io, path::Path, sync::Arc};

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use carehub_clients::{Carried, Message, Post, PostError};
use carehub_domain::clock::SharedClock;
use futures_util::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;
use ulid::Ulid;

use crate::journal::Journal;

/// Where messages go instead of out. It takes each key once, also when it was closed in between.
pub(crate) struct Outbox {
    journal: Journal,
    clock: SharedClock,
    taken: Mutex<HashSet<String>>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// What names the delivery; letters from before had no such name.
    #[serde(default)]
    key: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Channel {
    Sms,
    Mail,
    /// Orders to pharmacies, which the outbox showed before there were queues.
    Queue,
}

impl Outbox {
    /// Opens the outbox in `file`.
    pub(crate) async fn open(file: &Path, clock: SharedClock) -> io::Result<Self> {
        let journal = Journal::open(file).await?;
        let letters = journal.read::<Letter>().await?.into_iter();
        let taken = letters.map(|letter| letter.key).filter(|key| !key.is_empty()).collect();
        Ok(Self { journal, clock, taken: Mutex::new(taken) })
    }

    /// The outbox as a page for people and as JSON for tools.
    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/dev/outbox", get(async || Html(include_str!("outbox.html"))))
            .route("/dev/outbox.json", get(list))
            .with_state(self)
    }

    fn letter(&self, key: &str, message: Message) -> Letter {
        let (channel, to, subject, text, html) = match message {
            Message::Sms { to, text } => (Channel::Sms, to.reveal().to_owned(), None, text, None),
            Message::Mail { to, subject, text, html } => {
                (Channel::Mail, to.reveal().to_owned(), Some(subject), text, html)
            }
        };
        let (id, at, key) = (Ulid::generate(), self.clock.now(), key.to_owned());
        Letter { id, at, channel, to, subject, text, html, key }
    }

    async fn take(&self, key: &str, message: Message) -> io::Result<()> {
        let mut taken = self.taken.lock().await;
        if taken.contains(key) {
            return Ok(());
        }
        self.journal.append(&self.letter(key, message)).await?;
        taken.insert(key.to_owned());
        Ok(())
    }
}

impl Post for Outbox {
    fn send<'a>(
        &'a self,
        key: &'a str,
        message: Message,
    ) -> BoxFuture<'a, Result<Carried, PostError>> {
        async move {
            let taken = self.take(key, message).await;
            taken.map(|()| Carried::Taken).map_err(|error| PostError(error.into()))
        }
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
    use carehub_domain::clock::SystemClock;
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn messages_are_listed_newest_first_and_by_recipient() {
        let path = env::temp_dir().join(format!("carehub-outbox-{}.jsonl", process::id()));
        let open = async || Outbox::open(&path, Arc::new(SystemClock)).await.unwrap();
        let outbox = Arc::new(open().await);
        let (to, text) = ("+4915112345678".parse().unwrap(), "one".to_owned());
        outbox.send("first", Message::Sms { to, text }).await.unwrap();
        let letter = Message::Mail {
            to: "a@example.org".parse().unwrap(),
            subject: "Two".to_owned(),
            text: "two".to_owned(),
            html: Some("<p>two</p>".to_owned()),
        };
        outbox.send("second", letter.clone()).await.unwrap();
        outbox.send("second", letter.clone()).await.unwrap();
        let outbox = Arc::new(open().await);
        outbox.send("second", letter).await.unwrap();

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
