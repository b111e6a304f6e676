//! Time as tests tell it.

use std::sync::Mutex;

use carehub_domain::clock::Clock;
use jiff::{SignedDuration, Timestamp};

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// Moves time forward.
    pub fn advance(&self, by: SignedDuration) {
        *self.0.lock().expect("no test panics while moving time") += by;
    }
}

impl Default for ManualClock {
    /// Monday morning, before the hospital opens.
    fn default() -> Self {
        Self(Mutex::new("2030-01-07T08:00:00Z".parse().expect("a valid instant")))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no test panics while reading time")
    }
}
