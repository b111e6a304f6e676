//! When somebody wants to come, as requests write it.

use carehub_api::form::Invalid;
use carehub_domain::{
    booking::When,
    hours::{BadHours, Minute},
};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::Offset,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A day and a time, with or without its offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, format = "date-time")]
pub(crate) struct Moment(When);

impl Moment {
    /// As it is meant to a doctor: without an offset it is a time of the doctor's day.
    pub(crate) fn when(self) -> When {
        self.0
    }

    /// As an instant: without an offset it is a time in UTC.
    pub(crate) fn instant(self) -> Timestamp {
        match self.0 {
            When::Instant(at) => at,
            When::Civil(date, minute) => {
                let midnight = date.to_datetime(Time::midnight());
                let civil = midnight.saturating_add(i64::from(minute.minutes()).minutes());
                // No day that a calendar shows is out of reach, but for its very ends.
                Offset::UTC.to_timestamp(civil).unwrap_or(Timestamp::MAX)
            }
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        if let Ok(at) = text.parse() {
            return Ok(Self(When::Instant(at)));
        }
        // A day alone reads as its midnight, which nobody means.
        let civil: DateTime = text.parse().ok().filter(|_| text.contains(':')).ok_or(EXPECTED)?;
        let minute = minute_of(civil.time()).map_err(|_| EXPECTED)?;
        Ok(Self(When::Civil(civil.date(), minute)))
    }
}

/// What the text should have been.
const EXPECTED: &str = "expected a day and a time such as 2030-01-07T09:00:00+05:00";

/// A time of day in whole minutes.
pub(crate) fn minute_of(time: Time) -> Result<Minute, BadHours> {
    time.strftime("%H:%M:%S").to_string().parse()
}

/// When somebody wants to come, from the ways in which requests say so: an instant, or a day and
/// a time. When it ends follows from how long it takes; it only has to make sense.
pub(crate) fn read(
    start: Option<Moment>,
    date: Option<Date>,
    time: Option<Minute>,
    end: Option<Minute>,
) -> Result<Moment, Invalid> {
    let moment = match (start, date, time) {
        (Some(start), _, _) => start,
        (None, Some(date), Some(time)) => Moment(When::Civil(date, time)),
        (None, None, _) => return Err(Invalid::field("appointment_date", "is required")),
        (None, Some(_), None) => return Err(Invalid::field("start_time", "is required")),
    };
    // Midnight may be written as the beginning of the next day.
    match (moment.0, end.filter(|end| end.minutes() > 0)) {
        (When::Civil(_, time), Some(end)) if end <= time => {
            Err(Invalid::field("end_time", "must be after start_time"))
        }
        _ => Ok(moment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Result<Moment, &'static str> {
        text.to_owned().try_into()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_offset_makes_an_instant() {
        for text in ["2030-01-07T09:00:00+05:00", "2030-01-07 04:00Z", " 2030-01-07T04:00:00Z "] {
            let moment = moment(text).unwrap();
            assert_eq!(moment.when(), When::Instant(at("2030-01-07T04:00:00Z")), "{text}");
            assert_eq!(moment.instant(), at("2030-01-07T04:00:00Z"));
        }
    }

    #[test]
    fn without_one_it_is_a_time_of_the_doctors_day_or_of_utc() {
        for text in ["2030-01-07T09:00:00", "2030-01-07 09:00"] {
            let moment = moment(text).unwrap();
            let civil = When::Civil(jiff::civil::date(2030, 1, 7), "09:00".parse().unwrap());
            assert_eq!(moment.when(), civil, "{text}");
            assert_eq!(moment.instant(), at("2030-01-07T09:00:00Z"));
        }
    }

    #[test]
    fn a_day_alone_and_seconds_are_no_moment() {
        for text in ["", "2030-01-07", "09:00", "2030-01-07T09:00:30", "next week"] {
            assert_eq!(moment(text), Err(EXPECTED), "{text}");
        }
    }

    #[test]
    fn it_has_to_end_after_it_begins() {
        let date = Some(jiff::civil::date(2030, 1, 7));
        let time = |text: &str| Some(text.parse::<Minute>().unwrap());
        assert!(read(None, date, time("09:00"), time("09:30")).is_ok());
        assert!(read(None, date, time("23:30"), time("00:00")).is_ok());
        assert!(read(None, date, time("09:00"), time("09:00")).is_err());
        assert!(read(None, date, None, None).is_err());
        assert!(read(None, None, time("09:00"), None).is_err());
    }
}
