//! An empty DynamoDB that lives as long as the test.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use carehub_store::schema;
use dynoxide::{Database, server};
use tokio::net::TcpListener;

use crate::{Faults, Meter};

/// What the names of tables begin with in tests.
pub(crate) const PREFIX: &str = "test";

/// Starts a database and gives out a client that is metered and may be struck.
pub(crate) async fn create(meter: Meter, faults: Faults) -> (Client, Database) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("a bound address"));
    let database = Database::memory().expect("an in-memory database");
    tokio::spawn(server::serve_on(listener, database.clone()));

    let client = Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("test", "test", None, None, "testkit"))
            .region(Region::from_static("local"))
            .endpoint_url(endpoint)
            .interceptor(meter)
            .interceptor(faults)
            // As often as in production, but nobody waits.
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
            .build(),
    );
    schema::create(&client, PREFIX).await.expect("fresh tables");
    (client, database)
}
