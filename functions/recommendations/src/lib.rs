//! What could be given instead of a medicine or for a complaint: asking, reading, deciding.

mod ask;
mod clear;
mod decide;
mod prefer;
mod read;
mod settings;
mod stats;
mod view;

use carehub_api::{Routes, limit::Bucket};
use utoipa::OpenApi;

pub use self::{
    clear::ClearedView,
    settings::RecommendationSettingsView,
    stats::{AskedOftenView, RecommendationStatsView},
    view::RecommendationView,
};

/// What questions are counted in.
const BUCKET: Bucket = Bucket::Recommendations;

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .post("/api/recommendations", ask::handler)
        .idempotent()
        .get("/api/recommendations/history", read::history)
        .get("/api/recommendations/stats", stats::handler)
        .post("/api/recommendations/clear-cache", clear::handler)
        .also_at(&["/api/recommendations/clear_cache"])
        .get("/api/recommendations/settings", settings::show)
        .edit("/api/recommendations/settings", settings::edit)
        .get("/api/recommendations/{id}", read::show)
        .post("/api/recommendations/{id}/decision", decide::handler)
}

/// What the routes promise.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    ask::handler,
    read::history,
    stats::handler,
    clear::handler,
    settings::show,
    settings::edit,
    read::show,
    decide::handler,
))]
pub struct Api;
