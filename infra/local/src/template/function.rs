//! Functions and what triggers them.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value as Json;
use serde_yaml_ng::Mapping;

use super::{
    bucket::Arrivals, cadence::Cadence, error::Problem, filter::Filter, queue::Intake,
    route::Route, scope::Scope, stack::Resource, table::Table,
};

/// A Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its folder in `functions/`, which is also its crate.
    pub name: String,
    /// How long a call of it may take.
    pub timeout: Duration,
    /// What it is called for.
    pub triggers: Vec<Trigger>,
}

/// What a function is called for.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// A request.
    Http(Route),
    /// Changes of a table.
    Stream(Stream),
    /// Messages of a queue.
    Queue(Intake),
    /// The passing of time.
    Schedule(Schedule),
    /// Objects that arrive.
    Arrivals(Arrivals),
    /// A route of a WebSocket, such as `$connect`.
    WebSocket(String),
}

/// The changes of a table, on their way to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The table.
    pub table: String,
    /// The most records that the function is given at once.
    pub batch: usize,
    /// How often a record is given to the function before it is put aside.
    pub attempts: u32,
    /// Which changes the function wants: those that one of these lets pass, or all if there is none.
    pub filters: Vec<Filter>,
}

impl Stream {
    /// Whether a record, as AWS Lambda would be given it, is one that the function wants.
    pub fn wants(&self, record: &Json) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| filter.passes(record))
    }
}

/// A call that is made again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The name of the event.
    pub name: String,
    /// When, as the template writes it.
    pub expression: String,
    /// When.
    pub cadence: Cadence,
    /// What the function is given.
    pub input: Json,
}

/// An event as the template writes it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(default)]
    properties: Mapping,
}

/// How long a call may take of which nothing is said, in seconds, as AWS Lambda has it.
const TIMEOUT: u64 = 3;

impl Function {
    pub(super) const KIND: &str = "AWS::Serverless::Function";

    pub(super) fn read(scope: &Scope<'_>, resource: &Resource) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Declared {
            code_uri: String,
            #[serde(default)]
            event_invoke_config: Patience,
            timeout: Option<u64>,
        }

        let Declared { code_uri, event_invoke_config, timeout } =
            scope.properties(&resource.properties, &["CodeUri", "EventInvokeConfig", "Timeout"])?;
        let name = match code_uri.trim_end_matches('/').rsplit_once("functions/") {
            Some((_, name)) if !name.is_empty() && !name.contains('/') => name.to_owned(),
            _ => return Err(Problem::Code(code_uri)),
        };
        let mut triggers = Vec::new();
        if let Some(events) = resource.properties.get("Events") {
            let events: Mapping =
                serde_yaml_ng::from_value(events.clone()).map_err(Problem::NotATemplate)?;
            for (event, declared) in events {
                let event = event.as_str().unwrap_or_default().to_owned();
                let trigger = serde_yaml_ng::from_value(declared)
                    .map_err(Problem::NotATemplate)
                    .and_then(|declared| {
                        Trigger::read(scope, &event, &declared, &event_invoke_config)
                    })
                    .map_err(|problem| Problem::Event { event, problem: Box::new(problem) })?;
                triggers.push(trigger);
            }
        }
        let seconds = timeout.or(scope.stack.document.globals.timeout()).unwrap_or(TIMEOUT);
        Ok(Self { name, timeout: Duration::from_secs(seconds), triggers })
    }
}

impl Trigger {
    fn read(
        scope: &Scope<'_>,
        name: &str,
        event: &Event,
        patience: &Patience,
    ) -> Result<Self, Problem> {
        match event.kind.as_str() {
            "HttpApi" => http(scope, event).map(Self::Http),
            "DynamoDB" => stream(scope, event).map(Self::Stream),
            "SQS" => Intake::read(scope, &event.properties).map(Self::Queue),
            "Schedule" | "ScheduleV2" => schedule(scope, name, event).map(Self::Schedule),
            "EventBridgeRule" => arrivals(scope, event, patience).map(Self::Arrivals),
            kind => Err(Problem::Unsupported(kind.to_owned())),
        }
    }
}

/// How often a call is made again that nobody waits for. Twice, as AWS Lambda has it, unless the
/// function says otherwise.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Patience {
    maximum_retry_attempts: Option<u32>,
}

fn arrivals(scope: &Scope<'_>, event: &Event, patience: &Patience) -> Result<Arrivals, Problem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Rule {
        pattern: Json,
    }

    let Rule { pattern } = scope.properties(&event.properties, &["Pattern"])?;
    Arrivals::read(pattern, patience.maximum_retry_attempts.unwrap_or(2) + 1)
}

fn http(scope: &Scope<'_>, event: &Event) -> Result<Route, Problem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Http {
        path: String,
        method: String,
    }

    let Http { path, method } = scope.properties(&event.properties, &["Path", "Method"])?;
    Ok(format!("{method} {path}").parse()?)
}

fn stream(scope: &Scope<'_>, event: &Event) -> Result<Stream, Problem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Dynamo {
        stream: String,
        #[serde(default = "default_batch")]
        batch_size: usize,
        #[serde(default = "default_retries")]
        maximum_retry_attempts: i64,
        #[serde(default)]
        filter_criteria: Criteria,
    }

    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Criteria {
        filters: Vec<Criterion>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Criterion {
        pattern: String,
    }

    let Dynamo { stream, batch_size, maximum_retry_attempts, filter_criteria } = scope.properties(
        &event.properties,
        &["Stream", "BatchSize", "MaximumRetryAttempts", "FilterCriteria"],
    )?;
    let Some(table) = Table::of_stream(&stream).map(ToOwned::to_owned) else {
        return Err(Problem::NotAStream(stream));
    };
    // Less than none stands for "until the record expires".
    let retries = u32::try_from(maximum_retry_attempts).unwrap_or(DEFAULT_RETRIES);
    let filters =
        filter_criteria.filters.iter().map(|criterion| criterion.pattern.parse::<Filter>());
    Ok(Stream {
        table,
        batch: batch_size.max(1),
        attempts: retries.saturating_add(1),
        filters: filters.collect::<Result<_, _>>()?,
    })
}

const DEFAULT_RETRIES: u32 = 10;

fn default_retries() -> i64 {
    DEFAULT_RETRIES.into()
}

/// As AWS Lambda has it.
fn default_batch() -> usize {
    100
}

fn schedule(scope: &Scope<'_>, name: &str, event: &Event) -> Result<Schedule, Problem> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Timer {
        #[serde(alias = "ScheduleExpression")]
        schedule: String,
        #[serde(default)]
        schedule_expression_timezone: Option<String>,
        #[serde(default)]
        input: Option<String>,
    }

    let Timer { schedule, schedule_expression_timezone, input } = scope.properties(
        &event.properties,
        &["Schedule", "ScheduleExpression", "ScheduleExpressionTimezone", "Input"],
    )?;
    if let Some(zone) = schedule_expression_timezone.filter(|zone| zone != "UTC") {
        return Err(Problem::Unsupported(zone));
    }
    let input = input.map_or(Ok(Json::Null), |input| serde_json::from_str(&input));
    Ok(Schedule {
        name: name.to_owned(),
        cadence: schedule.parse()?,
        expression: schedule,
        input: input.map_err(Problem::Shape)?,
    })
}
