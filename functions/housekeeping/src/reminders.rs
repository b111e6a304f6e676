//! Reminding patients of their medicines.

use carehub_domain::{
    access::{Action, Actor},
    notification::Notification,
};
use carehub_store::{Clock, Rang, Store};
use jiff::Timestamp;

use crate::{ChoreError, Reminded, each, tally};

pub(crate) async fn remind(store: &Store, now: Timestamp) -> Result<Reminded, ChoreError> {
    let struck = store.reminders().struck(now).await?;
    let reminded = each(struck, |clock| remind_one(clock, store, now)).await;
    let (doses, failed) = tally(&reminded, |told| *told);
    tracing::info!(reminded.doses = doses, reminded.failed = failed, "patients reminded");
    Ok(Reminded { doses, failed })
}

/// Says of how many doses the patient was reminded. What was missed for an hour is skipped.
async fn remind_one(clock: Clock, store: &Store, now: Timestamp) -> Result<usize, ChoreError> {
    let (hub, reminders) = (Actor::worker("housekeeping", now), store.reminders());
    let Some((reminder, patient)) = reminders.behind(&clock, now).await? else {
        reminders.stop(&clock, now).await?;
        return Ok(0);
    };
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
            Rang::Changed => return Ok(told),
        }
    }
    reminders.wind(&reminder, now).await?;
    Ok(told)
}
