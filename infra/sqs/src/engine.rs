//! The rules of queues, over a SQLite file. It is told what time it is.

use std::{collections::BTreeMap, path::Path};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{
    Connection, OptionalExtension, Row, Transaction, params,
    types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef},
};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::{
    Attribute, Counts, Message, Outgoing, Queue, Refusal, Sent, digest, message::sequence,
};

/// For how long a FIFO queue takes no message that is the same as another.
const SAME: SignedDuration = SignedDuration::from_mins(5);

/// The longest that a message may be hidden from others, in seconds.
const LONGEST_VISIBILITY: u32 = 43_200;

/// The longest that a new message may be hidden, in seconds.
const LONGEST_DELAY: u32 = 900;

/// The most messages that are received at once.
const MOST: usize = 10;

/// How many moves of dead letters are remembered for each queue.
const MOVES: u32 = 10;

// What has a receipt and is hidden is being worked on; what is hidden without one is delayed.
const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS messages (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        queue TEXT NOT NULL,
        body TEXT NOT NULL,
        attributes TEXT NOT NULL,
        group_id TEXT,
        deduplication TEXT,
        source TEXT,
        sent_at INTEGER NOT NULL,
        visible_at INTEGER NOT NULL,
        received INTEGER NOT NULL,
        first_received_at INTEGER,
        receipt TEXT
    ) STRICT;
    CREATE INDEX IF NOT EXISTS in_order ON messages (queue, number);
    CREATE INDEX IF NOT EXISTS in_time ON messages (queue, visible_at);
    CREATE INDEX IF NOT EXISTS in_groups ON messages (queue, group_id, visible_at);
    CREATE TABLE IF NOT EXISTS deduplications (
        queue TEXT NOT NULL,
        deduplication TEXT NOT NULL,
        until INTEGER NOT NULL,
        id TEXT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (queue, deduplication)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS moves (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL,
        destination TEXT,
        started_at INTEGER NOT NULL,
        moved INTEGER NOT NULL,
        stayed INTEGER NOT NULL
    ) STRICT;";

const COLUMNS: &str = "number, id, body, attributes, group_id, deduplication, source, sent_at, \
                       visible_at, received, first_received_at, receipt";

/// Queues in a file.
#[derive(Debug)]
pub struct Engine {
    connection: Connection,
    queues: BTreeMap<String, Queue>,
}

/// How somebody wants to receive.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// The most messages.
    pub most: usize,
    /// For how many seconds nobody else is to see them, if the queue is not to decide.
    pub visibility: Option<u32>,
}

/// A move of dead letters. On one machine it is over as soon as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Its number.
    pub number: i64,
    /// The queue that had them.
    pub source: String,
    /// The queue that got them, unless each went to where it came from.
    pub destination: Option<String>,
    /// When.
    pub started_at: Timestamp,
    /// How many were moved.
    pub moved: u64,
    /// How many stayed, as nobody knows where they came from.
    pub stayed: u64,
}

impl Engine {
    /// The queues of a file. Messages of a queue that is not declared any more stay in the file.
    pub fn open(file: &Path, queues: Vec<Queue>) -> Result<Self, OpenError> {
        Self::over(Connection::open(file)?, queues)
    }

    /// Queues that end with the process.
    pub fn memory(queues: Vec<Queue>) -> Result<Self, OpenError> {
        Self::over(Connection::open_in_memory()?, queues)
    }

    fn over(connection: Connection, queues: Vec<Queue>) -> Result<Self, OpenError> {
        connection.execute_batch(SCHEMA)?;
        let queues: BTreeMap<_, _> =
            queues.into_iter().map(|queue| (queue.name.clone(), queue)).collect();
        for queue in queues.values() {
            let target = queue.redrive.as_ref().map(|redrive| &redrive.dead_letters);
            let fits = |name: &String| queues.get(name).is_some_and(|it| it.fifo == queue.fifo);
            if target.is_some_and(|name| !fits(name)) {
                return Err(OpenError::DeadLetters(queue.name.clone()));
            }
        }
        Ok(Self { connection, queues })
    }

