//! The one place that reads the clocks.

use std::time::Duration;

use tokio::time::Instant;

use crate::timestamp::Timestamp;

/// Both clocks at one moment: timers go by the monotonic one, and what people see by the wall clock.
///
/// So a wall clock that is set neither ends an alert early nor sends a flood of notices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// Time since the engine was built.
    pub(crate) elapsed: Duration,
    pub(crate) wall: Timestamp,
}

impl Now {
    /// Returns the wall-clock time of a moment of the monotonic clock, as far as one can tell now.
    pub(crate) fn wall_at(self, elapsed: Duration) -> Timestamp {
        self.wall.after(elapsed.saturating_sub(self.elapsed))
    }
}

/// The clocks of one engine.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now {
            elapsed: self.start.elapsed(),
            wall: wall(),
        }
    }

    pub(crate) fn instant(&self, elapsed: Duration) -> Instant {
        self.start + elapsed
    }
}

/// Reads the wall clock.
#[expect(
    clippy::disallowed_types,
    reason = "the one place of this crate that reads the wall clock"
)]
pub(crate) fn wall() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(0).after(since)
}
