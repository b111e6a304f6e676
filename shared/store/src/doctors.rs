//! Doctors, filed under their hospital if they have one.

use std::{collections::BTreeSet, fmt::Display};

use carehub_domain::{
    access::{Guarded, Permit, UserId},
    account::Account,
    census::field_name,
    department::DepartmentId,
    doctor::{
        Doctor, DoctorError, DoctorId, Education, EducationId, Experience, ExperienceId, Fee, Years,
    },
    hospital::{Hospital, HospitalId},
    schedule::{DayOff, ScheduleError},
    search::{self, Place},
    text::Text,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, Opening, Page, StoreError, Table, Window, WriteError, accounts, aggregate,
    departments, entity,
    filing::Refiling,
    hospitals,
    key::Partition,
    query::{Filter, Order},
    transaction::Transaction,
};

aggregate! {
    /// The doctors of the hub.
    Doctors
}

/// Which doctors of the directory to list.
#[derive(Clone, Debug, Default)]
pub struct DoctorFilter {
    /// Only this field of medicine, however it is spelled.
    pub specialization: Option<Text<100>>,
    /// Only this narrower field, however it is spelled.
    pub sub_specialization: Option<String>,
    /// Only this city, however it is spelled.
    pub city: Option<String>,
    /// Only this state, however it is spelled.
    pub state: Option<String>,
    /// Only those who speak this language.
    pub language: Option<String>,
    /// Only those who ask for at least this.
    pub min_fee: Option<Fee>,
    /// Only those who ask for at most this.
    pub max_fee: Option<Fee>,
    /// Only those who have practised for at least this long.
    pub min_experience: Option<Years>,
    /// Only those who have practised for at most this long.
    pub max_experience: Option<Years>,
    /// Only those with at least this rating, in hundredths.
    pub min_rating: Option<u32>,
    /// Only those who see patients by video or phone.
    pub online: bool,
    /// Only those who take new patients.
    pub available: bool,
}

/// Who looks at the directory, which decides whether unverified doctors are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// Somebody who looks for a doctor to see.
    Patient,
    /// Somebody who also sees the doctors whom they entered themselves.
    Member(UserId),
    /// Somebody who sees everyone.
    Admin {
        /// Only those who are verified, or only those who are not.
        verified: Option<bool>,
    },
}

