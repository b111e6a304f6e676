//! The realtime function.

use std::sync::Arc;

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use carehub_api::lambda;
use carehub_clients::AwsWire;
use carehub_domain::clock::{Clock, SystemClock};
use lambda_runtime::{LambdaEvent, service_fn};
use realtime::Realtime;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    let (config, aws) = lambda::start()?;
    let store = aws.store(&config);
    let wire = Arc::new(AwsWire::new(config.realtime_endpoint, move || {
        let aws = aws.clone();
        async move { aws.config().await.into() }
    }));
    let realtime = Realtime { store, wire };
    lambda_runtime::run(service_fn(
        async |request: LambdaEvent<ApiGatewayWebsocketProxyRequest>| {
            Ok::<_, lambda::Error>(realtime.answer(request.payload, SystemClock.now()).await)
        },
    ))
    .await
}
