//! `POST /api/auth/logout`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::SignedIn,
    error::Problem,
    extract::{Body, Json},
    form,
    view::Done,
};
use carehub_domain::{
    access::Action,
    secret::Pepper,
    session::{RefreshToken, SessionId},
};
use carehub_store::Store;

form! {
    /// The session to end.
    pub(crate) struct Farewell {
        /// A refresh token of the session; without one, the session of the access token.
        refresh: Option<String> = "refresh_token",
    }
}

/// Sign out.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", request_body = Farewell, responses(
    (status = 200, description = "The session has ended.", body = Done),
    (status = 401, description = "The access token or the refresh token is not valid.", body = Problem),
))]
pub(crate) async fn handler(
    SignedIn { actor, session, .. }: SignedIn,
    State(store): State<Store>,
    State(pepper): State<Pepper>,
    Body(farewell): Body<Farewell>,
) -> Result<Json<Done>> {
    let id = farewell.session(session.id, &pepper)?;
    let sessions = store.sessions();
    let (session, permit) =
        sessions.find(session.user, id).await?.permit(&actor, Action::SignOut)?;
    sessions.end(&session, &permit).await?;
    Ok(Json(Done::saying("Logged out successfully")))
}

impl Farewell {
    fn session(&self, current: SessionId, pepper: &Pepper) -> Result<SessionId> {
        let named = self.refresh.as_deref().map(|refresh| RefreshToken::read(refresh, pepper));
        Ok(named.transpose()?.map_or(current, |token| token.session))
    }
}
