//! Breakers, each beside what it belongs to. None of it is a deed of anybody, so none of it leaves a
//! line in the audit log.

use carehub_domain::{
    Revision,
    breaker::{Breaker, Open},
    revision::Revised,
    webhook::WebhookId,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, StoreError, Table, aggregate, deliveries, entity::Expiry,
    transaction::Transaction, win,
};

aggregate! {
    /// Which programs of others are left alone for a while, as they fail.
    Breakers
}

/// For how long it is remembered that a service failed.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// A program of others that may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// The language model, for the whole hub.
    Model,
    /// What listens behind a webhook.
    Webhook(WebhookId),
}

impl Breakers<'_> {
    /// Whether a service may be asked now. Of many who ask after a rest, one may.
    pub async fn admit(
        &self,
        service: Service,
        now: Timestamp,
    ) -> Result<Result<(), Open>, StoreError> {
        self.step(service, now, |breaker| breaker.admit(now)).await
    }

    /// Notes that whoever was let through did not ask.
    pub async fn untried(&self, service: Service, now: Timestamp) -> Result<(), StoreError> {
        self.step(service, now, |breaker| Ok(breaker.untried(now))).await.map(drop)
    }

    /// Notes that a service answered, whatever it said.
    pub async fn succeeded(&self, service: Service, now: Timestamp) -> Result<(), StoreError> {
        self.step(service, now, |breaker| Ok(breaker.succeeded())).await.map(drop)
    }

    /// Notes that a service did not answer, and for how long it wants to be left alone if it said
    /// so.
    pub async fn failed(
        &self,
        service: Service,
        retry_after: Option<SignedDuration>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.step(service, now, |breaker| Ok(breaker.failed(now, retry_after))).await.map(drop)
    }

    /// Lets the breaker take a step, if it takes one, as it was read.
    async fn step(
        &self,
        service: Service,
        now: Timestamp,
        next: impl Fn(Breaker) -> Result<Breaker, Open>,
    ) -> Result<Result<(), Open>, StoreError> {
        win(|| async {
            let seen = self.store.find::<Switch>(switch(service)).await?;
            let before = seen.as_ref().map(|switch| switch.breaker).unwrap_or_default();
            let after = match next(before) {
                Err(open) => return Ok(Some(Err(open))),
                Ok(after) if after == before => return Ok(Some(Ok(()))),
                Ok(after) => after,
            };
            let revision = seen.as_ref().map_or(Revision::FIRST, |switch| switch.revision);
            let mut turned = Switch { service, breaker: after, at: now, revision };
            let transaction = Transaction::on(self.store);
            let transaction = match seen {
                Some(_) => transaction.replace(&mut turned, Elsewhere),
                None => transaction.create(&turned, Elsewhere),
            };
            Ok(transaction.won().await?.then_some(Ok(())))
        })
        .await
    }
}

fn switch(service: Service) -> Key {
    match service {
        Service::Model => Key::partition(Table::Ephemeral, "model", "hub"),
        Service::Webhook(webhook) => deliveries::of_webhook(webhook),
    }
    .only(Switch::KIND)
}

/// How the breaker of a service stands.
#[derive(Debug, Serialize, Deserialize)]
struct Switch {
    service: Service,
    breaker: Breaker,
    at: Timestamp,
    revision: Revision,
}

impl Entity for Switch {
    const KIND: &'static str = "breaker";

    fn key(&self) -> Key {
        switch(self.service)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Lazily(self.at + REMEMBERED))
    }
}

impl Revised for Switch {
    fn revision(&self) -> Revision {
        self.revision
    }

    fn advance(&mut self) {
        self.revision = self.revision.next();
    }
}

/// Somebody else let the breaker take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Elsewhere;
