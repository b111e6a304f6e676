//! Answers kept for a day, for callers who send a request again.

use carehub_domain::failures;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, StoreError, Table, WriteError, aggregate, entity::Expiry, transaction::Transaction,
};

aggregate! {
    /// The receipts of requests that carry an `Idempotency-Key`.
    Receipts
}

/// How long an answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long a request may be at work before another may take its place.
const AT_WORK: SignedDuration = SignedDuration::from_secs(60);

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// A digest of who asked and of the key they chose.
    pub key: String,
    /// A digest of what they asked for.
    pub request: String,
    /// When they asked.
    pub at: Timestamp,
    /// The answer they got; none while the request is at work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

impl Receipts<'_> {
    /// Marks a request as at work, unless it is or was before.
    pub async fn begin(&self, receipt: &Receipt) -> Result<Option<Receipt>, StoreError> {
        let created =
            Transaction::on(self.store).create(receipt, ReceiptError::Exists).commit().await;
        match created {
            Ok(()) => Ok(None),
            Err(WriteError::Store(error)) => Err(error),
            Err(WriteError::Condition(ReceiptError::Exists)) => {
                let earlier = self.store.find::<Receipt>(receipt.key()).await?;
                match earlier {
                    Some(earlier) if earlier.is_alive(receipt.at) => Ok(Some(earlier)),
                    // Whoever began it died on the way, or it is long ago.
                    _ => self.settle(receipt).await.map(|()| None),
                }
            }
        }
    }

    /// Keeps the answer to a request.
    pub async fn settle(&self, receipt: &Receipt) -> Result<(), StoreError> {
        Transaction::on(self.store).put(receipt).commit().await.map_err(WriteError::only_store)
    }

    /// Forgets a request that failed on our side, so that it may be tried again.
    pub async fn forget(&self, receipt: &Receipt) -> Result<(), StoreError> {
        Transaction::on(self.store)
            .remove(receipt.key())
            .commit()
            .await
            .map_err(WriteError::only_store)
    }
}

impl Receipt {
    fn is_alive(&self, now: Timestamp) -> bool {
        let life = if self.answer.is_some() { KEPT } else { AT_WORK };
        now < self.at + life
    }
}

impl Entity for Receipt {
    const KIND: &'static str = "receipt";

    fn key(&self) -> Key {
        Key::partition(Table::Ephemeral, "receipt", &self.key).only(Self::KIND)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Lazily(self.at + KEPT))
    }
}

failures! {
    /// Why a request is not answered anew.
    enum ReceiptError {
        Exists = Conflict "receipt-exists" "the request was sent before",
    }
}
