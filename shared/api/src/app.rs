//! Routes plus everything around them.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::from_fn_with_state,
};
use carehub_domain::{access::Denied, failures};
use http::{HeaderName, HeaderValue, Method, Uri, uri::PathAndQuery};
use tower::{Layer, util::MapRequestLayer};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowOrigin, CorsLayer},
    timeout::TimeoutLayer,
};

use crate::{ApiError, AppState, Routes, config::Origins, edge, routes::LARGEST_BODY};

/// How long a request may take, a little less than Lambda lets the function live.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(9);

/// Completes a function's routes into an application.
///
/// Functions and tests build the same application, so a test sees every layer
/// that production does.
pub fn app(routes: Routes, state: AppState) -> Router {
    // The outermost comes first. As one layer, they are put around each route once.
    let around = (
        from_fn_with_state(state.clone(), edge::around),
        cors(&state.origins),
        CatchPanicLayer::new(),
        TimeoutLayer::with_status_code(http::StatusCode::SERVICE_UNAVAILABLE, LONGEST),
        DefaultBodyLimit::max(LARGEST_BODY),
    );
    let inner = routes
        .router(&state)
        .fallback(async || ApiError::from(Denied::NotFound))
        .method_not_allowed_fallback(async || ApiError::from(RouteError::WrongMethod))
        .layer(around)
        .with_state(state);
    // Paths are normalised before they are matched, so this has to stand outside.
    Router::new().fallback_service(MapRequestLayer::new(normalised).layer(inner))
}

fn cors(Origins(sites): &Origins) -> CorsLayer {
    let sites = sites.iter().filter_map(|site| HeaderValue::from_str(site).ok());
    let named = |names: &[&'static str]| {
        names.iter().map(|&name| HeaderName::from_static(name)).collect::<Vec<_>>()
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(sites))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(named(&[
            "authorization",
            "content-type",
            "if-match",
            "idempotency-key",
            "prefer",
            "x-request-id",
        ]))
        .expose_headers(named(&[
            "etag",
            "location",
            "preference-applied",
            "retry-after",
            "x-request-id",
            "x-response-time",
        ]))
        .max_age(std::time::Duration::from_hours(1))
}

failures! {
    /// Why a request finds no operation.
    pub enum RouteError {
        WrongMethod = WrongMethod "wrong-method" "this path does not take this method",
    }
}

/// `/api/v1/…` reads as `/api/…`, and a slash at the end is dropped.
fn normalised(mut request: Request) -> Request {
    let path = request.uri().path();
    let trimmed = path.trim_end_matches('/');
    let trimmed = if trimmed.is_empty() { "/" } else { trimmed };
    let short = match trimmed.strip_prefix("/api/v1") {
        Some("") => Some("/api".to_owned()),
        Some(rest) if rest.starts_with('/') => Some(format!("/api{rest}")),
        _ => (trimmed.len() < path.len()).then(|| trimmed.to_owned()),
    };
    if let Some(short) = short {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = PathAndQuery::try_from(short + &query).ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use proptest::prelude::*;

    use super::*;

    fn read(path: &str) -> String {
        normalised(Request::builder().uri(path).body(Body::empty()).unwrap()).uri().to_string()
    }

    #[test]
    fn versions_and_slashes_make_no_difference() {
        for (asked, served) in [
            ("/api/v1/auth/login/", "/api/auth/login"),
            ("/api/auth/login/?next=/x/", "/api/auth/login?next=/x/"),
            ("/api/v1", "/api"),
            ("/api/v1/", "/api"),
            ("/api/v10/auth", "/api/v10/auth"),
            ("/", "/"),
            ("//", "/"),
        ] {
            assert_eq!(read(asked), served);
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing_more(path in "(/[a-z0-9./%-]{0,6}){1,5}/?(\\?[a-z=&/]{0,8})?") {
            if path.parse::<Uri>().is_ok() && !path.contains("/v1") {
                let once = read(&path);
                prop_assert_eq!(read(&once), once);
            }
        }
    }
}
