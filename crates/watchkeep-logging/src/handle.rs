//! What a program holds on to after the start: the guard that flushes at the end, and handles for everything else.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::clock::Deadline;
use crate::limit::RateLimit;
use crate::queue::FLUSH_AT_END;
use crate::shared::Shared;
use crate::sink::Queue;
use crate::{Filter, FilterState, FlushReport, LevelError, RecentRecord, SinkStats};

/// Keeps logging flushed: dropped at the end of `main`, it waits until all lines are written, at most five seconds.
///
/// Bind it to a name: `let _ =` would drop it at once. Lines logged after the drop are still written, but nobody waits for
/// them. `std::process::exit` drops nothing: call [`flush`](Self::flush) before, or see [`LogConfig`](crate::LogConfig) for
/// the feature `exit`.
#[must_use = "dropped at once, it does not wait for the last lines"]
pub struct LogGuard {
    handle: LogHandle,
    warnings: Vec<String>,
}

/// Flushes, reopens, counts and changes levels, from any thread.
#[derive(Clone)]
pub struct LogHandle {
    shared: Arc<Shared>,
}

/// Where the events of logging itself come from.
const TARGET: &str = "watchkeep_logging";

/// An event at a level that is known only at run time.
macro_rules! tell {
    ($level:expr, $($rest:tt)+) => {
        match $level {
            Level::ERROR => tracing::error!(target: TARGET, $($rest)+),
            Level::WARN => tracing::warn!(target: TARGET, $($rest)+),
            _ => tracing::info!(target: TARGET, $($rest)+),
        }
    };
}

// === impl LogGuard ===

impl LogGuard {
    pub(crate) fn new(shared: Arc<Shared>, warnings: Vec<String>) -> Self {
        Self {
            handle: LogHandle { shared },
            warnings,
        }
    }

    pub(crate) fn warn(&mut self, warning: &str) {
        self.warnings.push(warning.to_owned());
    }

    /// Returns a handle, which may outlive the guard.
    pub fn handle(&self) -> LogHandle {
        self.handle.clone()
    }

    /// Waits until every line logged so far is written, at most for `timeout`.
    pub fn flush(&self, timeout: Duration) -> FlushReport {
        self.handle.flush(timeout)
    }

    /// Rotates every file sink, as [`LogHandle::rotate`].
    pub fn rotate(&self, timeout: Duration) -> FlushReport {
        self.handle.rotate(timeout)
    }

    /// Makes every file sink open its file anew, as [`LogHandle::reopen`].
    pub fn reopen(&self) {
        self.handle.reopen();
    }

    /// Returns the numbers of each sink.
    pub fn stats(&self) -> Vec<SinkStats> {
        self.handle.stats()
    }

    /// Returns what was odd about the configuration and could be helped, for the program to log when it likes.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.flush(FLUSH_AT_END);
    }
}

impl fmt::Debug for LogGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogGuard")
            .field("handle", &self.handle)
            .field("warnings", &self.warnings)
            .finish()
    }
}

// === impl LogHandle ===

impl LogHandle {
    /// Waits until every line logged so far is written, at most for `timeout` in all.
    ///
    /// It blocks the thread: in asynchronous code, call it where blocking is allowed.
    pub fn flush(&self, timeout: Duration) -> FlushReport {
        self.shared.drain_suppressed();
        self.wait_for_all(Deadline::after(timeout), Queue::begin_flush)
    }

    /// Makes every file sink write what was logged so far, and go on in a new file; waits for it, at most for `timeout` in all.
    ///
    /// A line logged before the call is in the old file, one logged after it returned, with a complete report, in the new one.
    /// An empty file stays; a rotation that fails is counted in [`SinkStats::io_errors`].
    pub fn rotate(&self, timeout: Duration) -> FlushReport {
        self.shared.drain_suppressed();
        self.wait_for_all(Deadline::after(timeout), Queue::begin_rotation)
    }

    fn wait_for_all(&self, deadline: Deadline, begin: fn(&Queue) -> u64) -> FlushReport {
        let sinks = &self.shared.sinks;
        // All are woken before the first one is waited for.
        let goals: Vec<u64> = sinks.iter().map(|sink| begin(&sink.queue)).collect();
        let pending = sinks
            .iter()
            .zip(goals)
            .map(|(sink, goal)| sink.queue.end_flush(goal, deadline))
            .sum();
        let lost = self.stats().iter().map(|sink| sink.total().lost()).sum();
        FlushReport { pending, lost }
    }

    /// Makes every file sink open its file anew before it writes on, as after a rename by `logrotate`.
    ///
    /// It returns at once; lines logged afterwards go to the new file.
    pub fn reopen(&self) {
        for sink in &self.shared.sinks {
            sink.queue.reopen();
        }
    }

    /// Returns the numbers of each sink.
    pub fn stats(&self) -> Vec<SinkStats> {
        let sinks = self.shared.sinks.iter();
        sinks.map(|sink| sink.queue.stats()).collect()
    }

