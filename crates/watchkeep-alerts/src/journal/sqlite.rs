//! A journal in SQLite: one folder, one process, a write-ahead log, and a sync at every commit.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Change, Durability, Journal, JournalError, Problem, Row, Table};

/// The version of the tables, in the database's `user_version`.
const SCHEMA: i64 = 1;
/// Marks the file as ours (`application_id`): "WkAl".
const APPLICATION: i64 = 0x576b_416c;
const FILE: &str = "alerts.db";
const LOCK: &str = "alerts.lock";
/// The most bytes of the database, unless something else is said.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
const PAGE_BYTES: u64 = 4_096;

/// A journal in a folder of its own, in the SQLite database `alerts.db`.
///
/// Every commit is a transaction with `synchronous=FULL` in a write-ahead log, so what was acknowledged outlives the process and the machine.
/// The folder belongs to one engine at a time: the file `alerts.lock` is locked for as long as the journal lives.
/// Other programs may read the database meanwhile.
/// New files can be read by their owner alone, since alerts may tell more than others should know.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
    /// Locked while it is open.
    _lock: File,
}

/// How a [`Sqlite`] journal is opened.
#[derive(Clone, Debug)]
#[must_use = "options do nothing until a folder is opened with them"]
pub struct SqliteOptions {
    max_bytes: u64,
}

// === impl Sqlite ===

impl Sqlite {
    /// Opens the journal in a folder, which is made when it is not there.
    ///
    /// # Errors
    /// When another process uses the folder; the database is damaged, not a journal, or of a newer version; or the folder cannot be written.
    /// Nothing is repaired or thrown away: move the folder aside to begin anew.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, JournalError> {
        Self::options().open(folder)
    }

    /// Begins to set one up; see each option for its default.
    pub const fn options() -> SqliteOptions {
        SqliteOptions {
            max_bytes: MAX_BYTES,
        }
    }

    fn failed(&self, error: rusqlite::Error) -> JournalError {
        failed(error, &self.path)
    }

    fn write(&mut self, changes: &[Change]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for Change { table, key, value } in changes {
            match value {
                Some(value) => {
                    let mut put = transaction.prepare_cached(put(*table))?;
                    put.execute((key, value))?;
                }
                None => {
                    let mut delete = transaction.prepare_cached(delete(*table))?;
                    delete.execute((key,))?;
                }
            }
        }
        transaction.commit()
    }

    fn read(&self, table: Table, rows: &mut Vec<Row>) -> rusqlite::Result<()> {
        let text = format!("SELECT key, value FROM {}", table.name());
        let mut select = self.connection.prepare(&text)?;
        let found = select.query_map((), |row| {
            Ok(Row {
                table,
                key: row.get(0)?,
                value: row.get(1)?,
            })
        })?;
        for row in found {
            rows.push(row?);
        }
        Ok(())
    }
}

impl Journal for Sqlite {
    fn load(&mut self) -> Result<Vec<Row>, JournalError> {
        let mut rows = Vec::new();
        for table in Table::ALL {
            self.read(table, &mut rows)
                .map_err(|error| self.failed(error))?;
        }
        Ok(rows)
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), JournalError> {
        self.write(changes).map_err(|error| self.failed(error))
    }

    fn durability(&self) -> Durability {
        Durability::Disk
    }
}

// === impl SqliteOptions ===

impl SqliteOptions {
    /// Sets how large the database may grow; a commit that needs more fails, and the engine goes on in memory and says so. Default: 256 MiB, at least 1 MiB.
    ///
    /// Ten thousand alerts with their groups take some 20 MiB.
    pub const fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = if bytes < 1024 * 1024 {
            1024 * 1024
        } else {
            bytes
        };
        self
    }

    /// Opens the journal in a folder, which is made when it is not there.
    ///
    /// # Errors
    /// As [`Sqlite::open`].
    pub fn open(self, folder: impl AsRef<Path>) -> Result<Sqlite, JournalError> {
        let folder = folder.as_ref();
        make_folder(folder).map_err(|error| unusable(error, folder))?;
        let lock = lock(folder)?;
        let path = folder.join(FILE);
        own_file(&path).map_err(|error| unusable(error, &path))?;
        let connection = connect(&path).map_err(|error| failed(error, &path))?;
        let journal = Sqlite {
            connection,
            path,
            _lock: lock,
        };
        journal.check()?;
        journal
            .set_up(self.max_bytes)
            .map_err(|error| journal.failed(error))?;
        Ok(journal)
    }
}

