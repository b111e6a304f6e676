//! `GET /api`

use carehub_api::extract::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where to go from here.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Index {
    /// What this is.
    name: String,
    /// Its version.
    version: String,
    /// The API to try out.
    docs: String,
    /// The API to read.
    redoc: String,
    /// The API for programs, as OpenAPI 3.1.
    schema: String,
    /// Whether all is well.
    health: String,
}

/// Where to go from here.
#[utoipa::path(get, path = "/api", tag = "platform", security(()), responses(
    (status = 200, description = "Where to go from here.", body = Index),
))]
pub(crate) async fn handler() -> Json<Index> {
    Json(Index {
        name: "CareHub".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        docs: "/api/docs".to_owned(),
        redoc: "/api/redoc".to_owned(),
        schema: "/api/schema".to_owned(),
        health: "/health".to_owned(),
    })
}
