//! Messages reach their function, whatever happens on the way, and what it cannot do is put aside.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use carehub_domain::clock::Clock;
use carehub_sqs::{Counts, Engine, Outgoing, Redrive};
use futures_util::future;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use super::*;
use crate::group::Group;

const MAIL: &str = "mail";
const DEAD: &str = "mail-dead-letters";

#[tokio::test]
async fn a_poison_message_ends_with_the_dead_letters_alone() {
    let scene = Scene::new();
    scene.send(["one", "poison", "two"]);
    scene.function.refuse("poison");

    let group = scene.start(&scene.mapping());
    scene.until(|| scene.counts(DEAD).visible == 1).await;
    group.finish(PATIENCE).await;

    assert_eq!(scene.function.times(), times(&[("one", 1), ("poison", 3), ("two", 1)]));
    assert_eq!(scene.counts(MAIL), Counts::default());
}

#[tokio::test]
async fn after_a_panic_the_batch_comes_again() {
    let scene = Scene::new();
    scene.function.panic_once();
    scene.send(["one", "two"]);

    let group = scene.start(&scene.mapping());
    scene.until(|| scene.counts(MAIL) == Counts::default()).await;
    group.finish(PATIENCE).await;

    assert_eq!(scene.function.times(), times(&[("one", 1), ("two", 1)]));
    assert_eq!(scene.counts(DEAD), Counts::default());
}

#[tokio::test]
async fn a_function_that_hangs_is_cut_off_and_called_again() {
    let scene = Scene::new();
    scene.send(["one"]);
    let hung = Arc::new(Mutex::new(false));
    let mapping = Mapping { timeout: Duration::from_millis(20), ..scene.mapping() };
    let mut group = Group::new();

    let function = Arc::clone(&scene.function);
    let deliver = move |event: SqsEvent| {
        let first = !std::mem::replace(&mut *hung.lock().unwrap(), true);
        let function = Arc::clone(&function);
        async move {
            if first {
                future::pending::<()>().await;
            }
            Ok(function.take(&event))
        }
    };
    group.spawn(|stop| mapping.run(deliver, stop));
    scene.until(|| scene.counts(MAIL) == Counts::default()).await;
    group.finish(PATIENCE).await;

    assert_eq!(scene.function.times(), times(&[("one", 1)]));
}

#[tokio::test]
async fn what_is_being_done_is_finished_before_the_stop() {
    let scene = Scene::new();
    scene.send(["one"]);
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut group = Group::new();

    let (begins, waits) = (Arc::clone(&begun), Arc::clone(&go_on));
    let deliver = move |_| {
        let (begins, waits) = (Arc::clone(&begins), Arc::clone(&waits));
        async move {
            begins.notify_one();
            waits.notified().await;
            Ok(SqsBatchResponse::default())
        }
    };
    let mapping = scene.mapping();
    group.spawn(|stop| mapping.run(deliver, stop));
    begun.notified().await;
    go_on.notify_one();
    group.finish(PATIENCE).await;

    assert_eq!(scene.counts(MAIL), Counts::default());
}

#[tokio::test]
async fn messages_wait_for_each_other_as_long_as_they_may() {
    let scene = Scene::new();
    scene.send((0..12).map(|number| format!("{number:02}")).collect::<Vec<_>>());
    let mut mapping = scene.mapping();
    mapping.intake = Intake { batch: 12, window: Duration::from_mins(1), ..mapping.intake };

    let group = scene.start(&mapping);
    scene.until(|| scene.counts(MAIL) == Counts::default()).await;
    group.finish(PATIENCE).await;

    assert_eq!(scene.function.batches(), [12]);
}

#[tokio::test]
async fn what_is_switched_off_reads_nothing() {
    let scene = Scene::new();
    scene.send(["one"]);
    let mut mapping = scene.mapping();
    mapping.intake.enabled = false;

    scene.start(&mapping).finish(PATIENCE).await;

    assert_eq!(scene.counts(MAIL).visible, 1);
}

#[test]
fn an_answer_that_names_what_is_not_there_refuses_all() {
    let scene = Scene::new();
    scene.send(["one", "two"]);
    let wish = Wish { most: 10, visibility: None };
    let messages = scene.sqs.tell(|engine, now| engine.receive(MAIL, wish, now)).unwrap();
    let answer = |ids: &[&str]| {
        let mut response = SqsBatchResponse::default();
        response.set_failures(ids.iter().copied());
        failed(&messages, &response).len()
    };

    assert_eq!(answer(&[]), 0);
    assert_eq!(answer(&[&messages[1].id]), 1);
    assert_eq!(answer(&[""]), 2);
    assert_eq!(answer(&[&messages[1].id, "moon"]), 2);
}

