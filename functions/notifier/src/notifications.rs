//! Notifications, by SMS and mail.

use carehub_clients::Message;
use carehub_domain::{
    Failure,
    access::UserId,
    delivery::{Delivery, DeliveryError, DeliveryState, Turn},
    notification::{Channel, Decision, NotificationId, Reason},
};
use carehub_store::{Sending, WriteError, win};
use jiff::Timestamp;

use crate::{Notifier, failed, letter};

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
/// which somebody else takes over when it is too old for anybody to be at work on it.
pub(crate) async fn send(
    notifier: &Notifier,
    named: (UserId, NotificationId),
    channel: Channel,
    now: Timestamp,
) -> Result<(), Box<dyn Failure>> {
    let outcome = win(|| decide(notifier, named, channel, now)).await.map_err(failed)?;
    let Outcome::Ours(claimed, message) = outcome else { return Ok(()) };
    let key = claimed.name().to_string();
    notifier.post.send(&key, message).await.map_err(failed)?;
    notifier.store.deliveries().sent(claimed, now).await.map_err(failed)
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
    match judge(notifier, &sending, now) {
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

fn judge(notifier: &Notifier, sending: &Sending, now: Timestamp) -> Verdict {
    let drop = |reason| Verdict::File(DeliveryState::Dropped { at: now, reason });
    let Sending { notification, channel, preferences, contact, .. } = sending;
    let message = match channel {
        Channel::Sms => contact.phone.clone().map(|to| letter::sms(to, notification)),
        Channel::Email => {
            let to = contact.email.clone();
            to.map(|to| letter::mail(to, notification, &notifier.public_url))
        }
        Channel::Push => None,
    };
    let Some(message) = message else { return drop(Reason::NoAddress) };
    let zone = preferences.zone(contact.zone.as_ref(), notification);
    let sent = sending.sent_today(now);
    match preferences.decide(notification, *channel, zone, now, sent) {
        Decision::Send => Verdict::Send(message),
        Decision::Wait(until) => Verdict::File(DeliveryState::Waiting { until }),
        Decision::Drop(reason) => drop(reason),
    }
}
