//! Establishing who is calling.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, OnceLock},
};

use axum::extract::FromRequestParts;
use carehub_domain::{
    access::{Actor, Origin},
    account::{Account, AccountError},
    failures,
    session::Session,
};
use http::{
    Extensions,
    header::{AUTHORIZATION, USER_AGENT},
    request::Parts,
};

use crate::{ApiError, AppState, edge::RequestId};

/// The address that a request came from, as whoever received it saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

impl Peer {
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or(Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
    }
}

/// Whose request it is, for what binds answers to people.
#[derive(Clone, Debug)]
pub(crate) struct CallerName(pub(crate) String);

/// Who turned out to be calling, for what happens after the answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found(Arc<OnceLock<Actor>>);

impl Found {
    pub(crate) fn actor(&self) -> Option<&Actor> {
        self.0.get()
    }
}

/// Someone who need not have signed in.
#[derive(Clone, Debug)]
pub struct Visitor(pub Actor);

impl FromRequestParts<AppState> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let origin = origin(parts);
        state.limiter.count_here(&origin.address.to_string())?;
        Ok(Self(Actor::visitor(origin, state.clock.now())))
    }
}

/// Someone who has signed in, even if a password of their own is still due.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who they are.
    pub actor: Actor,
    /// Their account, as it is now.
    pub account: Account,
    /// The session they act in.
    pub session: Session,
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let now = state.clock.now();
        let token = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .ok_or(Unauthenticated::NoToken)?
            .1;
        let claims = state.tokens.verify(token.trim(), now).ok_or(Unauthenticated::BadToken)?;
        state.limiter.count_here(&claims.sub.to_string())?;
        parts.extensions.insert(CallerName(claims.sub.to_string()));

        // A token says who it was; the tables say who may still act.
        let attendance =
            state.store.sessions().attendance(claims.sub, claims.sid, claims.hospital).await?;
        let (account, session) =
            attendance.admits(claims.hospital, now).ok_or(Unauthenticated::Ended)?;
        let actor = account.actor(Some(session.id), origin(parts), now);
        if let Some(Found(found)) = parts.extensions.get() {
            // Set already if two extractors of one handler ask who it is.
            let _ = found.set(actor.clone());
        }
        Ok(Self { actor, account, session })
    }
}

impl SignedIn {
    /// The same person, unless a password of their own is still due.
    pub fn settled(self) -> Result<Self, AccountError> {
        if self.account.must_change_password() {
            return Err(AccountError::PasswordChangeDue);
        }
        Ok(self)
    }
}

/// The actor behind the current request.
#[derive(Clone, Debug)]
pub struct CurrentActor(pub Actor);

impl FromRequestParts<AppState> for CurrentActor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        Ok(Self(SignedIn::from_request_parts(parts, state).await?.settled()?.actor))
    }
}

fn origin(parts: &Parts) -> Origin {
    let Peer(address) = Peer::of(&parts.extensions);
    let device = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    let request = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone());
    Origin {
        address,
        device: device.map(|device| device.chars().take(200).collect()),
        request: request.unwrap_or_default(),
    }
}

failures! {
    /// The caller has not proved who they are.
    pub enum Unauthenticated {
        NoToken = Unauthenticated "unauthenticated" "sign in first",
        BadToken = Unauthenticated "unauthenticated" "the access token is not valid",
        Ended = Unauthenticated "unauthenticated" "the session has ended",
    }
}
