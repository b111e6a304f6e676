//! What follows from events: totals, statistics and ratings, and errands for whoever carries
//! messages to people, programs and pharmacies.

mod errands;
mod live;
mod notices;
mod numbers;
mod orders;
mod seal;

use std::{collections::BTreeMap, slice};

use aws_lambda_events::{event::dynamodb::Event as Batch, streams::DynamoDbEventResponse};
use carehub_api::config::PublicUrl;
use carehub_clients::{SharedQueues, SharedWire};
use carehub_domain::{
    Failure,
    chain::Imprint,
    event::{Event, EventId},
    secret::Pepper,
};
use carehub_events::{again_from, announced, done, imprints};
use carehub_store::Store;

/// Follows the stream of events.
#[derive(Clone)]
pub struct Relay {
    /// The records.
    pub store: Store,
    /// The hub's own secret, which prescriptions are verified with.
    pub pepper: Pepper,
    /// Take what others are to do.
    pub queues: SharedQueues,
    /// Holds the live connections.
    pub wire: SharedWire,
    /// Where people reach this hub.
    pub public_url: PublicUrl,
}

impl Relay {
    /// Acts on a batch of the stream. What it could not act on is asked for again, with
    /// all that came behind it.
    ///
    /// Each stage acts on an event once, however often it comes, or leaves that to whoever takes
    /// the errand. So a batch that fails is acted on again, event by event, until it is clear which
    /// of them is to blame.
    pub async fn relay(&self, batch: Batch) -> DynamoDbEventResponse {
        let imprints = imprints(&batch);
        let mut events = Vec::new();
        let mut unreadable = None;
        for (place, event) in announced(batch) {
            match event {
                Ok(event) => events.push((place, event)),
                Err(error) => {
                    tracing::error!(error = %error, stream.place = place, "an event cannot be read");
                    unreadable = Some(place);
                    break;
                }
            }
        }
        let all: Vec<Event> = events.iter().map(|(_, event)| event.clone()).collect();
        if let Err(error) = Box::pin(self.act(&all, &imprints)).await {
            tracing::warn!(error.code = error.code(), "a batch failed and is taken apart");
            for (place, event) in events {
                let acting = self.act(slice::from_ref(&event), &imprints);
                if let Err(error) = Box::pin(acting).await {
                    let code = error.code();
                    tracing::error!(error.code = code, event.id = %event.id, "an event was not acted on");
                    return again_from(place);
                }
            }
        }
        unreadable.map_or_else(done, again_from)
    }

    /// Goes through the stages. Each may rely on those before it. What it holds while it waits is
    /// large, so callers box it.
    async fn act(
        &self,
        events: &[Event],
        imprints: &BTreeMap<EventId, Imprint>,
    ) -> Result<(), Box<dyn Failure>> {
        self.store.totals().count(events).await?;
        numbers::recount(&self.store, events).await?;
        seal::seal(self, events, imprints).await?;
        notices::tell(self, events).await?;
        errands::put(self, events).await?;
        live::push(self, events).await?;
        Ok(())
    }
}
