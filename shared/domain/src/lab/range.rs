//! Numbers of laboratories and the ranges they usually lie in. Nothing is guessed: what cannot be
//! read for certain is not read.

use std::{fmt, str::FromStr};

use super::Flag;

/// An exact number, as laboratories print it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount {
    billionths: i128,
}

/// How many digits a number has before and behind the point at most.
const WHOLE: usize = 12;
const PART: usize = 9;

impl FromStr for Amount {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let text = text.trim();
        let (sign, digits) = match text.strip_prefix(['-', '−']) {
            Some(digits) => (-1, digits),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let sound = |digits: &str, most| {
            (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !sound(whole, WHOLE) || !sound(part, PART) {
            return Err(NotAnAmount);
        }
        let number: i128 = format!("{whole}{part:0<PART$}").parse().map_err(|_| NotAnAmount)?;
        Ok(Self { billionths: sign * number })
    }
}

// It is about somebody's health.
impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// The text is no number, or not surely one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a number such as 4.1")]
pub struct NotAnAmount;

/// Where the results of most people lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsualRange {
    low: Option<Bound>,
    high: Option<Bound>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bound {
    at: Amount,
    is_within: bool,
}

const WITHIN: bool = true;
const BEYOND: bool = false;

impl UsualRange {
    /// Reads `3.5-5.0`, `3.5 to 5.0`, `<5`, `<= 5`, `up to 40`, `>60` or `>= 60`, with the unit of
    /// the result behind it or without. Anything else is not read.
    pub fn read(text: &str, of_result: Option<&str>) -> Option<Self> {
        let text = text.replace(['–', '—', '−'], "-");
        let text = without_unit(text.trim(), of_result).trim();
        let lower = text.to_lowercase();
        let signs = [
            ("<=", false, WITHIN),
            ("≤", false, WITHIN),
            ("=<", false, WITHIN),
            ("up to ", false, WITHIN),
            ("<", false, BEYOND),
            (">=", true, WITHIN),
            ("≥", true, WITHIN),
            ("=>", true, WITHIN),
            ("at least ", true, WITHIN),
            (">", true, BEYOND),
        ];
        for (sign, is_low, is_within) in signs {
            let Some(rest) = lower.strip_prefix(sign) else { continue };
            let bound = Some(Bound { at: rest.parse().ok()?, is_within });
            return Some(match is_low {
                true => Self { low: bound, high: None },
                false => Self { low: None, high: bound },
            });
        }
        let (low, high) = ends(&lower)?;
        let (low, high): (Amount, Amount) = (low.parse().ok()?, high.parse().ok()?);
        let bound = |at| Some(Bound { at, is_within: WITHIN });
        (low <= high).then(|| Self { low: bound(low), high: bound(high) })
    }

    /// Where a number lies.
    pub fn flag(self, amount: Amount) -> Flag {
        let below = |bound: Bound| amount < bound.at || (amount == bound.at && !bound.is_within);
        let above = |bound: Bound| amount > bound.at || (amount == bound.at && !bound.is_within);
        if self.low.is_some_and(below) {
            Flag::Low
        } else if self.high.is_some_and(above) {
            Flag::High
        } else {
            Flag::Normal
        }
    }
}

/// The two ends of `3.5-5.0`, `-2 - 2` or `3.5 to 5.0`.
fn ends(text: &str) -> Option<(&str, &str)> {
    if let Some(ends) = text.split_once(" to ") {
        return Some(ends);
    }
    // The first letter may be the sign of a number, but no line between two.
    let line = text.char_indices().skip(1).find(|(_, letter)| *letter == '-')?.0;
    Some((&text[..line], &text[line + 1..]))
}

/// The text without the unit of the result at its end.
fn without_unit<'t>(text: &'t str, of_result: Option<&str>) -> &'t str {
    let Some(of_result) = of_result.map(unit).filter(|unit| !unit.is_empty()) else { return text };
    // Both spellings of a unit are equally long.
    let Some(rest) = unit(text).strip_suffix(&of_result).map(str::len) else { return text };
    let apart = text[..rest].ends_with(char::is_whitespace);
    // Nothing is taken off a number.
    let is_number = of_result.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.');
    if apart || !is_number { &text[..rest] } else { text }
}

