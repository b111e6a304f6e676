//! Whether chains and the log agree.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
};

use jiff::{SignedDuration, Timestamp};

use super::{Checkpoint, Head, Imprint, Link, Month, Tenant, happened, origin};
use crate::{event::EventId, file::Checksum, secret::Pepper};

/// How long `relay` may take to link an event.
pub const YOUNG: SignedDuration = SignedDuration::from_mins(10);

/// How many links are kept behind one that has not been found yet. One may be filed in a later
/// month than the next ones, or be made up for much later than its event happened.
const KEPT: usize = 500_000;

/// How many events without a link are kept for each chain.
const LOOSE: usize = 10_000;

/// How far around its number is looked for the place that a link was moved from.
const AROUND: u64 = 1_000;

/// What stands where the link of an event should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filed {
    /// A link.
    Link(Link),
    /// Something that is no link of this event and chain.
    Spoilt(EventId),
}

/// How a chain and the log are found not to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The event is not what it was when it was linked.
    Mutated,
    /// The event is gone.
    MissingEvent,
    /// The link is gone.
    MissingLink,
    /// The link stood at another place.
    Reordered,
    /// The link does not belong to the chain.
    ForgedLink,
    /// The chain was longer.
    Truncated,
    /// The event has no link, and happened too long ago to be waiting for one.
    NotSealed,
    /// The chain is another than when a checkpoint was made.
    Rewritten,
    /// A checkpoint was not signed by the hub.
    ForgedCheckpoint,
    /// The head is not that of the chain.
    ForgedHead,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Mutated => "mutated: the event is not what it was when it was linked",
            Self::MissingEvent => "missing event: the event that was linked is gone",
            Self::MissingLink => "missing link: the link is gone",
            Self::Reordered => "reordered: the link stood at another place",
            Self::ForgedLink => "forged link: the link does not belong to the chain",
            Self::Truncated => "truncated: the chain was longer",
            Self::NotSealed => "not sealed: the event has no link",
            Self::Rewritten => "rewritten: the chain was another when a checkpoint was made",
            Self::ForgedCheckpoint => "forged checkpoint: the hub did not sign it",
            Self::ForgedHead => "forged head: the head is not that of the chain",
        })
    }
}

/// Where a chain and the log cease to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// The place in the chain, if it is one.
    pub number: Option<u64>,
    /// The event, if it is known.
    pub event: Option<EventId>,
    /// What is wrong there.
    pub flaw: Flaw,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.number, self.event) {
            (Some(number), Some(event)) => write!(f, "link {number}, {event}: {}", self.flaw),
            (Some(number), None) => write!(f, "link {number}: {}", self.flaw),
            (None, Some(event)) => write!(f, "{event}: {}", self.flaw),
            (None, None) => write!(f, "{}", self.flaw),
        }
    }
}

/// What an unbroken chain shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intact {
    /// How many events are as they were when they were linked.
    pub events: u64,
    /// How many checkpoints agree.
    pub checkpoints: u64,
    /// How many events are too young to have a link.
    pub young: u64,
    /// How many events happened before the hub began to link them.
    pub before: u64,
}

/// Chains that are gone through, all at once, month by month.
///
/// For each month first the links of each chain are filed, and then all events of the log are
/// shown. Links must be read before events, as an event is always there before its link.
#[derive(Debug)]
pub struct Proofs {
    chains: BTreeMap<Tenant, Proof>,
    only: Option<Tenant>,
    since: Timestamp,
    first: Option<Month>,
    now: Timestamp,
}

impl Proofs {
    /// Begins with what the heads of all chains say, before anything else is read. A head that
    /// cannot be read is none.
    pub fn begin(heads: &[(Tenant, Option<Head>)], only: Option<Tenant>, now: Timestamp) -> Self {
        let since = heads.iter().filter_map(|(_, head)| Some((*head)?.since)).min();
        let wanted = |tenant: &Tenant| only.is_none_or(|only| only == *tenant);
        let chains = heads.iter().filter(|(tenant, _)| wanted(tenant));
        Self {
            chains: chains.map(|(tenant, head)| (*tenant, Proof::of(*head))).collect(),
            only,
            since: since.unwrap_or(now),
            first: since.map(Month::of),
            now,
        }
    }

