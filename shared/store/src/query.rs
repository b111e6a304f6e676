//! Reading many items in order.

use std::{cmp::Reverse, collections::HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use carehub_domain::access::{Actor, Subject};
use futures_util::future::try_join_all;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Item, Key, Store, StoreError, entity,
    key::{PARTITION, SORT, Slice, Stretch},
};

/// The most keys that one batch reads.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
pub(crate) const BATCH_LIMIT: usize = 100;

/// How often a filtered query goes on before it settles for a short page.
const ROUNDS: usize = 20;

/// How many items are read at once where some were removed.
const REMOVED: usize = 200;

/// How many items one query reads where all are wanted. DynamoDB ends a page at a megabyte anyway.
const WHOLE: usize = 1000;

const HOLDING: &str = "holding";
const WITHOUT: &str = "without";
const NOT_BEHIND: &str = "not behind";

/// Where a page begins: right behind an item, or right before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    partition: String,
    sort: String,
    backwards: bool,
}

impl Position {
    /// Right behind the item whose sort key this is, or right before it.
    pub(crate) fn at(sort: String, backwards: bool) -> Self {
        Self { partition: String::new(), sort, backwards }
    }

    pub(crate) fn is_backwards(&self) -> bool {
        self.backwards
    }
}

/// Which page of a list to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many records the page holds.
    pub limit: u16,
    /// Where it begins; at the first record if nowhere.
    pub from: Option<Position>,
}

impl Window {
    /// The first `limit` records.
    pub fn first(limit: u16) -> Self {
        Self { limit, from: None }
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// By key, which for identifiers means by age.
    OldestFirst,
    /// The reverse.
    NewestFirst,
}

/// One page of records, and where its neighbours begin.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The records, in the order of the list.
    pub records: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<Position>,
    /// Where the page before begins, if there is one.
    pub previous: Option<Position>,
}

impl<T> Page<T> {
    /// A list that is one page.
    pub fn of(records: Vec<T>) -> Self {
        Self { records, next: None, previous: None }
    }

    pub(crate) fn with<U>(self, records: Vec<U>) -> Page<U> {
        Page { records, next: self.next, previous: self.previous }
    }

    /// The same page of other records.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        let Self { records, next, previous } = self;
        Page { records: records.into_iter().map(change).collect(), next, previous }
    }
}

impl<T: Subject> Page<T> {
    /// Drops what `actor` may not view.
    ///
    /// Queries already choose a partition the actor may read, so this should
    /// drop nothing; it is the last line of defence, not a filter.
    #[must_use]
    pub fn visible_to(mut self, actor: &Actor) -> Self {
        self.records.retain(|record| actor.can(T::VIEW, record));
        self
    }
}

/// A condition on items that no key expresses, such as `action = :x`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter(Vec<(&'static str, &'static str, String)>);

impl Filter {
    /// Keeps items whose attribute is `value`, if there is one.
    pub(crate) fn equal(mut self, attribute: &'static str, value: Option<impl ToString>) -> Self {
        self.0.extend(value.map(|value| (attribute, "=", value.to_string())));
        self
    }

    /// Keeps items whose instant lies on one of the days from `first` to `last`.
    pub(crate) fn between(mut self, attribute: &'static str, first: Date, last: Date) -> Self {
        // Every instant of a day is text between the day itself and the day with a `~`.
        self.0.push((attribute, ">=", first.to_string()));
        self.0.push((attribute, "<=", format!("{last}~")));
        self
    }

    /// Keeps items whose attribute, as text, is `value` or comes behind it.
    pub(crate) fn at_least(
        mut self,
        attribute: &'static str,
        value: Option<impl ToString>,
    ) -> Self {
        self.0.extend(value.map(|value| (attribute, ">=", value.to_string())));
        self
    }

    /// Keeps items whose attribute, as text, is `value` or comes before it.
    pub(crate) fn at_most(mut self, attribute: &'static str, value: Option<impl ToString>) -> Self {
        self.0.extend(value.map(|value| (attribute, "<=", value.to_string())));
        self
    }

    /// Keeps items whose attribute is a list with `value` in it.
    pub(crate) fn holding(mut self, attribute: &'static str, value: Option<impl ToString>) -> Self {
        self.0.extend(value.map(|value| (attribute, HOLDING, value.to_string())));
        self
    }

    /// Of the places in which a record is filed under words that begin with `word`, keeps the
    /// first.
    pub(crate) fn first_of(mut self, word: &str) -> Self {
        self.0.push(("after", NOT_BEHIND, word.to_owned()));
        self
    }

