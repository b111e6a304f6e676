//! `/api/patients/{id}/notes`

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
    access::{Action, PatientId, UserId},
    note::{Note, NoteId},
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// A note to write.
    pub(crate) struct NewNote {
        /// What it says.
        note: Text<5000> = "text" | "content",
        /// Whether it is kept from the patient; `true` if nothing is said.
        is_private: Option<bool>,
    }
}

form! {
    /// Changes to a note. What is not there stays.
    pub(crate) struct NoteChanges {
        /// What it says.
        note: Option<Text<5000>> = "text" | "content",
        /// Whether it is kept from the patient.
        is_private: Option<bool>,
    }
}

/// A note about a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoteView {
    /// Identifies the note.
    pub id: NoteId,
    /// The record it was written into.
    pub patient: PatientId,
    /// What it says.
    pub note: Text<5000>,
    /// Whether it is kept from the patient.
    pub is_private: bool,
    /// Who wrote it.
    pub created_by: Option<UserId>,
    /// What they were called then.
    pub created_by_name: Text<301>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// List the notes about a patient.
#[utoipa::path(get, path = "/api/patients/{id}/notes", tag = "patients", params(
    ("id" = PatientId, Path, description = "The patient."),
    Paging,
), responses(
    (status = 200, description = "The notes, newest first; for the patient, those that are not private. Who reads about somebody else leaves a line in the audit log.", body = PageView<NoteView>),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    listing: Listing<Unfiltered>,
    State(store): State<Store>,
) -> Result<Json<PageView<NoteView>>> {
    let (patient, permit) = store.patients().find(id).await?.permit(&actor, Action::ViewPatient)?;
    let private = actor.patient().is_err();
    let page = store.notes().of_patient(&patient, private, listing.window.clone()).await?;
    let permit = permit.noting("what", "notes").noting("count", page.records.len());
    store.events().note_look(&permit).await?;
    Ok(listing.answer(page.visible_to(&actor), NoteView::from))
}

/// Write a note about a patient.
#[utoipa::path(post, path = "/api/patients/{id}/notes", tag = "patients", request_body = NewNote, params(
    ("id" = PatientId, Path, description = "The patient."),
), responses(
    (status = 201, description = "The note is written.", body = NoteView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Patients write no notes.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn write(
    signed_in: SignedIn,
    Path(id): Path<PatientId>,
    State(store): State<Store>,
    Body(new): Body<NewNote>,
) -> Result<Created<Tagged<Json<NoteView>>>> {
    let SignedIn { actor, account, .. } = signed_in.settled()?;
    let patient = store.patients().find(id).await?.view(&actor)?;
    let mut note = Note::write(patient.id, new.note, account.name.signature(), &actor);
    note.is_private = new.is_private.unwrap_or(note.is_private);
    let permit = actor.create(Action::CreateNote, &note)?;
    store.notes().write(&note, &permit).await?;
    let location = format!("/api/patients/{}/notes/{}", note.patient, note.id);
    Ok(Created::at(location, tagged(note)))
}

/// See a note about a patient.
#[utoipa::path(get, path = "/api/patients/{id}/notes/{pk}", tag = "patients", params(
    ("id" = PatientId, Path, description = "The patient."),
    ("pk" = NoteId, Path, description = "The note."),
), responses(
    (status = 200, description = "The note. Who reads about somebody else leaves a line in the audit log.", body = NoteView),
    (status = 404, description = "There is no such note, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PatientId, NoteId)>,
    State(store): State<Store>,
) -> Result<Tagged<Json<NoteView>>> {
    let (patient, permit) = store.patients().find(id).await?.permit(&actor, Action::ViewPatient)?;
    let note = store.notes().find(&patient, pk).await?.view(&actor)?;
    store.events().note_look(&permit.noting("what", "notes")).await?;
    Ok(tagged(note))
}

/// See what a note about a patient said before.
#[utoipa::path(get, path = "/api/patients/{id}/notes/{pk}/versions", tag = "patients", params(
    ("id" = PatientId, Path, description = "The patient."),
    ("pk" = NoteId, Path, description = "The note."),
), responses(
    (status = 200, description = "The note as it is and as it was, newest first; for the patient without what was private. Who reads about somebody else leaves a line in the audit log.", body = WholeView<NoteView>),
    (status = 404, description = "There is no such note, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PatientId, NoteId)>,
    State(store): State<Store>,
) -> Result<Json<WholeView<NoteView>>> {
    let (patient, permit) = store.patients().find(id).await?.permit(&actor, Action::ViewPatient)?;
    let note = store.notes().find(&patient, pk).await?.view(&actor)?;
    let past = store.notes().versions(&note).await?;
    let versions = [note].into_iter().chain(past);
    let seen: Vec<_> = versions.filter(|note| actor.can(Action::ViewNote, note)).collect();
    store
        .events()
        .note_look(&permit.noting("what", "notes").noting("versions", seen.len()))
        .await?;
    Ok(Json(WholeView::of(seen.into_iter().map(NoteView::from).collect())))
}

/// Change a note about a patient.
#[utoipa::path(patch, path = "/api/patients/{id}/notes/{pk}", tag = "patients", request_body = NoteChanges, params(
    ("id" = PatientId, Path, description = "The patient."),
    ("pk" = NoteId, Path, description = "The note."),
), responses(
    (status = 200, description = "The note as it is now. `PUT` means the same.", body = NoteView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only who wrote it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such note, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PatientId, NoteId)>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<NoteChanges>,
) -> Result<Tagged<Json<NoteView>>> {
    let (notes, patient) = (store.notes(), store.patients().find(id).await?.view(&actor)?);
    let (before, permit) = notes.find(&patient, pk).await?.permit(&actor, Action::EditNote)?;
    expected.check(&before)?;
    let mut note = before.clone();
    let changed = changes.apply(&mut note, actor.at);
    notes.save(&before, &mut note, &permit.changing(&changed)).await?;
    Ok(tagged(note))
}

/// Remove a note about a patient.
#[utoipa::path(delete, path = "/api/patients/{id}/notes/{pk}", tag = "patients", params(
    ("id" = PatientId, Path, description = "The patient."),
    ("pk" = NoteId, Path, description = "The note."),
), responses(
    (status = 204, description = "Nobody finds the note any more. It is kept with the record."),
    (status = 403, description = "Only who wrote it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such note, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PatientId, NoteId)>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let (notes, patient) = (store.notes(), store.patients().find(id).await?.view(&actor)?);
    let (before, permit) = notes.find(&patient, pk).await?.permit(&actor, Action::DeleteNote)?;
    expected.check(&before)?;
    let mut note = before.clone();
    note.removed_at = Some(actor.at);
    notes.save(&before, &mut note, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn tagged(note: Note) -> Tagged<Json<NoteView>> {
    Tagged::showing(note, Into::into)
}

impl From<Note> for NoteView {
    fn from(note: Note) -> Self {
        Self {
            id: note.id,
            patient: note.patient,
            note: note.text,
            is_private: note.is_private,
            created_by: note.author,
            created_by_name: note.author_name,
            created_at: note.created_at,
            updated_at: note.updated_at,
        }
    }
}

impl NoteChanges {
    fn apply(self, note: &mut Note, now: Timestamp) -> Vec<&'static str> {
        let mut changed = Vec::new();
        replace(&mut note.text, self.note, "note", &mut changed);
        replace(&mut note.is_private, self.is_private, "is_private", &mut changed);
        note.updated_at = now;
        changed
    }
}
