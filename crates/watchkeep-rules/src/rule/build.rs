//! Alerting rules out of thresholds; each prints the PromQL that it means.

use std::time::Duration;

use watchkeep_alerts::Level;
use watchkeep_metrics::Selector as Choice;

use super::{Alerting, Purpose, Rule};
use crate::error::{Error, Kind};
use crate::expression::{
    Aggregation, Expression, Function, Grouping, Matcher, Matching, Node, Operator, Selector,
};
use crate::template::Template;

/// The window that rules look back over when nothing else is said: long enough for a handful of samples, short enough for
/// whoever is on call.
const DEFAULT_WINDOW: Duration = Duration::from_secs(300);

/// What a threshold is compared with.
#[derive(Clone, Debug)]
enum Shape {
    Absent(Choice),
    Average {
        histogram: Choice,
        scale: f64,
    },
    ComponentDown(String),
    ErrorRatio {
        errors: Choice,
        total: Choice,
    },
    /// True or not by itself.
    Condition(Expression),
    Expression(Expression),
    Quantile {
        histogram: Choice,
        q: f64,
    },
}

/// What a rule does where there is no series to judge.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Absent {
    /// It fires: silence is suspicious.
    Fire,
    /// What fires goes on firing, and nothing begins.
    Hold,
    /// It ends, as everything in PromQL does: the default.
    #[default]
    Resolve,
}

/// Builds an alerting rule.
///
/// Defaults: level WARNING, a window of five minutes, true above 0, no `for`: it fires at the first evaluation that is true.
#[derive(Clone, Debug)]
#[must_use]
pub struct RuleBuilder {
    name: String,
    shape: Shape,
    window: Duration,
    by: Vec<String>,
    operator: Operator,
    threshold: f64,
    clear: Option<f64>,
    absent: Absent,
    hold: Duration,
    keep_firing: Duration,
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
}

impl Rule {
    /// Begins a rule over a share: the rate of `errors` divided by the rate of `total`, within the window.
    ///
    /// Without traffic the share is no number, and the rule is not true.
    pub fn error_ratio(name: impl Into<String>, errors: Choice, total: Choice) -> RuleBuilder {
        RuleBuilder::new(name.into(), Shape::ErrorRatio { errors, total })
    }

    /// Begins a rule over the mean of what a histogram observed within the window, times `scale` (1000 makes seconds milliseconds).
    ///
    /// `histogram` names the family, without `_sum` and `_count`.
    pub fn average(name: impl Into<String>, histogram: Choice, scale: f64) -> RuleBuilder {
        RuleBuilder::new(name.into(), Shape::Average { histogram, scale })
    }

    /// Begins a rule over the `q`-quantile (0 to 1) of what a histogram observed within the window.
    ///
    /// `histogram` names the family, without `_bucket`.
    pub fn quantile(name: impl Into<String>, q: f64, histogram: Choice) -> RuleBuilder {
        RuleBuilder::new(name.into(), Shape::Quantile { histogram, q })
    }

    /// Begins a rule that is true while a component's health reads `unhealthy`, as `watchkeep_health_status` tells it; CRITICAL.
    pub fn component_down(name: impl Into<String>, component: impl Into<String>) -> RuleBuilder {
        RuleBuilder::new(name.into(), Shape::ComponentDown(component.into()))
            .with_level(Level::Critical)
    }

    /// Begins a rule that is true while there is no such series.
    pub fn absent(name: impl Into<String>, series: Choice) -> RuleBuilder {
        RuleBuilder::new(name.into(), Shape::Absent(series))
    }

    /// Begins a rule that is true wherever the expression has a series, as rules in files are.
    pub fn condition(name: impl Into<String>, expression: Expression) -> RuleBuilder {
        RuleBuilder::new(name.into(), Shape::Condition(expression))
    }

    /// Begins a rule over any expression, compared with the threshold.
    pub fn threshold(name: impl Into<String>, expression: Expression) -> RuleBuilder {
        RuleBuilder::new(name.into(), Shape::Expression(expression))
    }
}

impl RuleBuilder {
    fn new(name: String, shape: Shape) -> Self {
        Self {
            name,
            shape,
            window: DEFAULT_WINDOW,
            by: Vec::new(),
            operator: Operator::Greater,
            threshold: 0.0,
            clear: None,
            absent: Absent::default(),
            hold: Duration::ZERO,
            keep_firing: Duration::ZERO,
            labels: Vec::new(),
            annotations: Vec::new(),
        }
    }

