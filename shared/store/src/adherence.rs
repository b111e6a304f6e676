//! What patients tell of their doses, in the order in which they were due.

use std::collections::BTreeMap;

use carehub_domain::{
    access::{Guarded, PatientId, Permit},
    adherence::{AdherenceError, Dose, DoseId, Score, Stretch},
    prescription::ItemId,
};

use crate::{
    Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate,
    key::Partition,
    query::{Filter, Order},
};

aggregate! {
    /// Whether patients take what was prescribed. Whoever names a patient was cleared for what
    /// they ask for.
    Adherence
}

/// How many doses one query of a summary reads.
const AT_ONCE: u16 = 1000;

impl Adherence<'_> {
    /// Looks up a dose of a patient.
    pub async fn find(&self, patient: PatientId, id: DoseId) -> Result<Guarded<Dose>, StoreError> {
        let found = self.recorded(patient, id).await?;
        Ok(Guarded::new(found.filter(|dose| dose.removed_at.is_none())))
    }

    /// The dose itself, also one that the patient took back.
    pub async fn recorded(
        &self,
        patient: PatientId,
        id: DoseId,
    ) -> Result<Option<Dose>, StoreError> {
        let Some(record) = self.store.patients().current(patient).await? else { return Ok(None) };
        let parts = record.parts().into_iter();
        let places = parts.map(|part| under(part).sort(Dose::KIND, id)).collect();
        let found = self.store.fetch::<Dose>(places).await?.into_iter().next();
        Ok(found.map(|dose| dose.in_record_of(&record)))
    }

    /// Reads a page of the doses of a patient, of one medicine or of all, the last one first.
    pub async fn list(
        &self,
        patient: PatientId,
        medication: Option<ItemId>,
        window: Window,
    ) -> Result<Page<Dose>, StoreError> {
        let Some(record) = self.store.patients().current(patient).await? else {
            return Ok(Page::of(Vec::new()));
        };
        let parts = record.parts().into_iter();
        let slices = parts.map(|part| under(part).slice(format!("{}#", Dose::KIND))).collect();
        let newest = Order::NewestFirst;
        let page = self.store.merged::<Dose>(slices, newest, window, &only(medication)).await?;
        Ok(page.map(|dose| dose.in_record_of(&record)))
    }

    /// Counts what became of the doses that were due on some days, by medicine.
    pub async fn scores(
        &self,
        patient: PatientId,
        medication: Option<ItemId>,
        stretch: Stretch,
    ) -> Result<BTreeMap<ItemId, Score>, StoreError> {
        let record = self.store.patients().current(patient).await?;
        let parts = record.into_iter().flat_map(|record| record.parts());
        let (first, last) = stretch.doses();
        let slices = parts.map(|part| under(part).between(Dose::KIND, first, last));
        let (slices, filter) = (slices.collect::<Vec<_>>(), only(medication));
        let mut scores: BTreeMap<ItemId, Score> = BTreeMap::new();
        let mut window = Window::first(AT_ONCE);
        loop {
            let page = self
                .store
                .merged::<Dose>(slices.clone(), Order::OldestFirst, window.clone(), &filter)
                .await?;
            for dose in page.records {
                scores.entry(dose.medication).or_default().count(dose.telling.outcome);
            }
            match page.next {
                Some(next) => window.from = Some(next),
                None => return Ok(scores),
            }
        }
    }

    /// Notes a dose of which nobody told before.
    pub async fn tell(
        &self,
        dose: &Dose,
        permit: &Permit,
    ) -> Result<(), WriteError<AdherenceError>> {
        self.store.transaction(permit).create(dose, AdherenceError::Stale).commit().await
    }

    /// Notes what else is told of a dose.
    pub async fn save(
        &self,
        dose: &mut Dose,
        permit: &Permit,
    ) -> Result<(), WriteError<AdherenceError>> {
        self.store.transaction(permit).replace(dose, AdherenceError::Stale).commit().await
    }
}

fn only(medication: Option<ItemId>) -> Filter {
    Filter::default().equal("medication", medication).without("removed_at")
}

fn under(record: PatientId) -> Partition {
    Key::partition(Table::Clinical, "adherence", record)
}

impl Entity for Dose {
    const KIND: &'static str = "dose";

    fn key(&self) -> Key {
        under(self.record).sort(Self::KIND, self.id)
    }
}
