//! The invariants, over random traces.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::model::Model;
use super::support::*;
use super::trace::{INTERVAL, Op, REPEAT, WAIT, alert, apply, bench, drain, notices, ops};
use super::trace::{tree, tree_settings};
use crate::state::{Event, JobKind, Outcome};
use crate::view::{AlertKind, Status};

/// Leaves out what the model does not say: the kind of a notice.
fn without_kind(line: &str) -> String {
    let words = line.split(' ').enumerate();
    let words: Vec<_> = words
        .filter(|(at, _)| *at != 2)
        .map(|(_, word)| word)
        .collect();
    words.join(" ")
}

/// Returns the notices of each second in the order of their text, as the model has no order.
fn by_second(lines: impl IntoIterator<Item = String>) -> BTreeSet<(u64, String)> {
    let second = |line: &String| line.split(' ').next().and_then(|text| text.parse().ok());
    lines
        .into_iter()
        .map(|line| (second(&line).unwrap_or(0), line))
        .collect()
}

fn check_model(trace: &[Op], inhibits: bool, strict: bool) -> Result<(), TestCaseError> {
    let mut bench = bench(inhibits, strict);
    let mut model = Model::new(inhibits, strict);
    for op in trace.iter().chain([&Op::Wait(700)]) {
        apply(&mut bench, op);
        model.apply(op);
    }
    let found = by_second(notices(&mut bench).iter().map(|line| without_kind(line)));
    let expected = by_second(model.notices);
    prop_assert_eq!(found, expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn notices_are_those_of_the_model(trace in ops(60), inhibits: bool) {
        check_model(&trace, inhibits, false)?;
    }

    #[test]
    fn strict_notices_are_those_of_the_model(trace in ops(60)) {
        // Without inhibition: there strict mode has a bug of its own (D9).
        check_model(&trace, false, true)?;
    }

    /// I2.
    #[test]
    fn no_notice_says_that_something_fires_which_is_held_back(trace in ops(60)) {
        let mut bench = bench(true, false);
        for op in &trace {
            let Op::Wait(seconds) = op else {
                apply(&mut bench, op);
                continue;
            };
            for _ in 0..*seconds {
                let before = bench.jobs.len();
                apply(&mut bench, &Op::Wait(1));
                for (_, job) in &bench.jobs[before..] {
                    let alerts = job.notification.alerts().iter();
                    for alert in alerts.filter(|alert| alert.state == Status::Firing) {
                        let Some(now) = bench.state.alert(bench.now(), alert.fingerprint) else {
                            // Over before its first flush: only an event is told then.
                            prop_assert_eq!(alert.kind, AlertKind::Event);
                            continue;
                        };
                        prop_assert!(now.silenced_by.is_empty());
                        prop_assert_eq!(now.inhibited_by, None);
                        let muted = job.lane.receiver == "mail" && !now.muted_by.is_empty();
                        prop_assert!(!muted);
                    }
                }
            }
        }
    }

    /// I3 and I11.
    #[test]
    fn what_was_told_to_fire_is_told_to_be_over_once_and_in_order(trace in ops(60)) {
        let mut bench = bench(true, false);
        for op in &trace {
            apply(&mut bench, op);
        }
        drain(&mut bench);
        let mut last = BTreeMap::new();
        let mut ends = BTreeSet::new();
        let mut kinds = BTreeMap::new();
        for (_, job) in &bench.jobs {
            let place = (job.lane.clone(), job.group_key.clone());
            let before = kinds.insert(place.clone(), job.kind);
            let begins = matches!(before, None | Some(JobKind::Resolve));
            // Others are not told the end of events, and so hear of the same group's beginning again.
            if job.lane.receiver == "pager" {
                prop_assert_eq!(job.kind == JobKind::Trigger, begins, "{:?}", job);
            }
            prop_assert!(before.is_some() || job.kind == JobKind::Trigger, "{:?}", job);
            for alert in job.notification.alerts() {
                let tells = alert.kind == AlertKind::State || job.lane.receiver == "pager";
                let resolved = alert.state == Status::Resolved;
                prop_assert!(tells || !resolved, "the end of an event");
                let key = (place.clone(), alert.fingerprint);
                if resolved {
                    let ended = (key.clone(), alert.starts_at, alert.ends_at);
                    prop_assert!(ends.insert(ended), "twice over: {:?}", alert);
                }
                if tells {
                    last.insert(key, alert.state);
                } else {
                    last.remove(&key);
                }
            }
        }
        for (key, state) in last {
            prop_assert_eq!(state, Status::Resolved, "{:?} is open", key);
        }
    }

    /// I4.
    #[test]
    fn without_change_there_is_one_notice_a_repeat_interval(trace in ops(40)) {
        let mut bench = bench(true, false);
        for op in &trace {
            apply(&mut bench, op);
        }
        bench.at(bench.millis / 1_000 + 3 * HOUR);
        let before = bench.jobs.len();
        bench.at(bench.millis / 1_000 + HOUR);
        let mut last = BTreeMap::new();
        for (second, job) in &bench.jobs[before..] {
            let place = (job.lane.clone(), job.group_key.clone());
            if let Some(before) = last.insert(place, *second) {
                prop_assert_eq!(second - before, REPEAT);
            }
        }
    }

    /// I5.
    #[test]
    fn what_fires_long_enough_is_told_in_time(trace in ops(60)) {
        let quiet = trace.iter().filter(|op| !matches!(op, Op::Silence(..)));
        let mut bench = bench(false, false);
        let mut began: BTreeMap<usize, u64> = BTreeMap::new();
        let longest = WAIT.max(INTERVAL) * 1_000;
        for op in quiet {
            if let Op::Fire(n) | Op::Lease(n, _) | Op::Trigger(n) = op {
                let key = alert(*n).fingerprint();
                if bench.state.alert(bench.now(), key).is_none() {
                    began.insert(*n, bench.millis);
                }
            }
            apply(&mut bench, op);
            for (n, since) in &began {
                let key = alert(*n).fingerprint();
                let fires = bench.state.alert(bench.now(), key).is_some();
                if fires && bench.millis >= since + longest {
                    let told = bench.jobs.iter().any(|(_, job)| {
                        job.lane.receiver != "mail"
                            && job.notification.alerts().iter().any(|it| it.fingerprint == key)
                    });
                    prop_assert!(told, "A{} since {}", n, since);
                }
            }
        }
    }

    /// I7.
    #[test]
    fn the_order_of_what_happens_at_once_does_not_matter(
        batches in proptest::collection::vec((ops(12), 1..200_u64), 1..12),
    ) {
        let run = |reversed: bool| {
            let mut bench = bench(true, false);
            for (batch, seconds) in &batches {
                let mut batch = one_an_alert(batch);
                if reversed {
                    batch.reverse();
                }
                for op in &batch {
                    apply(&mut bench, op);
                }
                apply(&mut bench, &Op::Wait(*seconds));
            }
            notices(&mut bench)
        };
        prop_assert_eq!(run(true), run(false));
    }

    /// I8: rows and the rest of the trace are as good as the whole trace.
    #[test]
    fn a_restart_at_any_point_changes_no_notice(trace in ops(50), at in 0..50_usize) {
        let run = |restarts: bool| {
            let mut bench = bench(true, false);
            for (step, op) in trace.iter().enumerate() {
                apply(&mut bench, op);
                if restarts && step >= at {
                    // A flush of the very instant of a start may be done again, and says what came since.
                    let flushed = bench.now().wall.after(Duration::from_secs(INTERVAL));
                    let apart = bench.state.groups().iter().all(|it| it.next_flush != flushed);
                    let due = bench.state.wake_at().is_some_and(|at| at <= bench.now().elapsed);
                    if apart && !due {
                        bench.restart(tree(true), tree_settings(false));
                    }
                }
            }
            drain(&mut bench);
            (notices(&mut bench), bench.rows.len())
        };
        prop_assert_eq!(run(true), run(false));
    }

    /// I9.
    #[test]
    fn the_same_trace_gives_the_same_bytes(trace in ops(60)) {
        let run = || {
            let mut bench = bench(true, false);
            let mut text = String::new();
            for op in &trace {
                apply(&mut bench, op);
                let said = bench.said();
                text += &format!("{:?}{said:?}", bench.rows);
            }
            text + &format!("{:?}{:?}", bench.jobs, bench.state)
        };
        prop_assert_eq!(run(), run());
    }

    /// I14, for what has no time of the wall clock of its own.
    #[test]
    fn a_clock_that_jumps_changes_no_notice(
        trace in ops(50),
        jumps in proptest::collection::vec(-200_000_000..200_000_000_i64, 50),
    ) {
        let plain = |op: &&Op| !matches!(op, Op::Silence(..) | Op::Lease(..));
        let run = |jumping: bool| {
            let mut config = tree(true);
            config.intervals.clear();
            let mut bench = Bench::with(config, tree_settings(false));
            for (op, jump) in trace.iter().filter(plain).zip(&jumps) {
                apply(&mut bench, op);
                if jumping {
                    bench.wall_offset += jump;
                }
            }
            apply(&mut bench, &Op::Wait(700));
            notices(&mut bench)
        };
        prop_assert_eq!(run(true), run(false));
    }

    /// Whatever becomes of the notices, nothing is left in memory or on disk in the end.
    #[test]
    fn nothing_is_left_behind(
        trace in ops(50),
        outcomes in proptest::collection::vec(0..5_u8, 50),
        strict: bool,
    ) {
        let mut bench = bench(true, strict);
        bench.delivers = false;
        for (op, outcome) in trace.iter().zip(outcomes) {
            apply(&mut bench, op);
            let outcome = match outcome {
                0 => Outcome::Dead,
                1 => Outcome::Superseded,
                2 | 3 => Outcome::Delivered,
                _ => continue,
            };
            if !bench.pending.is_empty() {
                bench.settle_first(outcome);
            }
        }
        bench.delivers = true;
        while !bench.pending.is_empty() {
            bench.settle_first(Outcome::Delivered);
        }
        drain(&mut bench);
        prop_assert!(bench.rows.is_empty(), "{:?}", bench.rows);
        prop_assert_eq!(bench.state.wake_at(), None);
        prop_assert_eq!(bench.state.held(), 0);
        prop_assert_eq!(bench.state.log.iter().count(), 0);
        prop_assert_eq!(bench.state.log.retired(), 0);
    }

    /// A reload in between neither loses nor repeats what it does not concern.
    #[test]
    fn a_reload_of_the_same_changes_no_notice(trace in ops(50), every in 1..5_usize) {
        let run = |reloads: bool| {
            let mut bench = bench(true, false);
            for (step, op) in trace.iter().enumerate() {
                apply(&mut bench, op);
                if reloads && step % every == 0 {
                    bench.step(Event::Reload(tree(true).into()));
                }
            }
            drain(&mut bench);
            notices(&mut bench)
        };
        prop_assert_eq!(run(true), run(false));
    }
}

/// Keeps of a batch what commutes: one word on each alert, and no time.
fn one_an_alert(batch: &[Op]) -> Vec<Op> {
    let mut seen = BTreeSet::new();
    let keep = |op: &&Op| match op {
        Op::Expire(_) | Op::Wait(_) => false,
        Op::Silence(..) => true,
        Op::Fire(n) | Op::Lease(n, _) | Op::Resolve(n) | Op::Trigger(n) => seen.insert(*n),
    };
    batch.iter().filter(keep).cloned().collect()
}

fn cases() -> u32 {
    let slow = std::env::var_os("RUN_SLOW_TESTS").is_some();
    if slow { 2_000 } else { 96 }
}
