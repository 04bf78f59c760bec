//! Unit tests of rules in promtool's file format, run by the engine here.

mod raw;
mod series;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use watchkeep_metrics::{HistoryLimits, SeriesLabels, Timestamp};

use crate::duration::Shown;
use crate::engine::{Engine, EngineBuilder};
use crate::error::Error;
use crate::evaluate::{Budget, EvaluationError, Query, Sample, Samples, Semantics};
use crate::expression::Expression;
use crate::group::Group;
use series::Input;

/// The bounds of a test: as many rows as it has moments.
const LIMITS: HistoryLimits = HistoryLimits {
    series: 100_000,
    rows: usize::MAX,
    values: 20_000_000,
};

/// A file of tests: input series, and what rules and expressions make of them.
///
/// It is promtool's format: `rule_files`, `evaluation_interval`, and `tests` with `interval`, `input_series`, `alert_rule_test` and
/// `promql_expr_test`. As there, every group is evaluated at `evaluation_interval`, from zero on.
///
/// ```
/// use watchkeep_rules::{RuleFile, RuleTests, Semantics};
///
/// let rules = RuleFile::parse("groups: [{name: g, rules: [{alert: Low, expr: 'm < 2'}]}]")?;
/// let tests = RuleTests::parse(r#"
/// tests:
/// - input_series: [{series: m, values: '3 1'}]
///   alert_rule_test:
///   - {eval_time: 1m, alertname: Low, exp_alerts: [{exp_labels: {}}]}
/// "#)?;
/// let outcomes = tests.run(rules.groups(), Semantics::default())?;
/// assert!(outcomes.iter().all(|outcome| outcome.is_expected()));
/// # Ok::<(), watchkeep_rules::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RuleTests {
    rule_files: Vec<String>,
    interval: Duration,
    tests: Vec<Test>,
}

#[derive(Clone, Debug)]
struct Test {
    name: String,
    interval: Duration,
    inputs: Vec<Input>,
    alerts: Vec<AlertTest>,
    expressions: Vec<ExpressionTest>,
}

#[derive(Clone, Debug)]
struct AlertTest {
    at: Duration,
    alertname: String,
    expected: Vec<FiringAlert>,
}

#[derive(Clone, Debug)]
struct ExpressionTest {
    at: Duration,
    expression: Expression,
    expected: Samples,
}

/// An alert that fires: its labels and annotations.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub struct FiringAlert {
    /// The labels, `alertname` among them.
    pub labels: SeriesLabels,
    /// The annotations.
    pub annotations: BTreeMap<String, String>,
}

/// What became of one expectation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The test's name, empty where it has none.
    pub test: String,
    /// The moment, from the beginning of the test.
    pub at: Duration,
    /// What was expected, and what came.
    pub finding: Finding,
}

/// What was expected, and what came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Finding {
    /// Of the alerts of a name.
    Alerts {
        /// The name.
        alertname: String,
        /// What should fire, in order.
        expected: Vec<FiringAlert>,
        /// What fires, in order.
        got: Vec<FiringAlert>,
    },
    /// Of an expression.
    Samples {
        /// The expression.
        expression: Expression,
        /// The series that it should have, in the order of labels.
        expected: Vec<Sample>,
        /// The series that it has, in the order of labels.
        got: Result<Vec<Sample>, EvaluationError>,
    },
}

impl RuleTests {
    /// Reads a file of tests.
    ///
    /// # Errors
    /// When it is no YAML of this form, or has a series, a value or an expression that cannot be meant.
    pub fn parse(text: &str) -> Result<Self, Error> {
        raw::read(text)
    }

    /// Returns the patterns of the files with the rules, as they stand.
    #[must_use]
    pub fn rule_files(&self) -> &[String] {
        &self.rule_files
    }

    /// Runs all tests over these rules.
    ///
    /// # Errors
    /// When two groups have the same name.
    pub fn run(&self, groups: &[Group], semantics: Semantics) -> Result<Vec<Outcome>, Error> {
        let mut outcomes = Vec::new();
        for test in &self.tests {
            outcomes.extend(test.run(groups, self.interval, semantics)?);
        }
        Ok(outcomes)
    }
}

impl Test {
    fn run(
        &self,
        groups: &[Group],
        interval: Duration,
        semantics: Semantics,
    ) -> Result<Vec<Outcome>, Error> {
        let expressions = self.expressions.iter();
        let (mut engine, queries) = EngineBuilder::default()
            .with_interval(interval)
            .with_span(Duration::MAX)
            .with_history_limits(LIMITS)
            .with_semantics(semantics)
            .with_budget(Budget {
                time: Duration::from_secs(60),
                ..Budget::default()
            })
            .with_failure_level(None)
            .build_with(
                groups.to_vec(),
                expressions.map(|test| test.expression.clone()).collect(),
            )?;
        let mut outcomes = Vec::new();
        for at in self.moments(interval) {
            let now = Timestamp::from_millis(i64::try_from(at.as_millis()).unwrap_or(i64::MAX));
            engine.history_mut().advance(now);
            self.feed(&mut engine, at);
            if is_multiple(at, interval) {
                engine.evaluate_groups(now, true);
            }
            outcomes.extend(self.check_alerts(&engine, at));
            outcomes.extend(self.check_expressions(&engine, &queries, at, now));
        }
        Ok(outcomes)
    }

