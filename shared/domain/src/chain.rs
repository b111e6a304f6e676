//! The chain that shows whether the audit log is whole.
//!
//! Each event has a link. It holds the digest of the event and the hash of the link before it, so
//! what is changed, taken out, put in or put elsewhere later no longer agrees with what follows.
//! Every hospital has a chain of its own, and the hub has one of what belongs to no hospital.

mod proof;

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_with::{DeserializeFromStr, SerializeDisplay};

pub use self::proof::{Break, Filed, Flaw, Intact, Proofs, YOUNG};
use crate::{
    Revision,
    event::EventId,
    file::Checksum,
    hospital::HospitalId,
    revision::{Revised, revised},
    secret::{Pepper, same},
};

/// Whose chain it is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, SerializeDisplay, DeserializeFromStr,
)]
pub enum Tenant {
    /// Of what belongs to no hospital.
    Hub,
    /// Of a hospital.
    Hospital(HospitalId),
}

impl From<Option<HospitalId>> for Tenant {
    fn from(hospital: Option<HospitalId>) -> Self {
        hospital.map_or(Self::Hub, Self::Hospital)
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub => f.pad("hub"),
            Self::Hospital(id) => fmt::Display::fmt(id, f),
        }
    }
}

impl FromStr for Tenant {
    type Err = NoTenant;

    fn from_str(text: &str) -> Result<Self, NoTenant> {
        match text {
            "hub" => Ok(Self::Hub),
            _ => text.parse().map(Self::Hospital).map_err(|_| NoTenant),
        }
    }
}

/// The text names nobody who has a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `hub` or the identifier of a hospital")]
pub struct NoTenant;

/// A month in UTC, by which the log and its links are filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(Date);

impl Month {
    /// The month of an instant.
    pub fn of(at: Timestamp) -> Self {
        Self(at.to_zoned(TimeZone::UTC).date().first_of_month())
    }

    /// The first day.
    pub fn first_day(self) -> Date {
        self.0
    }

    /// This month and all that follow, up to `last`.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        let next = |month: &Self| month.0.checked_add(1.month()).ok().map(Self);
        std::iter::successors(Some(self), next).take_while(move |month| *month <= last)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = NoMonth;

    fn from_str(text: &str) -> Result<Self, NoMonth> {
        // Years and months of other lengths would name the same month in two ways.
        let day = if text.len() == 7 { format!("{text}-01").parse() } else { return Err(NoMonth) };
        day.map(Self).map_err(|_| NoMonth)
    }
}

/// The text is no month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a month such as 2030-01")]
pub struct NoMonth;

