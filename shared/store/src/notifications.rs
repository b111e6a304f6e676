//! What people are told: the list of each, what is planned for them, and how they want to be told.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    convert::Infallible,
};

use carehub_domain::{
    access::{Action, Actor, Guarded, Permit, UserId},
    appointment::AppointmentId,
    notification::{
        Basis, Condition, Inbox, KEPT_READ, KEPT_UNREAD, Notification, NotificationId,
        NotificationKind, Planned, PreferenceError, Preferences, Priority, REMEMBERED,
    },
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Bookmark, Due, Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate,
    appointments::not_permitted,
    entity::{self, Expiry},
    key::Partition,
    query::{Filter, Order},
    transaction::{TRANSACTION_LIMIT, Transaction},
};

aggregate! {
    /// What people are told.
    Notifications
}

/// How many notifications one transaction changes, which leaves room for its event and the number
/// of those unread.
const BATCH: usize = 50;

/// The most unread notifications that are looked at at once.
const MOST: u16 = 1000;

/// The attribute that says how many are unread.
const COUNT: &str = "count";

/// Which notifications to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotificationFilter {
    /// Only those that were not read.
    pub unread_only: bool,
    /// Only those of this kind.
    pub kind: Option<NotificationKind>,
    /// Only those that press like this.
    pub priority: Option<Priority>,
}

