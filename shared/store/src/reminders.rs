//! Reminders of medicines, filed as documents of the patient.

use std::{collections::BTreeSet, slice};

use carehub_domain::{
    access::{Actor, Guarded, PatientId, Permit, UserId},
    notification::Notification,
    prescription::{ItemId, Prescription},
    reminder::{Reminder, ReminderError, ReminderId},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::{
    Bookmark, Due, Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate,
    entity::Expiry,
    notifications,
    papers::{self, Paper, entries_of, entries_of_hub, publish, supersede},
    transaction::Transaction,
};

aggregate! {
    /// Of which medicines patients want to be reminded.
    Reminders
}

impl Reminders<'_> {
    /// Looks up a reminder. Patients find those for a record that was merged into theirs, too.
    pub async fn find(
        &self,
        id: ReminderId,
        actor: &Actor,
    ) -> Result<Guarded<Reminder>, StoreError> {
        let found = self.recorded(id).await?.filter(|found| found.removed_at.is_none());
        let own = actor.patient().ok();
        let strange = found.as_ref().is_some_and(|it| own.is_some_and(|own| it.patient != own));
        let record = match own.filter(|_| strange) {
            Some(own) => self.store.patients().recorded(own).await?,
            None => None,
        };
        Ok(Guarded::new(found.map(|found| match &record {
            Some(record) => found.in_record_of(record),
            None => found,
        })))
    }

    async fn recorded(&self, id: ReminderId) -> Result<Option<Reminder>, StoreError> {
        self.store.paper(id).await
    }

    /// Reads a page of the reminders of a patient, or else of the hub, newest first.
    pub async fn list(
        &self,
        patient: Option<PatientId>,
        window: Window,
    ) -> Result<Page<Reminder>, StoreError> {
        let keep = |reminder: &Reminder| reminder.removed_at.is_none();
        let Some(patient) = patient else {
            return self.store.papers(entries_of_hub::<Reminder>(), window, keep).await;
        };
        let Some(record) = self.store.patients().current(patient).await? else {
            return Ok(Page::of(Vec::new()));
        };
        let entries = entries_of::<Reminder>(record.parts().into_iter().map(UserId::from));
        let page = self.store.papers(entries, window, keep).await?;
        Ok(page.map(|reminder: Reminder| reminder.in_record_of(&record)))
    }

    /// Those medicines among the ones of `reminders` that are to be taken at `now`.
    pub async fn taken(
        &self,
        reminders: &[Reminder],
        now: Timestamp,
    ) -> Result<BTreeSet<ItemId>, StoreError> {
        let prescriptions: BTreeSet<_> =
            reminders.iter().map(|reminder| reminder.medication().prescription()).collect();
        let keys = prescriptions.into_iter().map(papers::at::<Prescription>).collect();
        let found = self.store.fetch::<Prescription>(keys).await?;
        let taken = found.iter().flat_map(|prescription| prescription.taken(now));
        Ok(taken.map(|item| item.id).collect())
    }

    /// Adds a reminder of a medicine for which there is none, and shows it as it is kept.
    pub async fn create(
        &self,
        reminder: Reminder,
        permit: &Permit,
    ) -> Result<Reminder, WriteError<ReminderError>> {
        let transaction = self.store.transaction(permit);
        match self.recorded(reminder.id).await? {
            Some(found) if found.removed_at.is_none() => {
                Err(WriteError::Condition(ReminderError::Exists))
            }
            Some(removed) => {
                let mut again = reminder.again(&removed);
                let exists = ReminderError::Exists;
                let transaction = supersede(transaction, &removed, &mut again, exists);
                wind(transaction, &again, permit.actor().at).commit().await?;
                Ok(again)
            }
            None => {
                let transaction = publish(transaction, &reminder, ReminderError::Exists);
                wind(transaction, &reminder, permit.actor().at).commit().await?;
                Ok(reminder)
            }
        }
    }

    /// Saves a changed reminder.
    pub async fn save(
        &self,
        before: &Reminder,
        after: &mut Reminder,
        permit: &Permit,
    ) -> Result<(), WriteError<ReminderError>> {
        let transaction = self.store.transaction(permit);
        let transaction = supersede(transaction, before, after, ReminderError::Stale);
        wind(transaction, after, permit.actor().at).commit().await
    }

    /// Some of the clocks that have struck by `now`.
    pub async fn struck(&self, now: Timestamp, from: Bookmark) -> Result<Due<Clock>, StoreError> {
        self.store.sweep().seen(Table::Clinical, now, from).await
    }

    /// The reminder that a clock strikes for, and the patient to remind as their record is now.
    /// `None` if the medicine is not to be taken any more or there is nobody to remind.
    pub async fn behind(
        &self,
        clock: &Clock,
        now: Timestamp,
    ) -> Result<Option<(Reminder, PatientId)>, StoreError> {
        let Some(reminder) = self.recorded(clock.reminder).await? else { return Ok(None) };
        let of_reminder = slice::from_ref(&reminder);
        let patients = self.store.patients();
        let (taken, patient) =
            tokio::try_join!(self.taken(of_reminder, now), patients.current(reminder.patient))?;
        let is_wanted = reminder.next(now).is_some() && taken.contains(&reminder.medication());
        Ok(patient.filter(|_| is_wanted).map(|patient| (reminder, patient.id)))
    }

    /// Tells the patient that it is time, and sets the clock to the next time.
    pub async fn ring(
        &self,
        reminder: &Reminder,
        next: Option<Timestamp>,
        notification: &Notification,
        permit: &Permit,
    ) -> Result<Rang, StoreError> {
        let transaction = Transaction::on(self.store).demand_as_read(reminder, Rang::Changed);
        let transaction = notifications::announce(transaction, notification, permit, Rang::Already);
        match set(transaction, reminder.id, next).commit().await {
            Ok(()) => Ok(Rang::Told),
            Err(WriteError::Condition(rang)) => Ok(rang),
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    /// Sets the clock of a reminder that nobody has changed meanwhile to its next time behind
    /// `now`. A clock is no record but where the hub has got to, so it leaves no event.
    pub async fn wind(&self, reminder: &Reminder, now: Timestamp) -> Result<(), StoreError> {
        let transaction = Transaction::on(self.store).demand_as_read(reminder, Rang::Changed);
        wind(transaction, reminder, now).won().await.map(drop)
    }

    /// Stops a clock that has struck by `now`, for nobody. One that was set anew goes on.
    pub async fn stop(&self, clock: &Clock, now: Timestamp) -> Result<(), StoreError> {
        let transaction = Transaction::on(self.store);
        transaction.sweep(clock.key(), now, Rang::Changed).won().await.map(drop)
    }
}

/// What became of a reminder that was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rang {
    /// The patient was told.
    Told,
    /// Somebody else had told the patient already.
    Already,
    /// The reminder was changed meanwhile, so its clock was set anew.
    Changed,
}

/// Says when a reminder is next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The reminder.
    pub reminder: ReminderId,
    /// When it is time.
    pub next: Timestamp,
}

