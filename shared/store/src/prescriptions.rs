//! Prescriptions, filed as documents and under the visits they were written at.

use std::collections::{BTreeSet, HashMap};

use carehub_domain::{
    access::{Actor, Guarded, PatientId, Permit, UserId},
    appointment::{Appointment, AppointmentId},
    hospital::HospitalId,
    patient::{Patient, Roster},
    prescription::{Bedside, Prescription, PrescriptionError, PrescriptionId, Regimen},
    safety::{SafetyRules, SiteRules},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::{
    Bookmark, Due, Entity, Item, Key, Page, StoreError, Table, Window, WriteError, aggregate,
    appointments::Faster,
    entity::{self, Expiry},
    key::Partition,
    papers::{self, Paper, entries_of, entries_of_hub, publish, supersede},
    patients,
    query::Order,
    safety_rules,
    transaction::Transaction,
};

aggregate! {
    /// What doctors want patients to take.
    Prescriptions
}

/// A new prescription and what comes with it.
#[derive(Debug)]
pub struct Issued<'a> {
    /// The prescription, whose medicines were checked.
    pub prescription: &'a Prescription,
    /// What they were checked against.
    pub bedside: &'a Bedside,
    /// The visit.
    pub visit: Option<&'a Appointment>,
    /// Whether it is the prescription of the visit, or one beside it.
    pub stands_for_visit: bool,
    /// The prescription whose place it takes, as it was and as it is then.
    pub replaced: Option<(&'a Prescription, &'a Prescription)>,
}

