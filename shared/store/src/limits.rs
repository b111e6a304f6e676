//! How often callers may ask: exact counts in windows of time.

use aws_sdk_dynamodb::{operation::update_item::UpdateItemError, types::AttributeValue};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Key, StoreError, Table, aggregate,
    key::{PARTITION, TTL},
};

aggregate! {
    /// The counts of sensitive requests.
    Limits
}

/// The caller has used up what a window allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// When the next window begins.
    pub until: Timestamp,
}

const COUNT: &str = "count";

impl Limits<'_> {
    /// Counts one request of `caller` against `bucket`, or says that `most` in `window` is reached.
    ///
    /// The count is exact however many ask at once, wherever they are served.
    pub async fn take(
        &self,
        bucket: &str,
        caller: &str,
        most: u32,
        window: SignedDuration,
        now: Timestamp,
    ) -> Result<Result<(), Spent>, StoreError> {
        let length = window.as_secs().max(1);
        let number = now.as_second().div_euclid(length);
        let until = Timestamp::from_second((number + 1) * length).unwrap_or(now);
        let key = Key::partition(Table::Ephemeral, "limit", format_args!("{bucket}#{caller}"))
            .sort("window", number);

        let counted = self
            .store
            .client()
            .await
            .update_item()
            .table_name(self.store.names.of(key.table))
            .set_key(Some(key.into()))
            .update_expression("ADD #count :one SET #ttl = :ttl")
            .condition_expression(format!("attribute_not_exists({PARTITION}) OR #count < :most"))
            .expression_attribute_names("#count", COUNT)
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":most", AttributeValue::N(most.to_string()))
            .expression_attribute_values(":ttl", AttributeValue::N(until.as_second().to_string()))
            .send()
            .await;
        match counted {
            Ok(_) => Ok(Ok(())),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(Err(Spent { until }))
            }
            Err(error) => Err(StoreError::aws(error)),
        }
    }
}
