//! The tables, one per bounded context, so that what a function may touch is a list of tables.

use std::sync::Arc;

/// A table of the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Accounts, credentials, sessions and the names that must be unique.
    Identity,
    /// Hospitals, departments and doctors.
    Directory,
    /// What patients have allowed and, later, what is known of their health.
    Clinical,
    /// Appointments, diaries, waitlists and queues, and the slots held for a moment.
    Scheduling,
    /// One-time codes, rate limits and receipts, all of which expire.
    Ephemeral,
    /// The audit log, append-only, whose stream feeds `relay`.
    Events,
    /// Totals that `relay` keeps.
    Rollups,
    /// What people are told: notifications and how they want them, live connections, webhooks.
    Engagement,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::Directory,
        Self::Clinical,
        Self::Scheduling,
        Self::Ephemeral,
        Self::Events,
        Self::Rollups,
        Self::Engagement,
    ];

    /// What the table is called behind the prefix.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Directory => "directory",
            Self::Clinical => "clinical",
            Self::Scheduling => "scheduling",
            Self::Ephemeral => "ephemeral",
            Self::Events => "events",
            Self::Rollups => "rollups",
            Self::Engagement => "engagement",
        }
    }
}

/// What the tables are called in one deployment.
#[derive(Clone, Debug)]
pub(crate) struct Names(Arc<[String; 8]>);

impl Names {
    pub(crate) fn prefixed(prefix: &str) -> Self {
        Self(Arc::new(Table::ALL.map(|table| format!("{prefix}-{}", table.suffix()))))
    }

    pub(crate) fn of(&self, table: Table) -> &str {
        &self.0[table as usize]
    }

    pub(crate) fn table(&self, name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|&table| self.of(table) == name)
    }
}
