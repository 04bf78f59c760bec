//! The value of an expression at a moment, from the history, within a budget.

mod aggregate;
mod binary;
mod limits;
mod over_time;
mod quantile;
mod rate;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use watchkeep_metrics::{Selection, SeriesHistory, SeriesLabels, Timestamp, is_stale};

pub use limits::{Budget, EvaluationError, Semantics};

use crate::expression::{Expression, Function, LOOKBACK, Node, Selector};

/// One series of a result.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// What it is.
    pub labels: SeriesLabels,
    /// Its value.
    pub value: f64,
}

pub(crate) type Samples = Vec<Sample>;

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Scalar(f64),
    Vector(Samples),
}

/// An expression whose selectors are watched by a history.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    expression: Expression,
    /// In the order of evaluation.
    leaves: Vec<Selection>,
}

/// The selectors that a history watches already, by their text.
pub(crate) type Watched = HashMap<String, Selection>;

/// Tells how much time has passed since some fixed moment.
pub(crate) type Clock<'a> = &'a dyn Fn() -> Duration;

// === impl Sample ===

impl Sample {
    pub(crate) const fn new(labels: SeriesLabels, value: f64) -> Self {
        Self { labels, value }
    }
}

// === impl Query ===

impl Query {
    /// Lets a history keep what the expression reads.
    pub(crate) fn bind(
        expression: Expression,
        history: &mut SeriesHistory,
        watched: &mut Watched,
    ) -> Self {
        let mut leaves = Vec::new();
        expression.0.leaves(&mut |selector, _| {
            let now = Selector {
                offset: Duration::ZERO,
                ..selector.clone()
            };
            let selection = watched.entry(now.to_string()).or_insert_with(|| {
                let matchers = now.matchers;
                history.watch(now.name.as_deref(), move |labels| {
                    matchers.iter().all(|matcher| matcher.accepts(labels))
                })
            });
            leaves.push(*selection);
        });
        Self { expression, leaves }
    }

    pub(crate) const fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Evaluates at a moment; a number becomes one series without labels, as in a rule.
    pub(crate) fn evaluate(
        &self,
        history: &SeriesHistory,
        now: Timestamp,
        semantics: Semantics,
        budget: Budget,
        clock: Clock<'_>,
    ) -> Result<Samples, EvaluationError> {
        let mut evaluation = Evaluation {
            history,
            leaves: self.leaves.iter(),
            now,
            semantics,
            budget,
            left: budget,
            clock,
            deadline: clock().saturating_add(budget.time),
            buffer: Vec::new(),
        };
        match evaluation.node(&self.expression.0)? {
            Value::Scalar(value) => Ok(vec![Sample::new(SeriesLabels::default(), value)]),
            Value::Vector(samples) => Ok(samples),
        }
    }
}

/// One evaluation that is under way.
struct Evaluation<'a> {
    history: &'a SeriesHistory,
    leaves: std::slice::Iter<'a, Selection>,
    now: Timestamp,
    semantics: Semantics,
    budget: Budget,
    left: Budget,
    clock: Clock<'a>,
    deadline: Duration,
    /// The samples of the series that is read just now.
    buffer: Vec<Point>,
}

/// A moment in milliseconds, and a value.
pub(crate) type Point = (i64, f64);

