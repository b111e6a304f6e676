//! `GET /api/schema`, `/api/docs` and `/api/redoc`

use axum::{
    http::{
        HeaderName,
        header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{Html, IntoResponse},
};
use carehub_api::{Result, extract::Path};
use carehub_domain::access::Denied;

/// The committed document, which a test keeps current.
const SCHEMA: &str = include_str!("../../../docs/openapi.json");

const SWAGGER: &str = include_str!("swagger.html");
const REDOC: &str = include_str!("redoc.html");

/// Scripts and styles of our own only; both pages style elements as they go.
const POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; frame-ancestors 'none'";

/// Get the API as OpenAPI.
#[utoipa::path(get, path = "/api/schema", tag = "platform", security(()), responses(
    (status = 200, description = "The API as OpenAPI 3.1.", body = serde_json::Value),
))]
pub(crate) async fn schema() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=300")], SCHEMA)
}

/// Try the API out.
#[utoipa::path(get, path = "/api/docs", tag = "platform", security(()), responses(
    (status = 200, description = "The API to try out, as a page.", body = String, content_type = "text/html"),
))]
pub(crate) async fn swagger() -> impl IntoResponse {
    ([(CONTENT_SECURITY_POLICY, POLICY)], Html(SWAGGER))
}

/// Read the API.
#[utoipa::path(get, path = "/api/redoc", tag = "platform", security(()), responses(
    (status = 200, description = "The API to read, as a page.", body = String, content_type = "text/html"),
))]
pub(crate) async fn redoc() -> impl IntoResponse {
    ([(CONTENT_SECURITY_POLICY, POLICY)], Html(REDOC))
}

/// Get a file of these pages.
#[utoipa::path(get, path = "/api/docs/{asset}", tag = "platform", security(()), params(
    ("asset" = String, Path, description = "The file."),
), responses(
    (status = 200, description = "A script or style of the pages, compressed with gzip.", body = Vec<u8>),
    (status = 404, description = "There is no such file.", body = carehub_api::error::Problem),
))]
pub(crate) async fn asset(Path(asset): Path<String>) -> Result<impl IntoResponse> {
    let (media_type, bytes): (_, &'static [u8]) = match asset.as_str() {
        "swagger-ui-bundle.js" => (SCRIPT, include_bytes!("../assets/swagger-ui-bundle.js.gz")),
        "swagger-ui.css" => {
            ("text/css; charset=utf-8", include_bytes!("../assets/swagger-ui.css.gz"))
        }
        "redoc.standalone.js" => (SCRIPT, include_bytes!("../assets/redoc.standalone.js.gz")),
        _ => return Err(Denied::NotFound.into()),
    };
    let headers: [(HeaderName, &str); 3] = [
        (CONTENT_TYPE, media_type),
        (CONTENT_ENCODING, "gzip"),
        (CACHE_CONTROL, "public, max-age=86400"),
    ];
    Ok((headers, bytes))
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
