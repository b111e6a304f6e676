//! The housekeeping function.

use std::{
    io::{Write, stdout},
    sync::Arc,
};

use carehub_api::lambda;
use carehub_clients::{AwsQueues, Queue};
use carehub_domain::clock::{Clock, SystemClock};
use housekeeping::{Chore, Housekeeping, metrics};
use lambda_runtime::{LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    let (config, aws) = lambda::start()?;
    let (store, objects) = (aws.store(&config), aws.objects(&config)?);
    let pepper = lambda::pepper(&config)?;
    let addresses = [(Queue::Sms, config.sms_queue), (Queue::Mail, config.mail_queue)];
    let queues = Arc::new(AwsQueues::new(addresses, move || {
        let aws = aws.clone();
        async move { aws_sdk_sqs::Client::new(aws.config().await) }
    }));
    let (hub, housekeeping) =
        (config.table_prefix, Housekeeping { store, objects, queues, pepper });
    lambda_runtime::run(service_fn(async |chore: LambdaEvent<Chore>| {
        let (chore, now) = (chore.payload, SystemClock.now());
        let done = housekeeping.perform(chore, now).await?;
        writeln!(stdout(), "{}", metrics::line(&hub, chore, done, now))?;
        Ok::<_, lambda::Error>(done.wholly()?)
    }))
    .await
}
