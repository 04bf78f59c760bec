//! The metrics of the layer, in whatever recorder is there at the time.

use std::{
    fmt,
    panic::{self, AssertUnwindSafe},
    ptr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use metrics::{Gauge, KeyName, Level, Metadata, Recorder};

use crate::{
    cache::{Handle, RecorderId},
    labels::Labels,
    names::{Family, Kind, Names},
    route::Route,
};

static METADATA: Metadata<'static> =
    Metadata::new("watchkeep_tower", Level::INFO, Some("watchkeep_tower"));

/// Where the layer's numbers go.
pub(crate) struct Meters {
    /// None is the global recorder, or the thread's local one.
    recorder: Option<Arc<dyn Recorder + Send + Sync>>,
    names: Names,
    with_sizes: bool,
    /// The address of the recorder that knows the help texts; it changes when one is installed later.
    described: AtomicUsize,
    /// Where the handles of families without a route are kept.
    common: Route,
}

/// What is measured of a request that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    /// None for an endless response, whose duration says nothing.
    pub(crate) duration: Option<Duration>,
    pub(crate) elapsed: Duration,
    pub(crate) request_bytes: Option<u64>,
    pub(crate) response_bytes: u64,
}

/// One recorder for as long as it is asked something.
struct Asked<'a> {
    meters: &'a Meters,
    recorder: &'a dyn Recorder,
    id: Option<RecorderId>,
}

// === impl Meters ===

impl Meters {
    pub(crate) fn new(
        recorder: Option<Arc<dyn Recorder + Send + Sync>>,
        names: Names,
        with_sizes: bool,
    ) -> Self {
        let meters = Self {
            recorder,
            names,
            with_sizes,
            described: AtomicUsize::new(0),
            common: Route::new(""),
        };
        meters.ask(|_| ());
        meters
    }

    pub(crate) const fn has_sizes(&self) -> bool {
        self.with_sizes
    }

    /// Counts a request as in flight; who gets the gauge takes it off there again.
    ///
    /// A handle, and not another look-up at the end, because the recorder may have changed by then.
    pub(crate) fn begin(&self, labels: Labels) -> Gauge {
        self.ask(
            |asked| match asked.handle(Family::InFlight, &self.common, labels) {
                Handle::Gauge(gauge) => {
                    gauge.increment(1.0);
                    gauge
                }
                Handle::Counter(_) | Handle::Histogram(_) => Gauge::noop(),
            },
        )
        .unwrap_or_else(Gauge::noop)
    }

    /// Measures how long the head of a response took.
    pub(crate) fn first_byte(&self, route: &Route, labels: Labels, elapsed: Duration) {
        self.ask(|asked| asked.record(Family::FirstByte, route, labels, elapsed.as_secs_f64()));
    }

    /// Counts a request that has ended.
    pub(crate) fn finish(&self, route: &Route, labels: Labels, ended: Ended) {
        self.ask(|asked| {
            asked.record(Family::Requests, route, labels, 1.0);
            if let Some(duration) = ended.duration {
                asked.record(Family::Duration, route, labels, duration.as_secs_f64());
            }
            if labels.grpc.is_some() {
                let seconds = ended.elapsed.as_secs_f64();
                asked.record(Family::Grpc, route, labels, seconds);
            }
            if self.with_sizes {
                let response = ended.response_bytes as f64;
                asked.record(Family::ResponseSize, route, labels, response);
                if let Some(bytes) = ended.request_bytes {
                    asked.record(Family::RequestSize, route, labels, bytes as f64);
                }
            }
        });
    }

    /// Counts a panic.
    pub(crate) fn panicked(&self) {
        self.ask(|asked| asked.record(Family::Panics, &self.common, Labels::default(), 1.0));
    }

    /// Asks the recorder; one that panics must not take the request with it, and then the answer is missing.
    fn ask<T>(&self, work: impl FnOnce(&Asked<'_>) -> T) -> Option<T> {
        let ask = |recorder: &dyn Recorder| {
            self.describe(recorder);
            work(&Asked {
                meters: self,
                recorder,
                id: RecorderId::of(recorder),
            })
        };
        panic::catch_unwind(AssertUnwindSafe(|| match &self.recorder {
            Some(recorder) => ask(&**recorder),
            None => metrics::with_recorder(ask),
        }))
        .ok()
    }

    /// Tells a recorder that is met for the first time what the metrics mean, and begins them at 0.
    fn describe(&self, recorder: &dyn Recorder) {
        let address = ptr::from_ref(recorder).addr();
        if self.described.load(Ordering::Acquire) == address {
            return;
        }
        let sizes = Family::SIZES.iter().filter(|_| self.with_sizes);
        for family in Family::COMMON.iter().chain([&Family::Grpc]).chain(sizes) {
            let name = KeyName::from_const_str(self.names.of(*family));
            let (unit, help) = (family.unit(), family.help().into());
            match family.kind(self.names) {
                Kind::Counter => recorder.describe_counter(name, unit, help),
                Kind::Gauge => recorder.describe_gauge(name, unit, help),
                Kind::Histogram => recorder.describe_histogram(name, unit, help),
            }
        }
        let asked = Asked {
            meters: self,
            recorder,
            id: None,
        };
        for family in [Family::Panics, Family::InFlight] {
            match asked.handle(family, &self.common, Labels::default()) {
                Handle::Counter(counter) => counter.increment(0),
                Handle::Gauge(gauge) => gauge.increment(0.0),
                Handle::Histogram(_) => {}
            }
        }
        self.described.store(address, Ordering::Release);
    }
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recorder = if self.recorder.is_some() {
            "own"
        } else {
            "global"
        };
        f.debug_struct("Meters")
            .field("recorder", &recorder)
            .field("names", &self.names)
            .field("with_sizes", &self.with_sizes)
            .finish_non_exhaustive()
    }
}

// === impl Asked ===

impl Asked<'_> {
    /// Records a value, of which a counter only knows that it was one more.
    fn record(&self, family: Family, route: &Route, labels: Labels, value: f64) {
        match self.handle(family, route, labels) {
            Handle::Counter(counter) => counter.increment(1),
            Handle::Gauge(gauge) => gauge.increment(value),
            Handle::Histogram(histogram) => histogram.record(value),
        }
    }

    fn handle(&self, family: Family, route: &Route, labels: Labels) -> Handle {
        let names = self.meters.names;
        let labels = names.relevant(family, labels);
        let packed = (family as u64) << 32 | u64::from(labels.pack());
        route.cache().handle(self.id, packed, || {
            let key = names.key(family, route.label(), labels);
            match family.kind(names) {
                Kind::Counter => Handle::Counter(self.recorder.register_counter(&key, &METADATA)),
                Kind::Gauge => Handle::Gauge(self.recorder.register_gauge(&key, &METADATA)),
                Kind::Histogram => {
                    Handle::Histogram(self.recorder.register_histogram(&key, &METADATA))
                }
            }
        })
    }
}
