//! `GET /api/auth/health`

use axum::extract::State;
use carehub_api::extract::Json;
use carehub_domain::clock::SharedClock;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// This function can answer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Alive {
    /// Always `healthy`.
    status: String,
    /// The same in a sentence.
    message: String,
    /// When it was asked.
    time: Timestamp,
}

/// See whether the authentication service answers.
#[utoipa::path(get, path = "/api/auth/health", tag = "auth", security(()), responses(
    (status = 200, description = "The authentication service answers.", body = Alive),
))]
pub(crate) async fn handler(State(clock): State<SharedClock>) -> Json<Alive> {
    Json(Alive {
        status: "healthy".to_owned(),
        message: "Authentication service is healthy".to_owned(),
        time: clock.now(),
    })
}
