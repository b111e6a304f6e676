//! What goes wrong between a store and its tables.

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextMut,
    },
    error::BoxError,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Something that goes wrong beneath the SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// DynamoDB asks for patience.
    Throttled,
    /// DynamoDB fails.
    Broken,
    /// The connection ends without an answer.
    Cut,
    /// Nobody listens.
    Down,
    /// The connection stands and no answer ever comes.
    Silent,
}

/// Lets calls to DynamoDB go wrong when a test says so, and not before.
#[derive(Clone)]
pub struct Faults {
    plan: Arc<Mutex<Option<Plan>>>,
    throttled: SocketAddr,
    broken: SocketAddr,
    cut: SocketAddr,
    down: SocketAddr,
    silent: SocketAddr,
}

struct Plan {
    fault: Fault,
    passing: u32,
    struck: bool,
}

impl Faults {
    /// Lets `passing` calls pass and all that follow go wrong.
    pub fn strike(&self, fault: Fault, passing: u32) {
        *self.plan() = Some(Plan { fault, passing, struck: false });
    }

    /// Lets all calls pass again, and says whether any went wrong.
    pub fn cease(&self) -> bool {
        self.plan().take().is_some_and(|plan| plan.struck)
    }

    pub(crate) async fn ready() -> Self {
        let closed = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let error = |status: &str, name: &str| {
            let body =
                format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{name}","message":"no"}}"#);
            let length = body.len();
            format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
        };
        Self {
            plan: Arc::default(),
            throttled: answering(error(
                "400 Bad Request",
                "ProvisionedThroughputExceededException",
            ))
            .await,
            broken: answering(error("500 Internal Server Error", "InternalServerError")).await,
            cut: answering(String::new()).await,
            // Nobody listens there from here on.
            down: closed.local_addr().expect("a bound address"),
            silent: silent().await,
        }
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Option<Plan>> {
        self.plan.lock().expect("no test panics while planning")
    }
}

/// Answers every request alike, whatever it asks.
async fn answering(answer: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 1 << 20];
            // The head and the body of a small request come together or at once.
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

/// Takes every request and keeps whoever asked waiting.
async fn silent() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound address");
    tokio::spawn(async move {
        let mut waiting = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            waiting.push(stream);
        }
    });
    address
}

impl Intercept for Faults {
    fn name(&self) -> &'static str {
        "Faults"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut plan = self.plan();
        let Some(plan) = &mut *plan else { return Ok(()) };
        if plan.passing > 0 {
            plan.passing -= 1;
            return Ok(());
        }
        plan.struck = true;
        let address = match plan.fault {
            Fault::Throttled => self.throttled,
            Fault::Broken => self.broken,
            Fault::Cut => self.cut,
            Fault::Down => self.down,
            Fault::Silent => self.silent,
        };
        Ok(context.request_mut().set_uri(format!("http://{address}/"))?)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").finish_non_exhaustive()
    }
}
