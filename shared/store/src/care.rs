//! Care assignments, filed on the roster of everyone they concern.

use std::collections::BTreeSet;

use carehub_domain::{
    access::{Guarded, PatientId, Permit, UserId},
    care::{Assignment, AssignmentId, CareError},
    doctor::DoctorId,
    patient::{Grounds, Patient, Roster},
};
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate, patients,
    query::{Filter, Order},
    transaction::Transaction,
};

aggregate! {
    /// Who cares for whom.
    Care
}

impl Care<'_> {
    /// Looks up an assignment.
    pub async fn find(&self, id: AssignmentId) -> Result<Guarded<Assignment>, StoreError> {
        self.recorded(id).await.map(Guarded::new)
    }

    /// The assignment itself, for counting.
    pub async fn recorded(&self, id: AssignmentId) -> Result<Option<Assignment>, StoreError> {
        self.store.find(at(id)).await
    }

    /// Reads a page of the assignments that concern whoever has this roster, newest first.
    pub async fn on(&self, roster: Roster, window: Window) -> Result<Page<Assignment>, StoreError> {
        let slice = patients::partition(roster).slice(format!("{}#", Assignment::KIND));
        self.store.page(slice, Order::NewestFirst, window).await
    }

    /// Reads a page of the assignments of a patient, newest first.
    pub async fn of_patient(
        &self,
        patient: &Patient,
        window: Window,
    ) -> Result<Page<Assignment>, StoreError> {
        let slices = patient
            .parts()
            .into_iter()
            .map(|part| patients::under(part).slice(format!("{}#", Assignment::KIND)));
        let (slices, filter) = (slices.collect(), Filter::default());
        self.store.merged(slices, Order::NewestFirst, window, &filter).await
    }

    /// Puts a patient into the care of a doctor. If the care is active, the doctor and the
    /// doctor's hospital know the patient from then on.
    pub async fn begin(
        &self,
        assignment: &Assignment,
        patient: &Patient,
        permit: &Permit,
    ) -> Result<(), WriteError<CareError>> {
        let (taken, stale) = (CareError::AlreadyAssigned, CareError::Stale);
        take_up(self.store.transaction(permit), assignment, patient, taken, stale).commit().await
    }

    /// Saves a changed assignment, which was `before`, of `patient`.
    pub async fn save(
        &self,
        before: &Assignment,
        assignment: &mut Assignment,
        patient: &Patient,
        permit: &Permit,
    ) -> Result<(), WriteError<CareError>> {
        let transaction =
            file(self.store.transaction(permit).replace(assignment, CareError::Stale), assignment);
        match (before.is_active(), assignment.is_active()) {
            (true, false) => self.part(transaction, assignment, patient).await?,
            (false, true) => {
                let marked =
                    transaction.create(&Active::of(assignment), CareError::AlreadyAssigned);
                acquaint(marked, assignment, patient, CareError::Stale)
            }
            (true, true) | (false, false) => transaction,
        }
        .commit()
        .await
    }

    /// Takes a patient out of the care of a doctor.
    pub async fn end(
        &self,
        assignment: &Assignment,
        patient: &Patient,
        permit: &Permit,
    ) -> Result<(), WriteError<CareError>> {
        let transaction = self.store.transaction(permit).retire(assignment, CareError::Stale);
        let transaction = copies(assignment).into_iter().fold(transaction, Transaction::remove);
        match assignment.is_active() {
            true => self.part(transaction, assignment, patient).await?,
            false => transaction,
        }
        .commit()
        .await
    }

    /// The doctor ceases to know the patient, and the mark of the care goes.
    ///
    /// Behind a merge a doctor may care for the patient under the name of another record, and
    /// the record that was merged is to remember, when it is freed, that the care is over.
    async fn part<'s>(
        &self,
        transaction: Transaction<'s, CareError>,
        assignment: &Assignment,
        patient: &Patient,
    ) -> Result<Transaction<'s, CareError>, StoreError> {
        let doctor = assignment.doctor;
        let transaction = transaction.remove(Active::of(assignment).key());
        let others = patient.parts().into_iter().filter(|part| *part != assignment.patient);
        let others = others.map(|patient| Active { patient, doctor }.key()).collect();
        let over = self.store.fetch::<Active>(others).await?.is_empty();
        let transaction = if over { dismiss(transaction, patient, doctor) } else { transaction };
        if assignment.patient == patient.id {
            return Ok(transaction);
        }
        let merged = self.store.patients().recorded(assignment.patient).await?;
        Ok(match &merged {
            Some(merged) => dismiss(transaction, merged, doctor),
            None => transaction,
        })
    }
}

