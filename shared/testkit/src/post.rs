//! Messages that stay here.

use std::{pin::Pin, sync::Mutex};

use carehub_clients::{Message, Order, Post, PostError};

/// Keeps messages instead of sending them.
#[derive(Debug, Default)]
pub struct RecordedPost(Mutex<Vec<Message>>);

impl RecordedPost {
    /// Every message so far, oldest first.
    pub fn sent(&self) -> Vec<Message> {
        self.0.lock().expect("no test panics while reading messages").clone()
    }

    /// The texts of the messages to one phone or mailbox, oldest first.
    pub fn texts_to(&self, recipient: &str) -> Vec<String> {
        let texts = self.sent().into_iter().filter_map(|message| match message {
            Message::Sms { to, text } => (to.reveal() == recipient).then_some(text),
            Message::Mail { to, text, .. } => (to.reveal() == recipient).then_some(text),
            Message::Order(_) => None,
        });
        texts.collect()
    }

    /// What pharmacies were told to dispense, oldest first.
    pub fn orders(&self) -> Vec<Order> {
        let orders = self.sent().into_iter().filter_map(|message| match message {
            Message::Order(order) => Some(order),
            Message::Sms { .. } | Message::Mail { .. } => None,
        });
        orders.collect()
    }

    /// The six digits in the newest message to a phone.
    #[track_caller]
    pub fn code_to(&self, phone: &str) -> String {
        let text = self.texts_to(phone).pop().expect("a message to this phone");
        let digits = text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6);
        digits.expect("six digits in the message").to_owned()
    }
}

impl Post for RecordedPost {
    fn send(
        &self,
        message: Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + '_>> {
        Box::pin(async move {
            self.0.lock().expect("no test panics while sending messages").push(message);
            Ok(())
        })
    }
}