    /// How many items to read for as many that are wanted, if not all.
    ///
    /// A filter works on what was read, so a small limit would only cost round trips. But some
    /// keep nearly everything: few people have two words that begin alike, and few doctors take no
    /// patients. What was removed may be many at once, and goes after a while.
    fn reading(&self, wanted: usize) -> Option<usize> {
        let is_wide = |sign: &str, attribute: &str| sign == NOT_BEHIND || attribute == "available";
        if self.0.iter().all(|(attribute, sign, _)| is_wide(sign, attribute)) {
            return Some(wanted);
        }
        let is_removed = self.0.iter().all(|(attribute, _, _)| *attribute == "removed_at");
        is_removed.then(|| wanted.max(REMOVED))
    }

    /// Keeps items without the attribute.
    pub(crate) fn without(mut self, attribute: &'static str) -> Self {
        self.0.push((attribute, WITHOUT, String::new()));
        self
    }

    fn expression(&self) -> Option<String> {
        let terms = self.0.iter().enumerate().map(|(i, (_, sign, _))| match *sign {
            HOLDING => format!("contains(#f{i}, :f{i})"),
            WITHOUT => format!("attribute_not_exists(#f{i})"),
            NOT_BEHIND => {
                format!("(attribute_not_exists(#f{i}) OR NOT begins_with(#f{i}, :f{i}))")
            }
            sign => format!("#f{i} {sign} :f{i}"),
        });
        let terms: Vec<_> = terms.collect();
        (!terms.is_empty()).then(|| terms.join(" AND "))
    }
}

impl Store {
    /// Reads one page of a slice.
    pub(crate) async fn page<T: Entity>(
        &self,
        slice: Slice,
        order: Order,
        window: Window,
    ) -> Result<Page<T>, StoreError> {
        self.merged(vec![slice], order, window, &Filter::default()).await
    }

    /// Reads one page of several slices as if they were one, by one query to each.
    ///
    /// With a filter, further queries follow until the page is full.
    pub(crate) async fn merged<T: Entity>(
        &self,
        slices: Vec<Slice>,
        order: Order,
        window: Window,
        filter: &Filter,
    ) -> Result<Page<T>, StoreError> {
        let limit = usize::from(window.limit);
        let backwards = window.from.as_ref().is_some_and(|position| position.backwards);
        let ascending = (order == Order::OldestFirst) != backwards;

        let reads = slices
            .iter()
            .map(|slice| self.stretch(slice, ascending, window.from.as_ref(), limit + 1, filter));
        let mut found = Vec::new();
        let mut horizon: Option<Place> = None;
        for stretch in try_join_all(reads).await? {
            found.extend(stretch.items.into_iter().map(|item| (Place::of(&item), item)));
            horizon = nearer(horizon, stretch.unread_behind, ascending);
        }
        if ascending {
            found.sort_by(|(left, _), (right, _)| left.cmp(right));
        } else {
            found.sort_by_key(|(place, _)| Reverse(place.clone()));
        }
        if let Some(horizon) = &horizon {
            found.retain(|(place, _)| if ascending { place <= horizon } else { place >= horizon });
        }

        let more = found.len() > limit || horizon.is_some();
        found.truncate(limit);
        if backwards {
            found.reverse();
        }
        let edge = |place: Option<&(Place, Item)>, backwards| {
            let place = place.map(|(place, _)| place).or(horizon.as_ref())?;
            Some(Position {
                partition: place.partition.clone(),
                sort: place.sort.clone(),
                backwards,
            })
        };
        let next = (more || backwards).then(|| edge(found.last(), false)).flatten();
        let previous = if backwards { more } else { window.from.is_some() };
        let previous = previous.then(|| edge(found.first(), true)).flatten();
        let records =
            found.into_iter().map(|(_, item)| entity::decode(item)).collect::<Result<_, _>>()?;
        Ok(Page { records, next, previous })
    }

    /// Reads up to `wanted` items of one slice that pass the filter.
    async fn stretch(
        &self,
        slice: &Slice,
        ascending: bool,
        from: Option<&Position>,
        wanted: usize,
        filter: &Filter,
    ) -> Result<Read, StoreError> {
        let mut items: Vec<Item> = Vec::new();
        let mut start = from.map(|position| slice.start_key(position));
        for _ in 0..ROUNDS {
            let output = self.query(slice, ascending, start, wanted, filter).await?;
            items.extend(output.0);
            start = output.1;
            if start.is_none() || items.len() >= wanted {
                // What lies behind the wanted ones is not unread but left for the next page.
                return Ok(Read { items, unread_behind: None });
            }
        }
        let unread_behind = start.as_ref().map(Place::of);
        Ok(Read { items, unread_behind })
    }

