//! Clinical documents: each has a place of its own with all that it said before, and entries
//! lead there from everyone whom it concerns.

use std::collections::{BTreeSet, HashMap};

use carehub_domain::{Revision, access::UserId, revision::Revised};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use ulid::Ulid;

use crate::{
    Entity, Key, Page, Position, Store, StoreError, Table, Window, entity,
    key::{Partition, Slice},
    query::{Filter, Order},
    transaction::Transaction,
};

/// How many partitions share the entries of the hub.
const SHARDS: u128 = 4;

/// How many entries are followed for a page of which few are kept.
const FOLLOWED: usize = 1000;

/// The most versions of a document that are shown.
const MOST_VERSIONS: u16 = 500;

/// A document that is never overwritten: what it said before stays beside it.
pub(crate) trait Paper: Entity + Revised + Clone {
    /// Tells it from others of its kind.
    fn ulid(&self) -> Ulid;

    /// The identifier as the API writes it.
    fn name(&self) -> String;

    /// Those in whose lists it stands: the patient, the doctor, the hospital.
    fn readers(&self) -> BTreeSet<UserId>;

    /// In which lists it stands besides.
    fn lists(&self) -> Vec<Partition> {
        Vec::new()
    }
}

/// Where a document is.
pub(crate) fn at<T: Entity>(name: impl std::fmt::Display) -> Key {
    Key::partition(Table::Clinical, T::KIND, name).only(T::KIND)
}

/// What lies beside a document: all that it said before, and what belongs to it.
pub(crate) fn beside<T: Entity>(name: impl std::fmt::Display) -> Partition {
    Key::partition(Table::Clinical, T::KIND, name)
}

/// The entries of a kind that lead to what concerns any of `people`.
pub(crate) fn entries_of<T: Entity>(people: impl IntoIterator<Item = UserId>) -> Vec<Slice> {
    people.into_iter().map(|person| under(person).slice(format!("{}#", T::KIND))).collect()
}

/// The entries of a kind that lead to all there are.
pub(crate) fn entries_of_hub<T: Entity>() -> Vec<Slice> {
    (0..SHARDS).map(|shard| hub(shard).slice(format!("{}#", T::KIND))).collect()
}

/// Adds a new document to a transaction.
pub(crate) fn publish<'s, T: Paper, E>(
    transaction: Transaction<'s, E>,
    paper: &T,
    otherwise: E,
) -> Transaction<'s, E> {
    let entry = Entry::of(paper);
    let transaction = transaction.create(paper, otherwise);
    places(paper).into_iter().fold(transaction, |transaction, key| transaction.copy(&entry, key))
}

/// Adds the next version of a document to a transaction, and keeps the one before.
pub(crate) fn supersede<'s, T: Paper, E>(
    transaction: Transaction<'s, E>,
    before: &T,
    after: &mut T,
    otherwise: E,
) -> Transaction<'s, E> {
    let (entry, known) = (Entry::of(after), places(before));
    let past = Past { version: before.revision(), paper: before.clone() };
    let key = past.key();
    let transaction = transaction.replace(after, otherwise).copy(&past, key);
    let anew = places(after).into_iter().filter(|place| !known.contains(place));
    anew.fold(transaction, |transaction, key| transaction.copy(&entry, key))
}

/// Adds to a transaction what a record says that is about to say something else, or nothing. It
/// stays in the same partition, where `name` tells it from others.
pub(crate) fn remember<'s, T: Entity + Revised + Clone, E>(
    transaction: Transaction<'s, E>,
    name: impl std::fmt::Display,
    before: &T,
) -> Transaction<'s, E> {
    let past = Past { version: before.revision(), paper: before.clone() };
    let key = around(&before.key()).sort(PAST, format!("{name}#{:06}", past.version.number()));
    transaction.copy(&past, key)
}

impl Store {
    /// All that a record said before, newest first.
    pub(crate) async fn remembered<T: Entity + Revised + Clone>(
        &self,
        name: impl std::fmt::Display,
        now: &T,
    ) -> Result<Vec<T>, StoreError> {
        self.past(around(&now.key()).slice(format!("{PAST}#{name}#"))).await
    }

    async fn past<T: Entity + Revised + Clone>(&self, slice: Slice) -> Result<Vec<T>, StoreError> {
        let page = self.page::<Past<T>>(slice, Order::NewestFirst, Window::first(MOST_VERSIONS));
        Ok(page.await?.records.into_iter().map(|past| past.paper).collect())
    }

