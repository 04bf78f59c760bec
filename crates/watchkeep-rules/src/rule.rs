//! A rule: an expression, a comparison, and the alert it raises.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use watchkeep_alerts::{Alert, Level};
use watchkeep_metrics::Selector;

use crate::error::{Error, Kind};
use crate::expression::Expression;
use crate::template::Template;

/// The window that rules look back over when nothing else is said: long enough for a handful of scrapes, short enough for whoever is on call.
const DEFAULT_WINDOW: Duration = Duration::from_secs(300);

/// The longest window: the span of the history that the engine keeps.
const LONGEST_WINDOW: Duration = Duration::from_secs(3_600);

/// One alert rule.
///
/// Made by [`error_ratio`](Self::error_ratio), [`average`](Self::average) or [`component_down`](Self::component_down), then adjusted.
/// Defaults: level WARNING, a window of five minutes, no `for`: it fires at the first evaluation that is over the threshold.
#[derive(Clone)]
#[must_use]
pub struct Rule {
    name: String,
    shape: Shape,
    window: Duration,
    threshold: f64,
    hold: Duration,
    level: Level,
    summary: Template,
    value_detail: Option<String>,
    sources: Vec<(String, Source)>,
}

/// Where a detail comes from that only the process knows.
type Source = Arc<dyn Fn() -> Option<String> + Send + Sync>;

#[derive(Clone, Debug)]
enum Shape {
    Average { histogram: Selector, scale: f64 },
    ComponentDown { component: String },
    ErrorRatio { errors: Selector, total: Selector },
}

impl Rule {
    /// A rule over a share: how much `errors` grew, divided by how much `total` grew, within the window.
    ///
    /// Without traffic there is no share, and the rule does not fire.
    pub fn error_ratio(name: impl Into<String>, errors: Selector, total: Selector) -> Self {
        Self::new(name.into(), Shape::ErrorRatio { errors, total })
    }

    /// A rule over the mean of what a histogram observed within the window, times `scale` (1000 makes seconds milliseconds).
    ///
    /// `histogram` names the family, without `_sum` and `_count`.
    pub fn average(name: impl Into<String>, histogram: Selector, scale: f64) -> Self {
        Self::new(name.into(), Shape::Average { histogram, scale })
    }

    /// A rule that fires while a component's health reads `unhealthy`, as `watchkeep_health_status` tells it.
    pub fn component_down(name: impl Into<String>, component: impl Into<String>) -> Self {
        let component = component.into();
        let mut rule = Self::new(name.into(), Shape::ComponentDown { component });
        rule.threshold = 0.0;
        rule.level = Level::Critical;
        rule
    }

    fn new(name: String, shape: Shape) -> Self {
        let summary = Template::parse("{{ $value }}").expect("the built-in template is valid");
        Self {
            name,
            shape,
            window: DEFAULT_WINDOW,
            threshold: 0.0,
            hold: Duration::ZERO,
            level: Level::Warning,
            summary,
            value_detail: None,
            sources: Vec::new(),
        }
    }

    /// Sets the window that the rule looks back over. Default: five minutes. [`Engine::new`](crate::Engine::new) refuses more than an hour.
    pub fn over(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Sets the threshold: the rule is true above it, not at it. Default: 0.
    pub fn above(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Sets for how long the rule must be true before it fires (Prometheus' `for`). Default: zero.
    pub fn lasting(mut self, hold: Duration) -> Self {
        self.hold = hold;
        self
    }

    /// Sets the level of the alert. Default: WARNING, for [`component_down`](Self::component_down) CRITICAL.
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Sets the alert's message, a template in Go's form: `{{ $value }}`, `{{ $value | humanizePercentage }}`, `{{ printf "%.0f" $value }}`.
    ///
    /// Default: the value.
    ///
    /// # Errors
    /// When the template has an action that is none of these, or is not closed.
    pub fn with_summary(mut self, template: &str) -> Result<Self, Error> {
        self.summary = Template::parse(template)?;
        Ok(self)
    }

    /// Puts the value among the alert's details, under this name.
    pub fn with_value_detail(mut self, name: impl Into<String>) -> Self {
        self.value_detail = Some(name.into());
        self
    }

    /// Adds a detail that only the process knows, asked for at each evaluation that fires (say, the error behind a component).
    ///
    /// `source` is called by whoever evaluates; it must not block.
    pub fn with_detail_from(
        mut self,
        name: impl Into<String>,
        source: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.sources.push((name.into(), Arc::new(source)));
        self
    }

    /// Returns the rule's name: the `alertname` of what it raises.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the level of what it raises.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Returns the template of the message.
    #[must_use]
    pub fn summary(&self) -> &str {
        self.summary.source()
    }

    /// Returns for how long the rule must be true before it fires.
    #[must_use]
    pub fn hold(&self) -> Duration {
        self.hold
    }

    /// Returns the expression whose value is compared.
    #[must_use]
    pub fn expression(&self) -> Expression {
        let grown = |selector: &Selector, suffix: &str| {
            Box::new(Expression::Increase(
                suffixed(selector, suffix),
                self.window,
            ))
        };
        match &self.shape {
            Shape::Average { histogram, scale } => {
                let mean = Expression::Ratio(grown(histogram, "_sum"), grown(histogram, "_count"));
                if *scale == 1.0 {
                    mean
                } else {
                    Expression::Scaled(Box::new(mean), *scale)
                }
            }
            Shape::ComponentDown { component } => Expression::Latest(
                Selector::new("watchkeep_health_status")
                    .with_label("component", component)
                    .with_label("status", "unhealthy"),
            ),
            Shape::ErrorRatio { errors, total } => {
                Expression::Ratio(grown(errors, ""), grown(total, ""))
            }
        }
    }

    /// Returns the PromQL that the rule means.
    #[must_use]
    pub fn promql(&self) -> String {
        format!("{} > {}", self.expression(), self.threshold)
    }

    /// Whether this value is one to fire at.
    pub(crate) fn holds(&self, value: Option<f64>) -> Option<f64> {
        value.filter(|value| *value > self.threshold)
    }

    pub(crate) fn alert(&self, value: f64) -> Alert {
        let mut alert = Alert::new(&self.name, self.level, self.summary.render(value));
        if let Some(name) = &self.value_detail {
            alert = alert.with_detail(name, value);
        }
        for (name, source) in &self.sources {
            if let Some(detail) = source() {
                alert = alert.with_detail(name, detail);
            }
        }
        alert
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let mut characters = self.name.chars();
        let starts_well = characters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
        if !starts_well || !characters.all(|next| next.is_ascii_alphanumeric() || next == '_') {
            return Err(Kind::Name(self.name.clone()).into());
        }
        if !self.threshold.is_finite() {
            return Err(Kind::Threshold {
                rule: self.name.clone(),
                threshold: self.threshold,
            }
            .into());
        }
        if self.window < Duration::from_secs(1) || self.window > LONGEST_WINDOW {
            return Err(Kind::Window {
                rule: self.name.clone(),
                seconds: self.window.as_secs_f64(),
            }
            .into());
        }
        Ok(())
    }
}

/// The selector of a family that belongs to another: `_sum` and `_count` of a histogram.
fn suffixed(selector: &Selector, suffix: &str) -> Selector {
    let family = Selector::new(format!("{}{suffix}", selector.name()));
    selector.labels().fold(family, |family, (name, value)| {
        family.with_label(name, value)
    })
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("name", &self.name)
            .field("promql", &self.promql())
            .field("hold", &self.hold)
            .field("level", &self.level)
            .field("summary", &self.summary.source())
            .finish_non_exhaustive()
    }
}
