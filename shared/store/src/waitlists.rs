//! Waitlists, by doctor and day, and who is on them.

use carehub_domain::{
    access::{Guarded, PatientId, Permit},
    booking::Books,
    doctor::{Doctor, DoctorId},
    waitlist::{Wait, Waitlist},
};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    Bookmark, Due, Entity, Key, StoreError, Table, Window, aggregate,
    appointments::{save_books, utc, waitlist_at},
    entity::Expiry,
    key::Partition,
    query::Order,
};

aggregate! {
    /// Who waits for a day of a doctor.
    Waitlists
}

/// How long the waitlist of a day that is over is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many waits of a patient are looked at.
const MOST: u16 = 100;

impl Waitlists<'_> {
    /// Looks up the waitlist of a day. Before anybody waits it is empty.
    pub async fn of_day(
        &self,
        doctor: &Doctor,
        date: Date,
    ) -> Result<Guarded<Waitlist>, StoreError> {
        let found = self.store.find(waitlist_at(doctor.id, date)).await?;
        Ok(Guarded::new(Some(found.unwrap_or_else(|| Waitlist::open(doctor, date)))))
    }

    /// Reads the waitlists of days to come that a patient is on, the earliest first: a hundred at
    /// most. Gives back the doctors as well.
    pub async fn of_patient(
        &self,
        patient: PatientId,
        now: Timestamp,
    ) -> Result<(Vec<Waitlist>, Vec<Doctor>), StoreError> {
        // Somewhere it may still be yesterday.
        let yesterday = utc(now).saturating_sub(1.day());
        let slice = waits_of(patient).between(Mark::KIND, yesterday, Date::MAX);
        let marks =
            self.store.page::<Mark>(slice, Order::OldestFirst, Window::first(MOST)).await?.records;
        let places = marks.iter().map(|mark| waitlist_at(mark.doctor, mark.date));
        let (lists, doctors) =
            (self.store.fetch::<Waitlist>(places.collect()), self.store.doctors());
        let doctors = doctors.several(marks.iter().map(|mark| mark.doctor).collect());
        let (mut lists, doctors) = tokio::try_join!(lists, doctors)?;
        lists.retain(|list| list.wait_of(patient).is_some());
        Ok((lists, doctors))
    }

    /// Puts a patient onto a waitlist. Says whether it did: if somebody was faster, nothing is
    /// written.
    pub async fn join(
        &self,
        wait: Wait<'_>,
        books: &Books,
        permit: &Permit,
    ) -> Result<bool, StoreError> {
        let transaction = self.store.transaction(permit).put(&Mark::of(wait));
        save_books(transaction, books, permit)?.won().await
    }

    /// Takes a patient off a waitlist, and offers what was kept for them to the next. Says
    /// whether it did.
    pub async fn leave(
        &self,
        wait: Wait<'_>,
        books: &Books,
        permit: &Permit,
    ) -> Result<bool, StoreError> {
        let transaction = self.store.transaction(permit).remove(Mark::of(wait).key());
        save_books(transaction, books, permit)?.won().await
    }

    /// Some of the waitlists on which an offer was not taken in time.
    pub async fn lapsed(
        &self,
        now: Timestamp,
        from: Bookmark,
    ) -> Result<Due<Waitlist>, StoreError> {
        self.store.sweep().seen(Table::Scheduling, now, from).await
    }

    /// Saves a waitlist whose offers were passed on. Says whether it did.
    pub async fn pass_on(&self, books: &Books, permit: &Permit) -> Result<bool, StoreError> {
        let transaction = self.store.transaction(permit);
        save_books(transaction, books, permit)?.won().await
    }
}

fn waits_of(patient: PatientId) -> Partition {
    Key::partition(Table::Scheduling, "waits-of", patient)
}

impl Entity for Waitlist {
    const KIND: &'static str = "waitlist";

    fn key(&self) -> Key {
        waitlist_at(self.doctor, self.date)
    }

    fn expiry(&self) -> Option<Expiry> {
        match self.lapses_at() {
            Some(at) => Some(Expiry::Seen(at)),
            None => over(self.date).map(Expiry::Lazily),
        }
    }
}

fn over(date: Date) -> Option<Timestamp> {
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp() + KEPT)
}

/// Leads from a patient to a waitlist they are or were on.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    patient: PatientId,
    doctor: DoctorId,
    date: Date,
}

impl Mark {
    fn of(Wait { list, patient }: Wait<'_>) -> Self {
        Self { patient, doctor: list.doctor, date: list.date }
    }
}

impl Entity for Mark {
    const KIND: &'static str = "wait";

    fn key(&self) -> Key {
        waits_of(self.patient).sort(Self::KIND, format!("{}#{}", self.date, self.doctor))
    }

    fn expiry(&self) -> Option<Expiry> {
        over(self.date).map(Expiry::Lazily)
    }
}
