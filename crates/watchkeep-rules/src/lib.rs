//! Alert rules over metrics: typed thresholds, evaluated in the process.
//!
//! A [`Rule`] is an expression over the metrics of [`watchkeep_metrics`], a comparison, a level and a text.
//! Every rule prints the PromQL that it means ([`Rule::promql`]), so that what runs here can be read, and checked, as what a Prometheus would run.
//!
//! The [`Engine`] is pure: it is given the time and a snapshot, and answers with what fires and what ends.
//! Whoever drives it hands both to the alert engine.
//!
//! ```
//! use std::time::Duration;
//! use watchkeep_alerts::Level;
//! use watchkeep_metrics::{Recorder, Selector, Timestamp};
//! use watchkeep_rules::{Engine, Rule, Transition};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rule = Rule::error_ratio("HighErrorRate", Selector::new("errors_total"), Selector::new("requests_total"))
//!     .over(Duration::from_secs(300))
//!     .above(0.05)
//!     .with_level(Level::Warning)
//!     .with_summary("High error rate detected: {{ $value | humanizePercentage }}")?;
//! assert_eq!(rule.promql(), "sum(increase(errors_total[5m])) / sum(increase(requests_total[5m])) > 0.05");
//!
//! let recorder = Recorder::builder().build()?;
//! let mut engine = Engine::new(vec![rule])?;
//! engine.evaluate(Timestamp::from_millis(0), &recorder.snapshot());
//! metrics::with_local_recorder(&recorder, || {
//!     metrics::counter!("requests_total").increment(40);
//!     metrics::counter!("errors_total").increment(3);
//! });
//! let transitions = engine.evaluate(Timestamp::from_millis(60_000), &recorder.snapshot());
//! let [Transition::Fire(alert)] = transitions.as_slice() else { panic!("the rule fires") };
//! assert_eq!(alert.annotations()["summary"], "High error rate detected: 7.5%");
//! # Ok(())
//! # }
//! ```

mod engine;
mod error;
mod expression;
mod rule;
mod template;

pub use engine::{Engine, Transition};
pub use error::Error;
pub use expression::Expression;
pub use rule::Rule;
// Part of the signatures here; whoever only writes rules needs no other crate for it.
pub use watchkeep_metrics::Selector;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
