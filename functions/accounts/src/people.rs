//! `GET /api/users/doctors` and `/api/users/patients`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::Json,
    form,
    listing::{Listing, PageView, Paging},
    view::AccountView,
};
use carehub_domain::{
    access::{Action, Actor, Role},
    text::Text,
};
use carehub_store::Store;

form! {
    /// Which people to list.
    pub(crate) struct Wanted {
        /// Only those with a word that begins like this: name, user name, e-mail or phone.
        search: Option<Text<150>> = "query",
        /// Accepted and without effect: newest first, or by word when searching.
        ordering: Option<String>,
    }
}

/// List the accounts of doctors.
#[utoipa::path(get, path = "/api/users/doctors", tag = "accounts", params(
    ("search" = Option<String>, Query, description = "Only those with a word that begins like this."),
    Paging,
), responses(
    (status = 200, description = "The accounts of doctors.", body = PageView<AccountView>),
    (status = 403, description = "Only admins may see this.", body = Problem),
))]
pub(crate) async fn doctors(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<AccountView>>> {
    of_role(Role::Doctor, &actor, &listing, &store).await
}

/// List the accounts of patients.
#[utoipa::path(get, path = "/api/users/patients", tag = "accounts", params(
    ("search" = Option<String>, Query, description = "Only those with a word that begins like this."),
    Paging,
), responses(
    (status = 200, description = "The accounts of patients.", body = PageView<AccountView>),
    (status = 403, description = "Only admins may see this.", body = Problem),
))]
pub(crate) async fn patients(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<AccountView>>> {
    of_role(Role::Patient, &actor, &listing, &store).await
}

async fn of_role(
    role: Role,
    actor: &Actor,
    listing: &Listing<Wanted>,
    store: &Store,
) -> Result<Json<PageView<AccountView>>> {
    let _permit = actor.allow(Action::ListAccounts)?;
    let (accounts, window) = (store.accounts(), listing.window.clone());
    let page = match &listing.filter.search {
        Some(text) => accounts.found_by(text.reveal(), &[role], window).await?,
        None => accounts.of_roles(&[role], window).await?,
    };
    Ok(listing.answer(page.visible_to(actor), |account| AccountView::of(account, actor.at)))
}
