//! What the hub does by the clock.

use carehub_domain::access::{Action, Actor, Denied};
use carehub_store::{Store, StoreError, Table};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A chore, as the schedules of `template.yaml` name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Chore {
    /// Delete codes that have expired and sessions that have ended, although DynamoDB
    /// would drop them too, some day.
    Sweep,
}

/// What a chore did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// How many one-time codes were deleted.
    pub codes: usize,
    /// How many sessions were deleted.
    pub sessions: usize,
}

/// A chore could not be finished. The next run goes on with it.
#[derive(Debug, thiserror::Error)]
pub enum ChoreError {
    /// The policy does not let the hub do it.
    #[error("the chore is not permitted")]
    Denied(#[from] Denied),
    /// The tables could not be read or written.
    #[error("the chore was interrupted")]
    Store(#[from] StoreError),
}

impl Chore {
    /// Does the chore as of `now`.
    pub async fn perform(self, store: &Store, now: Timestamp) -> Result<Swept, ChoreError> {
        let Self::Sweep = self;
        let permit = Actor::worker("housekeeping", now).allow(Action::Sweep)?;
        let codes = permit.clone().noting("kind", "codes");
        let codes = store.sweep().expired(Table::Ephemeral, now, &codes).await?;
        let sessions = permit.noting("kind", "sessions");
        let sessions = store.sweep().expired(Table::Identity, now, &sessions).await?;
        tracing::info!(swept.codes = codes, swept.sessions = sessions, "swept");
        Ok(Swept { codes, sessions })
    }
}
