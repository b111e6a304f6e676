//! DynamoDB Streams on one machine: changes of a table, in order, to the function that reads them.

use std::{io, sync::Arc, time::Duration};

use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::DynamoDbEventResponse,
};
use dynoxide::{
    Database, DynoxideError,
    actions::{get_records::GetRecordsRequest, get_shard_iterator::GetShardIteratorRequest},
    streams::{shard_id, stream_arn},
};
use serde_json::json;
use tokio::{sync::watch, task};

use crate::{
    folder::Mark, functions::Outcome, group::Stop, journal::Journal, reasons, template::Stream,
};

/// How long a change waits at most of which nothing was told.
const PAUSE: Duration = Duration::from_millis(250);
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(30);

/// A function's place in the stream of a table.
pub(crate) struct Reader {
    pub(crate) function: String,
    pub(crate) stream: Stream,
    pub(crate) database: Database,
    /// Tells that there may be something to read.
    pub(crate) written: watch::Receiver<()>,
    /// The last record that needs no more attention.
    pub(crate) mark: Mark,
    pub(crate) dead_letters: Arc<Journal>,
}

/// What a round of reading came to.
#[derive(Debug, PartialEq, Eq)]
enum Round {
    /// There was nothing to read.
    Quiet,
    /// Everything read was taken.
    Taken,
    /// A record was refused, for the given number of times in a row.
    Refused(u32),
}

impl Reader {
    /// Feeds the function until it is time to stop.
    pub(crate) async fn run<F>(mut self, deliver: impl Fn(Event) -> F, stop: Stop)
    where
        F: Future<Output = Outcome<DynamoDbEventResponse>> + Send + 'static,
    {
        let mut refusals = 0;
        loop {
            // To listen comes before to look, so that nothing falls in between.
            self.written.mark_unchanged();
            let pause = match self.round(&deliver, refusals).await {
                Ok(Round::Quiet) => {
                    tokio::select! {
                        on = stop.sleep(PAUSE) => if !on { return },
                        Ok(()) = self.written.changed() => {}
                    }
                    continue;
                }
                Ok(Round::Taken) => {
                    refusals = 0;
                    Duration::ZERO
                }
                Ok(Round::Refused(times)) => {
                    refusals = times;
                    FIRST_RETRY.saturating_mul(1 << (times - 1).min(16)).min(LAST_RETRY)
                }
                Err(error) => {
                    tracing::error!(error = reasons(&error), "a stream cannot be read");
                    LAST_RETRY
                }
            };
            if !stop.sleep(pause).await {
                return;
            }
        }
    }

    /// Reads some records and delivers them.
    ///
    /// After a refusal the record goes alone, so that none but the culprit is put aside.
    async fn round<F>(
        &self,
        deliver: impl Fn(Event) -> F,
        refusals: u32,
    ) -> Result<Round, StreamError>
    where
        F: Future<Output = Outcome<DynamoDbEventResponse>> + Send + 'static,
    {
        let limit = if refusals == 0 { self.stream.batch } else { 1 };
        let records = self.read(limit).await?;
        let Some(last) = records.last() else { return Ok(Round::Quiet) };
        let wanted: Vec<_> = records.iter().filter(|record| self.wants(record)).cloned().collect();
        if wanted.is_empty() {
            self.advance(last)?;
            return Ok(Round::Taken);
        }
        let is_alone = wanted.len() == 1;
        let mut event = Event::default();
        event.records = wanted;
        // In a task of its own, so that a panic costs this attempt and no more.
        let answer = task::spawn(deliver(event)).await.map_err(Into::into).flatten();
        let taken = match &answer {
            Ok(response) => taken(&records, response),
            Err(_) => 0,
        };
        // What nobody wants is taken as it stands.
        let passed = records.iter().skip(taken).take_while(|record| !self.wants(record)).count();
        let taken = taken + passed;
        if let Some(last) = taken.checked_sub(1).and_then(|last| records.get(last)) {
            self.advance(last)?;
        }
        let Some(refused) = records.get(taken) else {
            return Ok(Round::Taken);
        };
        let refusals = if taken == 0 { refusals + 1 } else { 1 };
        let to_blame = answer.is_ok() || is_alone;
        let reason = answer.err().map(|error| reasons(error.as_ref()));
        let function = self.function.as_str();
        if refusals < self.stream.attempts || !to_blame {
            tracing::warn!(function, reason, refusals, "a record is refused and tried again");
            return Ok(Round::Refused(refusals));
        }
        tracing::error!(function, reason, refusals, "a record is refused and put aside");
        let letter = json!({ "function": function, "reason": reason, "record": refused });
        self.dead_letters.append(&letter).await?;
        self.advance(refused)?;
        Ok(Round::Taken)
    }

    /// The records behind the mark.
    async fn read(&self, limit: usize) -> Result<Vec<EventRecord>, StreamError> {
        let after = self.mark.read()?;
        let arn = stream_arn(&self.stream.table, "local");
        let from = GetShardIteratorRequest {
            stream_arn: arn.clone(),
            shard_id: shard_id(&self.stream.table),
            shard_iterator_type: match after {
                Some(_) => "AFTER_SEQUENCE_NUMBER".to_owned(),
                None => "TRIM_HORIZON".to_owned(),
            },
            sequence_number: after,
        };
        let database = self.database.clone();
        let read = task::spawn_blocking(move || {
            let from = database.get_shard_iterator(from)?;
            let shard_iterator = from.shard_iterator.unwrap_or_default();
            database.get_records(GetRecordsRequest { shard_iterator, limit: Some(limit) })
        });
        let read = read.await.map_err(io::Error::from)??;
        // The emulator's records and Lambda's events are two types of one JSON.
        let records = serde_json::to_value(read.records).and_then(serde_json::from_value);
        let mut records: Vec<EventRecord> = records.map_err(StreamError::Garbled)?;
        for record in &mut records {
            record.event_source_arn = Some(arn.clone());
        }
        Ok(records)
    }

    fn wants(&self, record: &EventRecord) -> bool {
        serde_json::to_value(record).is_ok_and(|record| self.stream.wants(&record))
    }

    fn advance(&self, last: &EventRecord) -> io::Result<()> {
        last.change.sequence_number.as_deref().map_or(Ok(()), |number| self.mark.write(number))
    }
}

/// How many records come before the first that was refused.
///
/// A refusal that names no record stands for all of them, as in AWS Lambda.
fn taken(records: &[EventRecord], response: &DynamoDbEventResponse) -> usize {
    let refused = response.batch_item_failures.iter().map(|failure| {
        let named = failure.item_identifier.as_ref();
        let is_named = |record: &EventRecord| record.change.sequence_number.as_ref() == named;
        records.iter().position(is_named).unwrap_or(0)
    });
    refused.min().unwrap_or(records.len())
}

/// Why a stream cannot be followed.
#[derive(Debug, thiserror::Error)]
enum StreamError {
    #[error("the database refuses")]
    Refused(#[from] DynoxideError),
    #[error("a record makes no sense")]
    Garbled(#[source] serde_json::Error),
    #[error("progress cannot be kept")]
    Disk(#[from] io::Error),
}

#[cfg(test)]
mod tests;
