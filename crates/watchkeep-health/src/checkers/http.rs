//! What an HTTP server answers.

use std::fmt;
use std::ops::RangeInclusive;
#[cfg(feature = "tls")]
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, USER_AGENT};
use http::uri::{Authority, Scheme};
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use crate::check::{Check, CheckError};
use crate::checkers::tcp::connect;

/// A body that says "ok" is short; one that is longer than this belongs to another kind of page.
const BODY_BYTES: usize = 64 * 1024;

/// Gets a URL, and is content with an expected status and a body that is not too long.
///
/// By default every status from 200 to 299 is expected, and a body of 64 KiB at most, which is read to its end. A
/// redirect is not followed: it is an unexpected status. Each run makes a connection of its own.
#[derive(Clone)]
#[must_use]
pub struct Http {
    url: Uri,
    authority: Authority,
    port: u16,
    expected: RangeInclusive<u16>,
    body_bytes: usize,
    #[cfg(feature = "tls")]
    tls: Option<Arc<rustls::ClientConfig>>,
}

/// A URL that cannot be asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct UrlError(&'static str);

// === impl Http ===

impl Http {
    /// Looks at this `http://` URL; a user and a password in it are refused, since they would not be sent.
    ///
    /// # Errors
    ///
    /// When it is no such URL.
    pub fn new(url: &str) -> Result<Self, UrlError> {
        Self::with_scheme(url, &Scheme::HTTP, 80)
    }

    /// Looks at this `https://` URL with this configuration of TLS.
    ///
    /// # Errors
    ///
    /// When it is no such URL.
    #[cfg(feature = "tls")]
    pub fn with_tls(url: &str, config: Arc<rustls::ClientConfig>) -> Result<Self, UrlError> {
        let mut check = Self::with_scheme(url, &Scheme::HTTPS, 443)?;
        check.tls = Some(config);
        Ok(check)
    }

    fn with_scheme(url: &str, scheme: &Scheme, default_port: u16) -> Result<Self, UrlError> {
        let url: Uri = url.parse().map_err(|_| UrlError("not a URL"))?;
        let authority = match (url.scheme(), url.authority()) {
            (Some(found), Some(authority)) if found == scheme => authority.clone(),
            _ => return Err(UrlError("the URL has another scheme, or no host")),
        };
        if authority.as_str().contains('@') {
            return Err(UrlError("the URL has a user or a password"));
        }
        Ok(Self {
            port: authority.port_u16().unwrap_or(default_port),
            url,
            authority,
            expected: 200..=299,
            body_bytes: BODY_BYTES,
            #[cfg(feature = "tls")]
            tls: None,
        })
    }

    /// Expects a status of this range, instead of 200 to 299.
    pub fn expect(mut self, status: RangeInclusive<u16>) -> Self {
        self.expected = status;
        self
    }

    /// Fails for a body of more bytes than this, instead of 64 KiB.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_bytes = bytes;
        self
    }

    async fn ask<S>(&self, stream: S) -> Result<(), CheckError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Goes with this run.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let target = self.url.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::get(target)
            .header(HOST, self.authority.as_str())
            .header(USER_AGENT, "watchkeep-health")
            .header(CONNECTION, "close")
            .body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        if !self.expected.contains(&status) {
            return Err(CheckError::new(format!(
                "{} answers {status}",
                self.authority
            )));
        }
        let body = Limited::new(response.into_body(), self.body_bytes);
        if let Err(error) = body.collect().await {
            return Err(CheckError::new(format!(
                "the body of {} cannot be read: {error}",
                self.authority
            )));
        }
        Ok(())
    }
}

#[crate::async_trait]
impl Check for Http {
    async fn check(&self) -> Result<(), CheckError> {
        let stream = connect(&format!("{}:{}", self.authority.host(), self.port)).await?;
        #[cfg(feature = "tls")]
        if let Some(config) = &self.tls {
            let host = self.authority.host();
            let stream = crate::checkers::tls::handshake(stream, host, config).await?;
            return self.ask(stream).await;
        }
        self.ask(stream).await
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The path and the query may carry a secret.
        f.debug_struct("Http")
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}
