//! Holds a place in the program back that logs without end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tracing::{Level, Metadata};

/// More places than programs have that log in a storm; one beyond them is not held back.
const MAX_PLACES: usize = 4096;
/// Names of targets and files from elsewhere are cut to that.
const MAX_TARGET_BYTES: usize = 256;

/// So many events of one place in so much time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) burst: u32,
    pub(crate) per: Duration,
}

#[derive(Debug)]
pub(crate) struct RateLimit {
    rate: Rate,
    suppressed: AtomicU64,
    windows: Mutex<Windows>,
}

#[derive(Debug, Default)]
struct Windows {
    places: HashMap<Place, Window>,
    /// When the windows were looked through for the last time, in microseconds since 1970.
    swept: i64,
}

/// A place in the program; the `log` crate knows no other name for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    callsite: tracing::callsite::Identifier,
    target: String,
    line: Option<u32>,
}

#[derive(Debug)]
struct Window {
    start: i64,
    let_through: u32,
    held_back: u64,
    level: Level,
}

/// What is said of the events of a place that were held back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Suppressed {
    pub(crate) target: String,
    pub(crate) line: Option<u32>,
    pub(crate) level: Level,
    pub(crate) count: u64,
}

// === impl RateLimit ===

impl RateLimit {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            suppressed: AtomicU64::new(0),
            windows: Mutex::default(),
        }
    }

    /// Returns how many events were held back so far.
    pub(crate) fn suppressed(&self) -> u64 {
        self.suppressed.load(Ordering::Relaxed)
    }

    /// Counts an event, and returns whether it goes on; `ended` gets what there is to say of windows that are over.
    pub(crate) fn admit(
        &self,
        metadata: &Metadata<'_>,
        now: Timestamp,
        ended: &mut Vec<Suppressed>,
    ) -> bool {
        let now = now.as_microsecond();
        let place = Place::of(metadata);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_over(windows.swept, now) {
            windows.swept = now;
            self.sweep(&mut windows, Some(now), ended);
        }
        if windows.places.len() >= MAX_PLACES && !windows.places.contains_key(&place) {
            return true;
        }
        let window = windows.places.entry(place).or_insert_with(|| Window {
            start: now,
            let_through: 0,
            held_back: 0,
            level: *metadata.level(),
        });
        let is_admitted = window.let_through < self.rate.burst;
        if is_admitted {
            window.let_through += 1;
        } else {
            window.held_back += 1;
            self.suppressed.fetch_add(1, Ordering::Relaxed);
        }
        is_admitted
    }

    /// Returns what there is to say before a flush, of windows that still go on too.
    pub(crate) fn drain(&self) -> Vec<Suppressed> {
        let mut ended = Vec::new();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        self.sweep(&mut windows, None, &mut ended);
        ended
    }

    /// Takes what was held back in windows that are over at `now`, and forgets these; without `now` all of them tell.
    fn sweep(&self, windows: &mut Windows, now: Option<i64>, ended: &mut Vec<Suppressed>) {
        windows.places.retain(|place, window| {
            let is_over = now.is_none_or(|now| self.is_over(window.start, now));
            if is_over && window.held_back > 0 {
                ended.push(Suppressed {
                    target: place.target.clone(),
                    line: place.line,
                    level: window.level,
                    count: std::mem::take(&mut window.held_back),
                });
            }
            now.is_none() || !is_over
        });
    }

    /// A clock that went back ends a window too.
    fn is_over(&self, start: i64, now: i64) -> bool {
        let per = i64::try_from(self.rate.per.as_micros()).unwrap_or(i64::MAX);
        now < start || now - start >= per
    }
}

// === impl Place ===

impl Place {
    fn of(metadata: &Metadata<'_>) -> Self {
        let target = metadata.target();
        let end = crate::escape::boundary(target, MAX_TARGET_BYTES);
        Self {
            callsite: metadata.callsite(),
            target: target[..end].to_owned(),
            line: metadata.line(),
        }
    }
}
