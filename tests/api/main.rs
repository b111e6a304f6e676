//! The API as its callers experience it, one module per group.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::too_many_lines, reason = "a tour of the whole hub is long and has no parts")]

mod access;
mod accounts;
mod adherence;
mod appointments;
mod auth;
mod break_glass;
mod budget;
mod careers;
mod codes;
mod consultations;
mod departments;
mod directory;
mod doctors;
mod documents;
mod enumeration;
mod events;
mod faults;
mod health_records;
mod holds;
mod hospitals;
mod housekeeping;
mod interactions;
mod lab_results;
mod mappings;
mod medical_records;
mod merging;
mod openapi;
mod operator;
mod parity;
mod patient_notes;
mod patients;
mod pharmacy;
mod platform;
mod prescription_print;
mod prescription_stats;
mod prescriptions;
mod privacy;
mod problems;
mod queues;
mod races;
mod reminders;
mod repository;
mod reviews;
mod schedules;
mod sessions;
mod slots;
mod support;
mod sweep;
mod templates;
mod tokens;
mod tour;
mod uploads;
mod waitlist;
