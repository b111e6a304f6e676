//! Notes on prescriptions, filed beside them.

use carehub_domain::{
    access::{Guarded, Permit},
    note::NoteError,
    prescription::{Prescription, PrescriptionId, PrescriptionNote, PrescriptionNoteId},
};

use crate::{
    Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate,
    key::Partition,
    papers,
    query::{Filter, Order},
};

aggregate! {
    /// What people noted on prescriptions. Whoever holds the prescription was cleared for it.
    PrescriptionNotes
}

impl PrescriptionNotes<'_> {
    /// Looks up a note on a prescription.
    pub async fn find(
        &self,
        prescription: &Prescription,
        id: PrescriptionNoteId,
    ) -> Result<Guarded<PrescriptionNote>, StoreError> {
        let place = under(prescription.id).sort(PrescriptionNote::KIND, id);
        let found: Option<PrescriptionNote> = self.store.find(place).await?;
        Ok(Guarded::new(found.filter(|note| note.removed_at.is_none())))
    }

    /// Reads a page of the notes on a prescription, newest first; of private ones only if asked
    /// to.
    pub async fn written_on(
        &self,
        prescription: &Prescription,
        private: bool,
        window: Window,
    ) -> Result<Page<PrescriptionNote>, StoreError> {
        let slice = under(prescription.id).slice(format!("{}#", PrescriptionNote::KIND));
        let filter = Filter::default().without("removed_at");
        // The attribute is there on private notes only.
        let filter = if private { filter } else { filter.without("is_private") };
        self.store.merged(vec![slice], Order::NewestFirst, window, &filter).await
    }

    /// Adds a note.
    pub async fn write(
        &self,
        note: &PrescriptionNote,
        permit: &Permit,
    ) -> Result<(), WriteError<NoteError>> {
        self.store.transaction(permit).create(note, NoteError::Stale).commit().await
    }

    /// Saves a changed note, and keeps what it said.
    pub async fn save(
        &self,
        before: &PrescriptionNote,
        after: &mut PrescriptionNote,
        permit: &Permit,
    ) -> Result<(), WriteError<NoteError>> {
        let transaction = self.store.transaction(permit).replace(after, NoteError::Stale);
        papers::remember(transaction, name_of(before), before).commit().await
    }

    /// Everything that a note said before, newest first.
    pub async fn versions(
        &self,
        note: &PrescriptionNote,
    ) -> Result<Vec<PrescriptionNote>, StoreError> {
        self.store.remembered(name_of(note), note).await
    }
}

/// Tells a note from all others in the partition.
fn name_of(note: &PrescriptionNote) -> String {
    format!("{}#{}", PrescriptionNote::KIND, note.id)
}

fn under(prescription: PrescriptionId) -> Partition {
    Key::partition(Table::Clinical, Prescription::KIND, prescription)
}

impl Entity for PrescriptionNote {
    const KIND: &'static str = "note";

    fn key(&self) -> Key {
        under(self.prescription).sort(Self::KIND, self.id)
    }
}