impl Doctors<'_> {
    /// Looks up a doctor.
    pub async fn find(&self, id: DoctorId) -> Result<Guarded<Doctor>, StoreError> {
        self.recorded(id).await.map(Guarded::new)
    }

    /// The record itself, for counting and for rating.
    pub async fn recorded(&self, id: DoctorId) -> Result<Option<Doctor>, StoreError> {
        self.store.find(at(id)).await
    }

    /// Reads a page of the directory, oldest first, with the hospitals that they work at.
    pub async fn directory(
        &self,
        visitor: Visitor,
        filter: &DoctorFilter,
        window: Window,
    ) -> Result<(Page<Doctor>, Vec<Hospital>), StoreError> {
        self.on_shelves(visitor, format!("{LISTED}#"), filter, &filter.expressed(), window).await
    }

    /// Reads a page of those in the directory who have a word that begins with the one wanted
    /// in `text`.
    pub async fn found_by(
        &self,
        text: &str,
        visitor: Visitor,
        filter: &DoctorFilter,
        window: Window,
    ) -> Result<(Page<Doctor>, Vec<Hospital>), StoreError> {
        match search::wanted(text) {
            Some(word) => {
                let first = filter.expressed().first_of(&word);
                self.on_shelves(visitor, format!("{WORD}#{word}"), filter, &first, window).await
            }
            None => Ok((Page::of(Vec::new()), Vec::new())),
        }
    }

    async fn on_shelves(
        &self,
        visitor: Visitor,
        prefix: String,
        wanted: &DoctorFilter,
        filter: &Filter,
        window: Window,
    ) -> Result<(Page<Doctor>, Vec<Hospital>), StoreError> {
        let public = match &wanted.specialization {
            Some(field) => Shelf::Field(field_name(field)),
            None => Shelf::All,
        };
        let shelves = match visitor {
            Visitor::Patient => vec![public],
            Visitor::Member(user) => vec![public, Shelf::EnteredBy(user)],
            Visitor::Admin { verified: None } => vec![public, Shelf::Unverified],
            Visitor::Admin { verified: Some(true) } => vec![public],
            Visitor::Admin { verified: Some(false) } => vec![Shelf::Unverified],
        };
        let slices = shelves.iter().map(|shelf| shelf.partition().slice(&prefix)).collect();
        let page = self.store.merged::<Entry>(slices, Order::OldestFirst, window, filter).await?;
        let entries = &page.records;
        let doctors: BTreeSet<_> = entries.iter().map(|entry| entry.doctor).collect();
        let hospitals: BTreeSet<_> = entries.iter().filter_map(|entry| entry.hospital).collect();
        let keys: Vec<Key> = doctors
            .iter()
            .map(|&id| at(id))
            .chain(hospitals.iter().map(|&id| hospitals::at(id)))
            .collect();
        let mut found = self.store.gather(&keys).await?;
        let houses = hospitals.into_iter().filter_map(|id| found.remove(&hospitals::at(id)));
        let houses = houses.map(entity::decode).collect::<Result<_, _>>()?;
        let in_order = entries.iter().filter_map(|entry| found.remove(&at(entry.doctor)));
        let in_order = in_order.map(entity::decode).collect::<Result<_, _>>()?;
        Ok((page.with(in_order), houses))
    }

    /// Enters a doctor who has no account into the directory.
    pub async fn list(
        &self,
        doctor: &Doctor,
        permit: &Permit,
    ) -> Result<(), WriteError<DoctorError>> {
        let transaction = demand_department(self.store.transaction(permit), doctor);
        let transaction = claim(transaction, doctor);
        file_first(transaction.create(doctor, DoctorError::Stale), doctor).commit().await
    }

    /// Reads a page of the doctors who work at a hospital now, oldest first.
    pub async fn at_hospital(
        &self,
        hospital: HospitalId,
        window: Window,
    ) -> Result<Page<Doctor>, StoreError> {
        let slice = hospitals::under(hospital).slice(format!("{PRESENT}#"));
        self.store.page(slice, Order::OldestFirst, window).await
    }

    /// Reads a page of the doctors who work or worked at a hospital: first those who do.
    pub async fn ever_at_hospital(
        &self,
        hospital: HospitalId,
        window: Window,
    ) -> Result<Page<Doctor>, StoreError> {
        let slice = hospitals::under(hospital).slice(PRESENT);
        self.store.page(slice, Order::OldestFirst, window).await
    }

    /// Adds a doctor to a hospital, with an account whose password is handed out once.
    pub async fn employ(
        &self,
        doctor: &Doctor,
        opening: Opening<'_>,
        permit: &Permit,
        password_permit: &Permit,
    ) -> Result<(), WriteError<DoctorError>> {
        let transaction = self.store.transaction(permit).event(password_permit);
        let transaction = demand_department(transaction, doctor);
        let transaction = claim(transaction, doctor);
        let opening = Opening { doctor: Some(doctor), ..opening };
        accounts::open(transaction, &opening, DoctorError::UsernameTaken).commit().await
    }

    /// Saves a changed doctor, who was `before`, and with them what their account says of the
    /// same person.
    pub async fn save(
        &self,
        before: &Doctor,
        doctor: &mut Doctor,
        permit: &Permit,
    ) -> Result<(), WriteError<DoctorError>> {
        let account = self.account_behind(before, doctor).await?;
        let changed = account.as_ref().map(|account| {
            let mut changed = account.clone();
            changed.follow_doctor(before, doctor, permit.actor());
            changed
        });
        let opened = changed.as_ref().map(Account::is_active);
        let permit = match (account.as_ref().map(Account::is_active), opened) {
            (Some(was), Some(is)) if was != is => permit.clone().noting("account_open", is),
            _ => permit.clone(),
        };
        let mut transaction = self.store.transaction(&permit);
        if before.practice.department != doctor.practice.department {
            transaction = demand_department(transaction, doctor);
        }
        let (old, new) = (Licence::of(before), Licence::of(doctor));
        if old != new {
            if let Some(old) = old {
                transaction = transaction.remove(old.key());
            }
            if let Some(new) = new {
                transaction = transaction.create(&new, DoctorError::LicenceTaken);
            }
        }
        if let (Some(account), Some(mut changed)) = (account, changed) {
            let stale = DoctorError::Stale;
            transaction = accounts::resave(transaction, &account, &mut changed, stale);
        }
        resave(transaction, before, doctor, DoctorError::Stale).commit().await
    }

    /// Saves the rating of a doctor, who was `before`.
    pub async fn rate(
        &self,
        before: &Doctor,
        doctor: &mut Doctor,
        permit: &Permit,
    ) -> Result<(), WriteError<DoctorError>> {
        let transaction = self.store.transaction(permit);
        resave(transaction, before, doctor, DoctorError::Stale).commit().await
    }

    /// The account of a doctor, if the change is about what both say.
    async fn account_behind(
        &self,
        before: &Doctor,
        doctor: &Doctor,
    ) -> Result<Option<Account>, StoreError> {
        match doctor.account() {
            Some(account) if !before.is_the_same_person_as(doctor) => {
                self.store.find(accounts::at(account)).await
            }
            _ => Ok(None),
        }
    }

    /// Reads where a doctor learnt, oldest entry first. There are at most a hundred.
    pub async fn education(&self, doctor: DoctorId) -> Result<Vec<Education>, StoreError> {
        self.career(doctor).await
    }

    /// Reads where a doctor worked, oldest entry first. There are at most a hundred.
    pub async fn experience(&self, doctor: DoctorId) -> Result<Vec<Experience>, StoreError> {
        self.career(doctor).await
    }

    async fn career<T: Stage>(&self, doctor: DoctorId) -> Result<Vec<T>, StoreError> {
        let slice = under(doctor).slice(format!("{}#", T::KIND));
        Ok(self.store.page(slice, Order::OldestFirst, Window::first(100)).await?.records)
    }

    /// Looks up one entry of a doctor's career.
    pub async fn stage<T: Stage>(
        &self,
        doctor: DoctorId,
        id: T::Id,
    ) -> Result<Option<T>, StoreError> {
        self.store.find(under(doctor).sort(T::KIND, id)).await
    }

    /// Adds or overwrites an entry of a doctor's career.
    pub async fn put_stage<T: Stage>(&self, stage: &T, permit: &Permit) -> Result<(), StoreError> {
        self.store.transaction(permit).put(stage).commit().await.map_err(WriteError::only_store)
    }

    /// Removes an entry of a doctor's career.
    pub async fn drop_stage<T: Stage>(&self, stage: &T, permit: &Permit) -> Result<(), StoreError> {
        let transaction = self.store.transaction(permit).remove(stage.key());
        transaction.commit().await.map_err(WriteError::only_store)
    }

    /// Reads the days of a doctor that differ from the week, earliest first: at most 400 from
    /// `since` on.
    pub async fn days_off(&self, doctor: DoctorId, since: Date) -> Result<Vec<DayOff>, StoreError> {
        let slice = under(doctor).slice(format!("{}#", DayOff::KIND));
        let behind = Filter::default().at_least("date", Some(since));
        let days = self.store.merged(vec![slice], Order::OldestFirst, Window::first(400), &behind);
        Ok(days.await?.records)
    }

    /// Reads the days from `first` to `last` that differ from the week, earliest first: at most a
    /// hundred.
    pub(crate) async fn days_off_between(
        &self,
        doctor: DoctorId,
        first: Date,
        last: Date,
    ) -> Result<Vec<DayOff>, StoreError> {
        let slice = under(doctor).between(DayOff::KIND, first, last);
        Ok(self.store.page(slice, Order::OldestFirst, Window::first(100)).await?.records)
    }

    /// Looks up the hours of one day that differs.
    pub async fn day_off(
        &self,
        doctor: DoctorId,
        date: Date,
    ) -> Result<Option<DayOff>, StoreError> {
        self.store.find(day_at(doctor, date)).await
    }

    /// Gives a day hours of its own. It must have none yet.
    pub async fn add_day_off(
        &self,
        day: &DayOff,
        permit: &Permit,
    ) -> Result<(), WriteError<ScheduleError>> {
        self.store.transaction(permit).create(day, ScheduleError::DayTaken).commit().await
    }

    /// Changes the hours of a day.
    pub async fn change_day_off(
        &self,
        day: &mut DayOff,
        permit: &Permit,
    ) -> Result<(), WriteError<ScheduleError>> {
        self.store.transaction(permit).replace(day, ScheduleError::Stale).commit().await
    }

    /// Lets a day be like every week again.
    pub async fn drop_day_off(
        &self,
        day: &DayOff,
        permit: &Permit,
    ) -> Result<(), WriteError<ScheduleError>> {
        self.store.transaction(permit).retire(day, ScheduleError::Stale).commit().await
    }

    /// The doctors themselves, to be named beside what leads to them. Those that are gone are
    /// left out.
    pub async fn several(&self, ids: BTreeSet<DoctorId>) -> Result<Vec<Doctor>, StoreError> {
        self.store.fetch(ids.into_iter().map(at).collect()).await
    }
}