    /// All queues, by name.
    pub fn queues(&self) -> impl Iterator<Item = &Queue> {
        self.queues.values()
    }

    /// The queue of that name.
    pub fn queue(&self, name: &str) -> Result<&Queue, Refusal> {
        self.queues.get(name).ok_or(Refusal::NoSuchQueue)
    }

    /// The queues that give messages up to this one.
    pub fn sources<'a>(&'a self, dead_letters: &'a str) -> impl Iterator<Item = &'a Queue> {
        self.queues().filter(move |queue| {
            queue.redrive.as_ref().is_some_and(|redrive| redrive.dead_letters == dead_letters)
        })
    }

    /// Takes a message.
    pub fn send(
        &mut self,
        queue: &str,
        message: Outgoing,
        now: Timestamp,
    ) -> Result<Sent, Refusal> {
        let queue = self.queue(queue)?.clone();
        sound(&queue, &message)?;
        let Outgoing { body, attributes, delay, group, deduplication } = message;
        let deduplication = if queue.fifo {
            let of_content = || queue.same_content_is_same_message.then(|| content(&body));
            let same = deduplication.or_else(of_content).ok_or(Refusal::Invalid {
                parameter: "MessageDeduplicationId",
                value: String::new(),
                reason: "The queue should either have ContentBasedDeduplication enabled or \
                         MessageDeduplicationId provided explicitly",
            })?;
            Some(same)
        } else {
            None
        };
        let work = self.connection.transaction()?;
        if let Some(sent) = deduplication.as_ref().map(|same| sent_before(&work, &queue, same, now))
            && let Some(sent) = sent?
        {
            return Ok(sent);
        }
        let message = Message {
            number: 0,
            id: Ulid::generate().to_string(),
            body,
            attributes,
            group,
            deduplication,
            source: None,
            sent_at: now,
            visible_at: later(now, delay.unwrap_or(queue.delay)),
            received: 0,
            first_received_at: None,
            receipt: None,
        };
        let number = insert(&work, &queue.name, &message)?;
        if let Some(same) = &message.deduplication {
            let until = At(now.saturating_add(SAME).unwrap_or(Timestamp::MAX));
            work.prepare_cached("INSERT INTO deduplications VALUES (?, ?, ?, ?, ?)")?
                .execute(params![queue.name, same, until, message.id, number])?;
        }
        work.commit()?;
        Ok(Sent { id: message.id, sequence: queue.fifo.then(|| sequence(number)) })
    }

    /// Hands out messages and hides them from others. What was received too often is given up.
    ///
    /// Of a group, nothing is handed out as long as somebody works on an earlier part of it.
    pub fn receive(
        &mut self,
        queue: &str,
        wish: Wish,
        now: Timestamp,
    ) -> Result<Vec<Message>, Refusal> {
        let queue = self.queue(queue)?.clone();
        if !(1..=MOST).contains(&wish.most) {
            let reason = "Must be between 1 and 10, if provided";
            return Err(Refusal::invalid("MaxNumberOfMessages", &wish.most, reason));
        }
        let visibility = visible(wish.visibility.unwrap_or(queue.visibility))?;
        let work = self.connection.transaction()?;
        forget(&work, &queue, now)?;
        let mut messages = Vec::new();
        let mut after = 0;
        while messages.len() < wish.most {
            let found = ready(&work, &queue, after, wish.most - messages.len(), now)?;
            let Some(last) = found.last() else { break };
            after = last.number;
            for message in found {
                match &queue.redrive {
                    Some(redrive) if message.received >= redrive.receives => {
                        give_up(&work, &queue, &redrive.dead_letters, message, now)?;
                    }
                    _ => messages.push(message),
                }
            }
        }
        for message in &mut messages {
            message.received += 1;
            message.first_received_at.get_or_insert(now);
            message.visible_at = later(now, visibility);
            message.receipt = Some(format!("{}-{}", message.number, Ulid::generate()));
            work.prepare_cached(
                "UPDATE messages SET received = ?, first_received_at = ?, visible_at = ?, \
                 receipt = ? WHERE number = ?",
            )?
            .execute(params![
                message.received,
                message.first_received_at.map(At),
                At(message.visible_at),
                message.receipt,
                message.number,
            ])?;
        }
        work.commit()?;
        Ok(messages)
    }

