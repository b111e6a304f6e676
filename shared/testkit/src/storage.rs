//! An empty S3 that lives as long as the test, opened when it is first used.

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region};
use axum::{Router, body::Body, error_handling::HandleError};
use carehub_objects::{Objects, client};
use http::{HeaderName, Method, Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use s3s::{
    HttpError,
    auth::SimpleAuth,
    config::{S3Config, StaticConfigProvider},
    service::S3ServiceBuilder,
};
use s3s_fs::FileSystem;
use serde_json::Value;
use tokio::{net::TcpListener, sync::OnceCell};
use tower::ServiceExt;

use crate::Reply;

const BUCKET: &str = "test-files";
const LEDGER: &str = "test-ledger";
const KEY: &str = "test";

/// A bucket on a folder of its own.
#[derive(Clone)]
pub(crate) struct Storage(Arc<Home>);

struct Home {
    folder: PathBuf,
    open: OnceCell<Open>,
    arrived: Mutex<Vec<String>>,
}

struct Open {
    endpoint: String,
    service: Router,
}

impl Storage {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("carehub-test-{}-{number}", process::id()));
        Self(Arc::new(Home { folder, open: OnceCell::new(), arrived: Mutex::default() }))
    }

    pub(crate) fn objects(&self) -> Objects {
        let home = Arc::clone(&self.0);
        Objects::lazy(BUCKET, move || {
            let home = Arc::clone(&home);
            async move {
                client(
                    Builder::new()
                        .behavior_version(BehaviorVersion::latest())
                        .credentials_provider(Credentials::new(KEY, KEY, None, None, "testkit"))
                        .region(Region::from_static("local"))
                        .endpoint_url(&home.open().await.endpoint),
                )
            }
        })
        .with_ledger(LEDGER)
    }

    /// What somebody who was invited sends, as a browser would.
    pub(crate) async fn put(&self, invitation: &Value, bytes: Vec<u8>) -> StatusCode {
        let url = invitation["url"].as_str().expect("where to send it");
        let mut request = Request::builder().method(Method::PUT);
        for (name, value) in invitation["headers"].as_object().expect("headers to send") {
            let name: HeaderName = name.parse().expect("a header");
            // Browsers know better.
            if name != header::CONTENT_LENGTH {
                request = request.header(name, value.as_str().expect("its value"));
            }
        }
        let request = request.header(header::CONTENT_LENGTH, bytes.len());
        let (reply, path) = self.ask(request, url, bytes).await;
        if reply.status.is_success() {
            let key =
                path.trim_start_matches('/').trim_start_matches(BUCKET).trim_start_matches('/');
            self.arrived().push(key.to_owned());
        }
        reply.status
    }

    /// What a link leads to.
    pub(crate) async fn fetch(&self, url: &str) -> Reply {
        self.ask(Request::builder().method(Method::GET), url, Vec::new()).await.0
    }

    /// The objects that arrived and nobody has looked into.
    pub(crate) fn take_arrived(&self) -> Vec<String> {
        std::mem::take(&mut self.arrived())
    }

    async fn ask(
        &self,
        request: http::request::Builder,
        url: &str,
        bytes: Vec<u8>,
    ) -> (Reply, String) {
        let uri: Uri = url.parse().expect("a link");
        let (host, path) = (uri.authority().expect("a host").to_string(), uri.path().to_owned());
        let asked = uri.path_and_query().expect("a path").as_str().to_owned();
        let request = request.uri(asked).header(header::HOST, host);
        let request = request.body(Body::from(bytes)).expect("a request");
        let service = self.0.open().await.service.clone();
        let (parts, body) = service.oneshot(request).await.expect("an answer").into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        (Reply { status: parts.status, headers: parts.headers, body: body.into() }, path)
    }

    fn arrived(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.arrived.lock().expect("no test panics while sending")
    }
}

impl Home {
    async fn open(&self) -> &Open {
        let open = || async {
            for bucket in [BUCKET, LEDGER] {
                fs::create_dir_all(self.folder.join(bucket)).expect("a folder");
            }
            let files = FileSystem::new(&self.folder).expect("a folder");
            let mut builder = S3ServiceBuilder::new(files);
            builder.set_auth(SimpleAuth::from_single(KEY, KEY));
            // The hub's clock is years ahead of the one of this S3.
            let mut config = S3Config::default();
            config.presigned_url_max_skew_time_secs = u32::MAX;
            builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
            let failed = async |_: HttpError| StatusCode::INTERNAL_SERVER_ERROR;
            let service = Router::new().fallback_service(HandleError::new(builder.build(), failed));
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let endpoint = format!("http://{}", listener.local_addr().expect("a bound address"));
            tokio::spawn(axum::serve(listener, service.clone()).into_future());
            Open { endpoint, service }
        };
        self.open.get_or_init(open).await
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // It is there only if somebody opened it.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