/// Adds a doctor to a transaction.
pub(crate) fn enter<'s, E>(transaction: Transaction<'s, E>, doctor: &Doctor) -> Transaction<'s, E> {
    file_first(transaction.put(doctor), doctor)
}

/// Adds a changed doctor, who was `before`, to a transaction.
pub(crate) fn resave<'s, E>(
    transaction: Transaction<'s, E>,
    before: &Doctor,
    doctor: &mut Doctor,
    stale: E,
) -> Transaction<'s, E> {
    let was = listed(before).map(|place| (place, before.clone()));
    let transaction = transaction.replace(doctor, stale);
    let is = listed(doctor).map(|place| (place, doctor.clone()));
    let lists = Refiling::between(&was.into_iter().collect::<Vec<_>>(), is.into_iter().collect());
    Refiling::between(&entries(before), entries(doctor)).join(lists.join(transaction))
}

fn file_first<'s, E>(transaction: Transaction<'s, E>, doctor: &Doctor) -> Transaction<'s, E> {
    let list = listed(doctor).map(|place| (place, doctor.clone()));
    let transaction = Refiling::first(list.into_iter().collect()).join(transaction);
    Refiling::first(entries(doctor)).join(transaction)
}

/// The licence of a new doctor must not be in use at the hospital.
fn claim<'s>(
    transaction: Transaction<'s, DoctorError>,
    doctor: &Doctor,
) -> Transaction<'s, DoctorError> {
    match Licence::of(doctor) {
        Some(licence) => transaction.create(&licence, DoctorError::LicenceTaken),
        None => transaction,
    }
}

