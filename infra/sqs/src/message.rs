//! Messages, on their way in and out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Queue, digest};

/// A message that somebody sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// What it says.
    pub body: String,
    /// What is said about it.
    pub attributes: BTreeMap<String, Attribute>,
    /// For how many seconds it stays hidden, if the queue is not to decide.
    pub delay: Option<u32>,
    /// The group that it is in order with.
    pub group: Option<String>,
    /// What tells it from others. For five minutes the queue takes no other with the same.
    pub deduplication: Option<String>,
}

/// Something that is said about a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attribute {
    /// `String`, `Number` or `Binary`, perhaps with more behind a dot.
    pub data_type: String,
    /// The value, unless it is binary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// The value in Base64, if it is binary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<String>,
}

/// A message that a queue has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The identifier of the message.
    pub id: String,
    /// Its place in a FIFO queue.
    pub sequence: Option<String>,
}

/// A message in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its place. Later ones have higher numbers.
    pub number: i64,
    /// The identifier.
    pub id: String,
    /// What it says.
    pub body: String,
    /// What is said about it.
    pub attributes: BTreeMap<String, Attribute>,
    /// The group that it is in order with.
    pub group: Option<String>,
    /// What tells it from others.
    pub deduplication: Option<String>,
    /// The name of the queue that gave it up.
    pub source: Option<String>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// From when on it can be received.
    pub visible_at: Timestamp,
    /// How often it was received.
    pub received: u32,
    /// When that was for the first time.
    pub first_received_at: Option<Timestamp>,
    /// What whoever received it last deletes it by.
    pub receipt: Option<String>,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// It can be received.
    Visible,
    /// Somebody has received it.
    InFlight,
    /// It is new and still hidden.
    Delayed,
}

impl Message {
    /// Where the message stands.
    pub fn state(&self, now: Timestamp) -> State {
        match (self.visible_at > now, &self.receipt) {
            (false, _) => State::Visible,
            (true, Some(_)) => State::InFlight,
            (true, None) => State::Delayed,
        }
    }

    /// The MD5 of what it says.
    pub fn digest(&self) -> String {
        digest::body(&self.body)
    }

    /// What the queue says about the message, as AWS names it.
    pub fn system_attributes(&self) -> BTreeMap<&'static str, String> {
        let millis = |at: Timestamp| at.as_millisecond().to_string();
        let always = [
            ("ApproximateReceiveCount", self.received.to_string()),
            ("SenderId", "local".to_owned()),
            ("SentTimestamp", millis(self.sent_at)),
        ];
        let sometimes = [
            ("ApproximateFirstReceiveTimestamp", self.first_received_at.map(millis)),
            ("DeadLetterQueueSourceArn", self.source.as_deref().map(Queue::arn_of)),
            ("MessageDeduplicationId", self.deduplication.clone()),
            ("MessageGroupId", self.group.clone()),
            ("SequenceNumber", self.deduplication.as_ref().map(|_| sequence(self.number))),
        ];
        let sometimes = sometimes.into_iter().filter_map(|(name, value)| Some((name, value?)));
        always.into_iter().chain(sometimes).collect()
    }
}

/// A place in a FIFO queue, as AWS writes it: the order of numbers is that of the texts.
pub(crate) fn sequence(number: i64) -> String {
    format!("{number:020}")
}
