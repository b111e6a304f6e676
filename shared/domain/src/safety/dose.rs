//! Amounts of a medicine.

/// How much of a medicine is taken in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DailyIntake {
    /// So many thousandths of a unit, such as a tablet.
    Units(u64),
    /// So many micrograms.
    Mass(u64),
}

impl DailyIntake {
    /// What is taken in a day if `dose`, such as `2 tablets` or `500 mg`, is taken `times` a day.
    /// Nothing if the dose says anything else, as a guess could be wrong.
    pub fn read(dose: &str, times: u16) -> Option<Self> {
        let (thousandths, word) = amount(dose)?;
        let times = u64::from(times);
        match word {
            "" | "tablet" | "tablets" | "tab" | "tabs" | "capsule" | "capsules" | "cap"
            | "caps" | "pill" | "pills" => Some(Self::Units(thousandths.saturating_mul(times))),
            unit => Some(Self::Mass(micrograms(thousandths, unit)?.saturating_mul(times))),
        }
    }

    /// For how many days so many units are enough, the last of which may be begun only. Nothing if
    /// it is not units that are taken.
    pub fn days_of(self, units: u16) -> Option<u64> {
        match self {
            Self::Units(thousandths @ 1..) => Some((u64::from(units) * 1000).div_ceil(thousandths)),
            Self::Units(_) | Self::Mass(_) => None,
        }
    }

    /// The micrograms of a day, if one unit holds `strength` of them.
    pub(super) fn micrograms(self, strength: Option<u64>) -> Option<u64> {
        match self {
            Self::Mass(micrograms) => Some(micrograms),
            Self::Units(thousandths) => Some(strength?.saturating_mul(thousandths) / 1000),
        }
    }
}

/// The micrograms that a text such as `500 mg` says, if it says nothing else.
pub(super) fn mass(text: &str) -> Option<u64> {
    let (thousandths, unit) = amount(text)?;
    micrograms(thousandths, unit)
}

/// The only mass in a text such as `Paracetamol 500 mg tablets`.
pub(super) fn mass_within(text: &str) -> Option<u64> {
    if text.contains(['/', '+', ',']) {
        return None;
    }
    let mut words = text.split_whitespace().peekable();
    let mut masses = std::iter::from_fn(|| {
        let word = words.next()?;
        let (number, unit) = amount(word).unwrap_or((0, "no number"));
        let unit = if unit.is_empty() { words.peek().copied().unwrap_or_default() } else { unit };
        Some(micrograms(number, unit))
    })
    .flatten();
    masses.next().filter(|_| masses.next().is_none())
}

/// What an amount is in or for, rather than another amount: `125 mg/5 ml`, `0.2 mg/24 h`.
const PER: [&str; 16] = [
    "ml", "l", "dl", "h", "hr", "hrs", "hour", "hours", "day", "days", "dose", "doses", "puff",
    "puffs", "drop", "drops",
];

/// Whether a text gives amounts of two medicines, such as `50/12.5 mg`, though it may name only
/// one of them.
///
/// Parts of a tablet, such as `1/2`, doses of a day, such as `1+0+1`, and the percents of a
/// mixture, such as `70/30`, are no such amounts.
pub(super) fn are_two(text: &str) -> bool {
    text.match_indices(['/', '+']).any(|(at, sign)| {
        let (left, right) = text.split_at(at);
        let ends = last_number(left).zip(first_number(right.strip_prefix(sign).unwrap_or(right)));
        ends.is_some_and(|(one, (other, unit))| {
            let is_per = PER.iter().any(|per| unit.eq_ignore_ascii_case(per));
            !(is_per || is_part(one, sign, other) || (unit.is_empty() && is_mixture(one, other)))
        })
    })
}

fn is_part(one: &str, sign: &str, other: &str) -> bool {
    one.len() == 1 && other.len() == 1 && (sign == "+" || (one < other && other <= "4"))
}

fn is_mixture(one: &str, other: &str) -> bool {
    let percent = |number: &str| number.parse::<u8>().ok();
    percent(one).zip(percent(other)).is_some_and(|(one, other)| one.checked_add(other) == Some(100))
}