/// The one way to write an item of a table down, so that it has one digest.
///
/// `item` is the JSON of DynamoDB, in which each value says of which type it is. Names are sorted,
/// nothing stands between values, and sets, which have no order, are sorted.
pub fn canonical(item: &Value) -> String {
    match item {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().collect();
            let members = members.into_iter().map(|(name, value)| {
                let value = match (name.as_str(), value) {
                    ("SS" | "NS" | "BS", Value::Array(set)) => listed(set, true),
                    _ => canonical(value),
                };
                format!("{}:{value}", Value::from(name.as_str()))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(values) => listed(values, false),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => item.to_string(),
    }
}

fn listed(values: &[Value], in_any_order: bool) -> String {
    let mut values: Vec<_> = values.iter().map(canonical).collect();
    if in_any_order {
        values.sort_unstable();
    }
    format!("[{}]", values.join(","))
}

/// What a chain keeps of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imprint {
    /// Whose chain it belongs to.
    pub tenant: Tenant,
    /// The event.
    pub event: EventId,
    /// The digest of the event as the table has it.
    pub digest: Checksum,
}

impl Imprint {
    /// Takes the imprint of an event that stands in the table as `item`.
    pub fn of(tenant: Tenant, event: EventId, item: &impl Serialize) -> Self {
        // Items are names and values, which are always JSON.
        let item = serde_json::to_value(item).unwrap_or_default();
        Self { tenant, event, digest: Checksum::of(canonical(&item).as_bytes()) }
    }

    /// When the event happened.
    pub fn at(&self) -> Timestamp {
        happened(self.event)
    }

    /// The month that the event is filed in.
    pub fn month(&self) -> Month {
        Month::of(self.at())
    }
}

/// When an event happened: its identifier says so.
fn happened(event: EventId) -> Timestamp {
    let millis = i64::try_from(event.ulid().timestamp_ms()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

/// One link of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Whose chain it is.
    pub tenant: Tenant,
    /// Its place in the chain, from 1.
    pub number: u64,
    /// The event that it is about.
    pub event: EventId,
    /// The digest of the event.
    pub digest: Checksum,
    /// The hash of the link before.
    pub previous: Checksum,
    /// The hash of all that.
    pub hash: Checksum,
}

impl Link {
    /// Puts a link for an event behind the one with the hash `previous`.
    pub fn forge(imprint: &Imprint, number: u64, previous: Checksum) -> Self {
        let Imprint { tenant, event, digest } = *imprint;
        let hash = hash(tenant, number, event, digest, previous);
        Self { tenant, number, event, digest, previous, hash }
    }

    /// What it says of its event.
    pub fn imprint(&self) -> Imprint {
        Imprint { tenant: self.tenant, event: self.event, digest: self.digest }
    }

    /// Whether its hash is that of what it says.
    pub fn holds(&self) -> bool {
        self.holds_at(self.number)
    }

    fn holds_at(&self, number: u64) -> bool {
        self.hash == hash(self.tenant, number, self.event, self.digest, self.previous)
    }
}

/// What stands where the first link names the one before.
fn origin() -> Checksum {
    Checksum::of(b"carehub chain 1")
}

fn hash(
    tenant: Tenant,
    number: u64,
    event: EventId,
    digest: Checksum,
    previous: Checksum,
) -> Checksum {
    let parts = [tenant.to_string(), event.to_string(), digest.to_string(), previous.to_string()];
    // No part has a line break in it, so none can be mistaken for two.
    Checksum::of(format!("carehub link 1\n{number}\n{}", parts.join("\n")).as_bytes())
}

/// How far a chain has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Whose chain it is.
    pub tenant: Tenant,
    /// The number of the last link.
    pub number: u64,
    /// Its hash.
    pub hash: Checksum,
    /// When the newest of its events happened.
    pub at: Timestamp,
    /// When the event of its first link happened.
    pub since: Timestamp,
    revision: Revision,
}

revised!(Head);

impl Head {
    /// Links events, in their order, behind what there is of a chain.
    pub fn extend(before: Option<&Self>, imprints: &[Imprint]) -> Option<(Vec<Link>, Self)> {
        let (first, last) = (imprints.first()?, imprints.iter().max_by_key(|it| it.at())?);
        let mut head = before.copied().unwrap_or(Self {
            tenant: first.tenant,
            number: 0,
            hash: origin(),
            at: first.at(),
            since: first.at(),
            revision: Revision::FIRST,
        });
        let mut links = Vec::new();
        for imprint in imprints {
            let link = Link::forge(imprint, head.number + 1, head.hash);
            (head.number, head.hash) = (link.number, link.hash);
            links.push(link);
        }
        head.at = head.at.max(last.at());
        Some((links, head))
    }
}

/// How far a chain had come, kept where it can no longer be changed.
///
/// Its signature is made with the pepper, so whoever can only write objects cannot make one up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Whose chain it is.
    pub tenant: Tenant,
    /// The number of the last link.
    pub number: u64,
    /// Its hash.
    pub hash: Checksum,
    /// When the newest of its events happened.
    pub at: Timestamp,
    /// The signature of all that.
    pub signature: Checksum,
}

impl Checkpoint {
    /// Keeps how far a chain has come.
    pub fn of(head: &Head, pepper: &Pepper) -> Self {
        let &Head { tenant, number, hash, at, .. } = head;
        Self { tenant, number, hash, at, signature: sign(pepper, tenant, number, hash, at) }
    }

    /// Whether it was signed with one of the peppers.
    pub fn is_genuine(&self, peppers: &[Pepper]) -> bool {
        let Self { tenant, number, hash, at, signature } = *self;
        let genuine = |pepper| sign(pepper, tenant, number, hash, at).to_string();
        peppers.iter().any(|it| same(genuine(it).as_bytes(), signature.to_string().as_bytes()))
    }
}

fn sign(pepper: &Pepper, tenant: Tenant, number: u64, hash: Checksum, at: Timestamp) -> Checksum {
    let parts = [tenant.to_string(), number.to_string(), hash.to_string(), at.to_string()];
    let parts = parts.each_ref().map(String::as_bytes);
    Checksum::of(&pepper.tag("checkpoint", &parts))
}

#[cfg(test)]
mod tests;
