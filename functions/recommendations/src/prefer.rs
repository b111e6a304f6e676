//! How long somebody waits for an answer (RFC 7240).

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, request::Parts},
};

/// How long whoever says nothing waits. Older clients expect the answer itself.
const USUAL: u64 = 5;
/// The longest that anybody waits, which leaves time to answer.
const LONGEST: u64 = 8;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What a caller prefers: to wait so long, or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefer {
    /// So many seconds.
    wait: Option<u64>,
    is_async: bool,
}

impl Prefer {
    /// How long to wait.
    pub(crate) fn patience(&self) -> Duration {
        let usual = if self.is_async { 0 } else { USUAL };
        Duration::from_secs(self.wait.unwrap_or(usual).min(LONGEST))
    }

    /// The headers that say what was heeded.
    pub(crate) fn applied(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let heeded = [
            self.is_async.then(|| "respond-async".to_owned()),
            self.wait.map(|seconds| format!("wait={}", seconds.min(LONGEST))),
        ];
        let heeded: Vec<_> = heeded.into_iter().flatten().collect();
        let heeded = HeaderValue::from_str(&heeded.join(", ")).ok();
        headers.extend(heeded.filter(|heeded| !heeded.is_empty()).map(|heeded| (APPLIED, heeded)));
        headers
    }

    /// Reads preferences. What is not understood is ignored, and of two the first counts.
    fn read<'h>(values: impl Iterator<Item = &'h str>) -> Self {
        let mut prefer = Self::default();
        for preference in values.flat_map(|value| value.split(',')) {
            let preference = preference.split(';').next().unwrap_or_default();
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "respond-async" => prefer.is_async = true,
                "wait" => prefer.wait = prefer.wait.or_else(|| value.parse().ok()),
                _ => {}
            }
        }
        prefer
    }
}

impl<S: Sync> FromRequestParts<S> for Prefer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let values = parts.headers.get_all(PREFER).iter();
        Ok(Self::read(values.filter_map(|value| value.to_str().ok())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> (u64, String) {
        let prefer = Prefer::read(values.iter().copied());
        let applied = prefer.applied();
        let applied = applied.get(APPLIED).map(|value| value.to_str().unwrap());
        (prefer.patience().as_secs(), applied.unwrap_or_default().to_owned())
    }

    #[test]
    fn whoever_says_nothing_waits_a_little() {
        assert_eq!(read(&[]), (5, String::new()));
        assert_eq!(read(&["return=minimal", "wait=soon"]), (5, String::new()));
    }

    #[test]
    fn preferences_are_heeded_within_bounds() {
        assert_eq!(read(&["wait=3"]), (3, "wait=3".to_owned()));
        assert_eq!(read(&["Wait = \"99\""]), (8, "wait=8".to_owned()));
        assert_eq!(read(&["wait=2, wait=7"]), (2, "wait=2".to_owned()));
        assert_eq!(read(&["respond-async"]), (0, "respond-async".to_owned()));
        assert_eq!(
            read(&["respond-async; x=1", "wait=1"]),
            (1, "respond-async, wait=1".to_owned())
        );
    }
}
