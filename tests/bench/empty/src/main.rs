//! The empty function: what an axum Lambda costs before it does anything.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    let routes =
        Router::new().route("/", get(|| async { ([(CONTENT_TYPE, "application/json")], "{}") }));
    lambda_http::run(routes).await
}
