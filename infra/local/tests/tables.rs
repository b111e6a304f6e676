//! The tables that the template declares, created in an empty DynamoDB.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::Path;

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
    types::TimeToLiveStatus,
};
use carehub_local::{tables, template::Template};
use carehub_store::schema;
use dynoxide::Database;
use tokio::net::TcpListener;

const PLAIN: &str = "
Resources:
  Identity:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: identity
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
";

const GROWN: &str = "
Resources:
  Identity:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: identity
      AttributeDefinitions:
        - { AttributeName: pk, AttributeType: S }
        - { AttributeName: phone, AttributeType: S }
        - { AttributeName: mail, AttributeType: S }
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
      GlobalSecondaryIndexes:
        - IndexName: by-phone
          KeySchema: [{ AttributeName: phone, KeyType: HASH }]
          Projection: { ProjectionType: ALL }
        - IndexName: by-mail
          KeySchema: [{ AttributeName: mail, KeyType: HASH }]
          Projection: { ProjectionType: KEYS_ONLY }
      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
";

#[tokio::test]
async fn tables_grow_with_their_template() {
    let client = dynamodb().await;

    for text in [PLAIN, GROWN, GROWN] {
        tables::create(&client, &template(text).tables).await.unwrap();
    }

    let table = client.describe_table().table_name("identity").send().await.unwrap();
    assert_eq!(table.table.unwrap().global_secondary_indexes().len(), 2);
    let expiry = client.describe_time_to_live().table_name("identity").send().await.unwrap();
    let expiry = expiry.time_to_live_description.unwrap();
    assert_eq!(expiry.time_to_live_status, Some(TimeToLiveStatus::Enabled));
}

#[tokio::test]
async fn the_template_and_the_store_mean_the_same_tables() {
    let (declared, assumed) = (dynamodb().await, dynamodb().await);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");

    tables::create(&declared, &Template::load(&path, "clinic").unwrap().tables).await.unwrap();
    schema::create(&assumed, "clinic").await.unwrap();

    assert_eq!(shapes(&declared).await, shapes(&assumed).await);
}

#[tokio::test]
async fn a_table_that_dynamodb_refuses_is_named() {
    let client = dynamodb().await;
    let refused = template(&PLAIN.replace("HASH", "MASH"));

    let error = tables::create(&client, &refused.tables).await.unwrap_err();

    assert!(error.to_string().starts_with("the table identity cannot be created"), "{error}");
}

/// The keys, indexes and streams of every table.
async fn shapes(client: &Client) -> Vec<String> {
    let names = client.list_tables().send().await.unwrap().table_names.unwrap();
    let mut shapes = Vec::new();
    for name in names {
        let table = client.describe_table().table_name(&name).send().await.unwrap().table.unwrap();
        let mut attributes = table.attribute_definitions().to_vec();
        attributes.sort_by(|a, b| a.attribute_name().cmp(b.attribute_name()));
        let mut indexes: Vec<_> = table
            .global_secondary_indexes()
            .iter()
            .map(|index| {
                format!("{:?}", (index.index_name(), index.key_schema(), index.projection()))
            })
            .collect();
        indexes.sort();
        let keys = table.key_schema();
        let stream = table.stream_specification();
        shapes.push(format!("{name}: {attributes:?} {keys:?} {indexes:?} {stream:?}"));
    }
    shapes
}

fn template(text: &str) -> Template {
    Template::parse(Path::new("template.yaml"), "clinic", &|_| Ok(text.to_owned())).unwrap()
}

async fn dynamodb() -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(listener, Database::memory().unwrap()));
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .region(Region::from_static("local"))
            .endpoint_url(endpoint)
            .build(),
    )
}
