//! The platform on one machine: what the template declares, in one process.
//!
//! The functions' own routers run behind a local gateway; DynamoDB and SQS are files,
//! S3 is a folder, SMS and mail are a visible outbox. Nothing is simulated above the
//! AWS API: the code that runs here runs in Lambda.

mod arrivals;
mod database;
mod dev;
mod folder;
mod functions;
mod gateway;
mod group;
mod journal;
mod objects;
mod options;
mod outbox;
mod platform;
mod queues;
mod reasons;
mod schedules;
pub mod secrets;
mod streams;
pub mod tables;
pub mod template;
mod websocket;

pub use self::{
    folder::FolderError,
    objects::ObjectsError,
    options::Options,
    platform::{PREFIX, Platform, StartError, archive_at, queues_at, store_at},
    reasons::reasons,
};
