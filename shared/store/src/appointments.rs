//! Appointments, filed under everyone they concern, and the books that time is taken from.

use std::{
    collections::{BTreeSet, HashMap},
    slice,
};

use carehub_domain::{
    access::{Action, Actor, Denied, Guarded, PatientId, Permit, UserId},
    appointment::{Appointment, AppointmentError, AppointmentId, Kind, PaymentStatus, Status, Way},
    booking::Books,
    care::Assignment,
    diary::{Agenda, Diary, days_around},
    doctor::{Doctor, DoctorId},
    hospital::Hospital,
    patient::{Patient, Roster},
    record::HealthRecord,
    revision::Revised,
    search,
    text::Text,
    waitlist::Waitlist,
};
use futures_util::future::try_join3;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    Bookmark, Due, Entity, Item, Key, Page, StoreError, Table, Window, WriteError, aggregate, care,
    doctors,
    entity::{self, Expiry},
    filing::Refiling,
    hospitals,
    key::{NAMES, Partition, Slice},
    patients,
    query::{Filter, Order},
    records,
    transaction::Transaction,
};

aggregate! {
    /// Who sees whom, and when.
    Appointments
}

/// How long the diary of a day that is over is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How many diaries are read at once: those of a hundred days and the days around them.
const MOST_DAYS: u16 = 104;

/// How many partitions share the appointments that are made in a month.
const SHARDS: u128 = 4;

/// How many appointments ahead are looked at.
const AHEAD: u16 = 100;

/// How many months back the list of the hub looks.
const MONTHS: i64 = 4;

/// Which appointments to list.
#[derive(Clone, Debug, Default)]
pub struct AppointmentFilter {
    /// Only those that have got this far.
    pub status: Option<Status>,
    /// Only those booked in this way.
    pub kind: Option<Kind>,
    /// Only those where people meet in this way.
    pub way: Option<Way>,
    /// Only those whose fee stands so.
    pub payment: Option<PaymentStatus>,
    /// Only those of this patient.
    pub patient: Option<PatientId>,
    /// Only those of this doctor.
    pub doctor: Option<DoctorId>,
    /// Only those where the names of patient, doctor or hospital have a part like this.
    pub text: Option<String>,
    /// None before this day in UTC.
    pub since: Option<Date>,
    /// None behind this day in UTC.
    pub until: Option<Date>,
}

/// What a booking looks at.
#[derive(Debug)]
pub struct Desk {
    /// Whose time it is.
    pub doctor: Guarded<Doctor>,
    /// Who comes.
    pub patient: Guarded<Patient>,
    /// The diaries and what else decides about time.
    pub books: Books,
    /// Whether the doctor cares for the patient already.
    pub is_cared_for: bool,
}

/// A new appointment and what comes with it.
#[derive(Debug)]
pub struct Booked<'a> {
    /// The appointment.
    pub appointment: &'a Appointment,
    /// The books with it.
    pub books: &'a Books,
    /// Who comes.
    pub patient: &'a Patient,
    /// The care that it begins, if the doctor does not care for the patient yet.
    pub care: Option<&'a Assignment>,
}

/// An appointment that takes other time than before.
#[derive(Debug)]
pub struct Moved<'a> {
    /// What it was.
    pub before: &'a Appointment,
    /// What it is.
    pub after: &'a Appointment,
    /// The books as they are then.
    pub books: &'a Books,
}

