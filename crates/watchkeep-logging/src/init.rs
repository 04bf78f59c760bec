//! The start in one call, and the only place that touches what is global in a process.

use tracing_log::{AsLog, LogTracer};
use tracing_subscriber::layer::SubscriberExt;

use crate::error::Kind;
use crate::{Error, Layer, LogConfig, LogGuard};

/// Sets logging up as the environment says, for the whole process.
///
/// The same as [`LogConfig::from_env`] and [`LogConfig::init`]; in addition it logs the warnings about the configuration.
///
/// # Errors
///
/// A variable has a value that cannot be used, a file cannot be opened, or logging has been set up before.
pub fn init(service: &str) -> Result<LogGuard, Error> {
    let guard = LogConfig::from_env(service)?.init()?;
    for warning in guard.warnings() {
        tracing::warn!(warning, "log configuration is odd");
    }
    Ok(guard)
}

/// Returns a layer for a registry of the caller's own, set up as the environment says, and the guard to hold on to.
///
/// The same as [`LogConfig::from_env`] and [`LogConfig::build`].
///
/// ```no_run
/// use tracing_subscriber::prelude::*;
///
/// let (layer, _guard) = watchkeep_logging::layer("api")?;
/// tracing_subscriber::registry().with(layer).init();
/// # Ok::<(), watchkeep_logging::Error>(())
/// ```
///
/// # Errors
///
/// A variable has a value that cannot be used, or a file cannot be opened.
pub fn layer(service: &str) -> Result<(Layer, LogGuard), Error> {
    LogConfig::from_env(service)?.build()
}

pub(crate) fn install(config: LogConfig) -> Result<LogGuard, Error> {
    // Asked first, so that a second call leaves no files behind.
    if tracing::dispatcher::has_been_set() {
        return Err(Kind::AlreadySet.into());
    }
    let ends = config.ends();
    let (layer, mut guard) = config.build()?;
    let shared = layer.shared();
    shared.levels.be_alone();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))
        .map_err(|_| Kind::AlreadySet)?;
    let level = shared.levels.max_level().as_log();
    if LogTracer::builder().with_max_level(level).init().is_err() {
        shared.levels.leave_log_alone();
        // Half of the ecosystem comes through; better than a program that does not start.
        guard.warn("another logger is installed for the `log` crate: its records do not come here");
    }
    if ends.panic_hook {
        crate::panic::install(guard.handle());
    }
    #[cfg(feature = "exit")]
    if ends.flush_at_exit && !crate::exit::install(guard.handle()) {
        guard.warn("the system takes no more functions for the exit: there nobody waits for the last lines");
    }
    Ok(guard)
}
