//! `GET /api/recommendations/stats`

use std::cmp::Reverse;

use axum::extract::State;
use carehub_api::{Result, actor::CurrentActor, error::Problem, extract::Json};
use carehub_domain::{
    access::Action,
    census::{OTHER, Sheet, distribution},
};
use carehub_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many medicines are shown.
const MEDICINES: usize = 10;

/// Recommendations in numbers. They follow what happens within a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecommendationStatsView {
    /// How often anybody asked.
    pub total_recommendations: i64,
    /// How many medicines were asked about, by what is in them. Unknown ones do not count, nor
    /// do several at once.
    pub unique_medicines: usize,
    /// How many people asked.
    pub unique_users: i64,
    /// How long an answer took, in milliseconds.
    pub avg_response_time_ms: i64,
    /// What was asked about most, by what is in it; `other` is what nobody recognises,
    /// and several medicines at once.
    pub top_medicines: Vec<AskedOftenView>,
}

/// How often a medicine was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AskedOftenView {
    /// What it is.
    #[schema(example = "acetaminophen")]
    pub medicine_name: String,
    /// How often.
    pub count: i64,
}

/// Count what is asked.
#[utoipa::path(get, path = "/api/recommendations/stats", tag = "recommendations", responses(
    (status = 200, description = "The numbers of the hub.", body = RecommendationStatsView),
    (status = 403, description = "Only admins may see this.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Json<RecommendationStatsView>> {
    let _permit = actor.allow(Action::ViewRecommendationStats)?;
    let facts = store.census().sheet(&Sheet::Recommendations).await?;
    let number = |name: &str| facts.get(name).copied().unwrap_or_default();
    let medicines = distribution(&facts, "medicine:");
    let unique_medicines = medicines.keys().filter(|name| *name != OTHER).count();
    let top = medicines.into_iter();
    let mut top: Vec<_> =
        top.map(|(medicine_name, count)| AskedOftenView { medicine_name, count }).collect();
    top.sort_by_key(|medicine| Reverse(medicine.count));
    top.truncate(MEDICINES);
    Ok(Json(RecommendationStatsView {
        total_recommendations: number("total"),
        unique_medicines,
        unique_users: number("users"),
        avg_response_time_ms: number("time-ms").checked_div(number("timed")).unwrap_or_default(),
        top_medicines: top,
    }))
}
