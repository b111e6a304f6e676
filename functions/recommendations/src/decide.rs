//! `POST /api/recommendations/{id}/decision`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
};
use carehub_domain::{
    access::Action,
    recommendation::{RecommendationId, Verdict},
    text::Text,
};
use carehub_store::Store;

use crate::{
    read::{own, tagged},
    view::RecommendationView,
};

form! {
    /// What became of a draft.
    pub(crate) struct NewDecision {
        /// `ACCEPTED` as it is, `EDITED` into something like it, or `REJECTED`.
        decision: Verdict = "verdict",
        /// Why; needed unless it was accepted.
        reason: Option<Text<1000>>,
    }
}

/// Say what became of a draft.
#[utoipa::path(post, path = "/api/recommendations/{id}/decision", tag = "recommendations", request_body = NewDecision, params(
    ("id" = RecommendationId, Path, description = "The recommendation."),
), responses(
    (status = 200, description = "The recommendation with the decision, which stays. Nothing is prescribed by it.", body = RecommendationView),
    (status = 400, description = "Some fields are not right, or the reason is missing.", body = Problem),
    (status = 403, description = "Patients and who runs the hub decide nothing here.", body = Problem),
    (status = 404, description = "The caller has asked no such thing.", body = Problem),
    (status = 409, description = "It is not answered, or was decided on before.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<RecommendationId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(new): Body<NewDecision>,
) -> Result<Tagged<Json<RecommendationView>>> {
    let (asked, permit) = own(id, Action::DecideRecommendation, &actor, &store).await?;
    expected.check(&asked)?;
    let mut decided = asked.decide(new.decision, new.reason, &actor)?;
    let permit = permit.noting("decision", new.decision);
    store.recommendations().save(&mut decided, &permit).await?;
    Ok(tagged(decided))
}
