//! Which crate stands behind which function of the template.

use std::{collections::BTreeMap, error::Error, sync::Arc};

use aws_lambda_events::{dynamodb::Event, streams::DynamoDbEventResponse};
use axum::Router;
use carehub_api::{AppState, app};
use carehub_clients::SharedPost;
use futures_util::{FutureExt, future::BoxFuture};
use housekeeping::Chore;
use inspector::Inspector;
use relay::Relay;
use serde_json::Value as Json;

/// What functions answer that nobody waits for.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A function that reads a stream.
pub(crate) type Consumer =
    Box<dyn Fn(Event) -> BoxFuture<'static, Outcome<DynamoDbEventResponse>> + Send + Sync>;

/// A function that is called on schedule.
pub(crate) type Task = Box<dyn Fn(Json) -> BoxFuture<'static, Outcome<()>> + Send + Sync>;

/// The function `name`, if it is told of objects.
pub(crate) fn receiver(name: &str, state: &AppState) -> Option<Task> {
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
        ("patients", patients::routes()),
        ("platform", platform::routes()),
        ("prescriptions", prescriptions::routes()),
        ("records", records::routes()),
    ]
    .into_iter()
    .map(|(name, routes)| (name, app(routes, state.clone())))
    .collect()
}

/// The function `name`, if it reads streams.
pub(crate) fn consumer(name: &str, state: &AppState, post: &SharedPost) -> Option<Consumer> {
    match name {
        "relay" => {
            let relay = Relay {
                store: state.store.clone(),
                pepper: state.pepper.clone(),
                post: Arc::clone(post),
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

/// The function `name`, if it is called on schedule.
pub(crate) fn task(name: &str, state: &AppState) -> Option<Task> {
    match name {
        "housekeeping" => {
            let state = state.clone();
            Some(Box::new(move |input| {
                let state = state.clone();
                async move {
                    let chore: Chore = serde_json::from_value(input)?;
                    chore
                        .perform(&state.store, &state.objects, state.clock.now())
                        .await?
                        .wholly()?;
                    Ok(())
                }
                .boxed()
            }))
        }
        _ => None,
    }
}
