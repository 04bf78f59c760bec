//! The AI engine: what turns a text into a category and a reply, and what that costs.

mod demo;
mod embedded;
mod remote;

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub(crate) use demo::MoodyEngine;
pub(crate) use embedded::EmbeddedEngine;
pub(crate) use remote::RemoteEngine;

/// What an engine made of a text.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Classification {
    pub(crate) category: String,
    pub(crate) reply: String,
    pub(crate) tokens_used: u64,
}

/// An engine that could not answer. The text names no URL, which may carry a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum EngineError {
    #[error("the engine's answer is longer than {0} bytes")]
    AnswerTooLong(usize),
    #[error("the engine's answer is not a classification")]
    BadAnswer(#[source] serde_json::Error),
    #[error("the engine lost its thread")]
    Moody,
    #[error("the engine refuses connections")]
    Refused(#[source] std::io::Error),
    #[error("the engine's host did not answer within {0} s")]
    Silent(u64),
    #[error("the engine answered with status {0}")]
    Status(u16),
    #[error("the engine charges {0} tokens, which cannot be")]
    TooManyTokens(u64),
    #[error("the engine cannot be reached")]
    Unreachable(#[source] reqwest::Error),
}

/// Something that classifies texts.
#[async_trait]
pub(crate) trait Engine: fmt::Debug + Send + Sync {
    /// Classifies a text. Dropping the future gives the call up.
    async fn classify(&self, text: &str) -> Result<Classification, EngineError>;

    /// Finds out whether a call could succeed, at no cost in tokens.
    async fn reachable(&self) -> Result<(), EngineError>;
}
