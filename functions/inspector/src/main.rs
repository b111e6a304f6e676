//! The inspector function.

use carehub_api::lambda;
use carehub_domain::clock::{Clock, SystemClock};
use inspector::{Arrival, Inspector};
use lambda_runtime::{LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    let (config, aws) = lambda::start()?;
    let inspector = Inspector { store: aws.store(&config), objects: aws.objects(&config)? };
    lambda_runtime::run(service_fn(async |arrival: LambdaEvent<Arrival>| {
        Ok::<_, lambda::Error>(inspector.inspect(arrival.payload, SystemClock.now()).await?)
    }))
    .await
}
