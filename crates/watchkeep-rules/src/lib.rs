//! Alert rules over metrics: one file, two engines.
//!
//! A rule is written once, in Prometheus' rule-file format or with typed builders, and runs here, in the process, or on a real
//! Prometheus, with the same verdicts.
//!
//! * [`Rule`] and its builders make rules out of thresholds; each prints the PromQL that it means.
//! * [`RuleFile`] reads and writes Prometheus' format, strictly: what cannot run the same here is refused with its line and column.
//! * [`Engine`] is pure: it is given the time and a snapshot, and answers with what fires and what ended. It keeps exactly the
//!   series that the rules name, for exactly as long as they look back.
//! * [`RuleTests`] runs unit tests of rules in promtool's format.
//!
//! ```
//! use std::time::Duration;
//! use watchkeep_alerts::Level;
//! use watchkeep_metrics::{Recorder, Timestamp};
//! use watchkeep_rules::{Engine, Group, Rule, Selector, Transition};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rule = Rule::error_ratio("HighErrorRate", Selector::new("errors_total"), Selector::new("requests_total"))
//!     .over(Duration::from_secs(300))
//!     .above(0.05)
//!     .with_level(Level::Warning)
//!     .with_summary("High error rate detected: {{ $value | humanizePercentage }}")
//!     .build()?;
//! assert_eq!(
//!     rule.expression().to_string(),
//!     "sum(rate(errors_total[5m])) / sum(rate(requests_total[5m])) > 0.05"
//! );
//!
//! let recorder = Recorder::default();
//! let count = |requests, errors| {
//!     metrics::with_local_recorder(&recorder, || {
//!         metrics::counter!("requests_total").increment(requests);
//!         metrics::counter!("errors_total").increment(errors);
//!     });
//! };
//! let mut engine = Engine::new(vec![Group::new("service", vec![rule])?])?;
//! count(0, 0);
//! engine.evaluate(Timestamp::from_millis(0), &recorder.snapshot());
//! count(40, 3);
//! let transitions = engine.evaluate(Timestamp::from_millis(60_000), &recorder.snapshot());
//! let [Transition::Fire(alert)] = transitions.as_slice() else { panic!("the rule fires") };
//! assert_eq!(alert.message(), "High error rate detected: 7.5%");
//! # Ok(())
//! # }
//! ```
//!
//! # What PromQL means here
//! The semantics are those of Prometheus 3: windows without their first moment, the extrapolation of `rate`, five minutes of
//! lookback, marks where series end. A counter grows from where it was seen first, so a counter that appears with 1 has not grown:
//! register it with zero. [`Semantics::Prometheus2`] says where 2.42 differs, and evaluates as it does.

mod clock;
mod duration;
mod engine;
mod error;
mod evaluate;
mod expression;
mod file;
mod group;
mod number;
mod rule;
mod template;
mod unit_test;

pub use engine::{Engine, EngineBuilder, RuleStatus, SavedState, Transition};
pub use error::Error;
pub use evaluate::{Budget, EvaluationError, Sample, Semantics};
pub use expression::Expression;
pub use file::RuleFile;
pub use group::Group;
pub use rule::{Absent, BurnWindow, Rule, RuleBuilder};
pub use unit_test::{Finding, FiringAlert, Outcome, RuleTests};
// Part of the signatures here; whoever only writes rules needs no other crate for it.
pub use watchkeep_metrics::Selector;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
