//! `POST /api/auth/change-password`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::SignedIn,
    error::Problem,
    extract::{Body, Json},
    form,
    form::Invalid,
    passwords::{Passwords, Typed},
    token::Tokens,
};
use carehub_domain::{
    access::Action,
    account::{Account, AccountError},
    password::PasswordHash,
    secret::Pepper,
    session::Session,
};
use carehub_store::Store;

use crate::{SignedInView, view::admitted};

form! {
    /// A new password in exchange for the old one.
    pub(crate) struct PasswordChange {
        /// The present password; not needed by those who never had one.
        old_password: Option<Typed> = "current_password",
        /// The password to sign in with from now on: 8 to 128 characters, hard to guess.
        new_password: Typed,
        /// The same password again.
        new_password_confirm: Option<Typed> = "confirm_password" | "password_confirm",
    }
}

/// Change one's password.
#[utoipa::path(post, path = "/api/auth/change-password", tag = "auth", request_body = PasswordChange, responses(
    (status = 200, description = "The password is changed, every session has ended, and a new one has begun.", body = SignedInView),
    (status = 400, description = "The old password is not right, or the new one is not fit.", body = Problem),
    (status = 429, description = "Too many from this address: 5 a minute.", body = Problem),
))]
pub(crate) async fn handler(
    SignedIn { actor, account, .. }: SignedIn,
    State(store): State<Store>,
    State(passwords): State<Passwords>,
    State(tokens): State<Tokens>,
    State(pepper): State<Pepper>,
    Body(change): Body<PasswordChange>,
) -> Result<Json<SignedInView>> {
    let kept = store.accounts().credentials(account.id).await?.and_then(|(_, kept)| kept);
    let new = change.prove(kept, &passwords, &account).await?;
    let digest = passwords.digest(&new).await?;
    let mut account = account.password_chosen(actor.at);
    let (session, refresh) = Session::begin(&account, &actor.origin, actor.at, &pepper);
    let permit = actor.authorize(Action::ChangePassword, &account)?;
    store.accounts().change_password(&mut account, digest, &session, &permit).await?;
    Ok(Json(admitted(account, &session, &refresh, &tokens, &pepper, actor.at)?))
}

impl PasswordChange {
    /// The new password, if the old one is right.
    async fn prove(
        self,
        kept: Option<PasswordHash>,
        passwords: &Passwords,
        account: &Account,
    ) -> Result<carehub_domain::password::NewPassword> {
        if kept.is_some() {
            let old =
                self.old_password.ok_or_else(|| Invalid::field("old_password", "is required"))?;
            let right = passwords.matches(old.secret(), kept).await?;
            right.then_some(()).ok_or(AccountError::WrongPassword)?;
        }
        Ok(self.new_password.choose(self.new_password_confirm.as_ref(), "new_password", account)?)
    }
}
