//! Extractors whose rejections are problems.

#![expect(clippy::disallowed_types, reason = "these are the types everyone else uses instead")]

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use carehub_domain::failures;
use http::{header::CONTENT_TYPE, request::Parts};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    ApiError,
    form::{self, Form},
};

/// A JSON answer.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// A form in the body, written as a JSON object. No body reads as an empty one.
#[derive(Clone, Debug)]
pub struct Body<F>(pub F);

impl<F: Form, S: Send + Sync> FromRequest<S> for Body<F> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let media = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_json = media.is_none_or(|media| {
            let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            essence == "application/json"
                || (essence.starts_with("application/") && essence.ends_with("+json"))
        });
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == http::StatusCode::PAYLOAD_TOO_LARGE {
                Unreadable::TooLarge
            } else {
                Unreadable::Cut
            }
        })?;
        if bytes.is_empty() {
            return Ok(Self(form::read(Map::new())?));
        }
        if !is_json {
            return Err(Unreadable::NotJson.into());
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(fields)) => Ok(Self(form::read(fields)?)),
            Ok(_) => Err(Unreadable::NotObject.into()),
            Err(_) => Err(Unreadable::Body.into()),
        }
    }
}

/// A form in the query string.
#[derive(Clone, Debug)]
pub struct Query<F>(pub F);

impl<F: Form, S: Sync> FromRequestParts<S> for Query<F> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(form::read(parameters(parts)?)?))
    }
}

/// The parameters of the query string, as text.
pub(crate) fn parameters(parts: &Parts) -> Result<Map<String, Value>, Unreadable> {
    axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
        .map(|axum::extract::Query(pairs)| {
            pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect()
        })
        .map_err(|_| Unreadable::Query)
}

/// Parameters from the path.
#[derive(Clone, Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(NoSuchPath))]
pub struct Path<T>(pub T);

/// The path names something that cannot exist.
#[derive(Debug)]
pub struct NoSuchPath;

impl From<PathRejection> for NoSuchPath {
    fn from(_: PathRejection) -> Self {
        Self
    }
}

impl IntoResponse for NoSuchPath {
    fn into_response(self) -> Response {
        ApiError::from(carehub_domain::access::Denied::NotFound).into_response()
    }
}

failures! {
    /// A part of the request cannot be read at all.
    pub enum Unreadable {
        Body = Invalid "unreadable-body" "the body is not valid JSON",
        NotObject = Invalid "unreadable-body" "the body must be a JSON object",
        Cut = Invalid "unreadable-body" "the body did not arrive as a whole",
        NotJson = WrongMedia "wrong-media-type" "the body must be application/json",
        TooLarge = TooLarge "too-large" "the body is too large",
        Query = Invalid "unreadable-query" "the query string cannot be read",
    }
}
