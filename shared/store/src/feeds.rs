//! Live updates: tickets, connections, and each person's feed.
//!
//! Nothing is lost between what `relay` says and what somebody catches up on, as both write
//! before they read: an entry is in the feed before anybody looks for connections, and a connection
//! is written before its feed is read; and all these reads see the last write. So of an entry and a
//! connection, either the connection was there when `relay` looked, or the entry is there when the
//! connection catches up. Often both hold; the number tells.
//!
//! The same goes for a feed that is not kept. Whoever listens writes that before they read their
//! records; `relay` looks into the feed when the records have changed. So whoever does not find an
//! entry finds the record.

use std::collections::BTreeMap;

use carehub_domain::{
    access::{Permit, UserId},
    event::Event,
    failures,
    live::{self, Connection, Entry, Feed, MOST_MISSED, Missed, News, Ticket, TicketError},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Entity, Key, StoreError, Table, Window, WriteError, aggregate,
    entity::Expiry,
    key::Partition,
    query::Order,
    race::{Race, win},
    transaction::Transaction,
};

aggregate! {
    /// What people see at once.
    Feeds
}

/// How long a connection is remembered after it must have ended.
const SLACK: SignedDuration = SignedDuration::from_mins(10);

/// More connections than anybody has.
const CROWD: u16 = 100;

/// The connections of a person.
#[derive(Clone, Debug, Default)]
pub struct Listeners {
    /// Those whose session goes on.
    pub live: Vec<Connection>,
    /// Those whose session has ended. Nothing is said to them.
    pub ended: Vec<Connection>,
}

impl Feeds<'_> {
    /// Keeps a ticket until somebody uses it.
    pub async fn issue(&self, ticket: &Ticket, permit: &Permit) -> Result<(), StoreError> {
        let transaction = self.store.transaction(permit).put(ticket);
        transaction.commit().await.map_err(WriteError::only_store)
    }

    /// The ticket with this digest, if nobody has used it.
    pub async fn ticket(&self, digest: &str) -> Result<Option<Ticket>, StoreError> {
        self.store.find(ticket_at(digest)).await
    }

    /// Opens a connection in exchange for a ticket, and begins to keep the feed. Of several who
    /// show one ticket, one gets in. Gives back the connections that had to make room.
    pub async fn connect(
        &self,
        ticket: &Ticket,
        connection: &Connection,
        permit: &Permit,
    ) -> Result<Vec<Connection>, WriteError<TicketError>> {
        win(|| self.try_connect(ticket, connection, permit)).await
    }

    async fn try_connect(
        &self,
        ticket: &Ticket,
        connection: &Connection,
        permit: &Permit,
    ) -> Result<Option<Vec<Connection>>, WriteError<TicketError>> {
        let (feed, open) = tokio::try_join!(self.feed(ticket.user), self.connections(ticket.user))?;
        let surplus = live::surplus(open);
        let mut transaction = self
            .store
            .transaction(permit)
            .delete(ticket_at(&ticket.digest), Missing::Ticket)
            .put(connection)
            .copy(connection, connection_at(&connection.id));
        transaction = match feed {
            Some(feed) => {
                transaction.replace(&mut feed.listen(connection.connected_at), Missing::Turn)
            }
            None => {
                transaction.create(&Feed::open(ticket.user, connection.connected_at), Missing::Turn)
            }
        };
        for old in &surplus {
            transaction = forgetting(transaction, old);
        }
        match transaction.commit().await {
            Ok(()) => Ok(Some(surplus)),
            Err(WriteError::Condition(Missing::Turn)) => Ok(None),
            Err(WriteError::Condition(Missing::Ticket)) => {
                Err(WriteError::Condition(TicketError::Refused))
            }
            Err(WriteError::Store(error)) => Err(WriteError::Store(error)),
        }
    }

    /// The connection that the gateway calls `id`.
    pub async fn connection(&self, id: &str) -> Result<Option<Connection>, StoreError> {
        self.store.find(connection_at(id)).await
    }

    /// Forgets a connection that has ended.
    pub async fn forget(&self, connection: &Connection) -> Result<(), StoreError> {
        let forgetting = forgetting(Transaction::on(self.store), connection);
        forgetting.commit().await.map_err(WriteError::only_store)
    }

    /// Who of a person's connections may hear something at `now`.
    pub async fn listeners(&self, user: UserId, now: Timestamp) -> Result<Listeners, StoreError> {
        let open = self.connections(user).await?;
        let mut attending = BTreeMap::new();
        let mut listeners = Listeners::default();
        for connection in open {
            let claim = (connection.session, connection.hospital);
            let attends = match attending.get(&claim) {
                Some(attends) => *attends,
                None => self.attends(&connection, now).await?,
            };
            attending.insert(claim, attends);
            match attends {
                true => listeners.live.push(connection),
                false => listeners.ended.push(connection),
            }
        }
        Ok(listeners)
    }

    /// Whether the session in which a connection was opened goes on.
    pub async fn attends(
        &self,
        connection: &Connection,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Connection { user, session, hospital, .. } = *connection;
        let attendance = self.store.sessions().attendance(user, session, hospital).await?;
        Ok(attendance.admits(hospital, now).is_some())
    }

    /// The feed of a person, if they ever listened.
    pub async fn feed(&self, user: UserId) -> Result<Option<Feed>, StoreError> {
        self.store.find(feed_of(user).only(Feed::KIND)).await
    }

    /// Enters what an event means for a person, if their feed is kept. What was entered before
    /// stays as it is and is given back.
    pub async fn append(
        &self,
        user: UserId,
        event: &Event,
        news: &News,
    ) -> Result<Option<Entry>, StoreError> {
        let mut race = Race::default();
        loop {
            match self.enter(user, event, news).await {
                Ok(entry) => return Ok(entry),
                Err(WriteError::Condition(_)) => race.lost().await?,
                Err(WriteError::Store(error)) => return Err(error),
            }
        }
    }

    async fn enter(
        &self,
        user: UserId,
        event: &Event,
        news: &News,
    ) -> Result<Option<Entry>, WriteError<Missing>> {
        let Some(feed) = self.feed(user).await? else { return Ok(None) };
        if let Some(number) = feed.number_of(event.id) {
            return Ok(self.store.find(entry_at(user, number)).await?);
        }
        if !feed.is_kept(event.at) {
            return Ok(None);
        }
        let (mut feed, entry) = feed.enter(event.id, event.at, news.clone());
        Transaction::on(self.store)
            .replace(&mut feed, Missing::Turn)
            .create(&entry, Missing::Turn)
            .commit()
            .await?;
        Ok(Some(entry))
    }

    /// What somebody missed who saw everything up to `since`. Who does not say has just read
    /// everything.
    pub async fn since(&self, user: UserId, since: Option<u64>) -> Result<Missed, StoreError> {
        let Some(feed) = self.feed(user).await? else {
            return Ok(Missed::Unknown { seq: 0 });
        };
        let Some(since) = since else {
            return Ok(Missed::These { entries: Vec::new(), seq: feed.seq() });
        };
        if !feed.can_tell(since) {
            return Ok(Missed::Unknown { seq: feed.seq() });
        }
        let behind = feed_of(user).between(Entry::KIND, digits(since + 1), digits(u64::MAX));
        // What was entered a moment ago comes along, if there is room.
        let window = Window::first(MOST_MISSED);
        let page = self.store.page(behind, Order::OldestFirst, window).await?;
        Ok(feed.missed(since, page.records))
    }

    /// The connections of a person, whether or not their sessions go on.
    async fn connections(&self, user: UserId) -> Result<Vec<Connection>, StoreError> {
        let slice = connections_of(user).slice(format!("{}#", Connection::KIND));
        Ok(self.store.page(slice, Order::OldestFirst, Window::first(CROWD)).await?.records)
    }
}

