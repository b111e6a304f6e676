//! Carries to people, and to programs of others, what the queues tell it to.

mod codes;
mod letter;
mod notifications;
mod webhooks;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use carehub_api::config::PublicUrl;
use carehub_clients::{Errand, SharedPost, Web};
use carehub_domain::{Failure, failures, secret::Pepper};
use carehub_store::Store;
use futures_util::future::join_all;
use jiff::Timestamp;

/// Does the errands of the queues.
#[derive(Clone)]
pub struct Notifier {
    /// The records.
    pub store: Store,
    /// The hub's own secret, which codes and signatures are derived from.
    pub pepper: Pepper,
    /// Carries messages to people.
    pub post: SharedPost,
    /// Asks programs of others.
    pub web: Web,
    /// Where people reach this hub.
    pub public_url: PublicUrl,
}

impl Notifier {
    /// Does a batch of errands as of `now`, all at once, and says which are to come again.
    ///
    /// An errand may come twice, late and in any order. What it is about is read when it comes, so
    /// it is always done as things are then.
    pub async fn deliver(&self, batch: SqsEvent, now: Timestamp) -> SqsBatchResponse {
        let errands = batch.records.into_iter().map(|message| self.deliver_one(message, now));
        let mut answer = SqsBatchResponse::default();
        answer.batch_item_failures = join_all(errands).await.into_iter().flatten().collect();
        answer
    }

    /// Does one errand. A failure goes back alone.
    async fn deliver_one(&self, message: SqsMessage, now: Timestamp) -> Option<BatchItemFailure> {
        let id = message.message_id.unwrap_or_default();
        let error = self.run(&message.body.unwrap_or_default(), now).await.err()?;
        let (code, message) = (error.code(), id.as_str());
        tracing::error!(error.code = code, message.id = message, "an errand was not done");
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        Some(failure)
    }

    async fn run(&self, body: &str, now: Timestamp) -> Result<(), Box<dyn Failure>> {
        let errand = serde_json::from_str(body).map_err(|_| failed(ErrandError::Unreadable))?;
        match errand {
            Errand::Code { event, code } => codes::send(self, event, code, now).await,
            Errand::Notification { recipient, notification, channel } => {
                notifications::send(self, (recipient, notification), channel, now).await
            }
            Errand::Webhook { hospital, webhook, announcement } => {
                webhooks::call(self, (hospital, webhook), &announcement, now).await
            }
            Errand::Order(_) | Errand::Recommend { .. } => Err(failed(ErrandError::Misplaced)),
        }
    }
}

fn failed(error: impl Failure) -> Box<dyn Failure> {
    Box::new(error)
}

failures! {
    /// Why an errand was not done.
    pub enum ErrandError {
        Unreadable = Invalid "errand-unreadable" "the message is no errand",
        Misplaced = Invalid "errand-misplaced" "the errand is on the queue of somebody else",
        Refused = Unavailable "webhook-refused" "the program did not take it",
    }
}
