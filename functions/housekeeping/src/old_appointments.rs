//! Closing appointments that never came to be.

use carehub_domain::{
    access::{Action, Actor},
    appointment::{Appointment, KEPT_OPEN},
};
use carehub_store::Store;
use jiff::Timestamp;

use crate::{ChoreError, Closed, Shift, overdue::conclude_one, tally};

pub(crate) async fn close(store: &Store, shift: &mut Shift) -> Result<Closed, ChoreError> {
    let (now, appointments) = (shift.now, store.appointments());
    let close_one = |appointment| close_one(appointment, store, now);
    let mut closed = Vec::new();
    // What other chores did not get to in its time is found where it was due then.
    for when in [now, now - KEPT_OPEN] {
        closed.extend(shift.each(|from| appointments.due(when, from), close_one).await?);
    }
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
