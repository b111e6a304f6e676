//! Queues as the AWS SDK speaks to them: AWS JSON 1.0.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json, json};
use ulid::Ulid;

use crate::{Attribute, Message, Move, Outgoing, Queue, Refusal, Sent, Sqs, Wish, digest};

const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

/// The most bytes of a request: a full batch, with every character written the long way.
const LARGEST_REQUEST: usize = 8 * 1024 * 1024;

/// The most bytes of all messages of a batch.
const LARGEST_BATCH: usize = 1024 * 1024;

/// The most entries of a batch.
const MOST: usize = 10;

/// The longest that a receiver waits, in seconds.
const LONGEST_WAIT: u32 = 20;

type Outcome = Result<Json, Refusal>;

pub(crate) fn router(sqs: Sqs) -> Router {
    Router::new().fallback(answer).layer(DefaultBodyLimit::max(LARGEST_REQUEST)).with_state(sqs)
}

/// A header names the operation. No page of a browser can send it to another place unasked.
async fn answer(State(sqs): State<Sqs>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let operation = text("x-amz-target").unwrap_or_default();
    let operation = operation.strip_prefix("AmazonSQS.").unwrap_or(operation);
    let host = text("host").unwrap_or("localhost");
    let mut response = match perform(&sqs, operation, host, &body).await {
        Ok(done) => done.to_string().into_response(),
        Err(refusal) => refused(&refusal),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    if let Ok(id) = HeaderValue::from_str(&Ulid::generate().to_string()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

fn refused(refusal: &Refusal) -> Response {
    let (name, older) = refusal.names();
    let (status, fault) = if refusal.is_fault_of_sender() {
        (StatusCode::BAD_REQUEST, "Sender")
    } else {
        tracing::error!(error = ?refusal, "the queues failed");
        (StatusCode::INTERNAL_SERVER_ERROR, "Receiver")
    };
    let body =
        json!({ "__type": format!("com.amazonaws.sqs#{name}"), "message": refusal.to_string() });
    (status, [("x-amzn-query-error", format!("{older};{fault}"))], body.to_string()).into_response()
}

async fn perform(sqs: &Sqs, operation: &str, host: &str, body: &[u8]) -> Outcome {
    match operation {
        "ChangeMessageVisibility" => change_visibility(sqs, &read(body)?),
        "ChangeMessageVisibilityBatch" => change_visibility_batch(sqs, read(body)?),
        "DeleteMessage" => delete(sqs, &read(body)?),
        "DeleteMessageBatch" => delete_batch(sqs, read(body)?),
        "GetQueueAttributes" => attributes(sqs, &read(body)?),
        "GetQueueUrl" => url(sqs, host, &read(body)?),
        "ListMessageMoveTasks" => moves(sqs, &read(body)?),
        "ListQueues" => Ok(list(sqs, host, &read(body)?)),
        "PurgeQueue" => purge(sqs, &read(body)?),
        "ReceiveMessage" => receive(sqs, read(body)?).await,
        "SendMessage" => send(sqs, read(body)?),
        "SendMessageBatch" => send_batch(sqs, read(body)?),
        "StartMessageMoveTask" => start_move(sqs, &read(body)?),
        other => Err(Refusal::UnknownOperation(other.to_owned())),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(if body.is_empty() { b"{}" } else { body }).map_err(Refusal::Unreadable)
}

/// The name of a queue, of which only the end of the address counts.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct At {
    #[serde(default)]
    queue_url: String,
}

impl At {
    fn name(&self) -> Result<&str, Refusal> {
        match self.queue_url.as_str() {
            "" => Err(Refusal::Missing("QueueUrl")),
            url => Ok(Queue::name_in(url)),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendRequest {
    #[serde(flatten)]
    at: At,
    #[serde(flatten)]
    message: MessageToSend,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MessageToSend {
    #[serde(default)]
    message_body: String,
    #[serde(default)]
    message_attributes: BTreeMap<String, Attribute>,
    delay_seconds: Option<u32>,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

impl From<MessageToSend> for Outgoing {
    fn from(message: MessageToSend) -> Self {
        Self {
            body: message.message_body,
            attributes: message.message_attributes,
            delay: message.delay_seconds,
            group: message.message_group_id,
            deduplication: message.message_deduplication_id,
        }
    }
}

fn send(sqs: &Sqs, SendRequest { at, message }: SendRequest) -> Outcome {
    send_one(sqs, at.name()?, message.into()).map(Json::Object)
}

fn send_one(sqs: &Sqs, queue: &str, message: Outgoing) -> Result<Map<String, Json>, Refusal> {
    let (body, said) = (digest::body(&message.body), digest::attributes(&message.attributes));
    let Sent { id, sequence } = sqs.tell(|engine, now| engine.send(queue, message, now))?;
    let mut sent = Map::new();
    sent.insert("MessageId".to_owned(), id.into());
    sent.insert("MD5OfMessageBody".to_owned(), body.into());
    sent.extend(said.map(|said| ("MD5OfMessageAttributes".to_owned(), said.into())));
    sent.extend(sequence.map(|sequence| ("SequenceNumber".to_owned(), sequence.into())));
    Ok(sent)
}

/// Several requests of one kind.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<T> {
    #[serde(flatten)]
    at: At,
    #[serde(default = "Vec::new")]
    entries: Vec<Entry<T>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<T> {
    id: String,
    #[serde(flatten)]
    request: T,
}

impl<T> Batch<T> {
    /// Does one after the other. One that is refused stops no other.
    fn each(
        self,
        sqs: &Sqs,
        kind: &'static str,
        perform: impl Fn(&str, T) -> Result<Map<String, Json>, Refusal>,
    ) -> Outcome {
        let name = self.at.name()?;
        sqs.ask(|engine, _| engine.queue(name).map(drop))?;
        if self.entries.is_empty() {
            return Err(Refusal::EmptyBatch(kind));
        }
        if self.entries.len() > MOST {
            return Err(Refusal::TooManyEntries(self.entries.len()));
        }
        let sound = |id: &str| {
            (1..=80).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let mut seen = BTreeSet::new();
        for Entry { id, .. } in &self.entries {
            if !sound(id) {
                return Err(Refusal::BadEntryId);
            }
            if !seen.insert(id.clone()) {
                return Err(Refusal::IdsNotDistinct(id.clone()));
            }
        }
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for Entry { id, request } in self.entries {
            match perform(name, request) {
                Ok(mut done) => {
                    done.insert("Id".to_owned(), id.into());
                    successful.push(done);
                }
                Err(refusal) => failed.push(json!({
                    "Id": id,
                    "SenderFault": refusal.is_fault_of_sender(),
                    "Code": refusal.names().1,
                    "Message": refusal.to_string(),
                })),
            }
        }
        Ok(json!({ "Successful": successful, "Failed": failed }))
    }
}

fn send_batch(sqs: &Sqs, batch: Batch<MessageToSend>) -> Outcome {
    let entries = batch.entries.into_iter();
    let entries = entries.map(|Entry { id, request }| Entry { id, request: request.into() });
    let batch: Batch<Outgoing> = Batch { at: batch.at, entries: entries.collect() };
    let bytes = batch.entries.iter().map(|entry| entry.request.bytes()).sum();
    if bytes > LARGEST_BATCH {
        return Err(Refusal::BatchTooLong(LARGEST_BATCH, bytes));
    }
    batch.each(sqs, "SendMessageBatchRequestEntry", |queue, message| send_one(sqs, queue, message))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveRequest {
    #[serde(flatten)]
    at: At,
    max_number_of_messages: Option<usize>,
    visibility_timeout: Option<u32>,
    wait_time_seconds: Option<u32>,
    /// What the newer list was called before.
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

async fn receive(sqs: &Sqs, request: ReceiveRequest) -> Outcome {
    let name = request.at.name()?;
    let usual = sqs.ask(|engine, _| engine.queue(name).map(|queue| queue.wait))?;
    let wait = request.wait_time_seconds.unwrap_or(usual);
    if wait > LONGEST_WAIT {
        let reason = "Must be >= 0 and <= 20, if provided";
        return Err(Refusal::invalid("WaitTimeSeconds", &wait, reason));
    }
    let wish = Wish {
        most: request.max_number_of_messages.unwrap_or(1),
        visibility: request.visibility_timeout,
    };
    let messages = sqs.receive(name, wish, Duration::from_secs(wait.into())).await?;
    let messages: Vec<_> = messages.iter().map(|message| request.shown(message)).collect();
    Ok(json!({ "Messages": messages }))
}

impl ReceiveRequest {
    /// A message with as much about it as was asked for.
    fn shown(&self, message: &Message) -> Json {
        let said: BTreeMap<_, _> = message
            .attributes
            .iter()
            .filter(|(name, _)| asked(&self.message_attribute_names, name))
            .map(|(name, attribute)| (name.clone(), attribute.clone()))
            .collect();
        let system: BTreeMap<_, _> = message
            .system_attributes()
            .into_iter()
            .filter(|(name, _)| {
                asked(&self.attribute_names, name)
                    || asked(&self.message_system_attribute_names, name)
            })
            .collect();
        let mut shown = json!({
            "MessageId": message.id,
            "ReceiptHandle": message.receipt,
            "Body": message.body,
            "MD5OfBody": message.digest(),
        });
        if !system.is_empty() {
            shown["Attributes"] = json!(system);
        }
        if let Some(digest) = digest::attributes(&said) {
            shown["MessageAttributes"] = json!(said);
            shown["MD5OfMessageAttributes"] = digest.into();
        }
        shown
    }
}

/// Whether a list of names asks for a name: by itself, by its beginning, or with all.
fn asked(names: &[String], name: &str) -> bool {
    names.iter().any(|asked| match asked.strip_suffix(".*").or(asked.strip_suffix('*')) {
        Some(beginning) => name.starts_with(beginning),
        None => asked == "All" || asked == name,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Held {
    #[serde(default)]
    receipt_handle: String,
    visibility_timeout: Option<u32>,
}

impl Held {
    fn receipt(&self) -> Result<&str, Refusal> {
        match self.receipt_handle.as_str() {
            "" => Err(Refusal::Missing("ReceiptHandle")),
            receipt => Ok(receipt),
        }
    }

    fn delete(&self, sqs: &Sqs, queue: &str) -> Result<(), Refusal> {
        let receipt = self.receipt()?;
        sqs.tell(|engine, now| engine.delete(queue, receipt, now))
    }

    fn change_visibility(&self, sqs: &Sqs, queue: &str) -> Result<(), Refusal> {
        let receipt = self.receipt()?;
        let seconds = self.visibility_timeout.ok_or(Refusal::Missing("VisibilityTimeout"))?;
        sqs.tell(|engine, now| engine.change_visibility(queue, receipt, seconds, now))
    }
}

#[derive(Deserialize)]
struct HeldAt {
    #[serde(flatten)]
    at: At,
    #[serde(flatten)]
    held: Held,
}

fn delete(sqs: &Sqs, HeldAt { at, held }: &HeldAt) -> Outcome {
    held.delete(sqs, at.name()?).map(|()| json!({}))
}

fn delete_batch(sqs: &Sqs, batch: Batch<Held>) -> Outcome {
    batch.each(sqs, "DeleteMessageBatchRequestEntry", |queue, held| {
        held.delete(sqs, queue).map(|()| Map::new())
    })
}

fn change_visibility(sqs: &Sqs, HeldAt { at, held }: &HeldAt) -> Outcome {
    held.change_visibility(sqs, at.name()?).map(|()| json!({}))
}

fn change_visibility_batch(sqs: &Sqs, batch: Batch<Held>) -> Outcome {
    batch.each(sqs, "ChangeMessageVisibilityBatchRequestEntry", |queue, held| {
        held.change_visibility(sqs, queue).map(|()| Map::new())
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    #[serde(default)]
    queue_name: String,
}

fn url(sqs: &Sqs, host: &str, Named { queue_name }: &Named) -> Outcome {
    sqs.ask(|engine, _| engine.queue(queue_name).map(drop))?;
    Ok(json!({ "QueueUrl": Queue::url_of(host, queue_name) }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    #[serde(default)]
    queue_name_prefix: String,
}

fn list(sqs: &Sqs, host: &str, Listed { queue_name_prefix }: &Listed) -> Json {
    let urls: Vec<_> = sqs.ask(|engine, _| {
        let names = engine.queues().map(|queue| queue.name.as_str());
        let names = names.filter(|name| name.starts_with(queue_name_prefix.as_str()));
        names.map(|name| Queue::url_of(host, name)).collect()
    });
    json!({ "QueueUrls": urls })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    #[serde(flatten)]
    at: At,
    #[serde(default)]
    attribute_names: Vec<String>,
}

fn attributes(sqs: &Sqs, Described { at, attribute_names }: &Described) -> Outcome {
    let name = at.name()?;
    let (queue, counts) = sqs.ask(|engine, now| {
        let queue = engine.queue(name)?.clone();
        Ok::<_, Refusal>((queue, engine.counts(name, now)?))
    })?;
    let mut all = BTreeMap::from([
        ("ApproximateNumberOfMessages", counts.visible.to_string()),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
        ("DelaySeconds", queue.delay.to_string()),
        ("MaximumMessageSize", queue.largest.to_string()),
        ("MessageRetentionPeriod", queue.retention.to_string()),
        ("QueueArn", queue.arn()),
        ("ReceiveMessageWaitTimeSeconds", queue.wait.to_string()),
        ("VisibilityTimeout", queue.visibility.to_string()),
    ]);
    if queue.fifo {
        all.insert("FifoQueue", true.to_string());
        let same = queue.same_content_is_same_message.to_string();
        all.insert("ContentBasedDeduplication", same);
    }
    if let Some(redrive) = &queue.redrive {
        let (target, count) = (Queue::arn_of(&redrive.dead_letters), redrive.receives);
        let policy = json!({ "deadLetterTargetArn": target, "maxReceiveCount": count });
        all.insert("RedrivePolicy", policy.to_string());
    }
    // Known, though nothing was declared of them.
    let unsaid = ["ContentBasedDeduplication", "FifoQueue", "Policy", "RedrivePolicy"];
    let known = |name: &str| name == "All" || all.contains_key(name) || unsaid.contains(&name);
    if let Some(unknown) = attribute_names.iter().find(|name| !known(name)) {
        return Err(Refusal::UnknownAttribute(unknown.clone()));
    }
    all.retain(|name, _| asked(attribute_names, name));
    Ok(json!({ "Attributes": all }))
}

fn purge(sqs: &Sqs, at: &At) -> Outcome {
    let name = at.name()?;
    sqs.tell(|engine, _| engine.purge(name)).map(|()| json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MoveRequest {
    #[serde(default)]
    source_arn: String,
    destination_arn: Option<String>,
    max_results: Option<usize>,
}

fn start_move(sqs: &Sqs, MoveRequest { source_arn, destination_arn, .. }: &MoveRequest) -> Outcome {
    let (source, destination) =
        (Queue::name_in(source_arn), destination_arn.as_deref().map(Queue::name_in));
    let moved = sqs.tell(|engine, now| engine.move_back(source, destination, now))?;
    Ok(json!({ "TaskHandle": moved.number.to_string() }))
}

fn moves(sqs: &Sqs, MoveRequest { source_arn, max_results, .. }: &MoveRequest) -> Outcome {
    let moves = sqs.ask(|engine, _| engine.moves(Queue::name_in(source_arn)))?;
    let most = max_results.unwrap_or(1);
    let shown = |it: &Move| {
        let mut shown = json!({
            "Status": if it.stayed == 0 { "COMPLETED" } else { "FAILED" },
            "SourceArn": Queue::arn_of(&it.source),
            "ApproximateNumberOfMessagesMoved": it.moved,
            "ApproximateNumberOfMessagesToMove": it.moved + it.stayed,
            "StartedTimestamp": it.started_at.as_millisecond(),
        });
        if let Some(destination) = &it.destination {
            shown["DestinationArn"] = Queue::arn_of(destination).into();
        }
        if it.stayed > 0 {
            shown["FailureReason"] = "CouldNotDetermineMessageSource".into();
        }
        shown
    };
    Ok(json!({ "Results": moves.iter().take(most).map(shown).collect::<Vec<_>>() }))
}
