//! Notifications, by SMS and mail.

use carehub_clients::{Carried, Message};
use carehub_domain::{
    Failure,
    access::UserId,
    delivery::{Delivery, DeliveryError, DeliveryState, Turn},
    notification::{Channel, Decision, Notification, NotificationId, Reason},
};
use carehub_store::{Sending, StoreError, WriteError, win};
use jiff::Timestamp;

use crate::{Notifier, letter};

/// What a look at a delivery came to.
enum Outcome {
    /// There is nothing to send.
    Nothing,
    /// It is claimed, and this is what to send.
    Ours(Delivery, Message),
}

/// Sends a notification by one of its ways, if the person wants it so at `now`.
///
/// It is claimed, sent and marked as sent, in this order. Whoever dies in between leaves a claim,
/// which somebody else takes over when it is too old for anybody to be at work on it. What is
/// refused for good stays in the list, and nobody tries again.
pub(crate) async fn send(
    notifier: &Notifier,
    named: (UserId, NotificationId),
    channel: Channel,
    now: Timestamp,
) -> Result<(), Box<dyn Failure>> {
    let outcome = win(|| decide(notifier, named, channel, now)).await?;
    let Outcome::Ours(claimed, message) = outcome else { return Ok(()) };
    let key = claimed.name().to_string();
    let deliveries = notifier.store.deliveries();
    match notifier.post.send(&key, message).await? {
        Carried::Taken => Ok(deliveries.sent(claimed, now).await?),
        Carried::Refused => {
            tracing::warn!(delivery = key, "a message was refused for good");
            Ok(deliveries.abandon(claimed, Reason::Refused, now).await.map(drop)?)
        }
    }
}

/// Looks at a delivery, and claims it if it is to be sent. `None` says that somebody else was
/// faster.
async fn decide(
    notifier: &Notifier,
    (recipient, notification): (UserId, NotificationId),
    channel: Channel,
    now: Timestamp,
) -> Result<Option<Outcome>, WriteError<DeliveryError>> {
    let deliveries = notifier.store.deliveries();
    let Some(sending) = deliveries.prepare(recipient, notification, channel, now).await? else {
        return Ok(Some(Outcome::Nothing));
    };
    match sending.delivery.as_ref().map_or(Turn::Yours, |delivery| delivery.turn(now)) {
        Turn::Yours => {}
        Turn::Theirs => return Err(WriteError::Condition(DeliveryError::Stale)),
        Turn::Over => return Ok(Some(Outcome::Nothing)),
    }
    match judge(notifier, &sending, now).await? {
        Verdict::Send(message) => {
            let claimed = deliveries.claim(&sending, now).await?;
            Ok(claimed.map(|claimed| Outcome::Ours(claimed, message)))
        }
        Verdict::File(state)
            if sending.delivery.as_ref().is_some_and(|one| one.state() == state) =>
        {
            Ok(Some(Outcome::Nothing))
        }
        Verdict::File(state) => {
            let filed = deliveries.put_off(&sending, state).await?;
            Ok(filed.map(|_| Outcome::Nothing))
        }
    }
}

/// What is to become of a delivery.
enum Verdict {
    /// It goes out.
    Send(Message),
    /// It stays here.
    File(DeliveryState),
}

/// Whether it is true is asked last, as that takes another look.
async fn judge(
    notifier: &Notifier,
    sending: &Sending,
    now: Timestamp,
) -> Result<Verdict, StoreError> {
    let drop = |reason| Verdict::File(DeliveryState::Dropped { at: now, reason });
    let Sending { notification, channel, contact, .. } = sending;
    let message = match channel {
        Channel::Sms => contact.phone.clone().map(|to| letter::sms(to, notification)),
        Channel::Email => {
            let to = contact.email.clone();
            to.map(|to| letter::mail(to, notification, &notifier.public_url))
        }
        Channel::Push => None,
    };
    let Some(message) = message else { return Ok(drop(Reason::NoAddress)) };
    Ok(match sending.decide(now) {
        Decision::Send if is_true(notifier, notification).await? => Verdict::Send(message),
        Decision::Send => drop(Reason::Outdated),
        Decision::Wait(until) => Verdict::File(DeliveryState::Waiting { until }),
        Decision::Drop(reason) => drop(reason),
    })
}

/// Whether what a notification speaks of is still so.
async fn is_true(notifier: &Notifier, notification: &Notification) -> Result<bool, StoreError> {
    let Some(condition) = &notification.as_long_as else { return Ok(true) };
    let basis = notifier.store.notifications().basis(notification.recipient, condition).await?;
    Ok(condition.holds(&basis))
}
