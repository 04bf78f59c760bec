//! Burn rates: alerts on how fast an error budget goes.

use std::time::Duration;

use watchkeep_alerts::Level;
use watchkeep_metrics::Selector as Choice;

use super::Rule;
use crate::duration::Shown;
use crate::error::{Error, Kind};
use crate::expression::{Expression, Function, Node, Operator, Selector};

/// A pair of windows over which a budget burns, and how fast is too fast.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnWindow {
    /// The long window: that it mattered.
    pub long: Duration,
    /// The short window: that it still goes on. A twelfth of the long one.
    pub short: Duration,
    /// How many times faster than what would use the budget up exactly.
    pub factor: f64,
    /// The level of the alert.
    pub level: Level,
}

impl BurnWindow {
    /// The windows of the SRE workbook (table 5-8), for a budget of 30 days: 2 % in an hour and 5 % in six page, 10 % in three days is a ticket.
    pub const WORKBOOK: [Self; 3] = [
        Self::new(60, 14.4, Level::Critical),
        Self::new(6 * 60, 6.0, Level::Critical),
        Self::new(3 * 24 * 60, 1.0, Level::Warning),
    ];

    /// Makes a pair out of the long window in minutes; the short one is a twelfth of it.
    #[must_use]
    pub const fn new(long_minutes: u64, factor: f64, level: Level) -> Self {
        Self {
            long: Duration::from_secs(long_minutes * 60),
            short: Duration::from_secs(long_minutes * 5),
            factor,
            level,
        }
    }
}

impl Rule {
    /// Makes a rule for each pair of windows: it is true while both the long and the short one burn the budget of `objective` too fast.
    ///
    /// The names are `name` and the long window, such as `CheckoutBudget_1h`. Windows longer than the history of the process run on a
    /// Prometheus only; the [`Engine`](crate::Engine) says so.
    ///
    /// # Errors
    /// When the objective is not between 0 and 1, or the name is empty.
    pub fn slo_burn_rate(
        name: &str,
        objective: f64,
        errors: &Choice,
        total: &Choice,
        windows: &[BurnWindow],
    ) -> Result<Vec<Self>, Error> {
        if !(objective > 0.0 && objective < 1.0) {
            return Err(Kind::Rule {
                rule: name.to_owned(),
                what: format!("the objective {objective} is not between 0 and 1"),
            }
            .into());
        }
        let rules = windows.iter().map(|window| {
            let burns = |span| ratio(errors, total, span).binary(Operator::Greater, limit(window, objective));
            let both = burns(window.long).binary(Operator::And, burns(window.short));
            Self::condition(format!("{name}_{}", Shown(window.long)), Expression(both))
                .with_level(window.level)
                .with_summary(format!(
                    "The error budget burns over {} times too fast: {{{{ $value | humanizePercentage }}}} failed within {}",
                    window.factor,
                    Shown(window.long)
                ))
                .build()
        });
        rules.collect()
    }
}

/// `factor * (1 - objective)`, as people write it.
fn limit(window: &BurnWindow, objective: f64) -> Node {
    let budget = Node::Number(1.0).binary(Operator::Subtract, Node::Number(objective));
    Node::Number(window.factor).binary(Operator::Multiply, budget)
}

fn ratio(errors: &Choice, total: &Choice, window: Duration) -> Node {
    let rate = |choice: &Choice| {
        let range = Node::Range(Selector::from(choice), window);
        Node::sum(&[], Node::call(Function::Rate, range))
    };
    rate(errors).binary(Operator::Divide, rate(total))
}
