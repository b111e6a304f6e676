//! Which crate stands behind which function of the template.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lambda_events::{
    dynamodb::Event,
    sqs::{SqsBatchResponse, SqsEvent},
    streams::DynamoDbEventResponse,
};
use axum::Router;
use carehub_api::{AppState, app, config::Config};
use carehub_clients::{SharedAssistant, SharedPost, SharedQueues, SharedWire, Web};
use carehub_domain::recommendation::Budget;
use futures_util::{FutureExt, future::BoxFuture};
use housekeeping::{Chore, Housekeeping};
use inspector::Inspector;
use notifier::Notifier;
use realtime::Realtime;
use recommender::Recommender;
use relay::Relay;
use serde_json::Value as Json;

use crate::websocket::Listener;

/// What functions answer that nobody waits for.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A function that reads a stream.
pub(crate) type Consumer =
    Box<dyn Fn(Event) -> BoxFuture<'static, Outcome<DynamoDbEventResponse>> + Send + Sync>;

/// A function that reads a queue.
pub(crate) type Worker =
    Box<dyn Fn(SqsEvent) -> BoxFuture<'static, Outcome<SqsBatchResponse>> + Send + Sync>;

/// A function that is told of objects.
pub(crate) type Receiver = Box<dyn Fn(Json) -> BoxFuture<'static, Outcome<()>> + Send + Sync>;

/// A function that is called on schedule. It says what it did.
pub(crate) type Task = Box<dyn Fn(Json) -> BoxFuture<'static, Outcome<Json>> + Send + Sync>;

/// The language model of the platform, if one is set up.
pub(crate) struct Model {
    pub(crate) assistant: Option<SharedAssistant>,
    /// How often a tenant asks it in a day.
    pub(crate) budget: Budget,
}

impl Model {
    pub(crate) fn of(config: &Config) -> Self {
        Self { assistant: recommender::assistant(config), budget: config.model_budget.into() }
    }
}

/// The function `name`, if it is told of objects.
pub(crate) fn receiver(name: &str, state: &AppState) -> Option<Receiver> {
    match name {
        "inspector" => {
            let (store, objects) = (state.store.clone(), state.objects.clone());
            let (inspector, clock) = (Inspector { store, objects }, Arc::clone(&state.clock));
            Some(Box::new(move |event| {
                let (inspector, now) = (inspector.clone(), clock.now());
                async move {
                    inspector.inspect(serde_json::from_value(event)?, now).await?;
                    Ok(())
                }
                .boxed()
            }))
        }
        _ => None,
    }
}

/// The functions that answer requests.
pub(crate) fn routers(state: &AppState) -> BTreeMap<&'static str, Router> {
    [
        ("accounts", accounts::routes()),
        ("appointments", appointments::routes()),
        ("auth", auth::routes()),
        ("consultations", consultations::routes()),
        ("doctors", doctors::routes()),
        ("hospitals", hospitals::routes()),
        ("notifications", notifications::routes()),
        ("patients", patients::routes()),
        ("platform", platform::routes()),
        ("prescriptions", prescriptions::routes()),
        ("recommendations", recommendations::routes()),
        ("records", records::routes()),
    ]
    .into_iter()
    .map(|(name, routes)| (name, app(routes, state.clone())))
    .collect()
}

/// The function `name`, if it reads streams.
pub(crate) fn consumer(
    name: &str,
    state: &AppState,
    queues: &SharedQueues,
    wire: &SharedWire,
) -> Option<Consumer> {
    match name {
        "relay" => {
            let relay = Relay {
                store: state.store.clone(),
                pepper: state.pepper.clone(),
                queues: Arc::clone(queues),
                wire: Arc::clone(wire),
                public_url: state.public_url.clone(),
            };
            Some(Box::new(move |event| {
                let relay = relay.clone();
                async move { Ok(relay.relay(event).await) }.boxed()
            }))
        }
        _ => None,
    }
}

/// The function `name`, if it is told of live connections.
pub(crate) fn listener(name: &str, state: &AppState, wire: &SharedWire) -> Option<Listener> {
    match name {
        "realtime" => {
            let clock = Arc::clone(&state.clock);
            let realtime = Realtime { store: state.store.clone(), wire: Arc::clone(wire) };
            Some(Box::new(move |request| {
                let (realtime, now) = (realtime.clone(), clock.now());
                async move { Ok(realtime.answer(request, now).await) }.boxed()
            }))
        }
        _ => None,
    }
}

/// The function `name`, if it reads queues.
pub(crate) fn worker(
    name: &str,
    state: &AppState,
    post: &SharedPost,
    model: &Model,
) -> Option<Worker> {
    match name {
        "notifier" => {
            let clock = Arc::clone(&state.clock);
            let notifier = Notifier {
                store: state.store.clone(),
                pepper: state.pepper.clone(),
                post: Arc::clone(post),
                web: Web::of_strangers(state.webhook_hosts.clone()),
                public_url: state.public_url.clone(),
            };
            Some(Box::new(move |batch| {
                let (notifier, now) = (notifier.clone(), clock.now());
                async move { Ok(notifier.deliver(batch, now).await) }.boxed()
            }))
        }
        "recommender" => {
            let recommender = Recommender {
                store: state.store.clone(),
                assistant: model.assistant.clone(),
                budget: model.budget,
                clock: Arc::clone(&state.clock),
            };
            Some(Box::new(move |batch| {
                let recommender = recommender.clone();
                async move { Ok(recommender.work(batch).await) }.boxed()
            }))
        }
        _ => None,
    }
}

/// For how long a scheduled call begins something new.
const SHIFT: Duration = Duration::from_mins(4);

/// The function `name`, if it is called on schedule.
pub(crate) fn task(name: &str, state: &AppState, queues: &SharedQueues) -> Option<Task> {
    match name {
        "housekeeping" => {
            let (store, objects) = (state.store.clone(), state.objects.clone());
            let (queues, pepper) = (Arc::clone(queues), state.pepper.clone());
            let housekeeping = Housekeeping { store, objects, queues, pepper };
            let clock = Arc::clone(&state.clock);
            Some(Box::new(move |input| {
                let (housekeeping, now) = (housekeeping.clone(), clock.now());
                async move {
                    let chore: Chore = serde_json::from_value(input)?;
                    let run = housekeeping.perform(chore, now, Instant::now() + SHIFT).await?;
                    Ok(serde_json::to_value(run.done.wholly()?)?)
                }
                .boxed()
            }))
        }
        _ => None,
    }
}
