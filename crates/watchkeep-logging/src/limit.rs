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
        let new = Window::new(now, *metadata.level());
        if let Some(window) = windows.places.get_mut(&place) {
            // Between two looks at all of them too, a window is no longer than it should be.
            if self.is_over(window.start, now) {
                ended.extend(window.end(&place));
                *window = new;
            }
            return self.count(window);
        }
        if windows.places.len() >= MAX_PLACES {
            return true;
        }
        self.count(windows.places.entry(place).or_insert(new))
    }

    /// Counts an event in its window, and returns whether it goes on.
    fn count(&self, window: &mut Window) -> bool {
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
            if is_over {
                ended.extend(window.end(place));
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

// === impl Window ===

impl Window {
    fn new(start: i64, level: Level) -> Self {
        Self {
            start,
            let_through: 0,
            held_back: 0,
            level,
        }
    }

    /// Takes what there is to say of the events that were held back so far.
    fn end(&mut self, place: &Place) -> Option<Suppressed> {
        let count = std::mem::take(&mut self.held_back);
        (count > 0).then(|| Suppressed {
            target: place.target.clone(),
            line: place.line,
            level: self.level,
            count,
        })
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tracing::callsite::Identifier;
    use tracing::field::FieldSet;
    use tracing::metadata::Kind;

    use super::*;

    /// Places of the `log` crate have one callsite, and differ by target and line.
    struct Callsite;

    impl tracing::Callsite for Callsite {
        fn set_interest(&self, _: tracing::subscriber::Interest) {}

        fn metadata(&self) -> &Metadata<'_> {
            unreachable!("nobody asks")
        }
    }

    static CALLSITE: Callsite = Callsite;

    /// A limit of three events in ten seconds, and a clock.
    struct Bench {
        limit: RateLimit,
        now: Cell<i64>,
        told: Vec<u64>,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                limit: RateLimit::new(Rate {
                    burst: 3,
                    per: Duration::from_secs(10),
                }),
                now: Cell::new(1_000),
                told: Vec::new(),
            }
        }

        /// Logs so often at one place, and returns how many events went on.
        fn log(&mut self, target: &str, line: u32, times: usize) -> usize {
            let fields = FieldSet::new(&[], Identifier(&CALLSITE));
            let (level, kind) = (Level::INFO, Kind::EVENT);
            let metadata = Metadata::new("", target, level, None, Some(line), None, fields, kind);
            let now = Timestamp::from_second(self.now.get()).unwrap();
            let mut ended = Vec::new();
            let admitted = (0..times)
                .filter(|_| self.limit.admit(&metadata, now, &mut ended))
                .count();
            self.told.extend(ended.iter().map(|ended| ended.count));
            admitted
        }

        fn pass(&self, seconds: i64) {
            self.now.set(self.now.get() + seconds);
        }
    }

    #[test]
    fn window_of_a_place_begins_with_its_own_first_event() {
        let mut bench = Bench::new();
        bench.log("other", 1, 1);
        bench.pass(5);
        assert_eq!(bench.log("t", 1, 5), 3);
        // All windows are looked through, and this one still goes on.
        bench.pass(5);
        assert_eq!(bench.log("t", 1, 1), 0);
        assert!(bench.told.is_empty());
        bench.pass(4);
        assert_eq!(bench.log("t", 1, 1), 0);
        bench.pass(1);
        assert_eq!(bench.log("t", 1, 5), 3);
        assert_eq!(bench.told, [4]);
        assert_eq!(bench.limit.suppressed(), 6);
        assert_eq!(bench.limit.drain()[0].count, 2);
        assert!(bench.limit.drain().is_empty());
        // A flush gives nobody more than its rate.
        assert_eq!(bench.log("t", 1, 1), 0);
    }

    #[test]
    fn clock_that_goes_back_ends_a_window() {
        let mut bench = Bench::new();
        assert_eq!(bench.log("t", 1, 4), 3);
        bench.pass(-1);
        assert_eq!(bench.log("t", 1, 4), 3);
        assert_eq!(bench.told, [1]);
    }

    #[test]
    fn targets_and_lines_are_told_apart_up_to_a_bound_and_not_beyond() {
        let mut bench = Bench::new();
        for line in 0..4096 {
            assert_eq!(bench.log("t", line, 4), 3);
        }
        assert_eq!(bench.log("u", 0, 100), 100);
        assert_eq!(bench.log("t", 0, 1), 0);
        // Windows that are over make room.
        bench.pass(10);
        assert_eq!(bench.log("u", 0, 100), 3);
        assert_eq!(bench.told.len(), 4096);
        assert_eq!(bench.limit.windows.lock().unwrap().places.len(), 1);
    }
}
