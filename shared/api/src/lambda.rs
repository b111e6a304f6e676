//! Running routes as a Lambda function.

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use axum::{Router, extract::Request, middleware::map_request};
use carehub_domain::{clock::SystemClock, secret::Pepper};
use carehub_store::Store;
use lambda_http::request::RequestContext;
use secrecy::ExposeSecret;

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
    let (config, aws) = start().await?;
    lambda_http::run(received(app(routes, state(&config, &aws)?))).await
}

/// Begins to log and reads what every function needs to know.
pub async fn start() -> Result<(Config, SdkConfig), Error> {
    lambda_http::tracing::init_default_subscriber();
    let config = Config::from_env()?;
    Ok((config, aws_config::load_defaults(BehaviorVersion::latest()).await))
}

/// The records, in the tables of this deployment.
pub fn store(config: &Config, aws: &SdkConfig) -> Store {
    Store::new(aws_sdk_dynamodb::Client::new(aws), &config.table_prefix)
}

/// The hub's own secret.
pub fn pepper(config: &Config) -> Result<Pepper, ConfigError> {
    let secret = config.pepper.as_ref().ok_or(ConfigError::Missing("PEPPER"))?;
    Ok(Pepper::new(secret.expose_secret().as_bytes()))
}

/// Everything a handler may need.
pub fn state(config: &Config, aws: &SdkConfig) -> Result<AppState, ConfigError> {
    assemble(config, store(config, aws))
}

/// Everything a handler may need, over a store that is already open.
pub fn assemble(config: &Config, store: Store) -> Result<AppState, ConfigError> {
    let pepper = pepper(config)?;
    let published = config.verifying_keys.as_deref().unwrap_or(r#"{"keys":[]}"#);
    let mut tokens = Tokens::verifying(&config.issuer, published)?;
    if let Some(key) = &config.signing_key {
        tokens = tokens.signing(key)?;
    }
    Ok(AppState {
        limiter: Limiter::new(store.clone(), pepper.clone(), config.limits.clone()),
        store,
        clock: Arc::new(SystemClock),
        tokens,
        pepper,
        passwords: Passwords::default(),
        origins: config.cors_origins.clone(),
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
