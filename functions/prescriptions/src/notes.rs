//! `/api/prescriptions/{id}/notes`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::{CurrentActor, SignedIn},
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::replace,
    listing::{Listing, PageView, Paging, Unfiltered, WholeView},
};
use carehub_domain::{
    access::{Action, Actor, Permit, UserId},
    prescription::{PrescriptionId, PrescriptionNote, PrescriptionNoteId},
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entry::read;

form! {
    /// A note to write on a prescription.
    pub(crate) struct NewNote {
        /// What it says.
        note: Text<5000> = "text" | "content",
        /// Whether the patient reads it; `true` if nothing is said. Patients read their own.
        is_patient_visible: Option<bool>,
    }
}

form! {
    /// Changes to a note. What is not there stays.
    pub(crate) struct NoteChanges {
        /// What it says.
        note: Option<Text<5000>> = "text" | "content",
        /// Whether the patient reads it.
        is_patient_visible: Option<bool>,
    }
}

/// A note on a prescription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrescriptionNoteView {
    /// Identifies the note.
    pub id: PrescriptionNoteId,
    /// The prescription.
    pub prescription: PrescriptionId,
    /// What it says.
    pub note: Text<5000>,
    /// Whether the patient reads it.
    pub is_patient_visible: bool,
    /// Who wrote it.
    pub created_by: Option<UserId>,
    /// What they were called then.
    pub created_by_name: Text<301>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// List the notes on a prescription.
#[utoipa::path(get, path = "/api/prescriptions/{id}/notes", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    Paging,
), responses(
    (status = 200, description = "The notes, newest first; for the patient, those that are not kept from them. Who reads about somebody else leaves a line in the audit log.", body = PageView<PrescriptionNoteView>),
    (status = 404, description = "There is no such prescription, or the caller has no part in it.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    listing: Listing<Unfiltered>,
    State(store): State<Store>,
) -> Result<Json<PageView<PrescriptionNoteView>>> {
    let (prescription, permit) = read(id, &actor, &store).await?;
    let private = actor.patient().is_err();
    let notes = store.prescription_notes();
    let page = notes.written_on(&prescription, private, listing.window.clone()).await?;
    let permit = permit.noting("what", "notes").noting("count", page.records.len());
    store.events().note_look(&permit).await?;
    Ok(listing.answer(page.visible_to(&actor), PrescriptionNoteView::from))
}

/// Write a note on a prescription.
#[utoipa::path(post, path = "/api/prescriptions/{id}/notes", tag = "prescriptions", request_body = NewNote, params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
), responses(
    (status = 201, description = "The note is written.", body = PrescriptionNoteView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 404, description = "There is no such prescription, or the caller has no part in it.", body = Problem),
))]
pub(crate) async fn write(
    signed_in: SignedIn,
    Path(id): Path<PrescriptionId>,
    State(store): State<Store>,
    Body(new): Body<NewNote>,
) -> Result<Created<Tagged<Json<PrescriptionNoteView>>>> {
    let SignedIn { actor, account, .. } = signed_in.settled()?;
    let (prescription, _) = read(id, &actor, &store).await?;
    let name = account.name.signature();
    let mut note = PrescriptionNote::write(&prescription, new.note, name, &actor);
    note.show_to_patient(new.is_patient_visible.unwrap_or(true), &actor);
    let permit = actor.create(Action::CreatePrescriptionNote, &note)?;
    store.prescription_notes().write(&note, &noting(permit, &note)).await?;
    let location = format!("/api/prescriptions/{id}/notes/{}", note.id);
    Ok(Created::at(location, tagged(note)))
}

