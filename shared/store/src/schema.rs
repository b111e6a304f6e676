//! The tables as `infra/data.yaml` declares them and tests create them.

use aws_sdk_dynamodb::{
    Client,
    error::BuildError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
        Projection, ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
    },
};
use futures_util::future::try_join_all;

use crate::{
    StoreError, Table,
    key::{Index, PARTITION, SORT},
    table::Names,
};

impl Table {
    /// The indexes of the table, and whether each carries whole items.
    fn indexes(self) -> &'static [(Index, bool)] {
        match self {
            Self::Identity
            | Self::Clinical
            | Self::Scheduling
            | Self::Ephemeral
            | Self::Engagement => &[(Index::Expiry, false)],
            Self::Events => &[(Index::Actor, true), (Index::Patient, true)],
            Self::Directory | Self::Rollups => &[],
        }
    }

    fn has_stream(self) -> bool {
        self == Self::Events
    }
}

/// Creates empty tables whose names begin with `prefix`.
pub async fn create(client: &Client, prefix: &str) -> Result<(), StoreError> {
    let names = Names::prefixed(prefix);
    try_join_all(Table::ALL.map(|table| create_one(client, names.of(table), table))).await?;
    Ok(())
}

async fn create_one(client: &Client, name: &str, table: Table) -> Result<(), StoreError> {
    let rejected = |error: BuildError| StoreError::Rejected(error.into());
    let key = |name: &str, role| {
        KeySchemaElement::builder().attribute_name(name).key_type(role).build().map_err(rejected)
    };
    let mut attributes = vec![PARTITION, SORT];
    let mut request = client
        .create_table()
        .table_name(name)
        .key_schema(key(PARTITION, KeyType::Hash)?)
        .key_schema(key(SORT, KeyType::Range)?)
        .billing_mode(BillingMode::PayPerRequest);
    for &(index, whole) in table.indexes() {
        let projected = if whole { ProjectionType::All } else { ProjectionType::KeysOnly };
        attributes.extend([index.partition_attribute(), index.sort_attribute()]);
        request = request.global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name(index.name())
                .key_schema(key(index.partition_attribute(), KeyType::Hash)?)
                .key_schema(key(index.sort_attribute(), KeyType::Range)?)
                .projection(Projection::builder().projection_type(projected).build())
                .build()
                .map_err(rejected)?,
        );
    }
    attributes.sort_unstable();
    attributes.dedup();
    for attribute in attributes {
        request = request.attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name(attribute)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .map_err(rejected)?,
        );
    }
    if table.has_stream() {
        request = request.stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewImage)
                .build()
                .map_err(rejected)?,
        );
    }
    request.send().await.map_err(StoreError::aws)?;
    Ok(())
}
