//! The monotonic clock, read here and nowhere else.

use std::sync::LazyLock;
use std::time::Duration;

#[expect(clippy::disallowed_types, reason = "the one place that reads it")]
static START: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);

/// The time since it was asked for first.
pub(crate) fn monotonic() -> Duration {
    START.elapsed()
}
