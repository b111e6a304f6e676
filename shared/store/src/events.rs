//! The audit log, by month.

use carehub_domain::{
    access::{Action, Permit, Subject, UserId},
    event::Event,
    patient::Patient,
};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::{
    Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate,
    key::{Index, Partition},
    query::{Filter, Order},
    transaction::Transaction,
};

aggregate! {
    /// What happened, newest first.
    Events
}

/// How many partitions share the events of a month, as one partition takes a thousand
/// write units a second.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>
const SHARDS: u128 = 4;

/// The most months that one list looks at.
const MOST_MONTHS: usize = 13;

/// Which lines of the audit log to read.
#[derive(Clone, Debug)]
pub struct LogFilter {
    /// Only this action.
    pub action: Option<Action>,
    /// Only what this person did.
    pub actor: Option<UserId>,
    /// Nothing that happened before this day in UTC.
    pub since: Date,
    /// Nothing that happened after this day in UTC. At most 13 months are looked at.
    pub until: Date,
}

impl Events<'_> {
    /// Reads a page of the log of the hub.
    ///
    /// By month it is as fresh as the last write; by person it lags a moment behind.
    pub async fn of_hub(
        &self,
        wanted: &LogFilter,
        window: Window,
    ) -> Result<Page<Event>, StoreError> {
        let filter = Filter::default().equal("action", wanted.action.map(Action::code)).between(
            "at",
            wanted.since,
            wanted.until,
        );
        let slices = match wanted.actor {
            Some(actor) => vec![Index::Actor.of(Table::Events, actor).slice(prefix())],
            None => months(wanted)
                .into_iter()
                .flat_map(shards)
                .map(|shard| shard.slice(prefix()))
                .collect(),
        };
        self.store.merged(slices, Order::NewestFirst, window, &filter).await
    }

    /// Reads a page of what happened to the data of a patient, and of whoever was merged into them.
    /// It lags a moment behind.
    pub async fn of_patient(
        &self,
        patient: &Patient,
        window: Window,
    ) -> Result<Page<Event>, StoreError> {
        let slices = patient.parts().into_iter();
        let slices = slices.map(|part| Index::Patient.of(Table::Events, part).slice(prefix()));
        let filter = Filter::default();
        self.store.merged(slices.collect(), Order::NewestFirst, window, &filter).await
    }

    /// Adds a line for a look at what is known of a patient, unless it is the patient who looks.
    pub async fn note_look(&self, permit: &Permit) -> Result<(), StoreError> {
        if permit.is_about_actor() { Ok(()) } else { self.append(permit).await }
    }

    /// Adds a line for a look at a page for each patient of whom it shows something, unless it is
    /// the patient who looks.
    pub async fn note_page<T: Subject>(
        &self,
        permit: Permit,
        page: &[T],
    ) -> Result<(), StoreError> {
        let looks = permit.about_each(page.iter().map(T::patient)).into_iter();
        let looks: Vec<_> = looks.filter(|look| !look.is_about_actor()).collect();
        let Some((first, others)) = looks.split_first() else { return Ok(()) };
        let transaction = others.iter().fold(self.store.transaction(first), Transaction::event);
        transaction.commit().await.map_err(WriteError::only_store)
    }

    /// Adds a line for a deed that changes nothing else.
    pub async fn append(&self, permit: &Permit) -> Result<(), StoreError> {
        self.store.transaction(permit).commit().await.map_err(WriteError::only_store)
    }
}

fn prefix() -> String {
    format!("{}#", Event::KIND)
}

fn months(wanted: &LogFilter) -> Vec<Date> {
    let last = wanted.until.first_of_month();
    let back = (0..MOST_MONTHS)
        .filter_map(|back| last.checked_sub(i32::try_from(back).unwrap_or_default().months()).ok());
    back.take_while(|month| *month >= wanted.since.first_of_month()).collect()
}

pub(crate) fn shards(month: Date) -> impl Iterator<Item = Partition> {
    (0..SHARDS).map(move |shard| of_month(month, shard))
}

fn of_month(month: Date, shard: u128) -> Partition {
    Key::partition(Table::Events, "log", month.strftime(&format!("%Y-%m#{shard}")))
}

fn utc(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

impl Entity for Event {
    const KIND: &'static str = "event";

    fn key(&self) -> Key {
        of_month(utc(self.at), self.id.ulid().random() % SHARDS).sort(Self::KIND, self.id)
    }
}
