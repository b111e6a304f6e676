//! Noting which prescriptions hold no longer.

use carehub_domain::{
    access::{Action, Actor},
    prescription::Prescription,
};
use carehub_store::{Store, WriteError};
use jiff::Timestamp;

use crate::{ChoreError, Expired, each};

pub(crate) async fn end(store: &Store, now: Timestamp) -> Result<Expired, ChoreError> {
    let ended = store.prescriptions().ended(now).await?;
    let noted = each(ended, |prescription| end_one(prescription, store, now)).await;
    let prescriptions = noted.iter().filter(|noted| matches!(noted, Ok(true))).count();
    let failed = noted.iter().filter(|noted| noted.is_err()).count();
    tracing::info!(expired.prescriptions = prescriptions, expired.failed = failed, "expired");
    Ok(Expired { prescriptions, failed })
}

/// Says whether it was noted. Nothing happens if the prescription has got further meanwhile.
async fn end_one(before: Prescription, store: &Store, now: Timestamp) -> Result<bool, ChoreError> {
    let hub = Actor::worker("housekeeping", now);
    let permit = hub.authorize(Action::ExpirePrescription, &before)?;
    let Ok(mut after) = before.clone().expire(&hub) else { return Ok(false) };
    match store.prescriptions().save(&before, &mut after, &permit).await {
        Ok(()) => Ok(true),
        Err(WriteError::Condition(_)) => Ok(false),
        Err(WriteError::Store(error)) => Err(error.into()),
    }
}
