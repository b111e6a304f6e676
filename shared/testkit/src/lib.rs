//! A whole hub in memory: real routes, real store, embedded DynamoDB.

#![expect(clippy::expect_used, reason = "a broken test environment should stop the test")]

mod assistant;
mod caller;
mod clock;
mod faults;
#[path = "../../domain/src/file/samples.rs"]
pub mod files;
mod hub;
mod keys;
mod meter;
mod post;
mod queues;
mod storage;
mod tables;
mod wire;

pub use self::{
    assistant::{FakeModel, Mood},
    caller::{Caller, Reply},
    clock::ManualClock,
    faults::{Fault, Faults},
    hub::{Function, Gateway, TestHub},
    keys::{pepper, signing_key},
    meter::{Meter, Spent},
    post::RecordedPost,
    queues::RecordedQueues,
    wire::RecordedWire,
};
