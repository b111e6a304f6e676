//! Linking events, so that nobody changes the log unnoticed.

use std::collections::BTreeMap;

use carehub_domain::{
    chain::Imprint,
    event::{Event, EventId},
};
use carehub_store::StoreError;

use crate::Relay;

/// Puts a link for each event behind the chain that it belongs to, once.
pub(crate) async fn seal(
    relay: &Relay,
    events: &[Event],
    imprints: &BTreeMap<EventId, Imprint>,
) -> Result<(), StoreError> {
    let imprints: Vec<_> =
        events.iter().filter_map(|event| imprints.get(&event.id).copied()).collect();
    relay.store.chains().seal(&imprints).await
}
