//! Closing appointments that never came to be.

use carehub_domain::{
    access::{Action, Actor},
    appointment::{Appointment, KEPT_OPEN},
};
use carehub_store::Store;
use jiff::Timestamp;

use crate::{ChoreError, Closed, each, overdue::conclude_one, tally};

pub(crate) async fn close(store: &Store, now: Timestamp) -> Result<Closed, ChoreError> {
    let mut due = store.appointments().due(now).await?;
    // What other chores did not get to in its time is found where it was due then.
    due.extend(store.appointments().due(now - KEPT_OPEN).await?);
    let closed = each(due, |appointment| close_one(appointment, store, now)).await;
    let (appointments, failed) = tally(&closed, |done| usize::from(*done));
    tracing::info!(closed.appointments = appointments, closed.failed = failed, "old ones closed");
    Ok(Closed { appointments, failed })
}

/// Says whether the appointment was closed. Nothing happens if it is not old enough, or has got
/// further meanwhile.
async fn close_one(
    appointment: Appointment,
    store: &Store,
    now: Timestamp,
) -> Result<bool, ChoreError> {
    let hub = Actor::worker("housekeeping", now);
    let Some(closed) = appointment.clone().expire(&hub) else {
        return conclude_one(appointment, store, now).await;
    };
    let permit = hub.authorize(Action::ExpireAppointment, &appointment)?;
    Ok(store.appointments().step(&appointment, &closed, &permit).await?)
}
