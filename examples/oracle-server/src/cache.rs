//! Answers that were paid for already: by the text's hash, for an hour, here or in Redis.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::AsyncCommands as _;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};

use crate::engine::Classification;

/// How long an answer is good.
const TIME_TO_LIVE: Duration = Duration::from_secs(3_600);

/// The most answers kept in the process; at a few hundred bytes each, a few megabytes.
const MOST_ANSWERS: u64 = 10_000;

/// How long Redis has for one command, connecting included: a cache that takes longer than this is no help.
const REDIS_TIMEOUT: Duration = Duration::from_millis(500);

/// For how long a Redis that failed is left alone: every message would pay for finding out again.
const REST: Duration = Duration::from_secs(1);

/// Where answers are kept.
#[derive(Debug)]
pub(crate) enum Cache {
    Embedded(moka::sync::Cache<String, Classification>),
    Redis(RedisCache),
}

impl Cache {
    pub(crate) fn embedded() -> Self {
        Self::Embedded(
            moka::sync::Cache::builder()
                .max_capacity(MOST_ANSWERS)
                .time_to_live(TIME_TO_LIVE)
                .build(),
        )
    }

    pub(crate) fn redis(client: redis::Client) -> Self {
        Self::Redis(RedisCache {
            client,
            connection: OnceCell::new(),
            rests_until: Mutex::new(None),
        })
    }

    /// The answer to this text, where there is one; a cache that fails has none.
    pub(crate) async fn get(&self, text: &str) -> Option<Classification> {
        let key = key(text);
        match self {
            Self::Embedded(answers) => answers.get(&key),
            Self::Redis(redis) => {
                let stored = redis.tried(redis.get(&key)).await??;
                serde_json::from_str(&stored).ok()
            }
        }
    }

    /// Keeps an answer; where that fails it is not kept.
    pub(crate) async fn put(&self, text: &str, answer: &Classification) {
        let key = key(text);
        match self {
            Self::Embedded(answers) => answers.insert(key, answer.clone()),
            Self::Redis(redis) => {
                let Ok(stored) = serde_json::to_string(answer) else {
                    return;
                };
                redis.tried(redis.put(&key, stored)).await;
            }
        }
    }

    /// Finds out whether Redis answers; the embedded cache always does.
    pub(crate) async fn ping(&self) -> redis::RedisResult<()> {
        match self {
            Self::Embedded(_) => Ok(()),
            Self::Redis(redis) => redis.ping().await,
        }
    }
}

/// Texts are hashed: a key has one length, and nobody reads other people's messages in a cache.
fn key(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("oracle:classification:{hex}")
}

/// A connection to Redis that is made at the first use and mends itself.
pub(crate) struct RedisCache {
    client: redis::Client,
    connection: OnceCell<ConnectionManager>,
    rests_until: Mutex<Option<Instant>>,
}

impl RedisCache {
    /// Runs a command within its time; none when it failed, or Redis is left alone because the last one did.
    async fn tried<T>(&self, command: impl Future<Output = redis::RedisResult<T>>) -> Option<T> {
        let now = Instant::now();
        if self.rests_until().is_some_and(|until| now < until) {
            return None;
        }
        let failure = match timeout(REDIS_TIMEOUT, command).await {
            Ok(Ok(done)) => return Some(done),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::debug!(error = failure, "cache is left alone for a while");
        *self
            .rests_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(now + REST);
        None
    }

    fn rests_until(&self) -> Option<Instant> {
        *self
            .rests_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn connection(&self) -> redis::RedisResult<ConnectionManager> {
        let manager = self
            .connection
            .get_or_try_init(|| {
                let config = ConnectionManagerConfig::new()
                    .set_connection_timeout(Some(REDIS_TIMEOUT))
                    .set_response_timeout(Some(REDIS_TIMEOUT))
                    .set_number_of_retries(0);
                ConnectionManager::new_with_config(self.client.clone(), config)
            })
            .await?;
        Ok(manager.clone())
    }

    async fn get(&self, key: &str) -> redis::RedisResult<Option<String>> {
        self.connection().await?.get(key).await
    }

    async fn put(&self, key: &str, stored: String) -> redis::RedisResult<()> {
        self.connection()
            .await?
            .set_ex(key, stored, TIME_TO_LIVE.as_secs())
            .await
    }

    async fn ping(&self) -> redis::RedisResult<()> {
        self.connection().await?.ping().await
    }
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client knows the password.
        f.write_str("RedisCache")
    }
}
