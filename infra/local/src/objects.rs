//! S3 on one machine: a folder.

use std::path::Path;

use axum::{
    Router,
    body::Body,
    error_handling::HandleError,
    http::{Response, StatusCode},
};
use s3s::{HttpError, auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

use crate::{database::ACCESS_KEY, group::Stop};

/// An S3 on the files in `folder`, a bucket being a folder in it.
pub(crate) fn open(folder: &Path) -> Result<Router, s3s_fs::Error> {
    let mut builder = S3ServiceBuilder::new(FileSystem::new(folder)?);
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, ACCESS_KEY));
    Ok(Router::new().fallback_service(HandleError::new(builder.build(), failed)))
}

/// Serves the objects until it is time to stop.
pub(crate) async fn serve(objects: Router, listener: TcpListener, stop: Stop) {
    let serving = axum::serve(listener, objects).with_graceful_shutdown(stop.requested());
    if let Err(error) = serving.await {
        tracing::error!(%error, "S3 stopped");
    }
}

async fn failed(error: HttpError) -> Response<Body> {
    tracing::error!(?error, "an S3 request failed");
    let mut response = Response::default();
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
