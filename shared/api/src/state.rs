//! What handlers can ask for.

use axum::extract::FromRef;
use carehub_domain::{clock::SharedClock, secret::Pepper, webhook::Hosts};
use carehub_objects::Objects;
use carehub_store::Store;

use crate::{
    config::{Origins, PublicUrl, RealtimeUrl},
    limit::Limiter,
    passwords::Passwords,
    token::Tokens,
};

/// Everything a handler may need. Handlers take the parts they use, with
/// `State(store): State<Store>`, so a signature lists its dependencies.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The records.
    pub store: Store,
    /// The content of files.
    pub objects: Objects,
    /// The time.
    pub clock: SharedClock,
    /// Who signs and who signed.
    pub tokens: Tokens,
    /// The hub's own secret.
    pub pepper: Pepper,
    /// How often callers may ask.
    pub limiter: Limiter,
    /// Where passwords become digests.
    pub passwords: Passwords,
    /// The web sites that may call.
    pub origins: Origins,
    /// Where people reach this hub.
    pub public_url: PublicUrl,
    /// Where people connect for live updates.
    pub realtime_url: RealtimeUrl,
    /// Where webhooks may call besides the open Internet.
    pub webhook_hosts: Hosts,
}
