//! Operators between numbers and series, and which series belong together.

use std::collections::{HashMap, HashSet};

use watchkeep_metrics::SeriesLabels;

use super::{EvaluationError, Sample, Samples, Value, check_distinct, nameless};
use crate::expression::{Binary, Matching, Operator};

pub(super) fn apply(binary: &Binary, left: Value, right: Value) -> Result<Value, EvaluationError> {
    match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => Ok(Value::Scalar(
            match calculate(binary.operator, left, right) {
                Outcome::Value(value) => value,
                Outcome::Holds(holds) => f64::from(u8::from(holds)),
            },
        )),
        (Value::Vector(left), Value::Scalar(right)) => {
            with_scalar(binary, left, |value| (value, right))
        }
        (Value::Scalar(left), Value::Vector(right)) => {
            with_scalar(binary, right, |value| (left, value))
        }
        (Value::Vector(left), Value::Vector(right)) if binary.operator.is_set() => {
            let found = set(binary, left, right);
            check_distinct(&found)?;
            Ok(Value::Vector(found))
        }
        (Value::Vector(left), Value::Vector(right)) => {
            let found = one_to_one(binary, left, &right)?;
            check_distinct(&found)?;
            Ok(Value::Vector(found))
        }
    }
}

enum Outcome {
    /// A comparison, and whether it holds.
    Holds(bool),
    Value(f64),
}

fn calculate(operator: Operator, left: f64, right: f64) -> Outcome {
    match operator {
        Operator::Add => Outcome::Value(left + right),
        Operator::Divide => Outcome::Value(left / right),
        Operator::Multiply => Outcome::Value(left * right),
        Operator::Power => Outcome::Value(left.powf(right)),
        Operator::Remainder => Outcome::Value(left % right),
        Operator::Subtract => Outcome::Value(left - right),
        Operator::Equal => Outcome::Holds(left == right),
        Operator::Greater => Outcome::Holds(left > right),
        Operator::GreaterOrEqual => Outcome::Holds(left >= right),
        Operator::Less => Outcome::Holds(left < right),
        Operator::LessOrEqual => Outcome::Holds(left <= right),
        Operator::NotEqual => Outcome::Holds(left != right),
        // Sets are about series and not values; they do not come here.
        Operator::And | Operator::Or | Operator::Unless => Outcome::Value(left),
    }
}

/// What becomes of a series' value: another one, its own where a comparison holds, or nothing.
fn outcome(binary: &Binary, left: f64, right: f64, own: f64) -> Option<f64> {
    match calculate(binary.operator, left, right) {
        Outcome::Value(value) => Some(value),
        Outcome::Holds(holds) if binary.is_bool => Some(f64::from(u8::from(holds))),
        Outcome::Holds(true) => Some(own),
        Outcome::Holds(false) => None,
    }
}

/// Whether the result is still the series that it came from.
const fn keeps_name(binary: &Binary) -> bool {
    binary.operator.is_comparison() && !binary.is_bool
}

fn with_scalar(
    binary: &Binary,
    samples: Samples,
    sides: impl Fn(f64) -> (f64, f64),
) -> Result<Value, EvaluationError> {
    let samples = samples.into_iter().filter_map(|sample| {
        let (left, right) = sides(sample.value);
        let value = outcome(binary, left, right, sample.value)?;
        Some(Sample { value, ..sample })
    });
    let samples: Samples = samples.collect();
    if keeps_name(binary) {
        return Ok(Value::Vector(samples));
    }
    nameless(samples, |value| value)
}

/// What two series have to have in common.
fn group(matching: &Matching, labels: &SeriesLabels) -> SeriesLabels {
    match matching {
        Matching::Ignoring(ignored) => labels
            .filtered(|name| name != "__name__" && !ignored.iter().any(|ignored| ignored == name)),
        Matching::On(on) => labels.filtered(|name| on.iter().any(|on| on == name)),
    }
}

fn one_to_one(
    binary: &Binary,
    left: Samples,
    right: &[Sample],
) -> Result<Samples, EvaluationError> {
    if left.is_empty() || right.is_empty() {
        return Ok(Vec::new());
    }
    let mut others: HashMap<SeriesLabels, f64> = HashMap::with_capacity(right.len());
    for sample in right {
        let group = group(&binary.matching, &sample.labels);
        if others.insert(group.clone(), sample.value).is_some() {
            return Err(EvaluationError::ManyToOne {
                side: "right",
                group,
            });
        }
    }
    let mut matched: HashSet<SeriesLabels> = HashSet::new();
    let mut found = Vec::with_capacity(left.len());
    for sample in left {
        let group = group(&binary.matching, &sample.labels);
        let Some(other) = others.get(&group) else {
            continue;
        };
        let Some(value) = outcome(binary, sample.value, *other, sample.value) else {
            continue;
        };
        let labels = result_labels(binary, &sample.labels);
        if !matched.insert(group.clone()) {
            return Err(EvaluationError::ManyToOne {
                side: "left",
                group,
            });
        }
        found.push(Sample::new(labels, value));
    }
    Ok(found)
}

fn result_labels(binary: &Binary, labels: &SeriesLabels) -> SeriesLabels {
    let keeps_name = keeps_name(binary);
    labels.filtered(|name| {
        if name == "__name__" && !keeps_name {
            return false;
        }
        match &binary.matching {
            Matching::Ignoring(ignored) => !ignored.iter().any(|ignored| ignored == name),
            Matching::On(on) => on.iter().any(|on| on == name),
        }
    })
}

fn set(binary: &Binary, left: Samples, right: Samples) -> Samples {
    let groups = |samples: &[Sample]| -> HashSet<SeriesLabels> {
        let groups = samples
            .iter()
            .map(|sample| group(&binary.matching, &sample.labels));
        groups.collect()
    };
    match binary.operator {
        Operator::Or => {
            let known = groups(&left);
            let more = right
                .into_iter()
                .filter(|sample| !known.contains(&group(&binary.matching, &sample.labels)));
            left.into_iter().chain(more).collect()
        }
        operator => {
            let others = groups(&right);
            let wanted = operator == Operator::And;
            left.into_iter()
                .filter(|sample| {
                    others.contains(&group(&binary.matching, &sample.labels)) == wanted
                })
                .collect()
        }
    }
}
