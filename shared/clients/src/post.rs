//! What is sent to people, whoever carries it.

use std::{error::Error, pin::Pin, sync::Arc};

use carehub_domain::{
    Class, Failure,
    contact::{EmailAddress, Phone},
};

/// A message to a person.
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
}

/// Carries messages to people.
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
