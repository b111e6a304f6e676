//! Queues that stay here.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use carehub_clients::{Errand, Order, PostError, Queue, Queues};

/// The most messages that a function is given at once.
const BATCH: usize = 10;

/// Keeps errands until somebody did them.
#[derive(Debug, Default)]
pub struct RecordedQueues {
    queues: Mutex<BTreeMap<Queue, Vec<Waiting>>>,
    count: AtomicU32,
}

#[derive(Clone, Debug)]
struct Waiting {
    id: String,
    body: String,
    /// How often it was given out.
    given: u32,
}

impl RecordedQueues {
    /// The errands of a queue that wait, oldest first.
    pub fn waiting(&self, queue: Queue) -> Vec<Errand> {
        let bodies = self.all(queue).into_iter().map(|message| message.body);
        bodies.filter_map(|body| serde_json::from_str(&body).ok()).collect()
    }

    /// What pharmacies were told to dispense, oldest first.
    pub fn orders(&self) -> Vec<Order> {
        let orders = self.waiting(Queue::Pharmacy).into_iter().filter_map(|errand| match errand {
            Errand::Order(order) => Some(order),
            Errand::Code { .. }
            | Errand::Notification { .. }
            | Errand::Webhook { .. }
            | Errand::Recommend { .. } => None,
        });
        orders.collect()
    }

    /// Some of the messages that wait, as a function is given them. They wait until
    /// [`done`](Self::done), so that taking twice delivers twice.
    pub fn batch(&self, queue: Queue) -> SqsEvent {
        let mut event = SqsEvent::default();
        let mut queues = self.lock();
        for waiting in queues.entry(queue).or_default().iter_mut().take(BATCH) {
            waiting.given += 1;
            let Waiting { id, body, given } = waiting.clone();
            let mut message = SqsMessage::default();
            let given = ("ApproximateReceiveCount".to_owned(), given.to_string());
            message.attributes = [given].into();
            message.receipt_handle = Some(format!("receipt of {id}"));
            message.message_id = Some(id);
            message.body = Some(body);
            event.records.push(message);
        }
        event
    }

    /// Deletes what a function did of a batch.
    pub fn done(&self, queue: Queue, batch: &SqsEvent, answer: &SqsBatchResponse) {
        let failed = |id: &str| {
            answer.batch_item_failures.iter().any(|failure| failure.item_identifier == id)
        };
        let done = |waiting: &Waiting| {
            let given =
                batch.records.iter().any(|one| one.message_id.as_ref() == Some(&waiting.id));
            given && !failed(&waiting.id)
        };
        self.lock().entry(queue).or_default().retain(|waiting| !done(waiting));
    }

    /// Puts a message on a queue that is no errand.
    pub fn poison(&self, queue: Queue, body: &str) {
        let id = format!("message-{}", self.count.fetch_add(1, Ordering::Relaxed));
        let waiting = Waiting { id, body: body.to_owned(), given: 0 };
        self.lock().entry(queue).or_default().push(waiting);
    }

    /// Turns the order of a queue round, as a queue may.
    pub fn reverse(&self, queue: Queue) {
        self.lock().entry(queue).or_default().reverse();
    }

    fn has(&self, queue: Queue, errand: &Errand) -> bool {
        self.waiting(queue).contains(errand)
    }

    fn all(&self, queue: Queue) -> Vec<Waiting> {
        self.lock().get(&queue).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Queue, Vec<Waiting>>> {
        self.queues.lock().expect("no test panics while queueing")
    }
}

impl Queues for RecordedQueues {
    fn put(
        &self,
        queue: Queue,
        errands: Vec<Errand>,
    ) -> Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + '_>> {
        Box::pin(async move {
            for errand in errands {
                // A queue in order drops what comes again, as SQS does for five minutes.
                let again = matches!(errand, Errand::Order(_)) && self.has(queue, &errand);
                if !again {
                    self.poison(queue, &serde_json::to_string(&errand).expect("errands are JSON"));
                }
                // Whoever dies here has put some of them.
                tokio::task::yield_now().await;
            }
            Ok(())
        })
    }
}