    /// Takes what stands where the checkpoint `number` of a chain should be.
    pub fn confirm(
        &mut self,
        tenant: Tenant,
        number: u64,
        found: Option<Checkpoint>,
        peppers: &[Pepper],
    ) {
        if self.only.is_some_and(|only| only != tenant) {
            return;
        }
        let genuine = found.filter(|found| {
            (found.tenant, found.number) == (tenant, number) && found.is_genuine(peppers)
        });
        if let Some(checkpoint) = genuine {
            let month = Month::of(checkpoint.at);
            self.first = Some(self.first.map_or(month, |first| first.min(month)));
        }
        let chain = self.chains.entry(tenant).or_insert_with(|| Proof::of(None));
        chain.checkpoints.insert(number, genuine.map(|checkpoint| checkpoint.hash));
    }

    /// The month in which the first chain begins.
    pub fn first_month(&self) -> Option<Month> {
        self.first
    }

    /// Whose chains are gone through.
    pub fn tenants(&self) -> Vec<Tenant> {
        self.chains.keys().copied().collect()
    }

    /// Takes all links of a chain that are filed in the month under way. If their events are not
    /// going to be shown, only the links are compared with each other.
    pub fn file(&mut self, tenant: Tenant, filed: Vec<Filed>, with_events: bool) {
        if let Some(chain) = self.chains.get_mut(&tenant) {
            for one in filed {
                chain.file(one, with_events);
            }
        }
    }

    /// Looks at an event of the month under way.
    pub fn show(&mut self, imprint: &Imprint) {
        let own = self.chains.get_mut(&imprint.tenant);
        if own.is_some_and(|chain| chain.broken.is_some() || chain.recognise(imprint))
            // Whoever changes an event may have given it to somebody else.
            || self.chains.values_mut().any(|chain| chain.recognise(imprint))
            || self.only.is_some_and(|only| only != imprint.tenant)
        {
            return;
        }
        let chain = self.chains.entry(imprint.tenant).or_insert_with(|| Proof::of(None));
        if imprint.at() < self.since {
            chain.before += 1;
        } else if imprint.at() > self.now - YOUNG {
            chain.young += 1;
        } else if chain.loose.len() < LOOSE {
            chain.loose.push(*imprint);
        }
    }

    /// Ends a month.
    pub fn turn_page(&mut self) {
        for chain in self.chains.values_mut() {
            chain.month.clear();
            chain.walk(false);
            if chain.ahead.len() > KEPT {
                chain.give_up();
            }
        }
    }

    /// The events that should have a link and have none.
    pub fn loose(&self) -> impl Iterator<Item = &Imprint> {
        self.chains.values().flat_map(|chain| &chain.loose)
    }

    /// Says what became of each chain, knowing what the heads say now.
    pub fn finish(self, heads: &[(Tenant, Option<Head>)]) -> Vec<(Tenant, Result<Intact, Break>)> {
        let heads: BTreeMap<_, _> = heads.iter().copied().collect();
        let verdict = |(tenant, chain): (Tenant, Proof)| {
            (tenant, chain.finish(heads.get(&tenant).copied().flatten()))
        };
        self.chains.into_iter().map(verdict).collect()
    }
}

/// One chain, as far as it has been gone through.
#[derive(Debug)]
struct Proof {
    /// What the head said before anything was read.
    head: Option<Head>,
    /// The hashes that checkpoints know, where the hub signed them.
    checkpoints: BTreeMap<u64, Option<Checksum>>,
    /// The number of the next link, the hash before it, and its event.
    next: u64,
    hash: Checksum,
    last: Option<EventId>,
    /// The links that were read and not come to.
    ahead: BTreeMap<(u64, EventId), Held>,
    /// Those of the month under way.
    month: HashMap<EventId, u64>,
    spoilt: BTreeSet<EventId>,
    loose: Vec<Imprint>,
    broken: Option<Break>,
    events: u64,
    confirmed: u64,
    young: u64,
    before: u64,
}

/// A link, and the digest of its event, if that is to be shown and was.
#[derive(Clone, Copy, Debug)]
struct Held {
    link: Link,
    with_event: bool,
    shown: Option<Checksum>,
}

