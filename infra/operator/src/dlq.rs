//! What was given up on the queues: seeing it, and sending it back.

use std::{collections::BTreeMap, error::Error, time::Duration};

use aws_sdk_sqs::{Client, types::QueueAttributeName};
use serde::Deserialize;
use tokio::time;

use crate::OperatorError;

/// The most queues that one answer lists.
const PAGE: i32 = 1000;

/// How long to wait before asking again how far a move has come.
const PAUSE: Duration = Duration::from_secs(1);

/// A queue of dead letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    /// Its name.
    pub queue: String,
    /// How many wait there.
    pub waiting: u64,
    /// The queues that gave them up. Without any, they are those of a stream, a schedule or of
    /// files that arrived, which cannot be sent back.
    pub sources: Vec<String>,
}

/// A queue as SQS describes it.
struct Described {
    name: String,
    arn: String,
    waiting: u64,
    /// The ARN of its dead letters.
    target: Option<String>,
}

/// The dead letters of all queues of a hub, whose names begin with `prefix`.
pub async fn list(client: &Client, prefix: &str) -> Result<Vec<DeadLetters>, OperatorError> {
    let queues = described(client, prefix).await?;
    Ok(dead_letters(&queues).into_values().collect())
}

/// Sends the dead letters of a queue back to it and says how many went.
///
/// The queue, or that of its dead letters, may be named with or without the prefix of the hub.
pub async fn redrive(client: &Client, prefix: &str, queue: &str) -> Result<u64, OperatorError> {
    let queues = described(client, prefix).await?;
    let wanted = plain(queue, prefix);
    let of_that_name = |name: &str| {
        let name = plain(name, prefix);
        name == wanted || name == format!("{wanted}-dead-letters")
    };
    let found = dead_letters(&queues);
    let found = found.into_iter().find(|(_, letters)| of_that_name(&letters.queue));
    let (arn, letters) = found.ok_or_else(|| OperatorError::NoDeadLetters(queue.to_owned()))?;
    if letters.sources.is_empty() {
        return Err(OperatorError::NotOfAQueue(letters.queue));
    }
    client.start_message_move_task().source_arn(&arn).send().await.map_err(failed)?;
    loop {
        let tasks = client.list_message_move_tasks().source_arn(&arn).send().await;
        let tasks = tasks.map_err(failed)?;
        let Some(task) = tasks.results().first() else { return Ok(0) };
        match task.status() {
            Some("RUNNING") => time::sleep(PAUSE).await,
            Some("COMPLETED") => {
                return Ok(task.approximate_number_of_messages_moved().unsigned_abs());
            }
            status => {
                let reason = task.failure_reason().or(status).unwrap_or_default();
                return Err(OperatorError::Redrive(reason.to_owned()));
            }
        }
    }
}

/// The queues of dead letters, by ARN: those that others give messages up to, and those that are
/// called so.
fn dead_letters(queues: &[Described]) -> BTreeMap<String, DeadLetters> {
    let sources = |arn: &str| {
        let sources = queues.iter().filter(|queue| queue.target.as_deref() == Some(arn));
        sources.map(|queue| queue.name.clone()).collect::<Vec<_>>()
    };
    let letters = queues.iter().filter_map(|queue| {
        let sources = sources(&queue.arn);
        let is_called_so = queue.name.trim_end_matches(".fifo").ends_with("-dead-letters");
        (is_called_so || !sources.is_empty()).then(|| {
            let letters =
                DeadLetters { queue: queue.name.clone(), waiting: queue.waiting, sources };
            (queue.arn.clone(), letters)
        })
    });
    letters.collect()
}

/// A name as operators say it: without prefix, and without saying that it is a FIFO queue.
fn plain<'a>(name: &'a str, prefix: &str) -> &'a str {
    let without = name.strip_prefix(prefix).and_then(|name| name.strip_prefix('-'));
    without.unwrap_or(name).trim_end_matches(".fifo")
}

async fn described(client: &Client, prefix: &str) -> Result<Vec<Described>, OperatorError> {
    let urls = client.list_queues().queue_name_prefix(format!("{prefix}-")).max_results(PAGE);
    let mut urls = urls.into_paginator().items().send();
    let mut queues = Vec::new();
    while let Some(url) = urls.try_next().await.map_err(failed)? {
        let name = url.rsplit('/').next().unwrap_or(&url).to_owned();
        let described = client
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
            .attribute_names(QueueAttributeName::QueueArn)
            .attribute_names(QueueAttributeName::RedrivePolicy)
            .send()
            .await
            .map_err(failed)?;
        let mut said = described.attributes.unwrap_or_default();
        let waiting = said.remove(&QueueAttributeName::ApproximateNumberOfMessages);
        let policy = said.remove(&QueueAttributeName::RedrivePolicy);
        queues.push(Described {
            name,
            arn: said.remove(&QueueAttributeName::QueueArn).unwrap_or_default(),
            waiting: waiting.and_then(|count| count.parse().ok()).unwrap_or_default(),
            target: policy.map(|policy| target(&policy)).transpose()?,
        });
    }
    Ok(queues)
}

