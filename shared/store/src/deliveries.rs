//! Deliveries, under the person they go to.

use std::collections::BTreeMap;

use carehub_domain::{
    access::UserId,
    account::Zone,
    delivery::{
        Contact, Delivery, DeliveryError, DeliveryKey, DeliveryState, Outgoing, Person, REMEMBERED,
    },
    event::EventId,
    failures,
    hospital::HospitalId,
    notification::{
        Channel, Decision, Notification, NotificationId, Preferences, Priority, Reason,
    },
    webhook::WebhookId,
};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    Bookmark, Due, Entity, Item, Key, StoreError, Table, WriteError, accounts, aggregate, doctors,
    entity::{self, Expiry},
    hospitals,
    key::Partition,
    notifications, patients,
    race::won,
    transaction::Transaction,
};

aggregate! {
    /// What becomes of notifications on their ways out of the hub. None of it is a deed of
    /// anybody, so none of it leaves a line in the audit log.
    Deliveries
}

/// How long the notifications of a day are counted: no zone is farther off.
const COUNTED: SignedDuration = SignedDuration::from_hours(72);

/// A notification that is to be delivered, with all that decides about it, as it was read at once.
#[derive(Clone, Debug)]
pub struct Sending {
    /// What is to be delivered.
    pub notification: Notification,
    /// By which way.
    pub channel: Channel,
    /// What has become of it so far.
    pub delivery: Option<Delivery>,
    /// How the person wants to be told.
    pub preferences: Preferences,
    /// How the person is reached.
    pub contact: Contact,
    days: BTreeMap<Date, Outgoing>,
}

impl Sending {
    /// What becomes of it at `now`, as the person wants it.
    pub fn decide(&self, now: Timestamp) -> Decision {
        let Self { notification, channel, preferences, .. } = self;
        preferences.decide(notification, *channel, self.zone(), now, self.sent_today(now))
    }

    /// How many other notifications left the hub for the person today.
    fn sent_today(&self, now: Timestamp) -> u32 {
        self.today(now).map_or(0, |day| day.beside(self.notification.id))
    }

    fn today(&self, now: Timestamp) -> Option<&Outgoing> {
        self.days.get(&self.zone().date(now))
    }

    /// Where the person's hours and days are.
    fn zone(&self) -> &Zone {
        self.preferences.zone(self.contact.zone.as_ref(), &self.notification)
    }

    fn named(&self) -> (UserId, NotificationId) {
        (self.notification.recipient, self.notification.id)
    }
}