impl Prescriptions<'_> {
    /// Looks up a prescription. Patients find those for a record that was merged into theirs, too.
    pub async fn find(
        &self,
        id: PrescriptionId,
        actor: &Actor,
    ) -> Result<Guarded<Prescription>, StoreError> {
        let found = self.recorded(id).await?;
        let own = actor.patient().ok();
        let strange =
            found.as_ref().is_some_and(|found| own.is_some_and(|own| found.patient != own));
        let record = match own.filter(|_| strange) {
            Some(own) => self.store.patients().recorded(own).await?,
            None => None,
        };
        Ok(Guarded::new(found.map(|found| match &record {
            Some(record) => found.in_record_of(record),
            None => found,
        })))
    }

    /// The prescription itself, for counting and for saying whether it is genuine.
    pub async fn recorded(&self, id: PrescriptionId) -> Result<Option<Prescription>, StoreError> {
        self.store.paper(id).await
    }

    /// What a prescription said before, newest first.
    pub async fn versions(&self, now: &Prescription) -> Result<Vec<Prescription>, StoreError> {
        self.store.versions(now).await
    }

    /// Reads a page of the prescriptions of whoever has this roster, newest first.
    pub async fn on(
        &self,
        roster: Roster,
        window: Window,
        keep: impl Fn(&Prescription) -> bool,
    ) -> Result<Page<Prescription>, StoreError> {
        let slices = match roster.keeper {
            Some(keeper) => entries_of::<Prescription>([keeper]),
            None => entries_of_hub::<Prescription>(),
        };
        self.store.papers(slices, window, keep).await
    }

    /// Reads a page of the prescriptions for a patient, newest first. Whoever holds the patient
    /// was cleared for them.
    pub async fn of_patient(
        &self,
        patient: &Patient,
        window: Window,
        keep: impl Fn(&Prescription) -> bool,
    ) -> Result<Page<Prescription>, StoreError> {
        let people = patient.parts().into_iter().map(UserId::from);
        let page = self.store.papers(entries_of::<Prescription>(people), window, keep).await?;
        Ok(page.map(|prescription: Prescription| prescription.in_record_of(patient)))
    }

    /// The prescriptions that were written at a visit, newest first. Whoever holds the visit was
    /// cleared for them.
    pub async fn of_visit(&self, visit: AppointmentId) -> Result<Vec<Prescription>, StoreError> {
        let slice = at_visit(visit).slice(format!("{}#", Line::KIND));
        let page = self.store.page::<Line>(slice, Order::NewestFirst, Window::first(MOST)).await?;
        let ids =
            page.records.into_iter().map(|line| papers::at::<Prescription>(line.prescription));
        self.store.fetch(ids.collect()).await
    }

    /// The prescription of a visit as it stands.
    pub async fn standing_at(
        &self,
        visit: AppointmentId,
    ) -> Result<Option<Prescription>, StoreError> {
        let mark = self.store.find::<Mark>(mark(visit)).await?;
        match mark {
            Some(mark) => self.recorded(mark.prescription).await,
            None => Ok(None),
        }
    }

    /// Reads what new medicines of a patient are checked against, with the rules of a hospital.
    /// A record that was merged leads to the one that stayed.
    pub async fn bedside(
        &self,
        patient: PatientId,
        hospital: Option<HospitalId>,
    ) -> Result<Option<Bedside>, StoreError> {
        let rules = hospital.map(safety_rules::at);
        let keys: Vec<_> =
            [patients::at(patient), list_of(patient)].into_iter().chain(rules.clone()).collect();
        let mut found = self.store.gather(&keys).await?;
        let Some(record) = found.remove(&patients::at(patient)) else { return Ok(None) };
        let record: Patient = entity::decode(record)?;
        if let Some(into) = record.merged_into() {
            return Box::pin(self.bedside(into, hospital)).await;
        }
        if !record.is_current() {
            return Ok(None);
        }
        let own = found.remove(&list_of(patient)).map(entity::decode::<Regimen>).transpose()?;
        let rules = rules.and_then(|key| found.remove(&key)).map(entity::decode::<SafetyRules>);
        let (site, mut has_gaps) = match rules {
            Some(Ok(kept)) => (kept.rules, false),
            Some(Err(_)) => (SiteRules::default(), true),
            None => (SiteRules::default(), false),
        };

        let merged: Vec<_> = record.parts().into_iter().skip(1).map(list_of).collect();
        let merged: HashMap<Key, Item> = match merged.as_slice() {
            [] => HashMap::new(),
            keys => self.store.gather(keys).await?,
        };
        let merged: Vec<Regimen> =
            merged.into_values().map(entity::decode).collect::<Result<_, _>>()?;
        let lists = own.iter().chain(&merged);
        let ids = lists.flat_map(|list| &list.prescriptions).map(papers::at::<Prescription>);
        let mut prescriptions = Vec::new();
        for read in self.store.fetch_each::<Prescription>(ids.collect()).await? {
            match read {
                Ok(prescription) => prescriptions.push(prescription),
                Err(StoreError::Corrupt { .. }) => has_gaps = true,
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Bedside { patient: record, regimen: own, prescriptions, site, has_gaps }))
    }

    /// Saves a new prescription. Says whether it did: if somebody prescribed for the same patient
    /// or at the same visit meanwhile, or the patient's record changed, nothing is written.
    pub async fn issue(&self, issued: &Issued<'_>, permit: &Permit) -> Result<bool, StoreError> {
        let Issued { prescription, bedside, visit, stands_for_visit, replaced } = *issued;
        let permit = noting(permit, prescription);
        let permit = match prescription.previous_version() {
            Some(earlier) => permit.noting("replaces", earlier),
            None => permit,
        };
        let transaction = publish(self.store.transaction(&permit), prescription, Faster);
        let transaction = checked(transaction, prescription, bedside, permit.actor().at);
        let Some(visit) = visit else { return transaction.won().await };

        let line = Line { prescription: prescription.id };
        let place = at_visit(visit.id).sort(Line::KIND, line.prescription);
        let transaction = transaction.copy(&line, place);
        let transaction = match visit.status().is_over() {
            true => transaction,
            false => transaction.demand_as_read(visit, Faster),
        };
        let mark = Mark { appointment: visit.id, prescription: prescription.id };
        let transaction = match (stands_for_visit, replaced) {
            (false, _) => transaction,
            (true, None) => transaction.create(&mark, Faster),
            (true, Some((before, after))) => {
                supersede(transaction, before, &mut after.clone(), Faster).put(&mark)
            }
        };
        transaction.won().await
    }

    /// Saves a prescription of which medicines changed that were checked. Says whether it did: if
    /// it changed meanwhile, or what they were checked against, nothing is written.
    pub async fn amend(
        &self,
        before: &Prescription,
        after: &mut Prescription,
        bedside: &Bedside,
        permit: &Permit,
    ) -> Result<bool, StoreError> {
        let permit = noting(permit, after);
        let transaction =
            checked(self.store.transaction(&permit), after, bedside, permit.actor().at);
        supersede(transaction, before, after, Faster).won().await
    }

    /// Saves a prescription of which no medicine changed, and keeps what it was.
    pub async fn save(
        &self,
        before: &Prescription,
        after: &mut Prescription,
        permit: &Permit,
    ) -> Result<(), WriteError<PrescriptionError>> {
        let transaction = self.store.transaction(permit);
        supersede(transaction, before, after, PrescriptionError::Stale).commit().await
    }

    /// Some of the prescriptions whose last day is over at `now` and of which nobody has noted it.
    pub async fn ended(
        &self,
        now: Timestamp,
        from: Bookmark,
    ) -> Result<Due<Prescription>, StoreError> {
        self.store.sweep().seen(Table::Clinical, now, from).await
    }
}

