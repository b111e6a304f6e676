//! Sessions as those who hold them see them.

use carehub_api::{Result, token::Tokens, view::AccountView};
use carehub_domain::{
    account::Account,
    secret::Pepper,
    session::{ACCESS, RefreshToken, Session},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody who is signed in now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SignedInView {
    /// Who that is.
    pub user: AccountView,
    /// The access token, to be sent as `Authorization: Bearer …`.
    pub access: String,
    /// The refresh token, good for one renewal within seven days.
    pub refresh: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// For how many seconds the access token is good.
    pub expires_in: i64,
}

/// Hands out the tokens of a session.
pub(crate) fn admitted(
    account: Account,
    session: &Session,
    refresh: &RefreshToken,
    tokens: &Tokens,
    pepper: &Pepper,
    now: Timestamp,
) -> Result<SignedInView> {
    Ok(SignedInView {
        access: tokens.sign(&account, session, now)?,
        refresh: refresh.reveal(pepper),
        token_type: "Bearer".to_owned(),
        expires_in: ACCESS.as_secs(),
        user: AccountView::of(account, now),
    })
}

/// A code that was sent, if there is anyone to send it to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Expiring {
    /// What was done.
    pub message: String,
    /// The phone it went to.
    pub phone: String,
    /// For how many seconds the code is good.
    pub expires_in: i64,
}
