//! A language model that misbehaves.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use carehub_clients::{ChatModel, SharedAssistant};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
    time::sleep,
};

/// How long the hub waits for a model in tests.
const PATIENCE: Duration = Duration::from_millis(400);

/// How a model takes a question.
#[derive(Clone, Debug)]
pub enum Mood {
    /// It answers with this text.
    Says(String),
    /// It answers with this message, as the API words it, and ends for this reason.
    Ends(Value, &'static str),
    /// It answers with this status, these headers and this body.
    Answers(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// It begins to answer and hangs up.
    Cuts,
    /// It never answers.
    Hangs,
    /// It answers, one byte at a time, and does not come to an end.
    Drips,
    /// It hangs up at once.
    Refuses,
}

/// A server that speaks the API of a language model, and takes one question after the other as it
/// was told to. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeModel {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

#[derive(Debug, Default)]
struct Shared {
    moods: Mutex<VecDeque<Mood>>,
    heard: Mutex<Vec<String>>,
}

impl FakeModel {
    /// Starts a model that is in these moods, one after the other, and stays in the last.
    pub async fn start(moods: impl IntoIterator<Item = Mood>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let shared = Arc::new(Shared::default());
        *lock(&shared.moods) = moods.into_iter().collect();
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self { address, shared, task: task.abort_handle() }
    }

    /// Where its API is.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// How the hub asks it.
    pub fn assistant(&self) -> SharedAssistant {
        Arc::new(ChatModel::new(&self.url(), "canary-key".into(), "test-model").within(PATIENCE))
    }

    /// Every request that it got, word for word.
    pub fn heard(&self) -> Vec<String> {
        lock(&self.shared.heard).clone()
    }

    /// The bodies of these requests.
    pub fn bodies(&self) -> Vec<Value> {
        let heard = self.heard().into_iter();
        let body = |request: String| {
            let body = request.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
            serde_json::from_str(&body.unwrap_or_default()).expect("a JSON body")
        };
        heard.map(body).collect()
    }

    /// Puts it into other moods.
    pub fn change(&self, moods: impl IntoIterator<Item = Mood>) {
        *lock(&self.shared.moods) = moods.into_iter().collect();
    }
}

impl Drop for FakeModel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("no test panics while it holds this")
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let Some(request) = read(&mut stream).await else { return };
    lock(&shared.heard).push(request);
    let mood = {
        let mut moods = lock(&shared.moods);
        let is_last = moods.len() == 1;
        if is_last { moods.front().cloned() } else { moods.pop_front() }
    };
    // Whoever hung up does not hear the rest.
    let _ = answer(&mut stream, mood.unwrap_or(Mood::Refuses)).await;
}

/// A whole request.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let read = stream.read_buf(&mut bytes).await.ok()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lines = head.lines().filter_map(|line| line.split_once(':'));
            let mut length = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length = length.next().and_then(|(_, length)| length.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        if read == 0 {
            return None;
        }
    }
}

async fn answer(stream: &mut TcpStream, mood: Mood) -> std::io::Result<()> {
    match mood {
        Mood::Says(text) => {
            let said = json!({"role": "assistant", "content": text});
            write(stream, 200, &[], completion(&said, "stop").as_bytes()).await
        }
        Mood::Ends(message, reason) => {
            write(stream, 200, &[], completion(&message, reason).as_bytes()).await
        }
        Mood::Answers(status, headers, body) => write(stream, status, &headers, &body).await,
        Mood::Cuts => {
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{\"choices\":[{\"mess";
            stream.write_all(head.as_bytes()).await?;
            stream.shutdown().await
        }
        Mood::Hangs => std::future::pending().await,
        Mood::Drips => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n").await?;
            loop {
                stream.write_all(b" ").await?;
                sleep(Duration::from_millis(10)).await;
            }
        }
        Mood::Refuses => stream.shutdown().await,
    }
}

/// An answer as the API words it.
fn completion(message: &Value, reason: &str) -> String {
    let choice = json!({"index": 0, "message": message, "finish_reason": reason});
    json!({"id": "x", "object": "chat.completion", "model": "test-model", "choices": [choice]})
        .to_string()
}

async fn write(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(&str, String)],
    body: &[u8],
) -> std::io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} So\r\ncontent-length: {length}\r\nconnection: close\r\n");
    let more: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    stream.write_all(format!("{head}{}\r\n", more.concat()).as_bytes()).await?;
    stream.write_all(body).await?;
    stream.shutdown().await
}
