//! Opening hours of a week.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type, schema::AdditionalProperties},
};

use crate::choice::choice;

choice! {
    /// A day of the week.
    pub enum Day: "a day" {
        /// Monday.
        Monday = "MONDAY" | "MON",
        /// Tuesday.
        Tuesday = "TUESDAY" | "TUE",
        /// Wednesday.
        Wednesday = "WEDNESDAY" | "WED",
        /// Thursday.
        Thursday = "THURSDAY" | "THU",
        /// Friday.
        Friday = "FRIDAY" | "FRI",
        /// Saturday.
        Saturday = "SATURDAY" | "SAT",
        /// Sunday.
        Sunday = "SUNDAY" | "SUN",
    }
}

/// A time of day in whole minutes, from `00:00` to `24:00`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    SerializeDisplay,
    DeserializeFromStr,
    ToSchema,
)]
#[schema(value_type = String, example = "09:00")]
pub struct Minute(u16);

impl Minute {
    /// The end of the day, `24:00`.
    pub const MIDNIGHT: Self = Self(24 * 60);

    /// How many minutes after midnight.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl FromStr for Minute {
    type Err = BadHours;

    /// Reads `09:00`, `09:00:00`, `9:00 AM` and `5 pm`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase();
        let (clock, noon) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
            (Some(clock), _) => (clock, Some(0)),
            (_, Some(clock)) => (clock, Some(12)),
            _ => (text.as_str(), None),
        };
        let mut parts = clock.trim().splitn(3, ':').map(|part| match part.len() {
            1 | 2 => part.parse::<u16>().ok(),
            _ => None,
        });
        let hour = parts.next().flatten().ok_or(BadHours::Time)?;
        let minute = match parts.next() {
            Some(minute) => minute.ok_or(BadHours::Time)?,
            None if noon.is_some() => 0,
            None => return Err(BadHours::Time),
        };
        let seconds = parts.next().unwrap_or(Some(0));
        let hour = match noon {
            Some(noon) if (1..=12).contains(&hour) => hour % 12 + noon,
            Some(_) => return Err(BadHours::Time),
            None => hour,
        };
        let total = hour * 60 + minute;
        if minute < 60 && seconds == Some(0) && total <= 24 * 60 {
            Ok(Self(total))
        } else {
            Err(BadHours::Time)
        }
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// A stretch of a day, written `09:00-13:00`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, SerializeDisplay, DeserializeFromStr,
)]
pub struct Window {
    start: Minute,
    end: Minute,
}

impl Window {
    /// From `start` until `end`, which is later.
    pub fn between(start: Minute, end: Minute) -> Result<Self, BadHours> {
        if start < end { Ok(Self { start, end }) } else { Err(BadHours::Order) }
    }

    /// When it begins.
    pub fn start(self) -> Minute {
        self.start
    }

    /// When it ends.
    pub fn end(self) -> Minute {
        self.end
    }

    /// Whether the two have a minute in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

impl FromStr for Window {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (start, end) = text.split_once(['-', '–']).ok_or(BadHours::Window)?;
        Self::between(start.parse()?, end.parse()?)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
    }
}

/// The hours of a week: for each day, windows in order that do not overlap.
///
/// Written as `{"MONDAY": ["09:00-13:00", "14:00-17:00"]}`. Also read are one window
/// instead of a list, `{"start_time": "09:00", "end_time": "17:00", "is_available": true}`
/// instead of a window, and one window for all days instead of the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "BTreeMap<Day, Vec<Window>>")]
pub struct WeeklyHours(BTreeMap<Day, Vec<Window>>);

