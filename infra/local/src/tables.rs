//! The tables of the template, in a DynamoDB.

use std::collections::HashSet;

use aws_sdk_dynamodb::{
    Client,
    error::{BoxError, DisplayErrorContext},
    types::{TimeToLiveSpecification, TimeToLiveStatus},
};

use crate::template::Table;

/// Creates those of the tables and indexes that do not exist yet.
pub async fn create(client: &Client, tables: &[Table]) -> Result<(), TableError> {
    for table in tables {
        create_one(client, table)
            .await
            .map_err(|cause| TableError { table: table.name().to_owned(), cause })?;
    }
    Ok(())
}

async fn create_one(client: &Client, table: &Table) -> Result<(), BoxError> {
    if let Err(error) = table.create_request()?.send_with(client).await {
        let error = error.into_service_error();
        if !error.is_resource_in_use_exception() {
            return Err(error.into());
        }
        add_indexes(client, table).await?;
    }
    set_time_to_live(client, table).await
}

/// Adds the indexes that the template has gained since the table was created.
async fn add_indexes(client: &Client, table: &Table) -> Result<(), BoxError> {
    let described = client.describe_table().table_name(table.name()).send().await?;
    let indexes = described.table.and_then(|table| table.global_secondary_indexes);
    let existing: HashSet<_> =
        indexes.into_iter().flatten().filter_map(|index| index.index_name).collect();
    for (name, request) in table.index_requests()? {
        if !existing.contains(name) {
            request.send_with(client).await?;
        }
    }
    Ok(())
}

async fn set_time_to_live(client: &Client, table: &Table) -> Result<(), BoxError> {
    let Some(attribute) = table.time_to_live() else {
        return Ok(());
    };
    let described = client.describe_time_to_live().table_name(table.name()).send().await?;
    let status = described.time_to_live_description.and_then(|found| found.time_to_live_status);
    if status != Some(TimeToLiveStatus::Enabled) {
        let specification =
            TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build()?;
        client
            .update_time_to_live()
            .table_name(table.name())
            .time_to_live_specification(specification)
            .send()
            .await?;
    }
    Ok(())
}

/// A table that the template declares but DynamoDB does not accept.
#[derive(Debug, thiserror::Error)]
#[error("the table {table} cannot be created: {}", DisplayErrorContext(cause.as_ref()))]
pub struct TableError {
    table: String,
    cause: BoxError,
}
