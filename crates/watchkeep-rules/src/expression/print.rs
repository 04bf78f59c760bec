//! Expressions as PromQL, with the brackets that they need.

use std::fmt;

use super::selector::{Chosen, Offset};
use super::{Binary, Expression, Grouping, Matching, Node, Operator};
use crate::duration::Shown;
use crate::number;

/// How strongly a sign in front binds: as multiplication does.
const SIGN: u8 = 5;
/// How strongly everything binds that is in one piece.
const WHOLE: u8 = 9;

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aggregate {
                aggregation,
                grouping,
                of,
            } => write!(f, "{}{grouping}({of})", aggregation.name()),
            Self::Binary(binary) => fmt::Display::fmt(binary, f),
            Self::Call {
                function,
                arguments,
            } => {
                write!(f, "{}(", function.name())?;
                for (position, argument) in arguments.iter().enumerate() {
                    let separator = if position > 0 { ", " } else { "" };
                    write!(f, "{separator}{argument}")?;
                }
                f.write_str(")")
            }
            Self::Negative(of) => {
                f.write_str("-")?;
                // A sign before a number would make another number of it, and one before a product would be of its first factor.
                let is_apart = strength(of) <= SIGN && !matches!(**of, Self::Negative(_));
                operand(f, of, is_apart || matches!(**of, Self::Number(_)))
            }
            Self::Number(value) => f.write_str(&number::promql(*value)),
            Self::Range(selector, window) => write!(
                f,
                "{}[{}]{}",
                Chosen(selector),
                Shown(*window),
                Offset(selector.offset)
            ),
            Self::Selector(selector) => fmt::Display::fmt(selector, f),
        }
    }
}

impl fmt::Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.operator.strength();
        // Only powers are read from the right.
        let from_the_right = self.operator == Operator::Power;
        let (left, right) = (strength(&self.left), strength(&self.right));
        operand(f, &self.left, left < own || (left == own && from_the_right))?;
        write!(f, " {}", self.operator.name())?;
        if self.is_bool {
            f.write_str(" bool")?;
        }
        match &self.matching {
            Matching::Ignoring(labels) if labels.is_empty() => {}
            Matching::Ignoring(labels) => write!(f, " ignoring ({})", labels.join(", "))?,
            Matching::On(labels) => write!(f, " on ({})", labels.join(", "))?,
        }
        f.write_str(" ")?;
        operand(
            f,
            &self.right,
            right < own || (right == own && !from_the_right),
        )
    }
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By(labels) if labels.is_empty() => Ok(()),
            Self::By(labels) => write!(f, " by ({}) ", labels.join(", ")),
            Self::Without(labels) => write!(f, " without ({}) ", labels.join(", ")),
        }
    }
}

fn strength(node: &Node) -> u8 {
    match node {
        Node::Binary(binary) => binary.operator.strength(),
        Node::Negative(_) => SIGN,
        Node::Number(value) if value.is_sign_negative() || value.is_infinite() => SIGN,
        Node::Aggregate { .. }
        | Node::Call { .. }
        | Node::Number(_)
        | Node::Range(..)
        | Node::Selector(_) => WHOLE,
    }
}

fn operand(f: &mut fmt::Formatter<'_>, node: &Node, in_brackets: bool) -> fmt::Result {
    if in_brackets {
        write!(f, "({node})")
    } else {
        fmt::Display::fmt(node, f)
    }
}
