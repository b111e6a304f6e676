//! `GET /health` and what lies under it

use std::time::Instant;

use axum::{extract::State, http::StatusCode};
use carehub_api::extract::Json;
use carehub_domain::clock::SharedClock;
use carehub_objects::Objects;
use carehub_store::{Store, Table};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether all is well.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct HealthView {
    /// `healthy` or `unhealthy`.
    pub status: String,
    /// What was looked at, each `ok` or `error`.
    pub checks: Checks,
    /// The version of the hub.
    pub version: String,
    /// When it was asked.
    pub time: Timestamp,
}

/// What was looked at.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Checks {
    /// The records.
    pub database: String,
    /// What is kept for minutes: codes, limits, receipts.
    pub cache: String,
}

/// Whether one thing is well.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CheckView {
    /// `healthy` or `unhealthy`.
    pub status: String,
    /// What was looked at.
    pub component: String,
    /// What stands behind it.
    pub backend: String,
    /// How long it took to answer, in milliseconds.
    pub latency_ms: f64,
    /// When it was asked.
    pub time: Timestamp,
}

/// Whether each thing is well.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DetailedView {
    /// `healthy` if everything is.
    pub status: String,
    /// Each thing that was looked at.
    pub checks: Vec<CheckView>,
    /// The version of the hub.
    pub version: String,
    /// When it was asked.
    pub time: Timestamp,
}

/// See whether all is well.
#[utoipa::path(get, path = "/health", tag = "platform", security(()), responses(
    (status = 200, description = "All is well.", body = HealthView),
    (status = 503, description = "Something is not.", body = HealthView),
))]
pub(crate) async fn overall(
    State(store): State<Store>,
    State(clock): State<SharedClock>,
) -> (StatusCode, Json<HealthView>) {
    let [database, cache] = both(&store, clock.now()).await;
    let word = |check: &CheckView| if check.is_well() { "ok" } else { "error" }.to_owned();
    let checks = Checks { database: word(&database), cache: word(&cache) };
    let (status, code) = sum([&database, &cache]);
    let version = env!("CARGO_PKG_VERSION").to_owned();
    (code, Json(HealthView { status, checks, version, time: clock.now() }))
}

/// See whether the records can be read.
#[utoipa::path(get, path = "/health/database", tag = "platform", security(()), responses(
    (status = 200, description = "The records can be read.", body = CheckView),
    (status = 503, description = "They cannot.", body = CheckView),
))]
pub(crate) async fn database(
    State(store): State<Store>,
    State(clock): State<SharedClock>,
) -> (StatusCode, Json<CheckView>) {
    let check = look(&store, Table::Directory, "database", clock.now()).await;
    (sum([&check]).1, Json(check))
}

/// See whether what is kept for minutes can be read.
#[utoipa::path(get, path = "/health/redis", tag = "platform", security(()), responses(
    (status = 200, description = "What is kept for minutes can be read. There is no Redis here; DynamoDB keeps it, and the answer says so.", body = CheckView),
    (status = 503, description = "It cannot.", body = CheckView),
))]
pub(crate) async fn cache(
    State(store): State<Store>,
    State(clock): State<SharedClock>,
) -> (StatusCode, Json<CheckView>) {
    let check = look(&store, Table::Ephemeral, "cache", clock.now()).await;
    (sum([&check]).1, Json(check))
}

/// See whether each thing is well.
#[utoipa::path(get, path = "/health/detailed", tag = "platform", security(()), responses(
    (status = 200, description = "All is well.", body = DetailedView),
    (status = 503, description = "Something is not.", body = DetailedView),
))]
pub(crate) async fn detailed(
    State(store): State<Store>,
    State(objects): State<Objects>,
    State(clock): State<SharedClock>,
) -> (StatusCode, Json<DetailedView>) {
    let now = clock.now();
    let (checks, storage) = tokio::join!(both(&store, now), storage(&objects, now));
    let checks: Vec<_> = checks.into_iter().chain(storage).collect();
    let (status, code) = sum(&checks);
    let version = env!("CARGO_PKG_VERSION").to_owned();
    (code, Json(DetailedView { status, checks, version, time: now }))
}

async fn both(store: &Store, now: Timestamp) -> [CheckView; 2] {
    tokio::join!(
        look(store, Table::Directory, "database", now),
        look(store, Table::Ephemeral, "cache", now)
    )
    .into()
}

/// Looks at the bucket, if this function has to do with it.
async fn storage(objects: &Objects, now: Timestamp) -> Option<CheckView> {
    match objects.is_absent() {
        true => None,
        false => Some(look_at(objects.ping(), "storage", "S3", now).await),
    }
}

async fn look(store: &Store, table: Table, component: &str, now: Timestamp) -> CheckView {
    look_at(Box::pin(store.ping(table)), component, "DynamoDB", now).await
}

async fn look_at<E>(
    ping: impl Future<Output = Result<(), E>>,
    component: &str,
    backend: &str,
    now: Timestamp,
) -> CheckView {
    let begun = Instant::now();
    let answered = ping.await.is_ok();
    CheckView {
        status: if answered { HEALTHY } else { UNHEALTHY }.to_owned(),
        component: component.to_owned(),
        backend: backend.to_owned(),
        latency_ms: (begun.elapsed().as_secs_f64() * 1e6).round() / 1e3,
        time: now,
    }
}

fn sum<'c>(checks: impl IntoIterator<Item = &'c CheckView>) -> (String, StatusCode) {
    if checks.into_iter().all(CheckView::is_well) {
        (HEALTHY.to_owned(), StatusCode::OK)
    } else {
        (UNHEALTHY.to_owned(), StatusCode::SERVICE_UNAVAILABLE)
    }
}

impl CheckView {
    fn is_well(&self) -> bool {
        self.status == HEALTHY
    }
}

const HEALTHY: &str = "healthy";
const UNHEALTHY: &str = "unhealthy";
