//! Input series in promtool's notation: `0+10x5 _ stale NaN`.

use watchkeep_metrics::{SeriesHistory, SeriesLabels};

use crate::expression::{Expression, Node};

/// The most values of one series.
const MOST_VALUES: usize = 100_000;

/// A series and its values, one for each interval.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Input {
    pub(super) labels: SeriesLabels,
    values: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Item {
    Missing,
    Stale,
    Value(f64),
}

impl Input {
    pub(super) fn parse(series: &str, values: &str) -> Result<Self, String> {
        let mut items = Vec::new();
        for word in values.split_whitespace() {
            let (item, step, more) =
                parse_word(word).ok_or_else(|| format!("`{word}` is no value, such as 1+2x5"))?;
            if items.len() + more >= MOST_VALUES {
                return Err(format!("more than {MOST_VALUES} values"));
            }
            let mut value = item;
            for _ in 0..=more {
                items.push(value);
                if let Item::Value(number) = &mut value {
                    *number += step;
                }
            }
        }
        Ok(Self {
            labels: parse_series(series)?,
            values: items,
        })
    }

    /// Puts the value of a position into the newest row.
    pub(super) fn feed(&self, history: &mut SeriesHistory, position: usize) {
        match self.values.get(position) {
            None | Some(Item::Missing) => {}
            Some(Item::Stale) => history.end_series(&self.labels),
            Some(Item::Value(value)) => {
                history.put(&self.labels, *value);
            }
        }
    }
}

/// A series as PromQL writes it: a name, and labels that are what they are.
pub(super) fn parse_series(text: &str) -> Result<SeriesLabels, String> {
    if text.trim().is_empty() || text.trim() == "{}" {
        return Ok(SeriesLabels::default());
    }
    let expression = Expression::read(text).map_err(|refusal| refusal.to_string())?;
    let Node::Selector(selector) = &expression.0 else {
        return Err(format!("`{text}` is no series"));
    };
    let mut labels =
        SeriesLabels::default().with("__name__", selector.name.as_deref().unwrap_or(""));
    for matcher in &selector.matchers {
        let Some((name, value)) = matcher.as_label() else {
            return Err(format!("`{text}` is no single series"));
        };
        labels = labels.with(name, value);
    }
    Ok(labels)
}

/// A value, how much it grows, and how many more follow.
fn parse_word(word: &str) -> Option<(Item, f64, usize)> {
    if word == "stale" {
        return Some((Item::Stale, 0.0, 0));
    }
    let (start, more) = match word.rsplit_once('x') {
        Some((start, more)) => (start, Some(more.parse::<usize>().ok()?)),
        None => (word, None),
    };
    if start == "_" {
        // `_x3` is three of them, other than for values.
        return match more {
            Some(0) => None,
            Some(more) => Some((Item::Missing, 0.0, more - 1)),
            None => Some((Item::Missing, 0.0, 0)),
        };
    }
    if let Some(value) = number(start) {
        return Some((Item::Value(value), 0.0, more.unwrap_or(0)));
    }
    // `1+2x3` or `1-2x3`, the sign being neither the first nor that of an exponent.
    let signs = start
        .char_indices()
        .skip(1)
        .filter(|(_, sign)| "+-".contains(*sign));
    for (at, sign) in signs {
        let step = start[at + 1..].trim_start_matches('+');
        if let (Some(value), Some(step), Some(more)) = (number(&start[..at]), number(step), more) {
            let step = if sign == '-' { -step } else { step };
            return Some((Item::Value(value), step, more));
        }
    }
    None
}

fn number(text: &str) -> Option<f64> {
    let plain = text.trim_start_matches(['+', '-']);
    let begins = plain.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let is_word = ["inf", "nan"].contains(&plain.to_ascii_lowercase().as_str());
    (begins || is_word).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_notation_of_promtool() {
        let numbers = |values: &str| -> Vec<String> {
            let input = Input::parse("m", values).unwrap_or_else(|error| panic!("{error}"));
            let shown = input.values.iter().map(|item| match item {
                Item::Missing => "_".to_owned(),
                Item::Stale => "stale".to_owned(),
                Item::Value(value) => value.to_string(),
            });
            shown.collect()
        };
        assert_eq!(numbers("1+2x3 5"), ["1", "3", "5", "7", "5"]);
        assert_eq!(numbers("10-5x2"), ["10", "5", "0"]);
        assert_eq!(numbers("-1-1x1"), ["-1", "-2"]);
        assert_eq!(numbers("1e-3+1e+1x1"), ["0.001", "10.001"]);
        assert_eq!(
            numbers("7x2 _ _x2 stale"),
            ["7", "7", "7", "_", "_", "_", "stale"]
        );
        assert_eq!(
            numbers("NaN Inf -Inf 1+-1x1"),
            ["NaN", "inf", "-inf", "1", "0"]
        );
        for bad in [
            "x", "1+2", "1x", "_x0", "1+x3", "five", "1+2x-3", "1x200000",
        ] {
            assert!(Input::parse("m", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reads_series() {
        let series = |text: &str| parse_series(text).map(|labels| labels.to_string());
        assert_eq!(series(r#"m{b="1", a="x"}"#).unwrap(), r#"m{a="x",b="1"}"#);
        assert_eq!(series("{}").unwrap(), "{}");
        assert_eq!(series(r#"{a="x"}"#).unwrap(), r#"{a="x"}"#);
        for bad in ["m{a!=\"1\"}", "rate(m[5m])", "m +", "m offset 5m x"] {
            assert!(series(bad).is_err(), "{bad}");
        }
    }
}