impl Appointments<'_> {
    /// Looks up an appointment.
    pub async fn find(&self, id: AppointmentId) -> Result<Guarded<Appointment>, StoreError> {
        self.recorded(id).await.map(Guarded::new)
    }

    /// The appointment itself, for counting.
    pub async fn recorded(&self, id: AppointmentId) -> Result<Option<Appointment>, StoreError> {
        self.store.find(at(id)).await
    }

    /// Reads a page of the appointments that concern whoever has this roster, the latest first.
    /// Those of the hub are listed by when they were made, four months back at most.
    pub async fn on(
        &self,
        roster: Roster,
        filter: &AppointmentFilter,
        now: Timestamp,
        window: Window,
    ) -> Result<Page<Appointment>, StoreError> {
        let wanted = filter.expressed();
        match roster.keeper {
            Some(keeper) => {
                let slices = vec![filter.stretch(of(keeper))];
                let page = self.store.merged::<Line>(slices, Order::NewestFirst, window, &wanted);
                Ok(page.await?.map(|line| line.appointment))
            }
            None => {
                let wanted = wanted.at_least("span", filter.since);
                let wanted = wanted.at_most("span", filter.until.map(|day| format!("{day}~")));
                let slices = made_lately(now)
                    .map(|shard| shard.slice(format!("{}#", Appointment::KIND)))
                    .collect();
                self.store.merged(slices, Order::NewestFirst, window, &wanted).await
            }
        }
    }

    /// Reads what concerns a person from the day before `now` on: the next hundred.
    pub async fn ahead_of(
        &self,
        person: UserId,
        now: Timestamp,
    ) -> Result<Vec<Appointment>, StoreError> {
        // Where clocks are behind those of UTC, today has begun yesterday.
        let since = utc(now).yesterday().ok();
        let filter = AppointmentFilter { since, ..AppointmentFilter::default() };
        let slices = vec![filter.stretch(of(person))];
        let (window, filter) = (Window::first(AHEAD), Filter::default());
        let page = self.store.merged::<Line>(slices, Order::OldestFirst, window, &filter);
        Ok(page.await?.records.into_iter().map(|line| line.appointment).collect())
    }

    /// Reads all that a booking on one of these days looks at. A patient's record that was merged
    /// leads to the one that stayed.
    pub async fn desk(
        &self,
        doctor: DoctorId,
        patient: PatientId,
        dates: &[Date],
    ) -> Result<Desk, StoreError> {
        let mark = care::mark(patient, doctor);
        let others = [doctors::at(doctor), patients::at(patient), mark.clone()];
        let mut found = self.read_books(doctor, Some(patient), dates, &others).await?;
        let who: Option<Patient> = found.take(&patients::at(patient))?;
        if let Some(into) = who.as_ref().and_then(Patient::merged_into) {
            return Box::pin(self.desk(doctor, into, dates)).await;
        }
        Ok(Desk {
            doctor: Guarded::new(found.take(&doctors::at(doctor))?),
            patient: Guarded::new(who.filter(Patient::is_current)),
            is_cared_for: found.items.contains_key(&mark),
            books: found.books()?,
        })
    }

    /// Looks up the hospital that a doctor works at, for what an appointment says of it.
    pub async fn house_of(&self, doctor: &Doctor) -> Result<Option<Hospital>, StoreError> {
        match doctor.hospital {
            Some(hospital) => self.store.find(hospitals::at(hospital)).await,
            None => Ok(None),
        }
    }

    /// Reads what an appointment that exists takes its time from, and looks at `dates` as well.
    pub async fn books_of(
        &self,
        appointment: &Appointment,
        doctor: DoctorId,
        dates: &[Date],
    ) -> Result<(Option<Doctor>, Books), StoreError> {
        let dates: Vec<_> = dates.iter().copied().chain([appointment.date()]).collect();
        let place = doctors::at(doctor);
        let mut found = self
            .read_books(doctor, Some(appointment.patient), &dates, slice::from_ref(&place))
            .await?;
        Ok((found.take(&place)?, found.books()?))
    }

    /// Reads a doctor and what is free on these days, but nobody else's diary.
    pub async fn calendar(
        &self,
        doctor: DoctorId,
        dates: &[Date],
    ) -> Result<(Guarded<Doctor>, Books), StoreError> {
        let place = doctors::at(doctor);
        let mut found = self.read_books(doctor, None, dates, slice::from_ref(&place)).await?;
        Ok((Guarded::new(found.take(&place)?), found.books()?))
    }

    /// The same for all days from `first` to `last`, of which there are at most a hundred, without
    /// their waitlists.
    pub async fn calendar_between(
        &self,
        doctor: DoctorId,
        first: Date,
        last: Date,
    ) -> Result<(Guarded<Doctor>, Books), StoreError> {
        let person = doctor.into();
        let days = days_around(first).chain(days_around(last));
        let (before, behind) =
            days.fold((first, last), |(before, behind), day| (before.min(day), behind.max(day)));
        let partition = Key::partition(Table::Scheduling, "diary", person);
        let diaries = partition.between(Diary::KIND, before, behind);
        let all = Window::first(MOST_DAYS);
        let (found, diaries, days_off) = try_join3(
            self.store.find(doctors::at(doctor)),
            self.store.page::<Diary>(diaries, Order::OldestFirst, all),
            self.store.doctors().days_off_between(doctor, first, last),
        )
        .await?;
        let agenda = Agenda::of(person, [], diaries.records);
        Ok((Guarded::new(found), Books::of_doctor(doctor, agenda, days_off, Vec::new())))
    }

    /// Reads what is free on one day of several doctors, without the waitlists: in one batch, if
    /// they are at most twenty-five.
    pub async fn calendars(
        &self,
        doctors: &[DoctorId],
        date: Date,
    ) -> Result<HashMap<DoctorId, Books>, StoreError> {
        let around = Around::of(&[date]);
        let keys = doctors.iter().flat_map(|&doctor| around.of_doctor(doctor));
        let mut items = self.store.gather(&keys.collect::<Vec<_>>()).await?;
        let books = |&doctor: &DoctorId| Ok((doctor, around.books(doctor, None, &mut items)?));
        doctors.iter().map(books).collect()
    }

    /// Reads what the slots of a doctor on these days depend on. Without a patient, nobody's
    /// diary is looked at but the doctor's.
    async fn read_books(
        &self,
        doctor: DoctorId,
        patient: Option<PatientId>,
        dates: &[Date],
        others: &[Key],
    ) -> Result<Found, StoreError> {
        let around = Around::of(dates);
        let keys: Vec<Key> = around
            .of_doctor(doctor)
            .chain(around.waitlists(doctor))
            .chain(patient.into_iter().flat_map(|patient| around.diaries(patient.into())))
            .chain(others.iter().cloned())
            .collect();
        let items = self.store.gather(&keys).await?;
        Ok(Found { doctor, patient, around, items })
    }

    /// Saves a new appointment with the books it was entered into. Says whether it did: if
    /// somebody was faster, nothing is written.
    pub async fn book(&self, booked: &Booked<'_>, permit: &Permit) -> Result<bool, StoreError> {
        let appointment = booked.appointment;
        let permit = about(appointment, booked.care, permit);
        let transaction = enter(self.store.transaction(&permit), appointment, Faster);
        let transaction = with_care(transaction, booked.care, booked.patient);
        let transaction = match appointment.kind {
            Kind::Slot => records::open(transaction, &HealthRecord::of_visit(appointment), Faster),
            Kind::Request | Kind::Consultation | Kind::WalkIn => transaction,
        };
        save_books(transaction, booked.books, &permit)?.won().await
    }

    /// Saves a request for which nobody's time is taken yet.
    pub async fn request(&self, request: &Appointment, permit: &Permit) -> Result<(), StoreError> {
        let permit = about(request, None, permit);
        let transaction = enter(self.store.transaction(&permit), request, Faster);
        // Nobody can have made the same appointment before.
        transaction.won().await.map(drop)
    }

    /// Enters appointments that took place before the hub knew of them, twenty at most, with the
    /// books that show them. Says whether it did.
    pub async fn import(
        &self,
        appointments: &[Appointment],
        books: &Books,
        permit: &Permit,
    ) -> Result<bool, StoreError> {
        let transaction = self.store.transaction(permit);
        let entering = appointments
            .iter()
            .fold(transaction, |transaction, appointment| enter(transaction, appointment, Faster));
        save_books(entering, books, permit)?.won().await
    }

    /// Saves an appointment that got a step further, and the visit if it took place. Says whether
    /// it did.
    pub async fn step(
        &self,
        before: &Appointment,
        after: &Appointment,
        permit: &Permit,
    ) -> Result<bool, StoreError> {
        self.resaved(before, after, None, permit).won().await
    }

    /// Saves what an appointment that nobody changed meanwhile is about.
    pub async fn edit(
        &self,
        before: &Appointment,
        after: &Appointment,
        permit: &Permit,
    ) -> Result<(), WriteError<AppointmentError>> {
        let saved = self.step(before, after, permit).await?;
        saved.then_some(()).ok_or(WriteError::Condition(AppointmentError::Stale))
    }

    /// Saves an appointment that was given to a doctor, with the care that it begins. Says
    /// whether it did.
    pub async fn assign(
        &self,
        before: &Appointment,
        booked: &Booked<'_>,
        permit: &Permit,
    ) -> Result<bool, StoreError> {
        let transaction = self.resaved(before, booked.appointment, booked.care, permit);
        let transaction = with_care(transaction, booked.care, booked.patient);
        save_books(transaction, booked.books, permit)?.won().await
    }

    /// Saves an appointment that was moved or called off with the books that show it, and offers
    /// the time that became free. Says whether it did.
    pub async fn retime(&self, moved: &Moved<'_>, permit: &Permit) -> Result<bool, StoreError> {
        let transaction = self.resaved(moved.before, moved.after, None, permit);
        save_books(transaction, moved.books, permit)?.won().await
    }

    fn resaved(
        &self,
        before: &Appointment,
        after: &Appointment,
        care: Option<&Assignment>,
        permit: &Permit,
    ) -> Transaction<'_, Faster> {
        let permit = stepping(before, after, care, permit);
        advance(self.store.transaction(&permit), before, after, Faster)
    }

    /// Some of the appointments that the hub has to see to by `now`, as nobody else does.
    pub async fn due(
        &self,
        now: Timestamp,
        from: Bookmark,
    ) -> Result<Due<Appointment>, StoreError> {
        self.store.sweep().seen(Table::Scheduling, now, from).await
    }
}

