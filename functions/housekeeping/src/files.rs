//! Giving up files that do not arrive, and deleting those that belong to nothing.

use carehub_domain::{
    access::{Action, Actor},
    file::{Flaw, StoredFile, Upkeep},
};
use carehub_objects::Objects;
use carehub_store::{Store, won};
use jiff::Timestamp;

use crate::{ChoreError, Shift, Tidied};

pub(crate) async fn tidy(
    store: &Store,
    objects: &Objects,
    shift: &mut Shift,
) -> Result<Tidied, ChoreError> {
    let (now, files) = (shift.now, store.files());
    let tidy_one = |file| tidy_one(file, store, objects, now);
    let tidied = shift.each(|from| files.due(now, from), tidy_one).await?;
    let count = |wanted| {
        tidied.iter().filter(|done| done.as_ref().is_ok_and(|done| *done == wanted)).count()
    };
    let failed = tidied.iter().filter(|done| done.is_err()).count();
    let done = Tidied { late: count(Upkeep::GiveUp), forgotten: count(Upkeep::Forget), failed };
    tracing::info!(
        files.late = done.late,
        files.forgotten = done.forgotten,
        files.failed = done.failed,
        "files tidied"
    );
    Ok(done)
}

/// Says what was done. Nothing happens if the file arrived or was claimed meanwhile.
async fn tidy_one(
    file: StoredFile,
    store: &Store,
    objects: &Objects,
    now: Timestamp,
) -> Result<Upkeep, ChoreError> {
    let hub = Actor::worker("housekeeping", now);
    let upkeep = file.upkeep(now);
    let written = match upkeep {
        Upkeep::Leave => return Ok(upkeep),
        Upkeep::GiveUp => {
            let permit = hub.authorize(Action::RejectFile, &file)?.noting("flaw", Flaw::Late);
            let Ok(mut late) = file.clone().reject(Flaw::Late, now) else {
                return Ok(Upkeep::Leave);
            };
            store.files().settle(&mut late, &permit).await
        }
        Upkeep::Forget => {
            let permit = hub.authorize(Action::DeleteFile, &file)?;
            // First the content: as long as the record is there, another run finds it.
            objects.remove(file.id).await?;
            store.files().forget(&file, &permit).await
        }
    };
    Ok(won(written)?.map_or(Upkeep::Leave, |()| upkeep))
}
