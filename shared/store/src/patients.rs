//! Patients, on the roster of everyone who knows them.

use std::collections::{BTreeMap, BTreeSet};

use carehub_domain::{
    access::{Guarded, PatientId, Permit, UserId},
    account::{Account, BloodGroup, Gender},
    patient::{Patient, PatientError, Roster},
    search::{self, Place},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, Page, Store, StoreError, Table, Window, WriteError, accounts, aggregate,
    entity::Expiry,
    filing::{Refiling, discard},
    key::Partition,
    query::{Filter, Order},
    transaction::Transaction,
};

aggregate! {
    /// The patients of the hub.
    Patients
}

/// How often a record may have been merged on before something is wrong.
const MERGES: usize = 10;

/// What else than its entries one transaction about a patient writes at most: two patients,
/// an account with all it is found by, and events.
const OTHERS: usize = 40;

/// Which patients to list.
#[derive(Clone, Debug, Default)]
pub struct PatientFilter {
    /// Only this gender.
    pub gender: Option<Gender>,
    /// Only this blood group.
    pub blood_group: Option<BloodGroup>,
    /// Only those born on this day or later.
    pub born_from: Option<Date>,
    /// Only those born on this day or earlier.
    pub born_until: Option<Date>,
    /// Only this city, however it is spelled.
    pub city: Option<String>,
    /// Only this state, however it is spelled.
    pub state: Option<String>,
}