/// The days that a decision looks at.
struct Around {
    /// Civil days of the doctor.
    dates: BTreeSet<Date>,
    /// The days in UTC that they touch.
    days: BTreeSet<Date>,
}

impl Around {
    fn of(dates: &[Date]) -> Self {
        let days = dates.iter().copied().flat_map(days_around).collect();
        Self { dates: dates.iter().copied().collect(), days }
    }

    fn diaries(&self, person: UserId) -> impl Iterator<Item = Key> {
        self.days.iter().map(move |&day| diary_at(person, day))
    }

    fn days_off(&self, doctor: DoctorId) -> impl Iterator<Item = Key> {
        self.dates.iter().map(move |&date| doctors::day_at(doctor, date))
    }

    fn waitlists(&self, doctor: DoctorId) -> impl Iterator<Item = Key> {
        self.dates.iter().map(move |&date| waitlist_at(doctor, date))
    }

    fn of_doctor(&self, doctor: DoctorId) -> impl Iterator<Item = Key> {
        self.diaries(doctor.into()).chain(self.days_off(doctor))
    }

    fn agenda(&self, person: UserId, items: &mut HashMap<Key, Item>) -> Result<Agenda, StoreError> {
        Ok(Agenda::of(person, self.days.iter().copied(), take_all(self.diaries(person), items)?))
    }

