//! Reminders of medicines, filed as documents of the patient.

use std::collections::BTreeSet;

use carehub_domain::{
    access::{Actor, Guarded, PatientId, Permit, UserId},
    prescription::{ItemId, Prescription},
    reminder::{Reminder, ReminderError, ReminderId},
};
use jiff::Timestamp;
use ulid::Ulid;

use crate::{
    Entity, Key, Page, StoreError, Window, WriteError, aggregate,
    papers::{self, Paper, entries_of, entries_of_hub, publish, supersede},
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
                supersede(transaction, &removed, &mut again, exists).commit().await?;
                Ok(again)
            }
            None => {
                publish(transaction, &reminder, ReminderError::Exists).commit().await?;
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
        supersede(transaction, before, after, ReminderError::Stale).commit().await
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
