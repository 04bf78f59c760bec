//! metrics-exporter-prometheus, through the same facade.

use metrics::{counter, histogram, with_local_recorder};
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::load::{BOUNDS, Case, Kind, Load, Rendering};

pub(crate) const CASE: Case = Case {
    name: "metrics-exporter-prometheus",
    build,
};

fn build(load: Load) -> Rendering {
    let recorder = PrometheusBuilder::new()
        .set_buckets(&BOUNDS)
        .expect("there are bounds")
        .build_recorder();
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
    let handle = recorder.handle();
    Box::new(move |show| show(handle.render().as_bytes()))
}