impl Deliveries<'_> {
    /// Reads all that decides about a delivery, in one round trip. What is no longer in the list
    /// need not be delivered.
    pub async fn prepare(
        &self,
        recipient: UserId,
        notification: NotificationId,
        channel: Channel,
        now: Timestamp,
    ) -> Result<Option<Sending>, StoreError> {
        let sent = DeliveryKey { notification, channel };
        let keys = [
            notifications::at(recipient, notification),
            at(recipient, sent),
            notifications::preferences_of(recipient),
            accounts::at(recipient),
            hospitals::at(HospitalId::from(recipient)),
            patients::at(recipient.into()),
            doctors::at(recipient.into()),
        ];
        let days = around(now).map(|date| day_of(recipient, date));
        let all: Vec<Key> = keys.iter().chain(&days).cloned().collect();
        let mut found = self.store.gather(&all).await?;
        let [notification, delivery, preferences, account, hospital, patient, doctor] = keys;
        let Some(notification) = take::<Notification>(&mut found, &notification)? else {
            return Ok(None);
        };
        if notification.removed_at.is_some() {
            return Ok(None);
        }
        let person = Person {
            account: take(&mut found, &account)?,
            hospital: take(&mut found, &hospital)?,
            patient: take(&mut found, &patient)?,
            doctor: take(&mut found, &doctor)?,
        };
        let mut counts = BTreeMap::new();
        for day in &days {
            counts.extend(take::<Outgoing>(&mut found, day)?.map(|day| (day.date, day)));
        }
        let preferences = take(&mut found, &preferences)?;
        Ok(Some(Sending {
            notification,
            channel,
            delivery: take(&mut found, &delivery)?,
            preferences: preferences.unwrap_or_else(|| person.usual_wishes(recipient)),
            contact: person.contact(),
            days: counts,
        }))
    }

    /// Claims a delivery and counts it for the day, if nobody else did either since it was read.
    /// What is urgent does not count.
    pub async fn claim(
        &self,
        sending: &Sending,
        now: Timestamp,
    ) -> Result<Option<Delivery>, StoreError> {
        let (recipient, notification) = sending.named();
        let (transaction, claimed) = self.filed(sending, DeliveryState::Claimed { at: now });
        let today = sending.today(now).cloned();
        let is_first = today.is_none();
        let mut today = today.unwrap_or_else(|| Outgoing::on(recipient, sending.zone().date(now)));
        let counts = sending.notification.priority != Priority::Urgent;
        let transaction = match counts && today.count(notification) {
            false => transaction,
            true if is_first => transaction.create(&today, DeliveryError::Stale),
            true => transaction.replace(&mut today, DeliveryError::Stale),
        };
        won(transaction.commit().await.map(|()| claimed))
    }

    /// Notes that a delivery waits or will never leave, if nobody else had it in hand since it was
    /// read.
    pub async fn put_off(
        &self,
        sending: &Sending,
        state: DeliveryState,
    ) -> Result<Option<Delivery>, StoreError> {
        let (transaction, filed) = self.filed(sending, state);
        won(transaction.commit().await.map(|()| filed))
    }

    fn filed(
        &self,
        sending: &Sending,
        state: DeliveryState,
    ) -> (Transaction<'_, DeliveryError>, Delivery) {
        let (recipient, notification) = sending.named();
        let transaction = Transaction::on(self.store);
        match sending.delivery.clone() {
            Some(delivery) => {
                let mut delivery = delivery.becoming(state);
                (transaction.replace(&mut delivery, DeliveryError::Stale), delivery)
            }
            None => {
                let delivery = Delivery::of(recipient, notification, sending.channel, state);
                (transaction.create(&delivery, DeliveryError::Stale), delivery)
            }
        }
    }

    /// Notes that a claimed delivery left the hub. If somebody took the claim over meanwhile, theirs
    /// stands.
    pub async fn sent(&self, claimed: Delivery, now: Timestamp) -> Result<(), StoreError> {
        let delivery = claimed.becoming(DeliveryState::Sent { at: now });
        let sent = notifications::at(delivery.recipient, delivery.notification);
        let transaction = Transaction::on(self.store);
        let first = transaction.replace(&mut delivery.clone(), Sent::Elsewhere).endow(
            sent,
            ("sent_at", now.to_string()),
            false,
            Sent::Before,
        );
        match first.commit().await {
            Err(WriteError::Condition(Sent::Before)) => {}
            Ok(()) | Err(WriteError::Condition(Sent::Elsewhere)) => return Ok(()),
            Err(WriteError::Store(error)) => return Err(error),
        }
        let again = Transaction::on(self.store).replace(&mut delivery.clone(), Sent::Elsewhere);
        again.won().await.map(drop)
    }

    /// Some of the deliveries that waited until now and are to go on their queue again.
    pub async fn waiting(
        &self,
        now: Timestamp,
        from: Bookmark,
    ) -> Result<Due<Delivery>, StoreError> {
        self.store.sweep().seen(Table::Engagement, now, from).await
    }

    /// Looks for a delivery again at `until`, unless somebody had it in hand since it was read.
    pub async fn postpone(
        &self,
        delivery: Delivery,
        until: Timestamp,
    ) -> Result<Option<Delivery>, StoreError> {
        let mut later = delivery.becoming(DeliveryState::Waiting { until });
        let transaction = Transaction::on(self.store);
        won(transaction.replace(&mut later, DeliveryError::Stale).commit().await.map(|()| later))
    }

    /// Gives up a delivery, unless somebody had it in hand since it was read.
    pub async fn abandon(
        &self,
        delivery: Delivery,
        reason: Reason,
        at: Timestamp,
    ) -> Result<Option<Delivery>, StoreError> {
        let mut dropped = delivery.becoming(DeliveryState::Dropped { at, reason });
        let transaction = Transaction::on(self.store);
        won(transaction
            .replace(&mut dropped, DeliveryError::Stale)
            .commit()
            .await
            .map(|()| dropped))
    }

    /// Whether a program was told of an event.
    pub async fn was_told(&self, webhook: WebhookId, event: EventId) -> Result<bool, StoreError> {
        Ok(self.store.find::<Told>(told(webhook, event)).await?.is_some())
    }

    /// Notes that a program was told of an event.
    pub async fn note_told(
        &self,
        webhook: WebhookId,
        event: EventId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let told = Told { webhook, event, at };
        let transaction = Transaction::on(self.store).put(&told);
        transaction.commit().await.map_err(WriteError::only_store)
    }
}

/// The days that it may be somewhere at `now`.
fn around(now: Timestamp) -> [Date; 3] {
    let today = now.to_zoned(TimeZone::UTC).date();
    [today.yesterday().unwrap_or(today), today, today.tomorrow().unwrap_or(today)]
}

fn take<T: Entity>(
    found: &mut std::collections::HashMap<Key, Item>,
    key: &Key,
) -> Result<Option<T>, StoreError> {
    found.remove(key).map(entity::decode).transpose()
}

fn at(recipient: UserId, key: DeliveryKey) -> Key {
    notifications::inbox(recipient).sort(Delivery::KIND, key)
}

fn day_of(recipient: UserId, date: Date) -> Key {
    notifications::inbox(recipient).sort(Outgoing::KIND, date)
}

/// What is known of the calls to a program.
pub(crate) fn of_webhook(webhook: WebhookId) -> Partition {
    Key::partition(Table::Engagement, "webhook-delivery", webhook)
}

fn told(webhook: WebhookId, event: EventId) -> Key {
    of_webhook(webhook).sort("event", event)
}

impl Entity for Delivery {
    const KIND: &'static str = "delivery";

    fn key(&self) -> Key {
        at(self.recipient, self.name())
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(match self.state() {
            DeliveryState::Waiting { until } => Expiry::Seen(until),
            DeliveryState::Claimed { at }
            | DeliveryState::Sent { at }
            | DeliveryState::Dropped { at, .. } => Expiry::Lazily(at + REMEMBERED),
        })
    }
}

impl Entity for Outgoing {
    const KIND: &'static str = "sent";

    fn key(&self) -> Key {
        day_of(self.recipient, self.date)
    }

    fn expiry(&self) -> Option<Expiry> {
        let midnight = self.date.to_zoned(TimeZone::UTC).ok()?;
        Some(Expiry::Lazily(midnight.timestamp() + COUNTED))
    }
}

/// Marks that a program was told of an event.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    webhook: WebhookId,
    event: EventId,
    at: Timestamp,
}

impl Entity for Told {
    const KIND: &'static str = "webhook-delivery";

    fn key(&self) -> Key {
        told(self.webhook, self.event)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Lazily(self.at + REMEMBERED))
    }
}

failures! {
    /// Why a delivery is not noted together with its notification.
    enum Sent {
        Elsewhere = Conflict "delivery-elsewhere" "somebody else has it in hand",
        Before = Conflict "delivery-before" "it has left the hub before",
    }
}
