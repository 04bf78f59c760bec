//! Tests of what expires, and of handles that are held while others expire.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use metrics::{CounterFn as _, Key, counter, gauge, histogram, with_local_recorder};

use super::*;
use crate::Recorder;
use crate::cell::{CounterCell, Supplies};
use crate::label::LabelSet;
use crate::own::Own;

const TIMEOUT: Duration = Duration::from_secs(60);

fn expire(recorder: &Recorder, second: i64) -> usize {
    recorder.expire_idle(TIMEOUT, Timestamp::from_millis(second * 1_000))
}

fn count(recorder: &Recorder, family: &str) -> usize {
    let snapshot = recorder.snapshot();
    snapshot
        .family(family)
        .map_or(0, |family| family.series().len())
}

#[test]
fn idle_series_of_every_kind_go_and_busy_ones_stay() {
    let recorder = Recorder::default();
    let record = |labels: &[&'static str]| {
        with_local_recorder(&recorder, || {
            for label in labels {
                counter!("c_total", "l" => *label).increment(1);
                gauge!("g", "l" => *label).set(5.0);
                histogram!("h", "l" => *label).record(0.0);
            }
        });
    };
    record(&["idle", "busy"]);
    assert_eq!(expire(&recorder, 0), 0, "the first look only looks");
    record(&["busy"]);
    assert_eq!(expire(&recorder, 59), 0);
    record(&["busy"]);
    assert_eq!(expire(&recorder, 60), 3, "the idle one of each kind");
    for family in ["c_total", "g", "h"] {
        assert_eq!(count(&recorder, family), 1, "{family}");
    }
    record(&["idle"]);
    let snapshot = recorder.snapshot();
    let idle = [("l", "idle")];
    assert_eq!(snapshot.counter("c_total", &idle), 1.0, "anew from zero");
    assert_eq!(snapshot.counter("c_total", &[("l", "busy")]), 3.0);
}

#[test]
fn a_series_that_somebody_holds_never_goes() {
    let recorder = Recorder::default();
    let held = with_local_recorder(&recorder, || counter!("c_total", "l" => "held"));
    let cost = recorder.float_counter("cost_total", "Money.", &[]);
    for minute in 0..5 {
        assert_eq!(expire(&recorder, minute * 60), 0);
    }
    let debug = format!("{:?}", recorder.registry());
    assert!(debug.contains("counters: Index { keys: 2 }"), "{debug}");
    held.increment(1);
    cost.increment(0.5);
    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.counter("c_total", &[]), 1.0);
    assert_eq!(snapshot.counter("cost_total", &[]), 0.5);
    drop(snapshot);
    drop((held, cost));
    expire(&recorder, 400);
    assert_eq!(expire(&recorder, 500), 2);
    assert_eq!(count(&recorder, "c_total"), 0);
}

#[test]
fn room_and_remembered_keys_come_free_again() {
    let recorder = Recorder::builder()
        .with_max_series_per_family(2)
        .build()
        .unwrap();
    for round in 0..5_i64 {
        with_local_recorder(&recorder, || {
            for label in 0..2 {
                counter!("c_total", "l" => format!("{round}-{label}")).increment(1);
            }
        });
        let debug = format!("{:?}", recorder.registry());
        assert!(debug.contains("counters: Index { keys: 2 }"), "{debug}");
        expire(&recorder, round * 1_000);
        assert_eq!(expire(&recorder, round * 1_000 + 60), 2);
        let debug = format!("{:?}", recorder.registry());
        assert!(debug.contains("counters: Index { keys: 0 }"), "{debug}");
    }
    let snapshot = recorder.snapshot();
    assert!(
        snapshot
            .family("watchkeep_metrics_overflow_total")
            .is_none()
    );
}

