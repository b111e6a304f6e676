//! Breakers: programs of others are not asked while they fail.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// So many failures in a row are enough.
const ENOUGH: u32 = 5;
/// How long a service rests after that. If it fails again, it rests twice as long each time.
const REST: SignedDuration = SignedDuration::from_secs(60);
/// The longest rest that follows from failures.
const LONGEST_REST: SignedDuration = SignedDuration::from_mins(10);
/// The longest rest that a service gets by asking for it.
const LONGEST_WISH: SignedDuration = SignedDuration::from_hours(1);
/// How long a trial may take before another is allowed.
const TRIAL: SignedDuration = SignedDuration::from_secs(30);

/// Keeps a service that fails from being asked. A new one lets everything through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "breaker", rename_all = "kebab-case")]
pub enum Breaker {
    /// The service is asked.
    Closed {
        /// How often it failed since it last answered.
        failures: u32,
    },
    /// It is not asked.
    Open {
        /// Until when.
        until: Timestamp,
        /// How often it has rested since it last answered.
        rests: u32,
    },
    /// One question is on its way, to see whether it answers again.
    HalfOpen {
        /// When another is allowed if nothing is heard of that one.
        until: Timestamp,
        /// How often it has rested since it last answered.
        rests: u32,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Lets a question through, or says until when none is. Whoever asks saves what comes back
    /// first, so that only one of many makes the trial after a rest.
    pub fn admit(self, now: Timestamp) -> Result<Self, Open> {
        match self {
            Self::Closed { .. } => Ok(self),
            Self::Open { until, .. } | Self::HalfOpen { until, .. } if now < until => {
                Err(Open { until })
            }
            Self::Open { rests, .. } | Self::HalfOpen { rests, .. } => {
                Ok(Self::HalfOpen { until: later(now, TRIAL), rests })
            }
        }
    }

    /// Whoever was let through did not ask, so a trial is there for the next.
    #[must_use]
    pub fn untried(self, now: Timestamp) -> Self {
        match self {
            Self::HalfOpen { rests, .. } => Self::Open { until: now, rests },
            Self::Closed { .. } | Self::Open { .. } => self,
        }
    }

    /// The service answered, whatever it said.
    #[must_use]
    pub fn succeeded(self) -> Self {
        Self::default()
    }

    /// The service did not answer. If it said how long to leave it alone, it is left alone.
    #[must_use]
    pub fn failed(self, now: Timestamp, retry_after: Option<SignedDuration>) -> Self {
        let rests = match (self, retry_after) {
            (Self::Closed { failures }, None) if failures < ENOUGH - 1 => {
                return Self::Closed { failures: failures + 1 };
            }
            // It was asked before the rest began.
            (Self::Open { .. }, None) => return self,
            (Self::Closed { .. }, _) => 0,
            (Self::Open { rests, .. } | Self::HalfOpen { rests, .. }, _) => rests,
        };
        let rest = match retry_after {
            Some(wish) => wish.clamp(SignedDuration::ZERO, LONGEST_WISH),
            None => REST.saturating_mul(1 << rests.min(8)).min(LONGEST_REST),
        };
        Self::Open { until: later(now, rest), rests: rests.saturating_add(1) }
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The service is left alone for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the service is left alone until {until}")]
pub struct Open {
    /// Until when.
    pub until: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn after(failures: u32) -> Breaker {
        (0..failures).fold(Breaker::default(), |breaker, _| breaker.failed(at(0), None))
    }

    #[test]
    fn a_service_that_fails_now_and_then_is_asked_again() {
        assert!(after(ENOUGH - 1).admit(at(0)).is_ok());
        assert_eq!(after(ENOUGH - 1).succeeded(), Breaker::default());
    }

    #[test]
    fn a_service_that_fails_again_and_again_rests() {
        let breaker = after(ENOUGH);

        assert_eq!(breaker.admit(at(0)), Err(Open { until: at(60) }));
        assert_eq!(breaker.admit(at(59)), Err(Open { until: at(60) }));
    }

    #[test]
    fn after_a_rest_one_question_is_tried_and_decides() {
        let trial = after(ENOUGH).admit(at(60)).unwrap();

        assert_eq!(trial.admit(at(61)), Err(Open { until: at(90) }));
        assert_eq!(trial.failed(at(62), None), Breaker::Open { until: at(182), rests: 2 });
        assert_eq!(trial.succeeded(), Breaker::default());
    }

    #[test]
    fn a_service_that_goes_on_failing_rests_longer_and_longer() {
        let (mut breaker, mut now, mut rests) = (after(ENOUGH), at(0), Vec::new());
        for _ in 0..40 {
            let Err(Open { until }) = breaker.admit(now) else { panic!("{breaker:?}") };
            rests.push(until.as_second() - now.as_second());
            now = until;
            breaker = breaker.admit(now).unwrap().failed(now, None);
        }
        assert_eq!(rests[..6], [60, 120, 240, 480, 600, 600]);
        assert_eq!(rests[39], 600);
    }

    #[test]
    fn what_was_asked_before_a_rest_does_not_make_it_longer() {
        let resting = after(ENOUGH);
        assert_eq!(resting.failed(at(5), None), resting);
    }

    #[test]
    fn a_trial_of_which_nothing_is_heard_does_not_block_for_ever() {
        let trial = after(ENOUGH).admit(at(60)).unwrap();
        assert!(trial.admit(at(90)).is_ok());
    }

    #[test]
    fn a_trial_that_nobody_makes_is_there_for_the_next() {
        let trial = after(ENOUGH).admit(at(60)).unwrap();

        assert!(trial.untried(at(61)).admit(at(61)).is_ok());
        for breaker in [after(0), after(1), after(ENOUGH)] {
            assert_eq!(breaker.untried(at(1)), breaker);
        }
    }

    #[test]
    fn a_service_that_asks_to_be_left_alone_is_but_not_for_ever() {
        let asked = |seconds| Some(SignedDuration::from_secs(seconds));
        assert_eq!(after(0).failed(at(0), asked(7)), Breaker::Open { until: at(7), rests: 1 });
        let longest = Breaker::Open { until: at(3600), rests: 1 };
        assert_eq!(after(0).failed(at(0), asked(999_999)), longest);
        assert_eq!(after(0).failed(at(0), asked(-5)), Breaker::Open { until: at(0), rests: 1 });
    }
}
