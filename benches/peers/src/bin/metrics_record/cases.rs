//! The cases, and what each does for each operation.

use std::hint::black_box;
use std::sync::Arc;

use lasso::{Spur, ThreadedRodeo};
use measured::LabelGroup;
use measured::metric::histogram::Thresholds;
use metrics::{Recorder, counter, histogram, with_local_recorder};
use metrics_exporter_prometheus::PrometheusBuilder;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::{counter::Counter, family::Family, histogram::Histogram};

/// The bounds of OpenTelemetry's HTTP durations, which ours come with.
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
/// An observation in the middle of the bounds.
const OBSERVED: f64 = 0.042;
const ROUTES: [&str; 4] = ["/a", "/b/{id}", "/c", "/d/{id}/e"];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operation {
    CachedCounter,
    CachedHistogram,
    DynamicLabels,
    StaticLabel,
}

pub(crate) const OPERATIONS: [Operation; 4] = [
    Operation::CachedCounter,
    Operation::CachedHistogram,
    Operation::StaticLabel,
    Operation::DynamicLabels,
];

/// Does an operation so many times.
pub(crate) type Record = Box<dyn FnMut(u64)>;

#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) prepare: fn(Operation) -> Record,
}

pub(crate) const CASES: [Case; 5] = [
    Case {
        name: "watchkeep",
        prepare: |operation| facade(watchkeep_metrics::Recorder::default(), operation),
    },
    Case {
        name: "metrics-exporter-prometheus",
        prepare: |operation| {
            let builder = PrometheusBuilder::new().set_buckets(&BOUNDS);
            facade(
                builder.expect("there are bounds").build_recorder(),
                operation,
            )
        },
    },
    Case {
        name: "prometheus-client",
        prepare: client,
    },
    Case {
        name: "prometheus",
        prepare: tikv,
    },
    Case {
        name: "measured",
        prepare: dense,
    },
];

// === impl Operation ===

impl Operation {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::CachedCounter => "counter, cached handle",
            Self::CachedHistogram => "histogram, cached handle",
            Self::DynamicLabels => "counter, 3 dynamic labels",
            Self::StaticLabel => "counter, 1 static label",
        }
    }
}

fn route(n: u64) -> &'static str {
    black_box(ROUTES[n as usize % ROUTES.len()])
}