#[test]
fn a_clock_set_back_only_lets_series_stay_longer() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || counter!("c_total").increment(1));
    expire(&recorder, 1_000);
    assert_eq!(expire(&recorder, 100), 0);
    assert_eq!(expire(&recorder, 159), 0);
    assert_eq!(expire(&recorder, 160), 1);
}

#[test]
fn the_recorders_own_series_and_the_one_for_overflow_stay() {
    let recorder = Recorder::builder()
        .with_max_series_per_family(1)
        .build()
        .unwrap();
    with_local_recorder(&recorder, || {
        counter!("c_total", "l" => "1").increment(1);
        counter!("c_total", "l" => "2").increment(1);
    });
    let own = count(&recorder, "watchkeep_metrics_rejected_total");
    expire(&recorder, 0);
    assert_eq!(expire(&recorder, 100), 1);
    assert_eq!(count(&recorder, "watchkeep_metrics_rejected_total"), own);
    assert_eq!(count(&recorder, "watchkeep_metrics_overflow_total"), 1);
    let overflow = [("overflow", "true")];
    assert_eq!(recorder.snapshot().counter("c_total", &overflow), 1.0);
}

/// Writers get a counter by its key, as the macros do, count once and give it up, while another thread makes it go each time.
///
/// A recording into a series that has gone would make its value differ from what it was when it went.
#[test]
fn nothing_is_lost_while_series_expire_under_their_writers() {
    const WRITERS: u64 = 3;
    const EACH: u64 = 300_000;
    let registry = Supplied::new();
    let is_over = AtomicBool::new(false);
    let has_gone = AtomicBool::new(false);
    let (written, gone) = thread::scope(|scope| {
        let writer = || {
            let key = Key::from_static_name("c_total");
            let mut count = 0;
            // On a busy machine the other thread may come late.
            while count < EACH || !has_gone.load(SeqCst) {
                registry.counter(&key).increment(1);
                count += 1;
            }
            count
        };
        let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(writer)).collect();
        let expirer = scope.spawn(|| {
            let (mut now, mut gone) = (0, Vec::new());
            while !is_over.load(SeqCst) {
                now += 1;
                let series = registry.expire(Timestamp::from_millis(now));
                gone.extend(
                    series
                        .into_iter()
                        .map(|series| (series.cell.whole(), series)),
                );
                has_gone.store(!gone.is_empty(), SeqCst);
            }
            gone
        });
        let written = writers.into_iter().map(|writer| writer.join().unwrap());
        let written: u64 = written.sum();
        is_over.store(true, SeqCst);
        (written, expirer.join().unwrap())
    });
    for (then, series) in &gone {
        assert_eq!(*then, series.cell.whole(), "recorded into what has gone");
    }
    let left: u64 = registry
        .group
        .all()
        .iter()
        .map(|series| series.cell.whole())
        .sum();
    let expired: u64 = gone.iter().map(|(value, _)| value).sum();
    assert_eq!(left + expired, written, "{} went", gone.len());
}

/// A group with its index, as a registry joins them.
struct Supplied {
    group: Group<CounterCell>,
    index: Index<CounterCell>,
    supplies: Supplies,
}

impl Supplied {
    fn new() -> Self {
        let settings = Recorder::builder().settings().unwrap();
        Self {
            group: Group::new("c_total".into(), ()),
            index: Index::new(),
            supplies: Supplies {
                rejected: Own::new(&settings).rejected,
                exemplars: None,
            },
        }
    }

    fn counter(&self, key: &Key) -> Arc<Series<CounterCell>> {
        let labels = || LabelSet::new([].into_iter(), &[], None);
        self.index.get(key).unwrap_or_else(|| {
            let found = self
                .group
                .series(labels(), 10, None, &self.supplies, labels);
            self.index.insert(key, &found.0);
            found.0
        })
    }

    fn expire(&self, now: Timestamp) -> Vec<Arc<Series<CounterCell>>> {
        self.group
            .expire(&self.index, Duration::from_millis(1), now)
    }
}
