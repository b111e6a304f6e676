//! Changes reach their function once, in order, whatever happens on the way.

use std::{
    collections::BTreeSet,
    env, fs,
    path::PathBuf,
    process,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_lambda_events::streams::DynamoDbBatchItemFailure;
use dynoxide::actions::{create_table::CreateTableRequest, put_item::PutItemRequest};
use serde_json::{Value, json};
use tokio::time;

use super::*;
use crate::{database::Written, folder::Folder, group::Group, template::Filter};

#[tokio::test]
async fn changes_arrive_in_order_and_in_batches() {
    let scene = Scene::open("order").await;
    scene.write(0..7);

    scene.deliver_until(7).await;

    assert_eq!(scene.function.taken(), (0..7).collect::<Vec<_>>());
    assert_eq!(scene.function.largest(), 3);
}

#[tokio::test]
async fn a_restart_neither_loses_nor_repeats_a_change() {
    let scene = Scene::open("restart").await;
    scene.write(0..2);
    scene.deliver_until(2).await;
    scene.write(2..4);

    scene.deliver_until(4).await;

    assert_eq!(scene.function.taken(), [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_refused_record_is_tried_again_and_nothing_overtakes_it() {
    let scene = Scene::open("refused").await;
    scene.function.refuse(1, 1);
    scene.write(0..4);

    scene.deliver_until(4).await;

    assert_eq!(scene.function.taken(), [0, 1, 2, 3]);
    assert_eq!(scene.dead_letters().await, [] as [u64; 0]);
}

#[tokio::test]
async fn a_record_that_is_always_refused_is_put_aside_alone() {
    let scene = Scene::open("poison").await;
    scene.function.refuse(1, u32::MAX);
    scene.write(0..4);

    scene.deliver_until(3).await;

    assert_eq!(scene.function.taken(), [0, 2, 3]);
    assert_eq!(scene.dead_letters().await, [1]);
}

#[tokio::test]
async fn a_panic_refuses_the_batch_until_the_culprit_is_alone() {
    let scene = Scene::open("panic").await;
    scene.function.panic_at(1);
    scene.write(0..3);

    scene.deliver_until(3).await;

    assert_eq!(scene.function.taken(), [0, 0, 2]);
    assert_eq!(scene.dead_letters().await, [1]);
}

#[tokio::test(start_paused = true)]
async fn a_change_arrives_soon() {
    let scene = Scene::open("soon").await;
    let group = scene.start();
    let started = time::Instant::now();

    for (number, count) in (0..).zip(1..=20) {
        scene.write(number..number + 1);
        scene.written.tell();
        scene.took(count).await;
    }

    assert!(started.elapsed() < PAUSE * 10, "looks now and then would take twice as long");
    group.finish(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_change_of_which_nothing_is_told_arrives_as_well() {
    let scene = Scene::open("untold").await;
    let group = scene.start();

    for (number, count) in (0..).zip(1..=2) {
        scene.write(number..number + 1);
        scene.took(count).await;
    }

    group.finish(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn what_a_function_does_not_want_stands_in_nobodys_way() {
    let scene = Scene::open("unwanted").await.wanting(&[1, 2, 8]);
    scene.function.refuse(2, u32::MAX);
    scene.write(0..10);

    scene.deliver_until(2).await;

    assert_eq!(scene.function.taken(), [1, 8]);
    assert_eq!(scene.dead_letters().await, [2]);
}

#[tokio::test]
async fn a_panic_costs_nothing_that_nobody_wants() {
    let scene = Scene::open("unwanted-panic").await.wanting(&[1, 3]);
    scene.function.panic_at(1);
    scene.write(0..4);

    scene.deliver_until(1).await;

    assert_eq!(scene.function.taken(), [3]);
    assert_eq!(scene.dead_letters().await, [1]);
}

/// A table, a function that reads its stream, and the disk between them.
struct Scene {
    path: PathBuf,
    folder: Folder,
    database: Database,
    dead_letters: Arc<Journal>,
    function: Arc<Recorder>,
    written: Written,
    filters: Vec<Filter>,
}

/// A function that remembers what it took and refuses what it is told to.
#[derive(Default)]
struct Recorder(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    taken: Vec<u64>,
    largest: usize,
    refused: Option<(u64, u32)>,
    panics: BTreeSet<u64>,
}

impl Scene {
    async fn open(name: &str) -> Self {
        let path = env::temp_dir().join(format!("carehub-stream-{name}-{}", process::id()));
        let folder = Folder::open(&path, true).unwrap();
        let database = Database::memory().unwrap();
        let table: CreateTableRequest = serde_json::from_value(json!({
            "TableName": "events",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "N"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
        }))
        .unwrap();
        database.create_table(table).unwrap();
        let dead_letters = Arc::new(Journal::open(&folder.dead_letters()).await.unwrap());
        Self {
            path,
            folder,
            database,
            dead_letters,
            function: Arc::default(),
            written: Written::new(),
            filters: Vec::new(),
        }
    }

    /// The same, with a function that wants only these.
    fn wanting(mut self, numbers: &[u64]) -> Self {
        let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
        let pattern = json!({"dynamodb": {"Keys": {"pk": {"N": numbers}}}});
        self.filters.push(pattern.to_string().parse().unwrap());
        self
    }

    fn write(&self, numbers: std::ops::Range<u64>) {
        for number in numbers {
            let item = json!({"TableName": "events", "Item": {"pk": {"N": number.to_string()}}});
            let put: PutItemRequest = serde_json::from_value(item).unwrap();
            self.database.put_item(put).unwrap();
        }
    }

    /// Starts a reader, waits until the function has taken so many records, and stops it.
    async fn deliver_until(&self, count: usize) {
        let group = self.start();
        self.took(count).await;
        group.finish(Duration::from_secs(5)).await;
    }

    fn start(&self) -> Group {
        let reader = Reader {
            function: "relay".to_owned(),
            stream: Stream {
                table: "events".to_owned(),
                batch: 3,
                attempts: 2,
                filters: self.filters.clone(),
            },
            database: self.database.clone(),
            written: self.written.listen(),
            mark: self.folder.mark("relay", "events"),
            dead_letters: Arc::clone(&self.dead_letters),
        };
        let function = Arc::clone(&self.function);
        let deliver = move |event| {
            let function = Arc::clone(&function);
            async move { Ok(function.take(&event)) }
        };
        let mut group = Group::new();
        group.spawn(|stop| reader.run(deliver, stop));
        group
    }

    /// Waits until the function has taken so many records.
    async fn took(&self, count: usize) {
        let waiting = time::timeout(Duration::from_secs(10), async {
            while self.function.taken().len() < count {
                time::sleep(Duration::from_millis(5)).await;
            }
        });
        waiting.await.expect("the records arrive");
    }

    async fn dead_letters(&self) -> Vec<u64> {
        let letters: Vec<Value> = self.dead_letters.read().await.unwrap();
        letters.iter().map(|letter| number(&letter["record"]["dynamodb"]["Keys"])).collect()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Recorder {
    fn take(&self, event: &Event) -> DynamoDbEventResponse {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.largest = memory.largest.max(event.records.len());
        let mut response = DynamoDbEventResponse::default();
        for record in &event.records {
            let number = number(&serde_json::to_value(&record.change.keys).unwrap());
            assert!(!memory.panics.contains(&number), "as told");
            match &mut memory.refused {
                Some((refused, times)) if *refused == number && *times > 0 => {
                    *times -= 1;
                    let mut failure = DynamoDbBatchItemFailure::default();
                    failure.item_identifier.clone_from(&record.change.sequence_number);
                    response.batch_item_failures.push(failure);
                    return response;
                }
                _ => memory.taken.push(number),
            }
        }
        response
    }

    fn refuse(&self, number: u64, times: u32) {
        self.0.lock().unwrap().refused = Some((number, times));
    }

    fn panic_at(&self, number: u64) {
        self.0.lock().unwrap().panics.insert(number);
    }

    fn taken(&self) -> Vec<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).taken.clone()
    }

    fn largest(&self) -> usize {
        self.0.lock().unwrap().largest
    }
}

fn number(keys: &Value) -> u64 {
    keys["pk"]["N"].as_str().unwrap().parse().unwrap()
}
