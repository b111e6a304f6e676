//! S3 on one machine: a folder.

use std::{io, path::Path};

use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region};
use axum::{
    Router,
    body::Body,
    error_handling::HandleError,
    extract::{Request, State},
    http::{Method, Response, StatusCode},
    middleware::{Next, from_fn_with_state},
};
use carehub_objects::{Objects, client};
use s3s::{HttpError, auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tower_http::cors::{Any, CorsLayer};

use crate::{arrivals::Bell, database::ACCESS_KEY, group::Stop};

/// An S3 on the files in `folder`, a bucket being a folder in it, with `buckets` in it. It rings
/// for what arrives.
pub(crate) fn open(folder: &Path, buckets: &[String], bell: Bell) -> Result<Router, ObjectsError> {
    for bucket in buckets {
        std::fs::create_dir_all(folder.join(bucket)).map_err(ObjectsError::Bucket)?;
    }
    let mut builder = S3ServiceBuilder::new(FileSystem::new(folder).map_err(ObjectsError::Folder)?);
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, ACCESS_KEY));
    let pages = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::PUT])
        .allow_headers(Any);
    Ok(Router::new()
        .fallback_service(HandleError::new(builder.build(), failed))
        .layer(from_fn_with_state(bell, announce))
        .layer(pages))
}

/// Why the objects cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// A bucket cannot be created.
    #[error("a bucket cannot be created")]
    Bucket(#[source] io::Error),
    /// The folder cannot be used.
    #[error("the folder of the objects cannot be used: {0:?}")]
    Folder(s3s_fs::Error),
}

/// The objects in `bucket` of the S3 that listens at `port`. Browsers of this machine find it, too.
pub(crate) fn at(port: u16, bucket: &str) -> Objects {
    Objects::new(
        client(
            Builder::new()
                .behavior_version(BehaviorVersion::latest())
                .credentials_provider(Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "local"))
                .region(Region::from_static("local"))
                .endpoint_url(format!("http://127.0.0.1:{port}")),
        ),
        bucket,
    )
}

/// Serves the objects until it is time to stop.
pub(crate) async fn serve(objects: Router, listener: TcpListener, stop: Stop) {
    let serving = axum::serve(listener, objects).with_graceful_shutdown(stop.requested());
    if let Err(error) = serving.await {
        tracing::error!(%error, "S3 stopped");
    }
}

/// Rings once an object is there.
async fn announce(State(bell): State<Bell>, request: Request, next: Next) -> Response<Body> {
    let path = (request.method() == Method::PUT).then(|| request.uri().path().to_owned());
    let response = next.run(request).await;
    let arrived = path.as_ref().filter(|_| response.status().is_success());
    if let Some((bucket, key)) = arrived.and_then(|path| path.strip_prefix('/')?.split_once('/')) {
        bell.ring(bucket, key);
    }
    response
}

async fn failed(error: HttpError) -> Response<Body> {
    tracing::error!(?error, "an S3 request failed");
    let mut response = Response::default();
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
