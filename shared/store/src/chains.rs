//! The chain that shows whether the audit log is whole.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use aws_sdk_dynamodb::types::AttributeValue;
use carehub_domain::{
    chain::{Checkpoint, Filed, Head, Imprint, Link, Month, Tenant},
    event::{Event, EventId},
    failures,
};
use serde::{Deserialize, Serialize};
use serde_dynamo::Item as Plain;

use crate::{
    Entity, Item, Key, StoreError, Table, WriteError, aggregate, entity,
    events::shards,
    key::{Partition, SORT, Slice},
    race::{win, won},
    transaction::{TRANSACTION_LIMIT, Transaction},
};

aggregate! {
    /// What links the events of the log.
    Chains
}

impl Chains<'_> {
    /// Links events, each of them once, however often it comes.
    ///
    /// Link and head are written together, the head as it was read. So of two who link at once
    /// one decides anew, and a chain never forks.
    pub async fn seal(&self, imprints: &[Imprint]) -> Result<(), StoreError> {
        let mut seen = BTreeSet::new();
        let mut tenants: BTreeMap<Tenant, Vec<Imprint>> = BTreeMap::new();
        for imprint in imprints.iter().filter(|imprint| seen.insert(imprint.event)) {
            tenants.entry(imprint.tenant).or_default().push(*imprint);
        }
        for imprints in tenants.values() {
            for chunk in imprints.chunks(TRANSACTION_LIMIT - 1) {
                if won(self.seal_together(chunk).await)?.is_none() {
                    self.seal_each(chunk).await?;
                }
            }
        }
        Ok(())
    }

    async fn seal_each(&self, imprints: &[Imprint]) -> Result<(), StoreError> {
        for imprint in imprints {
            won(self.seal_together(std::slice::from_ref(imprint)).await)?;
        }
        Ok(())
    }

    /// Links events of one tenant. If one of them has its link already, none is linked.
    async fn seal_together(&self, imprints: &[Imprint]) -> Result<(), WriteError<Unsealed>> {
        win(|| async {
            let Some(first) = imprints.first() else { return Ok(Some(())) };
            let before = self.store.find::<Head>(head_of(first.tenant)).await?;
            let Some((links, mut head)) = Head::extend(before.as_ref(), imprints) else {
                return Ok(Some(()));
            };
            let transaction =
                links.iter().fold(Transaction::on(self.store), |transaction, link| {
                    transaction.create(link, Unsealed::LinkedBefore)
                });
            let transaction = match before {
                Some(_) => transaction.replace(&mut head, Unsealed::Overtaken),
                None => transaction.create(&head, Unsealed::Overtaken),
            };
            match transaction.commit().await {
                Ok(()) => Ok(Some(())),
                Err(WriteError::Condition(Unsealed::Overtaken)) => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// The heads of all chains. One that cannot be read is none.
    pub async fn heads(&self) -> Result<Vec<(Tenant, Option<Head>)>, StoreError> {
        let mut heads = Vec::new();
        self.through(&chains().slice(prefix(Head::KIND)), |item| {
            let tenant = suffix(&item, Head::KIND).and_then(|tenant| tenant.parse().ok());
            let head = entity::decode::<Head>(item).ok();
            heads.extend(tenant.map(|tenant| (tenant, head.filter(|it| it.tenant == tenant))));
        })
        .await?;
        Ok(heads)
    }

    /// The heads that have moved since the last checkpoint of their chain: that of the hub first,
    /// then those that are furthest ahead of theirs. One that cannot be read does not hide the
    /// others.
    pub async fn moved(&self) -> Result<Vec<Result<Head, StoreError>>, StoreError> {
        let mut kept: BTreeMap<Tenant, u64> = BTreeMap::new();
        self.through(&chains().slice(prefix(Kept::KIND)), |item| {
            kept.extend(entity::decode(item).map(|it: Kept| (it.tenant, it.number)).ok());
        })
        .await?;
        let ahead =
            |head: &Head| head.number.abs_diff(kept.get(&head.tenant).copied().unwrap_or(0));
        let mut moved = Vec::new();
        self.through(&chains().slice(prefix(Head::KIND)), |item| {
            let head = entity::decode::<Head>(item);
            if !head.as_ref().is_ok_and(|head| ahead(head) == 0) {
                moved.push(head);
            }
        })
        .await?;
        moved.sort_by_key(|head| match head {
            Ok(head) => (head.tenant != Tenant::Hub, Reverse(ahead(head))),
            Err(_) => (true, Reverse(0)),
        });
        Ok(moved)
    }

    /// Notes that a checkpoint was made.
    pub async fn keep(&self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let &Checkpoint { tenant, number, .. } = checkpoint;
        let transaction = Transaction::on(self.store).put(&Kept { tenant, number });
        transaction.commit().await.map_err(WriteError::only_store)
    }

    /// What is filed as the links of the events of a month.
    pub async fn links(&self, tenant: Tenant, month: Month) -> Result<Vec<Filed>, StoreError> {
        let mut links = Vec::new();
        self.through(&chain(tenant, month).slice(prefix(Link::KIND)), |item| {
            let Some(event) = named(&item, Link::KIND) else { return };
            let link = entity::decode::<Link>(item).ok();
            let sound = |link: &Link| {
                (link.tenant, link.event, link.imprint().month()) == (tenant, event, month)
            };
            links.push(link.filter(sound).map_or(Filed::Spoilt(event), Filed::Link));
        })
        .await?;
        Ok(links)
    }

    /// Shows every event that the log has of a month, as it stands there.
    pub async fn log(&self, month: Month, mut show: impl FnMut(Imprint)) -> Result<(), StoreError> {
        for shard in shards(month.first_day()) {
            self.through(&shard.slice(prefix(Event::KIND)), |item| {
                let Some(event) = named(&item, Event::KIND) else { return };
                let hospital = item.get(HOSPITAL).and_then(|value| value.as_s().ok());
                let tenant = hospital.and_then(|hospital| hospital.parse().ok());
                show(Imprint::of(tenant.unwrap_or(Tenant::Hub), event, &Plain::from(item)));
            })
            .await?;
        }
        Ok(())
    }

    /// Shows every item of a slice.
    async fn through(&self, slice: &Slice, mut show: impl FnMut(Item)) -> Result<(), StoreError> {
        let mut start = None;
        loop {
            let (items, rest) = self.store.items(slice, start).await?;
            for item in items {
                show(item);
            }
            start = rest;
            if start.is_none() {
                return Ok(());
            }
        }
    }
}

/// The attribute of an event that says whose chain it belongs to.
const HOSPITAL: &str = "hospital";

fn prefix(kind: &str) -> String {
    format!("{kind}#")
}

/// What an item of a kind is called behind its kind.
fn suffix(item: &Item, kind: &str) -> Option<String> {
    let sort = item.get(SORT).and_then(|value: &AttributeValue| value.as_s().ok())?;
    Some(sort.strip_prefix(kind)?.strip_prefix('#')?.to_owned())
}

/// The event that an item of a kind is named after.
fn named(item: &Item, kind: &str) -> Option<EventId> {
    suffix(item, kind)?.parse().ok()
}

/// All heads stand together, so that one query finds them.
fn chains() -> Partition {
    Key::partition(Table::Rollups, "chains", "hub")
}

fn head_of(tenant: Tenant) -> Key {
    chains().sort(Head::KIND, tenant)
}

fn chain(tenant: Tenant, month: Month) -> Partition {
    Key::partition(Table::Events, "chain", format!("{tenant}#{month}"))
}

impl Entity for Link {
    const KIND: &'static str = "link";

    fn key(&self) -> Key {
        chain(self.tenant, self.imprint().month()).sort(Self::KIND, self.event)
    }
}

impl Entity for Head {
    const KIND: &'static str = "head";

    fn key(&self) -> Key {
        head_of(self.tenant)
    }
}

/// How far the last checkpoint of a chain goes.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    tenant: Tenant,
    number: u64,
}

impl Entity for Kept {
    const KIND: &'static str = "checkpoint";

    fn key(&self) -> Key {
        chains().sort(Self::KIND, self.tenant)
    }
}

failures! {
    /// Why events are not linked.
    enum Unsealed {
        LinkedBefore = Conflict "linked-before" "an event was linked before",
        Overtaken = Conflict "overtaken" "somebody else links events of this chain",
    }
}

#[cfg(test)]
mod tests {
    use carehub_domain::{
        access::{Action, Role},
        event::Reference,
    };

    use super::*;

    /// What an event is in the table, and so its digest, never changes: chains would be torn.
    #[test]
    fn an_event_keeps_its_digest() {
        let event = Event {
            id: "evt_01Q3XP6M00000000000000000B".parse().unwrap(),
            at: "2030-01-07T08:00:00Z".parse().unwrap(),
            action: Action::EditPatient,
            actor: Some("usr_01JH4AXQ00000000000000000A".parse().unwrap()),
            role: Some(Role::Patient),
            subject: Reference::hub(),
            hospital: None,
            patient: Some("pat_01JH4AXQ00000000000000000A".parse().unwrap()),
            changed: vec!["phone".to_owned()],
            details: [("count".to_owned(), "2".to_owned())].into(),
            address: "203.0.113.7".parse().unwrap(),
            device: None,
            request: "req_1".to_owned(),
        };

        let item = entity::encode_at(&event, event.key()).unwrap();
        let imprint = Imprint::of(Tenant::Hub, event.id, &Plain::from(item));

        assert_eq!(
            imprint.digest.to_string(),
            "347da70803225a06c381e34c80e37e5af1b81f0e078fc58ffd41b65c1fb6e2ad"
        );
        assert_eq!(imprint.month().to_string(), "2030-01");
    }
}
