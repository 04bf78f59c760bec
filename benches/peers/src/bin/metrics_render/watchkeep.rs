//! Ours, through the facade.

use metrics::{counter, histogram, with_local_recorder};
use watchkeep_metrics::{Format, Recorder};

use crate::load::{BOUNDS, Case, Kind, Load, Rendering};

pub(crate) const CASE: Case = Case {
    name: "watchkeep",
    build,
};

fn build(load: Load) -> Rendering {
    let recorder = Recorder::builder()
        .with_buckets(&BOUNDS)
        .with_max_series_per_family(1_000_000)
        .build()
        .expect("the bounds are valid");
    with_local_recorder(&recorder, || {
        for (method, route, id) in load.labels() {
            match load.kind {
                Kind::Counters => {
                    counter!("bench_requests_total", "id" => id, "method" => method, "route" => route)
                        .increment(12_345);
                }
                Kind::Histograms => {
                    let histogram = histogram!("bench_seconds", "id" => id, "method" => method, "route" => route);
                    histogram.record(0.03);
                    histogram.record(7.25);
                }
            }
        }
    });
    let mut text = Vec::new();
    Box::new(move |show| {
        text.clear();
        recorder.render(Format::Prometheus, &mut text);
        show(&text);
    })
}
