//! One number out of the samples of a window.

use super::{Point, Semantics, quantile};
use crate::expression::Function;

/// The value of a `*_over_time` function; there is at least one sample.
pub(super) fn of(
    function: Function,
    parameter: f64,
    points: &[Point],
    semantics: Semantics,
) -> Option<f64> {
    let values = || points.iter().map(|(_, value)| *value);
    Some(match function {
        Function::AvgOverTime => average(values(), semantics),
        Function::CountOverTime => count(points.len()),
        Function::LastOverTime => values().next_back()?,
        Function::MaxOverTime => extreme(values(), |value, most| value > most),
        Function::MinOverTime => extreme(values(), |value, least| value < least),
        Function::QuantileOverTime => quantile::of_values(parameter, values().collect()),
        Function::StddevOverTime => variance(values()).sqrt(),
        Function::StdvarOverTime => variance(values()),
        Function::SumOverTime => {
            let mut sum = Sum::default();
            values().for_each(|value| sum.add(value));
            sum.value()
        }
        // `present_over_time` and `absent_over_time`: there are samples.
        _ => 1.0,
    })
}

/// A sum that carries what rounding takes away (Neumaier's form of Kahan's sum).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(super) const fn new(sum: f64, lost: f64) -> Self {
        Self { sum, lost }
    }

    pub(super) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        if sum.is_infinite() {
            self.lost = 0.0;
        } else if self.sum.abs() >= value.abs() {
            self.lost += (self.sum - sum) + value;
        } else {
            self.lost += (value - sum) + self.sum;
        }
        self.sum = sum;
    }

    pub(super) fn value(self) -> f64 {
        if self.sum.is_infinite() {
            return self.sum;
        }
        self.sum + self.lost
    }
}

/// The largest or smallest; a number beats what is none.
pub(super) fn extreme(
    values: impl Iterator<Item = f64>,
    is_better: impl Fn(f64, f64) -> bool,
) -> f64 {
    values
        .reduce(|best, value| {
            if is_better(value, best) || best.is_nan() {
                value
            } else {
                best
            }
        })
        .unwrap_or(f64::NAN)
}

/// The mean; how it is added up differs between the two, in the last digits.
pub(super) fn average(values: impl Iterator<Item = f64>, semantics: Semantics) -> f64 {
    match semantics {
        Semantics::Prometheus2 => moving_average(values),
        Semantics::Prometheus3 => sum_by_count(values),
    }
}

fn moving_average(values: impl Iterator<Item = f64>) -> f64 {
    let mut mean = Sum::default();
    for (position, value) in values.enumerate() {
        let count = count(position + 1);
        if mean.sum.is_infinite() {
            let stays = value.is_infinite() && (mean.sum > 0.0) == (value > 0.0);
            if stays || value.is_finite() {
                continue;
            }
        }
        let step = value / count - mean.sum / count;
        mean.add(step);
    }
    mean.value()
}

fn sum_by_count(values: impl Iterator<Item = f64>) -> f64 {
    let mut mean = Mean::default();
    values.for_each(|value| mean.add(value));
    mean.value()
}

/// The sum by the count, or, when the sum would be too large, a mean that moves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mean {
    sum: Sum,
    moving: Option<Sum>,
    counted: usize,
}

impl Mean {
    pub(super) fn add(&mut self, value: f64) {
        self.counted += 1;
        let by = count(self.counted);
        if self.moving.is_none() {
            let mut next = self.sum;
            next.add(value);
            if !next.sum.is_infinite() || self.counted == 1 {
                self.sum = next;
                return;
            }
            let before = by - 1.0;
            self.moving = Some(Sum::new(self.sum.sum / before, self.sum.lost / before));
        }
        if let Some(moving) = &mut self.moving {
            let share = (by - 1.0) / by;
            *moving = Sum::new(moving.sum * share, moving.lost * share);
            moving.add(value / by);
        }
    }

    pub(super) fn value(self) -> f64 {
        match self.moving {
            Some(moving) => moving.value(),
            None if self.sum.sum.is_infinite() => self.sum.sum,
            None => self.sum.sum / count(self.counted) + self.sum.lost / count(self.counted),
        }
    }
}

/// How far values are from their mean, squared (Welford's way).
fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let mut mean = Sum::default();
    let mut squares = Sum::default();
    let mut counted = 0;
    for value in values {
        counted += 1;
        let distance = value - (mean.sum + mean.lost);
        mean.add(distance / count(counted));
        squares.add(distance * (value - (mean.sum + mean.lost)));
    }
    (squares.sum + squares.lost) / count(counted)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "samples of a window are far below 2^53"
)]
pub(super) const fn count(number: usize) -> f64 {
    number as f64
}
