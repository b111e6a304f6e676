//! Revisions at the edge: `ETag` and `If-Match`.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use carehub_domain::{failures, revision::Revised};
use http::{
    HeaderValue,
    header::{ETAG, IF_MATCH},
    request::Parts,
};

use crate::extract::Json;

/// The revision that the caller believes to be the present one.
#[derive(Clone, Debug, Default)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// Whether the caller names a revision, and not just any.
    pub fn is_named(&self) -> bool {
        self.0.as_ref().is_some_and(|expected| expected.trim() != "*")
    }

    /// Refuses to go on from another revision than the caller saw.
    pub fn check(&self, record: &impl Revised) -> Result<(), Precondition> {
        let Some(expected) = &self.0 else { return Ok(()) };
        let present = tag(record);
        let met = expected.split(',').map(str::trim).any(|one| one == "*" || one == present);
        if met { Ok(()) } else { Err(Precondition::Outdated) }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let value = parts.headers.get(IF_MATCH).and_then(|value| value.to_str().ok());
        Ok(Self(value.map(str::to_owned)))
    }
}

/// An answer that names the revision it shows.
#[derive(Clone, Debug)]
pub struct Tagged<R> {
    tag: String,
    answer: R,
}

impl<R> Tagged<R> {
    /// Shows `answer`, which was made from `record`.
    pub fn of(record: &impl Revised, answer: R) -> Self {
        Self { tag: tag(record), answer }
    }
}

impl<V> Tagged<Json<V>> {
    /// Shows `record` as `view` sees it.
    pub fn showing<R: Revised>(record: R, view: impl FnOnce(R) -> V) -> Self {
        Self { tag: tag(&record), answer: Json(view(record)) }
    }
}

impl<R: IntoResponse> IntoResponse for Tagged<R> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

fn tag(record: &impl Revised) -> String {
    format!("\"{}\"", record.revision().number())
}

failures! {
    /// Why a change is not made.
    pub enum Precondition {
        Outdated = Outdated "precondition-failed" "the record has changed since you read it",
    }
}
