//! `/dev/schedules`: what is done by the clock, when it was done last, and doing it now.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{Response, StatusCode},
    response::{Html, IntoResponse},
    routing::{get, post},
};
use carehub_api::extract::Path;
use serde_json::json;

use crate::schedules::Timer;

type Timers = Arc<Vec<Arc<Timer>>>;

pub(super) fn router(timers: Vec<Arc<Timer>>) -> Router {
    Router::new()
        .route("/dev/schedules", get(async || Html(include_str!("schedules.html"))))
        .route("/dev/schedules.json", get(list))
        .route("/dev/schedules/{function}/{name}/run", post(run))
        .with_state(Arc::new(timers))
}

async fn list(State(timers): State<Timers>) -> Response<Body> {
    let shown: Vec<_> = timers.iter().map(|timer| timer.shown()).collect();
    super::json(&json!({ "schedules": shown }))
}

/// Does it now and says what was done. When it is done next stays as it is.
async fn run(
    State(timers): State<Timers>,
    Path((function, name)): Path<(String, String)>,
) -> Response<Body> {
    let of_that_name =
        |timer: &&Arc<Timer>| timer.function == function && timer.schedule.name == name;
    let Some(timer) = timers.iter().find(of_that_name) else {
        return (StatusCode::NOT_FOUND, "there is no such schedule").into_response();
    };
    let run = timer.fire().await;
    let mut response = super::json(&run);
    if run.problem.is_some() {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    response
}
