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
    let post = AwsPost::new(config.mail_from, move || {
        let aws = aws.clone();
        async move {
            let config = aws.config().await;
            Carriers {
                sns: aws_sdk_sns::Client::new(config),
                ses: aws_sdk_sesv2::Client::new(config),
            }
        }
    });
    let relay = Relay { store, pepper, post: Arc::new(post) };
    lambda_runtime::run(service_fn(async |batch: LambdaEvent<Event>| {
        Ok::<_, lambda::Error>(relay.relay(batch.payload).await)
    }))
    .await
}
