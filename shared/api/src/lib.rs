//! What every function shares: state, extractors, errors and the way in.

pub mod actor;
mod app;
pub mod appointment;
pub mod census;
pub mod config;
pub mod created;
pub mod doctor;
pub mod document;
mod edge;
pub mod error;
pub mod etag;
pub mod extract;
pub mod form;
mod idempotency;
pub mod lambda;
pub mod limit;
pub mod listing;
pub mod passwords;
pub mod profile;
mod routes;
mod seal;
pub mod slot;
mod state;
pub mod token;
pub mod upload;
pub mod view;
pub mod vitals;

pub use self::{
    actor::Peer,
    app::app,
    error::{ApiError, Result},
    routes::{Route, Routes},
    state::AppState,
};
