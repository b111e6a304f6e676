//! `GET /api/recommendations/{id}` and `GET /api/recommendations/history`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::Tagged,
    extract::{Json, Path},
    listing::{Listing, PageView, Paging, Unfiltered},
};
use carehub_domain::{
    access::{Action, Actor, Denied, Permit},
    recommendation::{Recommendation, RecommendationId, RecommendationList},
};
use carehub_store::Store;

use crate::view::RecommendationView;

/// See what one asked, and what came of it.
#[utoipa::path(get, path = "/api/recommendations/{id}", tag = "recommendations", params(
    ("id" = RecommendationId, Path, description = "The recommendation."),
), responses(
    (status = 200, description = "The recommendation. If it is about a patient, a line in the audit log says that it was read.", body = RecommendationView),
    (status = 404, description = "The caller has asked no such thing.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<RecommendationId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<RecommendationView>>> {
    let (asked, permit) = own(id, Action::ViewRecommendation, &actor, &store).await?;
    note_looks(std::slice::from_ref(&asked), permit, &store).await?;
    Ok(tagged(asked))
}

/// List what one asked.
#[utoipa::path(get, path = "/api/recommendations/history", tag = "recommendations", params(Paging), responses(
    (status = 200, description = "What the caller asked, the latest first. Each patient whom some of it is about has a line in the access log that it was read.", body = PageView<RecommendationView>),
    (status = 400, description = "Some parameters are not right.", body = Problem),
    (status = 403, description = "Who only books appointments asks nothing here.", body = Problem),
))]
pub(crate) async fn history(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Unfiltered>,
    State(store): State<Store>,
) -> Result<Json<PageView<RecommendationView>>> {
    let requester = actor.user.ok_or(Denied::Forbidden)?;
    let permit = actor.create(Action::ViewRecommendation, &RecommendationList { requester })?;
    let page = store.recommendations().of_requester(requester, listing.window.clone()).await?;
    let page = page.visible_to(&actor);
    note_looks(&page.records, permit, &store).await?;
    Ok(listing.answer(page, RecommendationView::from))
}

/// Something that the actor asked, with the right to do something about it.
pub(crate) async fn own(
    id: RecommendationId,
    action: Action,
    actor: &Actor,
    store: &Store,
) -> Result<(Recommendation, Permit)> {
    let requester = actor.user.ok_or(Denied::NotFound)?;
    Ok(store.recommendations().find(requester, id).await?.permit(actor, action)?)
}

/// Adds lines for what is about patients, if anything is.
async fn note_looks(shown: &[Recommendation], permit: Permit, store: &Store) -> Result<()> {
    if shown.iter().any(|asked| asked.patient.is_some()) {
        store.events().note_page(permit, shown).await?;
    }
    Ok(())
}

pub(crate) fn tagged(asked: Recommendation) -> Tagged<Json<RecommendationView>> {
    Tagged::showing(asked, Into::into)
}