/// See a note on a prescription.
#[utoipa::path(get, path = "/api/prescriptions/{id}/notes/{pk}", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    ("pk" = PrescriptionNoteId, Path, description = "The note."),
), responses(
    (status = 200, description = "The note. Who reads about somebody else leaves a line in the audit log.", body = PrescriptionNoteView),
    (status = 404, description = "There is no such note, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PrescriptionId, PrescriptionNoteId)>,
    State(store): State<Store>,
) -> Result<Tagged<Json<PrescriptionNoteView>>> {
    let (prescription, permit) = read(id, &actor, &store).await?;
    let note = store.prescription_notes().find(&prescription, pk).await?.view(&actor)?;
    store.events().note_look(&permit.noting("what", "notes")).await?;
    Ok(tagged(note))
}

/// See what a note on a prescription said before.
#[utoipa::path(get, path = "/api/prescriptions/{id}/notes/{pk}/versions", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    ("pk" = PrescriptionNoteId, Path, description = "The note."),
), responses(
    (status = 200, description = "The note as it is and as it was, newest first; for the patient without what was private. Who reads about somebody else leaves a line in the audit log.", body = WholeView<PrescriptionNoteView>),
    (status = 404, description = "There is no such note, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PrescriptionId, PrescriptionNoteId)>,
    State(store): State<Store>,
) -> Result<Json<WholeView<PrescriptionNoteView>>> {
    let (prescription, permit) = read(id, &actor, &store).await?;
    let note = store.prescription_notes().find(&prescription, pk).await?.view(&actor)?;
    let past = store.prescription_notes().versions(&note).await?;
    let versions = [note].into_iter().chain(past);
    let action = Action::ViewPrescriptionNote;
    let seen: Vec<_> = versions.filter(|note| actor.can(action, note)).collect();
    store
        .events()
        .note_look(&permit.noting("what", "notes").noting("versions", seen.len()))
        .await?;
    Ok(Json(WholeView::of(seen.into_iter().map(PrescriptionNoteView::from).collect())))
}

/// Change a note on a prescription.
#[utoipa::path(patch, path = "/api/prescriptions/{id}/notes/{pk}", tag = "prescriptions", request_body = NoteChanges, params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    ("pk" = PrescriptionNoteId, Path, description = "The note."),
), responses(
    (status = 200, description = "The note as it is now; what it said before is kept. `PUT` means the same.", body = PrescriptionNoteView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only who wrote it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such note, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(PrescriptionId, PrescriptionNoteId)>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<NoteChanges>,
) -> Result<Tagged<Json<PrescriptionNoteView>>> {
    let action = Action::EditPrescriptionNote;
    let (before, permit) = held(place, action, &expected, &actor, &store).await?;
    let mut after = before.clone();
    let changed = changes.apply(&mut after, &actor);
    let permit = permit.changing(&changed);
    store.prescription_notes().save(&before, &mut after, &permit).await?;
    Ok(tagged(after))
}

/// Remove a note on a prescription.
#[utoipa::path(delete, path = "/api/prescriptions/{id}/notes/{pk}", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    ("pk" = PrescriptionNoteId, Path, description = "The note."),
), responses(
    (status = 204, description = "Nobody finds the note any more. It is kept with the prescription."),
    (status = 403, description = "Only who wrote it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such note, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(PrescriptionId, PrescriptionNoteId)>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let action = Action::DeletePrescriptionNote;
    let (before, permit) = held(place, action, &expected, &actor, &store).await?;
    let mut after = before.clone();
    after.removed_at = Some(actor.at);
    store.prescription_notes().save(&before, &mut after, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A note that the actor may change or remove.
async fn held(
    (id, pk): (PrescriptionId, PrescriptionNoteId),
    action: Action,
    expected: &IfMatch,
    actor: &Actor,
    store: &Store,
) -> Result<(PrescriptionNote, Permit)> {
    let (prescription, _) = read(id, actor, store).await?;
    let found = store.prescription_notes().find(&prescription, pk).await?;
    let (note, permit) = found.permit(actor, action)?;
    expected.check(&note)?;
    let permit = noting(permit, &note);
    Ok((note, permit))
}

fn noting(permit: Permit, note: &PrescriptionNote) -> Permit {
    permit.noting("prescription", note.prescription)
}

fn tagged(note: PrescriptionNote) -> Tagged<Json<PrescriptionNoteView>> {
    Tagged::showing(note, Into::into)
}

impl From<PrescriptionNote> for PrescriptionNoteView {
    fn from(note: PrescriptionNote) -> Self {
        Self {
            id: note.id,
            prescription: note.prescription,
            note: note.note,
            is_patient_visible: !note.is_private,
            created_by: note.author,
            created_by_name: note.author_name,
            created_at: note.created_at,
            updated_at: note.updated_at,
        }
    }
}

impl NoteChanges {
    fn apply(self, note: &mut PrescriptionNote, by: &Actor) -> Vec<&'static str> {
        let mut changed = Vec::new();
        replace(&mut note.note, self.note, "note", &mut changed);
        let was_private = note.is_private;
        note.show_to_patient(self.is_patient_visible.unwrap_or(!was_private), by);
        changed.extend((note.is_private != was_private).then_some("is_patient_visible"));
        note.updated_at = by.at;
        changed
    }
}