impl Evaluation<'_> {
    fn node(&mut self, node: &Node) -> Result<Value, EvaluationError> {
        match node {
            Node::Aggregate {
                aggregation,
                grouping,
                of,
            } => {
                let of = self.vector(of)?;
                let grouped = aggregate::aggregate(*aggregation, grouping, of, self.semantics);
                Ok(Value::Vector(grouped))
            }
            Node::Binary(binary) => {
                let left = self.node(&binary.left)?;
                let right = self.node(&binary.right)?;
                self.check_time()?;
                binary::apply(binary, left, right)
            }
            Node::Call {
                function,
                arguments,
            } => self.call(*function, arguments),
            Node::Negative(of) => match self.node(of)? {
                Value::Scalar(value) => Ok(Value::Scalar(-value)),
                Value::Vector(samples) => nameless(samples, |value| -value),
            },
            Node::Number(value) => Ok(Value::Scalar(*value)),
            // The parser lets a range stand only where a function takes it.
            Node::Range(..) => Ok(Value::Vector(Vec::new())),
            Node::Selector(selector) => self.latest(selector).map(Value::Vector),
        }
    }

    fn vector(&mut self, node: &Node) -> Result<Samples, EvaluationError> {
        Ok(match self.node(node)? {
            Value::Scalar(value) => vec![Sample::new(SeriesLabels::default(), value)],
            Value::Vector(samples) => samples,
        })
    }

    fn scalar(&mut self, node: Option<&Node>) -> Result<f64, EvaluationError> {
        Ok(match node.map(|node| self.node(node)).transpose()? {
            Some(Value::Scalar(value)) => value,
            Some(Value::Vector(_)) | None => f64::NAN,
        })
    }

    fn call(&mut self, function: Function, arguments: &[Node]) -> Result<Value, EvaluationError> {
        let first = arguments.first();
        if let Some(Node::Range(selector, window)) = arguments.last() {
            // Only a quantile has something before its range.
            let parameter = match function {
                Function::QuantileOverTime => self.scalar(first)?,
                _ => f64::NAN,
            };
            return self.over_time(function, parameter, selector, *window);
        }
        let scalar = |value| Ok(Value::Scalar(value));
        match function {
            Function::Time => scalar(seconds(self.now)),
            Function::HistogramQuantile => {
                let q = self.scalar(first)?;
                let buckets = match arguments.get(1) {
                    Some(buckets) => self.vector(buckets)?,
                    None => Vec::new(),
                };
                quantile::histogram(q, buckets, self.semantics).map(Value::Vector)
            }
            Function::Vector => {
                let value = self.scalar(first)?;
                Ok(Value::Vector(vec![Sample::new(
                    SeriesLabels::default(),
                    value,
                )]))
            }
            _ => {
                let Some(node) = first else {
                    return Ok(Value::Vector(Vec::new()));
                };
                let samples = self.vector(node)?;
                self.of_vector(function, node, samples, &arguments[1..])
            }
        }
    }

    fn of_vector(
        &mut self,
        function: Function,
        node: &Node,
        samples: Samples,
        parameters: &[Node],
    ) -> Result<Value, EvaluationError> {
        match function {
            Function::Absent => Ok(Value::Vector(absent(samples.is_empty(), node))),
            Function::Scalar => Ok(Value::Scalar(match samples.as_slice() {
                [only] => only.value,
                _ => f64::NAN,
            })),
            Function::Clamp => {
                let least = self.scalar(parameters.first())?;
                let most = self.scalar(parameters.get(1))?;
                if most < least {
                    return Ok(Value::Vector(Vec::new()));
                }
                nameless(samples, |value| larger(least, smaller(most, value)))
            }
            Function::ClampMax => {
                let most = self.scalar(parameters.first())?;
                nameless(samples, |value| smaller(most, value))
            }
            Function::ClampMin => {
                let least = self.scalar(parameters.first())?;
                nameless(samples, |value| larger(least, value))
            }
            _ => nameless(samples, f64::abs),
        }
    }

    /// The newest sample of each series, unless it is over five minutes old or the series has ended.
    fn latest(&mut self, selector: &Selector) -> Result<Samples, EvaluationError> {
        let (selection, rows) = self.leaf(selector, LOOKBACK);
        let history = self.history;
        let series = history.selected(selection);
        self.charge_series(series.len())?;
        let newest = series.filter_map(|series| {
            let (_, value) = series.within(rows).next_back()?;
            (!is_stale(value)).then(|| Sample::new(series.labels().clone(), value))
        });
        Ok(newest.collect())
    }

    fn over_time(
        &mut self,
        function: Function,
        parameter: f64,
        selector: &Selector,
        window: Duration,
    ) -> Result<Value, EvaluationError> {
        let (selection, rows) = self.leaf(selector, window);
        let history = self.history;
        let series = history.selected(selection);
        self.charge_series(series.len())?;
        let range = rate::Range::new(self.now.saturating_before(selector.offset), window);
        let mut samples = Vec::new();
        for (position, series) in series.enumerate() {
            if position.is_multiple_of(256) {
                self.check_time()?;
            }
            self.buffer.clear();
            let within = series.within(rows).filter(|(_, value)| !is_stale(*value));
            self.buffer
                .extend(within.map(|(at, value)| (at.as_millis(), value)));
            self.charge_samples()?;
            if self.buffer.is_empty() {
                continue;
            }
            let value = match function {
                Function::Delta | Function::Increase | Function::Irate | Function::Rate => {
                    rate::of(function, &self.buffer, &range, self.semantics)
                }
                _ => over_time::of(function, parameter, &self.buffer, self.semantics),
            };
            if let Some(value) = value {
                // Only the last sample is still the series itself.
                let labels = match function {
                    Function::LastOverTime => series.labels(),
                    _ => series.labels_without_name(),
                };
                samples.push(Sample::new(labels.clone(), value));
            }
        }
        if function == Function::AbsentOverTime {
            let node = Node::Selector(selector.clone());
            return Ok(Value::Vector(absent(samples.is_empty(), &node)));
        }
        if selector.name.is_none() {
            check_distinct(&samples)?;
        }
        Ok(Value::Vector(samples))
    }

    /// The series of the next selector, and the rows it reads.
    fn leaf(
        &mut self,
        selector: &Selector,
        window: Duration,
    ) -> (Selection, watchkeep_metrics::Rows) {
        // The tree and its leaves are walked in the same order, so there is one for each.
        let selection = self.leaves.next().copied().unwrap_or(Selection::NONE);
        let end = self.now.saturating_before(selector.offset);
        let start = end.saturating_before(window);
        let start = match self.semantics {
            Semantics::Prometheus2 => start.saturating_before(Duration::from_millis(1)),
            Semantics::Prometheus3 => start,
        };
        (selection, self.history.rows(start, end))
    }

    fn charge_series(&mut self, series: usize) -> Result<(), EvaluationError> {
        self.check_time()?;
        let left = self.left.series.checked_sub(series);
        self.left.series = left.ok_or(EvaluationError::Series(self.budget.series))?;
        Ok(())
    }

    fn charge_samples(&mut self) -> Result<(), EvaluationError> {
        let left = self.left.samples.checked_sub(self.buffer.len());
        self.left.samples = left.ok_or(EvaluationError::Samples(self.budget.samples))?;
        Ok(())
    }

    fn check_time(&self) -> Result<(), EvaluationError> {
        if (self.clock)() > self.deadline {
            return Err(EvaluationError::Time(self.budget.time));
        }
        Ok(())
    }
}

