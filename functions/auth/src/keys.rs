//! `GET /.well-known/jwks.json`

use axum::{extract::State, http::header::CACHE_CONTROL, response::IntoResponse};
use carehub_api::{extract::Json, token::Tokens};

/// Get the public keys of access tokens.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "auth", security(()), responses(
    (status = 200, description = "The public keys that access tokens are signed with, as RFC 7517 says.", body = serde_json::Value),
))]
pub(crate) async fn handler(State(tokens): State<Tokens>) -> impl IntoResponse {
    ([(CACHE_CONTROL, "public, max-age=3600")], Json(tokens.published().clone()))
}
