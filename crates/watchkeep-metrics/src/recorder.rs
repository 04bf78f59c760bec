//! The recorder behind the `metrics` facade.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use metrics::{
    Counter, CounterFn as _, Gauge, GaugeFn as _, Histogram, Key, KeyName, Label, Metadata,
    SharedString, Unit,
};

use crate::buckets::HistogramCell;
use crate::cell::{CounterCell, GaugeCell, Rejected};
use crate::registry::{Registry, Settings};
use crate::series::Series;
use crate::sync::{read, write};
use crate::{Error, Format, RecorderBuilder, Snapshot, Timestamp, error, exposition, lazy};

/// Keeps all metrics of a process as atomics, and shows them as text or as a [`Snapshot`].
///
/// Clones share everything. Recording into an existing series takes no exclusive lock and allocates nothing beyond what the
/// facade's macro does for labels that are not constant; reading never holds a lock that recording waits for.
///
/// * Names and labels are cleaned (`http.route` becomes `http_route`); what is the same afterwards is the same series. Labels
///   with an empty value are left out, values over 1,024 bytes are cut.
/// * The first use of a name decides its kind. A handle of another kind does nothing, and is counted in
///   `watchkeep_metrics_rejected_total{reason="kind"}`.
/// * Observations and increments that are not finite are counted there as `not_finite`, and recorded nowhere.
/// * The number of families and of series per family is bounded, see [`RecorderBuilder`].
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

/// A counter of fractions (money, seconds of CPU), which the facade's own counters cannot be.
///
/// It only goes up: an increment that is negative or not finite is refused and counted in
/// `watchkeep_metrics_rejected_total`.
#[derive(Clone, Debug)]
pub struct FloatCounter {
    /// `None` when the name belongs to another kind.
    series: Option<Arc<Series<CounterCell>>>,
    rejected: Arc<Rejected>,
}

struct Shared {
    registry: Registry,
    /// How long the last rendering was, so that the next one asks for its memory at once.
    rendered_bytes: AtomicUsize,
    hooks: RwLock<Vec<Hook>>,
}

type Hook = Arc<dyn Fn(&Recorder) + Send + Sync>;

// === impl Recorder ===

