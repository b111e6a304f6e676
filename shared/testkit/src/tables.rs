//! An empty DynamoDB that lives as long as the test.

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};
use carehub_store::schema;
use dynoxide::{Database, server};
use tokio::net::TcpListener;

use crate::Meter;

/// What the names of tables begin with in tests.
pub(crate) const PREFIX: &str = "test";

/// Starts a database and gives out a client that is metered.
pub(crate) async fn create(meter: Meter) -> (Client, Database) {
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
            .build(),
    );
    schema::create(&client, PREFIX).await.expect("fresh tables");
    (client, database)
}