    /// All moments at which something happens, up to the last that is asked about.
    fn moments(&self, interval: Duration) -> BTreeSet<Duration> {
        let asked = self.alerts.iter().map(|test| test.at);
        let asked = asked.chain(self.expressions.iter().map(|test| test.at));
        let mut moments: BTreeSet<Duration> = asked.collect();
        let last = moments.last().copied().unwrap_or_default();
        for step in [interval, self.interval] {
            let mut at = Duration::ZERO;
            while at <= last {
                moments.insert(at);
                at += step;
            }
        }
        moments
    }

    fn feed(&self, engine: &mut Engine, at: Duration) {
        if !is_multiple(at, self.interval) {
            return;
        }
        let position = at.as_millis() / self.interval.as_millis().max(1);
        for input in &self.inputs {
            input.feed(
                engine.history_mut(),
                usize::try_from(position).unwrap_or(usize::MAX),
            );
        }
    }

    fn check_alerts(&self, engine: &Engine, at: Duration) -> Vec<Outcome> {
        let tests = self.alerts.iter().filter(|test| test.at == at);
        let outcomes = tests.map(|test| {
            let firing = engine.firing(&test.alertname).into_iter();
            let mut got: Vec<FiringAlert> = firing
                .map(|(labels, annotations)| FiringAlert {
                    labels,
                    annotations,
                })
                .collect();
            got.sort();
            self.outcome(
                at,
                Finding::Alerts {
                    alertname: test.alertname.clone(),
                    expected: test.expected.clone(),
                    got,
                },
            )
        });
        outcomes.collect()
    }

    fn check_expressions(
        &self,
        engine: &Engine,
        queries: &[Query],
        at: Duration,
        now: Timestamp,
    ) -> Vec<Outcome> {
        let tests = self.expressions.iter().zip(queries);
        let tests = tests.filter(|(test, _)| test.at == at);
        let outcomes = tests.map(|(test, query)| {
            let got = engine.ask(query, now).map(|mut samples| {
                samples.sort_by(|left, right| left.labels.cmp(&right.labels));
                samples
            });
            self.outcome(
                at,
                Finding::Samples {
                    expression: test.expression.clone(),
                    expected: test.expected.clone(),
                    got,
                },
            )
        });
        outcomes.collect()
    }

    fn outcome(&self, at: Duration, finding: Finding) -> Outcome {
        Outcome {
            test: self.name.clone(),
            at,
            finding,
        }
    }
}

const fn is_multiple(at: Duration, of: Duration) -> bool {
    of.as_millis() > 0 && at.as_millis().is_multiple_of(of.as_millis())
}

// === impl Outcome ===

impl Outcome {
    /// Tells whether what came is what was expected; a value that is no number is like another.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        match &self.finding {
            Finding::Alerts { expected, got, .. } => expected == got,
            Finding::Samples { expected, got, .. } => got.as_ref().is_ok_and(|got| {
                got.len() == expected.len()
                    && got.iter().zip(expected).all(|(got, expected)| {
                        let both_none = got.value.is_nan() && expected.value.is_nan();
                        got.labels == expected.labels && (both_none || got.value == expected.value)
                    })
            }),
        }
    }
}

/// What was expected and what came, in two lines after the first.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.test.is_empty() {
            write!(f, "{}, ", self.test)?;
        }
        let at = Shown(self.at);
        match &self.finding {
            Finding::Alerts {
                alertname,
                expected,
                got,
            } => {
                writeln!(f, "alertname: {alertname}, time: {at}")?;
                writeln!(f, "  exp: {}", alerts(expected))?;
                write!(f, "  got: {}", alerts(got))
            }
            Finding::Samples {
                expression,
                expected,
                got,
            } => {
                writeln!(f, "expr: {expression}, time: {at}")?;
                writeln!(f, "  exp: {}", samples(expected))?;
                match got {
                    Ok(got) => write!(f, "  got: {}", samples(got)),
                    Err(error) => write!(f, "  got: an error: {error}"),
                }
            }
        }
    }
}

fn alerts(alerts: &[FiringAlert]) -> String {
    list(
        alerts
            .iter()
            .map(|alert| format!("{} {:?}", alert.labels, alert.annotations)),
    )
}

fn samples(samples: &[Sample]) -> String {
    list(samples.iter().map(|sample| {
        format!(
            "{} {}",
            sample.labels,
            crate::number::general(sample.value, None)
        )
    }))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        "nil".to_owned()
    } else {
        items.join(", ")
    }
}
