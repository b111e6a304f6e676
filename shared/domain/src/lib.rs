//! The language of the hub: its records, its rules, and who may use them.
//!
//! Nothing here performs I/O, reads a clock or knows about HTTP or DynamoDB.
//! If a rule can be tested without `async`, it belongs in this crate.

pub mod access;
pub mod account;
pub mod adherence;
pub mod appointment;
pub mod booking;
pub mod breaker;
pub mod care;
pub mod census;
pub mod chain;
pub mod chart;
mod choice;
pub mod clock;
pub mod code;
pub mod consultation;
pub mod contact;
pub mod delivery;
pub mod department;
pub mod diary;
pub mod doctor;
pub mod document;
pub mod event;
pub mod failure;
pub mod file;
pub mod formulary;
pub mod glass;
pub mod grant;
pub mod hold;
pub mod hospital;
pub mod hours;
pub mod id;
pub mod lab;
pub mod live;
pub mod medical_record;
pub mod note;
pub mod notification;
pub mod password;
pub mod patient;
pub mod place;
pub mod prescription;
pub mod queue;
pub mod recommendation;
pub mod record;
pub mod reminder;
pub mod repository;
pub mod review;
pub mod revision;
pub mod safety;
pub mod schedule;
pub mod search;
pub mod secret;
pub mod session;
pub mod strikes;
pub mod tally;
pub mod template;
pub mod text;
pub mod waitlist;
pub mod webhook;

pub use failure::{Class, Failure, FieldError};
pub use id::Id;
pub use revision::Revision;
