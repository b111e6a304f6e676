//! Ending visits that nobody ended.

use carehub_domain::{
    access::{Action, Actor},
    appointment::Appointment,
};
use carehub_store::Store;
use jiff::Timestamp;

use crate::{ChoreError, Concluded, Shift, tally};

pub(crate) async fn conclude(store: &Store, shift: &mut Shift) -> Result<Concluded, ChoreError> {
    let (now, appointments) = (shift.now, store.appointments());
    let conclude_one = |appointment| conclude_one(appointment, store, now);
    let concluded = shift.each(|from| appointments.due(now, from), conclude_one).await?;
    let (visits, failed) = tally(&concluded, |done| usize::from(*done));
    tracing::info!(concluded.visits = visits, concluded.failed = failed, "visits concluded");
    Ok(Concluded { visits, failed })
}

/// Says whether the visit was ended. Nothing happens if it is something else that is due, or if
/// somebody ended it meanwhile.
pub(crate) async fn conclude_one(
    visit: Appointment,
    store: &Store,
    now: Timestamp,
) -> Result<bool, ChoreError> {
    let hub = Actor::worker("housekeeping", now);
    let Some(over) = visit.clone().conclude(&hub) else { return Ok(false) };
    let permit = hub.authorize(Action::CompleteVisit, &visit)?.noting("overdue", true);
    Ok(store.appointments().step(&visit, &over, &permit).await?)
}