    /// Deletes what was received. A receipt that is not the last one any more deletes nothing.
    pub fn delete(&mut self, queue: &str, receipt: &str, now: Timestamp) -> Result<(), Refusal> {
        let queue = self.queue(queue)?.clone();
        let number = number_in(receipt)?;
        let Some((last, visible_at)) = self.held(&queue, number)? else { return Ok(()) };
        let is_last = last.as_deref() == Some(receipt);
        if queue.fifo && (!is_last || visible_at <= now) {
            let reason = "The receipt handle has expired";
            return Err(Refusal::invalid("ReceiptHandle", receipt, reason));
        }
        if is_last {
            self.connection.execute("DELETE FROM messages WHERE number = ?", [number])?;
        }
        Ok(())
    }

    /// Hides a message for so many seconds from now on, which may be none.
    pub fn change_visibility(
        &mut self,
        queue: &str,
        receipt: &str,
        seconds: u32,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let queue = self.queue(queue)?.clone();
        let seconds = visible(seconds)?;
        let number = number_in(receipt)?;
        let Some((last, visible_at)) = self.held(&queue, number)? else {
            let reason = "Message does not exist or is not available for visibility timeout change";
            return Err(Refusal::invalid("ReceiptHandle", receipt, reason));
        };
        if last.as_deref() != Some(receipt) || visible_at <= now {
            return Err(Refusal::NotInFlight);
        }
        self.connection.execute(
            "UPDATE messages SET visible_at = ? WHERE number = ?",
            params![At(later(now, seconds)), number],
        )?;
        Ok(())
    }

    /// How many messages are in a queue.
    pub fn counts(&mut self, queue: &str, now: Timestamp) -> Result<Counts, Refusal> {
        let queue = self.queue(queue)?.clone();
        forget(&self.connection, &queue, now)?;
        let mut counts = self.connection.prepare_cached(
            "SELECT count(*) FILTER (WHERE visible_at <= ?2), \
             count(*) FILTER (WHERE visible_at > ?2 AND receipt IS NOT NULL), \
             count(*) FILTER (WHERE visible_at > ?2 AND receipt IS NULL) \
             FROM messages WHERE queue = ?1",
        )?;
        let counts = counts.query_row(params![queue.name, At(now)], |row| {
            Ok(Counts { visible: row.get(0)?, in_flight: row.get(1)?, delayed: row.get(2)? })
        })?;
        Ok(counts)
    }

