//! The greeting of a mail server.

use tokio::io::AsyncReadExt as _;

use crate::check::{Check, CheckError};
use crate::checkers::tcp::connect;

/// A line of SMTP has 512 bytes at most (RFC 5321, section 4.5.3.1.5).
const LINE_BYTES: u64 = 512;

/// Connects to `host:port` and waits for the greeting 220 (RFC 5321, section 3.1).
#[derive(Clone, Debug)]
pub struct SmtpGreeting {
    address: String,
}

// === impl SmtpGreeting ===

impl SmtpGreeting {
    /// Looks at this `host:port`.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
        }
    }
}

#[crate::async_trait]
impl Check for SmtpGreeting {
    async fn check(&self) -> Result<(), CheckError> {
        let stream = connect(&self.address).await?;
        let mut stream = stream.take(LINE_BYTES);
        let mut line = Vec::new();
        let mut byte = [0];
        while stream.read(&mut byte).await? == 1 && byte[0] != b'\n' {
            line.push(byte[0]);
        }
        let greeting = line.strip_prefix(b"220");
        if greeting.is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b'-' | b'\r'))) {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&line);
        Err(CheckError::new(format!(
            "{} greets with `{said}`, not with 220",
            self.address
        )))
    }
}
