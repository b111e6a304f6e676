//! The recommender function.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use carehub_api::lambda;
use carehub_domain::clock::SystemClock;
use lambda_runtime::{LambdaEvent, service_fn};
use recommender::{Recommender, assistant};

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    let (config, aws) = lambda::start()?;
    let recommender = Recommender {
        store: aws.store(&config),
        assistant: assistant(&config),
        budget: config.model_budget.into(),
        clock: Arc::new(SystemClock),
    };
    lambda_runtime::run(service_fn(async |batch: LambdaEvent<SqsEvent>| {
        Ok::<_, lambda::Error>(recommender.work(batch.payload).await)
    }))
    .await
}