/// The most prescriptions of one visit that are read.
const MOST: u16 = 100;

/// Adds to a transaction that the patient takes what was checked, and that nothing changed of what
/// it was checked against.
fn checked<'s>(
    transaction: Transaction<'s, Faster>,
    prescription: &Prescription,
    bedside: &Bedside,
    now: Timestamp,
) -> Transaction<'s, Faster> {
    let mut list = bedside.taking(prescription, now);
    let transaction = match &bedside.regimen {
        Some(_) => transaction.replace(&mut list, Faster),
        None => transaction.create(&list, Faster),
    };
    transaction.demand_as_read(&bedside.patient, Faster)
}

/// The event says how the check went: the rules that were overridden, and how many alerts there
/// were.
fn noting(permit: &Permit, prescription: &Prescription) -> Permit {
    let permit = permit
        .clone()
        .noting("medications", prescription.items().len())
        .noting("alerts", prescription.safety.alerts.len());
    let permit = match prescription.appointment {
        Some(visit) => permit.noting("appointment", visit),
        None => permit,
    };
    match prescription.overrides.last().filter(|last| last.at == permit.actor().at) {
        Some(last) => {
            let rules = last.alerts.iter().filter_map(|alert| alert.split(':').next());
            let rules: BTreeSet<_> = rules.collect();
            let rules: Vec<_> = rules.into_iter().collect();
            permit.noting("overridden", last.alerts.len()).noting("rules", rules.join(" "))
        }
        None => permit,
    }
}

fn at_visit(visit: AppointmentId) -> Partition {
    Key::partition(Table::Clinical, "consultation", visit)
}

fn mark(visit: AppointmentId) -> Key {
    at_visit(visit).only(Mark::KIND)
}

fn list_of(patient: PatientId) -> Key {
    patients::under(patient).only(Regimen::KIND)
}

/// A prescription was written at a visit.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Line {
    prescription: PrescriptionId,
}

/// Which of them stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Mark {
    appointment: AppointmentId,
    prescription: PrescriptionId,
}

impl Entity for Line {
    const KIND: &'static str = "prescription";

    fn key(&self) -> Key {
        papers::at::<Prescription>(self.prescription)
    }
}

impl Entity for Mark {
    const KIND: &'static str = "prescribed";

    fn key(&self) -> Key {
        mark(self.appointment)
    }
}

impl Entity for Regimen {
    const KIND: &'static str = "regimen";

    fn key(&self) -> Key {
        list_of(self.patient)
    }
}

impl Entity for Prescription {
    const KIND: &'static str = "prescription";

    fn key(&self) -> Key {
        papers::at::<Self>(self.id)
    }

    fn expiry(&self) -> Option<Expiry> {
        self.expires_at().map(Expiry::Seen)
    }
}

impl Paper for Prescription {
    fn ulid(&self) -> Ulid {
        self.id.ulid()
    }

    fn name(&self) -> String {
        self.id.to_string()
    }

    fn readers(&self) -> BTreeSet<UserId> {
        [Some(self.patient.into()), Some(self.doctor.into()), self.hospital.map(UserId::from)]
            .into_iter()
            .flatten()
            .collect()
    }
}