/// The number that the text ends with, a unit behind it or not.
fn last_number(text: &str) -> Option<&str> {
    let is_unit = |c: char| c.is_alphabetic() || c == '%';
    let text = text.trim_end().trim_end_matches(is_unit).trim_end();
    text.rsplit(|c| !is_numeral(c)).next().filter(|number| !number.is_empty())
}

/// The number that the text begins with, and the word behind it.
fn first_number(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let (number, rest) = text.split_at(text.find(|c| !is_numeral(c)).unwrap_or(text.len()));
    let unit = rest.trim_start().split(|c: char| !c.is_alphabetic()).next()?;
    Some((number, unit)).filter(|_| !number.is_empty())
}

fn is_numeral(c: char) -> bool {
    c.is_ascii_digit() || c == '.' || c == ','
}

/// A number in thousandths, and the one word behind it.
fn amount(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, word) = text.split_at(end);
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    if part.is_empty() || part.len() > 3 || whole.len() > 9 {
        return None;
    }
    let scale = [1000, 100, 10, 1][part.len()];
    let thousandths = whole.parse::<u64>().ok()? * 1000 + part.parse::<u64>().ok()? * scale;
    Some((thousandths, word.trim()))
}

fn micrograms(thousandths: u64, unit: &str) -> Option<u64> {
    let is = |name: &&str| unit.eq_ignore_ascii_case(name);
    if ["mcg", "ug", "µg", "μg"].iter().any(is) {
        Some(thousandths / 1000)
    } else if is(&"mg") {
        Some(thousandths)
    } else {
        ["g", "gm"].iter().any(is).then_some(thousandths * 1000)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_in_micrograms() {
        assert_eq!(mass("500 mg"), Some(500_000));
        assert_eq!(mass("0.5mg"), Some(500));
        assert_eq!(mass("1 g"), Some(1_000_000));
        assert_eq!(mass("50 mcg"), Some(50));
        assert_eq!(mass_within("Paracetamol 500 mg tablets"), Some(500_000));
        assert_eq!(mass_within("Paracetamol 500mg"), Some(500_000));
    }

    #[test]
    fn what_is_not_plain_is_not_guessed() {
        for text in ["500", "250 mg/5 ml", "0,5 mg", "1,000 mg", "5 - 10 mg", "mg", "", ".5 mg"] {
            assert_eq!(mass(text), None, "{text}");
        }
        assert_eq!(mass_within("Co-amoxiclav 500 mg/125 mg"), None);
        assert_eq!(mass_within("Metformin 500 mg 850 mg"), None);
    }

    #[test]
    fn a_day_is_as_many_doses_as_it_has() {
        assert_eq!(DailyIntake::read("1.5 tablets", 2), Some(DailyIntake::Units(3000)));
        assert_eq!(DailyIntake::read("2", 3), Some(DailyIntake::Units(6000)));
        assert_eq!(DailyIntake::read("500 mg", 3), Some(DailyIntake::Mass(1_500_000)));
        for dose in ["1-2 tablets", "half a tablet", "5 ml", "one", "1 puff", ""] {
            assert_eq!(DailyIntake::read(dose, 2), None, "{dose}");
        }
    }

    #[test]
    fn units_are_enough_until_the_last_is_begun() {
        assert_eq!(DailyIntake::Units(1000).days_of(90), Some(90));
        assert_eq!(DailyIntake::Units(3000).days_of(10), Some(4));
        assert_eq!(DailyIntake::Units(500).days_of(7), Some(14));
        assert_eq!(DailyIntake::Units(0).days_of(7), None);
        assert_eq!(DailyIntake::Mass(500_000).days_of(7), None);
    }

    #[test]
    fn two_amounts_are_told_from_one() {
        for text in
            ["50/12.5 mg", "50mg/12.5mg", "50 mg + 12,5 mg", "5/160", "4/5", "100/25 mcg/dose"]
        {
            assert!(are_two(text), "{text}");
        }
        for text in [
            "50 mg",
            "125 mg/5 ml",
            "125/5ML",
            "0.2 mg/24 h",
            "100 units/ml",
            "1/2 tab",
            "1+0+1",
            "70/30",
            "and/or",
            "/",
            "B12 + folate",
        ] {
            assert!(!are_two(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".*", times: u16) {
            let days = DailyIntake::read(&text, times).map(|daily| daily.days_of(times));
            let _ = (days, mass_within(&text), are_two(&text));
        }
    }
}
