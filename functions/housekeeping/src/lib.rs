//! What the hub does by the clock.

mod checkpoints;
mod files;
pub mod metrics;
mod no_shows;
mod offers;
mod old_appointments;
mod old_notifications;
mod overdue;
mod pending;
mod prescriptions;
mod reminders;
mod shift;

use std::time::Instant;

use carehub_clients::{PostError, SharedQueues};
use carehub_domain::{
    access::{Action, Actor, Denied},
    secret::Pepper,
};
use carehub_objects::{Objects, ObjectsError};
use carehub_store::{Bookmark, Perishable, Store, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::shift::{Shift, tally};

/// Does the chores of the hub. Each run sees to all that is due, as long as there is time, and
/// leaves the rest to the next.
#[derive(Clone)]
pub struct Housekeeping {
    /// The records.
    pub store: Store,
    /// The content of files.
    pub objects: Objects,
    /// Where errands wait for whoever does them.
    pub queues: SharedQueues,
    /// The hub's own secret, which checkpoints are signed with.
    pub pepper: Pepper,
}

/// A chore, as the schedules of `template.yaml` name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Tell people what was planned for now, and look again for deliveries that waited.
    Pending,
    /// Remind patients of their medicines.
    Reminders,
    /// Delete notifications that have been in people's lists long enough.
    OldNotifications,
    /// Close appointments that never came to be and are long past.
    OldAppointments,
    /// End visits that nobody ended.
    Overdue,
    /// Keep how far the chains of the audit log have come.
    Checkpoints,
}

impl Chore {
    /// Every chore.
    pub const ALL: [Self; 11] = [
        Self::Sweep,
        Self::NoShows,
        Self::Offers,
        Self::Files,
        Self::Prescriptions,
        Self::Pending,
        Self::Reminders,
        Self::OldNotifications,
        Self::OldAppointments,
        Self::Overdue,
        Self::Checkpoints,
    ];

    /// What schedules and metrics call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::NoShows => "no-shows",
            Self::Offers => "offers",
            Self::Files => "files",
            Self::Prescriptions => "prescriptions",
            Self::Pending => "pending",
            Self::Reminders => "reminders",
            Self::OldNotifications => "old-notifications",
            Self::OldAppointments => "old-appointments",
            Self::Overdue => "overdue",
            Self::Checkpoints => "checkpoints",
        }
    }
}

/// What a run of a chore came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// What it did.
    pub done: Done,
    /// Whether more was due than there was time for.
    pub is_left: bool,
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
    /// Of [`Chore::Pending`].
    Released(Released),
    /// Of [`Chore::Reminders`].
    Reminded(Reminded),
    /// Of [`Chore::OldNotifications`].
    Forgotten(Forgotten),
    /// Of [`Chore::OldAppointments`].
    Closed(Closed),
    /// Of [`Chore::Overdue`].
    Concluded(Concluded),
    /// Of [`Chore::Checkpoints`].
    Kept(Kept),
}

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// How many one-time codes were deleted.
    pub codes: usize,
    /// How many sessions were deleted.
    pub sessions: usize,
    /// How many tickets for live connections were deleted.
    pub tickets: usize,
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

/// What had to wait until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Released {
    /// How many planned notifications people were told.
    pub told: usize,
    /// How many were forgotten, as the reason for them had gone.
    pub forgotten: usize,
    /// How many deliveries went on their queue again.
    pub queued: usize,
    /// How many of either could not be seen to this time.
    pub failed: usize,
}

/// Who was reminded of a medicine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reminded {
    /// Of how many doses.
    pub doses: usize,
    /// How many doses it was too late to remind of.
    pub skipped: usize,
    /// How many reminders could not be seen to this time.
    pub failed: usize,
}

/// Which notifications were deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// How many.
    pub notifications: usize,
    /// How many lists could not be seen to this time.
    pub failed: usize,
}

/// Which appointments never came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// How many were closed.
    pub appointments: usize,
    /// How many could not be seen to this time.
    pub failed: usize,
}

/// Which visits nobody had ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Concluded {
    /// How many were ended.
    pub visits: usize,
    /// How many could not be seen to this time.
    pub failed: usize,
}

