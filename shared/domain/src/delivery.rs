//! Deliveries: what has become of a notification by one of its ways.

use std::{collections::BTreeSet, fmt};

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Revision,
    access::UserId,
    account::{Account, StandingName, Zone},
    contact::{EmailAddress, Phone},
    doctor::Doctor,
    failures,
    hospital::Hospital,
    notification::{Channel, NotificationId, Preferences, Reason},
    patient::Patient,
    revision::{Revised, revised},
};

/// How long whoever claimed a delivery may be at work on it. No function runs that long, and no
/// queue gives out a message again as soon as that, so whoever finds an older claim is alone.
pub const CLAIM: SignedDuration = SignedDuration::from_secs(60);

/// How long a delivery that waited may take once it is on its queue again. Then it is looked for
/// anew.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// How long it is remembered what became of a delivery.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A notification on one of its ways.
///
/// Whoever sends it claims it first, so that of many who are asked to send it one does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// To whom.
    pub recipient: UserId,
    /// What.
    pub notification: NotificationId,
    /// By which way.
    pub channel: Channel,
    #[serde(flatten)]
    state: DeliveryState,
    revision: Revision,
}

/// What has become of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryState {
    /// Somebody is at work on it.
    Claimed {
        /// Since when.
        at: Timestamp,
    },
    /// It left the hub.
    Sent {
        /// When.
        at: Timestamp,
    },
    /// It goes on its queue again.
    Waiting {
        /// When.
        until: Timestamp,
    },
    /// It will not leave the hub.
    Dropped {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: Reason,
    },
}

/// What somebody who is asked to deliver has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Decide, and claim it.
    Yours,
    /// Come again: somebody else is at work on it.
    Theirs,
    /// Nothing any more.
    Over,
}

impl Delivery {
    /// What becomes of a notification that nobody has begun to deliver.
    pub fn of(
        recipient: UserId,
        notification: NotificationId,
        channel: Channel,
        state: DeliveryState,
    ) -> Self {
        Self { recipient, notification, channel, state, revision: Revision::FIRST }
    }

    /// What has become of it.
    pub fn state(&self) -> DeliveryState {
        self.state
    }

    /// What somebody who is asked for it at `now` has to do. Even what waits may go out sooner, as
    /// wishes change.
    pub fn turn(&self, now: Timestamp) -> Turn {
        match self.state {
            DeliveryState::Claimed { at } if now < at + CLAIM => Turn::Theirs,
            DeliveryState::Claimed { .. } | DeliveryState::Waiting { .. } => Turn::Yours,
            DeliveryState::Sent { .. } | DeliveryState::Dropped { .. } => Turn::Over,
        }
    }

    /// The same in another state.
    #[must_use]
    pub fn becoming(self, state: DeliveryState) -> Self {
        Self { state, ..self }
    }

    /// Names the delivery to whoever carries it: `ntf_…#SMS`.
    pub fn name(&self) -> DeliveryKey {
        DeliveryKey { notification: self.notification, channel: self.channel }
    }
}

revised!(Delivery);

/// Names a delivery among all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryKey {
    /// What is delivered.
    pub notification: NotificationId,
    /// By which way.
    pub channel: Channel,
}

impl fmt::Display for DeliveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.notification, self.channel)
    }
}

/// What left the hub for a person on a day of theirs. One notification counts once, by however
/// many ways it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// For whom.
    pub recipient: UserId,
    /// On which day.
    pub date: Date,
    told: BTreeSet<NotificationId>,
    revision: Revision,
}

impl Outgoing {
    /// A day on which nothing has left the hub yet.
    pub fn on(recipient: UserId, date: Date) -> Self {
        Self { recipient, date, told: BTreeSet::new(), revision: Revision::FIRST }
    }

    /// How many other notifications left the hub.
    pub fn beside(&self, notification: NotificationId) -> u32 {
        let others = self.told.iter().filter(|told| **told != notification).count();
        u32::try_from(others).unwrap_or(u32::MAX)
    }

