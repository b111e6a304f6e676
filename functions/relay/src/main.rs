//! The relay function.

use std::sync::Arc;

use aws_lambda_events::event::dynamodb::Event;
use carehub_api::lambda;
use carehub_clients::{AwsQueues, AwsWire, Queue};
use lambda_runtime::{LambdaEvent, service_fn};
use relay::Relay;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    let (config, aws) = lambda::start()?;
    let (store, pepper) = (aws.store(&config), lambda::pepper(&config)?);
    let public_url = config.public_url.unwrap_or_default();
    let addresses = [
        (Queue::Sms, config.sms_queue),
        (Queue::Mail, config.mail_queue),
        (Queue::Webhooks, config.webhook_queue),
        (Queue::Pharmacy, config.pharmacy_queue),
        (Queue::Recommendations, config.recommendation_queue),
    ];
    let hired = aws.clone();
    let wire = Arc::new(AwsWire::new(config.realtime_endpoint, move || {
        let aws = hired.clone();
        async move { aws.config().await.into() }
    }));
    let queues = Arc::new(AwsQueues::new(addresses, move || {
        let aws = aws.clone();
        async move { aws_sdk_sqs::Client::new(aws.config().await) }
    }));
    let relay = Relay { store, pepper, queues, wire, public_url };
    lambda_runtime::run(service_fn(async |batch: LambdaEvent<Event>| {
        Ok::<_, lambda::Error>(relay.relay(batch.payload).await)
    }))
    .await
}
