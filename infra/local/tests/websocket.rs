//! Live updates through the gateway of one machine, with a WebSocket client that is not ours.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{env, fs, net::SocketAddr, path::Path, process, time::Duration};

use carehub_domain::clock::{Clock, SystemClock};
use carehub_local::{Options, Platform};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// A password that is hard to guess.
const PASSWORD: &str = "quiet-lantern-97";

#[tokio::test]
async fn whoever_is_connected_hears_at_once_what_concerns_them() {
    let scene = Scene::new("live");
    let platform = Platform::start(&scene.options).await.unwrap();
    let hub = platform.gateway;
    let ada = admin(&platform).await;

    let refused = connect_async(format!("ws://{hub}/ws?ticket=made-up")).await.unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
    let ticket = post(hub, "/api/realtime/tickets", &ada, json!({})).await;
    let url = ticket["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("ws://{hub}/ws?ticket=")), "{url}");
    let (mut line, _) = connect_async(url).await.unwrap();
    let refused = connect_async(url).await.unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
    say(&mut line, r#"{"type":"resume"}"#).await;
    assert_eq!(hear(&mut line).await, json!({"type": "ready", "seq": 0}));
    say(&mut line, "hello").await;
    assert_eq!(hear(&mut line).await["code"], "unreadable-message");

    post(hub, "/api/hospitals/register", &json!({}), application()).await;

    let heard = hear(&mut line).await;
    assert_eq!((&heard["type"], &heard["seq"]), (&json!("notification"), &json!(1)), "{heard}");
    assert_eq!(heard["data"]["notification_type"], "SYSTEM_MESSAGE");
    say(&mut line, r#"{"type":"ping"}"#).await;
    assert_eq!(hear(&mut line).await, json!({"type": "pong", "seq": 1}));

    // Whoever signs out is cut off.
    post(hub, "/api/auth/logout", &ada, json!({})).await;
    let end = line.next().await.unwrap().unwrap();
    assert!(end.is_close(), "{end}");
    let gone = send(hub, "POST", "/@connections/nobody", None, "{}".to_owned()).await;
    assert!(gone.starts_with("HTTP/1.1 410"), "{gone}");
    platform.stop().await;
}

#[tokio::test]
async fn a_stop_ends_connections() {
    let scene = Scene::new("live-stop");
    let platform = Platform::start(&scene.options).await.unwrap();
    let ada = admin(&platform).await;
    let ticket = post(platform.gateway, "/api/realtime/tickets", &ada, json!({})).await;
    let (mut line, _) = connect_async(ticket["url"].as_str().unwrap()).await.unwrap();

    let (end, ()) = tokio::join!(line.next(), platform.stop());

    assert!(end.unwrap().unwrap().is_close());
}

type Line = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn say(line: &mut Line, text: &str) {
    line.send(Message::text(text)).await.unwrap();
}

/// The next word, which comes within moments.
async fn hear(line: &mut Line) -> Value {
    let word = tokio::time::timeout(Duration::from_secs(20), line.next()).await.unwrap();
    let word = word.unwrap().unwrap();
    serde_json::from_str(word.to_text().unwrap()).unwrap()
}

/// Somebody who runs the hub, as signing in answers it.
async fn admin(platform: &Platform) -> Value {
    let (username, now) = ("ada".parse().unwrap(), SystemClock.now());
    let password = Some(PASSWORD.into());
    carehub_operator::create_admin(platform.store(), username, None, password, now).await.unwrap();
    let credentials = json!({"username": "ada", "password": PASSWORD});
    post(platform.gateway, "/api/auth/login", &json!({}), credentials).await
}

/// What a hospital says that would like to join.
fn application() -> Value {
    json!({
        "username": "jinnah", "email": "jinnah@example.org",
        "password": PASSWORD, "password_confirm": PASSWORD,
        "first_name": "Olga", "last_name": "Owner", "phone_number": "+923001110000",
        "hospital_name": "Jinnah Hospital", "license_number": "LIC-1",
        "hospital_email": "desk@example.org", "hospital_phone": "+924211100000",
        "address": "1 Example Road", "location": "Lahore", "latitude": 31.4844, "longitude": 74.2975,
    })
}

/// Asks for something as somebody who has signed in.
async fn post(hub: SocketAddr, path: &str, by: &Value, body: Value) -> Value {
    let reply = send(hub, "POST", path, by["access"].as_str(), body.to_string()).await;
    assert!(reply.starts_with("HTTP/1.1 20"), "{reply}");
    let (_, body) = reply.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

async fn send(
    hub: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: String,
) -> String {
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{body}",
        body.len(),
        token.unwrap_or_default(),
    );
    let mut stream = TcpStream::connect(hub).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

/// A folder of its own, and any ports.
struct Scene {
    options: Options,
}

impl Scene {
    fn new(name: &str) -> Self {
        let data = env::temp_dir().join(format!("carehub-websocket-{name}-{}", process::id()));
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
        Self { options: Options::on_any_port(template, data) }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.options.data);
    }
}
