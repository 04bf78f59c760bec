//! The error of this crate.

use crate::notifier::NotifyError;

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
    #[error("the alert engine is shut down")]
    Closed,
    #[error("the notice was not delivered")]
    Delivery(#[source] NotifyError),
    #[error("two receivers are named `{0}`")]
    DuplicateReceiver(String),
    #[error("{max} alerts are active, which is the most the engine holds")]
    Full { max: usize },
    #[error("the alert is not valid: {0}")]
    InvalidAlert(&'static str),
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
    #[error("an alert was raised from within the alert engine")]
    Reentrant,
    #[cfg(feature = "pagerduty")]
    #[error("the routing key is not usable: it is not 1 to 64 letters and digits")]
    RoutingKey,
    #[cfg(feature = "webhook")]
    #[error("the webhook secret is not usable: {0}")]
    Secret(&'static str),
    #[error("there is no receiver `{0}`")]
    UnknownReceiver(String),
}

impl Error {
    /// Says whether the engine was shut down before.
    pub const fn is_closed(&self) -> bool {
        matches!(self.0, Kind::Closed)
    }

    /// Says whether the engine holds as many alerts as it may.
    pub const fn is_full(&self) -> bool {
        matches!(self.0, Kind::Full { .. })
    }

    /// Says whether the alert itself is at fault: no name, a bad label.
    pub const fn is_invalid_alert(&self) -> bool {
        matches!(self.0, Kind::InvalidAlert(_))
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
