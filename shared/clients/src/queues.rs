//! Work that waits for whoever does it.

use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use carehub_domain::{
    access::{Action, PatientId, UserId},
    event::{Event, EventId, Reference},
    hospital::HospitalId,
    notification::{Channel, NotificationId},
    recommendation::RecommendationId,
    webhook::WebhookId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::PostError;

/// A queue of the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// Messages to phones.
    Sms,
    /// Mail.
    Mail,
    /// What programs of others are told.
    Webhooks,
    /// Orders to pharmacies; each prescription in its own order.
    Pharmacy,
    /// Recommendations that somebody waits for.
    Recommendations,
}

impl Queue {
    /// Every queue.
    pub const ALL: [Self; 5] =
        [Self::Sms, Self::Mail, Self::Webhooks, Self::Pharmacy, Self::Recommendations];

    /// The queue of what leaves the hub by a way; none for what stays in it.
    pub fn of(channel: Channel) -> Option<Self> {
        match channel {
            Channel::Sms => Some(Self::Sms),
            Channel::Email => Some(Self::Mail),
            Channel::Push => None,
        }
    }
}

/// A thing to do. It names records and nobody in person; whoever does it reads the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "errand", rename_all = "kebab-case")]
pub enum Errand {
    /// Send the one-time code that an event asked for.
    Code {
        /// The event.
        event: EventId,
        /// The code, as [`CodeKey`](carehub_domain::code::CodeKey) is written.
        code: String,
    },
    /// Send a notification.
    Notification {
        /// To whom.
        recipient: UserId,
        /// Which.
        notification: NotificationId,
        /// By which way.
        channel: Channel,
    },
    /// Tell a program of somebody else of an event.
    Webhook {
        /// Whose program it is.
        hospital: HospitalId,
        /// Which program.
        webhook: WebhookId,
        /// Of what.
        announcement: Box<Announcement>,
    },
    /// Dispense a prescription.
    Order(Order),
    /// Recommend what somebody asked for.
    Recommend {
        /// Who asked.
        requester: UserId,
        /// What.
        recommendation: RecommendationId,
    },
}

/// What the queue of the pharmacies is told of a prescription. It names nobody; whoever works on
/// the queue asks the hub for the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What happened. Whoever sees it twice acts once.
    pub event: EventId,
    /// What is to be dispensed.
    pub prescription: Reference,
    /// Its number on paper.
    pub prescription_number: String,
    /// Where anybody sees whether it is genuine.
    pub verification_url: String,
    /// The hospital in which it was written.
    pub hospital: Option<HospitalId>,
}

/// What a program of somebody else is told of an event: ids, states and counts. Who did it, from
/// where and with what stays in the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The event.
    pub event: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// What was done.
    pub action: Action,
    /// To what.
    pub subject: Reference,
    /// The patient it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// The names of the fields that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Facts worth knowing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
}

impl From<&Event> for Announcement {
    fn from(event: &Event) -> Self {
        Self {
            event: event.id,
            at: event.at,
            action: event.action,
            subject: event.subject.clone(),
            patient: event.patient,
            changed: event.changed.clone(),
            details: event.details.clone(),
        }
    }
}

/// Takes errands.
pub trait Queues: Send + Sync {
    /// Puts errands on a queue, in order: all of them, or some of them and an error. Each may be
    /// done more than once, and in any order.
    fn put(
        &self,
        queue: Queue,
        errands: Vec<Errand>,
    ) -> Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + '_>>;
}

/// Queues as functions share them.
pub type SharedQueues = Arc<dyn Queues>;
