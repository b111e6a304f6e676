//! The time that a run of a chore has, and what it does with it.

use std::{future::ready, time::Instant};

use carehub_store::{Bookmark, Due, StoreError};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use crate::ChoreError;

/// How many records a chore sees to at once.
const AT_ONCE: usize = 8;

/// A run of a chore: as of when, and for how long it begins something new.
#[derive(Debug)]
pub(crate) struct Shift {
    /// When the run is. What falls due while it lasts is left to the next.
    pub(crate) now: Timestamp,
    until: Instant,
    is_left: bool,
}

impl Shift {
    pub(crate) fn new(now: Timestamp, until: Instant) -> Self {
        Self { now, until, is_left: false }
    }

    /// Whether more was due than there was time for.
    pub(crate) fn is_left(&self) -> bool {
        self.is_left
    }

    /// Sees to all that is due, read some at a time, each for itself and several at once. Those
    /// that fail do not stop the others, and stand in nobody's way: each is read once.
    pub(crate) async fn each<T, D, R, W>(
        &mut self,
        due: impl Fn(Bookmark) -> R,
        see_to: impl Fn(T) -> W,
    ) -> Result<Vec<Result<D, ChoreError>>, ChoreError>
    where
        R: Future<Output = Result<Due<T>, StoreError>>,
        W: Future<Output = Result<D, ChoreError>>,
    {
        let (mut done, mut next) = (Vec::new(), Some(Bookmark::default()));
        while let Some(from) = self.in_time(next) {
            let Due { records, rest } = due(from).await?;
            done.extend(self.all(records, &see_to).await);
            next = rest;
        }
        Ok(done)
    }

    /// Sees to records, each for itself and several at once. Those that fail do not stop the others.
    pub(crate) async fn all<T, D, W>(
        &mut self,
        records: Vec<Result<T, StoreError>>,
        see_to: impl Fn(T) -> W,
    ) -> Vec<Result<D, ChoreError>>
    where
        W: Future<Output = Result<D, ChoreError>>,
    {
        let one = |record: Result<T, StoreError>| {
            let work = record.map(&see_to);
            async move {
                match work {
                    Ok(work) => work.await,
                    Err(unreadable) => Err(unreadable.into()),
                }
            }
        };
        let (until, count) = (self.until, records.len());
        let in_time = stream::iter(records).take_while(|_| ready(Instant::now() < until));
        let done: Vec<_> = in_time.map(one).buffer_unordered(AT_ONCE).collect().await;
        for error in done.iter().filter_map(|one| one.as_ref().err()) {
            tracing::error!(error = %error, "a record could not be seen to");
        }
        self.is_left |= done.len() < count;
        done
    }

    /// What is next, if there is something and time for it.
    pub(crate) fn in_time<T>(&mut self, next: Option<T>) -> Option<T> {
        let is_over = Instant::now() >= self.until;
        self.is_left |= is_over && next.is_some();
        next.filter(|_| !is_over)
    }
}

/// How much was done, and how many records could not be seen to.
pub(crate) fn tally<D>(
    done: &[Result<D, ChoreError>],
    count: impl Fn(&D) -> usize,
) -> (usize, usize) {
    let sum = done.iter().filter_map(|one| one.as_ref().ok()).map(count).sum();
    (sum, done.iter().filter(|one| one.is_err()).count())
}
