//! What happens around every request: its name, its log line, its headers, its problem.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use carehub_domain::{Id, access::Action};
use carehub_store::Store;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

use crate::{AppState, actor::Found, error::Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RESPONSE_TIME: HeaderName = HeaderName::from_static("x-response-time");

/// Requests that take longer are logged as slow.
const SLOW_MS: u128 = 1000;

/// Names a request in logs and answers.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

pub(crate) async fn around(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let id = given_id(request.headers())
        .unwrap_or_else(|| Id::<()>::generate(state.clock.now()).ulid().to_string());
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    // The pattern, never the path itself, which may name a person.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "unmatched".to_owned());

    let found = Found::default();
    request.extensions_mut().insert(found.clone());

    let mut response = explained(next.run(request).await, &id);
    if response.status() == StatusCode::FORBIDDEN {
        note_refusal(&state.store, &found, &format!("{method} {route}")).await;
    }

    let (status, elapsed) = (response.status().as_u16(), begun.elapsed());
    let duration_ms = elapsed.as_millis();
    if duration_ms > SLOW_MS {
        tracing::warn!(http.method = %method, http.route = route, http.status = status, duration_ms, request.id = id, "slow request answered");
    } else {
        tracing::info!(http.method = %method, http.route = route, http.status = status, duration_ms, request.id = id, "request answered");
    }
    decorate(response.headers_mut(), &id, elapsed.as_secs_f64());
    response
}

/// Leaves a line in the audit log. The refusal stands even if that fails.
async fn note_refusal(store: &Store, found: &Found, operation: &str) {
    let permit = found.actor().and_then(|actor| actor.allow(Action::BeRefused).ok());
    let Some(permit) = permit.map(|permit| permit.noting("operation", operation)) else { return };
    if let Err(error) = store.events().append(&permit).await {
        tracing::error!(%error, "a refusal was not noted in the audit log");
    }
}

/// A name that the caller chose, if it is fit for a log.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let sound =
        (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    sound.then(|| id.to_owned())
}

/// Every failure leaves as a problem document that names the request.
fn explained(mut response: Response, id: &str) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = response.extensions_mut().remove::<Problem>();
    // A health check that fails answers with what it found.
    if problem.is_none()
        && response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json")
    {
        return response;
    }
    let problem = problem.unwrap_or_else(|| Problem::bare(status));
    let mut explained = problem.named(id).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    headers.remove(http::header::CONTENT_LENGTH);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
    }
    for (name, value) in headers.iter() {
        explained.headers_mut().insert(name.clone(), value.clone());
    }
    explained
}

fn decorate(headers: &mut HeaderMap, id: &str, seconds: f64) {
    let fixed = |text| HeaderValue::from_static(text);
    headers.entry(CACHE_CONTROL).or_insert(fixed("no-store"));
    headers.insert(STRICT_TRANSPORT_SECURITY, fixed("max-age=63072000; includeSubDomains"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    headers.insert(X_FRAME_OPTIONS, fixed("DENY"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    if let Ok(time) = HeaderValue::from_str(&format!("{seconds:.3}s")) {
        headers.insert(RESPONSE_TIME, time);
    }
}
