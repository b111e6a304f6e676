//! Noting which patients did not come.

use carehub_domain::{
    access::{Action, Actor},
    appointment::Appointment,
};
use carehub_store::Store;
use jiff::Timestamp;

use crate::{ChoreError, Missed, Shift, tally};

pub(crate) async fn note(store: &Store, shift: &mut Shift) -> Result<Missed, ChoreError> {
    let (now, appointments) = (shift.now, store.appointments());
    let note_one = |appointment| note_one(appointment, store, now);
    let noted = shift.each(|from| appointments.due(now, from), note_one).await?;
    let (appointments, failed) = tally(&noted, |noted| usize::from(*noted));
    tracing::info!(missed.appointments = appointments, missed.failed = failed, "no-shows noted");
    Ok(Missed { appointments, failed })
}

/// Says whether the patient did not come. Nothing happens if it is something else that is due, or if
/// the appointment has got further or was moved meanwhile.
async fn note_one(
    appointment: Appointment,
    store: &Store,
    now: Timestamp,
) -> Result<bool, ChoreError> {
    let hub = Actor::worker("housekeeping", now);
    let permit = hub.authorize(Action::MissAppointment, &appointment)?;
    let Ok(missed) = appointment.clone().miss(&hub) else { return Ok(false) };
    Ok(store.appointments().step(&appointment, &missed, &permit).await?)
}