impl Patients<'_> {
    /// Looks up a patient. A record that was merged leads to the one that stayed; one that was
    /// removed leads nowhere.
    pub async fn find(&self, id: PatientId) -> Result<Guarded<Patient>, StoreError> {
        self.current(id).await.map(Guarded::new)
    }

    /// The same, for others of the store that guard what comes with the patient.
    pub(crate) async fn current(&self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        let mut wanted = id;
        for _ in 0..MERGES {
            match self.recorded(wanted).await? {
                Some(patient) => match patient.merged_into() {
                    Some(into) => wanted = into,
                    None => return Ok(Some(patient).filter(Patient::is_current)),
                },
                None => break,
            }
        }
        Ok(None)
    }

    /// The record itself, whatever became of it, for counting and for undoing a merge.
    pub async fn recorded(&self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        self.store.find(at(id)).await
    }

    /// Reads a page of the patients on a roster, newest first.
    pub async fn on(
        &self,
        roster: Roster,
        filter: &PatientFilter,
        window: Window,
    ) -> Result<Page<Patient>, StoreError> {
        let prefix = format!("{LISTED}#");
        let filter = filter.expressed();
        let page = self.entries(roster, prefix, Order::NewestFirst, &filter, window).await?;
        self.follow(roster, page, |_| true).await
    }

    /// Reads a page of the patients on a roster who have a word that begins with the one wanted
    /// in `text`, or a phone that ends with the number in it.
    pub async fn found_by(
        &self,
        text: &str,
        roster: Roster,
        filter: &PatientFilter,
        window: Window,
    ) -> Result<Page<Patient>, StoreError> {
        let Some(word) = search::wanted_patient(text) else {
            return Ok(Page::of(Vec::new()));
        };
        let prefix = format!("{WORD}#{word}");
        let filter = filter.expressed().first_of(&word);
        let page = self.entries(roster, prefix, Order::OldestFirst, &filter, window).await?;
        self.follow(roster, page, |patient| {
            search::words_of_patient(patient).iter().any(|filed| filed.starts_with(&word))
        })
        .await
    }

    /// The patients on a roster who may be the same person as `patient`: those with the same
    /// phone, the same mailbox, or the same name and birthday. At most ten of each.
    pub async fn alike(
        &self,
        roster: Roster,
        patient: &Patient,
    ) -> Result<Vec<Patient>, StoreError> {
        let words = search::words_of_patient(patient).into_iter();
        let contacts = words.filter(|word| word.bytes().any(|b| !b.is_ascii_alphabetic()));
        let born = patient.profile.date_of_birth;
        let same_day = PatientFilter { born_from: born, born_until: born, ..Default::default() };
        // Others may be filed under a mailbox that begins with the name.
        let name = search::wanted(&patient.name.full()).filter(|_| born.is_some());
        let lookups: Vec<_> = contacts
            .map(|word| (format!("{WORD}#{word}#"), Filter::default()))
            .chain(name.map(|word| (format!("{WORD}#{word}"), same_day.expressed())))
            .collect();
        let found = lookups.iter().map(|(prefix, filter)| {
            let (prefix, window) = (prefix.clone(), Window::first(10));
            self.entries(roster, prefix, Order::OldestFirst, filter, window)
        });
        let found = futures_util::future::try_join_all(found).await?;
        let ids: BTreeSet<_> = found
            .into_iter()
            .flat_map(|page| page.records)
            .map(|entry| entry.patient)
            .filter(|id| *id != patient.id)
            .collect();
        let mut alike: Vec<Patient> = self.store.fetch(ids.into_iter().map(at).collect()).await?;
        alike.retain(|other| roster.holds(other) && !patient.likeness(other).is_empty());
        Ok(alike)
    }

    async fn entries(
        &self,
        roster: Roster,
        prefix: String,
        order: Order,
        filter: &Filter,
        window: Window,
    ) -> Result<Page<Entry>, StoreError> {
        let slice = partition(roster).slice(prefix);
        self.store.merged(vec![slice], order, window, filter).await
    }

    /// The records that entries lead to, as far as they still belong there.
    async fn follow(
        &self,
        roster: Roster,
        page: Page<Entry>,
        belongs: impl Fn(&Patient) -> bool,
    ) -> Result<Page<Patient>, StoreError> {
        let ids: BTreeSet<_> = page.records.iter().map(|entry| entry.patient).collect();
        let patients = self.store.fetch::<Patient>(ids.into_iter().map(at).collect()).await?;
        let patients: BTreeMap<_, _> =
            patients.into_iter().map(|patient| (patient.id, patient)).collect();
        let found = page.records.iter().filter_map(|entry| {
            let patient = patients.get(&entry.patient)?;
            (roster.holds(patient) && belongs(patient)).then(|| patient.clone())
        });
        let found = found.collect();
        Ok(page.with(found))
    }

    /// Enters a patient who has no account.
    pub async fn enter(
        &self,
        patient: &Patient,
        permit: &Permit,
    ) -> Result<(), WriteError<PatientError>> {
        let transaction = self.store.transaction(permit).create(patient, PatientError::Stale);
        file(transaction, patient).commit().await
    }

    /// Enters up to ten patients whose records come from elsewhere, with one event for all of
    /// them. Statistics count each with its next change.
    pub async fn import(
        &self,
        patients: &[Patient],
        permit: &Permit,
    ) -> Result<(), WriteError<PatientError>> {
        let transaction = self.store.transaction(permit);
        let entering = patients.iter().fold(transaction, |transaction, patient| {
            file(transaction.create(patient, PatientError::Stale), patient)
        });
        entering.commit().await
    }

    /// Saves a changed patient, who was `before`, and with them what their account says of the
    /// same person.
    pub async fn save(
        &self,
        before: &Patient,
        patient: &mut Patient,
        permit: &Permit,
    ) -> Result<(), WriteError<PatientError>> {
        let mut refiling = Refiling::between(&entries(before), entries(patient));
        let late = refiling.fit(OTHERS, self.store).await?;
        let mut transaction = self.store.transaction(permit).replace(patient, PatientError::Stale);
        if let Some(account) = self.account_behind(before, patient).await? {
            let mut changed = account.clone();
            changed.follow_patient(patient);
            transaction =
                accounts::resave(transaction, &account, &mut changed, PatientError::Stale);
        }
        refiling.join(transaction).commit().await?;
        Ok(discard(late, self.store).await?)
    }

    /// Saves two records of which one was merged into the other, or freed from it.
    pub async fn save_both(
        &self,
        (before, patient): (&Patient, &mut Patient),
        (other_before, other): (&Patient, &mut Patient),
        permit: &Permit,
    ) -> Result<(), WriteError<PatientError>> {
        let was = [entries(before), entries(other_before)].concat();
        let mut refiling = Refiling::between(&was, [entries(patient), entries(other)].concat());
        let late = refiling.fit(OTHERS, self.store).await?;
        let transaction = self
            .store
            .transaction(permit)
            .replace(patient, PatientError::Stale)
            .replace(other, PatientError::Stale);
        refiling.join(transaction).commit().await?;
        Ok(discard(late, self.store).await?)
    }

    /// The account of a patient, if the change is about what both say.
    async fn account_behind(
        &self,
        before: &Patient,
        patient: &Patient,
    ) -> Result<Option<Account>, StoreError> {
        let Some(account) = patient.account else { return Ok(None) };
        if before.is_the_same_person_as(patient) {
            return Ok(None);
        }
        self.store.find(accounts::at(account)).await
    }
}

impl Store {
    /// Begins a transaction that writes down something about a patient. If it tells of an allergy,
    /// that there are none is no longer known of the patient.
    pub(crate) async fn transaction_about<E>(
        &self,
        patient: PatientId,
        tells_of_allergy: bool,
        permit: &Permit,
        stale: E,
    ) -> Result<Transaction<'_, E>, StoreError> {
        let patient = match tells_of_allergy {
            true => self.patients().current(patient).await?,
            false => None,
        };
        let doubted = patient.and_then(|patient| patient.doubt_no_allergies(permit.actor().at));
        Ok(match doubted {
            Some(mut patient) => {
                let permit = permit.clone();
                let permit = permit.noting("allergy_status", patient.health.allergy_status);
                self.transaction(&permit).replace(&mut patient, stale)
            }
            None => self.transaction(permit),
        })
    }
}

