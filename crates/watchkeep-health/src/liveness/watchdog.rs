//! Notices when the Tokio runtime no longer gets round to its timers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A shorter limit would restart a process for a slow request.
pub(crate) const MIN_LIMIT: Duration = Duration::from_secs(1);
/// While nothing beats, nothing is late.
const ASLEEP: u64 = 0;

/// A task beats it, and who reads it sees how long ago that was.
#[derive(Debug)]
pub(crate) struct Watchdog {
    limit: Duration,
    /// The last beat in milliseconds since the registry's birth, plus one.
    last: AtomicU64,
}

// === impl Watchdog ===

impl Watchdog {
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            last: AtomicU64::new(ASLEEP),
        }
    }

    /// How often it wants to be beaten: several times within its limit, and at most every second.
    pub(crate) fn interval(&self) -> Duration {
        (self.limit / 4).min(Duration::from_secs(1))
    }

    pub(crate) fn beat(&self, since_birth: Duration) {
        let millis = u64::try_from(since_birth.as_millis()).unwrap_or(u64::MAX - 1);
        self.last.store(millis + 1, Ordering::Relaxed);
    }

    /// The task that beats ends, and that is no sign of death.
    pub(crate) fn sleep(&self) {
        self.last.store(ASLEEP, Ordering::Relaxed);
    }

    pub(crate) fn is_alive(&self, since_birth: Duration) -> bool {
        match self.last.load(Ordering::Relaxed) {
            ASLEEP => true,
            last => since_birth.saturating_sub(Duration::from_millis(last - 1)) <= self.limit,
        }
    }
}
