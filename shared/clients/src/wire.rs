//! Live connections, whoever holds them, and what is said over them.

use std::{fmt, pin::Pin, sync::Arc};

use aws_sdk_apigatewaymanagement::{
    Client,
    config::Builder,
    operation::{
        delete_connection::DeleteConnectionError, post_to_connection::PostToConnectionError,
    },
    primitives::Blob,
};
use carehub_domain::live::{Entry, News};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use tokio::sync::OnceCell;

use crate::PostError;

/// Holds the live connections.
pub trait Wire: Send + Sync {
    /// Says something to whoever is at the other end of a connection.
    fn say(
        &self,
        connection: &str,
        text: String,
    ) -> Pin<Box<dyn Future<Output = Result<Heard, PostError>> + Send + '_>>;

    /// Ends a connection, which may have ended already.
    fn hang_up(
        &self,
        connection: &str,
    ) -> Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + '_>>;
}

/// Whether anybody was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It went out.
    Said,
    /// The connection has ended.
    Gone,
}

/// A wire as functions share it.
pub type SharedWire = Arc<dyn Wire>;

/// What the hub says over a connection. It prints as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word<'a> {
    /// Something happened.
    News(&'a Entry),
    /// Nothing up to this number is missing any more.
    Ready(u64),
    /// Nobody can tell what is missing: read everything anew, and go on from this number.
    Reset(u64),
    /// The hub is there. This is the last number of the feed.
    Pong(u64),
    /// What came was not understood.
    Problem(&'a str),
}

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[derive(Serialize)]
        struct Told<'a> {
            seq: u64,
            event: String,
            at: Timestamp,
            #[serde(flatten)]
            news: &'a News,
        }

        let word = match *self {
            Self::News(&Entry { seq, event, at, ref news, .. }) => {
                json!(Told { seq, event: event.to_string(), at, news })
            }
            Self::Ready(seq) => json!({ "type": "ready", "seq": seq }),
            Self::Reset(seq) => json!({ "type": "reset", "seq": seq }),
            Self::Pong(seq) => json!({ "type": "pong", "seq": seq }),
            Self::Problem(code) => json!({ "type": "problem", "code": code }),
        };
        word.fmt(f)
    }
}

/// The connections that API Gateway holds.
pub struct AwsWire {
    endpoint: Option<String>,
    client: OnceCell<Client>,
    configure: Box<dyn Fn() -> Pin<Box<dyn Future<Output = Builder> + Send>> + Send + Sync>,
}

impl AwsWire {
    /// Reaches the connections behind `endpoint`, such as
    /// `https://a1b2.execute-api.eu-central-1.amazonaws.com/live`; without one, there are none. The
    /// client is made when there is something to say.
    pub fn new<F>(
        endpoint: Option<String>,
        configure: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Builder> + Send + 'static,
    {
        let configure = Box::new(move || Box::pin(configure()) as _);
        Self { endpoint, client: OnceCell::new(), configure }
    }

    async fn client(&self) -> Option<&Client> {
        let endpoint = self.endpoint.as_ref()?;
        let open =
            || async { Client::from_conf((self.configure)().await.endpoint_url(endpoint).build()) };
        Some(self.client.get_or_init(open).await)
    }

    async fn post(&self, connection: String, text: String) -> Result<Heard, PostError> {
        let Some(client) = self.client().await else { return Ok(Heard::Gone) };
        let posting = client.post_to_connection().connection_id(connection);
        match posting.data(Blob::new(text)).send().await {
            Ok(_) => Ok(Heard::Said),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PostToConnectionError::is_gone_exception) =>
            {
                Ok(Heard::Gone)
            }
            Err(error) => Err(PostError(error.into())),
        }
    }

    async fn delete(&self, connection: String) -> Result<(), PostError> {
        let Some(client) = self.client().await else { return Ok(()) };
        match client.delete_connection().connection_id(connection).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteConnectionError::is_gone_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(PostError(error.into())),
        }
    }
}

impl Wire for AwsWire {
    fn say(
        &self,
        connection: &str,
        text: String,
    ) -> Pin<Box<dyn Future<Output = Result<Heard, PostError>> + Send + '_>> {
        Box::pin(self.post(connection.to_owned(), text))
    }

    fn hang_up(
        &self,
        connection: &str,
    ) -> Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + '_>> {
        Box::pin(self.delete(connection.to_owned()))
    }
}

impl fmt::Debug for AwsWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsWire").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
