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
    /// Says that the response went on for as long as somebody listened, so that its duration says nothing.
    pub(crate) is_stream: bool,
    pub(crate) elapsed: Duration,
    /// How long the head of the response took, where that was not told before.
    pub(crate) first_byte: Option<Duration>,
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

    /// Measures how long the head of a response took that may go on for long.
    pub(crate) fn first_byte(&self, route: &Route, labels: Labels, elapsed: Duration) {
        self.ask(|asked| {
            let value = Some((Family::FirstByte, elapsed.as_secs_f64()));
            asked.record(route, labels, [value]);
        });
    }

    /// Counts a request that has ended.
    pub(crate) fn finish(&self, route: &Route, labels: Labels, ended: Ended) {
        let value = |family, value: Option<f64>| Some((family, value?));
        let seconds = ended.elapsed.as_secs_f64();
        let measured = [
            Some((Family::Requests, 1.0)),
            value(Family::Duration, (!ended.is_stream).then_some(seconds)),
            value(
                Family::FirstByte,
                ended.first_byte.map(|time| time.as_secs_f64()),
            ),
            value(Family::Grpc, labels.grpc.map(|_| seconds)),
        ];
        self.ask(|asked| {
            asked.record(route, labels, measured);
            if self.with_sizes {
                let request = ended.request_bytes.map(|bytes| bytes as f64);
                let sizes = [
                    Some((Family::ResponseSize, ended.response_bytes as f64)),
                    value(Family::RequestSize, request),
                ];
                asked.record(route, labels, sizes);
            }
        });
    }

    /// Counts a panic.
    pub(crate) fn panicked(&self) {
        self.ask(|asked| {
            let value = Some((Family::Panics, 1.0));
            asked.record(&self.common, Labels::default(), [value]);
        });
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
    fn record<const N: usize>(
        &self,
        route: &Route,
        labels: Labels,
        values: [Option<(Family, f64)>; N],
    ) {
        let names = self.meters.names;
        let packed = labels.pack();
        let key = |family| names.pack(family, packed);
        let make = |family| self.make(family, route, labels);
        route.cache().record(self.id, values, key, make);
    }

    fn handle(&self, family: Family, route: &Route, labels: Labels) -> Handle {
        let key = self.meters.names.pack(family, labels.pack());
        route
            .cache()
            .handle(self.id, key, || self.make(family, route, labels))
    }

    fn make(&self, family: Family, route: &Route, labels: Labels) -> Handle {
        let names = self.meters.names;
        let key = names.key(family, route.label(), labels);
        match family.kind(names) {
            Kind::Counter => Handle::Counter(self.recorder.register_counter(&key, &METADATA)),
            Kind::Gauge => Handle::Gauge(self.recorder.register_gauge(&key, &METADATA)),
            Kind::Histogram => Handle::Histogram(self.recorder.register_histogram(&key, &METADATA)),
        }
    }
}
