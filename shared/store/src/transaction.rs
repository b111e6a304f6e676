//! Several writes that all happen or none do.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::BuildError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update,
        builders::PutBuilder,
    },
};
use carehub_domain::{Revision, access::Permit, event::Event, revision::Revised};
use jiff::Timestamp;
use ulid::Ulid;

use crate::{
    Entity, Key, Store, StoreError, WriteError, entity,
    key::{EXPIRES_AT, EXPIRY_DAY, PARTITION, REVISION},
    race::won,
};

/// The most writes that one transaction takes.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
pub(crate) const TRANSACTION_LIMIT: usize = 100;

/// How often a transaction that met another is tried.
const TRIES: u32 = 4;

/// Writes waiting to be committed together.
///
/// Each write names the error its condition stands for. DynamoDB reports which
/// condition failed by position, so [`commit`](Self::commit) can return exactly
/// that error and no caller ever reads a cancellation reason. When several fail,
/// the first one counts.
#[must_use = "nothing is written until `commit`"]
pub(crate) struct Transaction<'s, E> {
    store: &'s Store,
    writes: Result<Vec<Write<E>>, StoreError>,
}

struct Write<E> {
    action: TransactWriteItem,
    otherwise: Option<E>,
}

impl<'s, E> Transaction<'s, E> {
    pub(crate) fn on(store: &'s Store) -> Self {
        Self { store, writes: Ok(Vec::new()) }
    }

    /// Writes a record that must not exist yet.
    pub(crate) fn create<T: Entity>(self, record: &T, otherwise: E) -> Self {
        let put = self.put_at(record, record.key()).and_then(|put| {
            finish(put.condition_expression(format!("attribute_not_exists({PARTITION})")).build())
        });
        self.push_put(put, Some(otherwise))
    }

    /// Writes the first change of a record that was as usual, and therefore not kept.
    pub(crate) fn introduce<T: Entity + Revised>(self, record: &mut T, otherwise: E) -> Self {
        record.advance();
        self.create(record, otherwise)
    }

    /// Writes a record, whatever was there.
    pub(crate) fn put<T: Entity>(self, record: &T) -> Self {
        let put = self.put_at(record, record.key()).and_then(|put| finish(put.build()));
        self.push_put(put, None)
    }

    /// Files a copy of a record under another key.
    pub(crate) fn copy<T: Entity>(self, record: &T, key: Key) -> Self {
        let put = self.put_at(record, key).and_then(|put| finish(put.build()));
        self.push_put(put, None)
    }

    /// Adds the line that `permit` leaves in the audit log.
    pub(crate) fn event(self, permit: &Permit) -> Self {
        self.create_event(&permit.event())
    }

    fn create_event(self, event: &Event) -> Self {
        self.put(event)
    }

    /// Overwrites a record that nobody else has changed since it was read.
    pub(crate) fn replace<T: Entity + Revised>(self, record: &mut T, otherwise: E) -> Self {
        let seen = record.revision();
        record.advance();
        let put = self.put_at(record, record.key()).and_then(|put| {
            finish(
                put.condition_expression(format!("{REVISION} = :seen"))
                    .expression_attribute_values(":seen", number(seen))
                    .build(),
            )
        });
        self.push_put(put, Some(otherwise))
    }

    /// Deletes an item that must exist.
    pub(crate) fn delete(self, key: Key, otherwise: E) -> Self {
        let delete =
            Delete::builder().condition_expression(format!("attribute_exists({PARTITION})"));
        self.push_delete(key, delete, Some(otherwise))
    }

    /// Deletes an item if there is one.
    pub(crate) fn remove(self, key: Key) -> Self {
        self.push_delete(key, Delete::builder(), None)
    }

    /// Deletes a record that is still as it was read.
    pub(crate) fn retire<T: Entity + Revised>(self, record: &T, otherwise: E) -> Self {
        let delete = Delete::builder()
            .condition_expression(format!("{REVISION} = :seen"))
            .expression_attribute_values(":seen", number(record.revision()));
        self.push_delete(record.key(), delete, Some(otherwise))
    }

    /// Deletes an item that has expired by `now`, or is gone already.
    pub(crate) fn sweep(self, key: Key, now: Timestamp, otherwise: E) -> Self {
        let delete = Delete::builder()
            .condition_expression(format!(
                "attribute_not_exists({PARTITION}) OR {EXPIRES_AT} <= :now"
            ))
            .expression_attribute_values(":now", AttributeValue::S(now.to_string()));
        self.push_delete(key, delete, Some(otherwise))
    }