    /// The first messages of a queue, as they are. They count as received no more than before.
    pub fn look(
        &mut self,
        queue: &str,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<Message>, Refusal> {
        let queue = self.queue(queue)?.clone();
        forget(&self.connection, &queue, now)?;
        let mut messages = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM messages WHERE queue = ? ORDER BY number LIMIT ?"
        ))?;
        let messages = messages.query_map(params![queue.name, limit(most)], message)?;
        Ok(messages.collect::<Result<_, _>>()?)
    }

    /// When something of a queue that is hidden now can be received, if anything is.
    pub fn next(&self, queue: &str, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
        let mut next = self.connection.prepare_cached(
            "SELECT min(visible_at) FROM messages WHERE queue = ? AND visible_at > ?",
        )?;
        let next = next.query_row(params![queue, At(now)], |row| row.get::<_, Option<At>>(0))?;
        Ok(next.map(|At(at)| at))
    }

    /// Deletes all messages of a queue.
    pub fn purge(&mut self, queue: &str) -> Result<(), Refusal> {
        self.queue(queue)?;
        self.connection.execute("DELETE FROM messages WHERE queue = ?", [queue])?;
        Ok(())
    }

    /// Sends dead letters that nobody works on back to where they came from, or elsewhere.
    ///
    /// They are as good as new: nobody has received them yet.
    pub fn move_back(
        &mut self,
        dead_letters: &str,
        destination: Option<&str>,
        now: Timestamp,
    ) -> Result<Move, Refusal> {
        let no = |parameter| move |_| Refusal::NoSuchResource(parameter);
        let source = self.queue(dead_letters).map_err(no("SourceArn"))?.clone();
        if self.sources(&source.name).next().is_none() {
            return Err(Refusal::NoDeadLetters);
        }
        if let Some(name) = destination
            && self.queue(name).map_err(no("DestinationArn"))?.fifo != source.fifo
        {
            let reason = "Source and destination must be of the same type";
            return Err(Refusal::invalid("DestinationArn", name, reason));
        }
        let work = self.connection.transaction()?;
        forget(&work, &source, now)?;
        let (mut moved, mut stayed) = (0_u64, 0_u64);
        for message in ready(&work, &source, 0, usize::MAX, now)? {
            let target = destination.or(message.source.as_deref()).map(ToOwned::to_owned);
            let Some(target) = target.filter(|name| self.queues.contains_key(name)) else {
                stayed += 1;
                continue;
            };
            work.execute("DELETE FROM messages WHERE number = ?", [message.number])?;
            let message = Message {
                id: Ulid::generate().to_string(),
                source: None,
                sent_at: now,
                visible_at: now,
                received: 0,
                first_received_at: None,
                receipt: None,
                ..message
            };
            insert(&work, &target, &message)?;
            moved += 1;
        }
        let destination = destination.map(ToOwned::to_owned);
        work.execute(
            "INSERT INTO moves (source, destination, started_at, moved, stayed) VALUES (?, ?, ?, ?, ?)",
            params![source.name, destination, At(now), moved, stayed],
        )?;
        let number = work.last_insert_rowid();
        work.execute(
            "DELETE FROM moves WHERE source = ?1 AND number NOT IN \
             (SELECT number FROM moves WHERE source = ?1 ORDER BY number DESC LIMIT ?2)",
            params![source.name, MOVES],
        )?;
        work.commit()?;
        Ok(Move { number, source: source.name, destination, started_at: now, moved, stayed })
    }

    /// The last moves out of a queue, newest first.
    pub fn moves(&self, dead_letters: &str) -> Result<Vec<Move>, Refusal> {
        self.queue(dead_letters).map_err(|_| Refusal::NoSuchResource("SourceArn"))?;
        let mut moves = self.connection.prepare_cached(
            "SELECT number, source, destination, started_at, moved, stayed FROM moves \
             WHERE source = ? ORDER BY number DESC",
        )?;
        let moves = moves.query_map([dead_letters], |row| {
            Ok(Move {
                number: row.get(0)?,
                source: row.get(1)?,
                destination: row.get(2)?,
                started_at: row.get::<_, At>(3)?.0,
                moved: row.get(4)?,
                stayed: row.get(5)?,
            })
        })?;
        Ok(moves.collect::<Result<_, _>>()?)
    }

    /// The last receipt of a message, and until when it is hidden.
    fn held(
        &self,
        queue: &Queue,
        number: i64,
    ) -> Result<Option<(Option<String>, Timestamp)>, Refusal> {
        let mut held = self.connection.prepare_cached(
            "SELECT receipt, visible_at FROM messages WHERE number = ? AND queue = ?",
        )?;
        let held = held.query_row(params![number, queue.name], |row| {
            Ok((row.get(0)?, row.get::<_, At>(1)?.0))
        });
        Ok(held.optional()?)
    }
}

