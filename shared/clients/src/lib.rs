//! The outside world: messages to people's phones and mailboxes, queues, live connections, and
//! programs of others.

mod assistant;
mod aws;
mod post;
mod queues;
mod sqs;
mod web;
mod wire;

pub use self::{
    assistant::{Assistant, AssistantError, ChatModel, Consultation, SharedAssistant},
    aws::{AwsPost, Carriers},
    post::{Carried, Message, Post, PostError, SharedPost},
    queues::{Announcement, Errand, Order, Queue, Queues, SharedQueues},
    sqs::AwsQueues,
    web::{Answer, Inquiry, Web, WebError},
    wire::{AwsWire, Heard, SharedWire, Wire, Word},
};
