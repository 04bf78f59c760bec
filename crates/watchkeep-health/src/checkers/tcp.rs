//! That a host accepts connections.

use tokio::net::TcpStream;

use crate::check::{Check, CheckError};

/// Connects to `host:port` and hangs up.
///
/// It proves that something listens, and no more: a server that is frozen still accepts.
#[derive(Clone, Debug)]
pub struct Tcp {
    address: String,
}

// === impl Tcp ===

impl Tcp {
    /// Looks at this `host:port`.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
        }
    }
}

#[crate::async_trait]
impl Check for Tcp {
    async fn check(&self) -> Result<(), CheckError> {
        connect(&self.address).await.map(drop)
    }
}

/// Connects, and names the address in the error.
pub(super) async fn connect(address: &str) -> Result<TcpStream, CheckError> {
    TcpStream::connect(address)
        .await
        .map_err(|error| CheckError::new(format!("cannot connect to {address}: {error}")))
}
