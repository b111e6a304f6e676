//! `GET /api/hospitals`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::Json,
    form,
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    access::{Action, Actor},
    hospital::MembershipName::{self, Approved, Pending, Rejected},
};
use carehub_store::Store;

use crate::HospitalView;

form! {
    /// Which hospitals to list.
    pub(crate) struct Wanted {
        /// For admins: `true` for those that have joined, `false` for the others.
        is_approved: Option<Flag>,
        /// Accepted and without effect: the list is always oldest first.
        ordering: Option<String>,
    }
}

/// `true` or `false`, as text.
#[derive(Clone, Copy, Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Flag {
    #[serde(alias = "True", alias = "1")]
    True,
    #[serde(alias = "False", alias = "0")]
    False,
}

/// List hospitals.
#[utoipa::path(get, path = "/api/hospitals", tag = "hospitals", params(
    ("is_approved" = Option<bool>, Query, description = "For admins: `true` for hospitals that have joined, `false` for the others."),
    Paging,
), responses(
    (status = 200, description = "The hospitals that have joined; for admins, all or those asked for. Oldest first.", body = PageView<HospitalView>),
    (status = 401, description = "Nobody is signed in.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<HospitalView>>> {
    let states = listing.filter.states(&actor);
    let page = store.hospitals().in_states(states, listing.window.clone()).await?;
    Ok(listing.answer(page.visible_to(&actor), HospitalView::from))
}

impl Wanted {
    fn states(&self, actor: &Actor) -> &'static [MembershipName] {
        match (actor.allow(Action::ListHospitals), self.is_approved) {
            (Ok(_), None) => &[Approved, Pending, Rejected],
            (Ok(_), Some(Flag::False)) => &[Pending, Rejected],
            (Ok(_), Some(Flag::True)) | (Err(_), _) => &[Approved],
        }
    }
}