    async fn query(
        &self,
        slice: &Slice,
        ascending: bool,
        start: Option<Item>,
        wanted: usize,
        filter: &Filter,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        let partition = &slice.partition;
        let (hash, range) = partition.index.map_or((PARTITION, SORT), |index| {
            (index.partition_attribute(), index.sort_attribute())
        });
        let mut request = self
            .client()
            .await
            .query()
            .table_name(self.names.of(partition.table))
            .set_index_name(partition.index.map(|index| index.name().to_owned()))
            .consistent_read(partition.index.is_none())
            .expression_attribute_names("#pk", hash)
            .expression_attribute_names("#sk", range)
            .expression_attribute_values(":pk", AttributeValue::S(partition.name.clone()))
            .scan_index_forward(ascending)
            .set_exclusive_start_key(start)
            .set_filter_expression(filter.expression());
        let text = |text: &String| AttributeValue::S(text.clone());
        request = match &slice.stretch {
            Stretch::Prefix(prefix) => request
                .key_condition_expression("#pk = :pk AND begins_with(#sk, :sk)")
                .expression_attribute_values(":sk", text(prefix)),
            Stretch::Between(first, last) => request
                .key_condition_expression("#pk = :pk AND #sk BETWEEN :first AND :last")
                .expression_attribute_values(":first", text(first))
                .expression_attribute_values(":last", text(last)),
        };
        for (position, (attribute, sign, value)) in filter.0.iter().enumerate() {
            request = request.expression_attribute_names(format!("#f{position}"), *attribute);
            if *sign != WITHOUT {
                let value = AttributeValue::S(value.clone());
                request = request.expression_attribute_values(format!(":f{position}"), value);
            }
        }
        if let Some(limit) = filter.reading(wanted) {
            request = request.limit(i32::try_from(limit).unwrap_or(i32::MAX));
        }
        let output = request.send().await.map_err(StoreError::aws)?;
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    /// Reads some items of a slice as they are, and where the rest begins.
    pub(crate) async fn items(
        &self,
        slice: &Slice,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        self.query(slice, true, start, WHOLE, &Filter::default()).await
    }

    /// Reads the items at `keys` in one round trip, strongly consistent.
    pub(crate) async fn gather(&self, keys: &[Key]) -> Result<HashMap<Key, Item>, StoreError> {
        let mut found = HashMap::new();
        for chunk in keys.chunks(BATCH_LIMIT) {
            let mut wanted: HashMap<String, KeysAndAttributes> = HashMap::new();
            for key in chunk {
                let table = self.names.of(key.table).to_owned();
                let keys = wanted.remove(&table).map(|wish| wish.keys).unwrap_or_default();
                let keys = keys.into_iter().chain([Item::from(key.clone())]).collect();
                let wish = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
                wanted.insert(
                    table,
                    wish.build().map_err(|error| StoreError::Rejected(error.into()))?,
                );
            }
            while !wanted.is_empty() {
                let request = self.client().await.batch_get_item().set_request_items(Some(wanted));
                let output = request.send().await.map_err(StoreError::aws)?;
                for (name, items) in output.responses.unwrap_or_default() {
                    let Some(table) = self.names.table(&name) else { continue };
                    found.extend(items.into_iter().map(|item| {
                        let Place { sort, partition } = Place::of(&item);
                        (Key { table, partition, sort }, item)
                    }));
                }
                wanted = output.unprocessed_keys.unwrap_or_default();
            }
        }
        Ok(found)
    }

    /// Reads the records at `keys`, in their order. Those that are gone are left out.
    pub(crate) async fn fetch<T: Entity>(&self, keys: Vec<Key>) -> Result<Vec<T>, StoreError> {
        self.fetch_each(keys).await?.into_iter().collect()
    }

    /// The same, each for itself: one that cannot be read does not hide the others.
    pub(crate) async fn fetch_each<T: Entity>(
        &self,
        keys: Vec<Key>,
    ) -> Result<Vec<Result<T, StoreError>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.gather(&keys).await?;
        Ok(keys.iter().filter_map(|key| found.remove(key)).map(entity::decode).collect())
    }
}

/// What one slice had to give.
struct Read {
    items: Vec<Item>,
    /// The last item looked at, if the search was given up behind it.
    unread_behind: Option<Place>,
}

/// Where an item stands: its sort key, and its partition to tell equals apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    sort: String,
    partition: String,
}

impl Place {
    fn of(item: &Item) -> Self {
        let text =
            |name| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        Self { sort: text(SORT), partition: text(PARTITION) }
    }
}

fn nearer(left: Option<Place>, right: Option<Place>, ascending: bool) -> Option<Place> {
    match (left, right) {
        (Some(left), Some(right)) if ascending => Some(left.min(right)),
        (Some(left), Some(right)) => Some(left.max(right)),
        (left, right) => left.or(right),
    }
}

impl Slice {
    /// The key behind which to go on in this slice.
    fn start_key(&self, position: &Position) -> Item {
        let text = |value: &str| AttributeValue::S(value.to_owned());
        match self.partition.index {
            None => Item::from([
                (PARTITION.to_owned(), text(&self.partition.name)),
                (SORT.to_owned(), text(&position.sort)),
            ]),
            Some(index) => Item::from([
                (index.partition_attribute().to_owned(), text(&self.partition.name)),
                (PARTITION.to_owned(), text(&position.partition)),
                (SORT.to_owned(), text(&position.sort)),
            ]),
        }
    }
}
