//! What is told of the samples, and whether the goals are reached.

use peers::{Spread, Table, grouped};

use crate::cases::Case;
use crate::here::Sample;

/// A buffer that grows now and then is no allocation of an event.
const MOST_ALLOCATIONS: f64 = 0.001;

/// A table, and what became of the goals that its cases have.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) table: Table,
    pub(crate) verdicts: Vec<Verdict>,
}

/// Whether a goal was reached.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) is_reached: bool,
    pub(crate) text: String,
}

/// Returns one row for each case: medians, and how ours compares with it in the same round.
///
/// Ratios are held to this part of their goals.
pub(crate) fn throughput(
    cases: &[Case],
    samples: &[Vec<Sample>],
    threads: u64,
    part: f64,
) -> Report {
    let mut table = Table::new(&[
        "case",
        "events/s",
        "MB/s",
        "ours/peer min",
        "median",
        "max",
        "bytes ours/peer",
        "allocs/event",
    ]);
    let mut verdicts = Vec::new();
    for (case, of_case) in cases.iter().zip(samples) {
        let ours = cases.iter().position(|other| other.name == case.ours);
        let ours = ours
            .filter(|_| case.ours != case.name)
            .and_then(|index| samples.get(index));
        let ratio = |pick: fn(&Sample) -> f64| {
            let pairs = ours.into_iter().flatten().zip(of_case);
            Spread::of(pairs.map(|(ours, peer)| pick(ours) / pick(peer)))
        };
        let events = ratio(|sample| sample.events_per_second);
        let bytes = ratio(|sample| sample.bytes_per_second);
        let median = |pick: fn(&Sample) -> f64| {
            Spread::of(of_case.iter().map(pick)).map_or(f64::NAN, |spread| spread.median)
        };
        let shown =
            |ratio: Option<f64>| ratio.map_or_else(|| "–".to_owned(), |r| format!("{r:.2}"));
        let allocations = median(|sample| sample.allocations_per_event);
        table.push(vec![
            case.name.to_owned(),
            grouped(median(|sample| sample.events_per_second)),
            format!("{:.1}", median(|sample| sample.bytes_per_second) / 1e6),
            shown(events.map(|ratio| ratio.min)),
            shown(events.map(|ratio| ratio.median)),
            shown(events.map(|ratio| ratio.max)),
            shown(bytes.map(|ratio| ratio.median)),
            format!("{allocations:.3}"),
        ]);
        let goal = match threads {
            1 => case.goal.one_thread,
            4 => case.goal.four_threads,
            _ => None,
        };
        let name = case.name;
        for (what, reached, goal) in [("events", events, goal), ("bytes", bytes, case.goal.bytes)] {
            let goal = goal.map(|goal| goal * part);
            if let (Some(Spread { median, .. }), Some(goal)) = (reached, goal) {
                verdicts.push(Verdict {
                    is_reached: median >= goal,
                    text: format!(
                        "{threads} thread(s), {what} a second over {name}: {median:.2}, at least {goal:.2}"
                    ),
                });
            }
        }
        if case.ours == name {
            verdicts.push(Verdict {
                is_reached: allocations <= MOST_ALLOCATIONS,
                text: format!(
                    "{threads} thread(s), {name}, allocations an event: {allocations:.4}, at most {MOST_ALLOCATIONS}"
                ),
            });
        }
    }
    Report { table, verdicts }
}

/// Returns one row for each case: instructions of one event, or of one span, on the thread that logs.
pub(crate) fn instructions(cases: &[Case], counts: &[f64]) -> Report {
    let mut table = Table::new(&["case", "instructions", "peer/ours"]);
    let mut verdicts = Vec::new();
    for (case, count) in cases.iter().zip(counts) {
        let ours = cases.iter().position(|other| other.name == case.ours);
        let ours = ours
            .filter(|_| case.ours != case.name)
            .and_then(|index| counts.get(index));
        let ratio = ours.map_or_else(|| "–".to_owned(), |ours| format!("{:.2}", count / ours));
        table.push(vec![case.name.to_owned(), grouped(*count), ratio]);
        let name = case.name;
        if let (Some(goal), Some(ours)) = (case.goal.instructions_ratio, ours) {
            verdicts.push(Verdict {
                is_reached: count / ours >= goal,
                text: format!(
                    "instructions of {name} over ours: {:.2}, at least {goal}",
                    count / ours
                ),
            });
        }
        if let Some(goal) = case.goal.instructions {
            verdicts.push(Verdict {
                is_reached: *count <= goal,
                text: format!("instructions of {name}: {count:.0}, at most {goal}"),
            });
        }
    }
    Report { table, verdicts }
}
