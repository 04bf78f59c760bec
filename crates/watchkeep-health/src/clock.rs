//! The wall clock, for what is shown only.
#![expect(
    clippy::disallowed_types,
    reason = "a metric that is a point in time needs the wall clock; no decision depends on it"
)]

#[cfg(feature = "file")]
use std::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970; 0 on a machine whose clock stands before that.
pub(crate) fn unix_seconds() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |time| time.as_secs_f64())
}

/// How long ago that was; zero for the future.
#[cfg(feature = "file")]
pub(crate) fn age(time: SystemTime) -> Duration {
    time.elapsed().unwrap_or_default()
}
