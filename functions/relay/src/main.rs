//! The relay function.

use std::sync::Arc;

use aws_lambda_events::event::dynamodb::Event;
use carehub_api::lambda;
use carehub_clients::{AwsPost, Carriers};
use lambda_runtime::{LambdaEvent, service_fn};
use relay::Relay;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    let (config, aws) = lambda::start()?;
    let (store, pepper) = (aws.store(&config), lambda::pepper(&config)?);
    let public_url = config.public_url.unwrap_or_default();
    let post = AwsPost::new(config.mail_from, move || {
        let aws = aws.clone();
        async move {
            let config = aws.config().await;
            Carriers {
                sns: aws_sdk_sns::Client::new(config),
                ses: aws_sdk_sesv2::Client::new(config),
                sqs: aws_sdk_sqs::Client::new(config),
            }
        }
    });
    let post = Arc::new(post.with_pharmacies(config.pharmacy_queue));
    let relay = Relay { store, pepper, post, public_url };
    lambda_runtime::run(service_fn(async |batch: LambdaEvent<Event>| {
        Ok::<_, lambda::Error>(relay.relay(batch.payload).await)
    }))
    .await
}
