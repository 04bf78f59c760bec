//! prometheus-client.

use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::load::{BOUNDS, Case, Kind, Load, Rendering};

pub(crate) const CASE: Case = Case {
    name: "prometheus-client",
    build,
};

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Labels {
    id: String,
    method: &'static str,
    route: &'static str,
}

fn build(load: Load) -> Rendering {
    let mut registry = Registry::default();
    let labels = load
        .labels()
        .map(|(method, route, id)| Labels { id, method, route });
    match load.kind {
        Kind::Counters => {
            let family = Family::<Labels, Counter>::default();
            registry.register("bench_requests", "Requests", family.clone());
            for labels in labels {
                family.get_or_create(&labels).inc_by(12_345);
            }
        }
        Kind::Histograms => {
            let family =
                Family::<Labels, Histogram>::new_with_constructor(|| Histogram::new(BOUNDS));
            registry.register("bench_seconds", "Seconds", family.clone());
            for labels in labels {
                let histogram = family.get_or_create(&labels);
                histogram.observe(0.03);
                histogram.observe(7.25);
            }
        }
    }
    let mut text = String::new();
    Box::new(move |show| {
        text.clear();
        encode(&mut text, &registry).expect("a String takes every write");
        show(text.as_bytes());
    })
}
