//! Consuming what the hub announces, and what waits on its queues.

use std::collections::BTreeMap;

use aws_lambda_events::{
    event::dynamodb::{Event as Batch, EventRecord},
    sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use carehub_domain::{
    Failure,
    chain::{Imprint, Tenant},
    event::{Event, EventId},
};
use futures_util::future::join_all;
use serde_dynamo::{AttributeValue, Item};

/// The events that a batch of the stream announces, each with its place in the stream.
///
/// What is not the birth of an event, such as that of a link, announces nothing.
pub fn announced(batch: Batch) -> Vec<(String, Result<Event, Unreadable>)> {
    batch
        .records
        .into_iter()
        .filter(announces)
        .map(|EventRecord { change, .. }| {
            let event = serde_dynamo::from_item(change.new_image).map_err(Unreadable);
            (change.sequence_number.unwrap_or_default(), event)
        })
        .collect()
}

/// What the chain of the log keeps of the events of a batch.
///
/// An imprint is that of the item as it stands in the table, with all that is in it, also what
/// this version of the hub does not know.
pub fn imprints(batch: &Batch) -> BTreeMap<EventId, Imprint> {
    let born = batch.records.iter().filter(|record| announces(record));
    let imprints = born.filter_map(|record| imprint(&record.change.new_image));
    imprints.map(|imprint| (imprint.event, imprint)).collect()
}

fn imprint(item: &Item) -> Option<Imprint> {
    let tenant = text(item, "hospital").and_then(|hospital| hospital.parse().ok());
    let event = text(item, "id")?.parse().ok()?;
    Some(Imprint::of(tenant.unwrap_or(Tenant::Hub), event, item))
}

fn announces(record: &EventRecord) -> bool {
    record.event_name == "INSERT" && text(&record.change.new_image, "kind") == Some("event")
}

fn text<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    match item.get(name)? {
        AttributeValue::S(text) => Some(text),
        _ => None,
    }
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

/// Does the errands of a batch of a queue, all at once, and says which are to come again: what
/// fails goes back alone.
pub async fn each_alone<F>(batch: SqsEvent, errand: impl Fn(SqsMessage) -> F) -> SqsBatchResponse
where
    F: Future<Output = Result<(), Box<dyn Failure>>>,
{
    let errands = batch.records.into_iter().map(|message| {
        let id = message.message_id.clone().unwrap_or_default();
        let errand = errand(message);
        async move {
            let error = errand.await.err()?;
            let (code, message) = (error.code(), id.as_str());
            tracing::error!(error.code = code, message.id = message, "an errand was not done");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            Some(failure)
        }
    });
    let mut answer = SqsBatchResponse::default();
    answer.batch_item_failures = join_all(errands).await.into_iter().flatten().collect();
    answer
}

/// A record of the stream is no event.
#[derive(Debug, thiserror::Error)]
#[error("a record of the stream is no event")]
pub struct Unreadable(#[source] serde_dynamo::Error);
