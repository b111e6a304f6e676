//! What follows from events: totals, statistics and ratings, and messages to people.

mod letters;
mod numbers;

use aws_lambda_events::{event::dynamodb::Event as Batch, streams::DynamoDbEventResponse};
use carehub_clients::SharedPost;
use carehub_domain::{Failure, access::Action, event::Event, secret::Pepper};
use carehub_events::{again_from, announced, done};
use carehub_store::Store;

/// Follows the stream of events.
#[derive(Clone)]
pub struct Relay {
    /// The records.
    pub store: Store,
    /// The hub's own secret, which codes are derived from.
    pub pepper: Pepper,
    /// Carries messages to people.
    pub post: SharedPost,
}

impl Relay {
    /// Acts on a batch of the stream. What it could not act on is asked for again, with
    /// all that came behind it.
    ///
    /// Totals count an event once, however often it comes. A message may be sent again if
    /// the function dies right behind it; a code is then the same code.
    pub async fn relay(&self, batch: Batch) -> DynamoDbEventResponse {
        let mut events = Vec::new();
        for (place, event) in announced(batch) {
            match event {
                Ok(event) => events.push((place, event)),
                Err(error) => {
                    tracing::error!(error = %error, stream.place = place, "an event cannot be read");
                    return again_from(place);
                }
            }
        }
        let Some((first, _)) = events.first() else { return done() };
        let counted: Vec<Event> = events.iter().map(|(_, event)| event.clone()).collect();
        if let Err(error) = self.store.totals().count(&counted).await {
            tracing::error!(error.code = error.code(), "events were not counted");
            return again_from(first.clone());
        }
        if let Err(error) = numbers::recount(&self.store, &counted).await {
            tracing::error!(error.code = error.code(), "records were not counted");
            return again_from(first.clone());
        }
        for (place, event) in events {
            if let Err(error) = self.write(&event).await {
                tracing::error!(error.code = error.code(), event.id = %event.id, "a message was not sent");
                return again_from(place);
            }
        }
        done()
    }

    /// Sends the message that an event calls for, if any.
    async fn write(&self, event: &Event) -> Result<(), Box<dyn Failure>> {
        let message = match event.action {
            Action::RequestCode => letters::code(self, event).await?,
            Action::RegisterHospital | Action::ApproveHospital | Action::RejectHospital => {
                letters::decision(self, event).await?
            }
            Action::OfferSlot => letters::offer(self, event).await?,
            _ => None,
        };
        match message {
            Some(message) => self.post.send(message).await.map_err(|error| Box::new(error) as _),
            None => Ok(()),
        }
    }
}
