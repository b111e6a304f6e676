//! Deleting notifications that have been in people's lists long enough.

use std::collections::BTreeMap;

use carehub_domain::{
    access::{Actor, UserId},
    notification::Notification,
};
use carehub_store::{Due, Store, StoreError};

use crate::{ChoreError, Forgotten, Shift, tally};

/// All that is outdated of the list of one person.
type List = (UserId, Vec<Notification>);

pub(crate) async fn forget(store: &Store, shift: &mut Shift) -> Result<Forgotten, ChoreError> {
    let (hub, now) = (Actor::worker("housekeeping", shift.now), shift.now);
    let outdated = async |from| {
        let Due { records, rest } = store.notifications().outdated(now, from).await?;
        Ok(Due { records: by_person(records), rest })
    };
    let forget_one = async |(owner, notifications): List| {
        Ok(store.notifications().forget(owner, &notifications, &hub).await?)
    };
    let forgotten = shift.each(outdated, forget_one).await?;
    let (notifications, failed) = tally(&forgotten, |count| *count);
    tracing::info!(old.notifications = notifications, old.failed = failed, "old ones deleted");
    Ok(Forgotten { notifications, failed })
}

/// The list of each person is seen to by itself, as all in it count in one number.
fn by_person(found: Vec<Result<Notification, StoreError>>) -> Vec<Result<List, StoreError>> {
    let (mut lists, mut unreadable) = (BTreeMap::<UserId, Vec<Notification>>::new(), Vec::new());
    for one in found {
        match one {
            Ok(notification) => {
                lists.entry(notification.recipient).or_default().push(notification);
            }
            Err(error) => unreadable.push(Err(error)),
        }
    }
    unreadable.into_iter().chain(lists.into_iter().map(Ok)).collect()
}
