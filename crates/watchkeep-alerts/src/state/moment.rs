//! A moment on both clocks: what runs goes by the monotonic one, what is written and shown by the wall clock.

use std::time::Duration;

use crate::clock::Now;
use crate::timestamp::Timestamp;

/// Added to the monotonic clock inside of the state machine, so that moments before the start of the process can be told apart: a hundred years.
pub(super) const BASE: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Moment {
    pub(super) elapsed: Duration,
    pub(super) wall: Timestamp,
}

impl Moment {
    pub(super) const fn of(now: Now) -> Self {
        Self {
            elapsed: now.elapsed,
            wall: now.wall,
        }
    }

    /// Returns the moment of a wall-clock time, as far as one can tell now.
    pub(super) fn at(now: Now, wall: Timestamp) -> Self {
        let elapsed = if wall >= now.wall {
            now.elapsed.saturating_add(wall.since(now.wall))
        } else {
            now.elapsed.saturating_sub(now.wall.since(wall))
        };
        Self { elapsed, wall }
    }

    pub(super) fn after(self, duration: Duration) -> Self {
        Self {
            elapsed: self.elapsed.saturating_add(duration),
            wall: self.wall.after(duration),
        }
    }

    /// Returns the first moment after `now` that is a whole number of intervals away.
    pub(super) fn next_of(self, interval: Duration, now: Now) -> Self {
        let interval = interval.max(Duration::from_millis(1));
        if self.elapsed > now.elapsed {
            return self;
        }
        let passed = (now.elapsed - self.elapsed).as_nanos() / interval.as_nanos() + 1;
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        let next = self.after(interval.saturating_mul(passed));
        if next.elapsed > now.elapsed {
            return next;
        }
        Self::of(now).after(interval)
    }
}