impl Recorder {
    /// Returns a builder with the defaults.
    pub fn builder() -> RecorderBuilder {
        RecorderBuilder::new()
    }

    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            shared: Arc::new(Shared {
                registry: Registry::new(settings),
                rendered_bytes: AtomicUsize::new(0),
                hooks: RwLock::default(),
            }),
        }
    }

    /// Makes this the recorder of the whole process; the macros of `metrics` and every [`Lazy`](crate::Lazy) handle reach
    /// it from then on.
    ///
    /// Handles that were made with this recorder before, in a `metrics::with_local_recorder` say, are its handles
    /// already. The facade's handles that were made without any recorder stay without effect.
    ///
    /// # Errors
    ///
    /// Returns an error when the process has a recorder already, also when it is this one; that one stays.
    pub fn install(&self) -> Result<(), Error> {
        metrics::set_global_recorder(self.clone())
            .map_err(|_| Error::new(error::Kind::AlreadyInstalled))?;
        lazy::installed(self);
        Ok(())
    }

    /// Appends all metrics as text.
    ///
    /// The functions of [`before_render`](Self::before_render) run first. Families come sorted by name, series by labels.
    /// It is CPU-bound: a few microseconds per hundred series.
    pub fn render(&self, format: Format, out: &mut Vec<u8>) {
        self.run_hooks();
        let last = self.shared.rendered_bytes.load(Relaxed);
        out.reserve(last + last / 8);
        let before = out.len();
        exposition::render(&self.shared.registry.list(), format, out);
        self.shared
            .rendered_bytes
            .store(out.len() - before, Relaxed);
    }

    /// Returns all numbers as they are now, after the functions of [`before_render`](Self::before_render) ran.
    ///
    /// Each number is exact; numbers of different series may be moments apart.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.run_hooks();
        Snapshot::of(&self.shared.registry.list())
    }

    /// Returns the numbers of these families alone, by their names in the Prometheus text.
    ///
    /// It costs what these families cost, however many others there are. The functions of
    /// [`before_render`](Self::before_render) do not run, see [`refresh`](Self::refresh).
    #[must_use]
    pub fn snapshot_of(&self, families: &[&str]) -> Snapshot {
        Snapshot::of(&self.shared.registry.pick(families))
    }

    /// Registers a counter that takes fractions, and returns its handle.
    ///
    /// It shares a series with the facade's counter of the same name and labels. When the name is taken by another kind the
    /// handle counts for nobody, as everywhere in this crate.
    #[must_use]
    pub fn float_counter(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> FloatCounter {
        let registry = &self.shared.registry;
        registry.describe(name, None, help);
        FloatCounter {
            series: registry.series(&key(name, labels)),
            rejected: Arc::clone(&registry.own.rejected),
        }
    }

    /// Forgets series that nobody has recorded into for `timeout`; returns how many that were.
    ///
    /// A series is idle from the call on that first found it so, hence two calls at least `timeout` apart forget it. One
    /// that somebody has a handle of stays, so no handle ever counts for nobody; used through the macros alone, a series
    /// comes anew from zero when it is used again, which a Prometheus takes for a restart. Room under the limit of the
    /// family is free again. `now` should come from a clock that does not jump, [`clock::monotonic`](crate::clock::monotonic)
    /// say; set back, it only makes series stay longer.
    ///
    /// Nothing expires unless this is called. A good place is a function of [`before_render`](Self::before_render).
    pub fn expire_idle(&self, timeout: Duration, now: Timestamp) -> usize {
        self.shared.registry.expire(timeout, now)
    }

    /// Adds a function that runs before each [`render`](Self::render) and [`snapshot`](Self::snapshot), to refresh gauges
    /// that nobody updates by events.
    ///
    /// It runs on the reader's thread, so it has to be quick. A panic of it ends there, and is counted in
    /// `watchkeep_metrics_hook_panics_total`. Readings that it takes itself run no functions. It gets the recorder, and should
    /// not hold a clone of it, which would keep the recorder alive forever.
    pub fn before_render(&self, hook: impl Fn(&Self) + Send + Sync + 'static) {
        write(&self.shared.hooks).push(Arc::new(hook));
    }

    /// Runs the functions of [`before_render`](Self::before_render), for whoever reads with [`snapshot_of`](Self::snapshot_of) after it.
    pub fn refresh(&self) {
        self.run_hooks();
    }

    fn run_hooks(&self) {
        thread_local! {
            static RUNNING: Cell<bool> = const { Cell::new(false) };
        }
        if RUNNING.replace(true) {
            return;
        }
        let hooks = read(&self.shared.hooks).clone();
        for hook in hooks {
            if catch_unwind(AssertUnwindSafe(|| hook(self))).is_err() {
                self.shared.registry.own.hook_panics.increment(1);
            }
        }
        RUNNING.set(false);
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.shared.registry
    }

    pub(crate) fn set_gauge(&self, name: &str, labels: &[(&str, &str)], value: f64) {
        let series = self.shared.registry.series::<GaugeCell>(&key(name, labels));
        if let Some(series) = series {
            series.set(value);
        }
    }

    pub(crate) fn describe(&self, name: &str, unit: Option<Unit>, help: &str) {
        self.shared.registry.describe(name, unit, help);
    }
}

impl Default for Recorder {
    /// Returns a recorder with the defaults of [`Recorder::builder`].
    fn default() -> Self {
        RecorderBuilder::new()
            .build()
            .expect("the builder's defaults are valid")
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(key.as_str(), unit, &description);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(key.as_str(), unit, &description);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, description: SharedString) {
        self.describe(key.as_str(), unit, &description);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let series = self.shared.registry.series::<CounterCell>(key);
        series.map_or_else(Counter::noop, Counter::from_arc)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let series = self.shared.registry.series::<GaugeCell>(key);
        series.map_or_else(Gauge::noop, Gauge::from_arc)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let series = self.shared.registry.series::<HistogramCell>(key);
        series.map_or_else(Histogram::noop, Histogram::from_arc)
    }
}

// === impl FloatCounter ===

impl FloatCounter {
    /// Adds `value`, which must be finite and not negative.
    pub fn increment(&self, value: f64) {
        if self.accepts(value)
            && let Some(series) = &self.series
        {
            series.cell.add_fraction(value);
        }
    }

    /// Raises what this kind of handle has counted to `value`, where that is more: for a total that is kept elsewhere.
    pub fn absolute(&self, value: f64) {
        if self.accepts(value)
            && let Some(series) = &self.series
        {
            series.cell.raise_fraction(value);
        }
    }

    fn accepts(&self, value: f64) -> bool {
        if !value.is_finite() {
            self.rejected.not_finite.increment(1);
        } else if value < 0.0 {
            self.rejected.negative.increment(1);
        }
        value.is_finite() && value >= 0.0
    }
}

fn key(name: &str, labels: &[(&str, &str)]) -> Key {
    let labels: Vec<_> = labels
        .iter()
        .map(|(name, value)| Label::new((*name).to_owned(), (*value).to_owned()))
        .collect();
    Key::from_parts(name.to_owned(), labels)
}

#[cfg(test)]
mod tests;
