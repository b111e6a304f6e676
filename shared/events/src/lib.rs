//! Consuming what the hub announces.

use aws_lambda_events::{
    event::dynamodb::{Event as Batch, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use carehub_domain::event::Event;

/// The events that a batch of the stream announces, each with its place in the stream.
///
/// What is not the birth of an event, such as its end by old age, announces nothing.
pub fn announced(batch: Batch) -> Vec<(String, Result<Event, Unreadable>)> {
    batch
        .records
        .into_iter()
        .filter(|record| record.event_name == "INSERT" && !record.change.new_image.is_empty())
        .map(|EventRecord { change, .. }| {
            let event = serde_dynamo::from_item(change.new_image).map_err(Unreadable);
            (change.sequence_number.unwrap_or_default(), event)
        })
        .collect()
}

/// Asks for the stream to be delivered again from `sequence_number` on.
pub fn again_from(sequence_number: String) -> DynamoDbEventResponse {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number);
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures.push(failure);
    response
}

/// Says that the whole batch was dealt with.
pub fn done() -> DynamoDbEventResponse {
    DynamoDbEventResponse::default()
}

/// A record of the stream is no event.
#[derive(Debug, thiserror::Error)]
#[error("a record of the stream is no event")]
pub struct Unreadable(#[source] serde_dynamo::Error);
