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
        /// The same letter for those who read it with headings and links.
        html: Option<String>,
    },
}

/// What became of a message that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// It is on its way.
    Taken,
    /// It never will be, however often it is tried: there is no such phone or mailbox, or whoever
    /// has it wants nothing from us.
    Refused,
}

/// Carries messages.
pub trait Post: Send + Sync {
    /// Hands a message over. It may arrive late.
    ///
    /// `key` names the delivery. A carrier that keeps what it took, such as the outbox of one
    /// machine, takes a key no second time. SNS and SES know no such key: whoever asks them twice
    /// sends twice, so ask only with a claim in hand.
    fn send<'a>(
        &'a self,
        key: &'a str,
        message: Message,
    ) -> Pin<Box<dyn Future<Output = Result<Carried, PostError>> + Send + 'a>>;
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
