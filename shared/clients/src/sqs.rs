//! Queues by Amazon SQS.

use std::{collections::BTreeMap, fmt, pin::Pin};

use aws_sdk_sqs::{Client, error::BuildError, types::SendMessageBatchRequestEntry};
use tokio::sync::OnceCell;

use crate::{Errand, PostError, Queue, Queues};

/// The most messages that one request takes.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
const BATCH: usize = 10;

/// Puts errands on queues of SQS.
pub struct AwsQueues {
    addresses: BTreeMap<Queue, String>,
    client: OnceCell<Client>,
    open: Box<dyn Fn() -> Pin<Box<dyn Future<Output = Client> + Send>> + Send + Sync>,
}

impl AwsQueues {
    /// The queues at these addresses, with a client that `open` makes when there is something to
    /// put. A queue without an address takes nothing.
    pub fn new<F>(
        addresses: impl IntoIterator<Item = (Queue, Option<String>)>,
        open: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Client> + Send + 'static,
    {
        let known = |(queue, address): (Queue, Option<String>)| Some((queue, address?));
        let addresses = addresses.into_iter().filter_map(known).collect();
        Self { addresses, client: OnceCell::new(), open: Box::new(move || Box::pin(open()) as _) }
    }

    async fn put_all(&self, queue: Queue, errands: Vec<Errand>) -> Result<(), PostError> {
        if errands.is_empty() {
            return Ok(());
        }
        let address = self.addresses.get(&queue).ok_or(NoQueue(queue)).map_err(failed)?;
        let client = self.client.get_or_init(&self.open).await;
        for batch in errands.chunks(BATCH) {
            let entries: Result<Vec<_>, _> = batch.iter().enumerate().map(entry).collect();
            let request = client.send_message_batch().queue_url(address);
            let answer = request.set_entries(Some(entries?)).send().await;
            let answer = answer.map_err(|error| PostError(error.into()))?;
            if let Some(refused) = answer.failed.first() {
                return Err(failed(Refused(refused.code.clone())));
            }
        }
        Ok(())
    }
}

/// One message of a batch.
fn entry((place, errand): (usize, &Errand)) -> Result<SendMessageBatchRequestEntry, PostError> {
    let body = serde_json::to_string(errand).map_err(failed)?;
    let entry = SendMessageBatchRequestEntry::builder().id(place.to_string()).message_body(body);
    let entry = match errand {
        // Within five minutes the queue itself drops what comes again; later the event tells.
        Errand::Order(order) => entry
            .message_group_id(order.prescription.to_string())
            .message_deduplication_id(order.event.to_string()),
        Errand::Code { .. }
        | Errand::Notification { .. }
        | Errand::Webhook { .. }
        | Errand::Recommend { .. } => entry,
    };
    entry.build().map_err(|error: BuildError| failed(error))
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> PostError {
    PostError(Box::new(error))
}

impl Queues for AwsQueues {
    fn put(
        &self,
        queue: Queue,
        errands: Vec<Errand>,
    ) -> Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + '_>> {
        Box::pin(self.put_all(queue, errands))
    }
}

impl fmt::Debug for AwsQueues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsQueues").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// No setting says where the queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address of the queue {0:?} is not set")]
struct NoQueue(Queue);

/// SQS took a request, but not all that was in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message was refused: {0}")]
struct Refused(String);
