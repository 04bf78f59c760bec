//! Many threads, many observations and many labels: nothing is lost, and memory has its bounds.

use std::sync::Barrier;
use std::thread;

use metrics::{counter, gauge, histogram, with_local_recorder};
use watchkeep_metrics::{Format, Recorder};

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("this is Linux");
    let pages: usize = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .expect("a number");
    pages * 4_096
}

#[test]
fn sixteen_writers_lose_nothing_during_a_thousand_renders() {
    const WRITERS: usize = 16;
    const EACH: u32 = 20_000;
    let recorder = Recorder::default();
    let cost = recorder.float_counter("cost_total", "Money.", &[]);
    let start = Barrier::new(WRITERS + 1);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (recorder, start, cost) = (&recorder, &start, &cost);
            scope.spawn(move || {
                start.wait();
                with_local_recorder(recorder, || {
                    let shared = histogram!("shared_seconds");
                    for n in 0..EACH {
                        counter!("c_total", "n" => (n % 100).to_string()).increment(1);
                        gauge!("g", "writer" => writer.to_string()).increment(0.5);
                        shared.record(f64::from(n % 4));
                        cost.increment(0.25);
                    }
                });
            });
        }
        start.wait();
        let (mut text, mut last) = (Vec::new(), 0.0);
        for render in 0..1_000 {
            text.clear();
            let format = [Format::Prometheus, Format::OpenMetrics][render % 2];
            recorder.render(format, &mut text);
            let now = recorder.snapshot_of(&["c_total"]).counter("c_total", &[]);
            assert!(now >= last, "a counter went from {last} to {now}");
            last = now;
        }
    });
    let snapshot = recorder.snapshot();
    let all = f64::from(EACH) * 16.0;
    assert_eq!(snapshot.counter("c_total", &[]), all);
    assert_eq!(
        snapshot
            .family("c_total")
            .expect("it is there")
            .series()
            .len(),
        100
    );
    assert_eq!(snapshot.gauge("g", &[]), Some(all / 2.0));
    assert_eq!(snapshot.counter("cost_total", &[]), all / 4.0);
    let shared = snapshot
        .histogram("shared_seconds", &[])
        .expect("it is there");
    assert_eq!((shared.count, shared.sum), (320_000, all * 1.5));
}

#[test]
fn ten_million_observations_without_a_scrape_take_no_memory() {
    let recorder = Recorder::default();
    let histogram = with_local_recorder(&recorder, || histogram!("h_seconds"));
    let record = |times: u32| (0..times).for_each(|n| histogram.record(f64::from(n % 16)));
    record(100_000);
    let before = resident_bytes();
    record(10_000_000);
    let grown = resident_bytes().saturating_sub(before);
    // One observation of 16 bytes that is kept would be 160 MB.
    assert!(grown < 4_000_000, "{grown} bytes");
    let kept = recorder
        .snapshot()
        .histogram("h_seconds", &[])
        .expect("it is there");
    assert_eq!(kept.count, 10_100_000);
}

#[test]
fn a_bomb_of_labels_stops_at_the_limit_and_is_counted() {
    const BOMB: u32 = 100_000;
    let recorder = Recorder::default();
    let explode = |from: u32, to: u32| {
        with_local_recorder(&recorder, || {
            for user in from..to {
                counter!("c_total", "user" => format!("{user:0>200}")).increment(1);
                histogram!("h_seconds", "user" => format!("{user:0>200}")).record(1.0);
            }
        });
    };
    explode(0, 20_000);
    let before = resident_bytes();
    explode(20_000, BOMB);
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 4_000_000, "{grown} bytes");
    let snapshot = recorder.snapshot();
    let overflow = [("overflow", "true")];
    let over = f64::from(BOMB - 10_000);
    for family in ["c_total", "h_seconds"] {
        assert_eq!(
            snapshot.family(family).expect("it is there").series().len(),
            10_001
        );
        let folded = [("metric", family)];
        assert_eq!(
            snapshot.counter("watchkeep_metrics_overflow_total", &folded),
            over
        );
    }
    assert_eq!(snapshot.counter("c_total", &[]), f64::from(BOMB));
    assert_eq!(snapshot.counter("c_total", &overflow), over);
    let observed = snapshot.histogram("h_seconds", &[]).expect("it is there");
    assert_eq!(observed.count, u64::from(BOMB));
}

#[test]
fn two_recorders_side_by_side_know_nothing_of_each_other() {
    let recorders = [Recorder::default(), Recorder::default()];
    thread::scope(|scope| {
        for (recorder, times) in recorders.iter().zip([1_u32, 3]) {
            scope.spawn(move || {
                with_local_recorder(recorder, || {
                    for _ in 0..times * 10_000 {
                        counter!("c_total").increment(1);
                    }
                });
            });
        }
    });
    let counts = recorders.map(|recorder| recorder.snapshot().counter("c_total", &[]));
    assert_eq!(counts, [10_000.0, 30_000.0]);
}
