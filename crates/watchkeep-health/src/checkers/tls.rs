//! How long the certificates of a server still hold.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::check::{Check, CheckError};
use crate::checkers::der::not_after;
use crate::checkers::tcp::connect;
use crate::clock;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Shakes hands with a server and reads when its certificates end.
///
/// One that is expired, for another host or not trusted fails the handshake, by the configuration that is given;
/// so does, before that, each certificate of the chain that ends sooner than wanted.
#[derive(Clone)]
#[must_use]
pub struct Certificate {
    host: String,
    port: u16,
    config: Arc<ClientConfig>,
    at_least: Duration,
}

// === impl Certificate ===

impl Certificate {
    /// Looks at this host, and wants 14 days: a failed renewal is tried again for some time, and people have
    /// holidays.
    pub fn new(host: impl Into<String>, port: u16, config: Arc<ClientConfig>) -> Self {
        Self {
            host: host.into(),
            port,
            config,
            at_least: 14 * DAY,
        }
    }

    /// Wants the certificates to hold for this long.
    pub fn at_least(mut self, time: Duration) -> Self {
        self.at_least = time;
        self
    }

    fn judge(&self, certificate: &[u8]) -> Result<(), CheckError> {
        let Some(end) = not_after(certificate) else {
            let host = &self.host;
            return Err(CheckError::new(format!(
                "a certificate of {host} cannot be read"
            )));
        };
        let now = i64::try_from(clock::since_1970().as_secs()).unwrap_or(i64::MAX);
        let left = end.saturating_sub(now);
        let wanted = i64::try_from(self.at_least.as_secs()).unwrap_or(i64::MAX);
        if left < wanted {
            return Err(CheckError::new(format!(
                "a certificate of {} ends in {} days",
                self.host,
                left.div_euclid(86_400)
            )));
        }
        Ok(())
    }
}

#[crate::async_trait]
impl Check for Certificate {
    async fn check(&self) -> Result<(), CheckError> {
        let stream = connect(&format!("{}:{}", self.host, self.port)).await?;
        let stream = handshake(stream, &self.host, &self.config).await?;
        let (_, session) = stream.get_ref();
        let chain = session.peer_certificates().unwrap_or_default();
        chain.iter().try_for_each(|it| self.judge(it))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("at_least", &self.at_least)
            .finish_non_exhaustive()
    }
}

pub(super) async fn handshake(
    stream: TcpStream,
    host: &str,
    config: &Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, CheckError> {
    // A literal address of version 6 stands in brackets in a URL.
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(name.to_owned())?;
    TlsConnector::from(Arc::clone(config))
        .connect(name, stream)
        .await
        .map_err(|error| CheckError::new(format!("TLS with {host} fails: {error}")))
}

#[cfg(test)]
mod tests;