impl Notifications<'_> {
    /// Looks up a notification of a person.
    pub async fn find(
        &self,
        recipient: UserId,
        id: NotificationId,
    ) -> Result<Guarded<Notification>, StoreError> {
        self.recorded(recipient, id).await.map(Guarded::new)
    }

    /// The notification itself, for carrying it on. One that was removed is not found.
    pub async fn recorded(
        &self,
        recipient: UserId,
        id: NotificationId,
    ) -> Result<Option<Notification>, StoreError> {
        let found = self.store.find::<Notification>(at(recipient, id)).await?;
        Ok(found.filter(|found| found.removed_at.is_none()))
    }

    /// Those notifications of a person that are in the list, in the order of `ids`.
    pub async fn several(
        &self,
        recipient: UserId,
        ids: &BTreeSet<NotificationId>,
    ) -> Result<Vec<Notification>, StoreError> {
        let keys = ids.iter().map(|&id| at(recipient, id)).collect();
        let mut found: Vec<Notification> = self.store.fetch(keys).await?;
        found.retain(|found| found.removed_at.is_none());
        Ok(found)
    }

    /// Reads a page of what a person was told, newest first.
    pub async fn page(
        &self,
        recipient: UserId,
        wanted: NotificationFilter,
        window: Window,
    ) -> Result<Page<Notification>, StoreError> {
        let slices = vec![inbox(recipient).slice(format!("{}#", Notification::KIND))];
        self.store.merged(slices, Order::NewestFirst, window, &wanted.expressed()).await
    }

    /// What a person has not read, the newest thousand.
    pub async fn all_unread(&self, recipient: UserId) -> Result<Vec<Notification>, StoreError> {
        let wanted = NotificationFilter { unread_only: true, ..NotificationFilter::default() };
        Ok(self.page(recipient, wanted, Window::first(MOST)).await?.records)
    }

    /// What a person has read and not removed, the newest thousand.
    pub async fn all_read(&self, recipient: UserId) -> Result<Vec<Notification>, StoreError> {
        let slices = vec![inbox(recipient).slice(format!("{}#", Notification::KIND))];
        let filter = NotificationFilter::default().expressed().at_least("read_at", Some("0"));
        let window = Window::first(MOST);
        Ok(self.store.merged(slices, Order::NewestFirst, window, &filter).await?.records)
    }

    /// How many notifications a person has not read.
    pub async fn unread(&self, recipient: UserId) -> Result<u64, StoreError> {
        let Unread(numbers) = self.store.find(unread_at(recipient)).await?.unwrap_or_default();
        Ok(numbers.get(COUNT).and_then(|count| u64::try_from(*count).ok()).unwrap_or_default())
    }

    /// Tells people something, on behalf of the hub. What somebody was told before, they are not
    /// told again. Says how many are new.
    pub async fn create(
        &self,
        notifications: &[Notification],
        hub: &Actor,
    ) -> Result<usize, StoreError> {
        let mut new = 0;
        for notification in notifications {
            let permit = hub.create(Action::Notify, notification).map_err(not_permitted)?;
            let telling = Transaction::on(self.store);
            new += usize::from(announce(telling, notification, &permit, Told).won().await?);
        }
        Ok(new)
    }

    /// Plans what people will be told. Planning the same again changes nothing, and leaves no
    /// event: nobody has been told anything yet.
    pub async fn plan(&self, planned: &[Planned]) -> Result<(), StoreError> {
        for chunk in planned.chunks(TRANSACTION_LIMIT) {
            let planning = Transaction::<Infallible>::on(self.store);
            let planning = chunk.iter().fold(planning, Transaction::put);
            planning.commit().await.map_err(WriteError::only_store)?;
        }
        Ok(())
    }

    /// Forgets what somebody was to be told.
    pub async fn unplan(&self, planned: &Planned) -> Result<(), StoreError> {
        let forgetting = Transaction::<Infallible>::on(self.store).remove(planned.key());
        forgetting.commit().await.map_err(WriteError::only_store)
    }

    /// Some of what people are to be told by `now`.
    pub async fn due_planned(
        &self,
        now: Timestamp,
        from: Bookmark,
    ) -> Result<Due<Planned>, StoreError> {
        self.store.sweep().seen(Table::Engagement, now, from).await
    }

    /// What was planned for a patient, for the person whose record that is now. `None` if there is
    /// nobody to tell any more.
    pub async fn readdressed(&self, planned: &Planned) -> Result<Option<Planned>, StoreError> {
        let patient = planned.notification.recipient.into();
        let current = self.store.patients().current(patient).await?;
        Ok(current.map(|patient| planned.clone().readdressed(patient.id.into())))
    }

    /// Reads what decides whether what a person is told, or will be, is true.
    pub async fn basis(
        &self,
        recipient: UserId,
        condition: &Condition,
    ) -> Result<Basis, StoreError> {
        match *condition {
            Condition::Awaited { visit, .. } => {
                let appointments = self.store.appointments();
                let (appointment, preferences) =
                    tokio::try_join!(appointments.recorded(visit), self.wishes(recipient))?;
                let hours = preferences.reminder_hours;
                Ok(Basis::Awaited { appointment: appointment.map(Box::new), hours })
            }
            Condition::Standing { visit, .. } => {
                let appointment = self.store.appointments().recorded(visit).await?;
                Ok(Basis::Standing { appointment: appointment.map(Box::new) })
            }
            Condition::Unreviewed { visit } => {
                let is_reviewed = self.is_reviewed(visit).await?;
                Ok(Basis::Unreviewed { is_reviewed })
            }
            Condition::FollowUp { record, .. } => {
                let record = self.store.medical_records().recorded(record).await?;
                Ok(Basis::FollowUp { on: record.and_then(|it| it.account.follow_up_date) })
            }
        }
    }

    async fn is_reviewed(&self, visit: AppointmentId) -> Result<bool, StoreError> {
        match self.store.appointments().recorded(visit).await? {
            Some(appointment) => {
                self.store.reviews().is_reviewed(appointment.patient, appointment.id).await
            }
            None => Ok(true),
        }
    }

    /// Tells somebody what was planned, as it is addressed now, and forgets the plan. Says whether
    /// it is new to them.
    pub async fn release(
        &self,
        planned: &Planned,
        addressed: Planned,
        hub: &Actor,
    ) -> Result<bool, StoreError> {
        let notification = addressed.arrive(hub.at);
        let permit = hub.create(Action::Notify, &notification).map_err(not_permitted)?;
        let telling = announce(Transaction::on(self.store), &notification, &permit, Told);
        if telling.remove(planned.key()).won().await? {
            return Ok(true);
        }
        self.unplan(planned).await?;
        Ok(false)
    }

    /// Notes of which of these notifications, all of one person, that they were read. Says of how
    /// many: those that were read or removed before do not count.
    pub async fn mark_read(
        &self,
        notifications: Vec<Notification>,
        permit: &Permit,
    ) -> Result<usize, StoreError> {
        let now = permit.actor().at;
        self.change(notifications, permit, |it| it.is_unread().then(|| it.clone().read(now))).await
    }

    /// Takes these notifications, all of one person, out of the list. Says how many: those that
    /// were removed before do not count.
    pub async fn remove(
        &self,
        notifications: Vec<Notification>,
        permit: &Permit,
    ) -> Result<usize, StoreError> {
        let now = permit.actor().at;
        let remove = |it: &Notification| it.removed_at.is_none().then(|| it.clone().remove(now));
        self.change(notifications, permit, remove).await
    }

    /// Some of the notifications that have been in somebody's list long enough by `now`.
    pub async fn outdated(
        &self,
        now: Timestamp,
        from: Bookmark,
    ) -> Result<Due<Notification>, StoreError> {
        self.store.sweep().seen(Table::Engagement, now, from).await
    }

    /// Deletes notifications of one person that have been in the list long enough, on behalf of
    /// the hub. Says how many: one that somebody has just changed stays for the next time.
    pub async fn forget(
        &self,
        owner: UserId,
        notifications: &[Notification],
        hub: &Actor,
    ) -> Result<usize, StoreError> {
        let inbox = Inbox { owner };
        let permit = hub.create(Action::DeleteNotification, &inbox).map_err(not_permitted)?;
        let mut forgotten = 0;
        for notification in notifications.iter().filter(|it| it.recipient == owner) {
            let retiring = self.store.transaction(&permit).retire(notification, Told);
            let retiring = match notification.is_unread() {
                true => retiring.add(unread_at(owner), [(COUNT, -1)]),
                false => retiring,
            };
            forgotten += usize::from(retiring.won().await?);
        }
        Ok(forgotten)
    }

    /// Changes notifications of one person together with the number of those unread. A
    /// transaction that is refused holds one that somebody else has changed, so its halves are
    /// tried on their own, and in the end that one is read anew.
    async fn change(
        &self,
        notifications: Vec<Notification>,
        permit: &Permit,
        how: impl Fn(&Notification) -> Option<Notification>,
    ) -> Result<usize, StoreError> {
        let mut changed = 0;
        let mut batches: VecDeque<Vec<Notification>> =
            notifications.chunks(BATCH).map(<[Notification]>::to_vec).collect();
        while let Some(mut batch) = batches.pop_front() {
            batch.retain(|notification| how(notification).is_some());
            let Some(first) = batch.first() else { continue };
            let (recipient, id) = (first.recipient, first.id);
            if self.change_together(recipient, &batch, permit, &how).await? {
                changed += batch.len();
            } else if batch.len() > 1 {
                batches.push_back(batch.split_off(batch.len() / 2));
                batches.push_back(batch);
            } else {
                let anew: Option<Notification> = self.store.find(at(recipient, id)).await?;
                batches.extend(anew.map(|notification| vec![notification]));
            }
        }
        Ok(changed)
    }

    async fn change_together(
        &self,
        recipient: UserId,
        batch: &[Notification],
        permit: &Permit,
        how: impl Fn(&Notification) -> Option<Notification>,
    ) -> Result<bool, StoreError> {
        let permit = permit.clone().noting("count", batch.len());
        let (mut changing, mut unread) = (self.store.transaction(&permit), 0);
        for before in batch {
            let Some(mut after) = how(before) else { continue };
            unread += i64::from(before.is_unread()) - i64::from(after.is_unread());
            changing = changing.replace(&mut after, Told);
        }
        if unread > 0 {
            changing = changing.add(unread_at(recipient), [(COUNT, -unread)]);
        }
        changing.won().await
    }

    /// How a person wants to be told; as usual if they have not said.
    pub async fn preferences(&self, user: UserId) -> Result<Guarded<Preferences>, StoreError> {
        self.wishes(user).await.map(|preferences| Guarded::new(Some(preferences)))
    }

    /// The same for the hub, which has to heed it.
    pub async fn wishes(&self, user: UserId) -> Result<Preferences, StoreError> {
        let found = self.store.find(preferences_of(user)).await?;
        Ok(found.unwrap_or_else(|| Preferences::usual(user)))
    }

    /// Saves how a person wants to be told.
    pub async fn save_preferences(
        &self,
        before: &Preferences,
        preferences: &mut Preferences,
        permit: &Permit,
    ) -> Result<(), WriteError<PreferenceError>> {
        let saving = self.store.transaction(permit);
        let stale = PreferenceError::Stale;
        match before.updated_at {
            Some(_) => saving.replace(preferences, stale),
            None => saving.introduce(preferences, stale),
        }
        .commit()
        .await
    }
}

