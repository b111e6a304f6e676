//! How a record becomes an item and back.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use crate::{
    Key, StoreError,
    key::{EXPIRES_AT, EXPIRY_DAY, KIND, NAMES, PARTITION, SORT, TTL},
};

/// An item as DynamoDB knows it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A record that has a place in a table.
pub(crate) trait Entity: Serialize + DeserializeOwned {
    /// Names the kind in keys, in streams and to people who read the table.
    const KIND: &'static str;

    /// Where this record lives.
    fn key(&self) -> Key;

    /// When DynamoDB may drop the record by itself.
    fn expiry(&self) -> Option<Expiry> {
        None
    }

    /// The names on it, folded, for lists that are searched by a part of one.
    fn names(&self) -> Option<String> {
        None
    }
}

/// How a record goes when its time has come.
pub(crate) enum Expiry {
    /// DynamoDB drops it, within days.
    Lazily(Timestamp),
    /// It is found by its kind and day and deleted, within the hour; DynamoDB drops what is
    /// forgotten.
    Promptly(Timestamp),
    /// It stays; housekeeping finds it by its kind and day and sees to it.
    Seen(Timestamp),
}

/// The item that keeps a copy of `record` at another place.
pub(crate) fn encode_at<T: Entity>(record: &T, key: Key) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(record)
        .map_err(|source| StoreError::Corrupt { kind: T::KIND, source })?;
    let mut set =
        |name: &str, value: String| item.insert(name.to_owned(), AttributeValue::S(value));
    set(PARTITION, key.partition);
    set(SORT, key.sort);
    set(KIND, T::KIND.to_owned());
    if let Some(names) = record.names() {
        set(NAMES, names);
    }
    match record.expiry() {
        None => {}
        Some(Expiry::Lazily(at)) => {
            item.insert(TTL.to_owned(), seconds(at));
        }
        Some(Expiry::Promptly(at)) => {
            set(EXPIRY_DAY, day(T::KIND, day_of(at)));
            set(EXPIRES_AT, at.to_string());
            item.insert(TTL.to_owned(), seconds(at));
        }
        Some(Expiry::Seen(at)) => {
            set(EXPIRY_DAY, day(T::KIND, day_of(at)));
            set(EXPIRES_AT, at.to_string());
        }
    }
    Ok(item)
}

pub(crate) fn decode<T: Entity>(item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(|source| StoreError::Corrupt { kind: T::KIND, source })
}

/// Where what falls due on a day is found: each kind by itself, so that none hides another.
pub(crate) fn day(kind: &str, day: Date) -> String {
    format!("{kind}#{day}")
}

/// The day of an instant, as the index counts days.
pub(crate) fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn seconds(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_second().to_string())
}

/// The numbers among the attributes of an item, which also holds its key.
pub(crate) fn numbers<'de, D: Deserializer<'de>>(
    item: D,
) -> Result<BTreeMap<String, i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Attribute {
        Number(i64),
        Other(serde::de::IgnoredAny),
    }

    let attributes = BTreeMap::<String, Attribute>::deserialize(item)?;
    let number = |(name, attribute)| match attribute {
        Attribute::Number(value) => Some((name, value)),
        Attribute::Other(_) => None,
    };
    Ok(attributes.into_iter().filter_map(number).collect())
}