/// Which chains of the audit log had moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// How many checkpoints were kept.
    pub checkpoints: usize,
    /// How many chains could not be seen to this time.
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
    /// A bucket could not be written.
    #[error("a bucket could not be written")]
    Objects(#[from] ObjectsError),
    /// A queue took nothing.
    #[error("a queue is out of reach")]
    Queue(#[from] PostError),
    /// Some records could not be seen to.
    #[error("some records could not be seen to: {0}")]
    Unfinished(usize),
}

impl Housekeeping {
    /// Does a chore as of `now`, and begins nothing more at `until`. What is left then is for the
    /// next run.
    pub async fn perform(
        &self,
        chore: Chore,
        now: Timestamp,
        until: Instant,
    ) -> Result<Run, ChoreError> {
        let mut shift = Shift::new(now, until);
        // What all chores together keep in mind is much, so it does not lie in the caller.
        let done = Box::pin(self.work(chore, &mut shift)).await?;
        let is_left = shift.is_left();
        if is_left {
            tracing::warn!(chore = chore.name(), "there was no time for all that was due");
        }
        Ok(Run { done, is_left })
    }

    async fn work(&self, chore: Chore, shift: &mut Shift) -> Result<Done, ChoreError> {
        let Self { store, objects, queues, pepper } = self;
        match chore {
            Chore::Sweep => sweep(store, shift).await.map(Done::Swept),
            Chore::NoShows => no_shows::note(store, shift).await.map(Done::Missed),
            Chore::Offers => offers::pass_on(store, shift).await.map(Done::PassedOn),
            Chore::Files => files::tidy(store, objects, shift).await.map(Done::Tidied),
            Chore::Prescriptions => prescriptions::end(store, shift).await.map(Done::Expired),
            Chore::Pending => pending::release(store, queues, shift).await.map(Done::Released),
            Chore::Reminders => reminders::remind(store, shift).await.map(Done::Reminded),
            Chore::OldNotifications => {
                old_notifications::forget(store, shift).await.map(Done::Forgotten)
            }
            Chore::OldAppointments => old_appointments::close(store, shift).await.map(Done::Closed),
            Chore::Overdue => overdue::conclude(store, shift).await.map(Done::Concluded),
            Chore::Checkpoints => {
                checkpoints::keep(store, objects, pepper, shift).await.map(Done::Kept)
            }
        }
    }
}

impl Done {
    /// How much was done, as a number.
    pub fn count(self) -> usize {
        match self {
            Self::Swept(Swept { codes, sessions, tickets }) => codes + sessions + tickets,
            Self::Missed(done) => done.appointments,
            Self::PassedOn(done) => done.lapsed,
            Self::Tidied(done) => done.late + done.forgotten,
            Self::Expired(done) => done.prescriptions,
            Self::Released(done) => done.told + done.forgotten + done.queued,
            Self::Reminded(done) => done.doses,
            Self::Forgotten(done) => done.notifications,
            Self::Closed(done) => done.appointments,
            Self::Concluded(done) => done.visits,
            Self::Kept(done) => done.checkpoints,
        }
    }

    /// How much could not be seen to this time.
    pub fn failed(self) -> usize {
        match self {
            Self::Swept(_) => 0,
            Self::Missed(Missed { failed, .. })
            | Self::PassedOn(PassedOn { failed, .. })
            | Self::Tidied(Tidied { failed, .. })
            | Self::Expired(Expired { failed, .. })
            | Self::Released(Released { failed, .. })
            | Self::Reminded(Reminded { failed, .. })
            | Self::Forgotten(Forgotten { failed, .. })
            | Self::Closed(Closed { failed, .. })
            | Self::Concluded(Concluded { failed, .. })
            | Self::Kept(Kept { failed, .. }) => failed,
        }
    }

    /// How much it was too late for.
    pub fn skipped(self) -> usize {
        match self {
            Self::Reminded(done) => done.skipped,
            Self::Swept(_)
            | Self::Missed(_)
            | Self::PassedOn(_)
            | Self::Tidied(_)
            | Self::Expired(_)
            | Self::Released(_)
            | Self::Forgotten(_)
            | Self::Closed(_)
            | Self::Concluded(_)
            | Self::Kept(_) => 0,
        }
    }

    /// Complains about what could not be seen to, now that the rest is done.
    pub fn wholly(self) -> Result<Self, ChoreError> {
        match self.failed() {
            0 => Ok(self),
            failed => Err(ChoreError::Unfinished(failed)),
        }
    }
}

async fn sweep(store: &Store, shift: &mut Shift) -> Result<Swept, ChoreError> {
    let codes = sweep_all(Perishable::Codes, "codes", store, shift).await?;
    let sessions = sweep_all(Perishable::Sessions, "sessions", store, shift).await?;
    let tickets = sweep_all(Perishable::Tickets, "tickets", store, shift).await?;
    tracing::info!(
        swept.codes = codes,
        swept.sessions = sessions,
        swept.tickets = tickets,
        "swept"
    );
    Ok(Swept { codes, sessions, tickets })
}

async fn sweep_all(
    what: Perishable,
    kind: &str,
    store: &Store,
    shift: &mut Shift,
) -> Result<usize, ChoreError> {
    let permit = Actor::worker("housekeeping", shift.now).allow(Action::Sweep)?;
    let permit = permit.noting("kind", kind);
    let (mut swept, mut next) = (0, Some(Bookmark::default()));
    while let Some(from) = shift.in_time(next) {
        let (count, rest) = store.sweep().expired(what, shift.now, from, &permit).await?;
        swept += count;
        next = rest;
    }
    Ok(swept)
}
