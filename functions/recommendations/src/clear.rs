//! `POST /api/recommendations/clear-cache`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::{Body, Json},
    form,
};
use carehub_domain::{access::Action, hospital::HospitalId};
use carehub_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// Whose answers to forget.
    pub(crate) struct Cleared {
        /// Those of a hospital; all if nothing is said.
        hospital: Option<HospitalId> = "hospital_id",
    }
}

/// Answers are forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClearedView {
    /// What was done.
    pub message: String,
    /// Whose answers are forgotten; all if nobody's in particular.
    pub hospital: Option<HospitalId>,
}

/// Forget the answers that are kept for the next who asks the same.
#[utoipa::path(post, path = "/api/recommendations/clear-cache", tag = "recommendations", request_body = Cleared, responses(
    (status = 200, description = "Whoever asks from now on gets a new answer. What people asked before stays in their history.", body = ClearedView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only admins do this.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(Cleared { hospital }): Body<Cleared>,
) -> Result<Json<ClearedView>> {
    let permit = actor.allow(Action::ClearRecommendations)?;
    let whose = hospital.map_or_else(|| "hub".to_owned(), |hospital| hospital.to_string());
    store.recommendations().clear(hospital, actor.at, &permit.noting("of", whose)).await?;
    let message = "Answers that were kept are forgotten".to_owned();
    Ok(Json(ClearedView { message, hospital }))
}
