//! That a name resolves.

use tokio::net::lookup_host;

use crate::check::{Check, CheckError};

/// Resolves a name by the system's resolver.
#[derive(Clone, Debug)]
pub struct Dns {
    host: String,
}

// === impl Dns ===

impl Dns {
    /// Looks at this name.
    pub fn new(host: impl Into<String>) -> Self {
        Self { host: host.into() }
    }
}

#[crate::async_trait]
impl Check for Dns {
    async fn check(&self) -> Result<(), CheckError> {
        let host = &self.host;
        let fails = |why: String| CheckError::new(format!("{host} does not resolve: {why}"));
        let mut addresses = lookup_host((host.as_str(), 0))
            .await
            .map_err(|error| fails(error.to_string()))?;
        match addresses.next() {
            Some(_) => Ok(()),
            None => Err(fails("there is no address".to_owned())),
        }
    }
}
