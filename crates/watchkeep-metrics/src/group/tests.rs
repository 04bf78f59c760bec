//! Tests of who waits for whom.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;
use crate::cell::CounterCell;
use crate::own::Own;

fn labels(value: &str) -> LabelSet {
    LabelSet::new([("l", value)].into_iter(), &[], None)
}

#[test]
fn a_new_series_does_not_wait_for_a_reader_that_sorts() {
    let settings = crate::Recorder::builder().settings().unwrap();
    let supplies = Supplies {
        rejected: Own::new(&settings).rejected,
        exemplars: None,
    };
    let group = Group::<CounterCell>::new("c_total".into(), ());
    let (done, is_done) = mpsc::channel();
    thread::scope(|scope| {
        let sorting = lock(&group.readers);
        scope.spawn(|| {
            let overflow = || labels("overflow");
            for value in ["new", "new", "over", "over"] {
                group.series(labels(value), 1, None, &supplies, overflow);
            }
            done.send(())
        });
        let ended = is_done.recv_timeout(Duration::from_secs(20));
        drop(sorting);
        ended.unwrap();
    });
    let all = group.all();
    let all: Vec<_> = all.iter().map(|series| series.labels().text()).collect();
    assert_eq!(all, ["l=\"new\"", "l=\"overflow\""]);
}
