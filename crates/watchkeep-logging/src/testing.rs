//! What a program logs, for its own tests.

use tracing::Dispatch;
use tracing::Level;
use tracing::dispatcher::DefaultGuard;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

use crate::{Console, Error, Filter, LogConfig, LogGuard, LogHandle, RecentRecord};

/// More records than a test looks at; the oldest go first.
const MAX_RECORDS: usize = 10_000;

/// The records of one thread, from [`capture`] until it is dropped.
#[derive(Debug)]
#[must_use = "dropped at once, it captures nothing"]
pub struct Capture {
    handle: LogHandle,
    dispatch: Dispatch,
    _guard: LogGuard,
    _default: DefaultGuard,
}

/// Captures what this thread logs, at every level and with the fields of its spans, until the result is dropped.
///
/// Nothing is written anywhere, and other tests that run at the same time do not see each other's records. At most 10,000 records,
/// 1 MiB together, are kept, the newest. Records of the `log` crate come only where a
/// bridge to `tracing` is installed, as by [`LogConfig::init`].
///
/// ```
/// let logs = watchkeep_logging::testing::capture();
/// tracing::warn!(user.id = 7, "quota is nearly used up");
/// let record = logs.only();
/// assert_eq!(record.message, "quota is nearly used up");
/// assert_eq!(record.field("user.id"), Some("7"));
/// ```
pub fn capture() -> Capture {
    let config = LogConfig::new("test")
        .with_console(Console::Off)
        .with_dir(None)
        .with_recent(MAX_RECORDS)
        .with_recent_level(Level::TRACE)
        .with_filter(Filter::from(Level::TRACE));
    start(config).unwrap_or_else(|error| unreachable!("nothing is opened: {error}"))
}

fn start(config: LogConfig) -> Result<Capture, Error> {
    let (layer, guard) = config.build()?;
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
    Ok(Capture {
        handle: guard.handle(),
        _default: tracing::dispatcher::set_default(&dispatch),
        dispatch,
        _guard: guard,
    })
}

// === impl Capture ===

impl Capture {
    /// Returns all records, oldest first.
    pub fn records(&self) -> Vec<RecentRecord> {
        self.handle.recent()
    }

    /// Returns the one record.
    ///
    /// # Panics
    ///
    /// There is none, or more than one; the message lists them.
    #[track_caller]
    pub fn only(&self) -> RecentRecord {
        let mut records = self.records();
        match (records.pop(), records.is_empty()) {
            (Some(record), true) => record,
            (last, _) => {
                records.extend(last);
                let messages: Vec<_> = records.iter().map(|record| &record.message).collect();
                panic!("expected one record, got {}: {messages:?}", messages.len());
            }
        }
    }

    /// Returns whether there is a record with this message, at a level at least as severe.
    pub fn has(&self, level: impl Into<LevelFilter>, message: &str) -> bool {
        let level = level.into();
        let records = self.records();
        records
            .iter()
            .any(|record| record.level <= level && record.message == message)
    }

    /// Returns where the records go, to capture those of another thread too: `tracing::dispatcher::with_default` there.
    pub fn dispatch(&self) -> Dispatch {
        self.dispatch.clone()
    }
}
