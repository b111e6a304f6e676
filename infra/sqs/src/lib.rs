//! Amazon SQS on one machine: queues in a file.
//!
//! The [`Engine`] knows the rules of queues and is told what time it is. [`Sqs`] is an engine that
//! many share and wait at; its [`router`](Sqs::router) speaks to the AWS SDK. Queues are those that
//! were declared; callers create none.

mod digest;
mod engine;
mod message;
mod queue;
mod refusal;
mod service;
mod sqs;

pub use self::{
    engine::{Engine, Move, OpenError, Wish},
    message::{Attribute, Message, Outgoing, Sent, State},
    queue::{Counts, Queue, Redrive},
    refusal::Refusal,
    sqs::Sqs,
};
