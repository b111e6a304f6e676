//! What arrives in quarantine is looked into, and then let out or turned away.

use carehub_domain::{
    access::{Action, Actor, Denied},
    file::{FileId, Flaw, StoredFile, inspect},
};
use carehub_objects::{Objects, ObjectsError, arrival};
use carehub_store::{Store, StoreError, win, won};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::task;

/// Looks into files.
#[derive(Clone, Debug)]
pub struct Inspector {
    /// The records.
    pub store: Store,
    /// The content of files.
    pub objects: Objects,
}

/// An object has arrived, as EventBridge tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Arrival {
    /// What has happened.
    pub detail: Detail,
}

/// What has happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Detail {
    /// Which object it is.
    pub object: Object,
}

/// Which object it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Object {
    /// Its name in the bucket.
    pub key: String,
}

impl Arrival {
    /// The arrival of the object at `key`.
    pub fn at(key: impl Into<String>) -> Self {
        Self { detail: Detail { object: Object { key: key.into() } } }
    }
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The file is clean.
    Cleared,
    /// The file is not taken.
    Rejected,
    /// The file was settled before.
    Settled,
    /// Nobody announced it.
    Stray,
}

impl Inspector {
    /// Looks into what has arrived. However often an arrival is told, and whenever, the file is
    /// settled once, nothing stays in quarantine, and nothing of a file that is not taken is kept.
    pub async fn inspect(
        &self,
        arrived: Arrival,
        now: Timestamp,
    ) -> Result<Outcome, InspectionError> {
        let key = arrived.detail.object.key;
        let outcome = match arrival(&key) {
            Some(id) => win(|| self.settle(id, now)).await?,
            None => Outcome::Stray,
        };
        // Whatever it was, nobody needs it here any more.
        self.objects.discard(&key).await?;
        tracing::info!(file.key = key, outcome = ?outcome, "an object was looked into");
        Ok(outcome)
    }

    /// `None` says that the file got further meanwhile.
    async fn settle(&self, id: FileId, now: Timestamp) -> Result<Option<Outcome>, InspectionError> {
        let Some(file) = self.store.files().recorded(id).await? else {
            return Ok(Some(Outcome::Stray));
        };
        if file.flaw().is_some() {
            // It may have been given up after its content was kept and before that was noted.
            self.objects.remove(id).await?;
        }
        if !file.is_awaited() {
            return Ok(Some(Outcome::Settled));
        }
        let Some(bytes) = self.objects.arrived(id).await? else {
            return Err(InspectionError::Gone);
        };
        let announced = file.clone();
        // Unpacking takes a while, during which connections want to be kept.
        let looked = task::spawn_blocking(move || look_into(announced, &bytes, now)).await;
        let (mut settled, bytes) = looked.map_err(|_| InspectionError::Interrupted)?;
        let action = match bytes {
            Some(_) => Action::ClearFile,
            None => Action::RejectFile,
        };
        let hub = Actor::worker("inspector", now);
        let permit = hub.authorize(action, &file)?.noting("size", settled.size());
        let (permit, outcome) = match settled.flaw() {
            Some(flaw) => (permit.noting("flaw", flaw), Outcome::Rejected),
            None => (permit, Outcome::Cleared),
        };
        if let Some(bytes) = bytes {
            self.objects.keep(&settled, bytes).await?;
        }
        Ok(won(self.store.files().settle(&mut settled, &permit).await)?.map(|()| outcome))
    }
}

/// The file as it is from now on, and what is kept of it if it is clean.
fn look_into(file: StoredFile, bytes: &[u8], now: Timestamp) -> (StoredFile, Option<Vec<u8>>) {
    let reject = |flaw: Flaw| file.clone().reject(flaw, now);
    let looked = inspect(&file.declared(), bytes);
    let settled = match &looked {
        Ok(found) => file.clone().clear(found, now),
        Err(flaw) => reject(*flaw),
    };
    let bytes = looked.ok().map(|found| found.bytes.into_owned());
    // Only an awaited file is looked into, and an awaited file can be settled.
    (settled.unwrap_or(file), bytes)
}

/// A file could not be looked into. Another try may do better.
#[derive(Debug, thiserror::Error)]
pub enum InspectionError {
    /// The policy does not let the hub do it.
    #[error("looking into files is not permitted")]
    Denied(#[from] Denied),
    /// The tables could not be read or written.
    #[error("the record of the file is out of reach")]
    Store(#[from] StoreError),
    /// The bucket could not be read or written.
    #[error("the content of the file is out of reach")]
    Objects(#[from] ObjectsError),
    /// What was said to have arrived is not there.
    #[error("the object is not there, though its file is still waited for")]
    Gone,
    /// The look at it ended too early.
    #[error("looking into the file was interrupted")]
    Interrupted,
}