    fn books(
        &self,
        doctor: DoctorId,
        patient: Option<PatientId>,
        items: &mut HashMap<Key, Item>,
    ) -> Result<Books, StoreError> {
        let agenda = self.agenda(doctor.into(), items)?;
        let days_off = take_all(self.days_off(doctor), items)?;
        let waitlists = take_all(self.waitlists(doctor), items)?;
        Ok(match patient {
            None => Books::of_doctor(doctor, agenda, days_off, waitlists),
            Some(patient) => {
                let patient = self.agenda(patient.into(), items)?;
                Books::read(agenda, patient, days_off, waitlists)
            }
        })
    }
}

fn take_all<T: Entity>(
    keys: impl Iterator<Item = Key>,
    items: &mut HashMap<Key, Item>,
) -> Result<Vec<T>, StoreError> {
    keys.filter_map(|key| items.remove(&key)).map(entity::decode).collect()
}

/// What was found around the time that a decision is about.
struct Found {
    doctor: DoctorId,
    patient: Option<PatientId>,
    around: Around,
    items: HashMap<Key, Item>,
}

impl Found {
    fn take<T: Entity>(&mut self, key: &Key) -> Result<Option<T>, StoreError> {
        self.items.remove(key).map(entity::decode).transpose()
    }

    fn books(mut self) -> Result<Books, StoreError> {
        self.around.books(self.doctor, self.patient, &mut self.items)
    }
}

