//! Clinical documents, laid before whoever wants to read them.

use carehub_domain::{
    access::{Actor, Guarded, PatientId, Permit, Role, UserId},
    chart::{Chart, Clinical, Reader, Secrecy},
    patient::Patient,
};

use crate::{
    Entity, Page, Store, StoreError, Window,
    key::Slice,
    papers::{self, Paper},
};

/// Whose documents are listed.
#[derive(Clone, Debug)]
pub struct Pile {
    people: Vec<UserId>,
    reader: Option<Reader>,
    patient: Option<PatientId>,
}

impl Pile {
    /// Those of the hub.
    pub fn of_hub() -> Self {
        Self { people: Vec::new(), reader: None, patient: None }
    }

    /// Those on which a doctor or a hospital stands.
    pub fn of(person: UserId) -> Self {
        Self { people: vec![person], ..Self::of_hub() }
    }

    /// Those about a patient, before a reader.
    pub fn of_patient(patient: &Patient, reader: Option<Reader>) -> Self {
        let people = patient.parts().into_iter().map(UserId::from).collect();
        Self { people, reader, patient: Some(patient.id) }
    }

    /// Whether what is about this patient lies in it.
    pub fn holds(&self, patient: PatientId) -> bool {
        self.people.contains(&patient.into())
    }

    /// Says in the audit log whom a look at them is about, and why it was allowed.
    pub fn note(&self, permit: Permit) -> Permit {
        let permit = match self.patient {
            Some(patient) => permit.about(patient),
            None => permit,
        };
        match self.reader {
            Some(Reader::Doctor(_, Some(emergency))) => permit.noting("emergency", emergency),
            Some(Reader::Doctor(_, None) | Reader::Patient(_)) | None => permit,
        }
    }

    pub(crate) fn reader(&self) -> Option<Reader> {
        self.reader
    }

    pub(crate) fn people(&self) -> &[UserId] {
        &self.people
    }

    pub(crate) fn slices<T: Entity>(&self) -> Vec<Slice> {
        if self.people.is_empty() {
            papers::entries_of_hub::<T>()
        } else {
            papers::entries_of::<T>(self.people.iter().copied())
        }
    }
}

impl Store {
    /// Lays a document before `actor`. Whoever has no part in it may have been let in.
    pub(crate) async fn chart<T: Clinical>(
        &self,
        paper: Option<T>,
        actor: &Actor,
    ) -> Result<Guarded<Chart<T>>, StoreError> {
        let Some(paper) = paper else { return Ok(Guarded::new(None)) };
        let reader = match actor.can(T::VIEW, &Chart::of(&paper, None)) {
            true => None,
            false => self.reader(paper.patient(), actor).await?,
        };
        Ok(Guarded::new(Some(Chart::of(paper, reader))))
    }

    /// What lets `actor` read about a patient, beside the documents on which they stand.
    pub(crate) async fn reader(
        &self,
        patient: PatientId,
        actor: &Actor,
    ) -> Result<Option<Reader>, StoreError> {
        if !matches!(actor.role(), Some(Role::Patient | Role::Doctor)) {
            return Ok(None);
        }
        let repository = self.repositories().find(patient, actor).await?.view(actor);
        Ok(repository.ok().and_then(|repository| Reader::of(&repository, actor)))
    }

    /// Reads a page of what `actor` may see in a pile, newest first, of which `keep` keeps some.
    pub(crate) async fn charts<T: Paper + Clinical>(
        &self,
        pile: &Pile,
        actor: &Actor,
        window: Window,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Page<Chart<T>>, StoreError> {
        let seen = |paper: &T| actor.can(T::VIEW, &Chart::of(paper, pile.reader));
        let keep = |paper: &T| keep(paper) && seen(paper);
        let page = self.papers::<T>(pile.slices::<T>(), window, keep).await?;
        Ok(page.map(|paper| Chart::of(paper, pile.reader)))
    }

    /// All versions of a document that `actor` was cleared for, newest first. What was kept from
    /// them then stays so.
    pub(crate) async fn history<T: Paper + Clinical>(
        &self,
        chart: &Chart<T>,
        actor: &Actor,
    ) -> Result<Vec<T>, StoreError> {
        let seen = |version: &T| match version.secrecy() {
            Secrecy::Open => true,
            Secrecy::Sensitive | Secrecy::Private => {
                actor.can(T::VIEW, &Chart::of(version, chart.reader()))
            }
        };
        let mut versions = vec![chart.paper.clone()];
        versions.extend(self.versions(&chart.paper).await?);
        versions.retain(seen);
        Ok(versions)
    }
}
