//! `/api/prescriptions/{id}/medications`

use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header::LOCATION},
};
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form::{Fields, Form},
    listing::WholeView,
};
use carehub_domain::{
    access::{Action, Actor, Denied},
    glass::Reason,
    prescription::{ItemId, Medication, Prescription, PrescriptionError, PrescriptionId},
    safety::Alert,
};
use carehub_store::{Store, win};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    create::clear,
    entry::{found, read},
    form::{MedicationChanges, NewMedication},
    view::MedicationView,
};

/// A medicine to add to a prescription.
#[derive(Debug, ToSchema)]
pub(crate) struct Addition {
    /// The medicine.
    #[serde(flatten)]
    medication: NewMedication,
    /// Why it is right in spite of what the safety check finds.
    override_reason: Option<Reason>,
}

impl Form for Addition {
    fn read(fields: &mut Fields) -> Option<Self> {
        let override_reason = fields.take(&["override_reason"]);
        let medication = <NewMedication as Form>::read(fields);
        Some(Self { override_reason: override_reason?, medication: medication? })
    }
}

/// A medicine of a prescription, and what was found when it was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckedView {
    /// The medicine.
    #[serde(flatten)]
    pub medication: MedicationView,
    /// The prescription.
    pub prescription: PrescriptionId,
    /// What was found about the medicines of the prescription.
    pub warnings: Vec<Alert>,
}

