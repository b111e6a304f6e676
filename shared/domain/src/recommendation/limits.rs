//! How often a language model is asked: not without end.

/// How often one tenant asks in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// So often.
    pub calls_a_day: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { calls_a_day: 500 }
    }
}
