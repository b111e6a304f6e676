//! `POST /api/realtime/tickets`

use axum::{extract::State, http::StatusCode};
use carehub_api::{Result, actor::SignedIn, config::RealtimeUrl, error::Problem, extract::Json};
use carehub_domain::{access::Action, live::Ticket};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A ticket for a live connection. It is shown once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TicketView {
    /// The ticket.
    pub ticket: String,
    /// Where to connect, with the ticket in it.
    pub url: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Take a ticket for a live connection.
#[utoipa::path(post, path = "/api/realtime/tickets", tag = "realtime", responses(
    (status = 201, description = "A ticket that opens one connection within a minute.", body = TicketView),
    (status = 403, description = "A password of one's own is still due.", body = Problem),
))]
pub(crate) async fn create(
    signed_in: SignedIn,
    State(store): State<Store>,
    State(url): State<RealtimeUrl>,
) -> Result<(StatusCode, Json<TicketView>)> {
    let SignedIn { actor, account, session } = signed_in.settled()?;
    let (ticket, secret) = Ticket::issue(&account, &session, actor.at);
    let permit = actor.create(Action::TakeTicket, &ticket)?;
    store.feeds().issue(&ticket, &permit).await?;
    let (expires_at, ticket) = (ticket.expires_at, secret.reveal());
    let url = url.with_ticket(&ticket);
    Ok((StatusCode::CREATED, Json(TicketView { ticket, url, expires_at })))
}