impl Proof {
    fn of(head: Option<Head>) -> Self {
        Self {
            head,
            checkpoints: BTreeMap::new(),
            next: 1,
            hash: origin(),
            last: None,
            ahead: BTreeMap::new(),
            month: HashMap::new(),
            spoilt: BTreeSet::new(),
            loose: Vec::new(),
            broken: None,
            events: 0,
            confirmed: 0,
            young: 0,
            before: 0,
        }
    }

    fn file(&mut self, filed: Filed, with_events: bool) {
        if self.broken.is_some() {
            return;
        }
        match filed {
            Filed::Spoilt(event) => {
                self.spoilt.insert(event);
            }
            Filed::Link(link) if link.number < self.next => {
                self.break_at(Some(link.number), Some(link.event), Flaw::ForgedLink);
            }
            Filed::Link(link) => {
                let held = Held { link, with_event: with_events, shown: None };
                self.ahead.insert((link.number, link.event), held);
                self.month.insert(link.event, link.number);
            }
        }
    }

    /// Whether there is a link of the event.
    fn recognise(&mut self, imprint: &Imprint) -> bool {
        let Some(number) = self.month.get(&imprint.event) else { return false };
        if let Some(held) = self.ahead.get_mut(&(*number, imprint.event)) {
            held.shown = Some(imprint.digest);
        }
        true
    }

    /// Goes on as long as the link behind the next is known, or to the end.
    fn walk(&mut self, to_the_end: bool) {
        while self.broken.is_none() {
            let here = self.numbered(self.next);
            let behind: Vec<_> =
                self.numbered(self.next + 1).iter().map(|it| it.previous).collect();
            if here.is_empty() || behind.is_empty() && !to_the_end {
                return;
            }
            match self.choose(&here, &behind) {
                Ok(link) => self.pass(&link, &behind),
                Err(found) => self.broken = Some(found),
            }
        }
    }

    /// The links with a number, of which there should be one.
    fn numbered(&self, number: u64) -> Vec<Link> {
        let from = (number, EventId::from(ulid::Ulid::nil()));
        let links = self.ahead.range(from..).take_while(|((at, _), _)| *at == number);
        links.map(|(_, held)| held.link).collect()
    }

    /// The link that belongs here, knowing what the ones behind it say of it.
    fn choose(&self, here: &[Link], behind: &[Checksum]) -> Result<Link, Break> {
        let sound = |link: &Link| link.holds() && link.previous == self.hash;
        let head = self.head.filter(|head| head.number == self.next).map(|head| head.hash);
        let backed = |link: &Link| behind.contains(&link.hash) || head == Some(link.hash);
        let wrong =
            |link: &Link, flaw| Break { number: Some(link.number), event: Some(link.event), flaw };
        match here {
            [link] if sound(link) => Ok(*link),
            [link] if !link.holds() => {
                let (first, last) =
                    (link.number.saturating_sub(AROUND), link.number.saturating_add(AROUND));
                let moved = (first..=last).any(|number| link.holds_at(number));
                Err(wrong(link, if moved { Flaw::Reordered } else { Flaw::ForgedLink }))
            }
            // It does not fit the one before. If what follows fits it, the one before is wrong.
            [link] if backed(link) && self.last.is_some() => Err(Break {
                number: Some(link.number - 1),
                event: self.last,
                flaw: Flaw::ForgedLink,
            }),
            [link] => Err(wrong(link, Flaw::ForgedLink)),
            several => {
                let genuine = several.iter().position(|link| sound(link) && backed(link));
                let genuine = genuine.or_else(|| several.iter().position(sound));
                let others = several.iter().enumerate().filter(|(at, _)| Some(*at) != genuine);
                let other = others.map(|(_, link)| link).next().or(several.first());
                Err(Break {
                    number: Some(self.next),
                    event: other.map(|link| link.event),
                    flaw: Flaw::ForgedLink,
                })
            }
        }
    }

