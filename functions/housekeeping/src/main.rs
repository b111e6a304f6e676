//! The housekeeping function.

use std::{
    io::{Write, stdout},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use carehub_api::lambda;
use carehub_clients::{AwsQueues, Queue};
use carehub_domain::clock::{Clock, SystemClock};
use housekeeping::{Chore, Housekeeping, metrics};
use lambda_runtime::{LambdaEvent, service_fn};

/// How long before its end a call begins nothing more.
const RESERVE: Duration = Duration::from_secs(30);

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
    lambda_runtime::run(service_fn(async |call: LambdaEvent<Chore>| {
        let (chore, now) = (call.payload, SystemClock.now());
        let run = housekeeping.perform(chore, now, until(call.context.deadline())).await?;
        writeln!(stdout(), "{}", metrics::line(&hub, chore, run, now))?;
        Ok::<_, lambda::Error>(run.done.wholly()?)
    }))
    .await
}

/// When a call that ends at `deadline` begins nothing more.
fn until(deadline: SystemTime) -> Instant {
    let time = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    Instant::now() + time.saturating_sub(RESERVE)
}
