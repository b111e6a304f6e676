//! SQS queues, and who is given their messages.

use std::time::Duration;

use carehub_sqs::{Queue, Redrive};
use serde::Deserialize;

use super::{error::Problem, scope::Scope, stack::Resource};

pub(super) const KIND: &str = "AWS::SQS::Queue";

/// A queue as the template writes it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Declared {
    queue_name: String,
    #[serde(default)]
    fifo_queue: bool,
    #[serde(default)]
    content_based_deduplication: bool,
    delay_seconds: Option<u32>,
    visibility_timeout: Option<u32>,
    message_retention_period: Option<u32>,
    receive_message_wait_time_seconds: Option<u32>,
    maximum_message_size: Option<usize>,
    redrive_policy: Option<Policy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Policy {
    dead_letter_target_arn: String,
    max_receive_count: u32,
}

pub(super) fn read(scope: &Scope<'_>, resource: &Resource) -> Result<Queue, Problem> {
    let declared: Declared = scope.properties(
        &resource.properties,
        &[
            "QueueName",
            "FifoQueue",
            "ContentBasedDeduplication",
            "DelaySeconds",
            "VisibilityTimeout",
            "MessageRetentionPeriod",
            "ReceiveMessageWaitTimeSeconds",
            "MaximumMessageSize",
            "RedrivePolicy",
        ],
    )?;
    let usual = Queue::named(&declared.queue_name);
    if usual.fifo != declared.fifo_queue {
        return Err(Problem::Fifo(declared.queue_name));
    }
    let redrive = declared.redrive_policy.map(|policy| {
        let dead_letters = named(&policy.dead_letter_target_arn)?.to_owned();
        Ok::<_, Problem>(Redrive { dead_letters, receives: policy.max_receive_count })
    });
    Ok(Queue {
        same_content_is_same_message: declared.content_based_deduplication,
        delay: declared.delay_seconds.unwrap_or(usual.delay),
        visibility: declared.visibility_timeout.unwrap_or(usual.visibility),
        retention: declared.message_retention_period.unwrap_or(usual.retention),
        wait: declared.receive_message_wait_time_seconds.unwrap_or(usual.wait),
        largest: declared.maximum_message_size.unwrap_or(usual.largest),
        redrive: redrive.transpose()?,
        ..usual
    })
}

/// The name of the queue that has the given ARN.
fn named(arn: &str) -> Result<&str, Problem> {
    arn.strip_prefix(&Queue::arn_of("")).ok_or_else(|| Problem::NotAQueue(arn.to_owned()))
}

/// The messages of a queue, on their way to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intake {
    /// The queue.
    pub queue: String,
    /// The most messages that the function is given at once.
    pub batch: usize,
    /// How long a message waits for others to be given with.
    pub window: Duration,
    /// Whether the function says which messages of a batch failed.
    pub partial: bool,
    /// Whether the function is given anything.
    pub enabled: bool,
}

/// An event source mapping as the template writes it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Mapping {
    queue: String,
    #[serde(default = "default_batch")]
    batch_size: usize,
    #[serde(default)]
    maximum_batching_window_in_seconds: u64,
    #[serde(default)]
    function_response_types: Vec<String>,
    #[serde(default = "default_enabled")]
    enabled: bool,
}

/// As AWS Lambda has it.
fn default_batch() -> usize {
    10
}

fn default_enabled() -> bool {
    true
}

impl Intake {
    pub(super) fn read(
        scope: &Scope<'_>,
        properties: &serde_yaml_ng::Mapping,
    ) -> Result<Self, Problem> {
        let mapping: Mapping = scope.properties(
            properties,
            &[
                "Queue",
                "BatchSize",
                "MaximumBatchingWindowInSeconds",
                "FunctionResponseTypes",
                "Enabled",
            ],
        )?;
        Ok(Self {
            queue: named(&mapping.queue)?.to_owned(),
            batch: mapping.batch_size.max(1),
            window: Duration::from_secs(mapping.maximum_batching_window_in_seconds),
            partial: mapping
                .function_response_types
                .iter()
                .any(|it| it == "ReportBatchItemFailures"),
            enabled: mapping.enabled,
        })
    }
}
