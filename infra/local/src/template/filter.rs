//! Which records a function wants to be given.

use std::{collections::BTreeMap, str::FromStr};

use serde::Deserialize;
use serde_json::Value as Json;

use super::error::Problem;

/// What a record has to say, as far as patterns of EventBridge name the words themselves.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Filter {
    /// One of these words.
    Words(Vec<String>),
    /// All of these, each in its place.
    Places(BTreeMap<String, Filter>),
}

impl Filter {
    /// Whether a record, or a part of one, says so.
    pub fn passes(&self, record: &Json) -> bool {
        match self {
            Self::Words(words) => words.iter().any(|word| record == word),
            Self::Places(places) => {
                places.iter().all(|(place, filter)| filter.passes(&record[place]))
            }
        }
    }
}

impl FromStr for Filter {
    type Err = Problem;

    fn from_str(pattern: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(pattern).map_err(|_| Problem::Unsupported(pattern.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BORN: &str =
        r#"{"eventName":["INSERT"],"dynamodb":{"NewImage":{"kind":{"S":["event","draft"]}}}}"#;

    #[test]
    fn a_record_passes_that_says_one_of_the_words_in_each_place() {
        let filter: Filter = BORN.parse().unwrap();
        let record = |name: &str, kind: &str| json!({"eventName": name, "dynamodb": {"NewImage": {"kind": {"S": kind}, "pk": {"S": "1"}}}});

        assert!(filter.passes(&record("INSERT", "event")));
        assert!(filter.passes(&record("INSERT", "draft")));
        assert!(!filter.passes(&record("INSERT", "link")));
        assert!(!filter.passes(&record("MODIFY", "event")));
        assert!(!filter.passes(&json!({"eventName": "INSERT"})));
    }

    #[test]
    fn what_is_not_followed_here_is_refused() {
        for pattern in ["", "[1]", "{", r#"{"eventName":"INSERT"}"#, r#"{"n":[{"prefix":"a"}]}"#] {
            let problem = pattern.parse::<Filter>().unwrap_err();
            assert!(matches!(problem, Problem::Unsupported(_)), "{pattern}: {problem}");
        }
    }
}
