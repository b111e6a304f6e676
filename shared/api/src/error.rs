//! How failures reach the caller: RFC 9457 problem details.

use std::{error::Error, iter};

use axum::response::{IntoResponse, Response};
use carehub_domain::{Class, Failure, FieldError};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What handlers return.
pub type Result<T, E = ApiError> = std::result::Result<T, E>;

/// Any failure, on its way out.
#[derive(Debug)]
pub struct ApiError(Box<dyn Failure>);

impl<F: Failure> From<F> for ApiError {
    fn from(failure: F) -> Self {
        Self(Box::new(failure))
    }
}

impl ApiError {
    /// The code of the failure.
    pub fn code(&self) -> &'static str {
        self.0.code()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = Problem::of(&*self.0);
        let status = problem.status();
        if status.is_server_error() {
            tracing::error!(
                error.code = self.0.code(),
                error.chain = chain(&*self.0),
                "request failed"
            );
        }
        let mut response = status.into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.0.retry_after() {
            let seconds = wait_seconds(wait);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            if self.0.class() == Class::TooMany
                && let Ok(limit) =
                    HeaderValue::from_str(&format!("\"{}\";r=0;t={seconds}", self.0.code()))
            {
                headers.insert(HeaderName::from_static("ratelimit"), limit);
            }
        }
        // The edge knows the name of the request and writes the document.
        response.extensions_mut().insert(problem);
        response
    }
}

/// Whole seconds, never less than one and never too few.
fn wait_seconds(wait: SignedDuration) -> u64 {
    let whole = u64::try_from(wait.as_secs()).unwrap_or_default();
    whole + u64::from(wait.subsec_nanos() > 0).max(u64::from(whole == 0))
}

/// A problem, as defined by RFC 9457.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Identifies the kind of problem, as `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// Names the class of problem.
    pub title: String,
    /// Repeats the HTTP status.
    pub status: u16,
    /// Explains this occurrence to a person. Never on failures of our own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// A stable name for the kind of problem; programs branch on this.
    pub code: String,
    /// The wrong parts of the request, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Names the request, for those who ask us about it.
    #[serde(default)]
    pub request_id: String,
}

impl Problem {
    fn of(failure: &dyn Failure) -> Self {
        let (status, title) = present(failure.class());
        Self {
            kind: format!("/problems/{}", failure.code()),
            title: title.to_owned(),
            status: status.as_u16(),
            // What went wrong on our side is for our logs.
            detail: (!status.is_server_error()).then(|| failure.to_string()),
            code: failure.code().to_owned(),
            errors: failure.fields(),
            request_id: String::new(),
        }
    }

    /// A problem of which nothing but the status is known.
    pub(crate) fn bare(status: StatusCode) -> Self {
        let code = match status {
            StatusCode::PAYLOAD_TOO_LARGE => "too-large",
            StatusCode::SERVICE_UNAVAILABLE => "unavailable",
            status if status.is_client_error() => "unreadable-request",
            _ => "internal",
        };
        Self {
            kind: format!("/problems/{code}"),
            title: status.canonical_reason().unwrap_or("Something went wrong").to_owned(),
            status: status.as_u16(),
            detail: None,
            code: code.to_owned(),
            errors: Vec::new(),
            request_id: String::new(),
        }
    }

    pub(crate) fn named(self, request_id: &str) -> Self {
        Self { request_id: request_id.to_owned(), ..self }
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

fn present(class: Class) -> (StatusCode, &'static str) {
    match class {
        Class::Invalid => (StatusCode::BAD_REQUEST, "The request is not valid"),
        Class::Unauthenticated => (StatusCode::UNAUTHORIZED, "You are not signed in"),
        Class::Forbidden => (StatusCode::FORBIDDEN, "You may not do this"),
        Class::NotFound => (StatusCode::NOT_FOUND, "There is nothing here"),
        Class::WrongMethod => {
            (StatusCode::METHOD_NOT_ALLOWED, "The path does not take this method")
        }
        Class::Conflict => (StatusCode::CONFLICT, "The record does not allow this now"),
        Class::Outdated => (StatusCode::PRECONDITION_FAILED, "The record has changed"),
        Class::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The request is too large"),
        Class::WrongMedia => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is of the wrong kind"),
        Class::TooMany => (StatusCode::TOO_MANY_REQUESTS, "You ask too often"),
        Class::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Please try again"),
        Class::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side"),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), axum::Json(self)).into_response();
        let media_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, media_type);
        response
    }
}

/// An error and everything that led to it, outermost first.
fn chain(error: &dyn Failure) -> String {
    let outermost: &dyn Error = error;
    iter::successors(Some(outermost), |&error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
