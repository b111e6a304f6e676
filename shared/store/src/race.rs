//! Deciding anew when somebody else was faster.

use tokio::sync::{Mutex, MutexGuard};

use crate::{StoreError, WriteError, transaction::pause};

/// How often somebody decides anew before the table counts as busy.
const TRIES: u32 = 8;

/// Where those who lost twice line up, so that within one process each has the next try to itself.
/// Between processes pauses keep rivals apart.
static LINE: Mutex<()> = Mutex::const_new(());

/// A write that is decided on what was read before, and tried until nobody is faster.
///
/// Whoever loses reads again and decides anew. So rivals never learn of each other; they learn
/// only what the rules make of the record as it has become. A try holds no other race within it.
#[derive(Debug, Default)]
pub(crate) struct Race {
    lost: u32,
    turn: Option<MutexGuard<'static, ()>>,
}

impl Race {
    /// Lets the others pass, so that the next try meets fewer of them. After eight tries the table
    /// counts as busy.
    pub(crate) async fn lost(&mut self) -> Result<(), StoreError> {
        self.turn = None;
        self.lost += 1;
        if self.lost == TRIES {
            return Err(StoreError::Unavailable(Outrun.into()));
        }
        tokio::time::sleep(pause(self.lost)).await;
        // Most who lost once only have to learn that it is taken; a thousand of them need no line.
        if self.lost > 1 {
            self.turn = Some(LINE.lock().await);
        }
        Ok(())
    }
}

/// Decides and writes until nobody else was faster. `None` says that somebody was: what the
/// decision looked at has changed, and nothing was written.
pub async fn win<T, E, F>(attempt: impl Fn() -> F) -> Result<T, E>
where
    E: From<StoreError>,
    F: Future<Output = Result<Option<T>, E>>,
{
    let mut race = Race::default();
    loop {
        // A decision holds all that it looks at, which is too much for the stack of every caller.
        if let Some(won) = Box::pin(attempt()).await? {
            return Ok(won);
        }
        race.lost().await?;
    }
}

/// What was written, unless somebody else was faster.
pub fn won<T, E>(written: Result<T, WriteError<E>>) -> Result<Option<T>, StoreError> {
    match written {
        Ok(written) => Ok(Some(written)),
        Err(WriteError::Condition(_)) => Ok(None),
        Err(WriteError::Store(error)) => Err(error),
    }
}

/// Others were faster every time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("others were faster every time")]
struct Outrun;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_loses_every_time_gives_up() {
        let mut race = Race::default();
        for _ in 1..TRIES {
            race.lost().await.unwrap();
        }
        assert!(matches!(race.lost().await, Err(StoreError::Unavailable(_))));
    }
}
