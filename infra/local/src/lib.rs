//! The platform on one machine: what the template declares, in one process.
//!
//! The functions' own routers run behind a local gateway; DynamoDB is a file,
//! S3 a folder, SMS and mail a visible outbox. Nothing is simulated above the
//! AWS API: the code that runs here runs in Lambda.

mod arrivals;
mod database;
mod folder;
mod functions;
mod gateway;
mod group;
mod journal;
mod objects;
mod options;
mod outbox;
mod platform;
mod reasons;
mod schedules;
pub mod secrets;
mod streams;
pub mod tables;
pub mod template;

pub use self::{
    folder::FolderError,
    objects::ObjectsError,
    options::Options,
    platform::{PREFIX, Platform, StartError, store_at},
    reasons::reasons,
};
