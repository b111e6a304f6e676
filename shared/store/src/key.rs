//! Primary keys and index keys, spelled in one place.

use std::{collections::HashMap, fmt::Display};

use aws_sdk_dynamodb::types::AttributeValue;

use crate::Table;

pub(crate) const PARTITION: &str = "pk";
pub(crate) const SORT: &str = "sk";
pub(crate) const KIND: &str = "kind";
pub(crate) const REVISION: &str = "revision";
pub(crate) const TTL: &str = "ttl";
pub(crate) const EXPIRY_DAY: &str = "expiry_day";
pub(crate) const EXPIRES_AT: &str = "expires_at";
pub(crate) const NAMES: &str = "names";

/// The primary key of an item, such as `hospital#hsp_01… / department#dep_01…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) table: Table,
    pub(crate) partition: String,
    pub(crate) sort: String,
}

impl Key {
    pub(crate) fn partition(table: Table, kind: &str, id: impl Display) -> Partition {
        Partition { table, index: None, name: format!("{kind}#{id}") }
    }
}

/// The first half of a key: everything under it can be read in one query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Partition {
    pub(crate) table: Table,
    pub(crate) index: Option<Index>,
    pub(crate) name: String,
}

impl Partition {
    /// The item of its own kind, alone under its key.
    pub(crate) fn only(self, kind: &str) -> Key {
        Key { table: self.table, partition: self.name, sort: kind.to_owned() }
    }

    /// One of many items of a kind.
    pub(crate) fn sort(self, kind: &str, id: impl Display) -> Key {
        Key { table: self.table, partition: self.name, sort: format!("{kind}#{id}") }
    }

    /// Everything in the partition whose sort key begins with `prefix`.
    pub(crate) fn slice(self, prefix: impl Into<String>) -> Slice {
        Slice { partition: self, stretch: Stretch::Prefix(prefix.into()) }
    }

    /// Everything of a kind whose name lies between the two, or begins with the latter.
    pub(crate) fn between(self, kind: &str, first: impl Display, last: impl Display) -> Slice {
        let stretch = Stretch::Between(format!("{kind}#{first}"), format!("{kind}#{last}~"));
        Slice { partition: self, stretch }
    }
}

/// A stretch of a partition that one query reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) partition: Partition,
    pub(crate) stretch: Stretch,
}

/// Which sort keys a query reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stretch {
    Prefix(String),
    Between(String, String),
}

/// A second order of a table's items. Indexes lag a moment behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Index {
    /// Events by who acted.
    Actor,
    /// Events by the patient they are about.
    Patient,
    /// What ends or falls due, by its kind and the day it does.
    Expiry,
}

impl Index {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Actor => "by-actor",
            Self::Patient => "by-patient",
            Self::Expiry => "by-expiry",
        }
    }

    pub(crate) fn partition_attribute(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Patient => "patient",
            Self::Expiry => EXPIRY_DAY,
        }
    }

    pub(crate) fn sort_attribute(self) -> &'static str {
        match self {
            Self::Actor | Self::Patient => SORT,
            Self::Expiry => EXPIRES_AT,
        }
    }

    pub(crate) fn of(self, table: Table, value: impl Display) -> Partition {
        Partition { table, index: Some(self), name: value.to_string() }
    }
}

#[expect(clippy::implicit_hasher, reason = "the SDK takes exactly this map")]
impl From<Key> for HashMap<String, AttributeValue> {
    fn from(key: Key) -> Self {
        [(PARTITION, key.partition), (SORT, key.sort)]
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value)))
            .into()
    }
}
