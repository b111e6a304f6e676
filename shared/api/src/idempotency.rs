//! Answering a request once, however often it is sent.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use carehub_domain::{failures, secret::Pepper};
use carehub_store::Receipt;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::{
    AppState, Result,
    extract::Unreadable,
    seal::{open, seal},
    upload,
};

const KEY: &str = "idempotency-key";
const SEAL: &str = "answer";

/// The longest key.
const LONGEST_KEY: usize = 200;
/// The largest answer that is kept.
const LARGEST: usize = 1 << 20;

/// Looks for the caller's key. The same key with the same request gets the same answer
/// for a day; with another request it is a conflict.
pub(crate) async fn answer_once(
    State((state, largest)): State<(AppState, usize)>,
    request: Request,
    next: Next,
) -> Result<Response> {
    let Some(chosen) = request.headers().get(KEY) else { return Ok(next.run(request).await) };
    let chosen = chosen.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
    let chosen = chosen.ok_or(RepeatError::BadKey)?.to_owned();
    // Only somebody who is signed in has keys; for others the handler says what is wrong.
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let now = state.clock.now();
    let claims = bearer
        .and_then(|bearer| bearer.split_once(' '))
        .and_then(|(_, token)| state.tokens.verify(token.trim(), now));
    let Some(claims) = claims else { return Ok(next.run(request).await) };

    let (parts, body) = request.into_parts();
    let body = to_bytes(body, largest).await.map_err(|_| Unreadable::TooLarge)?;
    let digest = |usage, parts: &[&[u8]]| BASE64.encode(state.pepper.tag(usage, parts));
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    let content = upload::content(&parts.headers, &body);
    let receipt = Receipt {
        key: digest("receipt", &[claims.sub.to_string().as_bytes(), chosen.as_bytes()]),
        request: digest("request", &[&[method.as_bytes(), path.as_bytes()], &*content].concat()),
        at: now,
        answer: None,
    };
    let receipts = state.store.receipts();
    if let Some(earlier) = receipts.begin(&receipt).await? {
        return earlier_answer(earlier, &receipt, &state.pepper);
    }

    let answered = next.run(Request::from_parts(parts, Body::from(body))).await;
    if answered.status().is_server_error() || answered.status() == StatusCode::TOO_MANY_REQUESTS {
        receipts.forget(&receipt).await?;
        return Ok(answered);
    }
    let (parts, body) = answered.into_parts();
    // A problem is still on its way to the edge, which writes it.
    if parts.status.is_client_error() {
        receipts.forget(&receipt).await?;
        return Ok(Response::from_parts(parts, body));
    }
    let body = to_bytes(body, LARGEST).await.map_err(|_| RepeatError::TooLarge)?;
    let answer = seal(&Answer::of(&parts, &body), SEAL, &receipt.key, &state.pepper);
    receipts.settle(&Receipt { answer, ..receipt }).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn earlier_answer(earlier: Receipt, receipt: &Receipt, pepper: &Pepper) -> Result<Response> {
    if earlier.request != receipt.request {
        return Err(RepeatError::OtherRequest.into());
    }
    let sealed = earlier.answer.ok_or(RepeatError::AtWork)?;
    let answer = open::<Answer>(&sealed, SEAL, &receipt.key, pepper).ok_or(RepeatError::AtWork)?;
    Ok(answer.into_response())
}

/// An answer as it is kept. It may hold what is shown only once, so it is kept encrypted.
#[derive(Serialize, Deserialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn of(parts: &http::response::Parts, body: &Bytes) -> Self {
        let kept = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];
        let kept = kept.iter().filter_map(|name| {
            Some((name.to_string(), parts.headers.get(name)?.to_str().ok()?.to_owned()))
        });
        Self {
            status: parts.status.as_u16(),
            headers: kept.collect(),
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = (status, self.body).into_response();
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), HeaderValue::from_str(&value))
            {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

failures! {
    /// Why a repeated request is not answered.
    pub enum RepeatError {
        BadKey = Invalid "bad-idempotency-key" "the Idempotency-Key must have 1 to 200 visible characters",
        OtherRequest = Conflict "idempotency-key-reused" "the Idempotency-Key was used for another request",
        AtWork = Conflict "request-at-work" "a request with this Idempotency-Key is still at work",
        TooLarge = Internal "internal" "the answer is too large to be kept",
    }
}
