//! The housekeeping function.

use carehub_api::lambda;
use carehub_domain::clock::{Clock, SystemClock};
use housekeeping::Chore;
use lambda_runtime::{LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    let (config, aws) = lambda::start()?;
    let (store, objects) = (aws.store(&config), aws.objects(&config)?);
    lambda_runtime::run(service_fn(async |chore: LambdaEvent<Chore>| {
        let done = chore.payload.perform(&store, &objects, SystemClock.now()).await?;
        Ok::<_, lambda::Error>(done.wholly()?)
    }))
    .await
}
