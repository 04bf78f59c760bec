//! E-mail, through a mail server.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use tokio::time::timeout;

use crate::error::{Error, Kind};
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError};

mod address;
mod letter;

/// How long the server may take for one letter to one recipient, greeting included.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The most recipients.
const RECIPIENTS: usize = 50;
/// Of so many notices it is remembered which recipients have them already.
const REMEMBERED: usize = 64;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Sends notices as e-mail: a text for people, and the alerts as JSON in `alerts.json`.
///
/// The subject says service, level and message: `ORACLE Critical: Database connection failed`.
/// The `Message-ID` is the same over all tries, so that a mail program knows a repetition; all letters about one group are one thread.
/// Each recipient gets a letter of their own: one whom the server refuses keeps it from nobody else.
pub struct Email {
    transport: Transport,
    from: Mailbox,
    to: Vec<Mailbox>,
    /// Which recipients have a notice already, when others are tried again.
    delivered: Mutex<VecDeque<(String, Vec<usize>)>>,
}

impl Email {
    /// Takes the server's address, the sender, and the recipients with commas between them.
    ///
    /// | address | what it is |
    /// |---|---|
    /// | `smtps://host` | TLS from the start, port 465 |
    /// | `smtp+starttls://host` | TLS after `STARTTLS`, without which nothing is sent, port 587 |
    /// | `smtp://host` | no TLS, port 25: only to this machine, or with `?tls=none` |
    ///
    /// User and password may stand before the host, percent-encoded; all of the address is a secret.
    ///
    /// # Errors
    /// When the address, the sender or a recipient is not usable; the error says why and does not quote the server's address.
    pub fn new(
        address: impl AsRef<str>,
        from: impl AsRef<str>,
        to: impl AsRef<str>,
    ) -> Result<Self, Error> {
        Self::build(address.as_ref(), None, from.as_ref(), to.as_ref())
    }

    /// The same, which trusts this certificate (PEM), too, say that of a server of your own.
    ///
    /// # Errors
    /// As [`new`](Self::new), and when that is no certificate.
    pub fn with_root_certificate(
        address: impl AsRef<str>,
        pem: &[u8],
        from: impl AsRef<str>,
        to: impl AsRef<str>,
    ) -> Result<Self, Error> {
        Self::build(address.as_ref(), Some(pem), from.as_ref(), to.as_ref())
    }

    fn build(address: &str, root: Option<&[u8]>, from: &str, to: &str) -> Result<Self, Error> {
        let transport = address::transport(address, root)?;
        let to: Vec<Mailbox> = to
            .split(',')
            .map(|it| mailbox("a recipient", it))
            .collect::<Result<_, _>>()?;
        if to.len() > RECIPIENTS {
            return Err(Kind::Mailbox("a recipient", "there are more than 50").into());
        }
        Ok(Self {
            transport,
            from: mailbox("the sender", from)?,
            to,
            delivered: Mutex::default(),
        })
    }

    async fn send(&self, to: &Mailbox, letter: &[u8]) -> Result<(), NotifyError> {
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![to.email.clone()])
            .map_err(|_| NotifyError::permanent("the letter has no recipient"))?;
        match timeout(TIMEOUT, self.transport.send_raw(&envelope, letter)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => Err(NotifyError::ambiguous(
                "the mail server did not answer in time",
            )),
        }
    }

    /// Returns which recipients have this notice already.
    fn have(&self, id: &str) -> Vec<usize> {
        let delivered = self
            .delivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let of_id = delivered.iter().find(|(known, _)| known == id);
        of_id.map(|(_, have)| have.clone()).unwrap_or_default()
    }

    fn remember(&self, id: &str, have: Vec<usize>) {
        let mut delivered = self
            .delivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        delivered.retain(|(known, _)| known != id);
        delivered.push_back((id.to_owned(), have));
        if delivered.len() > REMEMBERED {
            delivered.pop_front();
        }
    }
}

impl fmt::Debug for Email {
    /// The server's address holds a password, and is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Email")
            .field("from", &self.from.to_string())
            .field("to", &self.to.len())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for Email {
    fn kind(&self) -> &'static str {
        "email"
    }

    /// Ten letters a minute: more are a digest that somebody still reads.
    fn limits(&self) -> Limits {
        Limits::of_rate(10, Duration::from_secs(6)).idempotent()
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        let letter = letter::write(notification, &self.from, &self.to)?;
        let id = notification.id();
        let mut have = self.have(id);
        let mut worth_it = None;
        let mut refused = None;
        for (at, to) in self.to.iter().enumerate() {
            if have.contains(&at) {
                continue;
            }
            match self.send(to, &letter).await {
                Ok(()) => have.push(at),
                Err(error) if error.is_permanent() => refused = Some(error),
                Err(error) => worth_it = Some(error),
            }
        }
        match (worth_it, refused) {
            (Some(error), _) => {
                self.remember(id, have);
                Err(error)
            }
            (None, Some(error)) if have.is_empty() => Err(error),
            (None, Some(error)) => {
                tracing::warn!(
                    target: crate::line::TARGET,
                    receiver = notification.receiver(),
                    error = %error,
                    "the mail server refuses a recipient, and took the letters to the others"
                );
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }
}

/// Sorts an error; what the server says may quote addresses, but no password.
fn failure(error: &lettre::transport::smtp::Error) -> NotifyError {
    if let Some(status) = error.status() {
        let message = format!("the mail server answered {status}");
        return match error.is_permanent() {
            true => NotifyError::permanent(message),
            false => NotifyError::transient(message),
        };
    }
    if error.is_tls() {
        return NotifyError::transient("no TLS with the mail server could be had");
    }
    if error.is_client() {
        // It has no such extension, or the letter cannot be said to it.
        return NotifyError::permanent(format!("the mail server cannot take the letter: {error}"));
    }
    if error.is_timeout() {
        return NotifyError::ambiguous("the mail server did not answer in time");
    }
    NotifyError::ambiguous("the mail server could not be reached, or broke off")
}

fn mailbox(whose: &'static str, text: &str) -> Result<Mailbox, Error> {
    let problem = "it is no e-mail address";
    let parsed = text.trim().parse();
    parsed.map_err(|_| Kind::Mailbox(whose, problem).into())
}

#[cfg(test)]
mod tests;