    /// Sets the window that the rule looks back over. Default: five minutes. One longer than the history runs on a Prometheus only.
    pub fn over(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Judges, and raises, one alert for each value of these labels. Default: one for all.
    ///
    /// Over an expression of one's own it says which labels that has, for [`clear_below`](Self::clear_below).
    pub fn by(mut self, labels: &[&str]) -> Self {
        self.by = labels.iter().map(|label| (*label).to_owned()).collect();
        self
    }

    /// Sets the threshold: the rule is true above it, not at it. Default: 0.
    pub fn above(mut self, threshold: f64) -> Self {
        (self.operator, self.threshold) = (Operator::Greater, threshold);
        self
    }

    /// Sets the threshold: the rule is true below it, not at it.
    pub fn below(mut self, threshold: f64) -> Self {
        (self.operator, self.threshold) = (Operator::Less, threshold);
        self
    }

    /// Lets what fires end only below this value, or above it for a rule that is true [`below`](Self::below) its threshold.
    ///
    /// In PromQL: `x > high or x > low and on (…) ALERTS{alertname="…",alertstate="firing"}`. The rule has to be evaluated more
    /// often than every five minutes, which is how far back `ALERTS` counts.
    pub fn clear_below(mut self, threshold: f64) -> Self {
        self.clear = Some(threshold);
        self
    }

    /// Sets what happens where there is nothing to judge. Default: it ends, as everything in PromQL does.
    pub fn when_absent(mut self, absent: Absent) -> Self {
        self.absent = absent;
        self
    }

    /// Sets for how long the rule must be true before it fires (`for`). Default: zero.
    pub fn lasting(mut self, hold: Duration) -> Self {
        self.hold = hold;
        self
    }

    /// Sets for how long it fires on when it is no longer true (`keep_firing_for`). Default: zero.
    pub fn keep_firing_for(mut self, time: Duration) -> Self {
        self.keep_firing = time;
        self
    }

    /// Sets the level of the alert: its label `severity`. Default: WARNING.
    pub fn with_level(self, level: Level) -> Self {
        self.with_label("severity", level.severity())
    }

    /// Adds a label, which makes it another alert; a template in Go's form. The last of a name counts.
    pub fn with_label(mut self, name: impl Into<String>, template: impl Into<String>) -> Self {
        self.labels.push((name.into(), template.into()));
        self
    }

    /// Sets the alert's message: the annotation `summary`, a template in Go's form.
    pub fn with_summary(self, template: impl Into<String>) -> Self {
        self.with_annotation("summary", template)
    }

    /// Adds an annotation, a template in Go's form: `{{ $value }}`, `{{ $labels.x }}`, `{{ $value | humanizePercentage }}`, ….
    pub fn with_annotation(mut self, name: impl Into<String>, template: impl Into<String>) -> Self {
        self.annotations.push((name.into(), template.into()));
        self
    }

    /// Builds the rule.
    ///
    /// # Errors
    /// When a name, a label, a template, the window or a number cannot be meant.
    pub fn build(mut self) -> Result<Rule, Error> {
        let fault = self.fault();
        if !self.labels.iter().any(|(name, _)| name == "severity") {
            self = self.with_level(Level::Warning);
        }
        let parse = |texts: &[(String, String)]| -> Result<Vec<(String, Template)>, String> {
            let parsed = texts
                .iter()
                .map(|(name, text)| Ok((name.clone(), Template::parse(text)?)));
            parsed.collect()
        };
        let refuse = |what: String| Kind::Rule {
            rule: self.name.clone(),
            what,
        };
        if let Some(fault) = fault {
            return Err(refuse(fault).into());
        }
        let labels = parse(&self.labels).map_err(refuse)?;
        let annotations = parse(&self.annotations).map_err(refuse)?;
        // What was built is what its print says, or it is refused.
        let expression: Expression = self.node().to_string().parse()?;
        let purpose = Purpose::Alert(Alerting {
            hold: self.hold,
            keep_firing: self.keep_firing,
            annotations: annotations.into_iter().collect(),
        });
        Rule::new(self.name, purpose, expression, labels)
    }

    fn fault(&self) -> Option<String> {
        let numbers = [Some(self.threshold), self.clear];
        if let Some(number) = numbers.iter().flatten().find(|number| !number.is_finite()) {
            return Some(format!("the threshold {number} is no finite number"));
        }
        match &self.shape {
            Shape::Average { scale, .. } if !scale.is_finite() => {
                return Some(format!("the scale {scale} is no finite number"));
            }
            Shape::Quantile { q, .. } if !(0.0..=1.0).contains(q) => {
                return Some(format!("the quantile {q} is not from 0 to 1"));
            }
            _ => {}
        }
        if self.window < Duration::from_secs(1) {
            return Some("the window is shorter than a second".to_owned());
        }
        if !self.window.subsec_nanos().is_multiple_of(1_000_000) {
            return Some("the window is no whole number of milliseconds".to_owned());
        }
        None
    }

    fn node(&self) -> Node {
        let value = self.value();
        if matches!(self.shape, Shape::Absent(_) | Shape::Condition(_)) {
            return value;
        }
        let compared = |with: f64| value.clone().binary(self.operator, Node::Number(with));
        let mut node = compared(self.threshold);
        let on = || Matching::On(self.by.clone());
        if let Some(clear) = self.clear {
            let still = compared(clear).matched(Operator::And, on(), self.firing());
            node = node.binary(Operator::Or, still);
        }
        match self.absent {
            Absent::Fire => {
                let series = self.judged();
                let absent = Node::call(Function::Absent, Node::Selector(series));
                node.binary(Operator::Or, absent)
            }
            Absent::Hold => {
                let firing = Node::Aggregate {
                    aggregation: Aggregation::Max,
                    grouping: Grouping::By(self.by.clone()),
                    of: Box::new(self.firing()),
                };
                let held = firing.matched(Operator::Unless, on(), value);
                node.binary(Operator::Or, held)
            }
            Absent::Resolve => node,
        }
    }

    /// `ALERTS` of this rule, as far as they fire.
    fn firing(&self) -> Node {
        let alerts = Selector::new("ALERTS")
            .with(Matcher::equal("alertname", &self.name))
            .with(Matcher::equal("alertstate", "firing"));
        Node::Selector(alerts)
    }

    /// The series without which there is nothing to judge.
    fn judged(&self) -> Selector {
        match &self.shape {
            Shape::Absent(series) => series.into(),
            Shape::Average { histogram, .. } => suffixed(histogram, "_count"),
            Shape::ComponentDown(component) => status(component),
            Shape::ErrorRatio { total, .. } => total.into(),
            Shape::Condition(expression) | Shape::Expression(expression) => {
                let mut first = None;
                expression.0.leaves(&mut |selector, _| {
                    first.get_or_insert_with(|| selector.clone());
                });
                first.unwrap_or_else(|| Selector::new("ALERTS"))
            }
            Shape::Quantile { histogram, .. } => suffixed(histogram, "_bucket"),
        }
    }

    /// What is compared with the threshold.
    fn value(&self) -> Node {
        match &self.shape {
            Shape::Absent(series) => Node::call(Function::Absent, Node::Selector(series.into())),
            Shape::Average { histogram, scale } => {
                let mean = self.rate(suffixed(histogram, "_sum"), &self.by).binary(
                    Operator::Divide,
                    self.rate(suffixed(histogram, "_count"), &self.by),
                );
                if *scale == 1.0 {
                    mean
                } else {
                    mean.binary(Operator::Multiply, Node::Number(*scale))
                }
            }
            Shape::ComponentDown(component) => Node::Aggregate {
                aggregation: Aggregation::Max,
                grouping: Grouping::By(self.by.clone()),
                of: Box::new(Node::Selector(status(component))),
            },
            Shape::ErrorRatio { errors, total } => self
                .rate(errors.into(), &self.by)
                .binary(Operator::Divide, self.rate(total.into(), &self.by)),
            Shape::Condition(expression) | Shape::Expression(expression) => expression.0.clone(),
            Shape::Quantile { histogram, q } => {
                let mut by = vec!["le".to_owned()];
                by.extend_from_slice(&self.by);
                Node::Call {
                    function: Function::HistogramQuantile,
                    arguments: vec![
                        Node::Number(*q),
                        self.rate(suffixed(histogram, "_bucket"), &by),
                    ],
                }
            }
        }
    }

    fn rate(&self, selector: Selector, by: &[String]) -> Node {
        let range = Node::Range(selector, self.window);
        Node::sum(by, Node::call(Function::Rate, range))
    }
}

/// The series that tells whether a component is unhealthy.
fn status(component: &str) -> Selector {
    Selector::new("watchkeep_health_status")
        .with(Matcher::equal("component", component))
        .with(Matcher::equal("status", "unhealthy"))
}

/// The selector of a family that belongs to another: `_sum` and `_count` of a histogram.
fn suffixed(choice: &Choice, suffix: &str) -> Selector {
    let mut selector = Selector::from(choice);
    selector.name = Some(format!("{}{suffix}", choice.name()));
    selector
}
