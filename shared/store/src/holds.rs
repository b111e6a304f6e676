//! Slots that are kept for patients for a while.

use std::collections::BTreeSet;

use carehub_domain::{
    access::{PatientId, Permit, UserId},
    booking::Books,
    diary::{Agenda, Diary},
    hold::{Hold, Holds},
};
use jiff::Timestamp;

use crate::{
    Entity, Key, StoreError, Table, aggregate,
    appointments::{diary_at, save, save_books, utc},
    entity::Expiry,
};

aggregate! {
    /// What is kept for patients for a while.
    HeldSlots
}

impl HeldSlots<'_> {
    /// What is kept for a patient at `now`, if anything ever was. What was booked meanwhile is
    /// left out.
    pub async fn find(
        &self,
        patient: PatientId,
        now: Timestamp,
    ) -> Result<Option<Holds>, StoreError> {
        let Some(mut holds) = self.store.find::<Holds>(at(patient)).await? else {
            return Ok(None);
        };
        let page = |hold: &Hold| diary_at(hold.doctor.into(), utc(hold.span.start()));
        let pages = holds.live(now).map(page).collect::<BTreeSet<_>>();
        let pages: Vec<Diary> = self.store.fetch(pages.into_iter().collect()).await?;
        holds.retain(|hold| {
            let person = UserId::from(hold.doctor);
            let diary = pages.iter().filter(|diary| diary.person == person).cloned();
            Agenda::of(person, [], diary).keeps(hold.span, patient, now)
        });
        Ok(Some(holds))
    }

    /// Saves what is kept for a patient, with the books that show it, and offers what became
    /// free. Says whether it did: if somebody was faster, nothing is written.
    pub async fn save(
        &self,
        before: Option<&Holds>,
        holds: &Holds,
        books: &Books,
        permit: &Permit,
    ) -> Result<bool, StoreError> {
        let transaction = save(self.store.transaction(permit), before, holds);
        save_books(transaction, books, permit)?.won().await
    }
}

fn at(patient: PatientId) -> Key {
    Key::partition(Table::Scheduling, "holds", patient).only(Holds::KIND)
}

impl Entity for Holds {
    const KIND: &'static str = "holds";

    fn key(&self) -> Key {
        at(self.patient)
    }

    fn expiry(&self) -> Option<Expiry> {
        self.end().map(Expiry::Lazily)
    }
}
