//! Whose documents somebody lists.

use carehub_api::Result;
use carehub_domain::{
    access::{Action, Actor, Denied, PatientId, Permit, Role, UserId},
    chart::Reader,
    patient::Roster,
};
use carehub_store::{Pile, Store};

/// What `actor` may list: all about `patient` that they may see, or else what they have a part
/// in. Patients list their own.
pub(crate) async fn pile(
    patient: Option<PatientId>,
    action: Action,
    actor: &Actor,
    store: &Store,
) -> Result<(Pile, Permit)> {
    let permit = actor.create(action, &Roster::of(actor))?;
    let pile = match patient.or(actor.patient().ok()) {
        Some(patient) => about(patient, actor, store).await?,
        None => own(actor)?,
    };
    let permit = pile.note(permit);
    Ok((pile, permit))
}

/// All about a patient. Whoever knows the patient and was not let in sees what they stand on.
async fn about(patient: PatientId, actor: &Actor, store: &Store) -> Result<Pile> {
    match store.repositories().find(patient, actor).await?.view(actor) {
        Ok(repository) => Ok(Pile::of_patient(&repository.patient, Reader::of(&repository, actor))),
        Err(Denied::GrantRequired | Denied::Forbidden | Denied::NotFound) => {
            let patient = store.patients().find(patient).await?.view(actor)?;
            Ok(Pile::of_patient(&patient, None))
        }
    }
}

fn own(actor: &Actor) -> Result<Pile, Denied> {
    match actor.role() {
        Some(Role::Doctor) => Ok(Pile::of(actor.doctor()?.into())),
        Some(Role::Hospital) => {
            let hospital = actor.hospital.map(UserId::from);
            hospital.map(Pile::of).ok_or(Denied::Forbidden)
        }
        Some(Role::Admin | Role::Superadmin) => Ok(Pile::of_hub()),
        Some(Role::Patient | Role::Coordinator) | None => Err(Denied::Forbidden),
    }
}
