//! A function's table of contents.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    handler::Handler,
    middleware::from_fn_with_state,
    routing::{MethodFilter, MethodRouter, on},
};
use http::Method;

use carehub_domain::file::MOST_INLINE;

use crate::{AppState, idempotency, limit, limit::Bucket};

/// The largest body of a request that brings no files.
pub(crate) const LARGEST_BODY: usize = 1 << 20;

/// The largest body of a request that may bring files: those and a form.
const LARGEST_WITH_FILES: usize = MOST_INLINE + (1 << 18);

/// The routes of a function. The first path of each is the documented one; the
/// others are names that older clients know.
#[derive(Debug, Default)]
#[must_use]
pub struct Routes(Vec<Route>);

/// One operation and the paths it is served under.
#[derive(Debug)]
pub struct Route {
    /// The method it answers to.
    pub method: Method,
    /// Its paths, the documented one first.
    pub paths: Vec<&'static str>,
    /// What its requests are counted in.
    pub bucket: Option<Bucket>,
    idempotent: bool,
    largest: usize,
    serve: MethodRouter<AppState>,
}

macro_rules! methods {
    ($($name:ident $method:ident)+) => {$(
        #[doc = concat!("Answers `", stringify!($method), "` on `path`.")]
        pub fn $name<H: Handler<T, AppState>, T: 'static>(self, path: &'static str, handler: H) -> Self {
            self.serve(Method::$method, path, on(MethodFilter::$method, handler))
        }
    )+};
}

impl Routes {
    /// No route yet.
    pub fn new() -> Self {
        Self::default()
    }

    methods! { get GET post POST put PUT patch PATCH delete DELETE }

    /// Answers both `PUT` and `PATCH` on `path`, as they mean the same here.
    pub fn edit<H: Handler<T, AppState>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.patch(path, handler.clone()).put(path, handler)
    }

    /// Serves the last operation under further paths.
    pub fn also_at(mut self, paths: &[&'static str]) -> Self {
        let Some(last) = self.0.last() else { return self };
        let (first, length) = (last.paths[0], self.0.len());
        // `edit` adds two operations of one path, and both have the same aliases.
        for route in &mut self.0[length.saturating_sub(2)..] {
            if route.paths == [first] {
                route.paths.extend(paths);
            }
        }
        self
    }

    /// Counts requests to the last operation by their address.
    pub fn limited(mut self, bucket: Bucket) -> Self {
        if let Some(last) = self.0.last_mut() {
            last.bucket = Some(bucket);
        }
        self
    }

    /// Answers a request to the last operation once, however often it is sent with
    /// the same `Idempotency-Key`.
    pub fn idempotent(mut self) -> Self {
        if let Some(last) = self.0.last_mut() {
            last.idempotent = true;
        }
        self
    }

    /// Lets requests to the last operation bring files.
    pub fn with_files(mut self) -> Self {
        if let Some(last) = self.0.last_mut() {
            last.largest = LARGEST_WITH_FILES;
        }
        self
    }

    /// Every operation.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }

    fn serve(mut self, method: Method, path: &'static str, serve: MethodRouter<AppState>) -> Self {
        let (paths, bucket, idempotent, largest) = (vec![path], None, false, LARGEST_BODY);
        self.0.push(Route { method, paths, bucket, idempotent, largest, serve });
        self
    }

    pub(crate) fn router(self, state: &AppState) -> Router<AppState> {
        self.0.into_iter().fold(Router::new(), |router, route| {
            let mut serve = route.serve;
            if route.idempotent {
                let state = (state.clone(), route.largest);
                serve = serve.layer(from_fn_with_state(state, idempotency::answer_once));
            }
            if route.largest > LARGEST_BODY {
                serve = serve.layer(DefaultBodyLimit::max(route.largest));
            }
            if let Some(bucket) = route.bucket {
                serve = serve.layer(from_fn_with_state((state.clone(), bucket), limit::by_address));
            }
            route.paths.iter().fold(router, |router, path| router.route(path, serve.clone()))
        })
    }
}
