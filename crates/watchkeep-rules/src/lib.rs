//! x
mod duration;
mod error;
mod evaluate;
mod expression;
mod number;
mod template;
pub use error::Error;
pub use evaluate::{Budget, EvaluationError, Sample, Semantics};
pub use expression::Expression;
