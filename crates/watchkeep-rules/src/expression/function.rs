//! The functions and aggregations that are understood, and the operators.

use std::fmt;

/// A function of the subset.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Function {
    Abs,
    Absent,
    AbsentOverTime,
    AvgOverTime,
    Clamp,
    ClampMax,
    ClampMin,
    CountOverTime,
    Delta,
    HistogramQuantile,
    Increase,
    Irate,
    LastOverTime,
    MaxOverTime,
    MinOverTime,
    PresentOverTime,
    QuantileOverTime,
    Rate,
    Scalar,
    StddevOverTime,
    StdvarOverTime,
    SumOverTime,
    Time,
    Vector,
}

/// What an expression gives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Range,
    Scalar,
    Vector,
}

/// An aggregation over the series of a vector.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Aggregation {
    Avg,
    Count,
    Max,
    Min,
    Sum,
}

/// An operator between two expressions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operator {
    Add,
    And,
    Divide,
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Multiply,
    NotEqual,
    Or,
    Power,
    Remainder,
    Subtract,
    Unless,
}

const FUNCTIONS: [(Function, &str, &[Kind], Kind); 24] = {
    use Function::*;
    use Kind::{Range as R, Scalar as S, Vector as V};
    [
        (Abs, "abs", &[V], V),
        (Absent, "absent", &[V], V),
        (AbsentOverTime, "absent_over_time", &[R], V),
        (AvgOverTime, "avg_over_time", &[R], V),
        (Clamp, "clamp", &[V, S, S], V),
        (ClampMax, "clamp_max", &[V, S], V),
        (ClampMin, "clamp_min", &[V, S], V),
        (CountOverTime, "count_over_time", &[R], V),
        (Delta, "delta", &[R], V),
        (HistogramQuantile, "histogram_quantile", &[S, V], V),
        (Increase, "increase", &[R], V),
        (Irate, "irate", &[R], V),
        (LastOverTime, "last_over_time", &[R], V),
        (MaxOverTime, "max_over_time", &[R], V),
        (MinOverTime, "min_over_time", &[R], V),
        (PresentOverTime, "present_over_time", &[R], V),
        (QuantileOverTime, "quantile_over_time", &[S, R], V),
        (Rate, "rate", &[R], V),
        (Scalar, "scalar", &[V], S),
        (StddevOverTime, "stddev_over_time", &[R], V),
        (StdvarOverTime, "stdvar_over_time", &[R], V),
        (SumOverTime, "sum_over_time", &[R], V),
        (Time, "time", &[], S),
        (Vector, "vector", &[S], V),
    ]
};

const AGGREGATIONS: [(Aggregation, &str); 5] = [
    (Aggregation::Avg, "avg"),
    (Aggregation::Count, "count"),
    (Aggregation::Max, "max"),
    (Aggregation::Min, "min"),
    (Aggregation::Sum, "sum"),
];

const OPERATORS: [(Operator, &str, u8); 15] = [
    (Operator::Or, "or", 1),
    (Operator::And, "and", 2),
    (Operator::Unless, "unless", 2),
    (Operator::Equal, "==", 3),
    (Operator::NotEqual, "!=", 3),
    (Operator::Greater, ">", 3),
    (Operator::GreaterOrEqual, ">=", 3),
    (Operator::Less, "<", 3),
    (Operator::LessOrEqual, "<=", 3),
    (Operator::Add, "+", 4),
    (Operator::Subtract, "-", 4),
    (Operator::Divide, "/", 5),
    (Operator::Multiply, "*", 5),
    (Operator::Remainder, "%", 5),
    (Operator::Power, "^", 6),
];

// === impl Function ===

impl Function {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let found = FUNCTIONS.iter().find(|(_, known, ..)| *known == name);
        found.map(|(function, ..)| *function)
    }

    fn row(self) -> Option<&'static (Self, &'static str, &'static [Kind], Kind)> {
        FUNCTIONS.iter().find(|(function, ..)| *function == self)
    }

    pub(crate) fn name(self) -> &'static str {
        self.row().map_or("", |(_, name, ..)| name)
    }

    pub(crate) fn parameters(self) -> &'static [Kind] {
        self.row().map_or(&[], |(_, _, parameters, _)| parameters)
    }

    pub(crate) fn gives(self) -> Kind {
        self.row().map_or(Kind::Vector, |(.., gives)| *gives)
    }
}

// === impl Kind ===

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Range => "a range of samples",
            Self::Scalar => "a number",
            Self::Vector => "series",
        })
    }
}

// === impl Aggregation ===

impl Aggregation {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let found = AGGREGATIONS.iter().find(|(_, known)| *known == name);
        found.map(|(aggregation, _)| *aggregation)
    }

    pub(crate) fn name(self) -> &'static str {
        let found = AGGREGATIONS.iter().find(|(known, _)| *known == self);
        found.map_or("", |(_, name)| name)
    }
}

// === impl Operator ===

impl Operator {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let found = OPERATORS.iter().find(|(_, known, _)| *known == name);
        found.map(|(operator, ..)| *operator)
    }

    pub(crate) fn name(self) -> &'static str {
        let found = OPERATORS.iter().find(|(known, ..)| *known == self);
        found.map_or("", |(_, name, _)| name)
    }

    /// How strongly it binds; more is stronger.
    pub(crate) fn strength(self) -> u8 {
        let found = OPERATORS.iter().find(|(known, ..)| *known == self);
        found.map_or(0, |(.., strength)| *strength)
    }

    pub(crate) const fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::Greater
                | Self::GreaterOrEqual
                | Self::Less
                | Self::LessOrEqual
                | Self::NotEqual
        )
    }

    /// Whether it is about which series there are, and not about their values.
    pub(crate) const fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_own() {
        for (function, name, ..) in FUNCTIONS {
            assert_eq!(
                (Function::named(name), function.name()),
                (Some(function), name)
            );
        }
        for (aggregation, name) in AGGREGATIONS {
            assert_eq!(Aggregation::named(name), Some(aggregation));
            assert_eq!(aggregation.name(), name);
        }
        for (operator, name, strength) in OPERATORS {
            assert_eq!(Operator::named(name), Some(operator));
            assert_eq!((operator.name(), operator.strength()), (name, strength));
        }
        assert_eq!(Function::named("predict_linear"), None);
    }
}
