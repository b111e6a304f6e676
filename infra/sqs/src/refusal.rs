//! What a queue refuses, in the words of AWS.

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No queue of that name was declared.
    #[error("The specified queue does not exist.")]
    NoSuchQueue,
    /// A receipt handle is none.
    #[error("The input receipt handle \"{0}\" is not a valid receipt handle.")]
    BadReceipt(String),
    /// Nobody is working on the message.
    #[error("The message referred to isn't in flight.")]
    NotInFlight,
    /// Something is missing.
    #[error("The request must contain the parameter {0}.")]
    Missing(&'static str),
    /// Something makes no sense.
    #[error("Value {value} for parameter {parameter} is invalid. Reason: {reason}.")]
    Invalid {
        /// What.
        parameter: &'static str,
        /// What was said.
        value: String,
        /// Why that cannot be.
        reason: &'static str,
    },
    /// A message is too long.
    #[error("One or more parameters are invalid. Reason: Message must be shorter than {0} bytes.")]
    TooLong(usize),
    /// A message holds characters that no queue takes.
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | \
         #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    BadContents,
    /// A batch has no entries.
    #[error("There should be at least one {0} in the request.")]
    EmptyBatch(&'static str),
    /// A batch has too many entries.
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntries(usize),
    /// Two entries of a batch have the same identifier.
    #[error("Id {0} repeated.")]
    IdsNotDistinct(String),
    /// An entry of a batch has an identifier that is none.
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can \
         be at most 80 letters long."
    )]
    BadEntryId,
    /// A batch is too long.
    #[error("Batch requests cannot be longer than {0} bytes. You have sent {1} bytes.")]
    BatchTooLong(usize, usize),
    /// An attribute is unknown.
    #[error("Unknown Attribute {0}.")]
    UnknownAttribute(String),
    /// A resource is not there.
    #[error("The resource that you specified for the {0} parameter doesn't exist.")]
    NoSuchResource(&'static str),
    /// No queue of the machine gives messages up to this one.
    #[error("Source queue must be configured as a Dead Letter Queue.")]
    NoDeadLetters,
    /// The operation is not one of those that one machine has.
    #[error("The action {0} is not valid for this endpoint.")]
    UnknownOperation(String),
    /// The request is no JSON of that operation.
    #[error("The request cannot be read: {0}")]
    Unreadable(#[source] serde_json::Error),
    /// The file of the queues fails.
    #[error("The request processing has failed because of an unknown error.")]
    Disk(#[from] rusqlite::Error),
}

impl Refusal {
    pub(crate) fn invalid(
        parameter: &'static str,
        value: &(impl ToString + ?Sized),
        reason: &'static str,
    ) -> Self {
        Self::Invalid { parameter, value: value.to_string(), reason }
    }

    /// The name of the failure in JSON, and in the older protocol, by which SDKs know it, too.
    pub fn names(&self) -> (&'static str, &'static str) {
        match self {
            Self::NoSuchQueue => ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
            Self::BadReceipt(_) => ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
            Self::NotInFlight => {
                ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight")
            }
            Self::Missing(_) => ("MissingParameter", "MissingParameter"),
            Self::Invalid { .. } | Self::TooLong(_) | Self::NoDeadLetters => {
                ("InvalidParameterValue", "InvalidParameterValue")
            }
            Self::BadContents => ("InvalidMessageContents", "InvalidMessageContents"),
            Self::EmptyBatch(_) => {
                ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest")
            }
            Self::TooManyEntries(_) => (
                "TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            ),
            Self::IdsNotDistinct(_) => {
                ("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
            }
            Self::BadEntryId => {
                ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId")
            }
            Self::BatchTooLong(..) => {
                ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong")
            }
            Self::UnknownAttribute(_) => ("InvalidAttributeName", "InvalidAttributeName"),
            Self::NoSuchResource(_) => ("ResourceNotFoundException", "ResourceNotFoundException"),
            Self::UnknownOperation(_) => ("UnknownOperationException", "InvalidAction"),
            Self::Unreadable(_) => ("SerializationException", "MalformedInput"),
            Self::Disk(_) => ("InternalError", "InternalError"),
        }
    }

    /// Whether it is the caller who has to change something.
    pub fn is_fault_of_sender(&self) -> bool {
        !matches!(self, Self::Disk(_))
    }
}
