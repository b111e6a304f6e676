//! Carries to people, and to programs of others, what the queues tell it to.

mod codes;
mod letter;
mod notifications;
mod webhooks;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use carehub_api::config::PublicUrl;
use carehub_clients::{Errand, SharedPost, Web};
use carehub_domain::{Failure, failures, secret::Pepper};
use carehub_events::each_alone;
use carehub_store::Store;
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
        each_alone(batch, |message| self.run(message, now)).await
    }

    async fn run(&self, message: SqsMessage, now: Timestamp) -> Result<(), Box<dyn Failure>> {
        let body = message.body.unwrap_or_default();
        let errand = serde_json::from_str(&body).map_err(|_| ErrandError::Unreadable)?;
        match errand {
            Errand::Code { event, code } => codes::send(self, event, code, now).await,
            Errand::Notification { recipient, notification, channel } => {
                notifications::send(self, (recipient, notification), channel, now).await
            }
            Errand::Webhook { hospital, webhook, announcement } => {
                webhooks::call(self, (hospital, webhook), &announcement, now).await
            }
            Errand::Order(_) | Errand::Recommend { .. } => Err(ErrandError::Misplaced.into()),
        }
    }
}

failures! {
    /// Why an errand was not done.
    pub enum ErrandError {
        Unreadable = Invalid "errand-unreadable" "the message is no errand",
        Misplaced = Invalid "errand-misplaced" "the errand is on the queue of somebody else",
        Refused = Unavailable "webhook-refused" "the program did not take it",
        Resting = Unavailable "webhook-resting" "the program did not answer and is left alone for a while",
    }
}
