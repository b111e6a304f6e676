//! `GET`, `PUT` and `PATCH /api/auth/profile`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::SignedIn,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json},
    profile::ProfileChanges,
    view::AccountView,
};
use carehub_domain::access::Action;
use carehub_store::Store;

/// See one's own account.
#[utoipa::path(get, path = "/api/auth/profile", tag = "auth", responses(
    (status = 200, description = "The account of whoever asks.", body = AccountView),
    (status = 401, description = "Nobody is signed in.", body = Problem),
))]
pub(crate) async fn show(
    SignedIn { actor, account, .. }: SignedIn,
) -> Result<Tagged<Json<AccountView>>> {
    Ok(Tagged::showing(account, |account| AccountView::of(account, actor.at)))
}

/// Change one's own account.
#[utoipa::path(patch, path = "/api/auth/profile", tag = "auth", request_body = ProfileChanges, responses(
    (status = 200, description = "The account as it is now. `PUT` means the same.", body = AccountView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    signed_in: SignedIn,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<ProfileChanges>,
) -> Result<Tagged<Json<AccountView>>> {
    let SignedIn { actor, account: before, .. } = signed_in.settled()?;
    expected.check(&before)?;
    let mut account = before.clone();
    let changed = changes.apply(&mut account, actor.at)?;
    let permit = actor.authorize(Action::EditAccount, &account)?.changing(&changed);
    store.accounts().save(&before, &mut account, &permit).await?;
    Ok(Tagged::showing(account, |account| AccountView::of(account, actor.at)))
}