/// Adds the record of a patient whose account opens to a transaction.
pub(crate) fn enter<'s, E>(
    transaction: Transaction<'s, E>,
    patient: &Patient,
) -> Transaction<'s, E> {
    file(transaction.put(patient), patient)
}

/// Adds what follows from a change of their account to a transaction, as far as it fits. What
/// is given back is to go afterwards.
pub(crate) async fn follow<'s, E>(
    transaction: Transaction<'s, E>,
    before: &Patient,
    patient: &mut Patient,
    stale: E,
    store: &Store,
) -> Result<(Transaction<'s, E>, Vec<Key>), StoreError> {
    let mut refiling = Refiling::between(&entries(before), entries(patient));
    let late = refiling.fit(OTHERS, store).await?;
    Ok((refiling.join(transaction.replace(patient, stale)), late))
}

/// Adds what follows from a change of who knows them to a transaction.
pub(crate) fn resave<'s, E>(
    transaction: Transaction<'s, E>,
    before: &Patient,
    patient: &mut Patient,
    stale: E,
) -> Transaction<'s, E> {
    let transaction = transaction.replace(patient, stale);
    Refiling::between(&entries(before), entries(patient)).join(transaction)
}

/// Everything an account's record leaves when it is erased.
pub(crate) fn erase<'s, E>(
    transaction: Transaction<'s, E>,
    patient: &Patient,
) -> Transaction<'s, E> {
    Refiling::last(&entries(patient)).join(transaction.remove(patient.key()))
}

fn file<'s, E>(transaction: Transaction<'s, E>, patient: &Patient) -> Transaction<'s, E> {
    Refiling::first(entries(patient)).join(transaction)
}

pub(crate) fn under(patient: PatientId) -> Partition {
    Key::partition(Table::Clinical, "patient", patient)
}

pub(crate) fn at(patient: PatientId) -> Key {
    under(patient).only(Patient::KIND)
}

impl Entity for Patient {
    const KIND: &'static str = "patient";

    fn key(&self) -> Key {
        at(self.id)
    }

    fn expiry(&self) -> Option<Expiry> {
        self.kept_until().map(Expiry::Lazily)
    }
}

const LISTED: &str = "listed";
const WORD: &str = "word";

/// Files a patient on a roster, by age or under a word, with what lists are narrowed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    patient: PatientId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keeper: Option<UserId>,
    #[serde(flatten)]
    place: Place,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gender: Option<Gender>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blood_group: Option<BloodGroup>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    born: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

/// All entries of a patient: by age and by word, on the roster of the hub and of everyone who
/// knows them. Nothing leads to a record that is gone.
fn entries(patient: &Patient) -> Vec<(Key, Entry)> {
    let profile = &patient.profile;
    let fold = |text: &str| search::fold(text);
    let places = search::places(search::words_of_patient(patient));
    let hub = patient.is_current().then_some(None);
    let keepers = hub.into_iter().chain(patient.known_to().map(Some));
    let entries = keepers.flat_map(|keeper| {
        places.iter().map(move |place| Entry {
            patient: patient.id,
            keeper,
            place: place.clone(),
            gender: profile.gender,
            blood_group: profile.blood_group,
            born: profile.date_of_birth,
            city: profile.city.as_ref().map(|city| fold(city.reveal())),
            state: profile.state.as_ref().map(|state| fold(state.reveal())),
        })
    });
    entries.map(|entry| (entry.key(), entry)).collect()
}

pub(crate) fn partition(Roster { keeper }: Roster) -> Partition {
    let keeper = keeper.map_or_else(|| "hub".to_owned(), |keeper| keeper.to_string());
    Key::partition(Table::Clinical, "roster", keeper)
}

impl Entity for Entry {
    const KIND: &'static str = "roster-entry";

    fn key(&self) -> Key {
        let roster = partition(Roster { keeper: self.keeper });
        match &self.place.word {
            None => roster.sort(LISTED, self.patient),
            Some(word) => roster.sort(WORD, format!("{word}#{}", self.patient)),
        }
    }
}

impl PatientFilter {
    fn expressed(&self) -> Filter {
        let fold = |text: &String| search::fold(text);
        Filter::default()
            .equal("gender", self.gender)
            .equal("blood_group", self.blood_group)
            .at_least("born", self.born_from)
            .at_most("born", self.born_until)
            .equal("city", self.city.as_ref().map(fold))
            .equal("state", self.state.as_ref().map(fold))
    }
}