/// A unit as it is compared: litres are written `l` or `L`, and micro has two letters.
pub(super) fn unit(text: &str) -> String {
    text.trim().replace('l', "L").replace('μ', "µ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_exact_or_not_read() {
        assert_eq!(amount("4.10"), amount(" 4.1 "));
        assert_eq!(amount("+0.5"), amount("0.500"));
        assert_eq!(amount("−2"), amount("-2.0"));
        assert!(amount("0.000000001") > amount("0"));
        assert!(amount("-0.1") < amount("0"));
        for wrong in ["", ".5", "5.", "4,1", "1 000", "1e3", "<5", "5 mg", "NaN", "--1", "٥"] {
            assert!(wrong.parse::<Amount>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges_are_read_as_laboratories_write_them() {
        let table = [
            ("3.5-5.0", Some("mmol/L")),
            ("3.5 – 5.0 mmol/l", Some("mmol/L")),
            ("3.5 to 5.0", None),
            ("-2 - 2", None),
            ("-5--2", None),
            ("4-6%", Some("%")),
            ("150-400 10^9/L", Some("10^9/L")),
            ("< 5", None),
            ("<= 5", None),
            ("≤5", None),
            ("up to 40 U/L", Some("U/L")),
            (">60", None),
            (">= 60", None),
            ("≥60", None),
            ("5-3", None),
            ("70-100 mg/dL", Some("mmol/L")),
            ("3-10", Some("0")),
            ("M: 13-17, F: 12-15", None),
            ("negative", None),
            ("5", None),
            ("", None),
        ];
        let lines = table.map(|(text, unit)| {
            let flags = UsualRange::read(text, unit).map_or("·".to_owned(), |usual| {
                let flag = |number: i128| usual.flag(Amount { billionths: number * 1_000_000_000 });
                let all: Vec<_> = [-3, -2, 3, 4, 5, 6, 40, 41, 60, 61, 150, 401]
                    .map(|number| &flag(number).as_str()[..1])
                    .into();
                all.join("")
            });
            format!("{text:18} {flags}")
        });
        // At -3, -2, 3, 4, 5, 6, 40, 41, 60, 61, 150 and 401.
        insta::assert_snapshot!(lines.join("\n"), @"
        3.5-5.0            LLLNNHHHHHHH
        3.5 – 5.0 mmol/l   LLLNNHHHHHHH
        3.5 to 5.0         LLLNNHHHHHHH
        -2 - 2             LNHHHHHHHHHH
        -5--2              NNHHHHHHHHHH
        4-6%               LLLNNNHHHHHH
        150-400 10^9/L     LLLLLLLLLLNH
        < 5                NNNNHHHHHHHH
        <= 5               NNNNNHHHHHHH
        ≤5                 NNNNNHHHHHHH
        up to 40 U/L       NNNNNNNHHHHH
        >60                LLLLLLLLLNNN
        >= 60              LLLLLLLLNNNN
        ≥60                LLLLLLLLNNNN
        5-3                ·
        70-100 mg/dL       ·
        3-10               LLNNNNHHHHHH
        M: 13-17, F: 12-15 ·
        negative           ·
        5                  ·
                           ·
        ");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,40}", unit in proptest::option::of(".{0,8}")) {
            let _ = UsualRange::read(&text, unit.as_deref());
            let _ = text.parse::<Amount>();
        }

        #[test]
        fn a_number_lies_on_one_side_of_a_range(low in -9_999_i64..9_999, width in 0_i64..9_999, at in -30_000_i64..30_000) {
            let usual = UsualRange::read(&format!("{low}-{}", low + width), None).unwrap();
            let flag = usual.flag(amount(&at.to_string()));
            let expected = match at {
                at if at < low => Flag::Low,
                at if at > low + width => Flag::High,
                _ => Flag::Normal,
            };
            prop_assert_eq!(flag, expected);
        }
    }
}
