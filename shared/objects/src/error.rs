//! What can go wrong between us and the bucket.

use std::error::Error;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use carehub_domain::{Class, Failure};
use jiff::SignedDuration;

/// An object could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The function was not told of a bucket.
    #[error("this function has no bucket")]
    Absent,
    /// S3 is pushing back or out of reach.
    #[error("the bucket is busy or out of reach")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// S3 rejected the request itself.
    #[error("the bucket rejected the request")]
    Rejected(#[source] Box<dyn Error + Send + Sync>),
}

impl ObjectsError {
    pub(crate) fn aws<E>(error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match (&error, error.code()) {
            (SdkError::TimeoutError(_) | SdkError::DispatchFailure(_), _)
            | (
                _,
                Some(
                    "InternalError" | "OperationAborted" | "RequestTimeout" | "ServiceUnavailable"
                    | "SlowDown",
                ),
            ) => Self::Unavailable(error.into()),
            _ => Self::Rejected(error.into()),
        }
    }

    /// The content ended too early.
    pub(crate) fn cut(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl Failure for ObjectsError {
    fn class(&self) -> Class {
        match self {
            Self::Unavailable(_) => Class::Unavailable,
            Self::Absent | Self::Rejected(_) => Class::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "files-unavailable",
            Self::Absent | Self::Rejected(_) => "internal",
        }
    }

    fn retry_after(&self) -> Option<SignedDuration> {
        matches!(self, Self::Unavailable(_)).then(|| SignedDuration::from_secs(1))
    }
}
