//! Errors in one line.

use std::{error::Error, iter};

/// What went wrong, and why, and why that.
pub fn reasons(error: &(dyn Error + 'static)) -> String {
    let reasons = iter::successors(Some(error), |&error| error.source());
    reasons.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
