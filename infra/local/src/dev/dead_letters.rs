//! `/dev/dead-letters`: what functions gave up of streams and of arrivals. Those of queues are
//! with the queues.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
    response::{Html, IntoResponse},
    routing::get,
};
use serde_json::{Value as Json, json};

use crate::journal::Journal;

pub(super) fn router(journal: Arc<Journal>) -> Router {
    Router::new()
        .route("/dev/dead-letters", get(async || Html(include_str!("dead_letters.html"))))
        .route("/dev/dead-letters.json", get(list))
        .with_state(journal)
}

async fn list(State(journal): State<Arc<Journal>>) -> Response<Body> {
    let Ok(mut letters) = journal.read::<Json>().await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    letters.reverse();
    super::json(&json!({ "results": letters }))
}
