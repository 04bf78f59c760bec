//! What is told of the samples.

use peers::{Spread, Table, grouped};

use crate::cases::{Case, OURS};
use crate::load::Sample;

/// Returns one row for each case: medians, and how ours compares with it in the same round.
pub(crate) fn table(cases: &[Case], samples: &[Vec<Sample>]) -> Table {
    let mut table = Table::new(&[
        "case",
        "lines/s",
        "MB/s",
        "ours/peer min",
        "median",
        "max",
        "allocs/line",
    ]);
    let ours = cases.iter().position(|case| case.name == OURS);
    let ours = ours.and_then(|index| samples.get(index));
    for (case, samples) in cases.iter().zip(samples) {
        let ratios = ours.filter(|_| case.name != OURS).into_iter().flatten();
        let ratios = ratios.zip(samples);
        let ratio = Spread::of(ratios.map(|(a, b)| a.lines_per_second / b.lines_per_second));
        let ratio = |pick: fn(Spread) -> f64| {
            ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{:.2}", pick(ratio)))
        };
        let median = |pick: fn(&Sample) -> f64| {
            Spread::of(samples.iter().map(pick)).map_or(f64::NAN, |spread| spread.median)
        };
        table.push(vec![
            case.name.to_owned(),
            grouped(median(|sample| sample.lines_per_second)),
            format!("{:.1}", median(|sample| sample.bytes_per_second) / 1e6),
            ratio(|ratio| ratio.min),
            ratio(|ratio| ratio.median),
            ratio(|ratio| ratio.max),
            format!("{:.2}", median(|sample| sample.allocations_per_line)),
        ]);
    }
    table
}
