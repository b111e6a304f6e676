//! What operators of the hub do at its console, on one machine and in the cloud alike.

mod admin;
pub mod audit;
pub mod demo;
pub mod dlq;
mod error;

pub use self::{admin::create_admin, error::OperatorError};