impl WeeklyHours {
    /// The windows of a day, in order.
    pub fn on(&self, day: Day) -> &[Window] {
        self.0.get(&day).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn of(days: impl IntoIterator<Item = (Day, Vec<Window>)>) -> Result<Self, BadHours> {
        let mut week: BTreeMap<Day, Vec<Window>> = BTreeMap::new();
        for (day, windows) in days {
            week.entry(day).or_default().extend(windows);
        }
        week.retain(|_, windows| !windows.is_empty());
        for windows in week.values_mut() {
            windows.sort_unstable();
            if windows.windows(2).any(|pair| pair[1].start < pair[0].end) {
                return Err(BadHours::Overlap);
            }
        }
        Ok(Self(week))
    }
}

impl From<WeeklyHours> for BTreeMap<Day, Vec<Window>> {
    fn from(hours: WeeklyHours) -> Self {
        hours.0
    }
}

/// Hours as the callers of the five systems write them.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected hours such as {\"MONDAY\": [\"09:00-13:00\"]}")]
enum Written {
    EveryDay(Window),
    Days(BTreeMap<Day, WrittenDay>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected windows such as [\"09:00-13:00\"]")]
enum WrittenDay {
    One(Window),
    Many(Vec<WrittenWindow>),
    Span(Span),
    Off(()),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a window such as \"09:00-13:00\"")]
enum WrittenWindow {
    Window(Window),
    Span(Span),
}

#[derive(Deserialize)]
struct Span {
    #[serde(default, alias = "start")]
    start_time: Option<Minute>,
    #[serde(default, alias = "end")]
    end_time: Option<Minute>,
    #[serde(default = "yes")]
    is_available: bool,
}

fn yes() -> bool {
    true
}

impl Span {
    fn window(self) -> Result<Option<Window>, BadHours> {
        match (self.is_available, self.start_time, self.end_time) {
            (false, _, _) => Ok(None),
            (true, Some(start), Some(end)) => Window::between(start, end).map(Some),
            (true, _, _) => Err(BadHours::Window),
        }
    }
}

impl TryFrom<Written> for WeeklyHours {
    type Error = BadHours;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written {
            Written::EveryDay(window) => Self::of(Day::ALL.iter().map(|&day| (day, vec![window]))),
            Written::Days(days) => {
                let days = days.into_iter().map(|(day, written)| Ok((day, written.windows()?)));
                Self::of(days.collect::<Result<Vec<_>, BadHours>>()?)
            }
        }
    }
}

impl WrittenDay {
    fn windows(self) -> Result<Vec<Window>, BadHours> {
        match self {
            Self::One(window) => Ok(vec![window]),
            Self::Span(span) => Ok(span.window()?.into_iter().collect()),
            Self::Off(()) => Ok(Vec::new()),
            Self::Many(windows) => windows
                .into_iter()
                .filter_map(|written| match written {
                    WrittenWindow::Window(window) => Some(Ok(window)),
                    WrittenWindow::Span(span) => span.window().transpose(),
                })
                .collect(),
        }
    }
}

impl PartialSchema for WeeklyHours {
    fn schema() -> RefOr<Schema> {
        let windows = utoipa::schema!(#[inline] Vec<String>);
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("For each day, windows such as `09:00-13:00` in local time."))
            .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(windows.into()))))
            .into()
    }
}

impl ToSchema for WeeklyHours {}

/// The hours make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHours {
    /// A time of day cannot be read.
    #[error("expected a time of day such as 09:00 or 9:00 AM")]
    Time,
    /// A window cannot be read.
    #[error("expected a window such as 09:00-13:00")]
    Window,
    /// A window ends before it begins.
    #[error("a window must end after it begins")]
    Order,
    /// Two windows of a day overlap.
    #[error("the windows of a day must not overlap")]
    Overlap,
    /// A break is not within its window, or two breaks overlap.
    #[error("breaks must lie within the window and must not overlap")]
    Break,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn hours_are_read_as_each_system_wrote_them() {
        let week = json!({"MONDAY": ["09:00-13:00", "14:00-17:30"], "FRIDAY": ["09:00-24:00"]});
        for written in [
            week.clone(),
            json!({"monday": ["9:00 AM - 1:00 PM", "2 pm - 5:30 pm"], "friday": "09:00-24:00", "sunday": null}),
            json!({
                "Monday": [{"start_time": "09:00:00", "end_time": "13:00"}, {"start_time": "14:00", "end_time": "17:30"}],
                "FRIDAY": {"start_time": "09:00", "end_time": "24:00", "is_available": true},
                "SUNDAY": {"start_time": null, "end_time": null, "is_available": false},
            }),
        ] {
            let hours: WeeklyHours = serde_json::from_value(written).unwrap();
            assert_eq!(json!(hours), week);
        }
    }

    #[test]
    fn one_window_stands_for_every_day() {
        let hours: WeeklyHours = serde_json::from_value(json!("9:00 AM - 5:00 PM")).unwrap();
        assert!(Day::ALL.iter().all(|&day| hours.on(day).len() == 1));
    }

    #[test]
    fn hours_that_make_no_sense_are_refused() {
        for written in [
            json!({"MONDAY": ["13:00-09:00"]}),
            json!({"MONDAY": ["09:00-13:00", "12:00-14:00"]}),
            json!({"MONDAY": ["09:00-24:01"]}),
            json!({"MONDAY": ["13 pm - 14 pm"]}),
            json!({"SOMEDAY": ["09:00-13:00"]}),
            json!({"MONDAY": {"start_time": "09:00"}}),
            json!(7),
        ] {
            assert!(serde_json::from_value::<WeeklyHours>(written.clone()).is_err(), "{written}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in any::<String>(), near in "[0-9]{1,3}:?[0-9]{0,3} ?([ap]m)?") {
            for text in [text, near] {
                if let Ok(minute) = text.parse::<Minute>() {
                    prop_assert_eq!(minute.to_string().parse(), Ok(minute));
                }
                let _ = text.parse::<Window>();
            }
        }
    }
}
