//! Files, each beside its content, which is an object.

use std::collections::BTreeMap;

use carehub_domain::{
    access::{Guarded, Permit},
    event::Reference,
    file::{FileError, FileId, StoredFile},
};
use jiff::Timestamp;

use crate::{
    Bookmark, Due, Entity, Key, StoreError, Table, WriteError, aggregate, entity::Expiry,
    transaction::Transaction,
};

aggregate! {
    /// What people uploaded.
    Files
}

impl Files<'_> {
    /// Looks up a file by itself, as only its uploader may.
    pub async fn find(&self, id: FileId) -> Result<Guarded<StoredFile>, StoreError> {
        self.recorded(id).await.map(Guarded::new)
    }

    /// Looks up a file for the hub itself.
    pub async fn recorded(&self, id: FileId) -> Result<Option<StoredFile>, StoreError> {
        self.store.find(at(id)).await
    }

    /// Reads the files of documents in one round. Whoever holds the documents was cleared for
    /// their files.
    pub async fn several(
        &self,
        ids: impl IntoIterator<Item = FileId>,
    ) -> Result<BTreeMap<FileId, StoredFile>, StoreError> {
        let mut places: Vec<_> = ids.into_iter().map(at).collect();
        places.sort_unstable();
        places.dedup();
        let found = self.store.fetch::<StoredFile>(places).await?;
        Ok(found.into_iter().map(|file| (file.id, file)).collect())
    }

    /// Adds a file that was announced or has arrived.
    pub async fn add(
        &self,
        file: &StoredFile,
        permit: &Permit,
    ) -> Result<(), WriteError<FileError>> {
        self.store.transaction(permit).create(file, FileError::Stale).commit().await
    }

    /// Saves what was found about a file.
    pub async fn settle(
        &self,
        file: &mut StoredFile,
        permit: &Permit,
    ) -> Result<(), WriteError<FileError>> {
        self.store.transaction(permit).replace(file, FileError::Stale).commit().await
    }

    /// Deletes a file that is still as it was read.
    pub async fn forget(
        &self,
        file: &StoredFile,
        permit: &Permit,
    ) -> Result<(), WriteError<FileError>> {
        self.store.transaction(permit).retire(file, FileError::Stale).commit().await
    }

    /// Some of the files that did not arrive or belong to nothing, long enough by `now`.
    pub async fn due(&self, now: Timestamp, from: Bookmark) -> Result<Due<StoredFile>, StoreError> {
        self.store.sweep().seen(Table::Clinical, now, from).await
    }
}

/// Makes a file part of a document, in the transaction that writes the document, if it belongs to
/// no other. Meanwhile it may be found clean or not.
pub(crate) fn claim<'s, E>(
    transaction: Transaction<'s, E>,
    file: &StoredFile,
    holder: &Reference,
    taken: E,
) -> Transaction<'s, E> {
    let holding = ("holder", holder.to_string());
    transaction.endow(at(file.id), holding, !file.is_awaited(), taken)
}

fn at(id: FileId) -> Key {
    Key::partition(Table::Clinical, StoredFile::KIND, id).only(StoredFile::KIND)
}

impl Entity for StoredFile {
    const KIND: &'static str = "file";

    fn key(&self) -> Key {
        at(self.id)
    }

    fn expiry(&self) -> Option<Expiry> {
        self.is_due_at().map(Expiry::Seen)
    }
}