    /// Counts a notification, and says whether it is one more.
    pub fn count(&mut self, notification: NotificationId) -> bool {
        self.told.insert(notification)
    }
}

revised!(Outgoing);

/// How a person is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Where they read messages.
    pub phone: Option<Phone>,
    /// Where they read mail.
    pub email: Option<EmailAddress>,
    /// Where they live.
    pub zone: Option<Zone>,
}

/// What the hub keeps under the identifier of one person.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// The account.
    pub account: Option<Account>,
    /// The hospital that it runs.
    pub hospital: Option<Hospital>,
    /// The patient.
    pub patient: Option<Patient>,
    /// The doctor.
    pub doctor: Option<Doctor>,
}

impl Person {
    /// How the person is reached. A hospital reads its own mail, not that of whoever runs it. Nobody
    /// who closed their account is reached; who never had one is reached as their record says.
    pub fn contact(&self) -> Contact {
        if let Some(hospital) = &self.hospital {
            let zone = self.account.as_ref().and_then(|account| account.profile.timezone.clone());
            let (phone, email) = (hospital.phone.clone(), hospital.email.clone());
            return Contact { phone: Some(phone), email: Some(email), zone };
        }
        if let Some(account) = &self.account {
            if account.standing() == StandingName::Inactive {
                return Contact::default();
            }
            let Account { phone, email, profile, .. } = account.clone();
            return Contact { phone, email, zone: profile.timezone };
        }
        let patient =
            self.patient.iter().filter(|one| one.is_current() || one.merged_into().is_some());
        let patient = patient.map(|patient| Contact {
            phone: patient.phone.clone(),
            email: patient.email.clone(),
            zone: patient.profile.timezone.clone(),
        });
        let doctor = self.doctor.iter().filter(|one| one.is_active).map(|doctor| Contact {
            phone: doctor.phone.clone(),
            email: doctor.email.clone(),
            zone: None,
        });
        patient.chain(doctor).next().unwrap_or_default()
    }

    /// How the person, who is `user`, wants to be told if they have not said. Whoever has neither
    /// account nor mailbox is told by SMS: nothing else reaches them, and they cannot say so.
    pub fn usual_wishes(&self, user: UserId) -> Preferences {
        let mut wishes = Preferences::usual(user);
        wishes.sms_notifications |= self.account.is_none() && self.contact().email.is_none();
        wishes
    }
}

failures! {
    /// Why a delivery is not in the hands of whoever wanted it.
    pub enum DeliveryError {
        Stale = Conflict "delivery-stale" "somebody else has it in hand",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Id;

    fn turn(state: DeliveryState, after: i64) -> Turn {
        let now = Timestamp::UNIX_EPOCH;
        let delivery = Delivery::of(Id::generate(now), Id::generate(now), Channel::Sms, state);
        delivery.turn(now + SignedDuration::from_secs(after))
    }

    #[test]
    fn a_claim_holds_for_a_minute_and_what_is_over_stays_over() {
        let at = Timestamp::UNIX_EPOCH;
        assert_eq!(turn(DeliveryState::Claimed { at }, 59), Turn::Theirs);
        assert_eq!(turn(DeliveryState::Claimed { at }, 60), Turn::Yours);
        assert_eq!(turn(DeliveryState::Waiting { until: at + CLAIM }, 0), Turn::Yours);
        assert_eq!(turn(DeliveryState::Sent { at }, 3600), Turn::Over);
        let reason = Reason::NoAddress;
        assert_eq!(turn(DeliveryState::Dropped { at, reason }, 3600), Turn::Over);
    }

    #[test]
    fn a_notification_counts_once_a_day() {
        let now = Timestamp::UNIX_EPOCH;
        let (one, two) = (Id::generate(now), Id::generate(now));
        let mut day = Outgoing::on(Id::generate(now), jiff::civil::date(2030, 1, 7));

        assert!(day.count(one));
        assert!(!day.count(one));
        assert_eq!((day.beside(one), day.beside(two)), (0, 1));
        assert!(day.count(two));
        assert_eq!(day.beside(two), 1);
    }
}
