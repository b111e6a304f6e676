//! The answer to a request that made something.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header::LOCATION};

/// `201 Created`: something new, and where it is.
#[derive(Clone, Debug)]
pub struct Created<A> {
    location: String,
    answer: A,
}

impl<A> Created<A> {
    /// Answers with what is to be found at `location` from now on.
    pub fn at(location: String, answer: A) -> Self {
        Self { location, answer }
    }
}

impl<A: IntoResponse> IntoResponse for Created<A> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(LOCATION, self.location)], self.answer).into_response()
    }
}
