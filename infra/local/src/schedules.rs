//! Schedules on one machine.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use carehub_domain::clock::SharedClock;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;
use tokio::task;

use crate::{folder::Mark, functions::Task, group::Stop, reasons, template::Schedule};

/// How long to sleep at most: the machine may sleep, too, and its clock may be set.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// One schedule of one function.
pub(crate) struct Timer {
    pub(crate) function: String,
    pub(crate) schedule: Schedule,
    pub(crate) clock: SharedClock,
    pub(crate) task: Task,
    /// When it last fired.
    pub(crate) mark: Mark,
    /// What came of it the last time since the start.
    pub(crate) run: Mutex<Option<Run>>,
}

/// What came of a call.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Run {
    pub(crate) at: Timestamp,
    pub(crate) took_ms: u64,
    /// What the function says that it did.
    pub(crate) did: Json,
    /// Why it was not done, or not wholly.
    pub(crate) problem: Option<String>,
}

/// A schedule as developers see it.
#[derive(Debug, Serialize)]
pub(crate) struct Shown<'a> {
    function: &'a str,
    name: &'a str,
    expression: &'a str,
    input: &'a Json,
    last: Option<Timestamp>,
    next: Timestamp,
    run: Option<Run>,
}

impl Timer {
    /// Calls the function whenever it is time, until it is time to stop.
    ///
    /// What fell due while the machine was off is done once, at the start.
    pub(crate) async fn run(self: Arc<Self>, stop: Stop) {
        let mut last = self.last();
        loop {
            let now = self.clock.now();
            let due = self.due(last, now);
            if due <= now {
                self.fire().await;
                last = Some(now);
                if let Err(error) = self.mark.write(&now.to_string()) {
                    tracing::error!(%error, "a schedule's progress cannot be kept");
                }
            } else if !stop.sleep(until(now, due)).await {
                return;
            }
        }
    }

    /// Calls the function, whether it is time or not.
    pub(crate) async fn fire(&self) -> Run {
        let (function, schedule) = (self.function.as_str(), self.schedule.name.as_str());
        let (at, started) = (self.clock.now(), Instant::now());
        // In a task of its own, so that a panic costs this turn and no more.
        let call = task::spawn((self.task)(self.schedule.input.clone()));
        let (did, problem) = match call.await.map_err(Into::into).flatten() {
            Ok(did) => {
                tracing::debug!(function, schedule, %did, "done on schedule");
                (did, None)
            }
            Err(error) => {
                let error = reasons(error.as_ref());
                tracing::error!(function, schedule, error, "a scheduled call failed");
                (Json::Null, Some(error))
            }
        };
        let took_ms = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        let run = Run { at, took_ms, did, problem };
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = Some(run.clone());
        run
    }

    /// The schedule as it stands.
    pub(crate) fn shown(&self) -> Shown<'_> {
        let (last, now) = (self.last(), self.clock.now());
        let Schedule { name, expression, input, .. } = &self.schedule;
        Shown {
            function: &self.function,
            name,
            expression,
            input,
            last,
            next: self.due(last, now),
            run: self.run.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    fn due(&self, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        last.map_or(now, |last| self.schedule.cadence.next(last))
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
    use std::{env, fs, path::PathBuf, process};

    use carehub_domain::clock::{Clock, SystemClock};
    use futures_util::{FutureExt, future};
    use jiff::SignedDuration;
    use serde_json::json;

    use super::*;
    use crate::{folder::Folder, functions::Outcome, group::Group};

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
        let scene = Scene::new("panic", |_| async { panic!("out of paper") }.boxed());
        let mut group = Group::new();

        group.spawn(|stop| Arc::clone(&scene.timer).run(stop));
        group.finish(Duration::from_secs(5)).await;

        let shown = scene.timer.shown();
        assert!(shown.last.is_some());
        assert!(shown.run.unwrap().problem.unwrap().contains("panicked"));
    }

    #[tokio::test]
    async fn doing_it_now_says_what_was_done_and_changes_no_time() {
        let scene = Scene::new("now", |_| future::ready(Ok(json!({"codes": 3}))).boxed());
        let last = SystemClock.now() - SignedDuration::from_mins(10);
        scene.timer.mark.write(&last.to_string()).unwrap();

        let run = scene.timer.fire().await;

        assert_eq!((run.did, run.problem), (json!({"codes": 3}), None));
        let shown = scene.timer.shown();
        assert_eq!(shown.last, Some(last));
        assert_eq!(shown.next, last + SignedDuration::from_hours(1));
        assert_eq!(shown.run.unwrap().did, json!({"codes": 3}));
    }

    /// The calls that an hourly schedule makes at the start, so long after it last fired.
    async fn calls(name: &str, since: Option<SignedDuration>) -> Vec<Json> {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let made = Arc::clone(&calls);
        let scene = Scene::new(name, move |input| {
            made.lock().unwrap().push(input);
            future::ready(Ok(Json::Null)).boxed()
        });
        if let Some(since) = since {
            scene.timer.mark.write(&(SystemClock.now() - since).to_string()).unwrap();
        }
        let mut group = Group::new();

        group.spawn(|stop| Arc::clone(&scene.timer).run(stop));
        group.finish(Duration::from_secs(5)).await;

        calls.lock().unwrap().clone()
    }

    struct Scene {
        path: PathBuf,
        timer: Arc<Timer>,
    }

    impl Scene {
        fn new(
            name: &str,
            task: impl Fn(Json) -> future::BoxFuture<'static, Outcome<Json>> + Send + Sync + 'static,
        ) -> Self {
            let path = env::temp_dir().join(format!("carehub-timer-{name}-{}", process::id()));
            let folder = Folder::open(&path, true).unwrap();
            let schedule = Schedule {
                name: "Codes".to_owned(),
                expression: "rate(1 hour)".to_owned(),
                cadence: "rate(1 hour)".parse().unwrap(),
                input: json!("codes"),
            };
            let timer = Timer {
                function: "housekeeping".to_owned(),
                schedule,
                clock: Arc::new(SystemClock),
                task: Box::new(task),
                mark: folder.mark("housekeeping", "Codes"),
                run: Mutex::default(),
            };
            Self { path, timer: Arc::new(timer) }
        }
    }

    impl Drop for Scene {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
