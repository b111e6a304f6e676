//! Keeping how far the chains of the audit log have come, where nobody can change it.

use carehub_domain::{
    chain::{Checkpoint, Head},
    secret::Pepper,
};
use carehub_objects::Objects;
use carehub_store::Store;

use crate::{ChoreError, Kept, Shift, tally};

pub(crate) async fn keep(
    store: &Store,
    objects: &Objects,
    pepper: &Pepper,
    shift: &mut Shift,
) -> Result<Kept, ChoreError> {
    let moved = store.chains().moved().await?;
    let keep_one = async |head: Head| {
        let checkpoint = Checkpoint::of(&head, pepper);
        // First the object: one that was not noted is written again, and says the same.
        objects.ledger().put(&checkpoint).await?;
        Ok(store.chains().keep(&checkpoint).await?)
    };
    let kept = shift.all(moved, keep_one).await;
    let (checkpoints, failed) = tally(&kept, |()| 1);
    tracing::info!(checkpoints.kept = checkpoints, checkpoints.failed = failed, "checkpoints kept");
    Ok(Kept { checkpoints, failed })
}
