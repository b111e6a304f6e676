//! Failed sign-ins.

use carehub_domain::{access::Permit, strikes::Strikes};

use crate::{Entity, Key, StoreError, Table, WriteError, aggregate, entity::Expiry};

aggregate! {
    /// The failures to sign in.
    FailedSignIns
}

impl FailedSignIns<'_> {
    /// The failures so far, where `none` stands for no failure.
    pub async fn so_far(&self, none: Strikes) -> Result<Strikes, StoreError> {
        Ok(self.store.find(none.key()).await?.unwrap_or(none))
    }

    /// Saves one more failure.
    pub async fn save(&self, strikes: &Strikes, permit: &Permit) -> Result<(), StoreError> {
        self.store.transaction(permit).put(strikes).commit().await.map_err(WriteError::only_store)
    }
}

impl Entity for Strikes {
    const KIND: &'static str = "strikes";

    fn key(&self) -> Key {
        Key::partition(Table::Ephemeral, "strikes", &self.key).only(Self::KIND)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Lazily(self.expires_at()))
    }
}
