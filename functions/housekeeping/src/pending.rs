//! Telling people what was planned for now, and looking again for deliveries that waited.

use carehub_clients::{Errand, Queue, SharedQueues};
use carehub_domain::{
    access::Actor,
    delivery::{Delivery, PATIENCE},
    notification::{Planned, Reason},
};
use carehub_store::{Store, StoreError};
use jiff::Timestamp;

use crate::{ChoreError, Released, Shift, tally};

pub(crate) async fn release(
    store: &Store,
    queues: &SharedQueues,
    shift: &mut Shift,
) -> Result<Released, ChoreError> {
    let (now, notifications, deliveries) = (shift.now, store.notifications(), store.deliveries());
    let release_one = |planned| release_one(planned, store, now);
    let released = shift.each(|from| notifications.due_planned(now, from), release_one).await?;
    let queue_one = |delivery| queue_one(delivery, store, queues, now);
    let queued = shift.each(|from| deliveries.waiting(now, from), queue_one).await?;
    let (told, failed) = tally(&released, |became| usize::from(*became == Became::Told));
    let (forgotten, _) = tally(&released, |became| usize::from(*became == Became::Forgotten));
    let (queued, not_queued) = tally(&queued, |queued| usize::from(*queued));
    let done = Released { told, forgotten, queued, failed: failed + not_queued };
    tracing::info!(
        pending.told = done.told,
        pending.forgotten = done.forgotten,
        pending.queued = done.queued,
        pending.failed = done.failed,
        "what was pending was seen to"
    );
    Ok(done)
}

/// What became of a planned notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Became {
    /// It is in the list.
    Told,
    /// It was there already.
    Known,
    /// The reason for it had gone.
    Forgotten,
}

async fn release_one(
    planned: Planned,
    store: &Store,
    now: Timestamp,
) -> Result<Became, ChoreError> {
    let (hub, notifications) = (Actor::worker("housekeeping", now), store.notifications());
    let Some(addressed) = addressed(&planned, store, now).await? else {
        notifications.unplan(&planned).await?;
        return Ok(Became::Forgotten);
    };
    let new = notifications.release(&planned, addressed, &hub).await?;
    Ok(if new { Became::Told } else { Became::Known })
}

/// What is planned as the person is to be told now, if there still is one and the reason holds.
async fn addressed(
    planned: &Planned,
    store: &Store,
    now: Timestamp,
) -> Result<Option<Planned>, StoreError> {
    let notifications = store.notifications();
    let Some(addressed) = notifications.readdressed(planned).await? else { return Ok(None) };
    let recipient = addressed.notification.recipient;
    let basis = notifications.basis(recipient, &addressed.as_long_as).await?;
    Ok(Some(addressed).filter(|addressed| addressed.holds(&basis, now)))
}

/// Says whether the delivery went on its queue. It is looked for again if nobody delivers it soon;
/// should the hub stop right behind the queue, the next run puts it there once more, and whoever
/// delivers does so once. What the person has removed from the list meanwhile is given up.
async fn queue_one(
    delivery: Delivery,
    store: &Store,
    queues: &SharedQueues,
    now: Timestamp,
) -> Result<bool, ChoreError> {
    let (recipient, notification) = (delivery.recipient, delivery.notification);
    let listed = store.notifications().recorded(recipient, notification).await?;
    let Some(queue) = Queue::of(delivery.channel).filter(|_| listed.is_some()) else {
        store.deliveries().abandon(delivery, Reason::Expired, now).await?;
        return Ok(false);
    };
    let channel = delivery.channel;
    queues.put(queue, vec![Errand::Notification { recipient, notification, channel }]).await?;
    store.deliveries().postpone(delivery, now + PATIENCE).await?;
    Ok(true)
}