/// Where messages go that were received too often.
fn target(policy: &str) -> Result<String, OperatorError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Policy {
        dead_letter_target_arn: String,
    }

    let policy: Policy = serde_json::from_str(policy).map_err(failed)?;
    Ok(policy.dead_letter_target_arn)
}

fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> OperatorError {
    OperatorError::Queues(error.into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aws_sdk_sqs::{
        Config,
        config::{BehaviorVersion, Credentials, Region},
    };
    use carehub_domain::clock::SystemClock;
    use carehub_sqs::{Engine, Outgoing, Queue, Redrive, Sqs, Wish};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn dead_letters_are_counted_and_sent_back() {
        let (sqs, client) = scene().await;
        for body in ["one", "two"] {
            let message = Outgoing { body: body.to_owned(), ..Outgoing::default() };
            sqs.tell(|engine, now| engine.send("hub-mail", message, now)).unwrap();
        }
        for _ in 0..2 {
            let wish = Wish { most: 10, visibility: Some(0) };
            sqs.tell(|engine, now| engine.receive("hub-mail", wish, now)).unwrap();
        }

        let found = list(&client, "hub").await.unwrap();
        let letters = |queue: &str, waiting, sources: &[&str]| DeadLetters {
            queue: queue.to_owned(),
            waiting,
            sources: sources.iter().map(|&source| source.to_owned()).collect(),
        };
        assert_eq!(
            found,
            [
                letters("hub-mail-dead-letters", 2, &["hub-mail"]),
                letters("hub-orders-dead-letters.fifo", 0, &["hub-orders.fifo"]),
                letters("hub-relay-dead-letters", 0, &[]),
            ]
        );

        assert_eq!(redrive(&client, "hub", "mail").await.unwrap(), 2);
        assert_eq!(redrive(&client, "hub", "hub-mail-dead-letters").await.unwrap(), 0);
        assert_eq!(redrive(&client, "hub", "orders").await.unwrap(), 0);
        assert_eq!(list(&client, "hub").await.unwrap()[0].waiting, 0);
        let back = sqs.ask(|engine, now| engine.counts("hub-mail", now)).unwrap();
        assert_eq!(back.visible, 2);
    }

    #[tokio::test]
    async fn what_cannot_be_sent_back_says_so() {
        let (sqs, client) = scene().await;

        let stream = redrive(&client, "hub", "relay").await.unwrap_err();
        assert!(
            matches!(stream, OperatorError::NotOfAQueue(queue) if queue == "hub-relay-dead-letters")
        );
        let absent = redrive(&client, "hub", "moon").await.unwrap_err();
        assert!(matches!(absent, OperatorError::NoDeadLetters(queue) if queue == "moon"));
        let stray = Outgoing { body: "stray".to_owned(), ..Outgoing::default() };
        sqs.tell(|engine, now| engine.send("hub-mail-dead-letters", stray, now)).unwrap();
        let stray = redrive(&client, "hub", "mail").await.unwrap_err();
        assert!(
            matches!(stray, OperatorError::Redrive(why) if why == "CouldNotDetermineMessageSource")
        );
    }

    async fn scene() -> (Sqs, Client) {
        let with = |name: &str, dead_letters: &str| {
            let redrive = Redrive { dead_letters: dead_letters.to_owned(), receives: 1 };
            Queue { redrive: Some(redrive), ..Queue::named(name) }
        };
        let queues = vec![
            with("hub-mail", "hub-mail-dead-letters"),
            Queue::named("hub-mail-dead-letters"),
            with("hub-orders.fifo", "hub-orders-dead-letters.fifo"),
            Queue::named("hub-orders-dead-letters.fifo"),
            Queue::named("hub-relay-dead-letters"),
            Queue::named("other-mail-dead-letters"),
        ];
        let sqs = Sqs::new(Engine::memory(queues).unwrap(), Arc::new(SystemClock));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = sqs.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .region(Region::from_static("local"))
            .endpoint_url(endpoint);
        (sqs, Client::from_conf(config.build()))
    }
}
