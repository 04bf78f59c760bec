//! The crate prometheus.

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};

use crate::load::{BOUNDS, Case, Kind, Load, Rendering};

pub(crate) const CASE: Case = Case {
    name: "prometheus",
    build,
};

const NAMES: [&str; 3] = ["id", "method", "route"];

fn build(load: Load) -> Rendering {
    let registry = fill(load).expect("names are valid and stand once");
    let mut text = String::new();
    Box::new(move |show| {
        text.clear();
        TextEncoder::new()
            .encode_utf8(&registry.gather(), &mut text)
            .expect("a String takes every write");
        show(text.as_bytes());
    })
}

fn fill(load: Load) -> prometheus::Result<Registry> {
    let registry = Registry::new();
    match load.kind {
        Kind::Counters => {
            let family = IntCounterVec::new(Opts::new("bench_requests_total", "Requests"), &NAMES)?;
            registry.register(Box::new(family.clone()))?;
            for (method, route, id) in load.labels() {
                family
                    .with_label_values(&[&*id, method, route])
                    .inc_by(12_345);
            }
        }
        Kind::Histograms => {
            let options = HistogramOpts::new("bench_seconds", "Seconds").buckets(BOUNDS.to_vec());
            let family = HistogramVec::new(options, &NAMES)?;
            registry.register(Box::new(family.clone()))?;
            for (method, route, id) in load.labels() {
                let histogram = family.with_label_values(&[&*id, method, route]);
                histogram.observe(0.03);
                histogram.observe(7.25);
            }
        }
    }
    Ok(registry)
}