/// The department must be one of the doctor's own hospital.
fn demand_department<'s>(
    transaction: Transaction<'s, DoctorError>,
    doctor: &Doctor,
) -> Transaction<'s, DoctorError> {
    match (doctor.practice.department, doctor.hospital) {
        (None, _) => transaction,
        (Some(department), hospital) => {
            transaction.demand(home(hospital, department), DoctorError::DepartmentUnknown)
        }
    }
}

/// Where a department of `hospital` is. Those without a hospital have none.
fn home(hospital: Option<HospitalId>, department: DepartmentId) -> Key {
    departments::listed(hospital.unwrap_or_else(|| department.ulid().into()), department)
}

fn under(id: DoctorId) -> Partition {
    Key::partition(Table::Directory, "doctor", id)
}

pub(crate) fn at(id: DoctorId) -> Key {
    under(id).only(Doctor::KIND)
}

pub(crate) fn day_at(doctor: DoctorId, date: Date) -> Key {
    under(doctor).sort(DayOff::KIND, date)
}

/// How those who work at a hospital are filed there. What former ones are filed under
/// begins the same, so that one query reads both.
const PRESENT: &str = "doctor";
const FORMER: &str = "doctor-former";

fn listed(doctor: &Doctor) -> Option<Key> {
    let kind = if doctor.is_active { PRESENT } else { FORMER };
    Some(hospitals::under(doctor.hospital?).sort(kind, doctor.id))
}

impl Entity for Doctor {
    const KIND: &'static str = "doctor";

    fn key(&self) -> Key {
        at(self.id)
    }
}

impl Entity for DayOff {
    const KIND: &'static str = "day-off";

    fn key(&self) -> Key {
        day_at(self.doctor, self.date)
    }
}

/// An entry of a doctor's career.
#[expect(private_bounds, reason = "how records are kept is the store's own affair")]
pub trait Stage: Entity {
    /// What identifies it.
    type Id: Display;
}

macro_rules! stages {
    ($($stage:ident $id:ident $kind:literal,)+) => {$(
        impl Stage for $stage {
            type Id = $id;
        }

        impl Entity for $stage {
            const KIND: &'static str = $kind;

            fn key(&self) -> Key {
                under(self.doctor).sort($kind, self.id)
            }
        }
    )+};
}

stages! {
    Education EducationId "education",
    Experience ExperienceId "experience",
}

const LISTED: &str = "listed";
const WORD: &str = "word";

/// A part of the directory. A doctor who is verified stands on the first two, others on the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Shelf {
    All,
    Field(String),
    Unverified,
    EnteredBy(UserId),
}

