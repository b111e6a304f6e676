//! What follows from events: totals, statistics and ratings, and messages to people and pharmacies.

mod letters;
mod numbers;
mod orders;

use aws_lambda_events::{event::dynamodb::Event as Batch, streams::DynamoDbEventResponse};
use carehub_api::config::PublicUrl;
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
    /// Carries messages to people and pharmacies.
    pub post: SharedPost,
    /// Where people reach this hub.
    pub public_url: PublicUrl,
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

    /// Sends the messages that an event calls for.
    async fn write(&self, event: &Event) -> Result<(), Box<dyn Failure>> {
        let messages = match event.action {
            Action::RequestCode => Vec::from_iter(letters::code(self, event).await?),
            Action::RegisterHospital | Action::ApproveHospital | Action::RejectHospital => {
                Vec::from_iter(letters::decision(self, event).await?)
            }
            Action::OfferSlot => Vec::from_iter(letters::offer(self, event).await?),
            Action::SendPrescription => Vec::from_iter(orders::order(self, event).await?),
            Action::BreakGlass => letters::emergency(self, event).await?,
            _ => Vec::new(),
        };
        for message in messages {
            let sent = self.post.send(message).await;
            sent.map_err(|error| Box::new(error) as Box<dyn Failure>)?;
        }
        Ok(())
    }
}
