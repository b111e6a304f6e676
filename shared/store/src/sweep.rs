//! What falls due, found by its kind and day; and deleting what has expired, as DynamoDB itself may
//! take days.

use std::collections::VecDeque;

use aws_sdk_dynamodb::types::AttributeValue;
use carehub_domain::{access::Permit, code::Code, failures, live::Ticket, session::Session};
use jiff::{Timestamp, ToSpan};

use crate::{
    Entity, Item, Key, StoreError, Table, WriteError, aggregate, entity,
    key::{Index, PARTITION, SORT},
};

aggregate! {
    /// What is to be deleted promptly.
    Sweep
}

/// How many days are looked at, today first, in case nobody looked for a while.
const DAYS: i32 = 7;

/// So many records are enough at once.
const ENOUGH: usize = 1000;

/// How many keys one query reads.
const PAGE: i32 = 1000;

/// How many items one transaction deletes, which leaves room for its event.
const BATCH: usize = 50;

/// Some of the records that are due.
#[derive(Debug)]
pub struct Due<T> {
    /// The records. One that cannot be read does not hide the others.
    pub records: Vec<Result<T, StoreError>>,
    /// Where the rest begins, if there may be more.
    pub rest: Option<Bookmark>,
}

/// How far somebody has got with what is due. The first stands before everything.
#[derive(Clone, Debug, Default)]
pub struct Bookmark {
    days_back: i32,
    behind: Option<Item>,
}

/// What is deleted promptly once it has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Perishable {
    /// One-time codes.
    Codes,
    /// Sessions.
    Sessions,
    /// Tickets for live connections.
    Tickets,
}

impl Perishable {
    fn place(self) -> (Table, &'static str) {
        match self {
            Self::Codes => (Table::Ephemeral, Code::KIND),
            Self::Sessions => (Table::Identity, Session::KIND),
            Self::Tickets => (Table::Ephemeral, Ticket::KIND),
        }
    }
}

impl Sweep<'_> {
    /// Deletes some of what expired by `now`. Says how much that was, and where the rest begins.
    pub async fn expired(
        &self,
        what: Perishable,
        now: Timestamp,
        from: Bookmark,
        permit: &Permit,
    ) -> Result<(usize, Option<Bookmark>), StoreError> {
        let (table, kind) = what.place();
        let (keys, rest) = self.due(table, kind, now, from).await?;
        Ok((self.delete(keys, now, permit).await?, rest))
    }

    /// Some of the records of a kind that somebody has to see to by `now`, of the last week.
    pub(crate) async fn seen<T: Entity>(
        &self,
        table: Table,
        now: Timestamp,
        from: Bookmark,
    ) -> Result<Due<T>, StoreError> {
        let (keys, rest) = self.due(table, T::KIND, now, from).await?;
        Ok(Due { records: self.store.fetch_each(keys).await?, rest })
    }

    /// Keys of a kind that are due by `now`, as many as are read at once, and where the rest begins.
    async fn due(
        &self,
        table: Table,
        kind: &str,
        now: Timestamp,
        from: Bookmark,
    ) -> Result<(Vec<Key>, Option<Bookmark>), StoreError> {
        let (mut due, Bookmark { mut days_back, mut behind }) = (Vec::new(), from);
        while days_back < DAYS && due.len() < ENOUGH {
            let (keys, rest) = self.page(table, kind, days_back, now, behind).await?;
            due.extend(keys);
            days_back += i32::from(rest.is_none());
            behind = rest;
        }
        Ok((due, (days_back < DAYS).then_some(Bookmark { days_back, behind })))
    }

    /// Keys of a kind that are due by `now`, of one day, and where the rest of the day begins.
    async fn page(
        &self,
        table: Table,
        kind: &str,
        days_back: i32,
        now: Timestamp,
        behind: Option<Item>,
    ) -> Result<(Vec<Key>, Option<Item>), StoreError> {
        let text =
            |item: &Item, name: &str| item.get(name).and_then(|value| value.as_s().ok().cloned());
        let key = |item: &Item| {
            Some(Key { table, partition: text(item, PARTITION)?, sort: text(item, SORT)? })
        };
        let day = entity::day_of(now).saturating_sub(days_back.days());
        let index = Index::Expiry;
        let output = self
            .store
            .client()
            .await
            .query()
            .table_name(self.store.names.of(table))
            .index_name(index.name())
            .key_condition_expression("#day = :day AND #at <= :now")
            .expression_attribute_names("#day", index.partition_attribute())
            .expression_attribute_names("#at", index.sort_attribute())
            .expression_attribute_values(":day", AttributeValue::S(entity::day(kind, day)))
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
            .limit(PAGE)
            .set_exclusive_start_key(behind)
            .send()
            .await
            .map_err(StoreError::aws)?;
        let items = output.items.unwrap_or_default();
        Ok((items.iter().filter_map(key).collect(), output.last_evaluated_key))
    }

    /// Deletes in transactions. One that is refused holds an item which lives again,
    /// so its halves are tried on their own.
    async fn delete(
        &self,
        keys: Vec<Key>,
        now: Timestamp,
        permit: &Permit,
    ) -> Result<usize, StoreError> {
        let mut swept = 0;
        let mut batches: VecDeque<Vec<Key>> = keys.chunks(BATCH).map(<[Key]>::to_vec).collect();
        while let Some(mut batch) = batches.pop_front() {
            let permit = permit.clone().noting("count", batch.len());
            let transaction = self.store.transaction(&permit);
            let deleting = batch
                .iter()
                .cloned()
                .fold(transaction, |transaction, key| transaction.sweep(key, now, Alive::Renewed));
            match deleting.commit().await {
                Ok(()) => swept += batch.len(),
                Err(WriteError::Store(error)) => return Err(error),
                Err(WriteError::Condition(Alive::Renewed)) if batch.len() > 1 => {
                    batches.push_back(batch.split_off(batch.len() / 2));
                    batches.push_back(batch);
                }
                Err(WriteError::Condition(Alive::Renewed)) => {}
            }
        }
        Ok(swept)
    }
}

failures! {
    /// Why an item stays.
    enum Alive {
        Renewed = Conflict "renewed" "the record lives again",
    }
}
