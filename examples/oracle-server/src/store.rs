//! Users and messages, in SQLite or PostgreSQL.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::engine::Classification;

/// How long one operation may take, getting a connection included: with a dead database a caller waits no longer than this.
const PATIENCE: Duration = Duration::from_secs(2);

/// Connections at the most.
const MOST_CONNECTIONS: u32 = 8;

/// A database that could not do what was asked. The text names no URL, which may carry a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StoreError {
    #[error("the database refused or could not be reached")]
    Database(#[from] sqlx::Error),
    #[error("the database did not answer within {} s", PATIENCE.as_secs())]
    Timeout,
}

/// The database. It is connected to when it is first needed, so that a server starts without it.
#[derive(Debug)]
pub(crate) struct Store {
    pool: Pool,
    schema: OnceCell<()>,
}

#[derive(Debug)]
enum Pool {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// Runs one statement on whichever database there is.
macro_rules! on {
    ($pool:expr, $pool_name:ident => $body:expr) => {
        match $pool {
            Pool::Postgres($pool_name) => $body,
            Pool::Sqlite($pool_name) => $body,
        }
    };
}

const SQLITE_SCHEMA: &[&str] = &[
    "create table if not exists users (id bigint primary key, first_seen text not null default current_timestamp)",
    "create table if not exists heartbeats (id integer primary key, beats bigint not null)",
    "create table if not exists messages (id integer primary key autoincrement, user_id bigint not null references users (id), text text not null, category text not null, reply text not null, tokens_used bigint not null, created_at text not null default current_timestamp)",
];

const POSTGRES_SCHEMA: &[&str] = &[
    "create table if not exists users (id bigint primary key, first_seen timestamptz not null default now())",
    "create table if not exists heartbeats (id integer primary key, beats bigint not null)",
    "create table if not exists messages (id bigint generated always as identity primary key, user_id bigint not null references users (id), text text not null, category text not null, reply text not null, tokens_used bigint not null, created_at timestamptz not null default now())",
];

impl Store {
    /// A database in a file, made when it is not there.
    pub(crate) fn sqlite(file: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(PATIENCE)
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(MOST_CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with(options);
        Self::new(Pool::Sqlite(pool))
    }

    /// A PostgreSQL server.
    pub(crate) fn postgres(options: PgConnectOptions) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(MOST_CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with(options);
        Self::new(Pool::Postgres(pool))
    }

    const fn new(pool: Pool) -> Self {
        Self {
            pool,
            schema: OnceCell::const_new(),
        }
    }

    /// Notes that a user was here; true when never before.
    pub(crate) async fn user_seen(&self, user_id: i64) -> Result<bool, StoreError> {
        self.bounded(async {
            let statement = "insert into users (id) values ($1) on conflict (id) do nothing";
            let rows = on!(&self.pool, pool => sqlx::query(statement).bind(user_id).execute(pool).await?.rows_affected());
            Ok(rows > 0)
        })
        .await
    }

    /// Keeps an answered message; returns its number.
    pub(crate) async fn keep(
        &self,
        user_id: i64,
        text: &str,
        answer: &Classification,
    ) -> Result<i64, StoreError> {
        let tokens = i64::try_from(answer.tokens_used).unwrap_or(i64::MAX);
        // PostgreSQL takes no NUL in a text.
        let text = text.replace('\0', "\u{fffd}");
        let reply = answer.reply.replace('\0', "\u{fffd}");
        let category = answer.category.replace('\0', "\u{fffd}");
        self.bounded(async {
            let statement = "insert into messages (user_id, text, category, reply, tokens_used) values ($1, $2, $3, $4, $5) returning id";
            let (id,): (i64,) = on!(&self.pool, pool => {
                sqlx::query_as(statement)
                    .bind(user_id)
                    .bind(text)
                    .bind(category)
                    .bind(reply)
                    .bind(tokens)
                    .fetch_one(pool)
                    .await?
            });
            Ok(id)
        })
        .await
    }

    /// Counts the users ever seen.
    pub(crate) async fn users(&self) -> Result<i64, StoreError> {
        self.bounded(async {
            let statement = "select count(*) from users";
            let (count,): (i64,) =
                on!(&self.pool, pool => sqlx::query_as(statement).fetch_one(pool).await?);
            Ok(count)
        })
        .await
    }

    /// Writes one row, always the same: a database that can only be read, or has no room left, is none for messages.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        self.bounded(async {
            let statement = "insert into heartbeats (id, beats) values (1, 1) on conflict (id) do update set beats = heartbeats.beats + 1";
            on!(&self.pool, pool => sqlx::query(statement).execute(pool).await.map(drop))?;
            Ok(())
        })
        .await
    }

    /// Closes all connections.
    pub(crate) async fn close(&self) {
        on!(&self.pool, pool => pool.close().await);
    }

    /// Makes sure that the tables are there, then does the work, all of it within the patience.
    async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        timeout(PATIENCE, async {
            self.schema.get_or_try_init(|| self.make_tables()).await?;
            work.await
        })
        .await
        .map_err(|_| StoreError::Timeout)?
    }

    async fn make_tables(&self) -> Result<(), StoreError> {
        match &self.pool {
            Pool::Postgres(pool) => {
                // Two replicas that start at once would both try; the lock makes one wait.
                let mut transaction = pool.begin().await?;
                sqlx::query("select pg_advisory_xact_lock(7368787)")
                    .execute(&mut *transaction)
                    .await?;
                for statement in POSTGRES_SCHEMA {
                    sqlx::query(*statement).execute(&mut *transaction).await?;
                }
                transaction.commit().await?;
            }
            Pool::Sqlite(pool) => {
                for statement in SQLITE_SCHEMA {
                    sqlx::query(*statement).execute(pool).await?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Classification {
        Classification {
            category: "question".to_owned(),
            reply: "yes".to_owned(),
            tokens_used: 3,
        }
    }

    #[tokio::test]
    async fn users_count_once_and_messages_are_numbered() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("oracle.db");
        let store = Store::sqlite(&file);
        assert!(store.user_seen(7).await.expect("a new user"));
        assert!(!store.user_seen(7).await.expect("the same user"));
        assert!(store.user_seen(i64::MAX).await.expect("another user"));
        let first = store.keep(7, "a\0b", &answer()).await.expect("kept");
        let second = store.keep(7, "b", &answer()).await.expect("kept");
        assert!(second > first);
        store.close().await;
        assert_eq!(Store::sqlite(&file).users().await.expect("counted"), 2);
    }

    #[tokio::test]
    async fn a_database_that_another_one_locks_does_not_pass_for_healthy() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("oracle.db");
        let (store, other) = (Store::sqlite(&file), Store::sqlite(&file));
        store.ping().await.expect("nobody locks it yet");
        let Pool::Sqlite(pool) = &other.pool else {
            panic!("it is SQLite");
        };
        let mut connection = pool.acquire().await.expect("a connection");
        sqlx::query("begin immediate")
            .execute(&mut *connection)
            .await
            .expect("the lock is free");
        store.ping().await.expect_err("it cannot write");
    }

    #[tokio::test]
    async fn a_database_that_cannot_be_opened_is_an_error_without_its_place() {
        let store = Store::sqlite(Path::new("/nowhere/at/all/oracle.db"));
        let error = store.ping().await.expect_err("there is no such folder");
        assert!(!error.to_string().contains("nowhere"), "{error}");
    }
}