    /// Returns how many events were not logged, and how many spans have no fields, because they came out of logging itself: from
    /// a value that was just being formatted, or from a writer of the program's own. Each `Span::record` counts as one too.
    pub fn nested_events(&self) -> u64 {
        self.shared.nested.load(Ordering::Relaxed)
    }

    /// Returns how many events the rate limit has held back, since the start.
    pub fn suppressed_events(&self) -> u64 {
        let limit = self.shared.limit.as_ref();
        limit.map_or(0, RateLimit::suppressed)
    }

    /// Returns the last records of level WARN and ERROR, newest last, as many as
    /// [`with_recent`](crate::LogConfig::with_recent) says.
    pub fn recent(&self) -> Vec<RecentRecord> {
        self.shared.recent.records()
    }

    /// Returns the active JSON file, whose rotated files stand beside it; `None` when none is written.
    #[cfg(feature = "query")]
    #[must_use]
    pub fn json_file(&self) -> Option<&std::path::Path> {
        self.shared.json_file.as_deref()
    }

    /// Returns the filter in force.
    pub fn filter(&self) -> Filter {
        self.filter_state().current
    }

    /// Returns the filter in force, and what comes after it.
    pub fn filter_state(&self) -> FilterState {
        self.shared.levels.state()
    }

    /// Changes what is logged, from the next event on: for good, or for a time, after which the filter that was last set for good
    /// is in force again.
    ///
    /// A later call replaces an earlier one with its time. The change and its end are events of their own, at the least
    /// severe level that is logged then, so that a log tells by itself why it is so quiet, or so loud. After [`LogConfig::init`](crate::LogConfig::init) the maximum of the
    /// `log` crate follows.
    ///
    /// # Errors
    ///
    /// The thread that waits for the end of the time cannot be started; then nothing has changed.
    pub fn set_level(
        &self,
        filter: impl Into<Filter>,
        during: Option<Duration>,
    ) -> Result<(), LevelError> {
        let filter = filter.into();
        let Some(during) = during else {
            let words = filter.to_string();
            tell_around(
                |level| tell_change(level, &words, None),
                || self.shared.levels.set(filter, None),
            );
            return Ok(());
        };
        let levels = Arc::clone(&self.shared.levels);
        // It waits for its generation, so that nothing is in force for a time whose end nobody waits for.
        let (send, receive) = mpsc::sync_channel(1);
        thread::Builder::new()
            .name("log-level".to_owned())
            .spawn(move || {
                let Ok(generation) = receive.recv() else {
                    return;
                };
                if let Some(base) = levels.wait(generation) {
                    let words = base.to_string();
                    tell_around(
                        |level| tell_back(level, &words),
                        || levels.revert(generation),
                    );
                }
            })
            .map_err(LevelError::of_thread)?;
        let (words, seconds) = (filter.to_string(), during.as_secs_f64());
        let generation = tell_around(
            |level| tell_change(level, &words, Some(seconds)),
            || {
                let end = Deadline::after(during);
                self.shared.levels.set(filter, Some(end))
            },
        );
        // The thread waits for nothing else.
        let _ = send.send(generation);
        Ok(())
    }

    /// Changes the level of one sink, by the name that [`stats`](Self::stats) gives it, from the next event on.
    ///
    /// The filter counts first: a sink never gets what that refuses.
    ///
    /// # Errors
    ///
    /// No sink has this name.
    pub fn set_sink_level(
        &self,
        sink: &str,
        level: impl Into<LevelFilter>,
    ) -> Result<(), LevelError> {
        let sinks = &self.shared.sinks;
        let Some(found) = sinks.iter().find(|known| known.name == sink) else {
            let names: Vec<_> = sinks.iter().map(|known| known.name.as_str()).collect();
            return Err(LevelError::of_sink(sink, &names));
        };
        found.set_level(level.into());
        self.shared.update_sinks();
        Ok(())
    }
}

impl fmt::Debug for LogHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogHandle")
            .field("filter", &self.filter().to_string())
            .field("sinks", &self.stats())
            .finish_non_exhaustive()
    }
}

fn tell_change(level: Level, filter: &str, seconds: Option<f64>) {
    match seconds {
        Some(seconds) => tell!(level, filter, seconds, "log filter is changed for a time"),
        None => tell!(level, filter, "log filter is changed"),
    }
}

fn tell_back(level: Level, filter: &str) {
    tell!(level, filter, "log filter is back, its time is over");
}

/// Tells of a change at INFO, before it, or at the least severe level that is logged after it.
fn tell_around<T>(tell: impl Fn(Level), change: impl FnOnce() -> T) -> T {
    let is_told = tracing::enabled!(target: TARGET, Level::INFO);
    if is_told {
        tell(Level::INFO);
    }
    let changed = change();
    if !is_told {
        if tracing::enabled!(target: TARGET, Level::INFO) {
            tell(Level::INFO);
        } else if tracing::enabled!(target: TARGET, Level::WARN) {
            tell(Level::WARN);
        } else {
            tell(Level::ERROR);
        }
    }
    changed
}
