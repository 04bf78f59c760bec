//! Why a start failed.

/// A start that failed. No check, rule or delivery runs on; a logger or recorder that was installed already stays.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Kind);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[cfg(feature = "alerts")]
    #[error("the alert engine could not be set up")]
    Alerts(#[from] watchkeep_alerts::Error),
    #[cfg(feature = "health")]
    #[error("the health registry could not be set up")]
    Health(#[from] watchkeep_health::Error),
    #[cfg(feature = "logging")]
    #[error("logging could not be set up")]
    Logging(#[from] watchkeep_logging::Error),
    #[cfg(feature = "logging")]
    #[error("the environment asks for a logging that does not exist")]
    LoggingConfig(#[from] watchkeep_logging::ConfigError),
    #[cfg(feature = "metrics")]
    #[error("the metrics recorder could not be set up")]
    Metrics(#[from] watchkeep_metrics::Error),
    #[cfg(feature = "rules")]
    #[error("the rules could not be set up")]
    Rules(#[from] watchkeep_rules::Error),
    #[cfg(any(feature = "alerts", feature = "health"))]
    #[error("there is no Tokio runtime here: start inside one")]
    Runtime,
}

macro_rules! from {
    ($($(#[$cfg:meta])* $error:ty),* $(,)?) => {
        $($(#[$cfg])* impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self(error.into())
            }
        })*
    };
}

from! {
    #[cfg(feature = "alerts")] watchkeep_alerts::Error,
    #[cfg(feature = "health")] watchkeep_health::Error,
    #[cfg(feature = "logging")] watchkeep_logging::Error,
    #[cfg(feature = "logging")] watchkeep_logging::ConfigError,
    #[cfg(feature = "metrics")] watchkeep_metrics::Error,
    #[cfg(feature = "rules")] watchkeep_rules::Error,
}
