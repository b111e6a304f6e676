//! What is sent to people and pharmacies, whoever carries it.

use std::{error::Error, pin::Pin, sync::Arc};

use carehub_domain::{
    Class, Failure,
    contact::{EmailAddress, Phone},
    event::{EventId, Reference},
    hospital::HospitalId,
};
use serde::{Deserialize, Serialize};

/// A message to a person or a pharmacy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A short message to a phone.
    Sms {
        /// The phone.
        to: Phone,
        /// What it shows.
        text: String,
    },
    /// A letter to a mailbox.
    Mail {
        /// The mailbox.
        to: EmailAddress,
        /// The line above the letter.
        subject: String,
        /// The letter, as plain text.
        text: String,
    },
    /// An order to a pharmacy, for whoever works on the queue of the pharmacies.
    Order(Order),
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

/// Carries messages.
pub trait Post: Send + Sync {
    /// Hands a message over. It may arrive more than once, or late.
    fn send(
        &self,
        message: Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + '_>>;
}

/// A post as functions share it.
pub type SharedPost = Arc<dyn Post>;

/// The message was not taken. Another try may do better.
#[derive(Debug, thiserror::Error)]
#[error("the message could not be handed over")]
pub struct PostError(#[source] pub Box<dyn Error + Send + Sync>);

impl Failure for PostError {
    fn class(&self) -> Class {
        Class::Unavailable
    }

    fn code(&self) -> &'static str {
        "post-unavailable"
    }
}