/// Adds the care of a doctor for a patient to a transaction. `taken` stands for the doctor who
/// cares for the patient already.
pub(crate) fn take_up<'s, E>(
    transaction: Transaction<'s, E>,
    assignment: &Assignment,
    patient: &Patient,
    taken: E,
    stale: E,
) -> Transaction<'s, E>
where
    E: Copy,
{
    let transaction = match assignment.is_active() {
        true => {
            let marked = transaction.create(&Active::of(assignment), taken);
            acquaint(marked, assignment, patient, stale)
        }
        false => transaction,
    };
    file(transaction.create(assignment, stale), assignment)
}

/// Where a doctor is marked as caring for a patient.
pub(crate) fn mark(patient: PatientId, doctor: DoctorId) -> Key {
    Active { patient, doctor }.key()
}

/// The doctor and the hospital come to know the patient, unless they do already.
fn acquaint<'s, E>(
    transaction: Transaction<'s, E>,
    assignment: &Assignment,
    before: &Patient,
    stale: E,
) -> Transaction<'s, E> {
    let mut patient = before.clone();
    patient.admit(assignment.doctor.into(), Grounds::Care);
    if let Some(hospital) = assignment.hospital {
        patient.admit(hospital.into(), Grounds::Care);
    }
    introduce(transaction, before, &mut patient, stale)
}

fn dismiss<'s>(
    transaction: Transaction<'s, CareError>,
    before: &Patient,
    doctor: DoctorId,
) -> Transaction<'s, CareError> {
    let mut patient = before.clone();
    patient.dismiss(doctor.into());
    introduce(transaction, before, &mut patient, CareError::Stale)
}

fn introduce<'s, E>(
    transaction: Transaction<'s, E>,
    before: &Patient,
    patient: &mut Patient,
    stale: E,
) -> Transaction<'s, E> {
    if before == patient {
        return transaction;
    }
    patients::resave(transaction, before, patient, stale)
}

fn at(id: AssignmentId) -> Key {
    Key::partition(Table::Clinical, "care", id).only(Assignment::KIND)
}

/// Where copies are filed: under the patient and on the roster of the hub, of whoever made the
/// assignment, of the doctor and of the hospital.
fn copies(assignment: &Assignment) -> Vec<Key> {
    let Assignment { id, patient, doctor, hospital, created_by, .. } = *assignment;
    let concerned: BTreeSet<UserId> = std::iter::once(doctor.into())
        .chain(hospital.map(UserId::from))
        .chain(created_by)
        .collect();
    let rosters = std::iter::once(None).chain(concerned.into_iter().map(Some));
    rosters
        .map(|keeper| patients::partition(Roster { keeper }))
        .chain([patients::under(patient)])
        .map(|partition| partition.sort(Assignment::KIND, id))
        .collect()
}

fn file<'s, E>(transaction: Transaction<'s, E>, assignment: &Assignment) -> Transaction<'s, E> {
    copies(assignment)
        .into_iter()
        .fold(transaction, |transaction, key| transaction.copy(assignment, key))
}

impl Entity for Assignment {
    const KIND: &'static str = "care";

    fn key(&self) -> Key {
        at(self.id)
    }
}

/// Marks a doctor as caring for a patient. Its key makes sure that it is so only once.
#[derive(Debug, Serialize, Deserialize)]
struct Active {
    patient: PatientId,
    doctor: DoctorId,
}

impl Active {
    fn of(assignment: &Assignment) -> Self {
        Self { patient: assignment.patient, doctor: assignment.doctor }
    }
}

impl Entity for Active {
    const KIND: &'static str = "carer";

    fn key(&self) -> Key {
        patients::under(self.patient).sort(Self::KIND, self.doctor)
    }
}
