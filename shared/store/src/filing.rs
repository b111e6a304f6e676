//! Filing a record where it is looked for, and no longer where it was.

use crate::{
    Entity, Key, Store, StoreError, WriteError,
    transaction::{TRANSACTION_LIMIT, Transaction},
};

/// What changes in the files when a record does.
///
/// Entries lead to records and never speak for them: whoever follows one looks at the record
/// and believes that. So entries beyond what one transaction holds may be written before the
/// record, and former ones may go after it.
pub(crate) struct Refiling<T> {
    anew: Vec<(Key, T)>,
    away: Vec<Key>,
}

impl<T: Entity + PartialEq> Refiling<T> {
    /// Files under `after` what was filed under `before`.
    pub(crate) fn between(before: &[(Key, T)], after: Vec<(Key, T)>) -> Self {
        let kept = |key: &Key| after.iter().any(|(kept, _)| kept == key);
        let away = before.iter().map(|(key, _)| key).filter(|key| !kept(key)).cloned().collect();
        let anew = after.into_iter().filter(|entry| !before.contains(entry)).collect();
        Self { anew, away }
    }

    /// Files a new record.
    pub(crate) fn first(entries: Vec<(Key, T)>) -> Self {
        Self::between(&[], entries)
    }

    /// Takes a record out of the files.
    pub(crate) fn last(entries: &[(Key, T)]) -> Self {
        Self::between(entries, Vec::new())
    }

    /// Leaves no more than fits into a transaction with `others`: what is too much is written at
    /// once, and what is to go afterwards is given back.
    pub(crate) async fn fit(
        &mut self,
        others: usize,
        store: &Store,
    ) -> Result<Vec<Key>, StoreError> {
        let room = TRANSACTION_LIMIT - others;
        let (anew, away) = (room.min(self.anew.len()), room.saturating_sub(self.anew.len()));
        for chunk in self.anew.split_off(anew).chunks(TRANSACTION_LIMIT) {
            commit(put_all(Transaction::on(store), chunk)).await?;
        }
        Ok(self.away.split_off(away.min(self.away.len())))
    }

    /// Adds the changes to the transaction that changes the record.
    pub(crate) fn join<E>(self, transaction: Transaction<'_, E>) -> Transaction<'_, E> {
        let transaction = put_all(transaction, &self.anew);
        self.away.into_iter().fold(transaction, Transaction::remove)
    }
}

fn put_all<'s, T: Entity, E>(
    transaction: Transaction<'s, E>,
    entries: &[(Key, T)],
) -> Transaction<'s, E> {
    entries
        .iter()
        .fold(transaction, |transaction, (key, entry)| transaction.copy(entry, key.clone()))
}

/// Removes entries that nothing speaks for any more.
pub(crate) async fn discard(late: Vec<Key>, store: &Store) -> Result<(), StoreError> {
    for chunk in late.chunks(TRANSACTION_LIMIT) {
        commit(chunk.iter().cloned().fold(Transaction::on(store), Transaction::remove)).await?;
    }
    Ok(())
}

async fn commit(transaction: Transaction<'_, std::convert::Infallible>) -> Result<(), StoreError> {
    transaction.commit().await.map_err(WriteError::only_store)
}
