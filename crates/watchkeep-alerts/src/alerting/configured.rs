//! What the handle says of the configuration that the engine goes by.

use std::sync::Arc;

use crate::alerting::{Alerting, lock};
use crate::config::{Config, Export, Lost};
use crate::dry_run::{self, DryRun, DryRunError, Script};

impl Alerting {
    /// Returns the configuration that the engine goes by: after a [`reload`](Self::reload) the new one.
    pub fn configuration(&self) -> Arc<Config> {
        Arc::clone(&lock(&self.inner.running).config)
    }

    /// Says what the configuration that the engine goes by would send if this happened, as [`Config::dry_run`](Config::dry_run) does, with the engine's own `service`, ends of events and strictness.
    ///
    /// It works in the calling thread, for at most some seconds; the engine itself does not notice.
    ///
    /// # Errors
    /// As for [`Config::dry_run`].
    pub fn dry_run(&self, script: &Script) -> Result<DryRun, DryRunError> {
        dry_run::run(self.configuration(), self.inner.state.clone(), script)
    }

    /// Writes the configuration as Alertmanager's file with nothing secret in it ([`Config::to_alertmanager`]), and says what else the engine does that Alertmanager does not.
    pub fn export(&self) -> Export {
        let running = lock(&self.inner.running);
        let rates = running.channels.rates().map(|(receiver, kind, rate)| {
            let reason = format!(
                "it is told at most {} at once and one every {:?}, the rest in digests, and Alertmanager has no such limit",
                rate.burst, rate.every
            );
            Lost::new(format!("receiver `{receiver}`, {kind}"), reason)
        });
        let fallback = self.inner.fallback.iter().map(|name| {
            let reason = "it is told what others could not be, and Alertmanager has no stand-in";
            Lost::new(format!("receiver `{name}`"), reason)
        });
        let lost: Vec<_> = rates.chain(fallback).collect();
        running.config.to_alertmanager().with_lost(lost)
    }
}