#[test]
fn a_record_says_what_aws_lambda_says() {
    let scene = Scene::new();
    scene.send(["one"]);
    let wish = Wish { most: 10, visibility: None };
    let messages = scene.sqs.tell(|engine, now| engine.receive(MAIL, wish, now)).unwrap();

    let record = record(MAIL, &messages[0]);

    assert_eq!(record.body.as_deref(), Some("one"));
    assert_eq!(record.md5_of_body.as_deref(), Some("f97c5d29941bfb1b2fdab0874906ab82"));
    assert_eq!(record.attributes["ApproximateReceiveCount"], "1");
    assert_eq!(record.message_id.as_ref(), Some(&messages[0].id));
    assert_eq!(record.receipt_handle, messages[0].receipt);
    assert_eq!(record.event_source.as_deref(), Some("aws:sqs"));
    assert_eq!(record.event_source_arn.as_deref(), Some("arn:aws:sqs:local:000000000000:mail"));
}

/// A queue, its dead letters, and a function that reads it.
struct Scene {
    sqs: Sqs,
    clock: Arc<Hands>,
    function: Arc<Recorder>,
}

/// A clock that is moved by hand, in seconds.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// A function that remembers what it was given and refuses what it is told to.
#[derive(Default)]
struct Recorder(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    given: Vec<Vec<String>>,
    refused: BTreeSet<String>,
    panics: bool,
}

impl Scene {
    fn new() -> Self {
        let redrive = Redrive { dead_letters: DEAD.to_owned(), receives: 3 };
        let mail = Queue { redrive: Some(redrive), ..Queue::named(MAIL) };
        let engine = Engine::memory(vec![mail, Queue::named(DEAD)]).unwrap();
        let clock = Arc::new(Hands(AtomicI64::new(1_900_000_000)));
        Self { sqs: Sqs::new(engine, clock.clone()), clock, function: Arc::default() }
    }

    fn send<T: Into<String>>(&self, bodies: impl IntoIterator<Item = T>) {
        for body in bodies {
            let message = Outgoing { body: body.into(), ..Outgoing::default() };
            self.sqs.tell(|engine, now| engine.send(MAIL, message, now)).unwrap();
        }
    }

    fn mapping(&self) -> Mapping {
        let intake = Intake {
            queue: MAIL.to_owned(),
            batch: 10,
            window: Duration::ZERO,
            partial: true,
            enabled: true,
        };
        let (function, timeout) = ("notifier".to_owned(), Duration::from_secs(20));
        Mapping { function, timeout, intake, sqs: self.sqs.clone() }
    }

    fn start(&self, mapping: &Mapping) -> Group {
        let mut group = Group::new();
        let (function, mapping) = (Arc::clone(&self.function), mapping.clone());
        let deliver = move |event: SqsEvent| {
            let function = Arc::clone(&function);
            async move { Ok(function.take(&event)) }
        };
        group.spawn(|stop| mapping.run(deliver, stop));
        group
    }

    /// Lets time pass until something has come about.
    async fn until(&self, done: impl Fn() -> bool) {
        let waiting = async {
            while !done() {
                // Not until everybody is done with what they hold.
                for _ in 0..50 {
                    task::yield_now().await;
                }
                self.clock.0.fetch_add(1, Ordering::SeqCst);
                self.sqs.tell(|_, _| ());
            }
        };
        time::timeout(Duration::from_secs(20), waiting).await.expect("it comes about");
    }

    fn counts(&self, queue: &str) -> Counts {
        self.sqs.ask(|engine, now| engine.counts(queue, now)).unwrap()
    }
}

impl Recorder {
    fn take(&self, event: &SqsEvent) -> SqsBatchResponse {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(!std::mem::take(&mut memory.panics), "as told");
        let given = event.records.iter().map(|record| record.body.clone().unwrap());
        memory.given.push(given.collect());
        let mut response = SqsBatchResponse::default();
        for record in &event.records {
            if memory.refused.contains(record.body.as_ref().unwrap()) {
                response.add_failure(record.message_id.clone().unwrap());
            }
        }
        response
    }

    fn refuse(&self, body: &str) {
        self.0.lock().unwrap().refused.insert(body.to_owned());
    }

    fn panic_once(&self) {
        self.0.lock().unwrap().panics = true;
    }

    /// How often each message was given.
    fn times(&self) -> BTreeMap<String, usize> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut times = BTreeMap::new();
        for body in memory.given.iter().flatten() {
            *times.entry(body.clone()).or_default() += 1;
        }
        times
    }

    fn batches(&self) -> Vec<usize> {
        let memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.given.iter().map(Vec::len).collect()
    }
}

fn times(expected: &[(&str, usize)]) -> BTreeMap<String, usize> {
    expected.iter().map(|&(body, times)| (body.to_owned(), times)).collect()
}
