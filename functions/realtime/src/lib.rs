//! Live connections: who opens one, who ends it, and what it missed.

use std::net::{IpAddr, Ipv4Addr};

use aws_lambda_events::apigw::{
    ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest as Request,
};
use carehub_clients::{Heard, SharedWire, Word};
use carehub_domain::{
    Class, Failure,
    access::{Action, Origin},
    live::{Connection, LiveError, Missed, TicketError, TicketSecret},
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::Deserialize;

/// The longest name of a program that is kept.
const LONGEST_NAME: usize = 200;

/// Answers what API Gateway tells of its live connections.
#[derive(Clone)]
pub struct Realtime {
    /// The records.
    pub store: Store,
    /// Holds the connections.
    pub wire: SharedWire,
}

/// What somebody says over a connection.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    /// Tell me what I missed.
    Resume {
        /// The number up to which nothing is missing.
        #[serde(default)]
        since: Option<u64>,
    },
    /// Are you there?
    Ping,
}

impl Realtime {
    /// Answers one event of a connection, at `now`.
    pub async fn answer(&self, request: Request, now: Timestamp) -> ApiGatewayProxyResponse {
        let context = &request.request_context;
        let id = context.connection_id.clone().unwrap_or_default();
        let done = match context.event_type.as_deref() {
            Some("CONNECT") => self.connect(&id, &request, now).await,
            Some("DISCONNECT") => self.disconnect(&id).await,
            _ => self.hear(&id, request.body.as_deref().unwrap_or_default(), now).await,
        };
        let status = match done {
            Ok(()) => 200,
            Err(error) => refusal(&*error),
        };
        let mut response = ApiGatewayProxyResponse::default();
        response.status_code = status;
        response
    }

    /// Opens a connection for whoever shows a ticket, as long as they may act.
    async fn connect(
        &self,
        id: &str,
        request: &Request,
        now: Timestamp,
    ) -> Result<(), Box<dyn Failure>> {
        let feeds = self.store.feeds();
        let shown = request.query_string_parameters.first("ticket").unwrap_or_default();
        let secret = TicketSecret::read(shown)?;
        let ticket = feeds.ticket(&secret.digest()).await?;
        let ticket = ticket.filter(|ticket| ticket.is_good(now));
        let ticket = ticket.ok_or(TicketError::Refused)?;
        let sessions = self.store.sessions();
        let attendance = sessions.attendance(ticket.user, ticket.session, ticket.hospital);
        let admitted = attendance.await?.admits(ticket.hospital, now);
        let (account, session) = admitted.ok_or(TicketError::Refused)?;

        let actor = account.actor(Some(session.id), origin(request), now);
        let connection = Connection::by(&ticket, id, now);
        let permit = actor.create(Action::Connect, &connection)?;
        for surplus in feeds.connect(&ticket, &connection, &permit).await? {
            self.hang_up(&surplus.id).await;
        }
        Ok(())
    }

    async fn disconnect(&self, id: &str) -> Result<(), Box<dyn Failure>> {
        let feeds = self.store.feeds();
        match feeds.connection(id).await? {
            Some(connection) => Ok(feeds.forget(&connection).await?),
            None => Ok(()),
        }
    }

    /// Answers a message. A connection that nobody knows, or whose session has ended, ends.
    ///
    /// Nobody knows one to which `relay` had something to say before the gateway had opened it
    /// altogether. Its person connects anew.
    async fn hear(&self, id: &str, text: &str, now: Timestamp) -> Result<(), Box<dyn Failure>> {
        let feeds = self.store.feeds();
        let Some(connection) = feeds.connection(id).await? else {
            self.hang_up(id).await;
            return Ok(());
        };
        if !feeds.attends(&connection, now).await? {
            self.hang_up(id).await;
            return Ok(feeds.forget(&connection).await?);
        }
        match serde_json::from_str(text) {
            Ok(Message::Resume { since }) => self.resume(&connection, since).await,
            Ok(Message::Ping) => {
                let feed = feeds.feed(connection.user).await?;
                let seq = feed.map_or(0, |feed| feed.seq());
                self.say(&connection, vec![Word::Pong(seq).to_string()]).await
            }
            Err(_) => {
                let problem = Word::Problem(LiveError::Message.code());
                self.say(&connection, vec![problem.to_string()]).await
            }
        }
    }

    async fn resume(
        &self,
        connection: &Connection,
        since: Option<u64>,
    ) -> Result<(), Box<dyn Failure>> {
        let missed = self.store.feeds().since(connection.user, since).await?;
        let words = match &missed {
            Missed::These { entries, seq } => {
                let news = entries.iter().map(|entry| Word::News(entry).to_string());
                news.chain([Word::Ready(*seq).to_string()]).collect()
            }
            Missed::Unknown { seq } => {
                vec![Word::Reset(*seq).to_string(), Word::Ready(*seq).to_string()]
            }
        };
        self.say(connection, words).await
    }

    async fn say(
        &self,
        connection: &Connection,
        words: Vec<String>,
    ) -> Result<(), Box<dyn Failure>> {
        for word in words {
            match self.wire.say(&connection.id, word).await? {
                Heard::Said => {}
                Heard::Gone => {
                    return Ok(self.store.feeds().forget(connection).await?);
                }
            }
        }
        Ok(())
    }

    async fn hang_up(&self, id: &str) {
        if let Err(error) = self.wire.hang_up(id).await {
            tracing::warn!(error.code = error.code(), "a connection was not ended");
        }
    }
}

/// The status that API Gateway passes on to whoever wanted to connect.
fn refusal(error: &dyn Failure) -> i64 {
    match error.class() {
        Class::Unauthenticated | Class::Forbidden | Class::NotFound => 401,
        Class::Unavailable => {
            tracing::error!(error.code = error.code(), "a connection was not served");
            503
        }
        _ => {
            tracing::error!(error.code = error.code(), "a connection was not served");
            500
        }
    }
}

fn origin(request: &Request) -> Origin {
    let context = &request.request_context;
    let address = context.identity.source_ip.as_deref().and_then(|address| address.parse().ok());
    let device = request.headers.get("user-agent").and_then(|value| value.to_str().ok());
    Origin {
        address: address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        device: device.map(|device| device.chars().take(LONGEST_NAME).collect()),
        request: context.request_id.clone().unwrap_or_default(),
    }
}

impl std::fmt::Debug for Realtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Realtime").field("store", &self.store).finish_non_exhaustive()
    }
}
