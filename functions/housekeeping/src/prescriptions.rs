//! Noting which prescriptions hold no longer.

use carehub_domain::{
    access::{Action, Actor},
    prescription::Prescription,
};
use carehub_store::{Store, won};
use jiff::Timestamp;

use crate::{ChoreError, Expired, Shift, tally};

pub(crate) async fn end(store: &Store, shift: &mut Shift) -> Result<Expired, ChoreError> {
    let (now, prescriptions) = (shift.now, store.prescriptions());
    let end_one = |prescription| end_one(prescription, store, now);
    let ended = shift.each(|from| prescriptions.ended(now, from), end_one).await?;
    let (prescriptions, failed) = tally(&ended, |ended| usize::from(*ended));
    tracing::info!(expired.prescriptions = prescriptions, expired.failed = failed, "expired");
    Ok(Expired { prescriptions, failed })
}

/// Says whether it was noted. Nothing happens if the prescription has got further meanwhile.
async fn end_one(before: Prescription, store: &Store, now: Timestamp) -> Result<bool, ChoreError> {
    let hub = Actor::worker("housekeeping", now);
    let permit = hub.authorize(Action::ExpirePrescription, &before)?;
    let Ok(mut after) = before.clone().expire(&hub) else { return Ok(false) };
    Ok(won(store.prescriptions().save(&before, &mut after, &permit).await)?.is_some())
}
