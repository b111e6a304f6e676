//! Routes of an API Gateway HTTP API.

use std::{fmt, str::FromStr};

/// A method and a path, such as `GET /api/hospitals/{id}` or `ANY /api/auth/{proxy+}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `None` stands for `ANY`.
    method: Option<String>,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// `{name}`
    Variable(String),
    /// `{name+}`
    Greedy(String),
}

/// How closely a route matches a request; the smallest wins.
pub(super) type Rank = (bool, Vec<Closeness>, bool);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closeness {
    Literal,
    Variable,
    Greedy,
}

impl Route {
    /// How closely this route matches the request, if it does.
    pub(super) fn rank(&self, method: &str, path: &str) -> Option<Rank> {
        let any = self.method.is_none();
        if !any && self.method.as_deref() != Some(method) {
            return None;
        }
        let mut parts = path.strip_prefix('/')?.split('/');
        let mut ranks = Vec::new();
        for segment in &self.segments {
            let part = parts.next()?;
            let rank = match segment {
                Segment::Literal(literal) => (literal == part).then_some(Closeness::Literal)?,
                Segment::Variable(_) => (!part.is_empty()).then_some(Closeness::Variable)?,
                // Even of nothing: `/x/{proxy+}` is how a route for `/x/` is written.
                Segment::Greedy(_) => {
                    ranks.push(Closeness::Greedy);
                    return Some((true, ranks, any));
                }
            };
            ranks.push(rank);
        }
        parts.next().is_none().then_some((false, ranks, any))
    }
}

impl FromStr for Route {
    type Err = BadRoute;

    /// Reads `METHOD /path`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadRoute(text.to_owned());
        let (method, path) = text.split_once(' ').ok_or_else(bad)?;
        let method = method.to_ascii_uppercase();
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(bad());
        }
        // No route ends in a slash, but for the root itself.
        if path.len() > 1 && path.ends_with('/') {
            return Err(bad());
        }
        let parts = path.strip_prefix('/').ok_or_else(bad)?.split('/');
        let segments: Vec<_> = parts.map(Segment::parse).collect::<Option<_>>().ok_or_else(bad)?;
        let greedy = |segment: &Segment| matches!(segment, Segment::Greedy(_));
        match segments.iter().position(greedy) {
            Some(position) if position + 1 < segments.len() => Err(bad()),
            _ => Ok(Self { method: (method != "ANY").then_some(method), segments }),
        }
    }
}

impl Segment {
    fn parse(text: &str) -> Option<Self> {
        let Some(inner) = text.strip_prefix('{') else {
            return (!text.contains(['{', '}', '+'])).then(|| Self::Literal(text.to_owned()));
        };
        let inner = inner.strip_suffix('}')?;
        let (name, variant): (_, fn(String) -> Self) = match inner.strip_suffix('+') {
            Some(name) => (name, Self::Greedy),
            None => (inner, Self::Variable),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        (!name.is_empty() && name.bytes().all(plain)).then(|| variant(name.to_owned()))
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.method.as_deref().unwrap_or("ANY"))?;
        self.segments.iter().try_for_each(|segment| match segment {
            Segment::Literal(text) => write!(f, "/{text}"),
            Segment::Variable(name) => write!(f, "/{{{name}}}"),
            Segment::Greedy(name) => write!(f, "/{{{name}+}}"),
        })
    }
}

/// The text is not a route of an HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a method and a path with `{{variables}}`, a greedy one last")]
pub struct BadRoute(String);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn routes_print_as_they_are_written() {
        for text in ["GET /", "ANY /api/{proxy+}", "POST /api/{id}/cancel"] {
            assert_eq!(text.parse::<Route>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_api_gateway_refuses_is_refused() {
        for text in [
            "GET /{proxy+}/tail",
            "GET /api/",
            "GET api",
            "GET",
            "/api",
            " /api",
            "GET /{}",
            "GET /{+}",
            "GET /{id",
            "GET /a{id}",
            "GET /{a b}",
        ] {
            assert!(text.parse::<Route>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_parses_prints_the_same(text in "(GET|ANY) (/[a-z{}+]{0,4}){0,3}") {
            if let Ok(route) = text.parse::<Route>() {
                prop_assert_eq!(route.to_string(), text);
            }
        }

        #[test]
        fn a_literal_route_matches_itself_alone(path in "(/[a-z]{1,3}){1,3}", other in "(/[a-z]{1,3}){1,3}") {
            let route: Route = format!("GET {path}").parse().unwrap();

            prop_assert!(route.rank("GET", &path).is_some());
            prop_assert_eq!(route.rank("GET", &other).is_some(), path == other);
            prop_assert!(route.rank("POST", &path).is_none());
        }

        #[test]
        fn any_text_is_a_route_or_an_error(method in ".{0,6}", path in ".{0,12}") {
            let _ = format!("{method} {path}").parse::<Route>().map(|route| route.rank("GET", &path));
        }
    }
}
