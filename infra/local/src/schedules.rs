//! Schedules on one machine.

use std::time::Duration;

use carehub_domain::clock::SharedClock;
use jiff::Timestamp;
use serde_json::Value as Json;
use tokio::task;

use crate::{folder::Mark, functions::Outcome, group::Stop, reasons, template::Schedule};

/// How long to sleep at most: the machine may sleep, too, and its clock may be set.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// One schedule of one function.
pub(crate) struct Timer {
    pub(crate) function: String,
    pub(crate) schedule: Schedule,
    pub(crate) clock: SharedClock,
    /// When it last fired.
    pub(crate) mark: Mark,
}

impl Timer {
    /// Calls the function whenever it is time, until it is time to stop.
    ///
    /// What fell due while the machine was off is done once, at the start.
    pub(crate) async fn run<F>(self, call: impl Fn(Json) -> F, stop: Stop)
    where
        F: Future<Output = Outcome<()>> + Send + 'static,
    {
        let mut last = self.last();
        loop {
            let now = self.clock.now();
            let due = last.map_or(now, |last| self.schedule.cadence.next(last));
            if due <= now {
                self.fire(&call).await;
                last = Some(now);
                if let Err(error) = self.mark.write(&now.to_string()) {
                    tracing::error!(%error, "a schedule's progress cannot be kept");
                }
            } else if !stop.sleep(until(now, due)).await {
                return;
            }
        }
    }

    async fn fire<F>(&self, call: impl Fn(Json) -> F)
    where
        F: Future<Output = Outcome<()>> + Send + 'static,
    {
        let (function, schedule) = (self.function.as_str(), self.schedule.name.as_str());
        // In a task of its own, so that a panic costs this turn and no more.
        let call = task::spawn(call(self.schedule.input.clone()));
        match call.await.map_err(Into::into).flatten() {
            Ok(()) => tracing::debug!(function, schedule, "done on schedule"),
            Err(error) => {
                let error = reasons(error.as_ref());
                tracing::error!(function, schedule, error, "a scheduled call failed");
            }
        }
    }

    /// When it last fired, unless the mark is missing, unreadable or from the future.
    fn last(&self) -> Option<Timestamp> {
        let last = self.mark.read().ok()??.parse().ok()?;
        (last <= self.clock.now()).then_some(last)
    }
}

fn until(now: Timestamp, due: Timestamp) -> Duration {
    Duration::try_from(due.duration_since(now))
        .map_or(Duration::ZERO, |wait| wait.min(LONGEST_SLEEP))
}

#[cfg(test)]
mod tests {
    use std::{
        env, fs, process,
        sync::{Arc, Mutex},
    };

    use carehub_domain::clock::{Clock, SystemClock};
    use futures_util::{FutureExt, future};
    use jiff::SignedDuration;
    use serde_json::json;

    use super::*;
    use crate::{folder::Folder, group::Group};

    #[tokio::test]
    async fn what_fell_due_while_the_machine_was_off_is_done_once() {
        let hour = SignedDuration::from_hours(1);

        assert_eq!(calls("new", None).await, [json!("codes")]);
        assert_eq!(calls("late", Some(hour * 3)).await, [json!("codes")]);
        assert_eq!(calls("early", Some(hour / 2)).await, [] as [Json; 0]);
        assert_eq!(calls("future", Some(-hour)).await, [json!("codes")]);
    }

    #[tokio::test]
    async fn a_panic_is_a_failed_call() {
        let (folder, timer) = timer("panic");
        let mark = timer.mark.clone();
        let mut group = Group::new();

        group.spawn(|stop| timer.run(|_| async { panic!("out of paper") }, stop));
        group.finish(Duration::from_secs(5)).await;

        assert!(mark.read().unwrap().is_some());
        fs::remove_dir_all(folder).unwrap();
    }

    /// The calls that an hourly schedule makes at the start, so long after it last fired.
    async fn calls(name: &str, since: Option<SignedDuration>) -> Vec<Json> {
        let (folder, timer) = timer(name);
        if let Some(since) = since {
            timer.mark.write(&(SystemClock.now() - since).to_string()).unwrap();
        }
        let calls = Arc::new(Mutex::new(Vec::new()));
        let mut group = Group::new();

        let made = Arc::clone(&calls);
        let call = move |input| {
            made.lock().unwrap().push(input);
            future::ready(Ok(())).boxed()
        };
        group.spawn(|stop| timer.run(call, stop));
        group.finish(Duration::from_secs(5)).await;

        fs::remove_dir_all(folder).unwrap();
        calls.lock().unwrap().clone()
    }

    fn timer(name: &str) -> (std::path::PathBuf, Timer) {
        let path = env::temp_dir().join(format!("carehub-timer-{name}-{}", process::id()));
        let folder = Folder::open(&path, true).unwrap();
        let schedule = Schedule {
            name: "Codes".to_owned(),
            cadence: "rate(1 hour)".parse().unwrap(),
            input: json!("codes"),
        };
        let mark = folder.mark("housekeeping", "Codes");
        let clock = Arc::new(SystemClock);
        (path, Timer { function: "housekeeping".to_owned(), schedule, clock, mark })
    }
}
