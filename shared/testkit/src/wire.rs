//! Live connections that end here.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::{Mutex, MutexGuard},
};

use carehub_clients::{Heard, PostError, Wire};
use serde_json::Value;

/// Keeps what is said over connections.
#[derive(Debug, Default)]
pub struct RecordedWire(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    said: BTreeMap<String, Vec<Value>>,
    gone: BTreeSet<String>,
    hung_up: Vec<String>,
    noisy: BTreeSet<String>,
}

impl RecordedWire {
    /// What was said over a connection since the last time, oldest first.
    pub fn take(&self, connection: &str) -> Vec<Value> {
        self.lines().said.remove(connection).unwrap_or_default()
    }

    /// The connections that the hub ended, in order.
    pub fn hung_up(&self) -> Vec<String> {
        self.lines().hung_up.clone()
    }

    /// Ends a connection without telling the hub.
    pub fn cut(&self, connection: &str) {
        self.lines().gone.insert(connection.to_owned());
    }

    /// Lets a connection swallow what is said, or no longer.
    pub fn disturb(&self, connection: &str, noisy: bool) {
        let mut lines = self.lines();
        match noisy {
            true => lines.noisy.insert(connection.to_owned()),
            false => lines.noisy.remove(connection),
        };
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().expect("no test panics while something is said")
    }
}

impl Wire for RecordedWire {
    fn say(
        &self,
        connection: &str,
        text: String,
    ) -> Pin<Box<dyn Future<Output = Result<Heard, PostError>> + Send + '_>> {
        let connection = connection.to_owned();
        Box::pin(async move {
            let mut lines = self.lines();
            if lines.gone.contains(&connection) {
                return Ok(Heard::Gone);
            }
            if lines.noisy.contains(&connection) {
                return Err(PostError("the line is noisy".into()));
            }
            let word = serde_json::from_str(&text).expect("JSON");
            lines.said.entry(connection).or_default().push(word);
            Ok(Heard::Said)
        })
    }

    fn hang_up(
        &self,
        connection: &str,
    ) -> Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + '_>> {
        let connection = connection.to_owned();
        Box::pin(async move {
            let mut lines = self.lines();
            lines.gone.insert(connection.clone());
            lines.hung_up.push(connection);
            Ok(())
        })
    }
}
