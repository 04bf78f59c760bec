//! From the grammar's tree to ours: what is outside the subset is refused with its name and place.

use std::time::Duration;

use promql_parser::label::MatchOp;
use promql_parser::parser::{self, Expr, LabelModifier, VectorMatchCardinality};

use super::function::{Aggregation, Function, Kind, Operator};
use super::selector::{Matcher, Selector};
use super::tokens::{Refusal, Tokens};
use super::{Binary, DEEPEST, Grouping, Matching, Node};

/// Parses an expression whose value is a number or series.
pub(super) fn parse(source: &str) -> Result<Node, Refusal> {
    let tokens = Tokens::new(source)?;
    let parsed =
        parser::parse(&tokens.without_raw_strings()).map_err(|reason| explain(&tokens, &reason))?;
    let reader = Reader { tokens: &tokens };
    let node = reader.node(&parsed, 0)?;
    if node.kind() == Kind::Range {
        return Err(tokens.refuse_word("[", "a range of samples that no function takes"));
    }
    Ok(node)
}

/// The grammar's complaint, with a place where its words name one.
fn explain(tokens: &Tokens<'_>, reason: &str) -> Refusal {
    let named = reason.split(['\'', '"', '`']).nth(1).unwrap_or_default();
    let reason = reason.lines().next().unwrap_or_default();
    let what = match reason {
        "invalid promql query" => "this is no PromQL".to_owned(),
        other => other.to_owned(),
    };
    tokens.refuse_word(named, what)
}

struct Reader<'a> {
    tokens: &'a Tokens<'a>,
}

