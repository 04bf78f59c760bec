//! measured, with ids that are not known before, and with all labels known, where it keeps series as one dense array.

use lasso::{Rodeo, RodeoReader, Spur, ThreadedRodeo};
use measured::label::LabelGroupSet;
use measured::metric::histogram::Thresholds;
use measured::text::BufferedTextEncoder;
use measured::{CounterVec, HistogramVec, LabelGroup, MetricGroup};

use crate::load::{BOUNDS, Case, Kind, Load, METHODS, ROUTE, Rendering};

pub(crate) const CASE: Case = Case {
    name: "measured",
    build: |load| build(load, ThreadedRodeo::new()),
};

pub(crate) const DENSE: Case = Case {
    name: "measured, all labels known",
    build: |load| {
        let mut ids = Rodeo::new();
        for id in 0..load.series {
            ids.get_or_intern(id.to_string());
        }
        dense(load, ids.into_reader())
    },
};

type Words = ThreadedRodeo<Spur>;
type KnownWords = RodeoReader<Spur>;

#[derive(Clone, Copy, Debug, LabelGroup, PartialEq)]
#[label(set = LabelsSet)]
struct Labels<'a> {
    #[label(dynamic_with = Words)]
    id: &'a str,
    #[label(fixed_with = KnownWords)]
    method: &'a str,
    #[label(fixed_with = KnownWords)]
    route: &'a str,
}

/// The method is the same for all, since every combination of known labels is a series here.
#[derive(Clone, Copy, Debug, LabelGroup, PartialEq)]
#[label(set = KnownLabelsSet)]
struct KnownLabels<'a> {
    #[label(fixed_with = KnownWords)]
    id: &'a str,
    #[label(fixed_with = KnownWords)]
    method: &'a str,
    #[label(fixed_with = KnownWords)]
    route: &'a str,
}

#[derive(MetricGroup)]
struct Counters<L: LabelGroupSet> {
    /// Requests.
    bench_requests_total: CounterVec<L>,
}

#[derive(MetricGroup)]
struct Histograms<L: LabelGroupSet> {
    /// Seconds.
    bench_seconds: HistogramVec<L, 10>,
}

fn words(words: &[&str]) -> KnownWords {
    let mut rodeo = Rodeo::new();
    for word in words {
        rodeo.get_or_intern(word);
    }
    rodeo.into_reader()
}

fn build(load: Load, id: Words) -> Rendering {
    let set = LabelsSet {
        id,
        method: words(&METHODS),
        route: words(&[ROUTE]),
    };
    match load.kind {
        Kind::Counters => {
            let bench_requests_total = CounterVec::with_label_set(set);
            for (method, route, id) in load.labels() {
                let id = &id;
                bench_requests_total.inc_by(Labels { id, method, route }, 12_345);
            }
            rendering(Counters {
                bench_requests_total,
            })
        }
        Kind::Histograms => {
            let thresholds = Thresholds::with_buckets(BOUNDS);
            let bench_seconds = HistogramVec::with_label_set_and_metadata(set, thresholds);
            for (method, route, id) in load.labels() {
                let id = &id;
                bench_seconds.observe(Labels { id, method, route }, 0.03);
                bench_seconds.observe(Labels { id, method, route }, 7.25);
            }
            rendering(Histograms { bench_seconds })
        }
    }
}

fn dense(load: Load, id: KnownWords) -> Rendering {
    let method = METHODS[0];
    let set = KnownLabelsSet {
        id,
        method: words(&[method]),
        route: words(&[ROUTE]),
    };
    match load.kind {
        Kind::Counters => {
            let bench_requests_total = CounterVec::with_label_set(set);
            for (_, route, id) in load.labels() {
                let id = &id;
                bench_requests_total.inc_by(KnownLabels { id, method, route }, 12_345);
            }
            rendering(Counters {
                bench_requests_total,
            })
        }
        Kind::Histograms => {
            let thresholds = Thresholds::with_buckets(BOUNDS);
            let bench_seconds = HistogramVec::with_label_set_and_metadata(set, thresholds);
            for (_, route, id) in load.labels() {
                let id = &id;
                bench_seconds.observe(KnownLabels { id, method, route }, 0.03);
                bench_seconds.observe(KnownLabels { id, method, route }, 7.25);
            }
            rendering(Histograms { bench_seconds })
        }
    }
}

fn rendering(group: impl MetricGroup<BufferedTextEncoder> + 'static) -> Rendering {
    let mut encoder = BufferedTextEncoder::new();
    Box::new(move |show| {
        if group.collect_group_into(&mut encoder).is_ok() {
            show(&encoder.finish());
        }
    })
}
