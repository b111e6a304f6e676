//! `GET` and `DELETE /api/auth/sessions`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::SignedIn,
    error::Problem,
    extract::{Body, Json, Path},
    form,
    listing::{Listing, PageView, Paging, Unfiltered},
};
use carehub_domain::{
    access::Action,
    session::{Session, SessionId},
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A session of one's own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// Identifies the session.
    pub id: SessionId,
    /// The program that signed in.
    pub device_info: Option<Text<400>>,
    /// The address it signed in from.
    pub ip_address: String,
    /// Whether it may still be used.
    pub is_active: bool,
    /// Whether it is the one that asks.
    pub is_current: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last renewed.
    pub last_used: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

form! {
    /// The session to end.
    pub(crate) struct Ending {
        /// Which one; without it, all but the one that asks.
        session_id: Option<SessionId> = "id",
    }
}

/// List one's own sessions.
#[utoipa::path(get, path = "/api/auth/sessions", tag = "auth", params(
    Paging,
), responses(
    (status = 200, description = "One's own sessions, newest first.", body = PageView<SessionView>),
    (status = 401, description = "Nobody is signed in.", body = Problem),
))]
pub(crate) async fn list(
    signed_in: SignedIn,
    listing: Listing<Unfiltered>,
    State(store): State<Store>,
) -> Result<Json<PageView<SessionView>>> {
    let user = signed_in.account.id;
    let page = store.sessions().of_user(user, listing.window.clone()).await?;
    let page = page.visible_to(&signed_in.actor);
    Ok(listing.answer(page, |session| view(session, &signed_in)))
}

/// End one session, or all others.
#[utoipa::path(delete, path = "/api/auth/sessions", tag = "auth", request_body = Ending, responses(
    (status = 204, description = "The session, or all others, have ended."),
    (status = 404, description = "There is no such session.", body = Problem),
))]
pub(crate) async fn end(
    SignedIn { actor, session, .. }: SignedIn,
    State(store): State<Store>,
    Body(ending): Body<Ending>,
) -> Result<StatusCode> {
    let sessions = store.sessions();
    match ending.session_id {
        Some(id) => {
            let ended = sessions.find(session.user, id).await?;
            let (ended, permit) = ended.permit(&actor, Action::EndSession)?;
            sessions.end(&ended, &permit).await?;
        }
        None => {
            let permit = actor.authorize(Action::EndSession, &session)?;
            sessions.end_others(session.user, session.id, &permit).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// End one session.
#[utoipa::path(delete, path = "/api/auth/sessions/{id}", tag = "auth", params(
    ("id" = SessionId, Path, description = "The session."),
), responses(
    (status = 204, description = "The session has ended."),
    (status = 404, description = "There is no such session.", body = Problem),
))]
pub(crate) async fn end_one(
    SignedIn { actor, account, .. }: SignedIn,
    Path(id): Path<SessionId>,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let sessions = store.sessions();
    let (ended, permit) =
        sessions.find(account.id, id).await?.permit(&actor, Action::EndSession)?;
    sessions.end(&ended, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(session: Session, asking: &SignedIn) -> SessionView {
    SessionView {
        id: session.id,
        is_active: session.is_live(&asking.account, asking.actor.at),
        is_current: session.id == asking.session.id,
        created_at: session.started_at,
        last_used: session.renewed_at,
        expires_at: session.expires_at(),
        device_info: session.device,
        ip_address: session.address,
    }
}