/// Anything behind the facade; labels that are dynamic are owned strings, as the macro takes them.
fn facade(recorder: impl Recorder + 'static, operation: Operation) -> Record {
    let recorder = Arc::new(recorder);
    match operation {
        Operation::CachedCounter => {
            let counter = with_local_recorder(&*recorder, || counter!("c_total"));
            Box::new(move |times| (0..times).for_each(|_| counter.increment(black_box(1))))
        }
        Operation::CachedHistogram => {
            let histogram = with_local_recorder(&*recorder, || histogram!("h_seconds"));
            Box::new(move |times| (0..times).for_each(|_| histogram.record(black_box(OBSERVED))))
        }
        Operation::DynamicLabels => Box::new(move |times| {
            with_local_recorder(&*recorder, || {
                for n in 0..times {
                    counter!("c_total", "method" => black_box("GET").to_owned(), "route" => route(n).to_owned(), "status" => black_box("200").to_owned())
                        .increment(1);
                }
            });
        }),
        Operation::StaticLabel => Box::new(move |times| {
            with_local_recorder(&*recorder, || {
                for _ in 0..times {
                    counter!("c_total", "kind" => "static").increment(1);
                }
            });
        }),
    }
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct ClientLabels {
    method: String,
    route: String,
    status: String,
}

fn client(operation: Operation) -> Record {
    match operation {
        Operation::CachedCounter => {
            let counter = Counter::<u64>::default();
            Box::new(move |times| {
                for _ in 0..times {
                    counter.inc_by(black_box(1));
                }
            })
        }
        Operation::CachedHistogram => {
            let histogram = Histogram::new(BOUNDS);
            Box::new(move |times| (0..times).for_each(|_| histogram.observe(black_box(OBSERVED))))
        }
        Operation::DynamicLabels => {
            let family = Family::<ClientLabels, Counter>::default();
            Box::new(move |times| {
                for n in 0..times {
                    let labels = ClientLabels {
                        method: black_box("GET").to_owned(),
                        route: route(n).to_owned(),
                        status: black_box("200").to_owned(),
                    };
                    family.get_or_create(&labels).inc();
                }
            })
        }
        Operation::StaticLabel => {
            let family = Family::<[(&str, &str); 1], Counter>::default();
            Box::new(move |times| {
                for _ in 0..times {
                    family.get_or_create(black_box(&[("kind", "static")])).inc();
                }
            })
        }
    }
}

fn tikv(operation: Operation) -> Record {
    let counters = |names: &[&str]| {
        let options = prometheus::Opts::new("c_total", "Counts");
        prometheus::IntCounterVec::new(options, names).expect("the names are valid")
    };
    match operation {
        Operation::CachedCounter => {
            let counter = prometheus::IntCounter::new("c_total", "Counts").expect("a valid name");
            Box::new(move |times| (0..times).for_each(|_| counter.inc_by(black_box(1))))
        }
        Operation::CachedHistogram => {
            let options =
                prometheus::HistogramOpts::new("h_seconds", "Seconds").buckets(BOUNDS.to_vec());
            let histogram = prometheus::Histogram::with_opts(options).expect("valid bounds");
            Box::new(move |times| (0..times).for_each(|_| histogram.observe(black_box(OBSERVED))))
        }
        Operation::DynamicLabels => {
            let family = counters(&["method", "route", "status"]);
            Box::new(move |times| {
                for n in 0..times {
                    let values = [black_box("GET"), route(n), black_box("200")];
                    family.with_label_values(&values).inc();
                }
            })
        }
        Operation::StaticLabel => {
            let family = counters(&["kind"]);
            Box::new(move |times| {
                for _ in 0..times {
                    family.with_label_values(black_box(&["static"])).inc();
                }
            })
        }
    }
}

type Words = ThreadedRodeo<Spur>;

#[derive(Clone, Copy, Debug, LabelGroup, PartialEq)]
#[label(set = OneSet)]
struct One<'a> {
    #[label(dynamic_with = Words)]
    kind: &'a str,
}

#[derive(Clone, Copy, Debug, LabelGroup, PartialEq)]
#[label(set = ThreeSet)]
struct Three<'a> {
    #[label(dynamic_with = Words)]
    method: &'a str,
    #[label(dynamic_with = Words)]
    route: &'a str,
    #[label(dynamic_with = Words)]
    status: &'a str,
}

fn dense(operation: Operation) -> Record {
    match operation {
        Operation::CachedCounter => {
            let counter = measured::Counter::new();
            Box::new(move |times| (0..times).for_each(|_| counter.inc_by(black_box(1))))
        }
        Operation::CachedHistogram => {
            let histogram = measured::Histogram::with_metadata(Thresholds::with_buckets(BOUNDS));
            Box::new(move |times| (0..times).for_each(|_| histogram.observe(black_box(OBSERVED))))
        }
        Operation::DynamicLabels => {
            let family = measured::CounterVec::with_label_set(ThreeSet {
                method: Words::new(),
                route: Words::new(),
                status: Words::new(),
            });
            Box::new(move |times| {
                for n in 0..times {
                    family.inc(Three {
                        method: black_box("GET"),
                        route: route(n),
                        status: black_box("200"),
                    });
                }
            })
        }
        Operation::StaticLabel => {
            let kind = Words::new();
            let family = measured::CounterVec::with_label_set(OneSet { kind });
            Box::new(move |times| {
                (0..times).for_each(|_| {
                    family.inc(One {
                        kind: black_box("static"),
                    });
                });
            })
        }
    }
}