    /// Deletes an item of which an attribute still has this value, or that is gone already.
    pub(crate) fn withdraw(
        self,
        key: Key,
        (attribute, value): (&str, String),
        otherwise: E,
    ) -> Self {
        let delete = Delete::builder()
            .condition_expression(format!(
                "attribute_not_exists({PARTITION}) OR #attribute = :value"
            ))
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":value", AttributeValue::S(value));
        self.push_delete(key, delete, Some(otherwise))
    }

    /// Demands that an item exists, without writing it.
    pub(crate) fn demand(self, key: Key, otherwise: E) -> Self {
        let check = finish(
            ConditionCheck::builder()
                .table_name(self.store.names.of(key.table))
                .set_key(Some(key.into()))
                .condition_expression(format!("attribute_exists({PARTITION})"))
                .build(),
        );
        let action = check.map(|check| TransactWriteItem::builder().condition_check(check).build());
        self.push(action, Some(otherwise))
    }

    /// Demands that nobody has changed a record since it was read, without writing it.
    pub(crate) fn demand_as_read<T: Entity + Revised>(self, record: &T, otherwise: E) -> Self {
        let key = record.key();
        let check = finish(
            ConditionCheck::builder()
                .table_name(self.store.names.of(key.table))
                .set_key(Some(key.into()))
                .condition_expression(format!("{REVISION} = :seen"))
                .expression_attribute_values(":seen", number(record.revision()))
                .build(),
        );
        let action = check.map(|check| TransactWriteItem::builder().condition_check(check).build());
        self.push(action, Some(otherwise))
    }

    /// Adds to the numbers of an item, which comes into being if need be.
    pub(crate) fn add(
        self,
        key: Key,
        numbers: impl IntoIterator<Item = (impl Into<String>, i64)>,
    ) -> Self {
        let mut update = Update::builder().table_name(self.store.names.of(key.table));
        let mut terms = Vec::new();
        for (position, (name, by)) in numbers.into_iter().enumerate() {
            update = update
                .expression_attribute_names(format!("#{position}"), name)
                .expression_attribute_values(
                    format!(":{position}"),
                    AttributeValue::N(by.to_string()),
                );
            terms.push(format!("#{position} :{position}"));
        }
        let update = finish(
            update
                .set_key(Some(key.into()))
                .update_expression(format!("ADD {}", terms.join(", ")))
                .build(),
        );
        self.push(update.map(|update| TransactWriteItem::builder().update(update).build()), None)
    }

    /// Gives a record that is there an attribute that it does not have yet, and so one more
    /// revision. One that is `settled` need not be seen to any more.
    pub(crate) fn endow(
        self,
        key: Key,
        (attribute, value): (&str, String),
        settled: bool,
        otherwise: E,
    ) -> Self {
        let forgetting =
            if settled { format!(" REMOVE {EXPIRY_DAY}, {EXPIRES_AT}") } else { String::new() };
        let update = finish(
            Update::builder()
                .table_name(self.store.names.of(key.table))
                .set_key(Some(key.into()))
                .condition_expression(format!(
                    "attribute_exists({PARTITION}) AND attribute_not_exists(#attribute)"
                ))
                .update_expression(format!(
                    "SET #attribute = :value, {REVISION} = {REVISION} + :one{forgetting}"
                ))
                .expression_attribute_names("#attribute", attribute)
                .expression_attribute_values(":value", AttributeValue::S(value))
                .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
                .build(),
        );
        self.push(
            update.map(|update| TransactWriteItem::builder().update(update).build()),
            Some(otherwise),
        )
    }

    fn put_at<T: Entity>(&self, record: &T, key: Key) -> Result<PutBuilder, StoreError> {
        let table = self.store.names.of(key.table);
        Ok(Put::builder().table_name(table).set_item(Some(entity::encode_at(record, key)?)))
    }

    fn push_put(self, put: Result<Put, StoreError>, otherwise: Option<E>) -> Self {
        self.push(put.map(|put| TransactWriteItem::builder().put(put).build()), otherwise)
    }

    fn push_delete(
        self,
        key: Key,
        delete: aws_sdk_dynamodb::types::builders::DeleteBuilder,
        otherwise: Option<E>,
    ) -> Self {
        let table = self.store.names.of(key.table);
        let delete = finish(delete.table_name(table).set_key(Some(key.into())).build());
        self.push(
            delete.map(|delete| TransactWriteItem::builder().delete(delete).build()),
            otherwise,
        )
    }

    fn push(self, action: Result<TransactWriteItem, StoreError>, otherwise: Option<E>) -> Self {
        let writes = self.writes.and_then(|mut writes| {
            writes.push(Write { action: action?, otherwise });
            Ok(writes)
        });
        Self { writes, ..self }
    }

    /// Commits every write, or none.
    ///
    /// A transaction that meets another one is sent again: its conditions decide anew.
    pub(crate) async fn commit(self) -> Result<(), WriteError<E>> {
        let (actions, meanings): (Vec<_>, Vec<_>) =
            self.writes?.into_iter().map(|write| (write.action, write.otherwise)).unzip();

        let mut attempt = 1;
        loop {
            let request = self.store.client().await.transact_write_items();
            let Err(error) = request.set_transact_items(Some(actions.clone())).send().await else {
                return Ok(());
            };
            return Err(match verdict(error.as_service_error()) {
                Verdict::Contention if attempt < TRIES => {
                    tokio::time::sleep(pause(attempt)).await;
                    attempt += 1;
                    continue;
                }
                Verdict::Condition(position) => meanings
                    .into_iter()
                    .nth(position)
                    .flatten()
                    .map_or_else(|| StoreError::aws(error).into(), WriteError::Condition),
                Verdict::Contention => StoreError::Unavailable(error.into()).into(),
                Verdict::Other => StoreError::aws(error).into(),
            });
        }
    }

    /// Commits, and says whether nobody else was faster.
    pub(crate) async fn won(self) -> Result<bool, StoreError> {
        Ok(won(self.commit().await)?.is_some())
    }
}

