//! Sparklines: a ring of samples for each number, drawn as the points of one SVG path.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::words;

/// The drawing's own units; the page stretches them.
const WIDTH: f64 = 100.0;
const HEIGHT: f64 = 24.0;

/// Room above and below the line, so that its stroke is not cut.
const MARGIN: f64 = 2.0;

/// What was read off a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reading {
    Counter(f64),
    Gauge(f64),
    Ratio { part: f64, whole: f64 },
}

/// The last samples of one number, as many as there is room for.
#[derive(Clone, Debug)]
pub(super) struct Trend {
    samples: VecDeque<Option<f64>>,
    capacity: usize,
    last: Option<Reading>,
}

/// A sparkline as the page draws it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Spark {
    /// The line, as the `d` of a path; a gap begins a new piece.
    pub(super) line: String,
    /// What lies below the line, in the same form.
    pub(super) area: String,
    /// The same in words.
    pub(super) words: String,
}

impl Trend {
    /// `capacity` is two at the least.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            samples: VecDeque::with_capacity(capacity),
            capacity,
            last: None,
        }
    }

    /// Takes a sample, `elapsed` after the one before it.
    pub(super) fn push(&mut self, reading: Option<Reading>, elapsed: Duration) {
        let value = reading.and_then(|now| value(self.last, now, elapsed));
        if self.samples.len() >= self.capacity {
            self.samples.pop_front();
        }
        self.samples
            .push_back(value.filter(|value| value.is_finite()));
        self.last = reading;
    }

    /// Draws it; `span` is the time that a full ring covers.
    pub(super) fn draw(&self, unit: &str, span: Duration) -> Spark {
        let known = || self.samples.iter().flatten().copied();
        let low = known().fold(f64::INFINITY, f64::min);
        let high = known().fold(f64::NEG_INFINITY, f64::max);
        let span = words::span(span);
        if low > high {
            let words = format!("No samples in the last {span}");
            return Spark {
                words,
                ..Spark::default()
            };
        }
        let now = self.samples.back().copied().flatten();
        let now = now.map_or_else(|| "unknown".to_owned(), words::number);
        let words = format!(
            "Last {span}: {} to {} {unit}, now {now}",
            words::number(low),
            words::number(high)
        );
        // Amounts that are never negative are drawn over zero, so that small noise looks small.
        let scale = Scale::new(low.min(0.0), high);
        let (line, area) = self.paths(scale);
        Spark { line, area, words }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a ring has a few hundred samples"
    )]
    fn paths(&self, scale: Scale) -> (String, String) {
        let step = WIDTH / (self.capacity.max(2) - 1) as f64;
        // The newest sample is at the right end, whether the ring is full or not.
        let start = self.capacity - self.samples.len();
        let (mut line, mut area) = (String::new(), String::new());
        let mut piece: Option<(f64, f64)> = None;
        for (index, sample) in self.samples.iter().enumerate() {
            let x = (start + index) as f64 * step;
            match (sample, piece) {
                (Some(value), None) => {
                    let y = scale.place(*value);
                    // A piece of one sample has a length of nothing, which round ends show as a dot.
                    draw(&mut line, format_args!("M{x:.1} {y:.1}h0"));
                    draw(&mut area, format_args!("M{x:.1} {HEIGHT}V{y:.1}"));
                    piece = Some((x, x));
                }
                (Some(value), Some((first, _))) => {
                    let y = scale.place(*value);
                    draw(&mut line, format_args!("L{x:.1} {y:.1}"));
                    draw(&mut area, format_args!("L{x:.1} {y:.1}"));
                    piece = Some((first, x));
                }
                (None, Some((_, last))) => {
                    draw(&mut area, format_args!("L{last:.1} {HEIGHT}Z"));
                    piece = None;
                }
                (None, None) => {}
            }
        }
        if let Some((_, last)) = piece {
            draw(&mut area, format_args!("L{last:.1} {HEIGHT}Z"));
        }
        (line, area)
    }
}

