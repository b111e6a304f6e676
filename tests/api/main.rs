//! The API as its callers experience it, one module per group.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::too_many_lines, reason = "a tour of the whole hub is long and has no parts")]

mod access;
mod accounts;
mod appointments;
mod auth;
mod budget;
mod careers;
mod codes;
mod consultations;
mod departments;
mod directory;
mod doctors;
mod enumeration;
mod events;
mod faults;
mod holds;
mod hospitals;
mod housekeeping;
mod mappings;
mod merging;
mod openapi;
mod operator;
mod parity;
mod patient_notes;
mod patients;
mod platform;
mod privacy;
mod problems;
mod queues;
mod races;
mod reviews;
mod schedules;
mod sessions;
mod slots;
mod support;
mod sweep;
mod tokens;
mod tour;
mod waitlist;
