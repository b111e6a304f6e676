//! `/api/prescriptions/{id}/medications`

use std::collections::BTreeSet;

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form::{Fields, Form},
    listing::WholeView,
};
use carehub_domain::{
    access::{Action, Actor, Denied},
    glass::Reason,
    prescription::{Asked, ItemId, Medication, Prescription, PrescriptionError, PrescriptionId},
    safety::{Alert, Grounds, Report, RuleId},
};
use carehub_store::{Store, win};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    create::clear,
    entry::{found, read},
    form::{MedicationChanges, NewMedication, grounds},
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
    /// The rules that the reason is about; whatever the check finds if they are not named.
    override_rules: Option<BTreeSet<RuleId>>,
}

impl Form for Addition {
    fn read(fields: &mut Fields) -> Option<Self> {
        let override_reason = fields.take(&["override_reason"]);
        let override_rules = fields.take(&["override_rules"]);
        let medication = <NewMedication as Form>::read(fields)?;
        Some(Self {
            medication,
            override_reason: override_reason?,
            override_rules: override_rules?,
        })
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
    /// What was found when the medicines of the prescription were last checked.
    pub safety: Report,
    /// The alerts among that, for older clients.
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
    (status = 409, description = "The safety check stops it, or could not check everything, and no `override_reason` was given for it: `errors` says what was found, by which `rule`, at `/name`. Or the prescription does not hold.", body = Problem),
    (status = 412, description = "The prescription is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn add(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(new): Body<Addition>,
) -> Result<Created<Tagged<Json<CheckedView>>>> {
    let grounds = grounds(new.override_reason, new.override_rules)?;
    let medication = new.medication.medication();
    let (prescription, item) = win(|| async {
        let change = |after: &mut Prescription| after.add(medication.clone(), &actor);
        amend(id, &expected, change, grounds.as_ref(), &actor, &store).await
    })
    .await?;
    let location = format!("/api/prescriptions/{id}/medications/{item}");
    Ok(Created::at(location, checked(&prescription, item)?))
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
    (status = 409, description = "The safety check stops it, or could not check everything, and no `override_reason` was given for it: `errors` says what was found, by which `rule`, at `/name`. Or the prescription does not hold, or the patient is to take the medicine no longer.", body = Problem),
    (status = 412, description = "The prescription is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PrescriptionId, ItemId)>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<MedicationChanges>,
) -> Result<Tagged<Json<CheckedView>>> {
    let (reason, rules) = (changes.override_reason.clone(), changes.override_rules.clone());
    let (grounds, changes) = (grounds(reason, rules)?, &changes);
    let (prescription, item) = win(|| async {
        let change = |after: &mut Prescription| {
            let apply = |medication: &mut Medication| drop(changes.clone().apply(medication));
            after.change(pk, apply, &actor)?;
            Ok(pk)
        };
        amend(id, &expected, change, grounds.as_ref(), &actor, &store).await
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
    grounds: Option<&Grounds>,
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
    let asked = [Asked { item, pointer: "/name".to_owned() }];
    clear(&mut after, &asked, &bedside, grounds, look, actor, store).await?;
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
        safety: prescription.safety.clone(),
        warnings: prescription.safety.alerts.clone(),
    };
    Ok(Tagged::of(prescription, Json(view)))
}
