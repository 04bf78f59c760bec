//! The one place that reads the clocks.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
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
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    Manual(ManualClock),
    System { start: Instant },
}

/// A clock that stands still until it is moved, for tests; clones are one clock.
///
/// When it is moved over several moments at which something is due, all of that happens, each at its time.
/// It moves all timers of an engine but the time limit of a try, which goes by Tokio's clock.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<watch::Sender<Now>>);

// === impl Clock ===

impl Clock {
    pub(crate) fn start() -> Self {
        Self::System {
            start: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Now {
        match self {
            Self::Manual(clock) => *clock.0.borrow(),
            Self::System { start } => Now {
                elapsed: start.elapsed(),
                wall: wall(),
            },
        }
    }

    /// Says whether it jumps, so that what lies between has to be made up for.
    pub(crate) const fn is_manual(&self) -> bool {
        matches!(self, Self::Manual(_))
    }

    /// Waits until then; for ever without a time.
    pub(crate) async fn sleep_until(&self, elapsed: Option<Duration>) {
        let Some(elapsed) = elapsed else {
            return std::future::pending().await;
        };
        match self {
            Self::Manual(clock) => {
                let mut moved = clock.0.subscribe();
                // The sender is in our hands, so it does not go.
                drop(moved.wait_for(|now| now.elapsed >= elapsed).await);
            }
            Self::System { start } => match start.checked_add(elapsed) {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            },
        }
    }
}

// === impl ManualClock ===

impl ManualClock {
    /// Makes a clock that stands at this time.
    pub fn new(wall: Timestamp) -> Self {
        let elapsed = Duration::ZERO;
        Self(Arc::new(watch::Sender::new(Now { elapsed, wall })))
    }

    /// Moves it forward.
    pub fn advance(&self, time: Duration) {
        self.0.send_modify(|now| {
            now.elapsed = now.elapsed.saturating_add(time);
            now.wall = now.wall.after(time);
        });
    }

    /// Sets the wall clock alone, as somebody may who corrects it.
    pub fn set_wall(&self, wall: Timestamp) {
        self.0.send_modify(|now| now.wall = wall);
    }

    /// Returns what the wall clock shows.
    pub fn wall(&self) -> Timestamp {
        self.0.borrow().wall
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