fn forgetting<'s, E>(
    transaction: Transaction<'s, E>,
    connection: &Connection,
) -> Transaction<'s, E> {
    transaction.remove(connection.key()).remove(connection_at(&connection.id))
}

fn ticket_at(digest: &str) -> Key {
    Key::partition(Table::Ephemeral, "ticket", digest).only(Ticket::KIND)
}

fn connections_of(user: UserId) -> Partition {
    Key::partition(Table::Engagement, "connections", user)
}

fn connection_at(id: &str) -> Key {
    Key::partition(Table::Engagement, "connection", id).only(Connection::KIND)
}

fn feed_of(user: UserId) -> Partition {
    Key::partition(Table::Engagement, "feed", user)
}

fn entry_at(user: UserId, seq: u64) -> Key {
    feed_of(user).sort(Entry::KIND, digits(seq))
}

/// A number so that numbers and their text have one order.
fn digits(seq: u64) -> String {
    format!("{:012}", seq.min(999_999_999_999))
}

impl Entity for Ticket {
    const KIND: &'static str = "ticket";

    fn key(&self) -> Key {
        ticket_at(&self.digest)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Promptly(self.expires_at))
    }
}

impl Entity for Connection {
    const KIND: &'static str = "connection";

    fn key(&self) -> Key {
        connections_of(self.user).sort(Self::KIND, &self.id)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Lazily(self.ends_at() + SLACK))
    }
}

/// It stays for good, so that no number comes twice.
impl Entity for Feed {
    const KIND: &'static str = "head";

    fn key(&self) -> Key {
        feed_of(self.user).only(Self::KIND)
    }
}

impl Entity for Entry {
    const KIND: &'static str = "entry";

    fn key(&self) -> Key {
        entry_at(self.user, self.seq)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Lazily(self.at + live::KEPT))
    }
}

failures! {
    /// Why a write to a feed does not happen.
    enum Missing {
        Ticket = Unauthenticated "ticket-gone" "somebody has used the ticket",
        Turn = Conflict "feed-moved" "the feed has changed in the meantime",
    }
}
