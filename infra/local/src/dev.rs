//! Pages for developers: what goes on behind the API of one machine.

mod dead_letters;
mod queues;
mod schedules;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, Response, StatusCode, header},
    middleware::{Next, from_fn},
    response::{Html, IntoResponse},
    routing::get,
};
use carehub_sqs::Sqs;
use serde::Serialize;

use crate::{journal::Journal, schedules::Timer};

/// What there is to see.
pub(crate) struct Backstage {
    pub(crate) sqs: Sqs,
    pub(crate) timers: Vec<Arc<Timer>>,
    pub(crate) dead_letters: Arc<Journal>,
}

impl Backstage {
    /// The pages, and the same as JSON for tools.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/dev", get(async || Html(include_str!("dev/index.html"))))
            .route("/dev/", get(async || Html(include_str!("dev/index.html"))))
            .route("/dev/style.css", get(style))
            .merge(queues::router(self.sqs))
            .merge(dead_letters::router(self.dead_letters))
            .merge(schedules::router(self.timers))
            .layer(from_fn(from_here))
    }
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css")], include_str!("dev/style.css"))
}

/// Lets nobody change anything but the pages themselves, and tools that are no browsers.
///
/// The hub of a developer listens where every page of their browser can send a form to.
async fn from_here(request: Request, next: Next) -> Response<Body> {
    if request.method().is_safe() || is_from_here(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "only the pages of this machine may do that").into_response()
}

fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text("host").unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    // A name that is led here by somebody else's name server is no name of this machine.
    let is_local = ["localhost", "127.0.0.1", "[::1]"].contains(&name);
    let asked_by_itself = text("sec-fetch-site").is_none_or(|site| site == "same-origin");
    let own = text("origin").is_none_or(|origin| origin == format!("http://{host}"));
    is_local && asked_by_itself && own
}

/// An answer for tools. It may be another one the next moment.
fn json(shown: &impl Serialize) -> Response<Body> {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    match serde_json::to_string(shown) {
        Ok(text) => (headers, text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests;
