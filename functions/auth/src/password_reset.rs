//! `POST /api/auth/password-reset`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::Visitor,
    error::Problem,
    extract::{Body, Json},
    form,
    passwords::{Passwords, Typed},
    view::Done,
};
use carehub_domain::{
    access::Action,
    account::{Account, SignInError, Username},
    code::{Digits, Purpose},
    contact::Phone,
    secret::Pepper,
};
use carehub_store::Store;

use crate::verify_otp::{entered, holder};

form! {
    /// A new password in exchange for a code.
    pub(crate) struct Reset {
        /// The phone that the code was sent to.
        phone: Phone = "phone_number",
        /// The six digits of the code, asked for with purpose `PASSWORD_RESET`.
        otp: Digits = "code",
        /// The password to sign in with from now on: 8 to 128 characters, hard to guess.
        new_password: Typed = "password",
        /// The same password again.
        new_password_confirm: Option<Typed> = "confirm_password" | "password_confirm",
        /// Which account, if several use the phone.
        username: Option<Username>,
    }
}

/// Choose a new password with a code.
#[utoipa::path(post, path = "/api/auth/password-reset", tag = "auth", security(()), request_body = Reset, responses(
    (status = 200, description = "The password is changed and every session has ended.", body = Done),
    (status = 400, description = "The new password is not fit.", body = Problem),
    (status = 401, description = "The code is not right, was used, or has expired.", body = Problem),
    (status = 409, description = "Several accounts use the phone; `username` must say which.", body = Problem),
    (status = 429, description = "Too many from this address: 5 a minute.", body = Problem),
))]
pub(crate) async fn handler(
    Visitor(visitor): Visitor,
    State(store): State<Store>,
    State(passwords): State<Passwords>,
    State(pepper): State<Pepper>,
    Body(reset): Body<Reset>,
) -> Result<Json<Done>> {
    let code = entered(&store, Purpose::PasswordReset, &reset.phone, &reset.otp, &visitor, &pepper)
        .await?;
    let user = holder(&store, &reset.phone, reset.username.as_ref()).await?;
    let user = user.ok_or(SignInError::CodeRefused)?;
    let (account, _) = store.accounts().credentials(user).await?.unzip();
    let account = account.filter(Account::is_active).ok_or(SignInError::CodeRefused)?;
    let new =
        reset.new_password.choose(reset.new_password_confirm.as_ref(), "new_password", &account)?;
    let digest = passwords.digest(&new).await?;
    let mut account = account.password_chosen(visitor.at);
    let actor = account.actor(None, visitor.origin, visitor.at);
    let permit = actor.authorize(Action::ResetPassword, &account)?;
    store.accounts().reset_password(&mut account, digest, &code, &permit).await?;
    Ok(Json(Done::saying("Password changed successfully")))
}
