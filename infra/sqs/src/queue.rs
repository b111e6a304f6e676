//! What is declared of a queue.

use serde::Serialize;

/// The account that everything on one machine belongs to.
const ACCOUNT: &str = "000000000000";

/// A queue as a template declares it. Times are seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The name; that of a FIFO queue ends in `.fifo`.
    pub name: String,
    /// Whether messages of a group keep their order.
    pub fifo: bool,
    /// Whether messages of the same content are the same, unless they say otherwise.
    pub same_content_is_same_message: bool,
    /// How long a new message stays hidden.
    pub delay: u32,
    /// How long a message stays hidden from others after it was received.
    pub visibility: u32,
    /// How long a message is kept.
    pub retention: u32,
    /// How long receivers wait for messages, unless they say otherwise.
    pub wait: u32,
    /// The most bytes of a message.
    pub largest: usize,
    /// Where a message goes that was received too often.
    pub redrive: Option<Redrive>,
}

/// When a message is given up, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The name of the queue that takes it.
    pub dead_letters: String,
    /// How often a message may be received.
    pub receives: u32,
}

/// How many messages are in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Those that can be received.
    pub visible: u64,
    /// Those that somebody has received and not deleted.
    pub in_flight: u64,
    /// Those that are new and still hidden.
    pub delayed: u64,
}

impl Queue {
    /// A queue of which nothing is declared but the name. The rest is as AWS has it.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            fifo: name.strip_suffix(".fifo").is_some(),
            same_content_is_same_message: false,
            delay: 0,
            visibility: 30,
            retention: 4 * 86_400,
            wait: 0,
            largest: 1024 * 1024,
            redrive: None,
        }
    }

    /// The Amazon Resource Name of the queue `name`.
    pub fn arn_of(name: &str) -> String {
        format!("arn:aws:sqs:local:{ACCOUNT}:{name}")
    }

    /// The name in an Amazon Resource Name, or in the address of a queue, wherever it is.
    pub fn name_in(reference: &str) -> &str {
        reference.rsplit(['/', ':']).next().unwrap_or(reference)
    }

    /// The address of the queue `name` at a host.
    pub fn url_of(host: &str, name: &str) -> String {
        format!("http://{host}/{ACCOUNT}/{name}")
    }

    /// The Amazon Resource Name.
    pub fn arn(&self) -> String {
        Self::arn_of(&self.name)
    }
}
