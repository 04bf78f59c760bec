//! The one place of this crate that reads the clock.
#![expect(
    clippy::disallowed_types,
    reason = "without tokio the monotonic clock is the standard library's"
)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The moment a request began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Returns the milliseconds since 1970, or 0 when the clock is before that.
pub(crate) fn unix_milliseconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}
