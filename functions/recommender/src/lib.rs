//! Answers what people asked could be given: by rules, and with a language model that puts what
//! they left in order, where there is one.

mod answer;
mod rank;

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use carehub_api::config::Config;
use carehub_clients::{ChatModel, Errand, SharedAssistant};
use carehub_domain::{
    Class, Failure,
    clock::SharedClock,
    failures,
    recommendation::{Budget, FailureCause},
};
use carehub_events::each_alone;
use carehub_store::Store;

/// How often a message comes before the queue puts it aside.
pub const MOST_TRIES: u32 = 5;

/// Answers recommendations.
#[derive(Clone)]
pub struct Recommender {
    /// The records.
    pub store: Store,
    /// The language model, if one is set up.
    pub assistant: Option<SharedAssistant>,
    /// How often a tenant asks it in a day.
    pub budget: Budget,
    /// The time, as answers take some.
    pub clock: SharedClock,
}

/// The language model that settings speak of. Without a key there is none.
pub fn assistant(config: &Config) -> Option<SharedAssistant> {
    let key = config.groq_api_key.clone()?;
    Some(Arc::new(ChatModel::new(config.model_url.as_str(), key, &config.model)))
}

impl Recommender {
    /// Does a batch of errands, all at once, and says which are to come again.
    pub async fn work(&self, batch: SqsEvent) -> SqsBatchResponse {
        each_alone(batch, |message| self.run(message)).await
    }

    /// Does one errand. The last failure is told to whoever waits.
    async fn run(&self, message: SqsMessage) -> Result<(), Box<dyn Failure>> {
        let is_last = tries(&message) >= MOST_TRIES;
        let body = message.body.unwrap_or_default();
        let errand = serde_json::from_str(&body).map_err(|_| RecommenderError::Unreadable)?;
        let Errand::Recommend { requester, recommendation } = errand else {
            return Err(RecommenderError::Misplaced.into());
        };
        match answer::answer(self, requester, recommendation).await {
            Err(error) if is_last => {
                let (code, id) = (error.code(), recommendation);
                tracing::error!(error.code = code, recommendation.id = %id, "it is given up");
                let cause = match error.class() {
                    Class::Internal => FailureCause::Unreadable,
                    _ => FailureCause::GaveUp,
                };
                answer::give_up(self, requester, recommendation, cause).await
            }
            done => done,
        }
    }
}

/// How often the message has come, this time included.
fn tries(message: &SqsMessage) -> u32 {
    let count = message.attributes.get("ApproximateReceiveCount");
    count.and_then(|count| count.parse().ok()).unwrap_or(1)
}

failures! {
    /// Why a recommendation was not made.
    pub enum RecommenderError {
        Unreadable = Invalid "errand-unreadable" "the message is no errand",
        Misplaced = Invalid "errand-misplaced" "the errand is on the queue of somebody else",
        InHand = Unavailable "recommendation-in-hand" "somebody else asks the model about it",
    }
}