/// Somebody was faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Faster;

/// The event names the doctor and the care that began, so that `relay` counts them.
pub(crate) fn about(
    appointment: &Appointment,
    care: Option<&Assignment>,
    permit: &Permit,
) -> Permit {
    let permit = permit.clone().noting("kind", appointment.kind);
    let permit = match appointment.doctor {
        Some(doctor) => permit.noting("doctor", doctor),
        None => permit,
    };
    match care {
        Some(care) => permit.noting("assignment", care.id),
        None => permit,
    }
}

/// The event says from where to where the appointment got.
pub(crate) fn stepping(
    before: &Appointment,
    after: &Appointment,
    care: Option<&Assignment>,
    permit: &Permit,
) -> Permit {
    about(after, care, permit).noting("from", before.status()).noting("to", after.status())
}

/// Adds an appointment that got further to a transaction, and the visit if it took place.
pub(crate) fn advance<'s, E>(
    transaction: Transaction<'s, E>,
    before: &Appointment,
    after: &Appointment,
    otherwise: E,
) -> Transaction<'s, E> {
    let mut after = after.clone();
    let transaction = transaction.replace(&mut after, otherwise);
    let transaction = match (before.visit(), after.visit()) {
        (None, Some(visit)) => transaction.put(&visit),
        _ => transaction,
    };
    Refiling::between(&copies(before), copies(&after)).join(transaction)
}

/// Adds a new appointment to a transaction.
pub(crate) fn enter<'s, E>(
    transaction: Transaction<'s, E>,
    appointment: &Appointment,
    otherwise: E,
) -> Transaction<'s, E> {
    Refiling::first(copies(appointment)).join(transaction.create(appointment, otherwise))
}

fn with_care<'s>(
    transaction: Transaction<'s, Faster>,
    care: Option<&Assignment>,
    patient: &Patient,
) -> Transaction<'s, Faster> {
    match care {
        Some(care) => care::take_up(transaction, care, patient, Faster, Faster),
        None => transaction,
    }
}

/// Adds what has changed in the books to a transaction, and the events that tell those who wait
/// of what they are offered.
pub(crate) fn save_books<'s>(
    transaction: Transaction<'s, Faster>,
    books: &Books,
    permit: &Permit,
) -> Result<Transaction<'s, Faster>, StoreError> {
    let diaries = books.doctor.changes().chain(books.patient.changes());
    let transaction =
        diaries.fold(transaction, |transaction, (before, diary)| save(transaction, before, diary));
    let lists = books.changed_waitlists();
    let transaction =
        lists.fold(transaction, |transaction, (before, list)| save(transaction, before, list));
    let hub = Actor::worker("waitlist", permit.actor().at);
    let waits = books
        .changed_waitlists()
        .flat_map(|(_, list)| books.offered().iter().filter_map(|&patient| list.wait_of(patient)));
    let offers = waits.map(|wait| {
        let permit = hub.authorize(Action::OfferSlot, &wait).map_err(not_permitted)?;
        Ok(permit.noting("date", wait.list.date))
    });
    let offers = offers.collect::<Result<Vec<_>, StoreError>>()?;
    Ok(offers.iter().fold(transaction, Transaction::event))
}

/// Saves a record that must be as it was read.
pub(crate) fn save<'s, T: Entity + Revised + Clone>(
    transaction: Transaction<'s, Faster>,
    before: Option<&T>,
    now: &T,
) -> Transaction<'s, Faster> {
    match before {
        Some(_) => transaction.replace(&mut now.clone(), Faster),
        None => transaction.create(now, Faster),
    }
}

/// The hub was refused what it does itself.
pub(crate) fn not_permitted(denied: Denied) -> StoreError {
    StoreError::Rejected(denied.into())
}

