//! API Gateway on one machine: each request goes to the function that the template names.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{self, Body},
    extract::{ConnectInfo, Request, State},
    http::{Response, StatusCode, header},
    response::IntoResponse,
    serve::{ListenerExt, TapIo},
};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::{group::Stop, template::Template};

/// As much as an HTTP API takes.
const LARGEST_BODY: usize = 10 * 1024 * 1024;

/// Requests in, functions out.
#[derive(Debug)]
pub(crate) struct Gateway {
    template: Template,
    functions: BTreeMap<&'static str, Router>,
}

impl Gateway {
    pub(crate) fn new(template: Template, functions: BTreeMap<&'static str, Router>) -> Self {
        Self { template, functions }
    }

    /// The gateway as a service, next to whatever `development` serves.
    pub(crate) fn router(self, development: Router) -> Router {
        Router::new().fallback(forward).with_state(Arc::new(self)).merge(development)
    }

    fn function(&self, request: &Request) -> Option<Router> {
        let name = self.template.route(request.method().as_str(), request.uri().path())?;
        self.functions.get(name).cloned()
    }
}

/// Serves the gateway until it is time to stop.
pub(crate) async fn serve(router: Router, listener: TcpListener, stop: Stop) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(prompt(listener), service).with_graceful_shutdown(stop.requested());
    if let Err(error) = serving.await {
        tracing::error!(%error, "the gateway stopped");
    }
}

/// Sends each word as it is said, also the second before somebody has confirmed the first.
fn prompt(listener: TcpListener) -> TapIo<TcpListener, fn(&mut TcpStream)> {
    listener.tap_io(|caller| {
        // Otherwise the word is late, which is no reason not to say it.
        let _ = caller.set_nodelay(true);
    })
}

async fn forward(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let Some(function) = gateway.function(&request) else {
        return answer(StatusCode::NOT_FOUND, "Not Found");
    };
    let (mut parts, payload) = request.into_parts();
    let Ok(payload) = body::to_bytes(payload, LARGEST_BODY).await else {
        return answer(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    parts.extensions.insert(carehub_api::Peer(peer.ip()));
    let request = Request::from_parts(parts, Body::from(payload));
    function.oneshot(request).await.into_response()
}

/// An answer of the gateway itself.
fn answer(status: StatusCode, message: &str) -> Response<Body> {
    let body = format!(r#"{{"message":"{message}"}}"#);
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use axum::serve::Listener;

    use super::*;

    #[tokio::test]
    async fn nobody_waits_for_a_second_word_until_they_have_confirmed_the_first() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = listener.local_addr().unwrap();
        let mut prompt = prompt(listener);

        let (_caller, (called, _)) =
            tokio::join!(TcpStream::connect(gateway), Listener::accept(&mut prompt));

        assert!(called.nodelay().unwrap());
    }
}
