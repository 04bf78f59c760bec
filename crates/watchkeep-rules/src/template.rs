//! Alert texts with the value in them: the few forms of Go's templates that mean the same here and on a Prometheus.

use std::fmt::Write as _;

use crate::error::{Error, Kind};

/// A parsed text; rendering it cannot fail.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// `{{ printf "%.2f" $value }}`
    Fixed(usize),
    /// `{{ $value | humanizePercentage }}`
    Percentage,
    Text(String),
    /// `{{ $value }}`
    Value,
}

impl Template {
    pub(crate) fn parse(source: &str) -> Result<Self, Error> {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some(open) = rest.find("{{") {
            let (text, tail) = rest.split_at(open);
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            let Some(close) = tail.find("}}") else {
                return Err(Kind::Unclosed(source.to_owned()).into());
            };
            let action = &tail[2..close];
            parts.push(parse_action(action).ok_or_else(|| Kind::Action {
                template: source.to_owned(),
                action: action.to_owned(),
            })?);
            rest = &tail[close + 2..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self {
            source: source.to_owned(),
            parts,
        })
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn render(&self, value: f64) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Fixed(digits) => write!(text, "{value:.digits$}"),
                Part::Percentage => write!(text, "{}%", four_digits(value * 100.0)),
                Part::Text(literal) => text.write_str(literal),
                Part::Value => write!(text, "{value}"),
            }
            .expect("a String takes every write");
        }
        text
    }
}

fn parse_action(action: &str) -> Option<Part> {
    let words: Vec<&str> = action.split_whitespace().collect();
    match words.as_slice() {
        ["$value"] => Some(Part::Value),
        ["$value", "|", "humanizePercentage"] => Some(Part::Percentage),
        ["printf", format, "$value"] => {
            let digits: usize = format
                .strip_prefix("\"%.")?
                .strip_suffix("f\"")?
                .parse()
                .ok()?;
            (digits <= 9).then_some(Part::Fixed(digits))
        }
        _ => None,
    }
}

/// Go's `%.4g`: four significant digits, no trailing zeros, an exponent below 1e-4 and from 1e4 on.
fn four_digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let scientific = format!("{value:.3e}");
    let (mantissa, exponent) = scientific
        .split_once('e')
        .expect("the `e` format has an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent is a whole number");
    if (-4..4).contains(&exponent) {
        let digits = usize::try_from(3 - exponent).expect("the exponent is below 4");
        trim_zeros(&format!("{value:.digits$}")).to_owned()
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trim_zeros(mantissa), exponent.abs())
    }
}

fn trim_zeros(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, value: f64, expected: &str) {
        let template = Template::parse(template).expect("the template is valid");
        assert_eq!(template.render(value), expected);
    }

    #[test]
    fn renders_what_go_would() {
        check(
            "High: {{ $value | humanizePercentage }}",
            0.075,
            "High: 7.5%",
        );
        check(
            "{{$value|humanizePercentage}}".replace('|', " | ").as_str(),
            1.0,
            "100%",
        );
        check("{{ $value | humanizePercentage }}", 0.123_456, "12.35%");
        check("{{ $value | humanizePercentage }}", 123.456, "1.235e+04%");
        check(
            "{{ $value | humanizePercentage }}",
            0.000_000_12,
            "1.2e-05%",
        );
        check(
            "{{ printf \"%.0f\" $value }}ms average",
            2_500.4,
            "2500ms average",
        );
        check("{{ $value }}", 2.0, "2");
        check("no action", 1.0, "no action");
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        for bad in [
            "{{ $labels.x }}",
            "{{ printf \"%d\" $value }}",
            "{{ printf \"%.99f\" $value }}",
            "{{}}",
            "{{ $value",
        ] {
            let error = Template::parse(bad).expect_err(bad).to_string();
            assert!(error.contains(bad), "{error}");
        }
    }
}
