//! Failed sign-ins, which make the next try wait ever longer but never forever.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Class, Failure, secret::Pepper};

/// How many failures are free.
const FREE: u32 = 3;
/// The longest wait.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// How long failures are remembered.
const MEMORY: SignedDuration = SignedDuration::from_hours(24);

/// The failures to sign in to one account from one address.
///
/// They are counted whether or not there is such an account, so they tell nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strikes {
    /// Names the account and the address without telling them.
    pub key: String,
    count: u32,
    open_at: Timestamp,
}

impl Strikes {
    /// No failure yet.
    pub fn none(identifier: &str, address: &str, pepper: &Pepper) -> Self {
        let identifier = identifier.trim().to_lowercase();
        let tag = pepper.tag("strikes", &[identifier.as_bytes(), address.as_bytes()]);
        let key = tag[..16].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        Self { key, count: 0, open_at: Timestamp::UNIX_EPOCH }
    }

    /// One more failure.
    #[must_use]
    pub fn and_one(self, now: Timestamp) -> Self {
        let count = if self.is_forgotten(now) { 1 } else { self.count + 1 };
        let seconds = 1_i64.checked_shl(count.saturating_sub(FREE)).unwrap_or(i64::MAX);
        let wait = match count {
            0..=FREE => SignedDuration::ZERO,
            _ => SignedDuration::from_secs(seconds.clamp(1, LONGEST.as_secs())),
        };
        Self { key: self.key, count, open_at: now + wait }
    }

    /// Whether another try may be made.
    pub fn admit(&self, now: Timestamp) -> Result<(), Patience> {
        if now < self.open_at {
            Err(Patience { wait: self.open_at.duration_since(now) })
        } else {
            Ok(())
        }
    }

    /// The failures, if there were any.
    pub fn any(self) -> Option<Self> {
        (self.count > 0).then_some(self)
    }

    /// When the failures are forgotten.
    pub fn expires_at(&self) -> Timestamp {
        self.open_at + MEMORY
    }

    fn is_forgotten(&self, now: Timestamp) -> bool {
        self.expires_at() <= now
    }
}

/// The next try has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many failed tries; wait a little")]
pub struct Patience {
    wait: SignedDuration,
}

impl Failure for Patience {
    fn class(&self) -> Class {
        Class::TooMany
    }

    fn code(&self) -> &'static str {
        "sign-in-delayed"
    }

    fn retry_after(&self) -> Option<SignedDuration> {
        Some(self.wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_wait_up_to_a_quarter_hour() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(48);
        let mut strikes = Strikes::none("ana", "127.0.0.1", &Pepper::new(b"test"));
        let mut waits = Vec::new();
        for _ in 0..40 {
            strikes = strikes.and_one(now);
            waits.push(strikes.admit(now).err().map_or(0, |patience| patience.wait.as_secs()));
        }
        assert_eq!(waits[..8], [0, 0, 0, 2, 4, 8, 16, 32]);
        assert_eq!(waits[39], 900);
        assert_eq!(strikes.clone().admit(now + LONGEST), Ok(()));
        assert_eq!(strikes.and_one(now + MEMORY + LONGEST).admit(now + MEMORY + LONGEST), Ok(()));
    }
}