    /// What is wrong with the event of a link. If the event fits what follows, the link is wrong.
    fn compare(&self, held: &Held, behind: &[Checksum]) -> Option<Flaw> {
        let Held { link, with_event, shown } = held;
        match shown {
            None => with_event.then_some(Flaw::MissingEvent),
            Some(digest) if *digest == link.digest => None,
            Some(digest) => {
                let imprint = Imprint { digest: *digest, ..link.imprint() };
                let hash = Link::forge(&imprint, link.number, self.hash).hash;
                let head = self.head.filter(|head| head.number == link.number);
                let fits = behind.contains(&hash) || head.is_some_and(|head| head.hash == hash);
                Some(if fits { Flaw::ForgedLink } else { Flaw::Mutated })
            }
        }
    }

    /// Goes past a link that belongs to the chain, unless something else is wrong there.
    fn pass(&mut self, link: &Link, behind: &[Checksum]) {
        let number = link.number;
        let held = self.ahead.remove(&(number, link.event));
        let head = self.head.filter(|head| head.number == number);
        let flaw = if let Some(flaw) = held.and_then(|held| self.compare(&held, behind)) {
            Some(flaw)
        } else if head.is_some_and(|head| head.hash != link.hash)
            || number == 1 && self.head.is_some_and(|head| head.since != happened(link.event))
        {
            Some(Flaw::ForgedHead)
        } else {
            match self.checkpoints.get(&number) {
                None => None,
                Some(None) => Some(Flaw::ForgedCheckpoint),
                Some(Some(hash)) if *hash != link.hash => Some(Flaw::Rewritten),
                Some(Some(_)) => {
                    self.confirmed += 1;
                    None
                }
            }
        };
        match flaw {
            Some(flaw) => self.break_at(Some(number), Some(link.event), flaw),
            None => {
                (self.next, self.hash, self.last) = (number + 1, link.hash, Some(link.event));
                self.events += u64::from(held.is_some_and(|held| held.with_event));
            }
        }
    }

    fn break_at(&mut self, number: Option<u64>, event: Option<EventId>, flaw: Flaw) {
        self.broken.get_or_insert(Break { number, event, flaw });
    }

    /// Goes to the end. If there are links behind that, one is missing in between.
    fn give_up(&mut self) {
        self.walk(true);
        if !self.ahead.is_empty() {
            let behind: Vec<_> =
                self.numbered(self.next + 1).iter().map(|link| link.previous).collect();
            self.lose(&behind, Flaw::MissingLink);
        }
        if self.broken.is_some() {
            self.ahead = BTreeMap::new();
        }
    }

    /// The next link is not there, though others know its hash.
    fn lose(&mut self, hashes: &[Checksum], flaw: Flaw) {
        let would_be =
            |imprint: &&Imprint| hashes.contains(&Link::forge(imprint, self.next, self.hash).hash);
        let lost = self.loose.iter().find(would_be).map(|imprint| imprint.event);
        let spoilt = lost.is_some_and(|event| self.spoilt.contains(&event));
        let flaw = if spoilt { Flaw::ForgedLink } else { flaw };
        self.break_at(Some(self.next), lost, flaw);
    }

    fn finish(mut self, head: Option<Head>) -> Result<Intact, Break> {
        self.give_up();
        if let Some(before) = self.head.filter(|head| head.number >= self.next) {
            let hash = (before.number == self.next).then_some(before.hash);
            self.lose(hash.as_slice(), Flaw::Truncated);
        }
        if let Some((number, checkpoint)) = self.checkpoints.range(self.next..).next() {
            let flaw = if checkpoint.is_some() { Flaw::Truncated } else { Flaw::ForgedCheckpoint };
            self.break_at(Some(*number), None, flaw);
        }
        if head.map_or(0, |head| head.number) < self.next - 1 {
            self.break_at(Some(self.next - 1), self.last, Flaw::ForgedHead);
        }
        if let Some(event) = self.spoilt.first().copied() {
            self.break_at(None, Some(event), Flaw::ForgedLink);
        }
        if let Some(event) = self.loose.iter().map(|imprint| imprint.event).min() {
            self.break_at(None, Some(event), Flaw::NotSealed);
        }
        match self.broken {
            Some(found) => Err(found),
            None => Ok(Intact {
                events: self.events,
                checkpoints: self.confirmed,
                young: self.young,
                before: self.before,
            }),
        }
    }
}
