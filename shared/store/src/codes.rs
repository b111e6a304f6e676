//! One-time codes, of which each phone has one per purpose and requester.

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValue},
};
use carehub_domain::{
    access::Permit,
    code::{Code, CodeError, CodeKey, TRIES},
    grant::{Grant, GrantError},
};

use crate::{
    Entity, Key, StoreError, Table, WriteError, aggregate,
    entity::{self, Expiry},
    grants,
    key::PARTITION,
};

aggregate! {
    /// The one-time codes on their way to people.
    Codes
}

const TRIES_SO_FAR: &str = "tries";

impl Codes<'_> {
    /// The live code under `key`, for whoever sends it to its phone.
    pub async fn find(&self, key: &CodeKey) -> Result<Option<Code>, StoreError> {
        self.store.find(at(key)).await
    }

    /// Issues a code. An earlier one for the same purpose ends.
    pub async fn issue(&self, code: &Code, permit: &Permit) -> Result<(), StoreError> {
        self.store.transaction(permit).put(code).commit().await.map_err(WriteError::only_store)
    }

    /// Counts an entry and then gives out the code to compare it with, so that however
    /// many enter at once no more than the permitted number is ever compared.
    pub async fn attempt(&self, key: &CodeKey) -> Result<Code, WriteError<CodeError>> {
        let key = at(key);
        let updated = self
            .store
            .client()
            .await
            .update_item()
            .table_name(self.store.names.of(key.table))
            .set_key(Some(key.into()))
            .update_expression(format!("ADD {TRIES_SO_FAR} :one"))
            .condition_expression(format!(
                "attribute_exists({PARTITION}) AND {TRIES_SO_FAR} < :most"
            ))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":most", AttributeValue::N(TRIES.to_string()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match updated {
            Ok(output) => Ok(entity::decode(output.attributes.unwrap_or_default())?),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Err(WriteError::Condition(CodeError::Expired))
            }
            Err(error) => Err(StoreError::aws(error).into()),
        }
    }

    /// Exchanges a code for the grant that it was issued for.
    pub async fn redeem(
        &self,
        code: &Code,
        grant: &Grant,
        permit: &Permit,
    ) -> Result<(), WriteError<GrantError>> {
        let transaction = self.store.transaction(permit).delete(code.key(), GrantError::Gone);
        grants::file(transaction, grant).commit().await
    }
}

fn at(key: &CodeKey) -> Key {
    Key::partition(Table::Ephemeral, "code", key).only(Code::KIND)
}

impl Entity for Code {
    const KIND: &'static str = "code";

    fn key(&self) -> Key {
        at(&self.key)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Promptly(self.expires_at))
    }
}
