//! The relay function.

use std::sync::Arc;

use aws_lambda_events::event::dynamodb::Event;
use carehub_api::lambda;
use carehub_clients::AwsPost;
use lambda_runtime::{LambdaEvent, service_fn};
use relay::Relay;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    let (config, aws) = lambda::start().await?;
    let (sns, ses) = (aws_sdk_sns::Client::new(&aws), aws_sdk_sesv2::Client::new(&aws));
    let relay = Relay {
        store: lambda::store(&config, &aws),
        pepper: lambda::pepper(&config)?,
        post: Arc::new(AwsPost::new(sns, ses, config.mail_from)),
    };
    lambda_runtime::run(service_fn(async |batch: LambdaEvent<Event>| {
        Ok::<_, lambda::Error>(relay.relay(batch.payload).await)
    }))
    .await
}
