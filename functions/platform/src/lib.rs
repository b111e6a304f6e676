//! What the hub says of itself: its health and its API.

mod docs;
mod health;
mod index;

use carehub_api::Routes;
use utoipa::OpenApi;

pub use self::health::{CheckView, DetailedView, HealthView};

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .get("/health", health::overall)
        .also_at(&["/api/health"])
        .get("/health/database", health::database)
        .get("/health/redis", health::cache)
        .get("/health/detailed", health::detailed)
        .get("/api", index::handler)
        .also_at(&["/"])
        .get("/api/schema", docs::schema)
        .get("/api/docs", docs::swagger)
        .get("/api/redoc", docs::redoc)
        .get("/api/docs/{asset}", docs::asset)
}

/// What the routes promise.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    health::overall,
    health::database,
    health::cache,
    health::detailed,
    index::handler,
    docs::schema,
    docs::swagger,
    docs::redoc,
    docs::asset,
))]
pub struct Api;
