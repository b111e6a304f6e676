//! Event source mappings on one machine: messages of a queue, to the function that reads it.

use std::{collections::BTreeSet, time::Duration};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};
use carehub_sqs::{Message, Queue, Refusal, Sqs, Wish};
use serde_json::json;
use tokio::{
    net::TcpListener,
    task,
    time::{self, Instant},
};

use crate::{database::ACCESS_KEY, functions::Outcome, group::Stop, reasons, template::Intake};

/// The most messages that a queue gives at once.
const AT_ONCE: usize = 10;

/// How long to wait for messages before asking anew.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long to leave the queue alone when it fails.
const PAUSE: Duration = Duration::from_secs(5);

/// Serves the queues until it is time to stop.
pub(crate) async fn serve(sqs: Sqs, listener: TcpListener, stop: Stop) {
    let serving = axum::serve(listener, sqs.router()).with_graceful_shutdown(stop.requested());
    if let Err(error) = serving.await {
        tracing::error!(%error, "SQS stopped");
    }
}

/// A client of the queues that listen at `port`.
pub(crate) fn client(port: u16) -> Client {
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "local"))
            .region(Region::from_static("local"))
            .endpoint_url(format!("http://127.0.0.1:{port}"))
            .build(),
    )
}

/// A function's place at a queue.
#[derive(Clone)]
pub(crate) struct Mapping {
    pub(crate) function: String,
    /// How long the function may take.
    pub(crate) timeout: Duration,
    pub(crate) intake: Intake,
    pub(crate) sqs: Sqs,
}

impl Mapping {
    /// Feeds the function until it is time to stop. What it is working on then is finished.
    ///
    /// What it does not finish stays on the queue and comes again when its time is up, until it
    /// has come too often.
    pub(crate) async fn run<F>(self, deliver: impl Fn(SqsEvent) -> F, stop: Stop)
    where
        F: Future<Output = Outcome<SqsBatchResponse>> + Send + 'static,
    {
        if !self.intake.enabled {
            return;
        }
        loop {
            let first = tokio::select! {
                // Whoever stops waiting has received nothing.
                () = stop.clone().requested() => return,
                first = self.sqs.receive(&self.intake.queue, self.wish(0), PATIENCE) => first,
            };
            let done = match first {
                Ok(first) if first.is_empty() => Ok(()),
                Ok(first) => self.round(first, &deliver).await,
                Err(refusal) => Err(refusal),
            };
            if let Err(error) = done {
                tracing::error!(error = reasons(&error), "a queue cannot be read");
                if !stop.sleep(PAUSE).await {
                    return;
                }
            }
        }
    }

    /// Takes what comes to go with the first messages, and gives it all to the function.
    async fn round<F>(
        &self,
        first: Vec<Message>,
        deliver: impl Fn(SqsEvent) -> F,
    ) -> Result<(), Refusal>
    where
        F: Future<Output = Outcome<SqsBatchResponse>> + Send + 'static,
    {
        let Intake { queue, batch, window, .. } = &self.intake;
        let mut messages = first;
        let end = Instant::now() + *window;
        while messages.len() < *batch && Instant::now() < end {
            let left = end.saturating_duration_since(Instant::now());
            messages.extend(self.sqs.receive(queue, self.wish(messages.len()), left).await?);
        }
        self.hand_over(messages, deliver).await
    }

    /// As much as still fits into the batch.
    fn wish(&self, had: usize) -> Wish {
        Wish { most: self.intake.batch.saturating_sub(had).clamp(1, AT_ONCE), visibility: None }
    }

    /// Gives messages to the function and deletes those that it is done with.
    async fn hand_over<F>(
        &self,
        messages: Vec<Message>,
        deliver: impl Fn(SqsEvent) -> F,
    ) -> Result<(), Refusal>
    where
        F: Future<Output = Outcome<SqsBatchResponse>> + Send + 'static,
    {
        let function = self.function.as_str();
        let queue = self.intake.queue.as_str();
        let mut event = SqsEvent::default();
        event.records = messages.iter().map(|message| record(queue, message)).collect();
        // In a task of its own, so that a panic costs this attempt and no more.
        let mut call = task::spawn(deliver(event));
        let answer = match time::timeout(self.timeout, &mut call).await {
            Ok(answer) => answer.map_err(Into::into).flatten(),
            Err(_) => {
                call.abort();
                Err("the function took too long".into())
            }
        };
        let failed = match answer {
            Ok(response) if self.intake.partial => failed(&messages, &response),
            Ok(_) => BTreeSet::new(),
            Err(error) => {
                let reason = reasons(error.as_ref());
                tracing::warn!(function, queue, reason, "a batch is refused and comes again");
                messages.iter().map(|message| message.id.clone()).collect()
            }
        };
        for message in messages {
            let (id, times) = (message.id.as_str(), message.received);
            if failed.contains(id) {
                tracing::warn!(function, queue, message.id = id, times, "a message stays");
            } else if let Some(receipt) = &message.receipt {
                self.sqs.tell(|engine, now| engine.delete(queue, receipt, now))?;
            }
        }
        Ok(())
    }
}

/// Which messages are to come again. An answer that names none of them, or one that is not
/// there, stands for all, as in AWS Lambda.
fn failed(messages: &[Message], response: &SqsBatchResponse) -> BTreeSet<String> {
    let all: BTreeSet<_> = messages.iter().map(|message| message.id.clone()).collect();
    let named = response.batch_item_failures.iter().map(|it| it.item_identifier.clone());
    let named: BTreeSet<_> = named.collect();
    if named.is_subset(&all) { named } else { all }
}

/// A message as AWS Lambda words it.
fn record(queue: &str, message: &Message) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = Some(message.id.clone());
    record.receipt_handle.clone_from(&message.receipt);
    record.body = Some(message.body.clone());
    record.md5_of_body = Some(message.digest());
    let system = message.system_attributes().into_iter();
    record.attributes = system.map(|(name, value)| (name.to_owned(), value)).collect();
    record.message_attributes = message
        .attributes
        .iter()
        .filter_map(|(name, said)| {
            let said = json!({
                "dataType": said.data_type,
                "stringValue": said.string_value,
                "binaryValue": said.binary_value,
            });
            Some((name.clone(), serde_json::from_value(said).ok()?))
        })
        .collect();
    record.event_source = Some("aws:sqs".to_owned());
    record.event_source_arn = Some(Queue::arn_of(queue));
    record.aws_region = Some("local".to_owned());
    record
}

#[cfg(test)]
mod tests;
