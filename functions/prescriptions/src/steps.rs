//! What becomes of a prescription: `/dispense`, `/complete`, `/deactivate`, and its withdrawal

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Json, Path},
};
use carehub_domain::{
    access::{Action, Actor, Permit},
    prescription::{ItemId, Prescription, PrescriptionError, PrescriptionId},
};
use carehub_store::Store;

use crate::{entry::found, view::IssuedView};

/// Note that the medicines were handed out: the first supply, or one of the `refills`.
#[utoipa::path(post, path = "/api/prescriptions/{id}/dispense", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
), responses(
    (status = 200, description = "The prescription is `DISPENSED`; `supplies_left` says how often it may still be handed out until its last day.", body = IssuedView),
    (status = 403, description = "Only the doctor, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such prescription, or the caller has no part in it.", body = Problem),
    (status = 409, description = "It does not hold, or no supply is left; the problem names its state. Or it was handed out before, and a further supply takes `If-Match` with its present `ETag`. Or somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn dispense(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<Tagged<Json<IssuedView>>> {
    let (before, permit) = found(id, Action::DispensePrescription, &actor, &store).await?;
    expected.check(&before)?;
    let after = before.clone().dispense(expected.is_named(), &actor)?;
    let permit = permit.noting("supply", after.handed_out().count());
    let after = stepped(&before, after, permit, &actor, &store).await?;
    Ok(done(after, "Prescription dispensed", &actor))
}

/// Note that the patient needs a prescription no longer.
#[utoipa::path(post, path = "/api/prescriptions/{id}/complete", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
), responses(
    (status = 200, description = "The prescription is `COMPLETED`; what it names no longer counts as taken.", body = IssuedView),
    (status = 403, description = "Only the doctor and admins may do this.", body = Problem),
    (status = 404, description = "There is no such prescription, or the caller has no part in it.", body = Problem),
    (status = 409, description = "It neither holds nor was handed out; the problem names its state. Or somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn complete(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<Tagged<Json<IssuedView>>> {
    let (before, permit) = found(id, Action::CompletePrescription, &actor, &store).await?;
    expected.check(&before)?;
    let after = before.clone().complete(&actor)?;
    let after = stepped(&before, after, permit, &actor, &store).await?;
    Ok(done(after, "Prescription completed", &actor))
}

/// Withdraw a prescription.
#[utoipa::path(delete, path = "/api/prescriptions/{id}", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
), responses(
    (status = 204, description = "The prescription is `CANCELLED`. It is kept."),
    (status = 403, description = "Only the doctor and admins may do this.", body = Problem),
    (status = 404, description = "There is no such prescription, or the caller has no part in it.", body = Problem),
    (status = 409, description = "It does not hold; the problem names its state. Or somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn cancel(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let (before, permit) = found(id, Action::CancelPrescription, &actor, &store).await?;
    expected.check(&before)?;
    let after = before.clone().cancel(&actor)?;
    stepped(&before, after, permit, &actor, &store).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tell the patient to take a medicine no longer.
#[utoipa::path(post, path = "/api/prescriptions/{id}/deactivate", tag = "prescriptions", params(
    ("id" = ItemId, Path, description = "The medicine of the prescription. A prescription of one medicine names that as well."),
), responses(
    (status = 200, description = "The patient is to take it no longer.", body = IssuedView),
    (status = 403, description = "Only the doctor who prescribed it may do this.", body = Problem),
    (status = 404, description = "There is no such medicine, or the caller has no part in the prescription.", body = Problem),
    (status = 409, description = "The patient was told before, the prescription is over, or it has several medicines and none was named. Or somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "The prescription is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn deactivate(
    CurrentActor(actor): CurrentActor,
    Path(name): Path<String>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<Tagged<Json<IssuedView>>> {
    let named = Named::read(&name)?;
    let (before, permit) =
        found(named.prescription(), Action::StopMedication, &actor, &store).await?;
    expected.check(&before)?;
    before.demand_in_use(actor.at)?;
    let item = named.item(&before)?;
    let mut after = before.clone();
    after.deactivate(item, &actor)?;
    store.prescriptions().save(&before, &mut after, &permit.noting("medication", item)).await?;
    Ok(done(after, "Prescription deactivated successfully", &actor))
}

/// How somebody names a medicine.
#[derive(Clone, Copy, Debug)]
enum Named {
    Item(ItemId),
    Only(PrescriptionId),
}

impl Named {
    fn read(name: &str) -> Result<Self, PrescriptionError> {
        let item = name.parse().map(Self::Item);
        let only = || name.parse().map(Self::Only);
        item.or_else(|_| only()).map_err(|_| PrescriptionError::NoSuchItem)
    }

    fn prescription(self) -> PrescriptionId {
        match self {
            Self::Item(item) => item.prescription(),
            Self::Only(prescription) => prescription,
        }
    }

    fn item(self, prescription: &Prescription) -> Result<ItemId, PrescriptionError> {
        match (self, prescription.items()) {
            (Self::Item(item), _) => Ok(item),
            (Self::Only(_), [only]) => Ok(only.id),
            (Self::Only(_), _) => Err(PrescriptionError::Ambiguous),
        }
    }
}

async fn stepped(
    before: &Prescription,
    mut after: Prescription,
    permit: Permit,
    actor: &Actor,
    store: &Store,
) -> Result<Prescription> {
    let (from, to) = (before.state(actor.at), after.state(actor.at));
    let permit = permit.noting("from", from).noting("to", to);
    store.prescriptions().save(before, &mut after, &permit).await?;
    Ok(after)
}

fn done(after: Prescription, message: &str, actor: &Actor) -> Tagged<Json<IssuedView>> {
    Tagged::showing(after, |after| IssuedView::of(after, message, actor))
}
