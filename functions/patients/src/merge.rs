//! `POST /api/patients/{id}/merge` and `/api/patients/{id}/unmerge`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
};
use carehub_domain::access::{Action, Guarded, PatientId};
use carehub_store::Store;

use crate::PatientView;

form! {
    /// The other record.
    pub(crate) struct Other {
        /// The record that is merged, or was.
        duplicate: PatientId = "patient" | "duplicate_id",
    }
}

/// Merge a record into another of the same person.
#[utoipa::path(post, path = "/api/patients/{id}/merge", tag = "patients", request_body = Other, params(
    ("id" = PatientId, Path, description = "The record that stays."),
), responses(
    (status = 200, description = "The record that stays. It knows what either knew of the patient's health, and the other one leads to it.", body = PatientView),
    (status = 400, description = "Some fields are not right, or both are one record already.", body = Problem),
    (status = 403, description = "Only the hospital that keeps both records and admins may do this.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
    (status = 409, description = "The record that would go has an account, or somebody else changed one at the same time.", body = Problem),
    (status = 412, description = "The record that stays is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn merge(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(other): Body<Other>,
) -> Result<Tagged<Json<PatientView>>> {
    let patients = store.patients();
    let (found, duplicate) = tokio::try_join!(patients.find(id), patients.find(other.duplicate))?;
    let (before, permit) = found.permit(&actor, Action::MergePatients)?;
    expected.check(&before)?;
    let (duplicate_before, _) = duplicate.permit(&actor, Action::MergePatients)?;
    let (mut patient, mut duplicate) = before.clone().absorb(duplicate_before.clone(), &actor)?;
    let permit = permit.noting("duplicate", duplicate.id);
    let pair = (&duplicate_before, &mut duplicate);
    patients.save_both((&before, &mut patient), pair, &permit).await?;
    Ok(PatientView::tagged(patient, actor.at))
}

/// Undo the last merge into a record.
#[utoipa::path(post, path = "/api/patients/{id}/unmerge", tag = "patients", request_body = Other, params(
    ("id" = PatientId, Path, description = "The record that stayed."),
), responses(
    (status = 200, description = "The record that stayed, without what the other one brought. The other one is found again.", body = PatientView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the hospital that keeps both records and admins may do this.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
    (status = 409, description = "The other one was not the last that was merged, or somebody else changed one at the same time.", body = Problem),
    (status = 412, description = "The record that stayed is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn unmerge(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(other): Body<Other>,
) -> Result<Tagged<Json<PatientView>>> {
    let patients = store.patients();
    let (found, duplicate) =
        tokio::try_join!(patients.find(id), patients.recorded(other.duplicate))?;
    let (before, permit) = found.permit(&actor, Action::UnmergePatients)?;
    expected.check(&before)?;
    let (duplicate_before, _) = Guarded::new(duplicate).permit(&actor, Action::UnmergePatients)?;
    let (mut patient, mut duplicate) =
        before.clone().part_from(duplicate_before.clone(), &actor)?;
    let permit = permit.noting("duplicate", duplicate.id);
    let pair = (&duplicate_before, &mut duplicate);
    patients.save_both((&before, &mut patient), pair, &permit).await?;
    Ok(PatientView::tagged(patient, actor.at))
}
