//! The global recorder of a process; alone in its binary, since there is only one.

use metrics::{Counter, Gauge, Histogram};
use watchkeep_metrics::{Lazy, Recorder};

static COUNTER: Lazy<Counter> = Lazy::new("lazy_total", &[("l", "v")]);
static GAUGE: Lazy<Gauge> = Lazy::new("lazy", &[]);
static HISTOGRAM: Lazy<Histogram> = Lazy::new("lazy_seconds", &[]);

#[test]
fn only_the_first_install_succeeds_and_the_macros_reach_it() {
    let first = Recorder::default();
    let second = Recorder::default();
    COUNTER.increment(100);
    GAUGE.set(100.0);
    HISTOGRAM.record(100.0);
    let early = metrics::with_local_recorder(&first, || metrics::counter!("early_total"));
    early.increment(1);
    first.install().unwrap();
    let error = second.install().unwrap_err();
    assert!(error.is_already_installed());
    assert_eq!(
        error.to_string(),
        "a global metrics recorder is already installed"
    );
    assert!(first.install().is_err(), "also for the same one");

    metrics::counter!("c_total").increment(1);
    assert_eq!(first.snapshot().counter("c_total", &[]), 1.0);
    assert_eq!(second.snapshot().counter("c_total", &[]), 0.0);

    early.increment(1);
    COUNTER.increment(1);
    GAUGE.set(2.0);
    HISTOGRAM.record(3.0);
    let snapshot = first.snapshot();
    assert_eq!(snapshot.counter("early_total", &[]), 2.0);
    assert_eq!(snapshot.counter("lazy_total", &[("l", "v")]), 1.0);
    assert_eq!(snapshot.gauge("lazy", &[]), Some(2.0));
    assert_eq!(snapshot.histogram("lazy_seconds", &[]).unwrap().sum, 3.0);
}
