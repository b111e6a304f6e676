//! Background work that stops together.

use std::time::Duration;

use tokio::{sync::watch, task::JoinSet, time};

/// Tasks that are asked to stop together.
#[derive(Debug)]
pub(crate) struct Group {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Says when to stop.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Group {
    pub(crate) fn new() -> Self {
        Self { stop: watch::Sender::new(false), tasks: JoinSet::new() }
    }

    /// Says when to stop to whoever is not one of the tasks.
    pub(crate) fn stop(&self) -> Stop {
        Stop(self.stop.subscribe())
    }

    /// Starts a task that ends soon after its `Stop` says so.
    pub(crate) fn spawn<F>(&mut self, task: impl FnOnce(Stop) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(task(Stop(self.stop.subscribe())));
    }

    /// Asks everyone to stop and waits until they have, up to a limit.
    pub(crate) async fn finish(mut self, patience: Duration) {
        self.stop.send_replace(true);
        let finished = time::timeout(patience, async {
            while let Some(ended) = self.tasks.join_next().await {
                if let Err(error) = ended {
                    tracing::error!(%error, "a background task failed");
                }
            }
        });
        if finished.await.is_err() {
            tracing::warn!("some work did not end in time and is cut off");
        }
    }
}

impl Stop {
    /// Waits for the word.
    pub(crate) async fn requested(mut self) {
        // The sender is gone only when the group is.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Sleeps, unless it is time to stop. Says whether to go on.
    pub(crate) async fn sleep(&self, duration: Duration) -> bool {
        time::timeout(duration, self.clone().requested()).await.is_err()
    }
}
