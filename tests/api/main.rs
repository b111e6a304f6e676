//! The API as its callers experience it, one module per group.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod access;
mod auth;
mod support;
