//! `PATCH /api/hospitals/{id}/approve`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::{Body, Json, Path},
    form,
};
use carehub_domain::{
    access::{Action, Actor, Denied},
    account::Account,
    hospital::{Hospital, HospitalError, HospitalId},
};
use carehub_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::HospitalView;

form! {
    /// What an admin decides on a hospital.
    pub(crate) struct Decision {
        /// Whether it may join. Without it, yes.
        is_approved: Option<bool> = "approved",
    }
}

/// A hospital that was decided on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DecisionView {
    /// What was done.
    pub message: String,
    /// The hospital as it is now.
    pub hospital: HospitalView,
}

/// Approve a hospital or turn it away.
#[utoipa::path(patch, path = "/api/hospitals/{id}/approve", tag = "hospitals", request_body = Decision, params(
    ("id" = HospitalId, Path, description = "The hospital."),
), responses(
    (status = 200, description = "The decision holds. The same decision again changes nothing. One who is turned away is signed out, with all who work there. `POST` means the same.", body = DecisionView),
    (status = 403, description = "Only admins may do this.", body = Problem),
    (status = 404, description = "There is no such hospital.", body = Problem),
    (status = 409, description = "Somebody else decided at the same time.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HospitalId>,
    State(store): State<Store>,
    Body(Decision { is_approved }): Body<Decision>,
) -> Result<Json<DecisionView>> {
    let is_approved = is_approved.unwrap_or(true);
    let (action, message) = match is_approved {
        true => (Action::ApproveHospital, "Hospital approved successfully"),
        false => (Action::RejectHospital, "Hospital rejected successfully"),
    };
    let (found, owner) = store.hospitals().with_owner(id).await?;
    let (before, permit) = found.permit(&actor, action)?;
    let owner = owner.ok_or(Denied::NotFound)?;
    let permit = permit.noting("from", before.membership().name());
    let hospital = match decide(before.clone(), owner, is_approved, &actor) {
        Ok((mut hospital, mut owner)) => {
            store.hospitals().decide(&before, &mut hospital, &mut owner, &permit).await?;
            hospital
        }
        Err(HospitalError::AlreadyDecided) => before,
        Err(error) => return Err(error.into()),
    };
    Ok(Json(DecisionView { message: message.to_owned(), hospital: hospital.into() }))
}

fn decide(
    hospital: Hospital,
    owner: Account,
    is_approved: bool,
    by: &Actor,
) -> Result<(Hospital, Account), HospitalError> {
    match is_approved {
        true => Ok((hospital.approve(by)?, owner.activate(by.at))),
        false => Ok((hospital.reject(by)?, owner.suspend(by.at))),
    }
}