/// Up to 20, 40, 80 milliseconds, at random, so that rivals do not meet again.
pub(crate) fn pause(attempt: u32) -> Duration {
    let ceiling = 20_u64 << (attempt - 1);
    let draw = u64::try_from(Ulid::generate().random() & 0xffff).unwrap_or_default();
    Duration::from_millis(draw % ceiling + 1)
}

fn number(revision: Revision) -> AttributeValue {
    AttributeValue::N(revision.number().to_string())
}

fn finish<T>(built: Result<T, BuildError>) -> Result<T, StoreError> {
    built.map_err(|error| StoreError::Rejected(error.into()))
}

/// Why a transaction was turned down.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The condition of the write at this position failed.
    Condition(usize),
    /// Others were writing the same items; the same request may succeed later.
    Contention,
    /// Something else.
    Other,
}

fn verdict(error: Option<&TransactWriteItemsError>) -> Verdict {
    let cancelled = match error {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled,
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
            return Verdict::Contention;
        }
        _ => return Verdict::Other,
    };
    let codes =
        || cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or("None"));
    match codes().position(|code| code == "ConditionalCheckFailed") {
        Some(position) => Verdict::Condition(position),
        None if codes().any(|code| {
            matches!(
                code,
                "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"
            )
        }) =>
        {
            Verdict::Contention
        }
        None => Verdict::Other,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::{CancellationReason, error::TransactionCanceledException};

    use super::*;

    /// The emulator never reports these, so the reading of them is tested here.
    fn cancelled(codes: &[&str]) -> TransactWriteItemsError {
        let reasons = codes.iter().map(|&code| CancellationReason::builder().code(code).build());
        TransactWriteItemsError::TransactionCanceledException(
            TransactionCanceledException::builder()
                .set_cancellation_reasons(Some(reasons.collect()))
                .build(),
        )
    }

    #[test]
    fn the_first_failed_condition_is_the_verdict() {
        let error = cancelled(&["None", "ConditionalCheckFailed", "ConditionalCheckFailed"]);
        assert_eq!(verdict(Some(&error)), Verdict::Condition(1));
    }

    #[test]
    fn meeting_another_transaction_is_contention_unless_a_condition_failed_too() {
        assert_eq!(
            verdict(Some(&cancelled(&["None", "TransactionConflict"]))),
            Verdict::Contention
        );
        assert_eq!(verdict(Some(&cancelled(&["ThrottlingError"]))), Verdict::Contention);
        let both = cancelled(&["TransactionConflict", "ConditionalCheckFailed"]);
        assert_eq!(verdict(Some(&both)), Verdict::Condition(1));
    }

    #[test]
    fn anything_else_is_our_own_fault() {
        assert_eq!(verdict(Some(&cancelled(&["ValidationError"]))), Verdict::Other);
        assert_eq!(verdict(None), Verdict::Other);
    }
}
