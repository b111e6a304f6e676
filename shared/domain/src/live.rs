//! Live updates: tickets to connect with, connections, and each person's numbered feed.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::{
    Revision,
    access::{Action, Subject, UserId},
    account::Account,
    appointment::{AppointmentId, Status},
    choice::choice,
    doctor::DoctorId,
    event::{EventId, Reference},
    failures,
    hospital::HospitalId,
    notification::{NotificationId, NotificationKind, Priority},
    revision::{Revised, revised},
    session::{Session, SessionId},
    text::Text,
};

/// How long a ticket is good for.
pub const TICKET: SignedDuration = SignedDuration::from_secs(60);

/// The longest that a connection can last.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>
pub const LONGEST: SignedDuration = SignedDuration::from_hours(2);

/// The most connections of one person.
pub const MOST_CONNECTIONS: usize = 5;

/// How long a feed is kept for somebody who has gone, and how long its entries stay.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// The most entries that somebody catches up on. Who missed more reads everything anew.
pub const MOST_MISSED: u16 = 200;

/// How many of the last events a feed remembers, so that none is entered twice.
const REMEMBERED: u64 = 64;

/// Lets its holder connect, once and soon.
///
/// It stands for a token in the address of the connection, where no token should be. Only a digest
/// of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The digest, by which it is found.
    pub digest: String,
    /// Who connects.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
    /// In which hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

impl Ticket {
    /// Makes a ticket for the holder of `account`, who acts in `session`.
    pub fn issue(account: &Account, session: &Session, now: Timestamp) -> (Self, TicketSecret) {
        let secret = TicketSecret::draw();
        let ticket = Self {
            digest: secret.digest(),
            user: account.id,
            session: session.id,
            hospital: account.hospital,
            expires_at: now + TICKET,
        };
        (ticket, secret)
    }

    /// Whether it is still good.
    pub fn is_good(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}

impl Subject for Ticket {
    const VIEW: Action = Action::TakeTicket;

    fn reference(&self) -> Reference {
        self.session.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.user)
    }
}

/// What the holder of a ticket shows: 256 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketSecret([u8; 32]);

impl TicketSecret {
    fn draw() -> Self {
        let mut digest = Sha256::new();
        for _ in 0..4 {
            digest.update(Ulid::generate().random().to_be_bytes());
        }
        Self(digest.finalize().into())
    }

    /// The ticket as it is shown to its holder, once.
    pub fn reveal(&self) -> String {
        BASE64.encode(self.0)
    }

    /// Reads what somebody shows.
    pub fn read(text: &str) -> Result<Self, TicketError> {
        let bytes = BASE64.decode(text).map_err(|_| TicketError::Refused)?;
        bytes.try_into().map(Self).map_err(|_| TicketError::Refused)
    }

    /// What is kept of it. As nobody can try all of 256 bits, it needs no key.
    pub fn digest(&self) -> String {
        BASE64.encode(Sha256::digest(self.0))
    }
}

impl fmt::Debug for TicketSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// An open connection of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// What the gateway calls it.
    pub id: String,
    /// Whose it is.
    pub user: UserId,
    /// In which session it was opened.
    pub session: SessionId,
    /// In which hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// When it was opened.
    pub connected_at: Timestamp,
}

impl Connection {
    /// The connection that the gateway calls `id` and that `ticket` opens.
    pub fn by(ticket: &Ticket, id: &str, now: Timestamp) -> Self {
        let Ticket { user, session, hospital, .. } = *ticket;
        Self { id: id.to_owned(), user, session, hospital, connected_at: now }
    }

    /// When the gateway has ended it at the latest.
    pub fn ends_at(&self) -> Timestamp {
        self.connected_at + LONGEST
    }
}

impl Subject for Connection {
    const VIEW: Action = Action::Connect;

    fn reference(&self) -> Reference {
        self.session.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.user)
    }
}

/// Those of somebody's connections that have to end so that one more fits: the oldest.
pub fn surplus(mut connections: Vec<Connection>) -> Vec<Connection> {
    connections.sort_by_key(|connection| connection.connected_at);
    let many = (connections.len() + 1).saturating_sub(MOST_CONNECTIONS);
    connections.truncate(many);
    connections
}

/// The feed of a person: what concerned them, numbered without gaps.
///
/// It is kept for those who listen, or did within a day. Whoever listens again after a longer time
/// finds a gap in the numbers, and so reads everything anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// Whose it is.
    pub user: UserId,
    seq: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recent: Vec<EventId>,
    listened_at: Timestamp,
    revision: Revision,
}

impl Feed {
    /// The feed of somebody who listens for the first time.
    pub fn open(user: UserId, now: Timestamp) -> Self {
        Self { user, seq: 0, recent: Vec::new(), listened_at: now, revision: Revision::FIRST }
    }