pub(crate) fn utc(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn at(id: AppointmentId) -> Key {
    let millis = i64::try_from(id.ulid().timestamp_ms()).unwrap_or_default();
    let made = Timestamp::from_millisecond(millis).unwrap_or_default();
    made_in(utc(made), id.ulid().random() % SHARDS).sort(Appointment::KIND, id)
}

fn made_in(month: Date, shard: u128) -> Partition {
    let name = month.strftime(&format!("%Y-%m#{shard}")).to_string();
    Key::partition(Table::Scheduling, "appointments", name)
}

fn made_lately(now: Timestamp) -> impl Iterator<Item = Partition> {
    let month = utc(now).first_of_month();
    let months = (0..MONTHS).map(move |back| month.saturating_sub(back.months()));
    months.flat_map(|month| (0..SHARDS).map(move |shard| made_in(month, shard)))
}

fn of(person: UserId) -> Partition {
    Key::partition(Table::Scheduling, "appointments-of", person)
}

pub(crate) fn diary_at(person: UserId, day: Date) -> Key {
    Key::partition(Table::Scheduling, "diary", person).sort(Diary::KIND, day)
}

pub(crate) fn waitlist_at(doctor: DoctorId, date: Date) -> Key {
    Key::partition(Table::Scheduling, "waitlist", doctor).sort(Waitlist::KIND, date)
}

/// An appointment as lists show it, by when it takes place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    appointment: Appointment,
}

/// One line each for the patient, the doctor, the hospital and the coordinator.
fn copies(appointment: &Appointment) -> Vec<(Key, Line)> {
    let Appointment { id, span, patient, doctor, hospital, keeper, .. } = appointment;
    let concerned: BTreeSet<UserId> = [UserId::from(*patient)]
        .into_iter()
        .chain(doctor.map(UserId::from))
        .chain(hospital.map(UserId::from))
        .chain(*keeper)
        .collect();
    let line = Line { appointment: appointment.clone() };
    let place = |person| of(person).sort(Line::KIND, format!("{}#{id}", span.start()));
    concerned.into_iter().map(|person| (place(person), line.clone())).collect()
}

impl AppointmentFilter {
    fn stretch(&self, partition: Partition) -> Slice {
        match (self.since, self.until) {
            (None, None) => partition.slice(format!("{}#", Line::KIND)),
            (since, until) => {
                let first = since.unwrap_or(Date::ZERO);
                partition.between(Line::KIND, first, until.unwrap_or(Date::MAX))
            }
        }
    }

    fn expressed(&self) -> Filter {
        Filter::default()
            .equal("status", self.status)
            .equal("booking", self.kind)
            .equal("way", self.way)
            .equal("payment", self.payment)
            .equal("patient", self.patient)
            .equal("doctor", self.doctor)
            .holding(NAMES, self.text.as_ref().map(|text| search::fold(text)))
    }
}

impl Entity for Appointment {
    const KIND: &'static str = "appointment";

    fn key(&self) -> Key {
        at(self.id)
    }

    fn expiry(&self) -> Option<Expiry> {
        self.due_at().map(Expiry::Seen)
    }

    fn names(&self) -> Option<String> {
        let (doctor, hospital) = (self.doctor_name.as_ref(), self.hospital_name.as_ref());
        let names = [
            Some(self.patient_name.reveal()),
            doctor.map(Text::reveal),
            hospital.map(Text::reveal),
        ];
        let names: Vec<_> = names.into_iter().flatten().collect();
        Some(search::fold(&names.join(" ")))
    }
}

impl Entity for Line {
    const KIND: &'static str = "line";

    fn key(&self) -> Key {
        let Appointment { id, span, patient, .. } = &self.appointment;
        of((*patient).into()).sort(Self::KIND, format!("{}#{id}", span.start()))
    }

    fn names(&self) -> Option<String> {
        self.appointment.names()
    }
}

impl Entity for Diary {
    const KIND: &'static str = "day";

    fn key(&self) -> Key {
        diary_at(self.person, self.day)
    }

    fn expiry(&self) -> Option<Expiry> {
        let over = self.day.to_zoned(TimeZone::UTC).ok()?.timestamp() + KEPT;
        Some(Expiry::Lazily(over))
    }
}