/// Adds the clock of a reminder to a transaction: when it is time next, or none if never.
fn wind<'s, E>(
    transaction: Transaction<'s, E>,
    reminder: &Reminder,
    now: Timestamp,
) -> Transaction<'s, E> {
    set(transaction, reminder.id, reminder.next(now))
}

fn set<E>(
    transaction: Transaction<'_, E>,
    reminder: ReminderId,
    next: Option<Timestamp>,
) -> Transaction<'_, E> {
    match next {
        Some(next) => transaction.put(&Clock { reminder, next }),
        None => transaction.remove(clock_of(reminder)),
    }
}

fn clock_of(reminder: ReminderId) -> Key {
    papers::beside::<Reminder>(reminder).only(Clock::KIND)
}

impl Entity for Clock {
    const KIND: &'static str = "clock";

    fn key(&self) -> Key {
        clock_of(self.reminder)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Seen(self.next))
    }
}

impl Entity for Reminder {
    const KIND: &'static str = "reminder";

    fn key(&self) -> Key {
        papers::at::<Self>(self.id)
    }
}

impl Paper for Reminder {
    fn ulid(&self) -> Ulid {
        self.id.ulid()
    }

    fn name(&self) -> String {
        self.id.to_string()
    }

    fn readers(&self) -> BTreeSet<UserId> {
        BTreeSet::from([self.patient.into()])
    }
}
