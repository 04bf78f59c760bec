//! Handles that may be made before there is a recorder.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _};

use crate::Recorder;

static INSTALLED: OnceLock<Recorder> = OnceLock::new();

/// A handle for a `static`, which works from the moment on at which a [`Recorder`] is installed.
///
/// The facade's own handles that were made before there was a recorder do nothing for ever; and a macro that is used each
/// time looks its series up each time. This one looks it up once, at its first use after
/// [`Recorder::install`]; what is recorded before is lost, as with the macros. It always belongs to the installed recorder,
/// never to a local one.
///
/// ```
/// use metrics::Counter;
/// use watchkeep_metrics::{Lazy, Recorder};
///
/// static JOBS: Lazy<Counter> = Lazy::new("jobs_total", &[("queue", "mail")]);
///
/// # fn main() -> Result<(), watchkeep_metrics::Error> {
/// JOBS.increment(1); // nobody counts yet
/// let recorder = Recorder::default();
/// recorder.install()?;
/// JOBS.increment(1);
/// assert_eq!(recorder.snapshot().counter("jobs_total", &[]), 1.0);
/// # Ok(())
/// # }
/// ```
pub struct Lazy<H> {
    name: &'static str,
    labels: &'static [(&'static str, &'static str)],
    handle: OnceLock<H>,
    /// What is used as long as nobody counts.
    noop: OnceLock<H>,
}

/// The handles of the facade: its counters, gauges and histograms.
pub trait Handle: sealed::Handle {}

mod sealed {
    use metrics::Key;

    use crate::Recorder;

    #[expect(unnameable_types, reason = "a sealed trait is not to be named")]
    pub trait Handle: Sized {
        fn noop() -> Self;
        fn register(recorder: &Recorder, key: &Key) -> Self;
    }
}

/// Makes the recorder known to all lazy handles.
pub(crate) fn installed(recorder: &Recorder) {
    INSTALLED.get_or_init(|| recorder.clone());
}

// === impl Lazy ===

impl<H> Lazy<H> {
    /// Creates a handle of the series with this name and these labels, which is registered when it is first used.
    #[must_use]
    pub const fn new(name: &'static str, labels: &'static [(&'static str, &'static str)]) -> Self {
        Self {
            name,
            labels,
            handle: OnceLock::new(),
            noop: OnceLock::new(),
        }
    }
}

impl<H: Handle> Deref for Lazy<H> {
    type Target = H;

    fn deref(&self) -> &H {
        if let Some(handle) = self.handle.get() {
            return handle;
        }
        match INSTALLED.get() {
            Some(recorder) => self.handle.get_or_init(|| {
                let labels = self
                    .labels
                    .iter()
                    .map(|(name, value)| Label::from_static_parts(name, value));
                let labels: Vec<_> = labels.collect();
                H::register(recorder, &Key::from_parts(self.name, labels))
            }),
            None => self.noop.get_or_init(H::noop),
        }
    }
}

impl<H> fmt::Debug for Lazy<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy")
            .field("name", &self.name)
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}

// === impl Handle ===

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

impl Handle for Counter {}
impl Handle for Gauge {}
impl Handle for Histogram {}

impl sealed::Handle for Counter {
    fn noop() -> Self {
        Self::noop()
    }

    fn register(recorder: &Recorder, key: &Key) -> Self {
        recorder.register_counter(key, &METADATA)
    }
}

impl sealed::Handle for Gauge {
    fn noop() -> Self {
        Self::noop()
    }

    fn register(recorder: &Recorder, key: &Key) -> Self {
        recorder.register_gauge(key, &METADATA)
    }
}

impl sealed::Handle for Histogram {
    fn noop() -> Self {
        Self::noop()
    }

    fn register(recorder: &Recorder, key: &Key) -> Self {
        recorder.register_histogram(key, &METADATA)
    }
}
