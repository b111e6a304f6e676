//! When schedules fire.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A `rate(…)`, or a `cron(…)` that fires hourly or daily, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// `rate(15 minutes)`
    Every(SignedDuration),
    /// `cron(30 2 * * ? *)`: at an offset into every day, or into every hour.
    At {
        /// An hour or a day, in seconds.
        period: i64,
        /// Seconds into the period.
        offset: i64,
    },
}

impl Cadence {
    /// The first time to fire after `last`.
    pub fn next(self, last: Timestamp) -> Timestamp {
        let next = match self {
            Self::Every(interval) => last.checked_add(interval),
            Self::At { period, offset } => {
                let since = (last.as_second() - offset).rem_euclid(period);
                Timestamp::from_second(last.as_second() - since + period)
            }
        };
        next.unwrap_or(Timestamp::MAX)
    }
}

impl FromStr for Cadence {
    type Err = BadCadence;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some(("rate", rate)) => every(rate),
            Some(("cron", fields)) => at(fields),
            _ => None,
        };
        parsed.ok_or_else(|| BadCadence(text.to_owned()))
    }
}

fn every(rate: &str) -> Option<Cadence> {
    let (count, unit) = rate.split_once(' ')?;
    let seconds = match unit {
        "minute" | "minutes" => MINUTE,
        "hour" | "hours" => HOUR,
        "day" | "days" => DAY,
        _ => return None,
    };
    let count: u32 = count.parse().ok().filter(|&count| count > 0)?;
    Some(Cadence::Every(SignedDuration::from_secs(i64::from(count) * seconds)))
}

fn at(fields: &str) -> Option<Cadence> {
    let [minute, hour, day, "*", weekday, "*"] = fields.split(' ').collect::<Vec<_>>()[..] else {
        return None;
    };
    let (("*", "?") | ("?", "*")) = (day, weekday) else {
        return None;
    };
    let minute = below(minute, 60)? * MINUTE;
    Some(match hour {
        "*" => Cadence::At { period: HOUR, offset: minute },
        hour => Cadence::At { period: DAY, offset: below(hour, 24)? * HOUR + minute },
    })
}

fn below(text: &str, limit: i64) -> Option<i64> {
    text.parse().ok().filter(|value| (0..limit).contains(value))
}

/// The text is not a schedule that the one-machine platform can drive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither `rate(n unit)` nor a `cron` of one minute, hourly or daily")]
pub struct BadCadence(String);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_rate_fires_one_interval_later() {
        let cadence: Cadence = "rate(15 minutes)".parse().unwrap();

        assert_eq!(cadence.next(at("2030-01-07T08:03:00Z")), at("2030-01-07T08:18:00Z"));
        assert_eq!("rate(1 day)".parse(), "rate(24 hours)".parse::<Cadence>());
    }

    #[test]
    fn a_daily_cron_fires_once_a_day() {
        let cadence: Cadence = "cron(30 2 * * ? *)".parse().unwrap();

        assert_eq!(cadence.next(at("2030-01-07T02:29:59Z")), at("2030-01-07T02:30:00Z"));
        assert_eq!(cadence.next(at("2030-01-07T02:30:00Z")), at("2030-01-08T02:30:00Z"));
    }

    #[test]
    fn an_hourly_cron_fires_once_an_hour() {
        let cadence: Cadence = "cron(5 * ? * * *)".parse().unwrap();

        assert_eq!(cadence.next(at("2030-01-07T23:05:00Z")), at("2030-01-08T00:05:00Z"));
    }

    #[test]
    fn what_cannot_be_driven_is_refused() {
        for text in [
            "",
            "15 minutes",
            "rate(0 minutes)",
            "rate(-1 hour)",
            "rate(5 fortnights)",
            "rate(5minutes)",
            "cron(0 3 1 * ? *)",
            "cron(*/5 * * * ? *)",
            "cron(60 1 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 3 * * * *)",
            "cron(0 3 * * ?)",
            "at(2030-01-07T08:00:00)",
        ] {
            assert_eq!(text.parse::<Cadence>(), Err(BadCadence(text.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn the_next_time_is_later(
            cadence in "rate\\([1-9] (minute|hour|day)s\\)|cron\\([1-5][0-9] ([0-9]|\\*) \\* \\* \\? \\*\\)",
            second in 0_i64..4_000_000_000,
        ) {
            let last = Timestamp::from_second(second).unwrap();
            let next = cadence.parse::<Cadence>().unwrap().next(last);

            prop_assert!(next > last);
            prop_assert!(next <= last + SignedDuration::from_secs(9 * DAY));
        }
    }
}
