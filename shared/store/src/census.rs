//! What statistics count: sheets of numbers, and what each record adds to them.

use std::collections::BTreeMap;

use carehub_domain::{
    Revision,
    census::{Facts, Share, Sheet, difference},
    event::Reference,
    failures,
    revision::Revised,
};
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, StoreError, Table, Window, WriteError, aggregate, entity,
    key::{Partition, Slice},
    query::Order,
    totals,
    transaction::Transaction,
};

aggregate! {
    /// The sheets that `relay` keeps.
    Census
}

/// The most sheets of words that are read at once.
const WORDS: u16 = 5000;

/// How often a record that is counted by others at the same time is tried.
const TRIES: usize = 8;

impl Census<'_> {
    /// Reads a sheet. A number that nothing has moved yet is missing.
    pub async fn sheet(&self, sheet: &Sheet) -> Result<Facts, StoreError> {
        let found = self.store.find::<Numbers>(at(sheet)).await?;
        Ok(found.map(|Numbers(facts)| facts).unwrap_or_default())
    }

    /// How many patients of the hub live in each city. Of too many, those first in the alphabet.
    pub async fn cities(&self) -> Result<Facts, StoreError> {
        self.words(cities().slice("city#")).await
    }

    /// How many doctors of the hub there are in each field of medicine. Of too many, those first
    /// in the alphabet.
    pub async fn fields(&self) -> Result<Facts, StoreError> {
        self.words(fields().slice("field#")).await
    }

    async fn words(&self, slice: Slice) -> Result<Facts, StoreError> {
        let words = self.store.page::<Numbers>(slice, Order::OldestFirst, Window::first(WORDS));
        Ok(words.await?.records.into_iter().flat_map(|Numbers(facts)| facts).collect())
    }

    /// Counts what a record adds now instead of what it added before.
    ///
    /// The record is looked up behind its last count, so that of two who count it at once the
    /// later one has seen at least as much.
    pub async fn recount<F>(
        &self,
        record: &Reference,
        share: impl Fn() -> F,
    ) -> Result<(), StoreError>
    where
        F: Future<Output = Result<Share, StoreError>>,
    {
        for _ in 0..TRIES {
            let before = self.store.find::<Contribution>(Contribution::at(record)).await?;
            let share = share().await?;
            let counted = before.as_ref().map(Contribution::share).unwrap_or_default();
            let moves = difference(&counted, &share);
            if moves.is_empty() {
                return Ok(());
            }
            let mut now = Contribution::of(record, share, before.as_ref());
            let transaction = Transaction::on(self.store);
            let transaction = match before {
                Some(_) => transaction.replace(&mut now, Raced::Counted),
                None => transaction.create(&now, Raced::Counted),
            };
            let moves = moves.into_iter();
            let transaction = moves.fold(transaction, |transaction, (sheet, facts)| {
                transaction.add(at(&sheet), facts)
            });
            match transaction.commit().await {
                Ok(()) => return Ok(()),
                // Somebody else counted the record meanwhile, perhaps as it was earlier.
                Err(WriteError::Condition(Raced::Counted)) => {}
                Err(WriteError::Store(error)) => return Err(error),
            }
        }
        Err(StoreError::Unavailable("a record is counted by too many at once".into()))
    }
}

fn at(sheet: &Sheet) -> Key {
    let place =
        |kind: &str, id: String| Key::partition(Table::Rollups, kind, id).only(Numbers::KIND);
    match sheet {
        Sheet::Patients(None) => place("patients", "hub".to_owned()),
        Sheet::Patients(Some(keeper)) => place("patients", keeper.to_string()),
        Sheet::City(city) => cities().sort("city", city),
        Sheet::Doctors => place("doctors", "hub".to_owned()),
        Sheet::Field(field) => fields().sort("field", field),
        Sheet::Totals(None) => totals::hub(),
        Sheet::Totals(Some(person)) => totals::of_person(*person),
        Sheet::Visits(None) => place("visits", "hub".to_owned()),
        Sheet::Visits(Some(doctor)) => place("visits", doctor.to_string()),
        Sheet::Rating(doctor) => place("rating", doctor.to_string()),
        Sheet::Recommendations => place("recommendations", "hub".to_owned()),
        Sheet::Prescriptions(None) => place("prescriptions", "hub".to_owned()),
        Sheet::Prescriptions(Some(doctor)) => place("prescriptions", doctor.to_string()),
    }
}

fn cities() -> Partition {
    Key::partition(Table::Rollups, "cities", "hub")
}

fn fields() -> Partition {
    Key::partition(Table::Rollups, "fields", "hub")
}

/// A sheet, each number an attribute of its own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Numbers(#[serde(deserialize_with = "entity::numbers")] BTreeMap<String, i64>);

impl Entity for Numbers {
    const KIND: &'static str = "numbers";

    fn key(&self) -> Key {
        at(&Sheet::Doctors)
    }
}

/// What a record added when it was last counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Contribution {
    record: Reference,
    share: Vec<(Sheet, Facts)>,
    revision: Revision,
}

impl Contribution {
    fn of(record: &Reference, share: Share, before: Option<&Self>) -> Self {
        let share = share.into_iter().collect();
        let revision = before.map_or(Revision::FIRST, |before| before.revision);
        Self { record: record.clone(), share, revision }
    }

    fn share(&self) -> Share {
        self.share.iter().cloned().collect()
    }

    fn at(record: &Reference) -> Key {
        Key::partition(Table::Rollups, "counted", record).only(Self::KIND)
    }
}

impl Revised for Contribution {
    fn revision(&self) -> Revision {
        self.revision
    }

    fn advance(&mut self) {
        self.revision = self.revision.next();
    }
}

impl Entity for Contribution {
    const KIND: &'static str = "contribution";

    fn key(&self) -> Key {
        Self::at(&self.record)
    }
}

failures! {
    /// Why a record was not counted.
    enum Raced {
        Counted = Conflict "counted-meanwhile" "the record was counted by somebody else",
    }
}
