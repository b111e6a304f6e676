//! What can be wrong with a template.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{cadence::BadCadence, route::BadRoute};

/// A template that the one-machine platform cannot follow.
#[derive(Debug, thiserror::Error)]
#[error("{}: {resource}", file.display())]
pub struct TemplateError {
    file: PathBuf,
    resource: String,
    #[source]
    problem: Problem,
}

impl TemplateError {
    pub(super) fn new(file: &Path, resource: &str, problem: Problem) -> Self {
        Self { file: file.to_owned(), resource: resource.to_owned(), problem }
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// What is wrong with one resource.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file cannot be read.
    #[error("cannot be read")]
    Unreadable(#[source] io::Error),
    /// The file is not a template.
    #[error("is not a template")]
    NotATemplate(#[source] serde_yaml_ng::Error),
    /// A property is missing or of the wrong kind.
    #[error("has an unexpected shape")]
    Shape(#[source] serde_json::Error),
    /// A reference leads nowhere.
    #[error("refers to `{0}`, which is not declared")]
    Undeclared(String),
    /// A parameter has neither a value nor a default.
    #[error("needs the parameter `{0}`, which has no value")]
    Unset(String),
    /// A value is computed in a way that is not followed here.
    #[error("uses `{0}`, which is not supported on one machine")]
    Unsupported(String),
    /// A function lives elsewhere than under `functions/`.
    #[error("has the code `{0}`, which is not a folder of `functions/`")]
    Code(String),
    /// A stream is not that of a table.
    #[error("reads `{0}`, which is not the stream of a table")]
    NotAStream(String),
    /// What should be a queue is none.
    #[error("names `{0}`, which is not a queue")]
    NotAQueue(String),
    /// A FIFO queue is not called one, or the reverse.
    #[error("is called `{0}`, but only the names of FIFO queues end in `.fifo`")]
    Fifo(String),
    /// A route is malformed.
    #[error(transparent)]
    Route(#[from] BadRoute),
    /// A schedule is malformed.
    #[error(transparent)]
    Cadence(#[from] BadCadence),
    /// Something is wrong with one event of a function.
    #[error("in its event {event}")]
    Event {
        /// The name of the event.
        event: String,
        /// What is wrong with it.
        #[source]
        problem: Box<Problem>,
    },
}
