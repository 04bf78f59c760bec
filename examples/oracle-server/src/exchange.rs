//! One message and its answer: the user, the cache, the engine, the database, in this order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use tokio::sync::{RwLock, watch};
use tokio::time::timeout;
use watchkeep::alerts::{Alert, Alerting, Level};
use watchkeep::health::{CheckError, Registry};

use crate::cache::Cache;
use crate::components::AI_ENGINE;
use crate::engine::{Classification, Engine, EngineError};
use crate::numbers::{Numbers, Outcome};
use crate::store::{Store, StoreError};

/// The parts that an answer needs.
#[derive(Debug)]
pub(crate) struct Oracle {
    pub(crate) numbers: Arc<Numbers>,
    pub(crate) store: Arc<Store>,
    pub(crate) cache: Arc<Cache>,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) ai_timeout: Duration,
    pub(crate) alerting: Alerting,
    pub(crate) registry: Registry,
    pub(crate) in_flight: watch::Sender<usize>,
    pub(crate) draining: AtomicBool,
    /// Turns true when the drain time is over: whoever still waits gets an answer then.
    pub(crate) given_up: watch::Sender<bool>,
    /// Held alone while users are counted, and together by those who may add one.
    pub(crate) counting_users: RwLock<()>,
}

/// What the caller gets.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    message_id: i64,
    category: String,
    reply: String,
    tokens_used: u64,
    cost_usd: f64,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Failure {
    #[error("the AI engine failed")]
    Ai(#[source] EngineError),
    #[error("the AI engine did not answer within {} s", .0.as_secs_f64())]
    AiTimeout(Duration),
    #[error("the database is not available")]
    Database(#[from] StoreError),
    #[error("the server is shutting down")]
    ShuttingDown,
}

impl Failure {
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Ai(_) => "AI_ERROR",
            Self::AiTimeout(_) => "AI_TIMEOUT",
            Self::Database(_) => "DATABASE_UNAVAILABLE",
            Self::ShuttingDown => "SHUTTING_DOWN",
        }
    }

    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::Ai(_) => StatusCode::BAD_GATEWAY,
            Self::AiTimeout(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Database(_) | Self::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn outcome(&self) -> Outcome {
        match self {
            Self::AiTimeout(_) => Outcome::TimedOut,
            Self::Ai(_) | Self::Database(_) | Self::ShuttingDown => Outcome::Failed,
        }
    }
}

impl Oracle {
    /// Answers a message, and counts and logs how that ended, also when the caller gives up.
    pub(crate) async fn answer(&self, user_id: i64, text: &str) -> Result<Answer, Failure> {
        let message = self.numbers.begin(user_id);
        let mut given_up = self.given_up.subscribe();
        let found = tokio::select! {
            found = self.find_answer(user_id, text) => found,
            _ = given_up.wait_for(|given_up| *given_up) => Err(Failure::ShuttingDown),
        };
        match found {
            Ok(answer) => {
                message.answered();
                Ok(answer)
            }
            Err(failure) => {
                message.failed(failure.outcome(), failure.code());
                self.report(user_id, &failure);
                Err(failure)
            }
        }
    }

    async fn find_answer(&self, user_id: i64, text: &str) -> Result<Answer, Failure> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(Failure::ShuttingDown);
        }
        self.note_user(user_id).await?;
        let (classification, cost_usd) = match self.cache.get(text).await {
            Some(cached) => (
                Classification {
                    tokens_used: 0,
                    ..cached
                },
                0.0,
            ),
            None => self.classify(text).await?,
        };
        let message_id = self.store.keep(user_id, text, &classification).await?;
        tracing::debug!(message_id, category = %classification.category, "message answered");
        Ok(Answer {
            message_id,
            category: classification.category,
            reply: classification.reply,
            tokens_used: classification.tokens_used,
            cost_usd,
        })
    }

    async fn note_user(&self, user_id: i64) -> Result<(), StoreError> {
        let _together = self.counting_users.read().await;
        if self.store.user_seen(user_id).await? {
            self.numbers.new_user();
        }
        Ok(())
    }

    /// Counts the users in the database: other replicas add some too.
    pub(crate) async fn recount_users(&self) -> Result<(), StoreError> {
        let _alone = self.counting_users.write().await;
        let users = self.store.users().await?;
        self.numbers.users_counted(users.unsigned_abs());
        Ok(())
    }

    /// Calls the engine, and keeps what it says.
    async fn classify(&self, text: &str) -> Result<(Classification, f64), Failure> {
        self.numbers.ai_task();
        let called = timeout(self.ai_timeout, self.engine.classify(text)).await;
        let result = match called {
            Ok(Ok(classification)) => Ok(classification),
            Ok(Err(error)) => Err(Failure::Ai(error)),
            Err(_) => Err(Failure::AiTimeout(self.ai_timeout)),
        };
        let observed = result
            .as_ref()
            .map(drop)
            .map_err(|failure| CheckError::new(failure.to_string()));
        // A component that is not registered is none to observe.
        let _ = self.registry.observe(AI_ENGINE, observed);
        let classification = result?;
        let cost_usd = self.numbers.spend(classification.tokens_used);
        self.cache.put(text, &classification).await;
        Ok((classification, cost_usd))
    }

    fn report(&self, user_id: i64, failure: &Failure) {
        let error: &dyn std::error::Error = failure;
        tracing::error!(
            error.code = failure.code(),
            error,
            user_id,
            "message failed"
        );
        // The request's own line says it too.
        tracing::Span::current().record("error.code", failure.code());
        if let Failure::AiTimeout(duration) = failure {
            let alert = Alert::new("AiTimeout", Level::Error, "AI processing timeout")
                .with_detail("user_id", user_id)
                .with_detail("duration", duration.as_secs_f64());
            if let Err(error) = self.alerting.try_trigger(alert) {
                tracing::error!(%error, "alert was refused");
            }
        }
    }
}
