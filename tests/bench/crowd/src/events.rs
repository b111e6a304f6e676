//! Many events of a hospital at once.

use std::error::Error;

use carehub_domain::{
    access::{Action, Actor},
    patient::Roster,
};
use carehub_store::Store;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use crate::AT_ONCE;

/// Enters lines into the audit log of the hospital, each in a transaction of its own.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Events {
    /// How many. At most a million.
    #[arg(long, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    to: u32,
}

impl Events {
    pub(crate) async fn enter(self, store: &Store, actor: &Actor) -> Result<Value, Box<dyn Error>> {
        let permit = actor.authorize(Action::ImportPatients, &Roster::of(actor))?;
        stream::iter(0..self.to)
            .map(|number| {
                let permit = permit.clone().noting("number", number);
                async move { store.events().append(&permit).await }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        Ok(json!({"events": self.to}))
    }
}
