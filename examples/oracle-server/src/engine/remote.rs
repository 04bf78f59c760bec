//! An engine behind HTTP: `POST {url}/classify`.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, Url};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Classification, Engine, EngineError};

/// The longest answer that is read; a reply of a few thousand characters fits many times.
const LONGEST_ANSWER: usize = 64 * 1024;

/// More tokens than this for one text are a mistake, which would spoil the counters for good.
const MOST_TOKENS: u64 = 1_000_000_000;

/// How long the engine's host has to accept a connection when only that is asked.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// An engine that answers over HTTP.
pub(crate) struct RemoteEngine {
    client: Client,
    classify: Url,
    host: String,
    port: u16,
}

impl RemoteEngine {
    /// An engine at this base URL; `/classify` is appended.
    ///
    /// None when the URL has no host or no port to connect to.
    pub(crate) fn new(client: Client, base: &Url) -> Option<Self> {
        let host = base.host_str()?;
        // An IPv6 address stands in brackets in a URL, and without them in an address.
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let port = base.port_or_known_default()?;
        let mut classify = base.clone();
        let path = format!("{}/classify", base.path().trim_end_matches('/'));
        classify.set_path(&path);
        Some(Self {
            client,
            classify,
            host,
            port,
        })
    }
}

#[async_trait]
impl Engine for RemoteEngine {
    async fn classify(&self, text: &str) -> Result<Classification, EngineError> {
        let unreachable = |error: reqwest::Error| EngineError::Unreachable(error.without_url());
        let mut response = self
            .client
            .post(self.classify.clone())
            .json(&json!({ "text": text }))
            .send()
            .await
            .map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(EngineError::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(EngineError::AnswerTooLong(LONGEST_ANSWER));
            }
            body.extend_from_slice(&chunk);
        }
        let answer: Classification = crate::json::object(&body).map_err(EngineError::BadAnswer)?;
        if answer.tokens_used > MOST_TOKENS {
            return Err(EngineError::TooManyTokens(answer.tokens_used));
        }
        Ok(answer)
    }

    /// Connects and hangs up: that costs the engine nothing, not even a request.
    async fn reachable(&self) -> Result<(), EngineError> {
        let connected = timeout(
            CONNECT_TIMEOUT,
            TcpStream::connect((&*self.host, self.port)),
        )
        .await;
        match connected {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(EngineError::Refused(error)),
            Err(_) => Err(EngineError::Silent(CONNECT_TIMEOUT.as_secs())),
        }
    }
}

impl std::fmt::Debug for RemoteEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may carry a password.
        f.write_str("RemoteEngine")
    }
}
