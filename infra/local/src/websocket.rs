//! API Gateway's WebSocket on one machine: what connects, says something and leaves is told to the
//! function of the template, and functions reach the connections by the same API as in the cloud.

use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use axum::{
    Router,
    body::Bytes,
    extract::{
        ConnectInfo, Query, State,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use carehub_api::extract::Path;
use carehub_domain::clock::SharedClock;
use futures_util::future::BoxFuture;
use serde_json::{Value as Json, json};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinSet,
    time::{self, Instant},
};
use ulid::Ulid;

use crate::{functions::Outcome, group::Stop};

/// The largest message that API Gateway takes.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>
const LARGEST_MESSAGE: usize = 128 * 1024;

/// The largest piece of a message that it takes.
const LARGEST_FRAME: usize = 32 * 1024;

/// How long a connection may be silent.
const IDLE: Duration = Duration::from_mins(10);

/// How long a connection may last.
const LONGEST: Duration = Duration::from_hours(2);

/// A function that is told of connections.
pub(crate) type Listener = Box<
    dyn Fn(ApiGatewayWebsocketProxyRequest) -> BoxFuture<'static, Outcome<ApiGatewayProxyResponse>>
        + Send
        + Sync,
>;

/// The connections that are open.
#[derive(Clone)]
pub(crate) struct Sockets(Arc<Inner>);

struct Inner {
    listener: Listener,
    clock: SharedClock,
    stop: Stop,
    open: Mutex<HashMap<String, UnboundedSender<Utf8Bytes>>>,
}

/// Who connects, as every event about them says it.
#[derive(Clone)]
struct Guest {
    id: String,
    address: IpAddr,
    program: Option<String>,
    connected_at: i64,
}

impl Sockets {
    /// Tells `listener` of connections until it is time to stop.
    pub(crate) fn new(listener: Listener, clock: SharedClock, stop: Stop) -> Self {
        Self(Arc::new(Inner { listener, clock, stop, open: Mutex::default() }))
    }

    /// Where people connect, and where functions reach them.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/ws", get(connect))
            .route("/@connections/{id}", post(say).get(look).delete(hang_up))
            .with_state(self)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, UnboundedSender<Utf8Bytes>>> {
        // Whoever panicked did not leave it half changed.
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the function of something, and says what it answered.
    async fn tell(&self, guest: &Guest, event: Json) -> StatusCode {
        let refused = |error: &dyn fmt::Display| {
            tracing::error!(%error, "a connection is not served");
            StatusCode::INTERNAL_SERVER_ERROR
        };
        let request = match serde_json::from_value(self.event(guest, event)) {
            Ok(request) => request,
            Err(error) => return refused(&error),
        };
        match (self.0.listener)(request).await {
            Ok(answer) => u16::try_from(answer.status_code)
                .ok()
                .and_then(|status| StatusCode::from_u16(status).ok())
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            Err(error) => refused(&error),
        }
    }

    /// An event as API Gateway words it.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html>
    fn event(&self, guest: &Guest, mut event: Json) -> Json {
        let kind = event["eventType"].take();
        let route = match kind.as_str() {
            Some("CONNECT") => "$connect",
            Some("DISCONNECT") => "$disconnect",
            _ => "$default",
        };
        event["headers"] = match &guest.program {
            Some(program) => json!({ "user-agent": program }),
            None => json!({}),
        };
        event["isBase64Encoded"] = false.into();
        event["requestContext"] = json!({
            "routeKey": route,
            "eventType": kind,
            "connectionId": guest.id,
            "connectedAt": guest.connected_at,
            "requestTimeEpoch": self.0.clock.now().as_millisecond(),
            "requestId": Ulid::generate().to_string(),
            "identity": { "sourceIp": guest.address },
            "stage": "local",
            "messageDirection": "IN",
        });
        event
    }

    /// Carries what is said both ways until somebody leaves, and tells the function.
    async fn carry(
        self,
        guest: Guest,
        mut socket: WebSocket,
        mut spoken: UnboundedReceiver<Utf8Bytes>,
    ) {
        let end = Instant::now() + LONGEST;
        let mut silent_until = Instant::now() + IDLE;
        let mut calls = JoinSet::new();
        let reason = loop {
            tokio::select! {
                () = self.0.stop.clone().requested() => break Some("the machine stops"),
                () = time::sleep_until(end) => break Some("Going away"),
                () = time::sleep_until(silent_until) => break Some("Connection timed out"),
                said = spoken.recv() => match said {
                    Some(text) => {
                        silent_until = Instant::now() + IDLE;
                        if socket.send(Message::Text(text)).await.is_err() {
                            break None;
                        }
                    }
                    None => break Some("Connection Closed Normally"),
                },
                heard = socket.recv() => match heard {
                    Some(Ok(Message::Text(text))) => {
                        silent_until = Instant::now() + IDLE;
                        calls.spawn(self.clone().hear(guest.clone(), text));
                    }
                    // A program that speaks in bytes is told the same as one that makes no sense.
                    Some(Ok(Message::Binary(_))) => {
                        calls.spawn(self.clone().hear(guest.clone(), Utf8Bytes::default()));
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break None,
                },
                Some(_) = calls.join_next() => {}
            }
        };
        self.open().remove(&guest.id);
        if let Some(reason) = reason {
            let frame = CloseFrame { code: 1001, reason: reason.into() };
            // Whoever left need not hear it.
            let _ = socket.send(Message::Close(Some(frame))).await;
        }
        while calls.join_next().await.is_some() {}
        self.tell(&guest, json!({ "eventType": "DISCONNECT" })).await;
    }

    async fn hear(self, guest: Guest, text: Utf8Bytes) {
        let event = json!({ "eventType": "MESSAGE", "body": text.as_str() });
        if !self.tell(&guest, event).await.is_success() {
            let sorry = json!({ "message": "Internal server error", "connectionId": guest.id });
            self.say(&guest.id, sorry.to_string().into());
        }
    }

    fn say(&self, id: &str, text: Utf8Bytes) -> StatusCode {
        let open = self.open();
        match open.get(id).is_some_and(|line| line.send(text).is_ok()) {
            true => StatusCode::OK,
            false => StatusCode::GONE,
        }
    }
}

/// Asks the function before anything is opened, as API Gateway does.
async fn connect(
    State(sockets): State<Sockets>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let program = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let guest = Guest {
        // API Gateway's are such, too: what stands in a path has to be written as it may be there.
        id: format!("{}=", Ulid::generate()),
        address: peer.ip(),
        program: program.map(str::to_owned),
        connected_at: sockets.0.clock.now().as_millisecond(),
    };
    let event = json!({ "eventType": "CONNECT", "queryStringParameters": query });
    let answer = sockets.tell(&guest, event).await;
    if !answer.is_success() {
        return answer.into_response();
    }
    let (line, spoken) = mpsc::unbounded_channel();
    sockets.open().insert(guest.id.clone(), line);
    let forgotten = (sockets.clone(), guest.id.clone());
    upgrade
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_FRAME)
        .on_failed_upgrade(move |error| {
            tracing::warn!(%error, "a connection was not opened");
            forgotten.0.open().remove(&forgotten.1);
        })
        .on_upgrade(move |socket| sockets.carry(guest, socket, spoken))
}

/// `POST /@connections/{id}`
async fn say(State(sockets): State<Sockets>, Path(id): Path<String>, body: Bytes) -> Response {
    if body.len() > LARGEST_MESSAGE {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE);
    }
    match Utf8Bytes::try_from(body) {
        Ok(text) => refusal(sockets.say(&id, text)),
        Err(_) => refusal(StatusCode::BAD_REQUEST),
    }
}

/// `GET /@connections/{id}`
async fn look(State(sockets): State<Sockets>, Path(id): Path<String>) -> Response {
    match sockets.open().contains_key(&id) {
        true => StatusCode::OK.into_response(),
        false => refusal(StatusCode::GONE),
    }
}

/// `DELETE /@connections/{id}`
async fn hang_up(State(sockets): State<Sockets>, Path(id): Path<String>) -> Response {
    match sockets.open().remove(&id) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => refusal(StatusCode::GONE),
    }
}

/// An answer as the SDK reads it.
fn refusal(status: StatusCode) -> Response {
    let name = match status {
        StatusCode::OK => return status.into_response(),
        StatusCode::GONE => "GoneException",
        StatusCode::PAYLOAD_TOO_LARGE => "PayloadTooLargeException",
        _ => "BadRequestException",
    };
    (status, [("x-amzn-errortype", name)], r#"{"message":null}"#).into_response()
}
