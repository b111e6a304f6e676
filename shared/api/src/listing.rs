//! Lists, page by page.

use axum::extract::FromRequestParts;
use carehub_domain::{failures, secret::Pepper};
use carehub_store::{Page, Position, Window};
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::{
    ApiError, AppState,
    actor::CallerName,
    extract::{Json, parameters},
    form::{self, Form, Invalid},
    seal::{open, seal},
};

/// How many records a page has unless the caller says otherwise.
const USUAL: u16 = 20;
/// How many a page has at most.
const MOST: u16 = 100;

/// A request for one page of a list, narrowed by `F`.
#[derive(Debug)]
pub struct Listing<F> {
    /// What the list is narrowed to.
    pub filter: F,
    /// Which page.
    pub window: Window,
    path: String,
    caller: String,
    parameters: Map<String, Value>,
    pepper: Pepper,
}

crate::form! {
    /// Nothing narrows the list.
    pub struct Unfiltered {
        /// Accepted and without effect: every list has one order.
        ordering: Option<String>,
    }
}

/// How to ask for a page, for the documentation of lists.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is read by those who read the documentation")]
pub struct Paging {
    /// How many, 1 to 100; 20 if nothing is said. Also `page_size`.
    limit: Option<u16>,
    /// Where to go on, from `next` or `previous`.
    cursor: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PageView<T> {
    /// The records.
    pub results: Vec<T>,
    /// Where the next page is; `null` on the last.
    pub next: Option<String>,
    /// Where the page before is; `null` on the first.
    pub previous: Option<String>,
}

/// A small list that is always whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WholeView<T> {
    /// How many there are.
    pub count: usize,
    /// The records.
    pub results: Vec<T>,
    /// Always `null`.
    pub next: Option<String>,
    /// Always `null`.
    pub previous: Option<String>,
}

impl<T> WholeView<T> {
    /// All of them.
    pub fn of(results: Vec<T>) -> Self {
        Self { count: results.len(), results, next: None, previous: None }
    }
}

impl<F> Listing<F> {
    /// Answers with a page and links to its neighbours.
    pub fn answer<T, V>(&self, page: Page<T>, view: impl FnMut(T) -> V) -> Json<PageView<V>> {
        let Page { records, next, previous } = page.map(view);
        let link = |position| self.link(position);
        Json(PageView {
            results: records,
            next: next.and_then(link),
            previous: previous.and_then(link),
        })
    }

    fn link(&self, position: Position) -> Option<String> {
        let bookmark =
            Bookmark { limit: self.window.limit, position, parameters: self.parameters.clone() };
        let sealed = seal(&bookmark, SEAL, &bound_to(&self.path, &self.caller), &self.pepper)?;
        Some(format!("{}?cursor={sealed}", self.path))
    }
}

impl<F: Form> FromRequestParts<AppState> for Listing<F> {
    type Rejection = ApiError;

    /// Has to come after the extractor that says who is calling, as links are bound to them.
    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let path = parts.uri.path().to_owned();
        let caller = parts.extensions.get::<CallerName>().map(|CallerName(name)| name.clone());
        let caller = caller.unwrap_or_default();
        let mut parameters = parameters(parts)?;
        let limit = [parameters.remove("limit"), parameters.remove("page_size")];
        let (window, parameters) = match parameters.remove("cursor") {
            None => {
                let limit = limit
                    .into_iter()
                    .flatten()
                    .next()
                    .map_or(Ok(USUAL), |limit| read_limit(&limit))?;
                (Window::first(limit), parameters)
            }
            Some(cursor) => {
                let sealed = cursor.as_str().unwrap_or_default();
                let Bookmark { limit, position, parameters } =
                    open(sealed, SEAL, &bound_to(&path, &caller), &state.pepper)
                        .ok_or(CursorError::NotOurs)?;
                (Window { limit, from: Some(position) }, parameters)
            }
        };
        let filter = form::read(parameters.clone())?;
        Ok(Self { filter, window, path, caller, parameters, pepper: state.pepper.clone() })
    }
}

fn read_limit(limit: &Value) -> Result<u16, Invalid> {
    let limit = limit.as_str().and_then(|limit| limit.parse().ok());
    limit
        .filter(|limit| (1..=MOST).contains(limit))
        .ok_or_else(|| Invalid::field("limit", "expected a number from 1 to 100"))
}

const SEAL: &str = "cursor";

/// Where a list goes on, and everything that makes it the same list.
///
/// It travels encrypted, bound to the list and the caller: nobody else can use it and
/// nobody can see what was searched for.
#[derive(Serialize, Deserialize)]
struct Bookmark {
    limit: u16,
    position: Position,
    parameters: Map<String, Value>,
}

fn bound_to(path: &str, caller: &str) -> String {
    format!("{caller} {path}")
}

failures! {
    /// Why a list does not go on.
    pub enum CursorError {
        NotOurs = Invalid "bad-cursor" "the cursor is not one of this list; begin again without it",
    }
}