/// List the medicines of a prescription.
#[utoipa::path(get, path = "/api/prescriptions/{id}/medications", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
), responses(
    (status = 200, description = "All medicines, in the order they were prescribed. Who reads about somebody else leaves a line in the audit log.", body = WholeView<MedicationView>),
    (status = 404, description = "There is no such prescription, or the caller has no part in it.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<MedicationView>>> {
    let (prescription, permit) = read(id, &actor, &store).await?;
    let views: Vec<_> =
        prescription.items().iter().map(|item| MedicationView::of(item, &prescription)).collect();
    store.events().note_look(&permit.noting("count", views.len())).await?;
    Ok(Json(WholeView::of(views)))
}

/// Add a medicine to a prescription.
#[utoipa::path(post, path = "/api/prescriptions/{id}/medications", tag = "prescriptions", request_body = Addition, params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
), responses(
    (status = 201, description = "The medicine, with what the safety check has to say.", body = CheckedView),
    (status = 400, description = "Some fields are not right, or there are 30 medicines already.", body = Problem),
    (status = 403, description = "Only the doctor who wrote the prescription may do this.", body = Problem),
    (status = 404, description = "There is no such prescription, or the caller has no part in it.", body = Problem),
    (status = 409, description = "The safety check stops it, or could not check everything, and no `override_reason` was given: `errors` says what was found. Or the prescription does not hold.", body = Problem),
    (status = 412, description = "The prescription is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn add(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(new): Body<Addition>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Tagged<Json<CheckedView>>)> {
    let (medication, reason) = (new.medication.medication(), new.override_reason);
    let (prescription, item) = win(|| async {
        let change = |after: &mut Prescription| after.add(medication.clone(), &actor);
        amend(id, &expected, change, reason.as_ref(), &actor, &store).await
    })
    .await?;
    let location = [(LOCATION, format!("/api/prescriptions/{id}/medications/{item}"))];
    Ok((StatusCode::CREATED, location, checked(&prescription, item)?))
}

/// See a medicine of a prescription.
#[utoipa::path(get, path = "/api/prescriptions/{id}/medications/{pk}", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    ("pk" = ItemId, Path, description = "The medicine."),
), responses(
    (status = 200, description = "The medicine. Who reads about somebody else leaves a line in the audit log.", body = CheckedView),
    (status = 404, description = "There is no such medicine, or the caller has no part in the prescription.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PrescriptionId, ItemId)>,
    State(store): State<Store>,
) -> Result<Tagged<Json<CheckedView>>> {
    let (prescription, permit) = read(id, &actor, &store).await?;
    let view = checked(&prescription, pk)?;
    store.events().note_look(&permit.noting("medication", pk)).await?;
    Ok(view)
}

/// Change a medicine of a prescription.
#[utoipa::path(patch, path = "/api/prescriptions/{id}/medications/{pk}", tag = "prescriptions", request_body = MedicationChanges, params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    ("pk" = ItemId, Path, description = "The medicine."),
), responses(
    (status = 200, description = "The medicine as it is now, with what the safety check has to say. `PUT` means the same.", body = CheckedView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the doctor who wrote the prescription may do this.", body = Problem),
    (status = 404, description = "There is no such medicine, or the caller has no part in the prescription.", body = Problem),
    (status = 409, description = "The safety check stops it, or could not check everything, and no `override_reason` was given: `errors` says what was found. Or the prescription does not hold, or the patient is to take the medicine no longer.", body = Problem),
    (status = 412, description = "The prescription is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PrescriptionId, ItemId)>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<MedicationChanges>,
) -> Result<Tagged<Json<CheckedView>>> {
    let (reason, changes) = (changes.override_reason.clone(), &changes);
    let (prescription, item) = win(|| async {
        let change = |after: &mut Prescription| {
            let apply = |medication: &mut Medication| drop(changes.clone().apply(medication));
            after.change(pk, apply, &actor)?;
            Ok(pk)
        };
        amend(id, &expected, change, reason.as_ref(), &actor, &store).await
    })
    .await?;
    Ok(checked(&prescription, item)?)
}

/// Take a medicine off a prescription.
#[utoipa::path(delete, path = "/api/prescriptions/{id}/medications/{pk}", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
    ("pk" = ItemId, Path, description = "The medicine."),
), responses(
    (status = 204, description = "The medicine is no longer on the prescription. What it said before is kept."),
    (status = 403, description = "Only the doctor who wrote the prescription may do this.", body = Problem),
    (status = 404, description = "There is no such medicine, or the caller has no part in the prescription.", body = Problem),
    (status = 409, description = "The prescription does not hold; the problem names its state. Or it changed at the same time.", body = Problem),
    (status = 412, description = "The prescription is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PrescriptionId, ItemId)>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let (before, permit) = found(id, Action::EditPrescription, &actor, &store).await?;
    expected.check(&before)?;
    before.demand_open(actor.at)?;
    let mut after = before.clone();
    after.remove(pk, &actor)?;
    let permit = permit.noting("removed", pk).changing(&["medications"]);
    store.prescriptions().save(&before, &mut after, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes a medicine and checks it, unless somebody was faster.
async fn amend(
    id: PrescriptionId,
    expected: &IfMatch,
    change: impl FnOnce(&mut Prescription) -> Result<ItemId, PrescriptionError>,
    reason: Option<&Reason>,
    actor: &Actor,
    store: &Store,
) -> Result<Option<(Prescription, ItemId)>> {
    let prescriptions = store.prescriptions();
    let (before, permit) = found(id, Action::EditPrescription, actor, store).await?;
    expected.check(&before)?;
    before.demand_open(actor.at)?;
    let bedside = prescriptions.bedside(before.patient, before.hospital).await?;
    let bedside = bedside.ok_or(Denied::NotFound)?;
    let mut after = before.clone();
    let item = change(&mut after)?;
    let look = actor.authorize(Action::CheckInteractions, &before)?;
    clear(&mut after, &[item], &bedside, reason, look, actor, store).await?;
    let permit = permit.noting("medication", item).changing(&["medications"]);
    let saved = prescriptions.amend(&before, &mut after, &bedside, &permit).await?;
    Ok(saved.then_some((after, item)))
}

fn checked(
    prescription: &Prescription,
    item: ItemId,
) -> Result<Tagged<Json<CheckedView>>, PrescriptionError> {
    let found = prescription.item(item).ok_or(PrescriptionError::NoSuchItem)?;
    let view = CheckedView {
        medication: MedicationView::of(found, prescription),
        prescription: prescription.id,
        warnings: prescription.safety.alerts.clone(),
    };
    Ok(Tagged::of(prescription, Json(view)))
}
