//! `POST /api/auth/refresh`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::Visitor,
    error::Problem,
    extract::{Body, Json},
    form,
    token::Tokens,
};
use carehub_domain::{
    access::{Action, Actor},
    secret::Pepper,
    session::{RefreshToken, Session, SessionError},
};
use carehub_store::{Attendance, Store, WriteError};

use crate::{SignedInView, view::admitted};

form! {
    /// A session to continue.
    pub(crate) struct Renewal {
        /// The newest refresh token of the session.
        refresh: String = "refresh_token",
    }
}

/// Continue a session.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "auth", security(()), request_body = Renewal, responses(
    (status = 200, description = "The session goes on with a new pair of tokens.", body = SignedInView),
    (status = 401, description = "The token is not valid. If it was used before, the session has ended.", body = Problem),
    (status = 429, description = "Too many from this address: 20 a minute.", body = Problem),
))]
pub(crate) async fn handler(
    Visitor(visitor): Visitor,
    State(store): State<Store>,
    State(tokens): State<Tokens>,
    State(pepper): State<Pepper>,
    Body(renewal): Body<Renewal>,
) -> Result<Json<SignedInView>> {
    let presented = RefreshToken::read(&renewal.refresh, &pepper)?;
    let attendance = store.sessions().attendance(presented.user, presented.session, None).await?;
    let Attendance { session: Some(session), account: Some(account), .. } = attendance else {
        return Err(SessionError::Invalid.into());
    };
    let open = store.hospitals().is_open(account.hospital, session.started_at).await?;
    open.then_some(()).ok_or(SessionError::Invalid)?;

    let actor = account.actor(Some(session.id), visitor.origin, visitor.at);
    let renewed = session.clone().renew(&account, &presented, visitor.at, &pepper);
    match save(&store, renewed, &actor).await {
        Ok((session, refresh)) => {
            Ok(Json(admitted(account, &session, &refresh, &tokens, &pepper, visitor.at)?))
        }
        Err(WriteError::Condition(SessionError::Reused)) => {
            let permit = actor.create(Action::ReuseToken, &session)?;
            store.sessions().end(&session, &permit).await?;
            Err(SessionError::Reused.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Saves a renewal. Of two with the same token, one comes second and counts as reuse.
async fn save(
    store: &Store,
    renewed: Result<(Session, RefreshToken), SessionError>,
    actor: &Actor,
) -> Result<(Session, RefreshToken), WriteError<SessionError>> {
    let (mut session, refresh) = renewed.map_err(WriteError::Condition)?;
    let permit = actor.create(Action::RefreshSession, &session);
    let permit = permit.map_err(|_| WriteError::Condition(SessionError::Invalid))?;
    store.sessions().renew(&mut session, &permit).await?;
    Ok((session, refresh))
}