/// Adds to a transaction that somebody is told something: the notification, one more that is
/// unread, and the event.
pub(crate) fn announce<'s, E>(
    transaction: Transaction<'s, E>,
    notification: &Notification,
    permit: &Permit,
    told: E,
) -> Transaction<'s, E> {
    transaction
        .create(notification, told)
        .add(unread_at(notification.recipient), [(COUNT, 1)])
        .event(permit)
}

/// They were told before, or somebody else changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told;

pub(crate) fn inbox(person: UserId) -> Partition {
    Key::partition(Table::Engagement, "inbox", person)
}

pub(crate) fn at(recipient: UserId, id: NotificationId) -> Key {
    inbox(recipient).sort(Notification::KIND, id)
}

pub(crate) fn preferences_of(user: UserId) -> Key {
    inbox(user).only(Preferences::KIND)
}

fn unread_at(recipient: UserId) -> Key {
    inbox(recipient).only(Unread::KIND)
}

impl NotificationFilter {
    fn expressed(self) -> Filter {
        let there = Filter::default()
            .without("removed_at")
            .equal("type", self.kind)
            .equal("priority", self.priority);
        if self.unread_only { there.without("read_at") } else { there }
    }
}

impl Entity for Notification {
    const KIND: &'static str = "notification";

    fn key(&self) -> Key {
        at(self.recipient, self.id)
    }

    /// What was read goes by itself. What was not counts as unread until housekeeping removes it.
    fn expiry(&self) -> Option<Expiry> {
        Some(match (self.removed_at, self.read_at) {
            (Some(at), _) => Expiry::Lazily(at + REMEMBERED),
            (None, Some(at)) => Expiry::Promptly(at + KEPT_READ),
            (None, None) => Expiry::Seen(self.created_at + KEPT_UNREAD),
        })
    }
}

impl Entity for Planned {
    const KIND: &'static str = "planned";

    fn key(&self) -> Key {
        inbox(self.notification.recipient).sort(Self::KIND, self.notification.id)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Seen(self.due_at()))
    }
}

impl Entity for Preferences {
    const KIND: &'static str = "preferences";

    fn key(&self) -> Key {
        preferences_of(self.user)
    }
}

/// How many notifications somebody has not read.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Unread(#[serde(deserialize_with = "entity::numbers")] BTreeMap<String, i64>);

impl Entity for Unread {
    const KIND: &'static str = "unread";

    /// Every person has one of their own; see [`unread_at`].
    fn key(&self) -> Key {
        Key::partition(Table::Engagement, "inbox", "nobody").only(Self::KIND)
    }
}
