//! What reading and writing has in common for everything that is written down about a visit.

use axum::http::StatusCode;
use carehub_api::{
    Result,
    created::Created,
    etag::{IfMatch, Tagged},
    extract::Json,
    listing::WholeView,
};
use carehub_domain::{
    Id,
    access::{Action, Actor, Permit},
    appointment::{Appointment, AppointmentId},
    consultation::{ConsultationError, Entry},
};
use carehub_store::{Filed, Store};
use serde::Serialize;

/// The most entries of each kind that a visit has.
const MOST: usize = 100;

/// What was written down about a visit, as the API shows it.
pub(crate) trait Shown: Filed {
    /// The last part of the path.
    const PATH: &'static str;
    /// What it looks like.
    type View: Serialize;

    /// Shows an entry.
    fn view(entry: Entry<Self>) -> Self::View;
}

/// Lists the entries of one kind.
pub(crate) async fn list<F: Shown>(
    id: AppointmentId,
    actor: &Actor,
    store: &Store,
) -> Result<Json<WholeView<F::View>>> {
    let (visit, permit) = read(id, actor, store).await?;
    let entries = store.consultations().list::<F>(&visit).await?;
    let permit = permit.noting("what", F::PLURAL).noting("count", entries.len());
    store.events().note_look(&permit).await?;
    Ok(Json(WholeView::of(entries.into_iter().map(F::view).collect())))
}

/// Adds an entry.
pub(crate) async fn add<F: Shown>(
    id: AppointmentId,
    finding: F,
    actor: &Actor,
    store: &Store,
) -> Result<Created<Tagged<Json<F::View>>>> {
    let (visit, _) = store.appointments().find(id).await?.permit(actor, F::CREATE)?;
    let entry = Entry::add(finding, &visit, actor)?;
    let permit = actor.create(F::CREATE, &entry)?;
    room(store.consultations().list::<F>(&visit).await?.len())?;
    let permit = noting(permit, &visit).noting("addendum", entry.is_addendum);
    store.consultations().add(&visit, &entry, &permit).await?;
    let location = format!("/api/consultations/{id}/{}/{}", F::PATH, entry.id);
    Ok(Created::at(location, tagged(entry)))
}

/// Shows an entry.
pub(crate) async fn show<F: Shown>(
    (id, pk): (AppointmentId, Id<F>),
    actor: &Actor,
    store: &Store,
) -> Result<Tagged<Json<F::View>>> {
    let (visit, permit) = read(id, actor, store).await?;
    let entry = store.consultations().find(&visit, pk).await?.view(actor)?;
    store.events().note_look(&permit.noting("what", F::PLURAL)).await?;
    Ok(tagged(entry))
}

/// Shows what an entry says and what it said before.
pub(crate) async fn versions<F: Shown>(
    (id, pk): (AppointmentId, Id<F>),
    actor: &Actor,
    store: &Store,
) -> Result<Json<WholeView<F::View>>> {
    let (visit, permit) = read(id, actor, store).await?;
    let entry = store.consultations().find(&visit, pk).await?.view(actor)?;
    let past = store.consultations().versions(&visit, &entry).await?;
    let permit = permit.noting("what", F::PLURAL).noting("versions", past.len() + 1);
    store.events().note_look(&permit).await?;
    let versions = [entry].into_iter().chain(past).map(F::view);
    Ok(Json(WholeView::of(versions.collect())))
}

/// Changes an entry.
pub(crate) async fn edit<F: Shown>(
    (id, pk): (AppointmentId, Id<F>),
    expected: &IfMatch,
    apply: impl FnOnce(&mut F) -> Result<Vec<&'static str>>,
    actor: &Actor,
    store: &Store,
) -> Result<Tagged<Json<F::View>>> {
    let (visit, before, permit) = held((id, pk), F::EDIT, expected, actor, store).await?;
    let mut entry = before.clone();
    let changed = apply(&mut entry.finding)?;
    entry.updated_at = actor.at;
    store.consultations().save(&visit, &before, &mut entry, &permit.changing(&changed)).await?;
    Ok(tagged(entry))
}

/// Removes an entry.
pub(crate) async fn remove<F: Shown>(
    (id, pk): (AppointmentId, Id<F>),
    expected: &IfMatch,
    actor: &Actor,
    store: &Store,
) -> Result<StatusCode> {
    let (visit, entry, permit) = held((id, pk), F::DELETE, expected, actor, store).await?;
    store.consultations().remove(&visit, &entry, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The visit, for somebody who may read its clinical side.
pub(crate) async fn read(
    id: AppointmentId,
    actor: &Actor,
    store: &Store,
) -> Result<(Appointment, Permit)> {
    Ok(store.appointments().find(id).await?.permit(actor, Action::ViewConsultation)?)
}

/// An entry that the actor may change or remove.
async fn held<F: Shown>(
    (id, pk): (AppointmentId, Id<F>),
    action: Action,
    expected: &IfMatch,
    actor: &Actor,
    store: &Store,
) -> Result<(Appointment, Entry<F>, Permit)> {
    let (visit, _) = read(id, actor, store).await?;
    let (entry, permit) = store.consultations().find(&visit, pk).await?.permit(actor, action)?;
    entry.demand_own_hand(actor)?;
    entry.demand_open(&visit)?;
    expected.check(&entry)?;
    let permit = noting(permit, &visit);
    Ok((visit, entry, permit))
}

fn noting(permit: Permit, visit: &Appointment) -> Permit {
    permit.noting("appointment", visit.id)
}

fn room(taken: usize) -> Result<(), ConsultationError> {
    if taken < MOST { Ok(()) } else { Err(ConsultationError::Full) }
}

fn tagged<F: Shown>(entry: Entry<F>) -> Tagged<Json<F::View>> {
    Tagged::showing(entry, F::view)
}