    /// Looks up a document as it is now.
    pub(crate) async fn paper<T: Paper>(
        &self,
        name: impl std::fmt::Display,
    ) -> Result<Option<T>, StoreError> {
        self.find(at::<T>(name)).await
    }

    /// All versions of a document but the present one, newest first.
    pub(crate) async fn versions<T: Paper>(&self, paper: &T) -> Result<Vec<T>, StoreError> {
        self.past(around(&paper.key()).between(PAST, 0, 9)).await
    }

    /// Reads a page of the documents that `slices` of entries lead to, newest first, of which
    /// `keep` keeps some. A page may be short although there is a next one.
    pub(crate) async fn papers<T: Paper>(
        &self,
        slices: Vec<Slice>,
        window: Window,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Page<T>, StoreError> {
        let wanted = usize::from(window.limit);
        let backwards = window.from.as_ref().is_some_and(Position::is_backwards);
        let filter = Filter::default();
        let stretch = |from| {
            let window = Window { limit: window.limit, from };
            self.merged::<Entry>(slices.clone(), Order::NewestFirst, window, &filter)
        };
        let mut read = stretch(window.from.clone()).await?;
        let mut page: Page<T> = read.clone().with(Vec::new());
        let mut followed = 0;
        loop {
            followed += read.records.len();
            let names: Vec<_> = read.records.into_iter().map(|entry| entry.paper).collect();
            let keys: Vec<_> = names.iter().map(at::<T>).collect();
            let mut found: HashMap<Key, _> = self.gather(&keys).await?;
            let mut kept = Vec::new();
            for (name, key) in names.into_iter().zip(keys) {
                let Some(item) = found.remove(&key) else { continue };
                let paper = entity::decode::<T>(item)?;
                kept.extend(keep(&paper).then_some((name, paper)));
            }
            let room = wanted - page.records.len();
            let place = |name: &str, backwards| {
                Some(Position::at(format!("{}#{name}", T::KIND), backwards))
            };
            if backwards {
                let excess = kept.len().saturating_sub(room);
                let kept = kept.split_off(excess);
                page.previous = match kept.first() {
                    Some((name, _)) if excess > 0 => place(name, true),
                    _ => read.previous.clone(),
                };
                page.records.splice(0..0, kept.into_iter().map(|(_, paper)| paper));
            } else {
                let excess = kept.len() > room;
                kept.truncate(room);
                page.next = match kept.last() {
                    Some((name, _)) if excess => place(name, false),
                    _ => read.next.clone(),
                };
                page.records.extend(kept.into_iter().map(|(_, paper)| paper));
            }
            let from = if backwards { page.previous.clone() } else { page.next.clone() };
            if from.is_none() || page.records.len() >= wanted || followed >= FOLLOWED {
                return Ok(page);
            }
            read = stretch(from).await?;
        }
    }
}

const PAST: &str = "past";

fn under(person: UserId) -> Partition {
    Key::partition(Table::Clinical, "papers-of", person)
}

fn hub(shard: u128) -> Partition {
    Key::partition(Table::Clinical, "papers-of", format!("hub#{shard}"))
}

fn around(key: &Key) -> Partition {
    Partition { table: key.table, index: None, name: key.partition.clone() }
}

/// Where entries lead to `paper` from: its readers' lists, that of the hub and its own.
fn places<T: Paper>(paper: &T) -> Vec<Key> {
    let readers = paper.readers().into_iter().map(under);
    let lists = readers.chain([hub(paper.ulid().random() % SHARDS)]).chain(paper.lists());
    lists.map(|list| list.sort(T::KIND, paper.name())).collect()
}

/// Leads to a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    paper: String,
}

impl Entry {
    fn of(paper: &impl Paper) -> Self {
        Self { paper: paper.name() }
    }
}

impl Entity for Entry {
    const KIND: &'static str = "entry";

    fn key(&self) -> Key {
        hub(0).sort(Self::KIND, &self.paper)
    }
}

/// What a document said before.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "T: Serialize + DeserializeOwned")]
struct Past<T> {
    version: Revision,
    #[serde(flatten)]
    paper: T,
}

impl<T: Entity + Revised + Clone> Entity for Past<T> {
    const KIND: &'static str = T::KIND;

    fn key(&self) -> Key {
        around(&self.paper.key()).sort(PAST, format!("{:06}", self.version.number()))
    }
}
