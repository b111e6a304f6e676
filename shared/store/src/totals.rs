//! The totals of the hub, counted once per event.

use std::collections::BTreeMap;

use carehub_domain::{
    access::UserId,
    event::{Event, EventId},
    failures,
    tally::{self, Total},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, StoreError, Table, WriteError, aggregate, entity,
    entity::Expiry,
    transaction::{TRANSACTION_LIMIT, Transaction},
    won,
};

aggregate! {
    /// The totals that `relay` keeps.
    Totals
}

/// How long a counted event is remembered. The stream repeats itself for a day at most.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Totals<'_> {
    /// The totals of the hub. One that nothing has moved yet is missing.
    pub async fn of_hub(&self) -> Result<BTreeMap<Total, i64>, StoreError> {
        self.read(hub()).await
    }

    /// The totals of a person. One that nothing has moved yet is missing.
    pub async fn of_person(&self, person: UserId) -> Result<BTreeMap<Total, i64>, StoreError> {
        self.read(of_person(person)).await
    }

    async fn read(&self, place: Key) -> Result<BTreeMap<Total, i64>, StoreError> {
        Ok(self.store.find::<Sums>(place).await?.unwrap_or_default().0)
    }

    /// Counts events, each of them once, however often it comes.
    pub async fn count(&self, events: &[Event]) -> Result<(), StoreError> {
        let counting: Vec<&Event> =
            events.iter().filter(|event| !tally::moves(event).is_empty()).collect();
        for chunk in counting.chunks(TRANSACTION_LIMIT - 1) {
            if won(self.count_together(chunk).await)?.is_none() {
                for event in chunk {
                    won(self.count_together(&[event]).await)?;
                }
            }
        }
        Ok(())
    }

    async fn count_together(&self, events: &[&Event]) -> Result<(), WriteError<Counted>> {
        let mut moves: BTreeMap<Total, i64> = BTreeMap::new();
        let mut transaction = Transaction::on(self.store);
        for event in events {
            transaction =
                transaction.create(&Mark { event: event.id, at: event.at }, Counted::Before);
            for (total, by) in tally::moves(event) {
                *moves.entry(total).or_default() += by;
            }
        }
        transaction
            .add(hub(), moves.into_iter().map(|(total, by)| (total.as_str(), by)))
            .commit()
            .await
    }
}

/// The one item that holds all totals, each an attribute of its own.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Sums(#[serde(deserialize_with = "totals_only")] BTreeMap<Total, i64>);

pub(crate) fn of_person(person: UserId) -> Key {
    Key::partition(Table::Rollups, "totals", person).only(Sums::KIND)
}

pub(crate) fn hub() -> Key {
    Key::partition(Table::Rollups, "totals", "hub").only(Sums::KIND)
}

impl Entity for Sums {
    const KIND: &'static str = "sums";

    fn key(&self) -> Key {
        hub()
    }
}

/// The totals among the numbers of the item.
fn totals_only<'de, D: serde::Deserializer<'de>>(
    item: D,
) -> Result<BTreeMap<Total, i64>, D::Error> {
    let numbers = entity::numbers(item)?.into_iter();
    Ok(numbers.filter_map(|(name, value)| Some((name.parse().ok()?, value))).collect())
}

/// Marks an event as counted. Its key makes sure of that.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    event: EventId,
    at: Timestamp,
}

impl Entity for Mark {
    const KIND: &'static str = "counted";

    fn key(&self) -> Key {
        Key::partition(Table::Rollups, "event", self.event).only(Self::KIND)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Lazily(self.at + REMEMBERED))
    }
}

failures! {
    /// Why an event is not counted.
    enum Counted {
        Before = Conflict "counted-before" "the event was counted before",
    }
}
