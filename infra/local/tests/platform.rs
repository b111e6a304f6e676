//! The whole platform, started and stopped like `make dev` does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{env, fs, net::SocketAddr, path::Path, process, time::Duration};

use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region};
use carehub_local::{Options, Platform, queues_at};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn the_template_decides_what_is_served() {
    let scene = Scene::new("served");
    let platform = Platform::start(&scene.options).await.unwrap();

    let stranger = get(platform.gateway, "/nobody/knows/this").await;
    assert!(stranger.starts_with("HTTP/1.1 404"), "{stranger}");
    assert!(stranger.ends_with(r#"{"message":"Not Found"}"#), "{stranger}");
    let health = get(platform.gateway, "/health").await;
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    let outbox = get(platform.gateway, "/dev/outbox.json").await;
    assert!(outbox.ends_with(r#"{"results":[]}"#), "{outbox}");
    assert!(get(platform.dynamodb, "/").await.contains("healthy"));
    assert!(get(platform.s3, "/").await.starts_with("HTTP/1.1 403"));
    assert!(get(platform.sqs, "/").await.contains("UnknownOperationException"));
    assert!(get(platform.gateway, "/dev").await.contains("Backstage"));
    let queues = get(platform.gateway, "/dev/queues.json").await;
    assert!(queues.contains("carehub-pharmacy-dead-letters.fifo"), "{queues}");
    let schedules = get(platform.gateway, "/dev/schedules.json").await;
    assert!(schedules.contains(r#""expression":"rate(15 minutes)""#), "{schedules}");

    platform.stop().await;
}

#[tokio::test]
async fn what_api_gateway_finds_too_large_is_refused() {
    let scene = Scene::new("large");
    let platform = Platform::start(&scene.options).await.unwrap();

    let head = "POST /health HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nContent-Length: 10485761\r\n\r\n";
    let mut stream = TcpStream::connect(platform.gateway).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut reply = vec![0; 12];
    let (mut reader, mut writer) = stream.split();
    let (_, read) = tokio::join!(
        async { writer.write_all(&vec![0; 10_485_761]).await },
        reader.read_exact(&mut reply),
    );
    read.unwrap();

    assert_eq!(reply, b"HTTP/1.1 413");
    platform.stop().await;
}

#[tokio::test]
async fn a_restart_finds_its_data_and_a_second_start_is_refused() {
    let scene = Scene::new("restart");
    let first = Platform::start(&scene.options).await.unwrap();

    let second = Platform::start(&scene.options).await.unwrap_err();
    assert!(second.to_string().contains("in use by another"), "{second}");
    let taken = Options { port: first.gateway.port(), ..scene.options.clone() };
    let taken = Platform::start(&taken).await.unwrap_err();
    assert!(taken.to_string().ends_with("choose another with --port"), "{taken}");

    first.stop().await;
    let again = Platform::start(&scene.options).await.unwrap();
    again.stop().await;
    let fresh = Options { fresh: true, ..scene.options.clone() };
    Platform::start(&fresh).await.unwrap().stop().await;
}

#[tokio::test]
async fn what_arrives_in_quarantine_is_looked_into_now_and_after_a_start() {
    let scene = Scene::new("arrivals");
    let quarantine = scene.options.data.join("s3/carehub-files-000000000000-local/quarantine");
    Platform::start(&scene.options).await.unwrap().stop().await;
    fs::create_dir_all(&quarantine).unwrap();
    fs::write(quarantine.join("arrived-while-it-was-off"), "x").unwrap();

    let platform = Platform::start(&scene.options).await.unwrap();
    let endpoint = format!("http://{}", platform.s3);
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .region(Region::from_static("local"))
        .endpoint_url(endpoint);
    let client = carehub_objects::client(config);
    let put = client.put_object().bucket("carehub-files-000000000000-local");
    put.key("quarantine/arrives-now").body(b"x".to_vec().into()).send().await.unwrap();

    // Nobody announced them, so they go.
    let empty = async {
        while fs::read_dir(&quarantine).unwrap().next().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), empty).await.unwrap();
    platform.stop().await;
}

#[tokio::test]
async fn what_is_put_on_a_queue_reaches_its_function_and_what_fails_stays() {
    let scene = Scene::new("queues");
    let platform = Platform::start(&scene.options).await.unwrap();
    let queues = queues_at(platform.sqs.port());
    let mail = queues.get_queue_url().queue_name("carehub-mail").send().await.unwrap();
    let mail = mail.queue_url().unwrap();
    let send = queues.send_message().queue_url(mail).message_body("no errand");
    send.send().await.unwrap();

    let seen = async {
        while !get(platform.gateway, "/dev/queues.json").await.contains(r#""received":1"#) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap();
    platform.stop().await;

    let again = Platform::start(&scene.options).await.unwrap();
    let kept = get(again.gateway, "/dev/queues.json").await;
    assert!(kept.contains(r#""state":"IN_FLIGHT""#), "{kept}");
    again.stop().await;
}

/// A folder of its own, and any ports.
struct Scene {
    options: Options,
}

impl Scene {
    fn new(name: &str) -> Self {
        let data = env::temp_dir().join(format!("carehub-platform-{name}-{}", process::id()));
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
        Self { options: Options::on_any_port(template, data) }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.options.data);
    }
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}