/// Refuses what the queue does not take.
fn sound(queue: &Queue, message: &Outgoing) -> Result<(), Refusal> {
    if message.body.is_empty() {
        return Err(Refusal::Missing("MessageBody"));
    }
    if message.bytes() > queue.largest {
        return Err(Refusal::TooLong(queue.largest));
    }
    let taken = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let values = message.attributes.values().filter_map(|one| one.string_value.as_deref());
    if !values.chain([message.body.as_str()]).all(|text| text.chars().all(taken)) {
        return Err(Refusal::BadContents);
    }
    match message.delay {
        Some(delay) if queue.fifo && delay != queue.delay => {
            let reason = "The request include parameter that is not valid for this queue type";
            return Err(Refusal::invalid("DelaySeconds", &delay, reason));
        }
        Some(delay) if delay > LONGEST_DELAY => {
            let reason = "DelaySeconds must be >= 0 and <= 900";
            return Err(Refusal::invalid("DelaySeconds", &delay, reason));
        }
        _ => {}
    }
    let plain = |text: &String| {
        (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let reason = "It can only include alphanumeric and punctuation characters. 1 to 128 in length";
    for (parameter, value) in
        [("MessageGroupId", &message.group), ("MessageDeduplicationId", &message.deduplication)]
    {
        if let Some(value) = value.as_ref().filter(|value| !plain(value)) {
            return Err(Refusal::invalid(parameter, value, reason));
        }
    }
    if queue.fifo && message.group.is_none() {
        return Err(Refusal::Missing("MessageGroupId"));
    }
    if let Some(same) = message.deduplication.as_ref().filter(|_| !queue.fifo) {
        let reason = "The request includes a parameter that is not valid for this queue type";
        return Err(Refusal::invalid("MessageDeduplicationId", same, reason));
    }
    Ok(())
}

impl Outgoing {
    /// How much of the allowed length it takes.
    pub(crate) fn bytes(&self) -> usize {
        let attribute = |(name, it): (&String, &Attribute)| {
            let value = it.string_value.as_ref().map_or(0, String::len)
                + it.binary_value.as_ref().map_or(0, |text| text.len() / 4 * 3);
            name.len() + it.data_type.len() + value
        };
        self.body.len() + self.attributes.iter().map(attribute).sum::<usize>()
    }
}

/// What tells a body from others.
fn content(body: &str) -> String {
    digest::hex(Sha256::digest(body).as_slice())
}

fn visible(seconds: u32) -> Result<u32, Refusal> {
    if seconds <= LONGEST_VISIBILITY {
        return Ok(seconds);
    }
    let reason = "Must be between 0 and 43200, if provided";
    Err(Refusal::invalid("VisibilityTimeout", &seconds, reason))
}

fn later(now: Timestamp, seconds: u32) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(seconds.into())).unwrap_or(Timestamp::MAX)
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// The number of the message that a receipt is for.
fn number_in(receipt: &str) -> Result<i64, Refusal> {
    let parts = receipt.split_once('-');
    let parts = parts.filter(|(_, nonce)| nonce.parse::<Ulid>().is_ok());
    parts
        .and_then(|(number, _)| number.parse().ok())
        .ok_or_else(|| Refusal::BadReceipt(receipt.to_owned()))
}

/// Drops what the queue has kept long enough.
fn forget(connection: &Connection, queue: &Queue, now: Timestamp) -> Result<(), Refusal> {
    let kept = SignedDuration::from_secs(queue.retention.into());
    let since = At(now.saturating_sub(kept).unwrap_or(Timestamp::MIN));
    connection
        .prepare_cached("DELETE FROM messages WHERE queue = ? AND sent_at <= ?")?
        .execute(params![queue.name, since])?;
    Ok(())
}

/// The answer to a message that is the same as one of the last five minutes.
fn sent_before(
    work: &Transaction<'_>,
    queue: &Queue,
    same: &str,
    now: Timestamp,
) -> Result<Option<Sent>, Refusal> {
    work.prepare_cached("DELETE FROM deduplications WHERE queue = ? AND until <= ?")?
        .execute(params![queue.name, At(now)])?;
    let mut before = work.prepare_cached(
        "SELECT id, number FROM deduplications WHERE queue = ? AND deduplication = ?",
    )?;
    let before = before.query_row([&queue.name, same], |row| {
        Ok(Sent { id: row.get(0)?, sequence: Some(sequence(row.get(1)?)) })
    });
    Ok(before.optional()?)
}

/// What can be received now, in order, behind a number.
fn ready(
    work: &Transaction<'_>,
    queue: &Queue,
    after: i64,
    most: usize,
    now: Timestamp,
) -> Result<Vec<Message>, Refusal> {
    let order = if queue.fifo {
        "AND NOT EXISTS (SELECT 1 FROM messages AS other WHERE other.queue = ?1 \
         AND other.group_id = messages.group_id AND other.visible_at > ?2 \
         AND (other.receipt IS NOT NULL OR other.number < messages.number))"
    } else {
        ""
    };
    let mut found = work.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages WHERE queue = ?1 AND visible_at <= ?2 AND number > ?3 \
         {order} ORDER BY number LIMIT ?4"
    ))?;
    let found = found.query_map(params![queue.name, At(now), after, limit(most)], message)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Puts a message that was received too often with the dead letters.
