//! Every code that a problem can have. Programs branch on them, so none changes unnoticed.

use std::{
    collections::BTreeSet,
    error::Error,
    fmt, fs,
    path::{Path, PathBuf},
};

use axum::response::IntoResponse;
use carehub_api::ApiError;
use carehub_domain::{Class, Failure};
use insta::assert_snapshot;

#[test]
fn every_code_and_its_status() {
    let mut lines = BTreeSet::new();
    for text in sources() {
        for block in text.split("failures! {").skip(1) {
            let block = block.split("\n}").next().unwrap();
            // What is not public answers nobody.
            if !block.contains("pub enum") {
                continue;
            }
            let rows = block.lines().filter_map(|line| line.trim().split_once(" = "));
            for (_, row) in rows {
                let (class, code) = row.split_once(' ').unwrap();
                let code = code.split('"').nth(1).unwrap();
                lines.insert(format!("{} {code}", status(class)));
            }
        }
        for block in text.split("Failure for ").skip(1).filter(|block| !block.starts_with('$')) {
            let block = block.split("\n}").next().unwrap();
            let body = |name: &str| {
                block.split(name).nth(1).unwrap_or_default().split("\n    }").next().unwrap()
            };
            let classes = body("fn class").split("Class::").skip(1);
            let classes: Vec<_> = classes
                .map(|rest| rest.split(|c: char| !c.is_alphabetic()).next().unwrap())
                .collect();
            let codes: Vec<_> = body("fn code").split('"').skip(1).step_by(2).collect();
            // Those who have none pass on what another failure says.
            assert_eq!(classes.len(), codes.len(), "{block}");
            for (class, code) in classes.into_iter().zip(codes) {
                lines.insert(format!("{} {code}", status(class)));
            }
        }
        // What axum itself refuses.
        let bare = text.split("fn bare(").nth(1).and_then(|rest| rest.split("\n    }").next());
        let words = bare.into_iter().flat_map(|body| body.split('"').skip(1).step_by(2));
        let codes =
            words.filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        lines.extend(codes.map(|code| format!("any {code}")));
    }

    assert_snapshot!(Vec::from_iter(lines).join("\n"), @"
    400 allergies-contradict
    400 allergies-missing
    400 bad-cursor
    400 bad-idempotency-key
    400 bad-range
    400 career-full
    400 code-expired
    400 code-wrong
    400 consultation-full
    400 department-unknown
    400 doctor-of-another-department
    400 dose-in-future
    400 errand-misplaced
    400 errand-unreadable
    400 follow-up-of-another
    400 follow-up-too-early
    400 formulary-invalid
    400 half-coordinates
    400 hospital-of-another
    400 in-the-past
    400 invalid
    400 invalid-coordinates
    400 invalid-radius
    400 merge-with-itself
    400 no-consent
    400 not-prescribed
    400 patient-of-another-visit
    400 phone-mismatch
    400 prescription-full
    400 prescription-over
    400 prescription-too-long
    400 recommendation-invalid
    400 recommendation-reason
    400 result-missing
    400 result-too-early
    400 role-refused
    400 safety-rules-invalid
    400 self-delete
    400 too-far-ahead
    400 too-many-doctors
    400 too-many-entries
    400 unreadable-body
    400 unreadable-message
    400 unreadable-query
    400 wrong-password
    401 code-refused
    401 invalid-refresh-token
    401 refresh-token-reused
    401 sign-in-refused
    401 ticket-refused
    401 unauthenticated
    403 contact-of-account
    403 forbidden
    403 grant-required
    403 hospital-not-approved
    403 not-assigned
    403 not-keeper
    403 not-own-record
    403 not-vouched-for
    403 password-change-due
    403 privacy-of-patient
    403 recommendation-closed
    404 doctor-not-found
    404 not-found
    404 patient-unknown
    405 wrong-method
    409 account-closed
    409 account-must-stay
    409 account-stale
    409 adherence-settled
    409 adherence-stale
    409 already-assigned
    409 already-in-queue
    409 already-reviewed
    409 already-waiting
    409 annotation-stale
    409 appointment-stale
    409 appointment-state
    409 assignment-stale
    409 book-anew
    409 both-have-accounts
    409 code-used
    409 consultation-locked
    409 consultation-not-open
    409 consultation-stale
    409 day-exists
    409 day-full
    409 delivery-stale
    409 department-exists
    409 department-stale
    409 dispensed-before
    409 doctor-gone
    409 doctor-licence-taken
    409 doctor-stale
    409 doctor-unavailable
    409 document-stale
    409 emergency-reviewed
    409 emergency-stale
    409 entry-stale
    409 hospital-already-decided
    409 hospital-closed
    409 hospital-stale
    409 idempotency-key-reused
    409 lab-result-stale
    409 licence-taken
    409 medical-record-exists
    409 medical-record-stale
    409 medication-deactivated
    409 medication-ended
    409 medication-unnamed
    409 no-completed-visit
    409 no-doctor-assigned
    409 not-assignable
    409 not-merged
    409 not-online
    409 note-stale
    409 patient-busy
    409 patient-gone
    409 patient-has-account
    409 patient-stale
    409 preferences-stale
    409 prescription-sent
    409 prescription-stale
    409 prescription-state
    409 profile-exists
    409 queue-empty
    409 recommendation-decided
    409 recommendation-finished
    409 recommendation-not-done
    409 recommendation-settings-stale
    409 recommendation-stale
    409 record-stale
    409 reminder-exists
    409 reminder-stale
    409 request-at-work
    409 review-stale
    409 rule-built-in
    409 safety-not-checked
    409 safety-rules-stale
    409 safety-stop
    409 schedule-stale
    409 several-accounts
    409 several-patients
    409 slot-not-offered
    409 slot-taken
    409 slots-available
    409 template-stale
    409 token-called
    409 token-left
    409 token-stale
    409 too-early
    409 too-late
    409 too-many-holds
    409 too-many-webhooks
    409 upload-settled
    409 upload-stale
    409 upload-used
    409 use-actions
    409 use-payments
    409 use-reschedule
    409 username-taken
    409 visit-stale
    409 vital-signs-exist
    409 waitlist-full
    409 webhook-off
    409 webhook-stale
    412 precondition-failed
    413 too-large
    415 wrong-media-type
    429 sign-in-delayed
    429 too-many-requests
    500 internal
    503 files-unavailable
    503 post-unavailable
    503 recommendation-in-hand
    503 store-unavailable
    503 web-forbidden
    503 web-late
    503 web-unreachable
    503 webhook-refused
    503 webhook-resting
    any internal
    any too-large
    any unavailable
    any unreadable-request
    ");
}

/// The status that the edge gives a class.
fn status(class: &str) -> u16 {
    let class = match class {
        "Invalid" => Class::Invalid,
        "Unauthenticated" => Class::Unauthenticated,
        "Forbidden" => Class::Forbidden,
        "NotFound" => Class::NotFound,
        "WrongMethod" => Class::WrongMethod,
        "Conflict" => Class::Conflict,
        "Outdated" => Class::Outdated,
        "TooLarge" => Class::TooLarge,
        "WrongMedia" => Class::WrongMedia,
        "TooMany" => Class::TooMany,
        "Unavailable" => Class::Unavailable,
        "Internal" => Class::Internal,
        other => panic!("a class called {other}"),
    };
    ApiError::from(Sample(class)).into_response().status().as_u16()
}

#[derive(Debug)]
struct Sample(Class);

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sample")
    }
}

impl Error for Sample {}

impl Failure for Sample {
    fn class(&self) -> Class {
        self.0
    }

    fn code(&self) -> &'static str {
        "sample"
    }
}

/// The sources of everything that may cross the edge, some of which has no public name.
pub(crate) fn sources() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![root.join("shared"), root.join("functions")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}
