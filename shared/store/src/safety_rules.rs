//! What hospitals say about the rules of the safety check.

use carehub_domain::{
    access::{Actor, Guarded, Permit},
    hospital::HospitalId,
    safety::{SafetyRules, SafetyRulesError},
};

use crate::{Entity, Key, StoreError, WriteError, aggregate, hospitals};

aggregate! {
    /// The rules of hospitals.
    HospitalRules
}

impl HospitalRules<'_> {
    /// Looks up what a hospital says, and whether it ever said anything.
    pub async fn find(
        &self,
        hospital: HospitalId,
        actor: &Actor,
    ) -> Result<(Guarded<SafetyRules>, bool), StoreError> {
        let found: Option<SafetyRules> = self.store.find(at(hospital)).await?;
        let is_kept = found.is_some();
        let rules = found.unwrap_or_else(|| SafetyRules::of(hospital, actor));
        Ok((Guarded::new(Some(rules)), is_kept))
    }

    /// Saves what a hospital says, which it says for the first time unless it `is_kept`.
    pub async fn save(
        &self,
        rules: &mut SafetyRules,
        is_kept: bool,
        permit: &Permit,
    ) -> Result<(), WriteError<SafetyRulesError>> {
        let transaction = self.store.transaction(permit);
        let transaction = match is_kept {
            true => transaction.replace(rules, SafetyRulesError::Stale),
            false => transaction.create(rules, SafetyRulesError::Stale),
        };
        transaction.commit().await
    }
}

pub(crate) fn at(hospital: HospitalId) -> Key {
    hospitals::under(hospital).only(SafetyRules::KIND)
}

impl Entity for SafetyRules {
    const KIND: &'static str = "safety";

    fn key(&self) -> Key {
        at(self.hospital)
    }
}
