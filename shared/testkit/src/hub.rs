//! A hub of its own for one test.

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use aws_lambda_events::event::dynamodb::Event as Batch;
use axum::{Router, body::Body};
use carehub_api::{
    AppState, Peer, Routes, app,
    config::{Config, Origins, PublicUrl, RealtimeUrl},
    limit::{Bucket, Limiter, Quota},
    passwords::Passwords,
    token::Tokens,
};
use carehub_domain::clock::SharedClock;
use carehub_store::Store;
use dynoxide::{
    Database,
    actions::{
        delete_item::DeleteItemRequest, get_records::GetRecordsRequest,
        get_shard_iterator::GetShardIteratorRequest, put_item::PutItemRequest, query::QueryRequest,
    },
    streams::{shard_id, stream_arn},
    types::AttributeValue,
};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    Caller, Faults, ManualClock, Meter, RecordedPost, RecordedQueues, RecordedWire, Reply, keys,
    storage::Storage, tables,
};

/// A function: its name in the template and its routes.
pub type Function = (&'static str, Routes);

/// Says which function serves a method and a path.
pub type Gateway = fn(&str, &str) -> Option<String>;

/// A hub of its own for one test.
pub struct TestHub {
    /// The hub's clock, which tests move by hand.
    pub clock: Arc<ManualClock>,
    /// Everything handlers are given.
    pub state: AppState,
    /// Messages that were sent.
    pub post: Arc<RecordedPost>,
    /// What waits for somebody to do it.
    pub queues: Arc<RecordedQueues>,
    /// What is said over live connections.
    pub wire: Arc<RecordedWire>,
    /// What requests cost.
    pub meter: Meter,
    /// What goes wrong with the tables.
    pub faults: Faults,
    gateway: Gateway,
    functions: BTreeMap<&'static str, Router>,
    database: Database,
    storage: Storage,
    /// The last record of the stream that was read.
    read: Mutex<Option<String>>,
    callers: AtomicU32,
}

impl TestHub {
    /// Opens a hub of `functions` behind a gateway. Nothing limits how often callers ask.
    pub async fn open(functions: Vec<Function>, gateway: Gateway) -> Self {
        Self::open_with(
            functions,
            gateway,
            Bucket::ALL.iter().map(|&bucket| (bucket, None)).collect(),
        )
        .await
    }

    /// Opens a hub that limits how often callers ask.
    pub async fn open_with(
        functions: Vec<Function>,
        gateway: Gateway,
        quotas: BTreeMap<Bucket, Option<Quota>>,
    ) -> Self {
        let meter = Meter::default();
        let faults = Faults::ready().await;
        let (client, database) = tables::create(meter.clone(), faults.clone()).await;
        let clock = Arc::new(ManualClock::default());
        let shared: SharedClock = clock.clone();
        let (store, pepper) = (Store::new(client, tables::PREFIX), keys::pepper());
        let tokens = Tokens::verifying(&Config::default().issuer, r#"{"keys":[]}"#)
            .and_then(|tokens| tokens.signing(keys::signing_key()))
            .expect("a key that signs");
        let storage = Storage::new();
        let state = AppState {
            objects: storage.objects(),
            limiter: Limiter::new(store.clone(), pepper.clone(), quotas),
            store,
            clock: shared,
            tokens,
            pepper,
            passwords: Passwords::default(),
            origins: Origins::default(),
            public_url: PublicUrl::default(),
            realtime_url: RealtimeUrl::default(),
            webhook_hosts: "localhost,127.0.0.1".to_owned().into(),
        };
        let functions = functions
            .into_iter()
            .map(|(name, routes)| (name, app(routes, state.clone())))
            .collect();
        Self {
            clock,
            state,
            post: Arc::default(),
            queues: Arc::default(),
            wire: Arc::default(),
            meter,
            faults,
            gateway,
            functions,
            database,
            storage,
            read: Mutex::default(),
            callers: AtomicU32::default(),
        }
    }

    /// Somebody who has not signed in, somewhere in the world.
    pub fn visitor(&self) -> Caller<'_> {
        let number = self.callers.fetch_add(1, Ordering::Relaxed) + 1;
        let [_, b, c, d] = number.to_be_bytes();
        Caller::visitor(self, IpAddr::V4(Ipv4Addr::new(10, b, c, d)))
    }

    /// Answers a request as the gateway would: by the function that the template names.
    pub(crate) async fn serve(&self, mut request: Request<Body>, address: IpAddr) -> Reply {
        request.extensions_mut().insert(Peer(address));
        let name = (self.gateway)(request.method().as_str(), request.uri().path());
        let Some(function) = name.and_then(|name| self.functions.get(name.as_str()).cloned())
        else {
            return Reply {
                status: StatusCode::NOT_FOUND,
                headers: http::HeaderMap::new(),
                body: Vec::new(),
            };
        };
        let response = function.oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Reply { status: parts.status, headers: parts.headers, body: body.into() }
    }

    /// Sends a file that was announced, as a browser would.
    pub async fn put(&self, invitation: &Value, bytes: Vec<u8>) -> StatusCode {
        self.storage.put(invitation, bytes).await
    }

    /// Follows a link to a file, as a browser would.
    pub async fn fetch(&self, url: &str) -> Reply {
        self.storage.fetch(url).await
    }

    /// Puts an item that nobody can read in the place of another, as a fault of the hub would.
    pub fn spoil(&self, table: &str, partition: &str, sort: &str) {
        self.write(table, &[("pk", partition), ("sk", sort)]);
    }

    fn write(&self, table: &str, item: &[(&str, &str)]) {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let item = item.iter().map(|&(name, value)| (name.to_owned(), text(value)));
        let request = PutItemRequest {
            table_name: format!("{}-{table}", tables::PREFIX),
            item: item.collect(),
            ..PutItemRequest::default()
        };
        self.database.put_item(request).expect("a table that takes items");
    }

    /// Puts an item in its place behind the hub's back, as [`items`](Self::items) shows it.
    pub fn plant(&self, table: &str, item: &Value) {
        let request = PutItemRequest {
            table_name: format!("{}-{table}", tables::PREFIX),
            item: serde_json::from_value(item.clone()).expect("an item"),
            ..PutItemRequest::default()
        };
        self.database.put_item(request).expect("a table that takes items");
    }

    /// Takes an item away behind the hub's back, as [`items`](Self::items) shows it.
    pub fn lose(&self, table: &str, item: &Value) {
        let key = json!({"pk": item["pk"], "sk": item["sk"]});
        let request = DeleteItemRequest {
            table_name: format!("{}-{table}", tables::PREFIX),
            key: serde_json::from_value(key).expect("a key"),
            ..DeleteItemRequest::default()
        };
        self.database.delete_item(request).expect("a table that gives items up");
    }

    /// Puts many items like one into a table, so that they fall due with it, as on a busy day.
    pub fn crowd(&self, table: &str, item: &Value, many: u32) {
        let mut item = item.clone();
        for number in 0..many {
            item["pk"] = json!({"S": format!("crowd#{number}")});
            self.plant(table, &item);
        }
    }

    /// All items of a partition of a table, in order, as the table has them.
    pub fn items(&self, table: &str, partition: &str) -> Vec<Value> {
        let partition = AttributeValue::S(partition.to_owned());
        let request = QueryRequest {
            table_name: format!("{}-{table}", tables::PREFIX),
            key_condition_expression: Some("pk = :pk".to_owned()),
            expression_attribute_values: Some([(":pk".to_owned(), partition)].into()),
            scan_index_forward: true,
            ..QueryRequest::default()
        };
        let items = self.database.query(request).expect("a table to read").items;
        let items = items.iter().flatten().map(serde_json::to_value);
        items.collect::<Result<_, _>>().expect("items that are JSON")
    }

    /// The objects that were sent since the last time, by key.
    pub fn arrived(&self) -> Vec<String> {
        self.storage.take_arrived()
    }

    /// The records of the stream that nobody has read yet.
    pub fn unread(&self) -> Batch {
        let mut read = self.read.lock().expect("no test panics while reading the stream");
        let table = format!("{}-events", tables::PREFIX);
        let from = GetShardIteratorRequest {
            stream_arn: stream_arn(&table, "local"),
            shard_id: shard_id(&table),
            shard_iterator_type: match *read {
                Some(_) => "AFTER_SEQUENCE_NUMBER".to_owned(),
                None => "TRIM_HORIZON".to_owned(),
            },
            sequence_number: read.clone(),
        };
        let from = self.database.get_shard_iterator(from).expect("a place in the stream");
        let shard_iterator = from.shard_iterator.unwrap_or_default();
        let records = self.database.get_records(GetRecordsRequest { shard_iterator, limit: None });
        let records = records.expect("records").records;
        // The emulator's records and Lambda's events are two types of one JSON.
        let records = serde_json::to_value(records).and_then(serde_json::from_value);
        let mut batch = Batch::default();
        batch.records = records.expect("records that Lambda knows");
        if let Some(last) = batch.records.last() {
            read.clone_from(&last.change.sequence_number);
        }
        batch
    }
}

impl fmt::Debug for TestHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestHub").field("clock", &self.clock).finish_non_exhaustive()
    }
}
