//! Offering to the next who waits what was not taken in time.

use carehub_domain::{
    access::{Action, Actor},
    waitlist::Waitlist,
};
use carehub_store::{Store, win};
use jiff::Timestamp;

use crate::{ChoreError, PassedOn, Shift};

pub(crate) async fn pass_on(store: &Store, shift: &mut Shift) -> Result<PassedOn, ChoreError> {
    let (now, waitlists) = (shift.now, store.waitlists());
    let pass_on_one = |list| pass_on_one(list, store, now);
    let passed = shift.each(|from| waitlists.lapsed(now, from), pass_on_one).await?;
    let failed = passed.iter().filter(|passed| passed.is_err()).count();
    let passed = passed.iter().filter_map(|passed| passed.as_ref().ok());
    let done = passed.fold(PassedOn { failed, ..PassedOn::default() }, |sum, (lapsed, offered)| {
        PassedOn { lapsed: sum.lapsed + lapsed, offered: sum.offered + offered, ..sum }
    });
    tracing::info!(
        offers.lapsed = done.lapsed,
        offers.passed_on = done.offered,
        offers.failed = done.failed,
        "offers passed on"
    );
    Ok(done)
}

/// Says how many offers lapsed, and how many of them others were found for.
async fn pass_on_one(
    list: Waitlist,
    store: &Store,
    now: Timestamp,
) -> Result<(usize, usize), ChoreError> {
    let (hub, date) = (Actor::worker("housekeeping", now), list.date);
    win(|| async {
        let (doctor, mut books) = store.appointments().calendar(list.doctor, &[date]).await?;
        let doctor = doctor.view(&hub)?;
        books.lapse(&doctor, date, now);
        let mut changed = books.changed_waitlists();
        let Some((Some(before), after)) = changed.find(|(_, list)| list.date == date) else {
            return Ok(Some((0, 0)));
        };
        let lapsed = before.waiting().len() - after.waiting().len();
        let permit = hub.authorize(Action::LapseOffer, after)?;
        let permit = permit.noting("date", date).noting("count", lapsed);
        let saved = store.waitlists().pass_on(&books, &permit).await?;
        Ok(saved.then_some((lapsed, books.offered().len())))
    })
    .await
}
