//! Deleting what has expired, as DynamoDB itself may take days.

use std::collections::VecDeque;

use aws_sdk_dynamodb::types::AttributeValue;
use carehub_domain::{access::Permit, failures};
use jiff::{Timestamp, ToSpan};

use crate::{
    Entity, Item, Key, StoreError, Table, WriteError, aggregate, entity,
    key::{Index, PARTITION, SORT},
};

aggregate! {
    /// What is to be deleted promptly.
    Sweep
}

/// How many days back the sweep looks, in case it did not run for a while.
const DAYS: i32 = 3;

/// How many days back housekeeping looks for what it has to see to.
const WEEK: i64 = 7;

/// How many items one transaction deletes, which leaves room for its event.
const BATCH: usize = 50;

/// The most items of a day that one run sees to; the rest waits for the next.
const RUN: usize = 1000;

/// How many keys one query reads.
const PAGE: i32 = 1000;

/// The most queries that one run makes for a day, so that it ends.
const PAGES: usize = 20;

impl Sweep<'_> {
    /// Deletes what expired by `now` in `table`, and says how much that was.
    pub async fn expired(
        &self,
        table: Table,
        now: Timestamp,
        permit: &Permit,
    ) -> Result<usize, StoreError> {
        let mut swept = 0;
        for back in 0..DAYS {
            let Ok(day) = now.checked_sub((24 * i64::from(back)).hours()) else { continue };
            let keys = self.due(table, &entity::day(day), now, |_| true).await?;
            swept += self.delete(keys, now, permit).await?;
        }
        Ok(swept)
    }

    /// The records of a kind that somebody has to see to by `now`, of the last week. One that
    /// cannot be read does not hide the others.
    pub(crate) async fn seen<T: Entity>(
        &self,
        table: Table,
        now: Timestamp,
    ) -> Result<Vec<Result<T, StoreError>>, StoreError> {
        let prefix = format!("{}#", T::KIND);
        let wanted = |key: &Key| key.sort == T::KIND || key.sort.starts_with(&prefix);
        let mut keys = Vec::new();
        for back in 0..WEEK {
            let Ok(day) = now.checked_sub((24 * back).hours()) else { continue };
            keys.extend(self.due(table, &entity::day(day), now, wanted).await?);
        }
        self.store.fetch_each(keys).await
    }

    /// The keys of one day that are due by `now` and wanted. Others, which may be many, are read
    /// over.
    async fn due(
        &self,
        table: Table,
        day: &str,
        now: Timestamp,
        wanted: impl Fn(&Key) -> bool,
    ) -> Result<Vec<Key>, StoreError> {
        let text =
            |item: &Item, name: &str| item.get(name).and_then(|value| value.as_s().ok().cloned());
        let key = |item: &Item| {
            Some(Key { table, partition: text(item, PARTITION)?, sort: text(item, SORT)? })
        };
        let mut due = Vec::new();
        let mut start = None;
        for _ in 0..PAGES {
            let (items, rest) = self.page(table, day, now, start).await?;
            due.extend(items.iter().filter_map(key).filter(&wanted));
            start = rest;
            if start.is_none() || due.len() >= RUN {
                break;
            }
        }
        due.truncate(RUN);
        Ok(due)
    }

    /// Some items of one day that are due by `now`, and where the rest begins.
    async fn page(
        &self,
        table: Table,
        day: &str,
        now: Timestamp,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
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
            .expression_attribute_values(":day", AttributeValue::S(day.to_owned()))
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()))
            .limit(PAGE)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(StoreError::aws)?;
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
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
