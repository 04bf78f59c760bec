//! The lines of samples, which are what a rendering spends its time on.

use std::io::Write as _;

use crate::buckets::HistogramCell;
use crate::cell::{CounterCell, GaugeCell};
use crate::exemplar::Exemplar;
use crate::exposition::put;
use crate::number::{write_integer, write_value};
use crate::series::Series;
use crate::{Format, Timestamp};

/// How the samples of one family are written.
pub(crate) struct Samples<'a> {
    /// Without the suffixes of histograms.
    pub(crate) name: &'a str,
    /// In the family's `TYPE`.
    pub(crate) family: &'a str,
    pub(crate) format: Format,
    pub(crate) has_created: bool,
}

impl Samples<'_> {
    pub(crate) fn counter(&self, series: &Series<CounterCell>, out: &mut Vec<u8>) {
        self.write_name("", series, out);
        let cell = &series.cell;
        if cell.fraction() == 0.0 {
            write_integer(cell.whole(), out);
        } else {
            write_value(cell.value(), out);
        }
        out.push(b'\n');
        self.write_created(series, out);
    }

    pub(crate) fn gauge(&self, series: &Series<GaugeCell>, out: &mut Vec<u8>) {
        self.write_name("", series, out);
        write_value(series.cell.value(), out);
        out.push(b'\n');
    }

    /// Writes cumulative buckets; the count is what they add up to, so it always equals the last of them.
    pub(crate) fn histogram(&self, series: &Series<HistogramCell>, out: &mut Vec<u8>) {
        let (labels, cell) = (series.labels().text(), &series.cell);
        let comma = if labels.is_empty() { "" } else { "," };
        let start = out.len();
        put(out, &[self.name, "_bucket{", labels, comma]);
        let end = out.len();
        let bounds = cell.bounds().texts.iter();
        let mut count = 0;
        for (at, (bound, bucket)) in bounds.zip(cell.buckets()).enumerate() {
            if at > 0 {
                out.extend_from_within(start..end);
            }
            count += bucket;
            out.extend_from_slice(bound.as_bytes());
            write_integer(count, out);
            if self.format == Format::OpenMetrics
                && let Some(exemplar) = cell.take_exemplar(at)
            {
                write_exemplar(&exemplar, out);
            }
            out.push(b'\n');
        }
        let sum = cell.sum();
        if self.format == Format::Prometheus || is_counter(cell, sum) {
            self.write_name("_sum", series, out);
            write_value(sum, out);
            out.push(b'\n');
        }
        self.write_name("_count", series, out);
        write_integer(count, out);
        out.push(b'\n');
        self.write_created(series, out);
    }

    fn write_name<C>(&self, suffix: &str, series: &Series<C>, out: &mut Vec<u8>) {
        write_name(self.name, suffix, series.labels().text(), out);
    }

    fn write_created<C>(&self, series: &Series<C>, out: &mut Vec<u8>) {
        if let Some(created) = series.created()
            && self.has_created
        {
            write_name(self.family, "_created", series.labels().text(), out);
            write_seconds(created, out);
            out.push(b'\n');
        }
    }
}

/// In OpenMetrics a sum only goes up: there is none where observations may be negative, nor where they were.
fn is_counter(cell: &HistogramCell, sum: f64) -> bool {
    let lowest = cell.bounds().values.first();
    sum >= 0.0 && lowest.is_none_or(|bound| *bound >= 0.0)
}

fn write_name(name: &str, suffix: &str, labels: &str, out: &mut Vec<u8>) {
    put(out, &[name, suffix]);
    if labels.is_empty() {
        out.push(b' ');
    } else {
        put(out, &["{", labels, "} "]);
    }
}

fn write_exemplar(exemplar: &Exemplar, out: &mut Vec<u8>) {
    write!(out, " # {{trace_id=\"{}\"}} ", exemplar.trace).expect("a Vec takes every write");
    write_value(exemplar.value, out);
    out.push(b' ');
    write_seconds(exemplar.at, out);
}

/// Writes a time as seconds since the epoch.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of thousands of years are exact in an f64"
)]
fn write_seconds(at: Timestamp, out: &mut Vec<u8>) {
    write_value(at.as_millis() as f64 / 1_000.0, out);
}