impl Reader<'_> {
    fn refuse<T>(&self, word: &str) -> Result<T, Refusal> {
        let what = format!("`{word}` is outside the subset that runs here too");
        Err(self.tokens.refuse_word(word, what))
    }

    fn node(&self, parsed: &Expr, depth: usize) -> Result<Node, Refusal> {
        if depth > DEEPEST {
            let what = format!("operators nested more than {DEEPEST} deep");
            return Err(self.tokens.refuse_word("", what));
        }
        match parsed {
            Expr::Aggregate(aggregate) => self.aggregate(aggregate, depth),
            Expr::Binary(binary) => self.binary(binary, depth),
            Expr::Call(call) => self.call(call, depth),
            Expr::Extension(_) => self.refuse("extension"),
            Expr::MatrixSelector(range) => Ok(Node::Range(self.selector(&range.vs)?, range.range)),
            Expr::NumberLiteral(number) => Ok(Node::Number(number.val)),
            Expr::Paren(inner) => self.node(&inner.expr, depth + 1),
            Expr::StringLiteral(text) => {
                let what = "a string is neither a number nor series";
                Err(self.tokens.refuse_string(&text.val, what))
            }
            Expr::Subquery(_) => {
                let what = "a subquery is outside the subset that runs here too";
                Err(self.tokens.refuse_word("[", what))
            }
            Expr::Unary(unary) => {
                let of = self.vector_or_scalar(&unary.expr, depth, "-")?;
                Ok(Node::Negative(Box::new(of)))
            }
            Expr::VectorSelector(selector) => Ok(Node::Selector(self.selector(selector)?)),
        }
    }

    fn vector_or_scalar(&self, parsed: &Expr, depth: usize, word: &str) -> Result<Node, Refusal> {
        let node = self.node(parsed, depth + 1)?;
        if node.kind() == Kind::Range {
            let what = format!("`{word}` takes no range of samples");
            return Err(self.tokens.refuse_word(word, what));
        }
        Ok(node)
    }

    fn aggregate(&self, parsed: &parser::AggregateExpr, depth: usize) -> Result<Node, Refusal> {
        let name = parsed.op.to_string();
        let Some(aggregation) = Aggregation::named(&name) else {
            return self.refuse(&name);
        };
        let grouping = match &parsed.modifier {
            None => Grouping::By(Vec::new()),
            Some(LabelModifier::Exclude(labels)) => Grouping::Without(self.labels(&labels.labels)?),
            Some(LabelModifier::Include(labels)) => Grouping::By(self.labels(&labels.labels)?),
        };
        let of = self.node(&parsed.expr, depth + 1)?;
        self.expect(&name, Kind::Vector, &of)?;
        Ok(Node::Aggregate {
            aggregation,
            grouping,
            of: Box::new(of),
        })
    }

    fn call(&self, parsed: &parser::Call, depth: usize) -> Result<Node, Refusal> {
        let name = parsed.func.name;
        let Some(function) = Function::named(name) else {
            return self.refuse(name);
        };
        let parameters = function.parameters();
        let given = &parsed.args.args;
        if given.len() != parameters.len() {
            let what = format!("`{name}` takes {} arguments here", parameters.len());
            return Err(self.tokens.refuse_word(name, what));
        }
        let mut arguments = Vec::with_capacity(given.len());
        for (argument, kind) in given.iter().zip(parameters) {
            let argument = self.node(argument, depth + 1)?;
            self.expect(name, *kind, &argument)?;
            arguments.push(argument);
        }
        Ok(Node::Call {
            function,
            arguments,
        })
    }

    fn expect(&self, name: &str, kind: Kind, argument: &Node) -> Result<(), Refusal> {
        if argument.kind() == kind {
            return Ok(());
        }
        let what = format!("`{name}` takes {kind}, not {}", argument.kind());
        Err(self.tokens.refuse_word(name, what))
    }

    fn binary(&self, parsed: &parser::BinaryExpr, depth: usize) -> Result<Node, Refusal> {
        let name = parsed.op.to_string();
        let Some(operator) = Operator::named(&name) else {
            return self.refuse(&name);
        };
        let left = self.vector_or_scalar(&parsed.lhs, depth, &name)?;
        let right = self.vector_or_scalar(&parsed.rhs, depth, &name)?;
        let is_bool = parsed.return_bool();
        let mut matching = Matching::Ignoring(Vec::new());
        if let Some(modifier) = &parsed.modifier {
            match &modifier.card {
                VectorMatchCardinality::ManyToOne(_) => return self.refuse("group_left"),
                VectorMatchCardinality::OneToMany(_) => return self.refuse("group_right"),
                VectorMatchCardinality::ManyToMany | VectorMatchCardinality::OneToOne => {}
            }
            let fill = &modifier.fill_values;
            if fill.lhs.is_some() || fill.rhs.is_some() {
                return self.refuse("fill");
            }
            matching = match &modifier.matching {
                None => matching,
                Some(LabelModifier::Exclude(labels)) => {
                    Matching::Ignoring(self.labels(&labels.labels)?)
                }
                Some(LabelModifier::Include(labels)) => Matching::On(self.labels(&labels.labels)?),
            };
        }
        let both = [left.kind(), right.kind()] == [Kind::Vector; 2];
        let complain = |what: &str| Err(self.tokens.refuse_word(&name, format!("`{name}` {what}")));
        if operator.is_set() && !both {
            return complain("takes series on both sides");
        }
        if is_bool && !operator.is_comparison() {
            return complain("is no comparison and has no `bool`");
        }
        if operator.is_comparison() && !is_bool && [left.kind(), right.kind()] == [Kind::Scalar; 2]
        {
            return complain("between two numbers needs `bool`");
        }
        if !both && matching != Matching::Ignoring(Vec::new()) {
            return complain("matches labels only between series");
        }
        Ok(Node::Binary(Box::new(Binary {
            operator,
            is_bool,
            matching,
            left,
            right,
        })))
    }

    fn labels(&self, labels: &[String]) -> Result<Vec<String>, Refusal> {
        for label in labels {
            self.label(label)?;
        }
        Ok(labels.to_vec())
    }

    fn label(&self, label: &str) -> Result<(), Refusal> {
        if is_label(label) {
            return Ok(());
        }
        let what = format!(
            "the label `{}` is not letters, digits and `_`",
            label.escape_debug()
        );
        Err(self.tokens.refuse_string(label, what))
    }

    fn selector(&self, parsed: &parser::VectorSelector) -> Result<Selector, Refusal> {
        if parsed.at.is_some() {
            return self.refuse("@");
        }
        if !parsed.matchers.or_matchers.is_empty() {
            return self.refuse("or");
        }
        let offset = match &parsed.offset {
            None => Duration::ZERO,
            Some(parser::Offset::Pos(offset)) => *offset,
            Some(parser::Offset::Neg(_)) => return self.refuse("offset"),
        };
        let mut selector = Selector {
            name: parsed.name.clone(),
            matchers: Vec::new(),
            offset,
        };
        for matcher in &parsed.matchers.matchers {
            self.label(&matcher.name)?;
            let made = match &matcher.op {
                MatchOp::Equal => Ok(Matcher::equal(&matcher.name, &matcher.value)),
                MatchOp::NotEqual => Ok(Matcher::not_equal(&matcher.name, &matcher.value)),
                MatchOp::Re(_) => Matcher::matches(&matcher.name, &matcher.value),
                MatchOp::NotRe(_) => Matcher::matches_not(&matcher.name, &matcher.value),
            };
            let made = made.map_err(|what| self.tokens.refuse_string(&matcher.value, what))?;
            match made.as_metric_name() {
                Some(name) if selector.name.is_none() && is_metric(name) => {
                    selector.name = Some(name.to_owned());
                }
                _ => selector.matchers.push(made),
            }
        }
        if selector
            .name
            .as_deref()
            .is_some_and(|name| !is_metric(name))
        {
            let what = "a metric's name is not letters, digits, `_` and `:`";
            return Err(self.tokens.refuse_word("", what));
        }
        Ok(selector)
    }
}

pub(crate) fn is_label(name: &str) -> bool {
    is_metric(name) && !name.contains(':')
}

fn is_metric(name: &str) -> bool {
    let belongs = |character: char| character.is_ascii_alphanumeric() || "_:".contains(character);
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(belongs)
}

#[cfg(test)]
mod tests;
