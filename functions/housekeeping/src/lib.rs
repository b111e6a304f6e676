//! What the hub does by the clock.

mod files;
mod no_shows;
mod offers;
mod prescriptions;

use carehub_domain::access::{Action, Actor, Denied};
use carehub_objects::{Objects, ObjectsError};
use carehub_store::{Store, StoreError, Table};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many records a chore sees to at once.
const AT_ONCE: usize = 8;

/// A chore, as the schedules of `template.yaml` name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Chore {
    /// Delete codes that have expired and sessions that have ended, although DynamoDB
    /// would drop them too, some day.
    Sweep,
    /// Note which patients did not come.
    NoShows,
    /// Offer to the next who waits what was not taken in time.
    Offers,
    /// Give up files that did not arrive, and delete those that belong to nothing.
    Files,
    /// Note which prescriptions hold no longer.
    Prescriptions,
}

/// What a chore did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Done {
    /// Of [`Chore::Sweep`].
    Swept(Swept),
    /// Of [`Chore::NoShows`].
    Missed(Missed),
    /// Of [`Chore::Offers`].
    PassedOn(PassedOn),
    /// Of [`Chore::Files`].
    Tidied(Tidied),
    /// Of [`Chore::Prescriptions`].
    Expired(Expired),
}

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// How many one-time codes were deleted.
    pub codes: usize,
    /// How many sessions were deleted.
    pub sessions: usize,
}

/// Which appointments nobody came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// How many were noted.
    pub appointments: usize,
    /// How many could not be seen to this time.
    pub failed: usize,
}

/// What was offered to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PassedOn {
    /// How many offers were not taken.
    pub lapsed: usize,
    /// How many of them others were found for.
    pub offered: usize,
    /// How many waitlists could not be seen to this time.
    pub failed: usize,
}

/// Which files came to nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tidied {
    /// How many did not arrive in time.
    pub late: usize,
    /// How many were deleted.
    pub forgotten: usize,
    /// How many could not be seen to this time.
    pub failed: usize,
}

/// Which prescriptions hold no longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// Of how many that was noted.
    pub prescriptions: usize,
    /// How many could not be seen to this time.
    pub failed: usize,
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
    /// The bucket could not be written.
    #[error("the content of a file could not be deleted")]
    Objects(#[from] ObjectsError),
    /// Some records could not be seen to.
    #[error("some records could not be seen to: {0}")]
    Unfinished(usize),
}

impl Chore {
    /// Does the chore as of `now`.
    pub async fn perform(
        self,
        store: &Store,
        objects: &Objects,
        now: Timestamp,
    ) -> Result<Done, ChoreError> {
        match self {
            Self::Sweep => sweep(store, now).await.map(Done::Swept),
            Self::NoShows => no_shows::note(store, now).await.map(Done::Missed),
            Self::Offers => offers::pass_on(store, now).await.map(Done::PassedOn),
            Self::Files => files::tidy(store, objects, now).await.map(Done::Tidied),
            Self::Prescriptions => prescriptions::end(store, now).await.map(Done::Expired),
        }
    }
}

impl Done {
    /// Complains about what could not be seen to, now that the rest is done.
    pub fn wholly(self) -> Result<Self, ChoreError> {
        match self {
            Self::Missed(Missed { failed, .. })
            | Self::PassedOn(PassedOn { failed, .. })
            | Self::Tidied(Tidied { failed, .. })
            | Self::Expired(Expired { failed, .. })
                if failed > 0 =>
            {
                Err(ChoreError::Unfinished(failed))
            }
            Self::Swept(_)
            | Self::Missed(_)
            | Self::PassedOn(_)
            | Self::Tidied(_)
            | Self::Expired(_) => Ok(self),
        }
    }
}

async fn sweep(store: &Store, now: Timestamp) -> Result<Swept, ChoreError> {
    let permit = Actor::worker("housekeeping", now).allow(Action::Sweep)?;
    let codes = permit.clone().noting("kind", "codes");
    let codes = store.sweep().expired(Table::Ephemeral, now, &codes).await?;
    let sessions = permit.noting("kind", "sessions");
    let sessions = store.sweep().expired(Table::Identity, now, &sessions).await?;
    tracing::info!(swept.codes = codes, swept.sessions = sessions, "swept");
    Ok(Swept { codes, sessions })
}

/// Sees to each record for itself, several at once. Those that fail do not stop the others.
async fn each<T, D, F>(
    records: Vec<Result<T, StoreError>>,
    see_to: impl Fn(T) -> F,
) -> Vec<Result<D, ChoreError>>
where
    F: Future<Output = Result<D, ChoreError>>,
{
    let one = |record: Result<T, StoreError>| {
        let work = record.map(&see_to);
        async move {
            match work {
                Ok(work) => work.await,
                Err(unreadable) => Err(unreadable.into()),
            }
        }
    };
    let done: Vec<_> = stream::iter(records).map(one).buffer_unordered(AT_ONCE).collect().await;
    for error in done.iter().filter_map(|one| one.as_ref().err()) {
        tracing::error!(error = %error, "a record could not be seen to");
    }
    done
}
