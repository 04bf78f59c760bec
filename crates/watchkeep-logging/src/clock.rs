//! The one place that reads the machine's clocks.
#![expect(
    clippy::disallowed_types,
    reason = "the one module of the crate that reads a clock"
)]

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Where the time of a line, and of a rotated file, comes from.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

/// A point in time until which something may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

// === impl Clock ===

impl Clock {
    pub(crate) fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    #[cfg(test)]
    pub(crate) fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

// === impl Deadline ===

impl Deadline {
    /// A wait too long for the clock has no end.
    pub(crate) fn after(wait: Duration) -> Self {
        Self(Instant::now().checked_add(wait))
    }

    /// Returns what is left, or `None` once the time is over.
    pub(crate) fn remaining(self) -> Option<Duration> {
        match self.0 {
            None => Some(Duration::from_secs(3600)),
            Some(end) => end
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero()),
        }
    }
}
