//! What can go wrong between us and the tables.

use std::{convert::Infallible, error::Error};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use carehub_domain::{Class, Failure, FieldError};
use jiff::SignedDuration;

/// The tables could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An item does not have the shape its kind promises.
    #[error("a stored {kind} does not match its schema")]
    Corrupt {
        /// The kind of item.
        kind: &'static str,
        /// What was wrong with it.
        source: serde_dynamo::Error,
    },
    /// DynamoDB is pushing back or out of reach.
    #[error("the table is busy or out of reach")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// DynamoDB rejected the request itself.
    #[error("the table rejected the request")]
    Rejected(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    pub(crate) fn aws<E>(error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match (&error, error.code()) {
            (SdkError::TimeoutError(_) | SdkError::DispatchFailure(_), _)
            | (
                _,
                Some(
                    "InternalServerError"
                    | "ProvisionedThroughputExceededException"
                    | "RequestLimitExceeded"
                    | "ThrottlingException"
                    | "TransactionConflictException"
                    | "TransactionInProgressException",
                ),
            ) => Self::Unavailable(error.into()),
            _ => Self::Rejected(error.into()),
        }
    }
}

impl Failure for StoreError {
    fn class(&self) -> Class {
        match self {
            Self::Unavailable(_) => Class::Unavailable,
            Self::Corrupt { .. } | Self::Rejected(_) => Class::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "store-unavailable",
            Self::Corrupt { .. } | Self::Rejected(_) => "internal",
        }
    }

    fn retry_after(&self) -> Option<SignedDuration> {
        matches!(self, Self::Unavailable(_)).then(|| SignedDuration::from_secs(1))
    }
}

/// A write did not happen.
#[derive(Debug, thiserror::Error)]
pub enum WriteError<E> {
    /// A condition failed; this is what it stood for.
    #[error(transparent)]
    Condition(E),
    /// The tables could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WriteError<Infallible> {
    /// The error of a write without conditions.
    pub(crate) fn only_store(self) -> StoreError {
        match self {
            Self::Condition(never) => match never {},
            Self::Store(error) => error,
        }
    }
}

impl<E: Failure> Failure for WriteError<E> {
    fn class(&self) -> Class {
        match self {
            Self::Condition(error) => error.class(),
            Self::Store(error) => error.class(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Condition(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Condition(error) => error.fields(),
            Self::Store(error) => error.fields(),
        }
    }

    fn retry_after(&self) -> Option<SignedDuration> {
        match self {
            Self::Condition(error) => error.retry_after(),
            Self::Store(error) => error.retry_after(),
        }
    }
}
