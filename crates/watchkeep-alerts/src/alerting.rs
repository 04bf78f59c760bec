//! The engine's handle.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::alert::Alert;
use crate::builder::{AlertingBuilder, Parts};
use crate::engine::Inner;
use crate::error::Error;
use crate::fingerprint::{AlertKey, Fingerprint};
use crate::view::{AlertKind, AlertView};

/// The alert engine; clones share one.
///
/// Equal alerts (same labels) are one alert, and one notice within the repeat interval to each receiver of its level.
/// An alert of [`trigger`](Self::trigger) is an event and ends by itself; one of [`fire`](Self::fire) is a state and ends by [`resolve`](Self::resolve).
/// The end of a state is told to everybody who was told that it fires; the end of an event only to the log.
///
/// Alerts are held in memory.
/// Dropping the last handle ends the engine at once; [`shutdown`](Self::shutdown) delivers what is queued.
#[derive(Clone)]
pub struct Alerting {
    inner: Arc<Inner>,
}

/// The engine's word that it took an alert.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ack {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) new: bool,
}

// === impl Alerting ===

impl Alerting {
    /// Begins to set an engine up; `service` is the label `service` of alerts that have none.
    pub fn builder(service: impl Into<String>) -> AlertingBuilder {
        AlertingBuilder::new(service.into())
    }

    pub(crate) fn start(parts: Parts) -> Result<Self, Error> {
        Ok(Self {
            inner: Inner::start(parts)?,
        })
    }

    /// Raises an event: it ends some minutes after its last occurrence.
    ///
    /// # Errors
    /// When the engine is full or shut down, the alert is not valid, or it comes from within the engine.
    ///
    /// # Cancel safety
    /// Either the alert was taken, or nothing happened.
    pub async fn trigger(&self, alert: Alert) -> Result<Ack, Error> {
        self.try_trigger(alert)
    }

    /// Raises an event without waiting, from any thread, also from a panic hook.
    ///
    /// # Errors
    /// As [`trigger`](Self::trigger).
    pub fn try_trigger(&self, alert: Alert) -> Result<Ack, Error> {
        self.inner.raise(alert, AlertKind::Event)
    }

    /// Raises a state: it lasts until it is [resolved](Self::resolve); raising it again brings its annotations up to date.
    ///
    /// An event with the same labels becomes a state.
    ///
    /// # Errors
    /// As [`trigger`](Self::trigger).
    pub fn fire(&self, alert: Alert) -> Result<Ack, Error> {
        self.inner.raise(alert, AlertKind::State)
    }

    /// Ends an alert, named by its labels or fingerprint, with or without the engine's own label `service`; says whether it was active.
    ///
    /// # Errors
    /// When the engine is shut down, or the call comes from within it.
    pub fn resolve(&self, alert: impl Into<AlertKey>) -> Result<bool, Error> {
        self.inner.resolve(alert.into().0)
    }

    /// Returns what is active, in the order of the fingerprints.
    pub fn active(&self) -> Vec<AlertView> {
        self.inner.active()
    }

    /// Returns the names of the receivers.
    pub fn receivers(&self) -> impl Iterator<Item = &str> {
        self.inner.receivers()
    }

    /// Sends a test notice to one receiver, once, past its queue.
    ///
    /// # Errors
    /// When there is no such receiver, or the notice was not delivered.
    pub async fn test(&self, receiver: &str) -> Result<(), Error> {
        self.inner.test(receiver).await
    }

    /// Takes no more alerts, delivers what is queued, and returns whether all of it was settled (delivered, or failed for good) in time.
    ///
    /// What is left is dropped, counted and logged. A second call waits as well.
    ///
    /// # Cancel safety
    /// When it is dropped, delivery goes on as long as a handle lives.
    pub async fn shutdown(&self, timeout: Duration) -> bool {
        self.inner.shutdown(timeout).await
    }
}

impl fmt::Debug for Alerting {
    /// Shows names and numbers; a notifier may hold secrets, and is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerting")
            .field("receivers", &self.receivers().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

// === impl Ack ===

impl Ack {
    /// Returns the identity of the alert, by which it can be resolved.
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Says whether the alert was not active before.
    pub const fn is_new(&self) -> bool {
        self.new
    }
}

#[cfg(test)]
mod tests;
