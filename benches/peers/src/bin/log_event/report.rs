//! What is told of the samples, and whether the goals are reached.

use peers::{Spread, Table};

use crate::cases::Case;
use crate::here::Sample;

/// A table, and the goals that were missed.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) table: Table,
    pub(crate) missed: Vec<String>,
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
    let mut missed = Vec::new();
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
        let goal = if threads == 1 {
            case.goal.one_thread
        } else {
            case.goal.four_threads
        };
        for (what, reached, goal) in [
            ("events a second", events, goal),
            ("bytes a second", bytes, case.goal.bytes),
        ] {
            let goal = goal.map(|goal| goal * part);
            if let (Some(reached), Some(goal)) = (reached, goal)
                && reached.median < goal
            {
                let reached = reached.median;
                let name = case.name;
                missed.push(format!(
                    "{what} {reached:.2} times {name}, {goal} wanted, {threads} thread(s)"
                ));
            }
        }
        if case.ours == case.name && allocations > 0.001 {
            missed.push(format!(
                "{}: {allocations:.3} allocations an event",
                case.name
            ));
        }
    }
    Report { table, missed }
}

/// Returns one row for each case: instructions of one event, or of one span, on the thread that logs.
pub(crate) fn instructions(cases: &[Case], counts: &[f64]) -> Report {
    let mut table = Table::new(&["case", "instructions", "peer/ours"]);
    let mut missed = Vec::new();
    for (case, count) in cases.iter().zip(counts) {
        let ours = cases.iter().position(|other| other.name == case.ours);
        let ours = ours
            .filter(|_| case.ours != case.name)
            .and_then(|index| counts.get(index));
        let ratio = ours.map_or_else(|| "–".to_owned(), |ours| format!("{:.2}", count / ours));
        table.push(vec![case.name.to_owned(), grouped(*count), ratio]);
        if let (Some(goal), Some(ours)) = (case.goal.instructions_ratio, ours)
            && count / ours < goal
        {
            missed.push(format!(
                "{}: {count:.1} instructions, ours {ours:.1}",
                case.name
            ));
        }
        if let Some(goal) = case.goal.instructions
            && *count > goal
        {
            missed.push(format!(
                "{}: {count:.0} instructions, at most {goal} wanted",
                case.name
            ));
        }
    }
    Report { table, missed }
}

/// Writes a number with a comma between thousands.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
