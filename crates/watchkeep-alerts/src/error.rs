//! The error of this crate.

use std::time::Duration;

use crate::config::ConfigError;
use crate::journal::JournalError;
use crate::notifier::NotifyError;
use crate::state::{Refusal, SilenceError};

/// Why the engine could not be built, or did not take an alert.
///
/// No message carries an address, a key or another secret.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Kind);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[cfg(any(feature = "_http", feature = "email"))]
    #[error("the address of the {notifier} notifier is not usable: {problem}")]
    Address {
        notifier: &'static str,
        problem: &'static str,
    },
    #[cfg(feature = "telegram")]
    #[error("the token of the bot is not usable: it is not digits, a colon, and letters or digits")]
    BotToken,
    #[cfg(feature = "_http")]
    #[error("the http client cannot be set up")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the alert engine has more to do than it keeps up with")]
    Busy,
    #[error("the alert engine is shut down")]
    Closed,
    #[error("the configuration of alerts is not valid")]
    Config(#[source] ConfigError),
    #[error("the notice was not delivered")]
    Delivery(#[source] NotifyError),
    #[error("two receivers are named `{0}`")]
    DuplicateReceiver(String),
    #[error("the alert is not valid: {0}")]
    InvalidAlert(&'static str),
    #[error("{0}")]
    InvalidIncoming(String),
    #[error("the alert journal cannot be read")]
    Journal(#[source] JournalError),
    #[cfg(feature = "email")]
    #[error("{0} is not usable: {1}")]
    Mailbox(&'static str, &'static str),
    #[error("there is no tokio runtime here")]
    NoRuntime,
    #[cfg(feature = "alertmanager")]
    #[error("an alertmanager has 1 to 16 peers")]
    Peers,
    #[error("{option} must be {bounds}")]
    Range {
        option: &'static str,
        bounds: &'static str,
    },
    #[error("the name of a receiver is empty or longer than 128 bytes")]
    ReceiverName,
    #[error("a secret of the receiver `{receiver}` cannot be read")]
    ReceiverSecret {
        receiver: String,
        #[source]
        source: crate::config::SecretError,
    },
    #[error("an alert was raised from within the alert engine")]
    Reentrant,
    #[error("the alert was refused")]
    Refused(#[source] Refusal),
    #[error("the alert journal holds what cannot be read")]
    Row(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[cfg(feature = "pagerduty")]
    #[error("the routing key is not usable: it is not 1 to 64 letters and digits")]
    RoutingKey,
    #[cfg(feature = "webhook")]
    #[error("the webhook secret is not usable: {0}")]
    Secret(&'static str),
    #[error("the silence was refused")]
    Silence(#[source] SilenceError),
    #[error("the thread of the alert journal cannot be started")]
    Thread(#[source] std::io::Error),
    #[error("the alert engine gave no answer within {limit:?}")]
    Timeout { limit: Duration },
    #[error("the receiver `{0}` has no channel: it needs a notifier of that name")]
    UnboundReceiver(String),
    #[error(
        "the receiver `{receiver}` needs a channel of the kind `{kind}`, which is not built in"
    )]
    UnbuiltChannel {
        receiver: String,
        kind: &'static str,
    },
    #[error("there is no receiver `{0}`")]
    UnknownReceiver(String),
}

impl Error {
    /// Says whether the engine was shut down before.
    pub const fn is_closed(&self) -> bool {
        matches!(self.0, Kind::Closed)
    }

    /// Says whether the engine has more to do than it keeps up with; what waits is bounded.
    pub const fn is_busy(&self) -> bool {
        matches!(self.0, Kind::Busy)
    }

    /// Says whether the configuration is at fault.
    pub const fn is_config(&self) -> bool {
        matches!(
            self.0,
            Kind::Config(_)
                | Kind::ReceiverSecret { .. }
                | Kind::UnboundReceiver(_)
                | Kind::UnbuiltChannel { .. }
        )
    }

    /// Says whether the engine holds as many alerts as it may, in all, of this name, or in groups.
    pub const fn is_full(&self) -> bool {
        matches!(self.0, Kind::Refused(Refusal::Full(_)))
    }

    /// Says whether a silence was refused.
    pub const fn is_invalid_silence(&self) -> bool {
        matches!(self.0, Kind::Silence(_))
    }

    /// Says whether no silence has the id that was named.
    pub const fn is_unknown_silence(&self) -> bool {
        matches!(self.0, Kind::Silence(SilenceError::Unknown))
    }

    /// Returns why the journal cannot be read.
    pub const fn as_journal(&self) -> Option<&JournalError> {
        match &self.0 {
            Kind::Journal(error) => Some(error),
            _ => None,
        }
    }

    /// Says whether there was no answer in time; what was asked may still be done.
    pub const fn is_timeout(&self) -> bool {
        matches!(self.0, Kind::Timeout { .. })
    }

    /// Says whether the alert itself is at fault: no name, a bad label.
    pub const fn is_invalid_alert(&self) -> bool {
        matches!(
            self.0,
            Kind::InvalidAlert(_)
                | Kind::InvalidIncoming(_)
                | Kind::Refused(Refusal::EndsBeforeStart)
        )
    }

    /// Says whether the alert was raised while the same thread was inside the engine, for example by a subscriber that turns log lines into alerts.
    pub const fn is_reentrant(&self) -> bool {
        matches!(self.0, Kind::Reentrant)
    }

    /// Says whether there is no receiver of that name.
    pub const fn is_unknown_receiver(&self) -> bool {
        matches!(self.0, Kind::UnknownReceiver(_))
    }
}
