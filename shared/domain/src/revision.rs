//! How often a record has been written.

use serde::{Deserialize, Serialize};

/// Counts the writes of a record, so that two writers cannot both win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(u32);

impl Revision {
    /// The revision of a record nobody has changed yet.
    pub const FIRST: Self = Self(1);

    /// The number itself.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The revision that the next write produces.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A record that can be changed, but only by someone who saw its last change.
pub trait Revised {
    /// The revision this record was read at.
    fn revision(&self) -> Revision;

    /// Notes that the record has been written once more.
    fn advance(&mut self);
}

macro_rules! revised {
    ($($record:ty),+) => {$(
        impl Revised for $record {
            fn revision(&self) -> Revision {
                self.revision
            }

            fn advance(&mut self) {
                self.revision = self.revision.next();
            }
        }
    )+};
}

pub(crate) use revised;
