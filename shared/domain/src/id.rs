//! Identifiers that know what they identify.

use std::{borrow::Cow, cmp, fmt, hash, marker::PhantomData, str::FromStr};

use jiff::Timestamp;
use serde_with::{DeserializeFromStr, SerializeDisplay};
use ulid::Ulid;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// A kind of record that can be identified.
pub trait Identified {
    /// Three letters that open every identifier of this kind, such as `hsp`.
    const PREFIX: &'static str;
}

/// The identifier of a `T`, written `hsp_01J9Z3K8Q4N6V2X5Y7W0B1C2D3`.
///
/// Identifiers of different kinds are different types, so a patient can never
/// be passed where a doctor is expected, and all of them sort by creation time.
#[derive(SerializeDisplay, DeserializeFromStr)]
pub struct Id<T> {
    ulid: Ulid,
    kind: PhantomData<fn() -> T>,
}

/// The text is not an identifier of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an identifier that starts with `{prefix}_`")]
pub struct InvalidId {
    prefix: &'static str,
}

impl<T> Id<T> {
    /// Makes a fresh identifier for a record created at `now`.
    pub fn generate(now: Timestamp) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Self::from(Ulid::from_parts(millis, Ulid::generate().random()))
    }

    /// The identifier without its kind.
    pub fn ulid(self) -> Ulid {
        self.ulid
    }
}

impl<T: Identified> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", T::PREFIX, self.ulid)
    }
}

impl<T: Identified> FromStr for Id<T> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix(T::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(|ulid| Ulid::from_string(ulid).ok())
            .map(Self::from)
            .ok_or(InvalidId { prefix: T::PREFIX })
    }
}

impl<T> From<Ulid> for Id<T> {
    fn from(ulid: Ulid) -> Self {
        Self { ulid, kind: PhantomData }
    }
}

impl<T: Identified> PartialSchema for Id<T> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(format!("^{}_[0-9A-HJKMNP-TV-Z]{{26}}$", T::PREFIX)))
            .into()
    }
}

impl<T: Identified> ToSchema for Id<T> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("Id.{}", T::PREFIX))
    }
}

// Written out because `derive` would demand the same traits of `T`.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.ulid == other.ulid
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        self.ulid.cmp(&other.ulid)
    }
}
impl<T> hash::Hash for Id<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.ulid.hash(state);
    }
}
impl<T: Identified> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::access::UserId;

    proptest! {
        #[test]
        fn an_identifier_reads_back_as_written(ulid: u128) {
            let id = UserId::from(Ulid::from(ulid));
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            prop_assert!(text.parse::<UserId>().is_err() || text.starts_with("usr_"));
        }
    }
}