impl Sqlite {
    /// Looks whether what is there is ours, whole, and not from the future.
    fn check(&self) -> Result<(), JournalError> {
        let number = |pragma| {
            let value = self.connection.query_row(pragma, (), |row| row.get(0));
            value.map_err(|error| self.failed(error))
        };
        let problem = |problem| Err(JournalError::new(problem).with_path(&self.path));
        let tables: i64 = number("SELECT count(*) FROM sqlite_schema")?;
        let application: i64 = number("PRAGMA application_id")?;
        if tables > 0 && application != APPLICATION {
            return problem(Problem::Foreign);
        }
        let found: i64 = number("PRAGMA user_version")?;
        if found > SCHEMA {
            let known = SCHEMA;
            return problem(Problem::Newer { found, known });
        }
        let verdict: String = self
            .connection
            .query_row("PRAGMA quick_check(1)", (), |row| row.get(0))
            .map_err(|error| self.failed(error))?;
        if verdict != "ok" {
            return problem(Problem::Corrupt);
        }
        Ok(())
    }

    /// Makes the tables, in one transaction, which also shows whether the file can be written.
    fn set_up(&self, max_bytes: u64) -> rusqlite::Result<()> {
        let mut text = String::from("BEGIN IMMEDIATE;\n");
        for table in Table::ALL {
            let name = table.name();
            text.push_str(&format!(
                "CREATE TABLE IF NOT EXISTS {name} (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;\n"
            ));
        }
        text.push_str(&format!(
            "PRAGMA application_id={APPLICATION};\nPRAGMA user_version={SCHEMA};\nCOMMIT;\n"
        ));
        self.connection.execute_batch(&text)?;
        let pages = i64::try_from(max_bytes / PAGE_BYTES).unwrap_or(i64::MAX);
        self.connection.pragma_update(None, "max_page_count", pages)
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // A reader from outside may hold a lock for a moment.
    connection.busy_timeout(std::time::Duration::from_secs(2))?;
    connection.set_prepared_statement_cache_capacity(2 * Table::ALL.len());
    connection.pragma_update(None, "page_size", PAGE_BYTES.cast_signed())?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // After a burst the log shrinks again.
    connection.pragma_update(None, "journal_size_limit", 8 * 1024 * 1024_i64)?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    Ok(connection)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Locks the folder for this journal.
fn lock(folder: &Path) -> Result<File, JournalError> {
    let path = folder.join(LOCK);
    let file = own_file(&path).map_err(|error| unusable(error, &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::new(Problem::Locked).with_path(folder)),
        Err(TryLockError::Error(error)) => Err(unusable(error, &path)),
    }
}

/// Opens a file for writing, and makes it when it is not there, for its owner alone.
fn own_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn unusable(error: io::Error, path: &Path) -> JournalError {
    let problem = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Problem::ReadOnly,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Problem::Full,
        _ => Problem::Io,
    };
    JournalError::new(problem)
        .with_path(path)
        .with_source(error)
}

fn failed(error: rusqlite::Error, path: &Path) -> JournalError {
    let problem = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Problem::Corrupt,
        Some(ErrorCode::DiskFull) => Problem::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Problem::Locked,
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            Problem::ReadOnly
        }
        _ => match error {
            // A column of another type than ours: somebody wrote into the file.
            rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::Utf8Error(..) => {
                Problem::Corrupt
            }
            _ => Problem::Io,
        },
    };
    JournalError::new(problem)
        .with_path(path)
        .with_source(error)
}

const fn put(table: Table) -> &'static str {
    match table {
        Table::Alerts => "INSERT OR REPLACE INTO alerts VALUES (?1, ?2)",
        Table::Silences => "INSERT OR REPLACE INTO silences VALUES (?1, ?2)",
        Table::Groups => "INSERT OR REPLACE INTO groups VALUES (?1, ?2)",
        Table::Notified => "INSERT OR REPLACE INTO notified VALUES (?1, ?2)",
        Table::Deliveries => "INSERT OR REPLACE INTO deliveries VALUES (?1, ?2)",
        Table::DeadLetters => "INSERT OR REPLACE INTO dead_letters VALUES (?1, ?2)",
        Table::Audit => "INSERT OR REPLACE INTO audit VALUES (?1, ?2)",
        Table::Meta => "INSERT OR REPLACE INTO meta VALUES (?1, ?2)",
    }
}

const fn delete(table: Table) -> &'static str {
    match table {
        Table::Alerts => "DELETE FROM alerts WHERE key = ?1",
        Table::Silences => "DELETE FROM silences WHERE key = ?1",
        Table::Groups => "DELETE FROM groups WHERE key = ?1",
        Table::Notified => "DELETE FROM notified WHERE key = ?1",
        Table::Deliveries => "DELETE FROM deliveries WHERE key = ?1",
        Table::DeadLetters => "DELETE FROM dead_letters WHERE key = ?1",
        Table::Audit => "DELETE FROM audit WHERE key = ?1",
        Table::Meta => "DELETE FROM meta WHERE key = ?1",
    }
}

#[cfg(test)]
mod tests;
