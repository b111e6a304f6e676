//! Queues, with the tokens of each day beside them.

use carehub_domain::{
    access::{Action, Actor, Guarded, PatientId, Permit},
    appointment::Appointment,
    care::Assignment,
    doctor::{Doctor, DoctorId},
    hospital::Hospital,
    patient::Patient,
    queue::{Day, Queue, QueueError, Token, WalkIn},
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, StoreError, Table, Window, WriteError, aggregate, appointments, care,
    entity::Expiry, key::Partition, query::Order, race::Race, transaction::Transaction,
};

aggregate! {
    /// Who waits for whom without an appointment.
    Queues
}

/// How long a day is remembered.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Queues<'_> {
    /// Looks up the queue of a day with everyone in it. Before anybody comes it is empty.
    pub async fn day(&self, doctor: &Doctor, date: Date) -> Result<Guarded<Day>, StoreError> {
        let (queue, tokens) = self.read(doctor.id, date).await?;
        let queue = queue.unwrap_or_else(|| Queue::open(doctor, date));
        Ok(Guarded::new(Some(Day::of(queue, tokens))))
    }

    /// Who stands in the queue of a day now.
    pub async fn waiting(
        &self,
        doctor: DoctorId,
        date: Date,
    ) -> Result<Vec<PatientId>, StoreError> {
        let slice = of(doctor, date).slice(format!("{}#", Live::KIND));
        let marks = self.store.page::<Live>(slice, Order::OldestFirst, Window::first(u16::MAX));
        Ok(marks.await?.records.into_iter().map(|mark| mark.patient).collect())
    }

    /// Looks up one token.
    pub async fn token(
        &self,
        doctor: DoctorId,
        date: Date,
        number: u32,
    ) -> Result<Guarded<Token>, StoreError> {
        self.store.find(numbered(doctor, date, number)).await.map(Guarded::new)
    }

    /// Gives the next number to somebody who comes, unless they wait already. Gives back the token
    /// and the day with it.
    pub async fn take(
        &self,
        walk_in: &WalkIn,
        doctor: &Doctor,
        patient: &Patient,
        permit: &Permit,
    ) -> Result<(Token, Day), WriteError<QueueError>> {
        let mut race = Race::default();
        loop {
            let (found, mut tokens) = self.open_to(walk_in, patient).await?;
            let (mut queue, token) = match &found {
                Some(queue) => queue.clone().admit(walk_in),
                None => Queue::open(doctor, walk_in.date).admit(walk_in),
            };
            let permit = permit.clone().noting("number", token.number);
            let transaction = self
                .store
                .transaction(&permit)
                .create(&Live::of(&token), QueueError::AlreadyQueued)
                .create(&token, QueueError::Stale);
            let transaction = match &found {
                Some(_) => transaction.replace(&mut queue, QueueError::Stale),
                None => transaction.create(&queue, QueueError::Stale),
            };
            match transaction.commit().await {
                Err(WriteError::Condition(QueueError::Stale)) => race.lost().await?,
                written => {
                    tokens.push(token.clone());
                    return written.map(|()| (token, Day::of(queue, tokens)));
                }
            }
        }
    }

    /// The queue, if anybody came yet, and everyone in it, unless the patient waits there. A
    /// patient whose records were merged may wait under the name of any of them.
    async fn open_to(
        &self,
        walk_in: &WalkIn,
        patient: &Patient,
    ) -> Result<(Option<Queue>, Vec<Token>), WriteError<QueueError>> {
        let WalkIn { doctor, date, .. } = *walk_in;
        let places = patient.parts().into_iter().map(|part| Live::at(doctor, date, part));
        let places: Vec<_> = places.collect();
        let (found, waits) = tokio::try_join!(self.read(doctor, date), self.store.gather(&places))?;
        match waits.is_empty() {
            true => Ok(found),
            false => Err(WriteError::Condition(QueueError::AlreadyQueued)),
        }
    }

    /// Changes a token as `step` says. If somebody else was faster, `step` decides anew; where it
    /// changes nothing, nothing is written.
    pub async fn change(
        &self,
        seen: Token,
        step: impl Fn(Token) -> Result<Token, QueueError>,
        permit: &Permit,
    ) -> Result<Token, WriteError<QueueError>> {
        let (mut race, mut before) = (Race::default(), seen);
        loop {
            let mut token = step(before.clone()).map_err(WriteError::Condition)?;
            if token == before {
                return Ok(token);
            }
            let transaction = self.store.transaction(permit).replace(&mut token, QueueError::Stale);
            match release(transaction, &token).commit().await {
                Err(WriteError::Condition(QueueError::Stale)) => race.lost().await?,
                written => return written.map(|()| token),
            }
            let again = self.store.find(before.key()).await?;
            before = again.ok_or(WriteError::Condition(QueueError::Stale))?;
        }
    }

    /// Calls whoever is next in the queue of a day that was `seen`. They have an appointment then,
    /// and the doctor cares for them. If somebody else was faster, another one is next.
    pub async fn call_next(
        &self,
        seen: Day,
        doctor: &Doctor,
        hospital: Option<&Hospital>,
        permit: &Permit,
    ) -> Result<(Token, Appointment), WriteError<QueueError>> {
        let (mut race, mut day, date) = (Race::default(), seen.clone(), seen.queue().date);
        loop {
            match self.call(day, doctor, hospital, permit).await {
                Err(WriteError::Condition(QueueError::Stale)) => race.lost().await?,
                called => return called,
            }
            let (queue, tokens) = self.read(doctor.id, date).await?;
            let queue = queue.ok_or(WriteError::Condition(QueueError::Empty))?;
            day = Day::of(queue, tokens);
        }
    }

    async fn call(
        &self,
        day: Day,
        doctor: &Doctor,
        hospital: Option<&Hospital>,
        permit: &Permit,
    ) -> Result<(Token, Appointment), WriteError<QueueError>> {
        let by = permit.actor();
        let next = day.next().map_err(WriteError::Condition)?.patient;
        let patient = self.patient(next, by).await?;
        let care = self.care_of(doctor, &patient, by).await?;
        let appointment = Appointment::walk_in(&patient, doctor, hospital, by);
        let called = day.call_next(appointment.id, by.at).map_err(WriteError::Condition)?;
        let (mut queue, mut token) = called;

        let permit = permit.clone().about(patient.id).noting("number", token.number);
        let booking = by.create(Action::CreateAppointment, &appointment);
        let booking = booking.map_err(|denied| StoreError::Rejected(denied.into()))?;
        let transaction = self
            .store
            .transaction(&permit.noting("appointment", appointment.id))
            .event(&appointments::about(&appointment, care.as_ref(), &booking))
            .replace(&mut token, QueueError::Stale)
            .replace(&mut queue, QueueError::Stale);
        let transaction = release(transaction, &token);
        let transaction = appointments::enter(transaction, &appointment, QueueError::Stale);
        let (taken, stale) = (QueueError::Stale, QueueError::Stale);
        let transaction = match &care {
            Some(care) => care::take_up(transaction, care, &patient, taken, stale),
            None => transaction,
        };
        transaction.commit().await?;
        Ok((token, appointment))
    }

    /// Who is next, under the record that may have absorbed theirs.
    async fn patient(&self, id: PatientId, by: &Actor) -> Result<Patient, WriteError<QueueError>> {
        let hub = Actor::worker("queues", by.at);
        let found = self.store.patients().find(id).await?.view(&hub);
        found.map_err(|_| WriteError::Condition(QueueError::PatientGone))
    }

    /// The care that the call begins, unless the doctor cares for the patient already or works
    /// here no more.
    async fn care_of(
        &self,
        doctor: &Doctor,
        patient: &Patient,
        by: &Actor,
    ) -> Result<Option<Assignment>, StoreError> {
        let marks = patient.parts().into_iter().map(|part| care::mark(part, doctor.id));
        let marked = self.store.gather(&marks.collect::<Vec<_>>()).await?;
        let begun = Assignment::begin(patient, doctor, by);
        Ok(begun.ok().filter(|_| marked.is_empty()))
    }

    async fn read(
        &self,
        doctor: DoctorId,
        date: Date,
    ) -> Result<(Option<Queue>, Vec<Token>), StoreError> {
        let slice = of(doctor, date).slice(format!("{}#", Token::KIND));
        let tokens = self.store.page::<Token>(slice, Order::OldestFirst, Window::first(u16::MAX));
        let queue = self.store.find::<Queue>(of(doctor, date).only(Queue::KIND));
        let (queue, tokens) = tokio::try_join!(queue, tokens)?;
        Ok((queue, tokens.records))
    }
}