    /// The number of the last entry.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether somebody listens or may come back.
    pub fn is_kept(&self, now: Timestamp) -> bool {
        now < self.listened_at + KEPT
    }

    /// Notes that somebody listens. What was not kept meanwhile is a number that nothing has.
    #[must_use]
    pub fn listen(self, now: Timestamp) -> Self {
        if self.is_kept(now) {
            Self { listened_at: now.max(self.listened_at), ..self }
        } else {
            Self { seq: self.seq + 1, recent: Vec::new(), listened_at: now, ..self }
        }
    }

    /// The number under which an event was entered, if it was lately.
    pub fn number_of(&self, event: EventId) -> Option<u64> {
        let later = self.recent.iter().rev().position(|&recent| recent == event)?;
        self.seq.checked_sub(u64::try_from(later).ok()?)
    }

    /// Enters what an event means for the person, under the next number.
    #[must_use]
    pub fn enter(mut self, event: EventId, at: Timestamp, news: News) -> (Self, Entry) {
        self.seq += 1;
        self.recent.push(event);
        let surplus = self.recent.len().saturating_sub(usize::try_from(REMEMBERED).unwrap_or(64));
        self.recent.drain(..surplus);
        let entry = Entry { user: self.user, seq: self.seq, event, at, news };
        (self, entry)
    }

    /// Whether entries can tell what happened behind the number `since`.
    pub fn can_tell(&self, since: u64) -> bool {
        self.seq.checked_sub(since).is_some_and(|missed| missed <= MOST_MISSED.into())
    }

    /// What somebody missed who saw everything up to `since`, of the `entries` that were found
    /// behind it. The feed was read before they were.
    pub fn missed(&self, since: u64, entries: Vec<Entry>) -> Missed {
        let numbers = || entries.iter().zip(since + 1..);
        let whole = numbers().all(|(entry, number)| entry.seq == number);
        let last = entries.last().map_or(since, |entry| entry.seq);
        if whole && self.can_tell(since) && last >= self.seq {
            Missed::These { entries, seq: last }
        } else {
            Missed::Unknown { seq: self.seq }
        }
    }
}

revised!(Feed);

/// What somebody who was away has missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    /// These entries and no others.
    These {
        /// In order.
        entries: Vec<Entry>,
        /// The number up to which nothing is missing then.
        seq: u64,
    },
    /// Nobody can tell: they have to read everything anew.
    Unknown {
        /// The number up to which nothing is missing then.
        seq: u64,
    },
}

/// One entry of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose feed it is.
    pub user: UserId,
    /// Its number.
    pub seq: u64,
    /// The event behind it.
    pub event: EventId,
    /// When that happened.
    pub at: Timestamp,
    /// What it means for the person.
    pub news: News,
}

/// What somebody is told at once: which record to look at, and nothing of what is medically the
/// matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum News {
    /// A notification came.
    Notification {
        /// Which.
        id: NotificationId,
        /// What it is about.
        notification_type: NotificationKind,
        /// How much it presses.
        priority: Priority,
        /// A few words.
        title: Text<200>,
        /// Whether the application speaks up, as the person wants it.
        #[serde(default = "speaks_up")]
        speaks: bool,
    },
    /// An appointment got somewhere.
    Appointment {
        /// Which.
        id: AppointmentId,
        /// Where it is.
        state: Status,
        /// What was done to it.
        action: Action,
    },
    /// A queue moved, or somebody's number in it changed.
    Queue {
        /// Whose queue.
        doctor: DoctorId,
        /// Of which day.
        date: Date,
        /// The number, unless somebody else has left with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<u32>,
        /// What was done.
        action: Action,
    },
    /// A time for which somebody waits was offered to them.
    Waitlist {
        /// Whose time.
        doctor: DoctorId,
        /// On which day.
        date: Date,
    },
    /// Something was written down about a visit, or changed, or removed.
    Consultation {
        /// The visit.
        id: AppointmentId,
        /// What kind of thing.
        entry: EntryKind,
    },
}

/// What was entered before anybody asked is spoken of.
fn speaks_up() -> bool {
    true
}

choice! {
    /// What is written down about a visit.
    pub enum EntryKind: "a kind of entry" {
        /// Something that the patient feels.
        Symptom = "SYMPTOM",
        /// What the doctor takes it to be.
        Diagnosis = "DIAGNOSIS",
        /// What was measured.
        VitalSigns = "VITAL_SIGNS",
        /// Anything else.
        Note = "NOTE",
    }
}

failures! {
    /// Why somebody does not get in.
    pub enum TicketError {
        Refused = Unauthenticated "ticket-refused" "the ticket is not valid, was used, or has expired",
    }
}

