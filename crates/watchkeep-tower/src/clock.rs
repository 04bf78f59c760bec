//! The one place of this crate that reads the clock.
#![expect(
    clippy::disallowed_types,
    reason = "without tokio the monotonic clock is the standard library's"
)]

use std::time::{Duration, Instant};

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
