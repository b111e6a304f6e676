//! The notifier function.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use carehub_api::lambda;
use carehub_clients::{AwsPost, Carriers, Web};
use carehub_domain::clock::{Clock, SystemClock};
use lambda_runtime::{LambdaEvent, service_fn};
use notifier::Notifier;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    let (config, aws) = lambda::start()?;
    let (store, pepper) = (aws.store(&config), lambda::pepper(&config)?);
    let public_url = config.public_url.unwrap_or_default();
    let web = Web::of_strangers(config.webhook_hosts);
    let post = Arc::new(AwsPost::new(config.mail_from, move || {
        let aws = aws.clone();
        async move {
            let config = aws.config().await;
            Carriers::hire(config.into(), config.into())
        }
    }));
    let notifier = Notifier { store, pepper, post, web, public_url };
    lambda_runtime::run(service_fn(async |batch: LambdaEvent<SqsEvent>| {
        Ok::<_, lambda::Error>(notifier.deliver(batch.payload, SystemClock.now()).await)
    }))
    .await
}