/// Whoever no longer waits may come again.
fn release<'s, E>(transaction: Transaction<'s, E>, token: &Token) -> Transaction<'s, E> {
    match token.is_live() {
        true => transaction,
        false => transaction.remove(Live::of(token).key()),
    }
}

fn of(doctor: DoctorId, date: Date) -> Partition {
    Key::partition(Table::Scheduling, "queue", format_args!("{doctor}#{date}"))
}

fn numbered(doctor: DoctorId, date: Date, number: u32) -> Key {
    of(doctor, date).sort(Token::KIND, format_args!("{number:06}"))
}

fn expiry(date: Date) -> Option<Expiry> {
    let begin: Timestamp = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    begin.checked_add(KEPT).ok().map(Expiry::Lazily)
}

impl Entity for Queue {
    const KIND: &'static str = "queue";

    fn key(&self) -> Key {
        of(self.doctor, self.date).only(Self::KIND)
    }

    fn expiry(&self) -> Option<Expiry> {
        expiry(self.date)
    }
}

impl Entity for Token {
    const KIND: &'static str = "token";

    fn key(&self) -> Key {
        numbered(self.doctor, self.date, self.number)
    }

    fn expiry(&self) -> Option<Expiry> {
        expiry(self.date)
    }
}

/// Marks a patient as waiting. Its key makes sure that nobody waits twice in one queue.
#[derive(Debug, Serialize, Deserialize)]
struct Live {
    doctor: DoctorId,
    date: Date,
    patient: PatientId,
    number: u32,
}

impl Live {
    fn of(token: &Token) -> Self {
        let Token { doctor, date, patient, number, .. } = *token;
        Self { doctor, date, patient, number }
    }

    fn at(doctor: DoctorId, date: Date, patient: PatientId) -> Key {
        of(doctor, date).sort(Self::KIND, patient)
    }
}

impl Entity for Live {
    const KIND: &'static str = "live";

    fn key(&self) -> Key {
        Self::at(self.doctor, self.date, self.patient)
    }

    fn expiry(&self) -> Option<Expiry> {
        expiry(self.date)
    }
}
