//! Codes of the International Classification of Diseases.

use std::{fmt, str::FromStr};

use serde_with::{DeserializeFromStr, SerializeDisplay};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// A code that has the shape of one of ICD-10, ICD-10-CM or ICD-11, in capitals.
///
/// ICD-10 and ICD-10-CM: a letter, a digit, a digit or letter, and up to four more behind a
/// point, such as `I10` or `S72.001A`; a point that was left out is put in
/// (ICD-10-CM Official Guidelines for Coding and Reporting, section I.A.2,
/// <https://www.cms.gov/medicare/coding-billing/icd-10-codes>). ICD-11 has a letter in the second
/// place and a digit in the third, no `I` or `O`, and up to two more behind a point, such as
/// `5A11` or `2C6Z.1`; extension codes begin with `X`, and clusters join codes by `&` and `/`
/// (ICD-11 Reference Guide, 1.2.4, <https://icdcdn.who.int/icd11referenceguide/en/html/index.html>).
///
/// It says what somebody has, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, SerializeDisplay, DeserializeFromStr)]
pub struct IcdCode(String);

/// The longest cluster.
const LONGEST: usize = 60;

impl FromStr for IcdCode {
    type Err = BadCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code = text.trim().to_ascii_uppercase();
        if code.len() > LONGEST || !code.is_ascii() {
            return Err(BadCode);
        }
        if let Some(code) = tenth(&code) {
            return Ok(Self(code));
        }
        let mut parts = code.split(['&', '/']);
        let cluster = parts.next().is_some_and(is_stem)
            && parts.all(|part| is_stem(part) || is_extension(part));
        if cluster { Ok(Self(code)) } else { Err(BadCode) }
    }
}

/// A code of ICD-10 or ICD-10-CM, with its point.
fn tenth(code: &str) -> Option<String> {
    let digits = code.replacen('.', "", 1);
    let places = digits.as_bytes();
    let sound = (3..=7).contains(&places.len())
        && places[0].is_ascii_uppercase()
        && places[1].is_ascii_digit()
        && places.iter().all(|place| place.is_ascii_uppercase() || place.is_ascii_digit());
    let point = code.find('.').is_none_or(|point| point == 3 && code.len() > 4);
    if !sound || !point {
        return None;
    }
    let (category, rest) = digits.split_at(3);
    Some(if rest.is_empty() { digits } else { format!("{category}.{rest}") })
}

/// A code of ICD-11 that can stand alone.
fn is_stem(code: &str) -> bool {
    let (stem, rest) = code.split_once('.').map_or((code, None), |(stem, rest)| (stem, Some(rest)));
    let stem = stem.as_bytes();
    stem.len() == 4
        && is_clear(stem[0])
        && is_clear(stem[1])
        && stem[1].is_ascii_uppercase()
        && stem[2].is_ascii_digit()
        && is_clear(stem[3])
        && rest.is_none_or(|rest| matches!(rest.len(), 1 | 2) && rest.bytes().all(is_clear))
}

/// A code of ICD-11 that says more about another.
fn is_extension(code: &str) -> bool {
    let places = code.as_bytes();
    (4..=7).contains(&places.len())
        && places[0] == b'X'
        && places[1].is_ascii_uppercase()
        && places.iter().copied().all(is_clear)
}

/// A letter or a digit, but none that looks like the other.
fn is_clear(place: u8) -> bool {
    place.is_ascii_digit() || (place.is_ascii_uppercase() && place != b'I' && place != b'O')
}

impl fmt::Display for IcdCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for IcdCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl PartialSchema for IcdCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .examples(["I10", "S72.001A", "5A11"])
            .max_length(Some(LONGEST))
            .into()
    }
}

impl ToSchema for IcdCode {}

/// The text is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a code of ICD-10 or ICD-11, such as I10, S72.001A or 5A11")]
pub struct BadCode;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        text.parse::<IcdCode>().ok().map(|code| code.to_string())
    }

    #[test]
    fn codes_of_both_revisions_are_read() {
        let tenth = "I10 E11.9 S72.001A C4A.0 U07.1 T36.0X1A Z3A.00";
        let eleventh = "5A11 1A00 MG30.01 2C6Z.1 CA40.0&XN109 NC72.Z/PA00&XS5W 2B6A.0&XH0EY7";
        for code in tenth.split(' ').chain(eleventh.split(' ')) {
            assert_eq!(read(code).as_deref(), Some(code));
        }
    }

    #[test]
    fn codes_are_written_in_one_way() {
        assert_eq!(read(" e119 ").as_deref(), Some("E11.9"));
        assert_eq!(read("s72001a").as_deref(), Some("S72.001A"));
        assert_eq!(read("mg30.01").as_deref(), Some("MG30.01"));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let almost = ",flu,10,1I0,I1,I10.,I1.0,I10..1,I10.12345,I10 .1,É10,E11.9; drop";
        let nearly = "5O11,5AA1,5A11.,5A11.123,XN109,5A11&,5A11&I10";
        for text in almost.split(',').chain(nearly.split(',')) {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_code_reads_back(text in "[A-Za-z0-9./& ]{0,12}") {
            if let Ok(code) = text.parse::<IcdCode>() {
                prop_assert_eq!(code.to_string().parse(), Ok(code));
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = text.parse::<IcdCode>();
        }
    }
}
