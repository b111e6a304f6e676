//! An engine that many share and wait at.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::Router;
use carehub_domain::clock::SharedClock;
use jiff::Timestamp;
use tokio::{sync::watch, time};

use crate::{Engine, Message, Refusal, Wish, service};

/// How long to sleep at most: the machine may sleep, too, and its clock may be set.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// The queues of one machine.
#[derive(Clone)]
pub struct Sqs(Arc<Shared>);

struct Shared {
    engine: Mutex<Engine>,
    clock: SharedClock,
    /// Says that there may be something to receive.
    changed: watch::Sender<()>,
}

impl Sqs {
    /// Shares an engine.
    pub fn new(engine: Engine, clock: SharedClock) -> Self {
        let changed = watch::Sender::new(());
        Self(Arc::new(Shared { engine: Mutex::new(engine), clock, changed }))
    }

    /// The queues as the AWS SDK speaks to them.
    pub fn router(&self) -> Router {
        service::router(self.clone())
    }

    /// Asks the engine something that gives nobody anything to receive.
    pub fn ask<T>(&self, question: impl FnOnce(&mut Engine, Timestamp) -> T) -> T {
        let mut engine = self.0.engine.lock().unwrap_or_else(PoisonError::into_inner);
        question(&mut engine, self.0.clock.now())
    }

    /// Has the engine do something, and tells everybody who waits for messages.
    pub fn tell<T>(&self, work: impl FnOnce(&mut Engine, Timestamp) -> T) -> T {
        let done = self.ask(work);
        self.0.changed.send_replace(());
        done
    }

    /// Receives messages, waiting for them if there are none.
    ///
    /// Whoever stops waiting has received nothing.
    pub async fn receive(
        &self,
        queue: &str,
        wish: Wish,
        patience: Duration,
    ) -> Result<Vec<Message>, Refusal> {
        let end = time::Instant::now() + patience;
        // To listen comes before to look, so that nothing falls in between.
        let mut changed = self.0.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let messages = self.ask(|engine, now| engine.receive(queue, wish, now))?;
            if !messages.is_empty() || time::Instant::now() >= end {
                return Ok(messages);
            }
            let next = self.ask(|engine, now| {
                let next = engine.next(queue, now)?;
                Ok::<_, Refusal>(next.map_or(LONGEST_SLEEP, |next| until(now, next)))
            })?;
            let pause = time::sleep_until(end.min(time::Instant::now() + next));
            tokio::select! {
                () = pause => {}
                // The sender lives as long as these queues.
                _ = changed.changed() => {}
            }
        }
    }
}

fn until(now: Timestamp, next: Timestamp) -> Duration {
    // Instants are kept as milliseconds, so the next one begins a little later.
    let wait = Duration::try_from(next.duration_since(now)).unwrap_or_default();
    (wait + Duration::from_millis(1)).min(LONGEST_SLEEP)
}
