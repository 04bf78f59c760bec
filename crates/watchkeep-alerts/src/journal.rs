//! The store under the engine: named rows; a commit is atomic, and durable when it returns.

#[cfg(feature = "sqlite")]
use std::path::Path;
use std::path::PathBuf;

#[cfg(test)]
pub(crate) mod faulty;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use memory::Memory;
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteOptions};

/// A store of rows under the engine.
///
/// One thread owns it, and calls it for as long as the engine lives.
/// Rows come back as they were written; what they hold is the engine's own affair.
pub trait Journal: Send + 'static {
    /// Returns all rows, in no order.
    ///
    /// # Errors
    /// When they cannot be read.
    fn load(&mut self) -> Result<Vec<Row>, JournalError>;

    /// Writes all of these changes, or none of them; of two for one row the later one counts.
    ///
    /// When it returns without an error, they outlive this process, as far as [`durability`](Self::durability) goes.
    ///
    /// # Errors
    /// When they were not written, or it is not known whether they were.
    /// The engine then offers the same rows again, with what came later.
    fn commit(&mut self, changes: &[Change]) -> Result<(), JournalError>;

    /// Returns what a commit outlives.
    fn durability(&self) -> Durability;
}

impl Journal for Box<dyn Journal> {
    fn load(&mut self) -> Result<Vec<Row>, JournalError> {
        (**self).load()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), JournalError> {
        (**self).commit(changes)
    }

    fn durability(&self) -> Durability {
        (**self).durability()
    }
}

/// What an accepted alert outlives.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Durability {
    /// The process, and the machine losing its power.
    Disk,
    /// Nothing: when the process ends, it is forgotten.
    Memory,
}

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

impl Table {
    /// Every table.
    pub const ALL: [Self; 8] = [
        Self::Alerts,
        Self::Silences,
        Self::Groups,
        Self::Notified,
        Self::Deliveries,
        Self::DeadLetters,
        Self::Audit,
        Self::Meta,
    ];

    /// Returns the table's name: `alerts`, `dead_letters`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alerts => "alerts",
            Self::Silences => "silences",
            Self::Groups => "groups",
            Self::Notified => "notified",
            Self::Deliveries => "deliveries",
            Self::DeadLetters => "dead_letters",
            Self::Audit => "audit",
            Self::Meta => "meta",
        }
    }
}

/// One row to write or to delete.
#[expect(
    clippy::exhaustive_structs,
    reason = "a row is a table, a key and a value; there is no fourth thing"
)]
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
#[expect(
    clippy::exhaustive_structs,
    reason = "a row is a table, a key and a value; there is no fourth thing"
)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    /// The table.
    pub table: Table,
    /// The row's key.
    pub key: String,
    /// The row's JSON.
    pub value: String,
}

/// Why a store cannot be opened, read or written.
///
/// The message names the folder or file, never what is in it.
#[derive(Debug, thiserror::Error)]
#[error("the alert journal{} {problem}", place(self.path.as_ref()))]
pub struct JournalError {
    problem: Problem,
    path: Option<PathBuf>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[cfg_attr(
    not(feature = "sqlite"),
    expect(dead_code, reason = "a journal in memory has few problems")
)]
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("is damaged")]
    Corrupt,
    #[error("is not one: another program's database is there")]
    Foreign,
    #[error("is full")]
    Full,
    #[error("cannot be read or written")]
    Io,
    #[error("is in use by another process")]
    Locked,
    #[error("was written by a newer version (schema {found}; this one knows {known})")]
    Newer { found: i64, known: i64 },
    #[error("cannot be written: no permission, or a read-only file system")]
    ReadOnly,
}

fn place(path: Option<&PathBuf>) -> String {
    path.map(|path| format!(" `{}`", path.display()))
        .unwrap_or_default()
}

// === impl JournalError ===

impl JournalError {
    /// Makes the error of a store of one's own, from its cause.
    pub fn io(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(Problem::Io)
        }
    }

    /// Makes the error of a store of one's own that has no room left.
    pub fn full(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(Problem::Full)
        }
    }

    pub(crate) const fn new(problem: Problem) -> Self {
        Self {
            problem,
            path: None,
            source: None,
        }
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn with_path(mut self, path: &Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says whether what is stored is damaged, or not a journal at all.
    pub const fn is_corrupt(&self) -> bool {
        matches!(self.problem, Problem::Corrupt | Problem::Foreign)
    }

    /// Says whether there is no room left: on the disk, or below the journal's own bound.
    pub const fn is_full(&self) -> bool {
        matches!(self.problem, Problem::Full)
    }

    /// Says whether another process, or another engine of this one, uses the folder.
    pub const fn is_locked(&self) -> bool {
        matches!(self.problem, Problem::Locked)
    }

    /// Says whether a newer version of this crate wrote it.
    pub const fn is_newer(&self) -> bool {
        matches!(self.problem, Problem::Newer { .. })
    }

    /// Says whether it cannot be written for want of permission.
    pub const fn is_read_only(&self) -> bool {
        matches!(self.problem, Problem::ReadOnly)
    }
}