impl Shelf {
    fn partition(&self) -> Partition {
        let place = |name: String| Key::partition(Table::Directory, "directory", name);
        match self {
            Self::All => place("all".to_owned()),
            Self::Field(field) => place(format!("field#{field}")),
            Self::Unverified => place("unverified".to_owned()),
            Self::EnteredBy(user) => place(format!("by#{user}")),
        }
    }

    fn all_of(doctor: &Doctor) -> Vec<Self> {
        if !doctor.is_active {
            return Vec::new();
        }
        if doctor.verified.is_some() {
            let field = doctor.practice.specialization.as_ref().map(field_name);
            return std::iter::once(Self::All).chain(field.map(Self::Field)).collect();
        }
        let by = doctor.created_by.map(Self::EnteredBy);
        std::iter::once(Self::Unverified).chain(by).collect()
    }
}

/// Files a doctor on a shelf, by age or under a word, with what lists are narrowed by. Numbers
/// have a fixed width, so that they compare as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    doctor: DoctorId,
    shelf: Shelf,
    #[serde(flatten)]
    place: Place,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hospital: Option<HospitalId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    narrower: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    languages: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fee: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    experience: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rating: Option<String>,
    online: String,
    available: String,
}

fn fixed(number: impl Into<u32>) -> String {
    format!("{:010}", number.into())
}

fn entries(doctor: &Doctor) -> Vec<(Key, Entry)> {
    let practice = &doctor.practice;
    let fold = |text: &Text<100>| search::fold(text.reveal());
    let places = search::places(search::words_of_doctor(doctor));
    let entries = Shelf::all_of(doctor).into_iter().flat_map(|shelf| {
        places.iter().map(move |place| Entry {
            doctor: doctor.id,
            shelf: shelf.clone(),
            place: place.clone(),
            hospital: doctor.hospital,
            field: practice.specialization.as_ref().map(field_name),
            narrower: practice.sub_specialization.as_ref().map(fold),
            city: practice.city.as_ref().map(fold),
            state: practice.state.as_ref().map(fold),
            languages: practice.languages.iter().map(|name| search::fold(name.reveal())).collect(),
            fee: practice.consultation_fee.map(|fee| fixed(fee.cents())),
            experience: practice.years_of_experience.map(|years| fixed(u16::from(years))),
            rating: doctor.rating.hundredths().map(fixed),
            online: practice.is_online.to_string(),
            available: (!practice.is_unavailable).to_string(),
        })
    });
    entries.map(|entry| (entry.key(), entry)).collect()
}

impl Entity for Entry {
    const KIND: &'static str = "directory-entry";

    fn key(&self) -> Key {
        let shelf = self.shelf.partition();
        match &self.place.word {
            None => shelf.sort(LISTED, self.doctor),
            Some(word) => shelf.sort(WORD, format!("{word}#{}", self.doctor)),
        }
    }
}

impl DoctorFilter {
    fn expressed(&self) -> Filter {
        let fold = |text: &String| search::fold(text);
        Filter::default()
            .equal("field", self.specialization.as_ref().map(field_name))
            .equal("narrower", self.sub_specialization.as_ref().map(fold))
            .equal("city", self.city.as_ref().map(fold))
            .equal("state", self.state.as_ref().map(fold))
            .holding("languages", self.language.as_ref().map(fold))
            .at_least("fee", self.min_fee.map(|fee| fixed(fee.cents())))
            .at_most("fee", self.max_fee.map(|fee| fixed(fee.cents())))
            .at_least("experience", self.min_experience.map(|years| fixed(u16::from(years))))
            .at_most("experience", self.max_experience.map(|years| fixed(u16::from(years))))
            .at_least("rating", self.min_rating.map(fixed))
            .equal("online", self.online.then_some(true))
            .equal("available", self.available.then_some(true))
    }
}

/// Marks a licence as in use within a hospital. Its key is the uniqueness constraint.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Licence {
    hospital: HospitalId,
    folded: String,
}

impl Licence {
    fn of(doctor: &Doctor) -> Option<Self> {
        let number = doctor.practice.license_number.as_ref()?;
        Some(Self { hospital: doctor.hospital?, folded: search::fold(number.reveal()) })
    }
}

impl Entity for Licence {
    const KIND: &'static str = "licence-of-doctor";

    fn key(&self) -> Key {
        hospitals::under(self.hospital).sort(Self::KIND, &self.folded)
    }
}
