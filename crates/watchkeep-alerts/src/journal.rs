//! The store under the engine: named rows; a commit is atomic, and durable when it returns.

/// A table of the store.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Table {
    /// The alerts that are held.
    Alerts,
    /// The silences.
    Silences,
    /// The groups of alerts.
    Groups,
    /// What receivers were told.
    Notified,
    /// Notices that are on their way.
    Deliveries,
    /// Notices that were given up.
    DeadLetters,
    /// Why nobody was told.
    Audit,
    /// About the store itself.
    Meta,
}

/// One row to write or to delete.

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// The table.
    pub table: Table,
    /// The row's key.
    pub key: String,
    /// The row's JSON; none deletes it.
    pub value: Option<String>,
}

/// One row as it was written.

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    /// The table.
    pub table: Table,
    /// The row's key.
    pub key: String,
    /// The row's JSON.
    pub value: String,
}
