//! The typed expression of a rule: parsed from PromQL, printed as PromQL.

mod function;
mod parse;
mod pattern;
mod print;
mod selector;
mod tokens;

use std::str::FromStr;
use std::time::Duration;

pub(crate) use function::{Aggregation, Function, Kind, Operator};
pub(crate) use parse::is_label;
pub(crate) use selector::{Matcher, Selector, quoted};
pub(crate) use tokens::Refusal;

use crate::error::{Error, Kind as ErrorKind};

/// How far back a series' last sample counts as its value, as in Prometheus: five minutes.
pub(crate) const LOOKBACK: Duration = Duration::from_secs(300);

/// How deep expressions nest at the most.
const DEEPEST: usize = 128;

/// An expression of PromQL, of the subset that runs both here and on a Prometheus.
///
/// It has: selectors with matchers and `offset`, `rate`, `irate`, `increase`, `delta`, the `*_over_time` functions,
/// `sum`, `avg`, `min`, `max` and `count` with `by` or `without`, arithmetic, comparisons with and without `bool`,
/// `and`, `or` and `unless` with `on` or `ignoring`, `absent`, `absent_over_time`, `histogram_quantile` over classic
/// histograms, `clamp`, `clamp_min`, `clamp_max`, `abs`, `vector`, `scalar` and `time`.
/// Everything else is refused with its name and its place: nothing means something else here.
///
/// ```
/// use watchkeep_rules::Expression;
///
/// let expression: Expression = "sum by (job) (rate(errors_total[5m]))>0.05".parse()?;
/// assert_eq!(expression.to_string(), "sum by (job) (rate(errors_total[5m])) > 0.05");
/// let refused = "predict_linear(x[1h], 60)".parse::<Expression>().unwrap_err();
/// assert!(refused.to_string().contains("`predict_linear`"));
/// # Ok::<(), watchkeep_rules::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Expression(pub(crate) Node);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Aggregate {
        aggregation: Aggregation,
        grouping: Grouping,
        of: Box<Self>,
    },
    Binary(Box<Binary>),
    Call {
        function: Function,
        arguments: Vec<Self>,
    },
    Negative(Box<Self>),
    Number(f64),
    /// Samples over a time, as the argument of a function.
    Range(Selector, Duration),
    Selector(Selector),
}

/// Which labels an aggregation keeps apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Binary {
    pub(crate) operator: Operator,
    /// A comparison that answers 0 or 1 instead of leaving out.
    pub(crate) is_bool: bool,
    pub(crate) matching: Matching,
    pub(crate) left: Node,
    pub(crate) right: Node,
}

/// By which labels series of two sides belong together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Matching {
    Ignoring(Vec<String>),
    On(Vec<String>),
}

// === impl Expression ===

impl Expression {
    /// Returns how far back it looks: its longest window or lookback, with the offset.
    #[must_use]
    pub fn span(&self) -> Duration {
        let mut span = Duration::ZERO;
        self.0.leaves(&mut |selector, window| {
            span = span.max(window.unwrap_or(LOOKBACK) + selector.offset);
        });
        span
    }

    /// Returns how long it takes until its windows are full: its longest window, with the offset; nothing for plain values.
    pub(crate) fn window(&self) -> Duration {
        let mut longest = Duration::ZERO;
        self.0.leaves(&mut |selector, window| {
            longest = longest.max(window.unwrap_or_default() + selector.offset);
        });
        longest
    }

    /// Parses, with the place of what is refused.
    pub(crate) fn read(source: &str) -> Result<Self, Refusal> {
        parse::parse(source).map(Self)
    }
}

impl FromStr for Expression {
    type Err = Error;

    fn from_str(source: &str) -> Result<Self, Error> {
        Self::read(source).map_err(|refusal| ErrorKind::Expression(refusal).into())
    }
}

// === impl Node ===

impl Node {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Aggregate { .. } | Self::Selector(_) => Kind::Vector,
            Self::Binary(binary) => match (binary.left.kind(), binary.right.kind()) {
                (Kind::Scalar, Kind::Scalar) => Kind::Scalar,
                _ => Kind::Vector,
            },
            Self::Call { function, .. } => function.gives(),
            Self::Negative(of) => of.kind(),
            Self::Number(_) => Kind::Scalar,
            Self::Range(..) => Kind::Range,
        }
    }

    /// Calls `visit` with every selector and its window, in the order in which they are evaluated.
    pub(crate) fn leaves(&self, visit: &mut impl FnMut(&Selector, Option<Duration>)) {
        match self {
            Self::Aggregate { of, .. } | Self::Negative(of) => of.leaves(visit),
            Self::Binary(binary) => {
                binary.left.leaves(visit);
                binary.right.leaves(visit);
            }
            Self::Call { arguments, .. } => {
                for argument in arguments {
                    argument.leaves(visit);
                }
            }
            Self::Number(_) => {}
            Self::Range(selector, window) => visit(selector, Some(*window)),
            Self::Selector(selector) => visit(selector, None),
        }
    }

    pub(crate) fn call(function: Function, argument: Self) -> Self {
        Self::Call {
            function,
            arguments: vec![argument],
        }
    }

    pub(crate) fn sum(by: &[String], of: Self) -> Self {
        Self::Aggregate {
            aggregation: Aggregation::Sum,
            grouping: Grouping::By(by.to_vec()),
            of: Box::new(of),
        }
    }

    pub(crate) fn binary(self, operator: Operator, right: Self) -> Self {
        self.matched(operator, Matching::Ignoring(Vec::new()), right)
    }

    pub(crate) fn matched(self, operator: Operator, matching: Matching, right: Self) -> Self {
        Self::Binary(Box::new(Binary {
            operator,
            is_bool: false,
            matching,
            left: self,
            right,
        }))
    }
}
