//! What reading and changing prescriptions has in common.

use carehub_api::{Result, etag::Tagged, extract::Json};
use carehub_domain::{
    access::{Action, Actor, Permit},
    prescription::{Prescription, PrescriptionId},
};
use carehub_store::Store;

use crate::PrescriptionView;

/// A prescription, for somebody who may do this with it.
pub(crate) async fn found(
    id: PrescriptionId,
    action: Action,
    actor: &Actor,
    store: &Store,
) -> Result<(Prescription, Permit)> {
    Ok(store.prescriptions().find(id, actor).await?.permit(actor, action)?)
}

/// A prescription, for somebody who may read it.
pub(crate) async fn read(
    id: PrescriptionId,
    actor: &Actor,
    store: &Store,
) -> Result<(Prescription, Permit)> {
    found(id, Action::ViewPrescription, actor, store).await
}

/// Shows a prescription as it is now.
pub(crate) fn tagged(prescription: Prescription, actor: &Actor) -> Tagged<Json<PrescriptionView>> {
    Tagged::showing(prescription, |prescription| PrescriptionView::of(prescription, actor))
}
