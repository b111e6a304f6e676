//! Notes, filed under the record they were written into.

use carehub_domain::{
    access::{Guarded, Permit},
    note::{Note, NoteError, NoteId},
    patient::Patient,
};

use crate::{
    Entity, Key, Page, StoreError, Window, WriteError, aggregate, papers, patients,
    query::{Filter, Order},
};

aggregate! {
    /// What people wrote down about patients. Whoever holds the patient was cleared for the record.
    Notes
}

impl Notes<'_> {
    /// Looks up a note in the record of a patient.
    pub async fn find(&self, patient: &Patient, id: NoteId) -> Result<Guarded<Note>, StoreError> {
        let places =
            patient.parts().into_iter().map(|part| patients::under(part).sort(Note::KIND, id));
        let found = self.store.fetch::<Note>(places.collect()).await?;
        Ok(Guarded::new(found.into_iter().find(|note| note.removed_at.is_none())))
    }

    /// Reads a page of the notes about a patient, newest first; of private ones only if asked to.
    pub async fn of_patient(
        &self,
        patient: &Patient,
        private: bool,
        window: Window,
    ) -> Result<Page<Note>, StoreError> {
        let slices = patient
            .parts()
            .into_iter()
            .map(|part| patients::under(part).slice(format!("{}#", Note::KIND)));
        let filter = Filter::default().without("removed_at");
        // The attribute is there on private notes only.
        let filter = if private { filter } else { filter.without("is_private") };
        self.store.merged(slices.collect(), Order::NewestFirst, window, &filter).await
    }

    /// Adds a note.
    pub async fn write(&self, note: &Note, permit: &Permit) -> Result<(), WriteError<NoteError>> {
        self.store.transaction(permit).create(note, NoteError::Stale).commit().await
    }

    /// Everything that a note said before, newest first.
    pub async fn versions(&self, note: &Note) -> Result<Vec<Note>, StoreError> {
        self.store.remembered(name_of(note), note).await
    }

    /// Saves a changed note, and keeps what it said.
    pub async fn save(
        &self,
        before: &Note,
        note: &mut Note,
        permit: &Permit,
    ) -> Result<(), WriteError<NoteError>> {
        let transaction = self.store.transaction(permit).replace(note, NoteError::Stale);
        papers::remember(transaction, name_of(before), before).commit().await
    }
}

/// Tells a note from all others in the partition.
fn name_of(note: &Note) -> String {
    format!("{}#{}", Note::KIND, note.id)
}

impl Entity for Note {
    const KIND: &'static str = "note";

    fn key(&self) -> Key {
        patients::under(self.patient).sort(Self::KIND, self.id)
    }
}
