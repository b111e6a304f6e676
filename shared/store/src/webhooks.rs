//! Webhooks, by hospital.

use std::collections::BTreeSet;

use carehub_domain::{
    Revision,
    access::{Guarded, Permit},
    hospital::HospitalId,
    revision::Revised,
    webhook::{MOST, Webhook, WebhookError, WebhookId},
};
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate, key::Partition,
    query::Order, transaction::Transaction, win,
};

aggregate! {
    /// Programs of hospitals that are told what happens.
    Webhooks
}

/// As many as a hospital can have, to read them all at once.
const ALL: u16 = 10;
const _: () = assert!(ALL as usize == MOST);

impl<'s> Webhooks<'s> {
    /// Looks up a webhook of a hospital.
    pub async fn find(
        &self,
        hospital: HospitalId,
        id: WebhookId,
    ) -> Result<Guarded<Webhook>, StoreError> {
        self.recorded(hospital, id).await.map(Guarded::new)
    }

    /// The webhook itself, for those who call it.
    pub async fn recorded(
        &self,
        hospital: HospitalId,
        id: WebhookId,
    ) -> Result<Option<Webhook>, StoreError> {
        self.store.find(at(hospital, id)).await
    }

    /// Reads a page of the webhooks of a hospital, the latest first.
    pub async fn page(
        &self,
        hospital: HospitalId,
        window: Window,
    ) -> Result<Page<Webhook>, StoreError> {
        let slice = of(hospital).slice(format!("{}#", Webhook::KIND));
        self.store.page(slice, Order::NewestFirst, window).await
    }

    /// Reads all webhooks of a hospital, for those who call them.
    pub async fn all_of(&self, hospital: HospitalId) -> Result<Vec<Webhook>, StoreError> {
        Ok(self.page(hospital, Window::first(ALL)).await?.records)
    }

    /// Adds a webhook, if the hospital does not have as many as it may.
    pub async fn create(
        &self,
        webhook: &Webhook,
        permit: &Permit,
    ) -> Result<(), WriteError<WebhookError>> {
        let enter = |transaction: Transaction<'s, _>| {
            transaction.create(webhook, Some(WebhookError::Stale))
        };
        let note = |roll: &mut Roll| {
            roll.webhooks.insert(webhook.id);
            if roll.webhooks.len() > MOST { Err(WebhookError::TooMany) } else { Ok(()) }
        };
        self.enrol(webhook.hospital, note, enter, permit).await
    }

    /// Saves a changed webhook.
    pub async fn save(
        &self,
        webhook: &mut Webhook,
        permit: &Permit,
    ) -> Result<(), WriteError<WebhookError>> {
        self.store.transaction(permit).replace(webhook, WebhookError::Stale).commit().await
    }

    /// Deletes a webhook that is still as it was read.
    pub async fn delete(
        &self,
        webhook: &Webhook,
        permit: &Permit,
    ) -> Result<(), WriteError<WebhookError>> {
        let leave = |transaction: Transaction<'s, _>| {
            transaction.retire(webhook, Some(WebhookError::Stale))
        };
        let note = |roll: &mut Roll| {
            roll.webhooks.remove(&webhook.id);
            Ok(())
        };
        self.enrol(webhook.hospital, note, leave, permit).await
    }

    /// Has a webhook called on trial, if it is still as it was read. The event is what it is told.
    pub async fn ping(
        &self,
        webhook: &Webhook,
        permit: &Permit,
    ) -> Result<(), WriteError<WebhookError>> {
        let transaction = self.store.transaction(permit);
        transaction.demand_as_read(webhook, WebhookError::Stale).commit().await
    }

    /// Writes what changes which webhooks a hospital has, and notes it. Whoever meets another who
    /// does the same looks again.
    async fn enrol(
        &self,
        hospital: HospitalId,
        note: impl Fn(&mut Roll) -> Result<(), WebhookError>,
        write: impl Fn(Transaction<'s, Option<WebhookError>>) -> Transaction<'s, Option<WebhookError>>,
        permit: &Permit,
    ) -> Result<(), WriteError<WebhookError>> {
        win(|| async {
            let found = self.store.find::<Roll>(roll_of(hospital)).await?;
            let is_kept = found.is_some();
            let mut roll = found.unwrap_or_else(|| Roll::of(hospital));
            note(&mut roll).map_err(WriteError::Condition)?;
            let transaction = write(self.store.transaction(permit));
            let transaction = match is_kept {
                true => transaction.replace(&mut roll, None),
                false => transaction.create(&roll, None),
            };
            match transaction.commit().await {
                Ok(()) => Ok(Some(())),
                Err(WriteError::Condition(None)) => Ok(None),
                Err(WriteError::Condition(Some(error))) => Err(WriteError::Condition(error)),
                Err(WriteError::Store(error)) => Err(error.into()),
            }
        })
        .await
    }
}

fn of(hospital: HospitalId) -> Partition {
    Key::partition(Table::Engagement, "webhooks", hospital)
}

fn at(hospital: HospitalId, id: WebhookId) -> Key {
    of(hospital).sort(Webhook::KIND, id)
}

fn roll_of(hospital: HospitalId) -> Key {
    of(hospital).only(Roll::KIND)
}

impl Entity for Webhook {
    const KIND: &'static str = "webhook";

    fn key(&self) -> Key {
        at(self.hospital, self.id)
    }
}

/// Which webhooks a hospital has. As it is written with each of them, nobody gets one too many.
#[derive(Debug, Serialize, Deserialize)]
struct Roll {
    hospital: HospitalId,
    webhooks: BTreeSet<WebhookId>,
    revision: Revision,
}

impl Roll {
    fn of(hospital: HospitalId) -> Self {
        Self { hospital, webhooks: BTreeSet::new(), revision: Revision::FIRST }
    }
}

impl Revised for Roll {
    fn revision(&self) -> Revision {
        self.revision
    }

    fn advance(&mut self) {
        self.revision = self.revision.next();
    }
}

impl Entity for Roll {
    const KIND: &'static str = "roll";

    fn key(&self) -> Key {
        roll_of(self.hospital)
    }
}