fn give_up(
    work: &Transaction<'_>,
    queue: &Queue,
    dead_letters: &str,
    message: Message,
    now: Timestamp,
) -> Result<(), Refusal> {
    work.execute("DELETE FROM messages WHERE number = ?", [message.number])?;
    // A standard queue counts the time in both queues, a FIFO queue begins anew.
    let sent_at = if queue.fifo { now } else { message.sent_at };
    let message = Message {
        source: Some(queue.name.clone()),
        sent_at,
        visible_at: now,
        receipt: None,
        ..message
    };
    insert(work, dead_letters, &message)?;
    Ok(())
}

fn insert(work: &Transaction<'_>, queue: &str, message: &Message) -> rusqlite::Result<i64> {
    work.prepare_cached(
        "INSERT INTO messages (id, queue, body, attributes, group_id, deduplication, source, \
         sent_at, visible_at, received, first_received_at, receipt) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        message.id,
        queue,
        message.body,
        Kept(message.attributes.clone()),
        message.group,
        message.deduplication,
        message.source,
        At(message.sent_at),
        At(message.visible_at),
        message.received,
        message.first_received_at.map(At),
        message.receipt,
    ])?;
    Ok(work.last_insert_rowid())
}

/// A row of [`COLUMNS`].
fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        number: row.get(0)?,
        id: row.get(1)?,
        body: row.get(2)?,
        attributes: row.get::<_, Kept>(3)?.0,
        group: row.get(4)?,
        deduplication: row.get(5)?,
        source: row.get(6)?,
        sent_at: row.get::<_, At>(7)?.0,
        visible_at: row.get::<_, At>(8)?.0,
        received: row.get(9)?,
        first_received_at: row.get::<_, Option<At>>(10)?.map(|At(at)| at),
        receipt: row.get(11)?,
    })
}

/// An instant, kept as milliseconds.
struct At(Timestamp);

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_millisecond().into())
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let at = Timestamp::from_millisecond(value.as_i64()?);
        at.map(Self).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

/// What is said about a message, kept as JSON.
struct Kept(BTreeMap<String, Attribute>);

impl ToSql for Kept {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0);
        let text =
            text.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(text.into())
    }
}

impl FromSql for Kept {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let attributes = serde_json::from_str(value.as_str()?);
        attributes.map(Self).map_err(|error| FromSqlError::Other(Box::new(error)))
    }
}

/// Why the queues cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file fails.
    #[error("the file of the queues cannot be used")]
    Disk(#[from] rusqlite::Error),
    /// The dead letters of a queue go nowhere.
    #[error("the dead letters of {0} go to no queue of its kind")]
    DeadLetters(String),
}

#[cfg(test)]
mod tests;
