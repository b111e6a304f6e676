//! Messages that stay here.

use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use carehub_clients::{Carried, Message, Post, PostError};

/// Keeps messages instead of sending them, each key once.
#[derive(Debug, Default)]
pub struct RecordedPost {
    sent: Mutex<Vec<(String, Message)>>,
    refused: Mutex<BTreeSet<String>>,
    tries: AtomicUsize,
    is_down: AtomicBool,
}

impl RecordedPost {
    /// Every message so far, oldest first.
    pub fn sent(&self) -> Vec<Message> {
        self.lock().iter().map(|(_, message)| message.clone()).collect()
    }

    /// What names every message so far, oldest first.
    pub fn keys(&self) -> Vec<String> {
        self.lock().iter().map(|(key, _)| key.clone()).collect()
    }

    /// How often somebody asked to send anything, whether or not it was taken.
    pub fn tries(&self) -> usize {
        self.tries.load(Ordering::SeqCst)
    }

    /// The texts of the messages to one phone or mailbox, oldest first.
    pub fn texts_to(&self, recipient: &str) -> Vec<String> {
        let texts = self.sent().into_iter().filter(|message| addressee(message) == recipient);
        let texts = texts.map(|message| match message {
            Message::Sms { text, .. } | Message::Mail { text, .. } => text,
        });
        texts.collect()
    }

    /// The six digits in the newest message to a phone.
    #[track_caller]
    pub fn code_to(&self, phone: &str) -> String {
        let text = self.texts_to(phone).pop().expect("a message to this phone");
        let digits = text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6);
        digits.expect("six digits in the message").to_owned()
    }

    /// Takes nothing from now on, or takes everything again.
    pub fn turn(&self, on: bool) {
        self.is_down.store(!on, Ordering::SeqCst);
    }

    /// Refuses for good whatever goes to one phone or mailbox.
    pub fn refuse(&self, recipient: &str) {
        let mut refused = self.refused.lock().expect("no test panics while it refuses messages");
        refused.insert(recipient.to_owned());
    }

    fn refuses(&self, message: &Message) -> bool {
        let refused = self.refused.lock().expect("no test panics while it refuses messages");
        refused.contains(addressee(message))
    }

    fn take(&self, key: &str, message: Message) {
        let mut sent = self.lock();
        if sent.iter().all(|(taken, _)| taken != key) {
            sent.push((key.to_owned(), message));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(String, Message)>> {
        self.sent.lock().expect("no test panics while reading messages")
    }
}

fn addressee(message: &Message) -> &str {
    match message {
        Message::Sms { to, .. } => to.reveal(),
        Message::Mail { to, .. } => to.reveal(),
    }
}

impl Post for RecordedPost {
    fn send<'a>(
        &'a self,
        key: &'a str,
        message: Message,
    ) -> Pin<Box<dyn Future<Output = Result<Carried, PostError>> + Send + 'a>> {
        Box::pin(async move {
            self.tries.fetch_add(1, Ordering::SeqCst);
            if self.is_down.load(Ordering::SeqCst) {
                return Err(PostError("the carriers are down".into()));
            }
            if self.refuses(&message) {
                return Ok(Carried::Refused);
            }
            self.take(key, message);
            // Whoever dies behind it has sent it all the same.
            tokio::task::yield_now().await;
            Ok(Carried::Taken)
        })
    }
}