failures! {
    /// Why something that came over a connection is not understood.
    pub enum LiveError {
        Message = Invalid "unreadable-message" "expected a JSON object whose type is resume or ping",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Id;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn ana() -> UserId {
        Ulid::from(1_u128).into()
    }

    fn event(number: u128) -> EventId {
        Ulid::from(number).into()
    }

    fn news() -> News {
        News::Consultation { id: Id::from(Ulid::from(7_u128)), entry: EntryKind::Note }
    }

    fn feed(entries: u64) -> (Feed, Vec<Entry>) {
        let mut feed = Feed::open(ana(), START);
        let mut all = Vec::new();
        for number in 1..=entries {
            let (after, entry) = feed.enter(event(number.into()), START, news());
            all.push(entry);
            feed = after;
        }
        (feed, all)
    }

    #[test]
    fn a_ticket_reads_back_and_another_does_not() {
        let secret = TicketSecret::draw();
        assert_eq!(TicketSecret::read(&secret.reveal()), Ok(secret.clone()));
        assert_ne!(TicketSecret::draw().digest(), secret.digest());
        assert!(!secret.digest().contains(&secret.reveal()));
        for wrong in ["", "ticket", "====", &"A".repeat(44)] {
            assert_eq!(TicketSecret::read(wrong), Err(TicketError::Refused), "{wrong}");
        }
    }

    #[test]
    fn the_oldest_connections_make_room() {
        let at = |minutes: i64| Connection {
            id: minutes.to_string(),
            user: ana(),
            session: Ulid::from(2_u128).into(),
            hospital: None,
            connected_at: START + SignedDuration::from_mins(minutes),
        };
        let left = |minutes: &[i64]| {
            let connections = minutes.iter().map(|&minutes| at(minutes)).collect();
            surplus(connections).into_iter().map(|gone| gone.id).collect::<Vec<_>>()
        };
        assert_eq!(left(&[]), [] as [&str; 0]);
        assert_eq!(left(&[4, 3, 2, 1]), [] as [&str; 0]);
        assert_eq!(left(&[4, 3, 5, 2, 1]), ["1"]);
        assert_eq!(left(&[4, 3, 6, 5, 2, 1]), ["1", "2"]);
    }

    #[test]
    fn an_event_is_known_by_its_number_for_a_while() {
        let (feed, _) = feed(100);
        assert_eq!(feed.number_of(event(100)), Some(100));
        assert_eq!(feed.number_of(event(37)), Some(37));
        assert_eq!(feed.number_of(event(36)), None);
        assert_eq!(feed.number_of(event(101)), None);
    }

    #[test]
    fn whoever_comes_back_after_a_day_finds_a_gap() {
        let (feed, entries) = feed(3);
        let soon = feed.clone().listen(START + KEPT - SignedDuration::from_secs(1));
        assert_eq!(soon.missed(3, vec![]), Missed::These { entries: vec![], seq: 3 });
        let late = feed.listen(START + KEPT);
        assert_eq!(late.missed(3, vec![]), Missed::Unknown { seq: 4 });
        assert_eq!(late.missed(2, entries[2..].to_vec()), Missed::Unknown { seq: 4 });
        assert_eq!(late.number_of(event(3)), None);
        let (late, entry) = late.enter(event(9), START, news());
        assert_eq!((entry.seq, late.number_of(event(9))), (5, Some(5)));
        assert_eq!(
            late.missed(4, vec![entry.clone()]),
            Missed::These { entries: vec![entry], seq: 5 }
        );
    }

    #[test]
    fn more_than_anybody_would_read_is_unknown() {
        let (feed, entries) = feed(u64::from(MOST_MISSED) + 1);
        assert!(!feed.can_tell(0));
        assert_eq!(feed.missed(0, entries), Missed::Unknown { seq: feed.seq() });
        assert!(feed.can_tell(1) && !feed.can_tell(feed.seq() + 1));
    }

    proptest! {
        #[test]
        fn a_hole_never_goes_unnoticed(many in 1_u64..40, since in 0_u64..40, lost in prop::collection::btree_set(1_u64..40, 0..4)) {
            let (feed, entries) = feed(many);
            let found: Vec<_> = entries
                .into_iter()
                .filter(|entry| entry.seq > since && !lost.contains(&entry.seq))
                .collect();
            let whole = since <= many && found.len() as u64 == many - since;
            match feed.missed(since, found.clone()) {
                Missed::These { entries, seq } => {
                    prop_assert!(whole);
                    prop_assert_eq!((entries, seq), (found, many));
                }
                Missed::Unknown { seq } => {
                    prop_assert!(!whole);
                    prop_assert_eq!(seq, many);
                }
            }
        }
    }
}
