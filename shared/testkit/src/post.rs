//! Messages that stay here.

use std::{
    pin::Pin,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use carehub_clients::{Message, Post, PostError};

/// Keeps messages instead of sending them, each key once.
#[derive(Debug, Default)]
pub struct RecordedPost {
    sent: Mutex<Vec<(String, Message)>>,
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
        let texts = self.sent().into_iter().filter_map(|message| match message {
            Message::Sms { to, text } => (to.reveal() == recipient).then_some(text),
            Message::Mail { to, text, .. } => (to.reveal() == recipient).then_some(text),
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

impl Post for RecordedPost {
    fn send<'a>(
        &'a self,
        key: &'a str,
        message: Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + 'a>> {
        Box::pin(async move {
            self.tries.fetch_add(1, Ordering::SeqCst);
            if self.is_down.load(Ordering::SeqCst) {
                return Err(PostError("the carriers are down".into()));
            }
            self.take(key, message);
            // Whoever dies behind it has sent it all the same.
            tokio::task::yield_now().await;
            Ok(())
        })
    }
}