/// One series with what a selector is sure of, where nothing was chosen.
fn absent(is_absent: bool, node: &Node) -> Samples {
    if !is_absent {
        return Vec::new();
    }
    let labels = match node {
        Node::Selector(selector) => selector.known_labels(),
        _ => SeriesLabels::default(),
    };
    vec![Sample::new(labels, 1.0)]
}

/// Changes every value and drops the names, which is an error where two series then are the same.
fn nameless(mut samples: Samples, change: impl Fn(f64) -> f64) -> Result<Value, EvaluationError> {
    let several = samples
        .windows(2)
        .any(|pair| pair[0].labels.name() != pair[1].labels.name());
    for sample in &mut samples {
        sample.value = change(sample.value);
        sample.labels = sample.labels.without_name();
    }
    if several {
        check_distinct(&samples)?;
    }
    Ok(Value::Vector(samples))
}

fn check_distinct(samples: &[Sample]) -> Result<(), EvaluationError> {
    let mut seen = HashSet::with_capacity(samples.len());
    match samples.iter().find(|sample| !seen.insert(&sample.labels)) {
        Some(sample) => Err(EvaluationError::Duplicate(sample.labels.clone())),
        None => Ok(()),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds as PromQL has them, an f64; milliseconds stay exact for 285,000 years"
)]
fn seconds(at: Timestamp) -> f64 {
    at.as_millis() as f64 / 1_000.0
}

/// The larger of two; not a number when one is none, unless the other is +Inf, as in Go.
fn larger(left: f64, right: f64) -> f64 {
    match (left, right) {
        (f64::INFINITY, _) | (_, f64::INFINITY) => f64::INFINITY,
        _ if left.is_nan() || right.is_nan() => f64::NAN,
        _ => left.max(right),
    }
}

/// The smaller of two; not a number when one is none, unless the other is -Inf, as in Go.
fn smaller(left: f64, right: f64) -> f64 {
    match (left, right) {
        (f64::NEG_INFINITY, _) | (_, f64::NEG_INFINITY) => f64::NEG_INFINITY,
        _ if left.is_nan() || right.is_nan() => f64::NAN,
        _ => left.min(right),
    }
}
