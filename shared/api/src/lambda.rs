//! Running routes as a Lambda function.

use std::{sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig, timeout::TimeoutConfig};
use axum::{Router, extract::Request, middleware::map_request};
use carehub_domain::{clock::SystemClock, secret::Pepper};
use carehub_objects::Objects;
use carehub_store::Store;
use lambda_http::request::RequestContext;
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;

use crate::{
    AppState, Peer, Routes, app,
    config::{Config, ConfigError},
    limit::Limiter,
    passwords::Passwords,
    token::Tokens,
};

/// Why a function could not start.
pub type Error = lambda_http::Error;

/// Serves `routes` until the environment is shut down.
pub async fn serve(routes: Routes) -> Result<(), Error> {
    let (config, aws) = start()?;
    let state = assemble(&config, aws.store(&config), Objects::absent())?;
    lambda_http::run(received(app(routes, state))).await
}

/// Serves `routes` that have to do with files, which others do not even link.
pub async fn serve_with_files(routes: Routes) -> Result<(), Error> {
    let (config, aws) = start()?;
    let state = assemble(&config, aws.store(&config), aws.objects(&config)?)?;
    lambda_http::run(received(app(routes, state))).await
}

/// Serves `routes` of a function that is given no secrets, as it has nothing to keep.
pub async fn serve_openly(routes: Routes) -> Result<(), Error> {
    let (mut config, aws) = start()?;
    let nobody_elses = ulid::Ulid::generate().to_string();
    config.pepper = Some(nobody_elses.into());
    let state = assemble(&config, aws.store(&config), aws.objects(&config)?)?;
    lambda_http::run(received(app(routes, state))).await
}

/// Begins to log and reads what every function needs to know.
pub fn start() -> Result<(Config, Aws), Error> {
    lambda_http::tracing::init_default_subscriber();
    Ok((Config::from_env()?, Aws::default()))
}

/// How to reach AWS: read once, and not before it is needed.
#[derive(Clone, Debug, Default)]
pub struct Aws(Arc<OnceCell<SdkConfig>>);

impl Aws {
    /// Region, credentials and all that.
    pub async fn config(&self) -> &SdkConfig {
        let load = || async {
            let patience = TimeoutConfig::builder()
                .operation_attempt_timeout(Duration::from_secs(2))
                .operation_timeout(Duration::from_secs(7))
                .build();
            aws_config::defaults(BehaviorVersion::latest()).timeout_config(patience).load().await
        };
        self.0.get_or_init(load).await
    }

    /// The records, in the tables of this deployment.
    pub fn store(&self, config: &Config) -> Store {
        let aws = self.clone();
        Store::lazy(&config.table_prefix, move || {
            let aws = aws.clone();
            async move { aws_sdk_dynamodb::Client::new(aws.config().await) }
        })
    }

    /// The content of files, in the bucket of this deployment.
    pub fn objects(&self, config: &Config) -> Result<Objects, ConfigError> {
        let bucket = config.bucket.as_ref().ok_or(ConfigError::Missing("BUCKET"))?;
        let (aws, by_path) = (self.clone(), config.finds_buckets_by_path());
        let objects = Objects::lazy(bucket, move || {
            let aws = aws.clone();
            async move {
                let config = aws.config().await;
                if by_path {
                    carehub_objects::client_by_path(config)
                } else {
                    carehub_objects::client(config)
                }
            }
        });
        Ok(match &config.ledger {
            Some(ledger) => objects.with_ledger(ledger),
            None => objects,
        })
    }
}

/// The hub's own secret.
pub fn pepper(config: &Config) -> Result<Pepper, ConfigError> {
    let secret = config.pepper.as_ref().ok_or(ConfigError::Missing("PEPPER"))?;
    Ok(Pepper::new(secret.expose_secret().as_bytes()))
}

/// The hub's own secret, and those that were it earlier.
pub fn peppers(config: &Config) -> Result<Vec<Pepper>, ConfigError> {
    let former = config.former_peppers.as_ref().map_or("", |former| former.expose_secret());
    let former = former.split(',').map(str::trim).filter(|former| !former.is_empty());
    let former = former.map(|former| Pepper::new(former.as_bytes()));
    Ok([pepper(config)?].into_iter().chain(former).collect())
}

/// Everything a handler may need, over a store.
pub fn assemble(config: &Config, store: Store, objects: Objects) -> Result<AppState, ConfigError> {
    let pepper = pepper(config)?;
    let published = config.verifying_keys.as_deref().unwrap_or(r#"{"keys":[]}"#);
    let mut tokens = Tokens::verifying(&config.issuer, published)?;
    if let Some(key) = &config.signing_key {
        tokens = tokens.signing(key)?;
    }
    Ok(AppState {
        limiter: Limiter::new(store.clone(), pepper.clone(), config.limits.clone()),
        store,
        objects,
        clock: Arc::new(SystemClock),
        tokens,
        pepper,
        passwords: Passwords::default(),
        origins: config.cors_origins.clone(),
        public_url: config.public_url.clone().unwrap_or_default(),
        realtime_url: config.realtime_url.clone().unwrap_or_default(),
        webhook_hosts: config.webhook_hosts.clone(),
    })
}

/// Notes the address that API Gateway saw, which callers cannot forge.
fn received(app: Router) -> Router {
    app.layer(map_request(async |mut request: Request| {
        let source = match request.extensions().get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            _ => None,
        };
        if let Some(address) = source.and_then(|address| address.parse().ok()) {
            request.extensions_mut().insert(Peer(address));
        }
        request
    }))
}
