//! The form of a file of tests, and how its parts are read.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_saphyr::Spanned;
use watchkeep_metrics::SeriesLabels;

use super::series::{Input, parse_series};
use super::{AlertTest, ExpressionTest, FiringAlert, RuleTests, Test};
use crate::duration;
use crate::error::{Error, Kind, Problem};
use crate::evaluate::Sample;
use crate::expression::Expression;
use crate::file::yaml_problem;
use crate::group::DEFAULT_INTERVAL;

/// The most moments of one test, so that none runs for hours.
const MOST_MOMENTS: u128 = 100_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTests {
    #[serde(default)]
    rule_files: Vec<String>,
    evaluation_interval: Option<Spanned<String>>,
    #[expect(dead_code, reason = "groups run in the order in which they are given")]
    group_eval_order: Option<Vec<String>>,
    #[serde(default)]
    tests: Vec<RawTest>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTest {
    #[serde(default)]
    name: String,
    interval: Option<Spanned<String>>,
    #[serde(default)]
    input_series: Vec<RawInput>,
    #[serde(default)]
    alert_rule_test: Vec<RawAlertTest>,
    #[serde(default)]
    promql_expr_test: Vec<RawExpressionTest>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInput {
    series: Spanned<String>,
    values: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAlertTest {
    eval_time: Spanned<String>,
    alertname: String,
    #[serde(default)]
    exp_alerts: Vec<RawAlert>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAlert {
    #[serde(default)]
    exp_labels: BTreeMap<String, String>,
    #[serde(default)]
    exp_annotations: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExpressionTest {
    expr: Spanned<String>,
    eval_time: Spanned<String>,
    #[serde(default)]
    exp_samples: Vec<RawSample>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSample {
    labels: Spanned<String>,
    value: f64,
}

pub(super) fn read(text: &str) -> Result<RuleTests, Error> {
    let raw: RawTests =
        serde_saphyr::from_str(text).map_err(|error| Kind::File(vec![yaml_problem(&error)]))?;
    let interval = interval(raw.evaluation_interval.as_ref())?;
    let tests = raw.tests.into_iter().map(|test| read_test(test, interval));
    Ok(RuleTests {
        rule_files: raw.rule_files,
        interval,
        tests: tests.collect::<Result<_, Problem>>().map_err(one)?,
    })
}

fn one(problem: Problem) -> Kind {
    Kind::File(vec![problem])
}

fn complain<T>(place: &Spanned<T>, what: impl Into<String>) -> Problem {
    let location = place.referenced;
    Problem::at(location.line(), location.column(), what.into())
}

fn interval(text: Option<&Spanned<String>>) -> Result<Duration, Kind> {
    let Some(text) = text else {
        return Ok(DEFAULT_INTERVAL);
    };
    let interval = read_duration(text).map_err(one)?;
    if interval.is_zero() {
        return Err(one(complain(text, "an interval of nothing")));
    }
    Ok(interval)
}

fn read_duration(text: &Spanned<String>) -> Result<Duration, Problem> {
    duration::parse(&text.value)
        .ok_or_else(|| complain(text, format!("`{}` is no duration, such as 5m", text.value)))
}

fn read_test(raw: RawTest, evaluation: Duration) -> Result<Test, Problem> {
    let interval = match &raw.interval {
        None => DEFAULT_INTERVAL,
        Some(text) => match read_duration(text)? {
            Duration::ZERO => return Err(complain(text, "an interval of nothing")),
            interval => interval,
        },
    };
    let shortest = interval.min(evaluation).as_millis().max(1);
    let moment = |text: &Spanned<String>| {
        let at = read_duration(text)?;
        if at.as_millis() / shortest > MOST_MOMENTS {
            return Err(complain(
                text,
                format!("more than {MOST_MOMENTS} intervals"),
            ));
        }
        Ok(at)
    };
    let inputs = raw.input_series.iter().map(|input| {
        Input::parse(&input.series.value, &input.values)
            .map_err(|what| complain(&input.series, what))
    });
    let alerts = raw.alert_rule_test.iter().map(|test| {
        let mut expected: Vec<FiringAlert> = test
            .exp_alerts
            .iter()
            .map(|alert| FiringAlert {
                labels: SeriesLabels::new(alert.exp_labels.iter().map(|(n, v)| (&**n, &**v)))
                    .with("alertname", &test.alertname),
                annotations: alert.exp_annotations.clone(),
            })
            .collect();
        expected.sort();
        Ok(AlertTest {
            at: moment(&test.eval_time)?,
            alertname: test.alertname.clone(),
            expected,
        })
    });
    let expressions = raw.promql_expr_test.iter().map(|test| {
        let expression = Expression::read(&test.expr.value)
            .map_err(|refusal| complain(&test.expr, format!("{refusal} of the expression")))?;
        let samples = test.exp_samples.iter().map(|sample| {
            let labels = parse_series(&sample.labels.value);
            let labels = labels.map_err(|what| complain(&sample.labels, what))?;
            Ok(Sample::new(labels, sample.value))
        });
        let mut expected = samples.collect::<Result<Vec<_>, Problem>>()?;
        expected.sort_by(|left, right| left.labels.cmp(&right.labels));
        Ok(ExpressionTest {
            at: moment(&test.eval_time)?,
            expression,
            expected,
        })
    });
    Ok(Test {
        interval,
        inputs: inputs.collect::<Result<_, Problem>>()?,
        alerts: alerts.collect::<Result<_, Problem>>()?,
        expressions: expressions.collect::<Result<_, Problem>>()?,
        name: raw.name,
    })
}