/// What a reading says, given the one before it.
fn value(before: Option<Reading>, now: Reading, elapsed: Duration) -> Option<f64> {
    match (now, before) {
        (Reading::Gauge(value), _) => Some(value),
        (Reading::Counter(total), Some(Reading::Counter(before))) => {
            (total >= before).then(|| (total - before) / elapsed.as_secs_f64())
        }
        (Reading::Ratio { part, whole }, Some(Reading::Ratio { part: p, whole: w })) => {
            (part >= p && whole > w).then(|| (part - p) / (whole - w))
        }
        (Reading::Counter(_) | Reading::Ratio { .. }, _) => None,
    }
}

/// From values to heights.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    fn place(self, value: f64) -> f64 {
        let range = self.high - self.low;
        let share = if range > 0.0 {
            // Halves, because the range of two finite numbers may be infinite.
            ((value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)).clamp(0.0, 1.0)
        } else {
            0.0
        };
        HEIGHT - MARGIN - share * (HEIGHT - 2.0 * MARGIN)
    }
}

fn draw(path: &mut String, step: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = path.write_fmt(step);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const TWO: Duration = Duration::from_secs(2);

    fn samples(readings: &[Option<Reading>]) -> Vec<Option<f64>> {
        let mut trend = Trend::new(10);
        for reading in readings {
            trend.push(*reading, TWO);
        }
        trend.samples.into()
    }

    #[test]
    fn a_counter_is_its_growth_in_a_second_and_a_reset_is_a_gap() {
        let counter = |total| Some(Reading::Counter(total));
        assert_eq!(
            samples(&[counter(10.0), counter(14.0), counter(3.0), counter(3.0)]),
            [None, Some(2.0), None, Some(0.0)]
        );
    }

    #[test]
    fn a_ratio_of_nothing_is_a_gap() {
        let ratio = |part, whole| Some(Reading::Ratio { part, whole });
        assert_eq!(
            samples(&[ratio(1.0, 1.0), ratio(4.0, 3.0), ratio(4.0, 3.0), None]),
            [None, Some(1.5), None, None]
        );
    }

    #[test]
    fn what_is_not_finite_is_a_gap() {
        let gauge = |value| Some(Reading::Gauge(value));
        let found = samples(&[gauge(f64::NAN), gauge(-1.0), gauge(f64::INFINITY)]);
        assert_eq!(found, [None, Some(-1.0), None]);
        // No time between two samples is no rate.
        let mut trend = Trend::new(3);
        trend.push(Some(Reading::Counter(1.0)), SECOND);
        trend.push(Some(Reading::Counter(2.0)), Duration::ZERO);
        assert_eq!(trend.samples, [None, None]);
    }

    #[test]
    fn the_oldest_samples_go() {
        let mut trend = Trend::new(3);
        for value in 0..10 {
            trend.push(Some(Reading::Gauge(f64::from(value))), SECOND);
        }
        assert_eq!(trend.samples, [Some(7.0), Some(8.0), Some(9.0)]);
        assert_eq!(trend.samples.capacity(), 3);
    }

    #[test]
    fn gaps_part_the_line_and_the_newest_is_at_the_right() {
        let mut trend = Trend::new(5);
        for value in [Some(0.0), None, Some(10.0), Some(5.0)] {
            trend.push(value.map(Reading::Gauge), SECOND);
        }
        let spark = trend.draw("ms", Duration::from_secs(5));
        assert_eq!(spark.line, "M25.0 22.0h0M75.0 2.0h0L100.0 12.0");
        assert_eq!(
            spark.area,
            "M25.0 24V22.0L25.0 24ZM75.0 24V2.0L100.0 12.0L100.0 24Z"
        );
        assert_eq!(spark.words, "Last 5 s: 0 to 10 ms, now 5");
    }

    #[test]
    fn extremes_stay_inside_the_drawing() {
        let mut trend = Trend::new(4);
        for value in [f64::MAX, f64::MIN, 0.0, f64::MIN_POSITIVE] {
            trend.push(Some(Reading::Gauge(value)), SECOND);
        }
        let spark = trend.draw("", SECOND);
        assert_eq!(spark.line, "M0.0 2.0h0L33.3 22.0L66.7 12.0L100.0 12.0");
    }

    #[test]
    fn nothing_known_is_said() {
        let mut trend = Trend::new(3);
        trend.push(None, SECOND);
        let spark = trend.draw("ms", Duration::from_secs(60));
        assert_eq!(
            (spark.line.as_str(), spark.words.as_str()),
            ("", "No samples in the last 1 min")
        );
    }
}
