//! Reminding patients of their medicines.

use carehub_domain::{
    access::{Action, Actor},
    notification::Notification,
};
use carehub_store::{Clock, Rang, Store};
use jiff::Timestamp;

use crate::{ChoreError, Reminded, Shift, tally};

pub(crate) async fn remind(store: &Store, shift: &mut Shift) -> Result<Reminded, ChoreError> {
    let (now, reminders) = (shift.now, store.reminders());
    let remind_one = |clock| remind_one(clock, store, now);
    let reminded = shift.each(|from| reminders.struck(now, from), remind_one).await?;
    let (doses, failed) = tally(&reminded, |(told, _)| *told);
    let (skipped, _) = tally(&reminded, |(_, skipped)| *skipped);
    tracing::info!(
        reminded.doses = doses,
        reminded.skipped = skipped,
        reminded.failed = failed,
        "patients reminded"
    );
    Ok(Reminded { doses, skipped, failed })
}

/// Says of how many doses the patient was reminded, and how many were skipped: those that were
/// missed for an hour.
async fn remind_one(
    clock: Clock,
    store: &Store,
    now: Timestamp,
) -> Result<(usize, usize), ChoreError> {
    let (hub, reminders) = (Actor::worker("housekeeping", now), store.reminders());
    let Some((reminder, patient)) = reminders.behind(&clock, now).await? else {
        reminders.stop(&clock, now).await?;
        return Ok((0, 0));
    };
    let skipped = reminder.missed(clock.next, now);
    let mut theirs = reminder.clone();
    theirs.patient = patient;
    let (mut at, mut told) = (Some(clock.next), 0);
    while let Some(owed) = at.and_then(|since| reminder.owed(since, now)) {
        at = reminder.next(owed);
        let notification = Notification::of_reminder(&theirs, owed);
        let permit = hub.create(Action::Notify, &notification)?;
        match reminders.ring(&reminder, at, &notification, &permit).await? {
            Rang::Told => told += 1,
            Rang::Already => {}
            Rang::Changed => return Ok((told, skipped)),
        }
    }
    reminders.wind(&reminder, now).await?;
    Ok((told, skipped))
}
