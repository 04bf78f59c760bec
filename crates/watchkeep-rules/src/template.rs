//! Texts with values in them: the part of Go's templates that means the same here and on a Prometheus.

mod action;
mod humanize;
mod printf;
#[cfg(test)]
mod tests;

use watchkeep_metrics::SeriesLabels;

use action::{Term, Text};

/// The longest template, in bytes.
const LONGEST: usize = 4_096;

/// A parsed text; rendering it cannot fail.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Action(Term),
    Text(String),
}

/// What a template speaks of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) labels: &'a SeriesLabels,
    pub(crate) value: f64,
}

impl Template {
    /// Parses; what is no part of the subset is refused with its words.
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        if source.len() > LONGEST {
            return Err(format!("a text longer than {LONGEST} bytes"));
        }
        let mut parts = Vec::new();
        let mut rest = source;
        let mut trim = false;
        loop {
            let (text, tail) = match rest.find("{{") {
                Some(open) => rest.split_at(open),
                None => (rest, ""),
            };
            let text = if trim {
                text.trim_start_matches(BLANKS)
            } else {
                text
            };
            let Some(tail) = tail.strip_prefix("{{") else {
                push(&mut parts, text);
                break;
            };
            let (tail, text) = match tail.strip_prefix('-') {
                Some(after) if after.starts_with(BLANKS) => (after, text.trim_end_matches(BLANKS)),
                _ => (tail, text),
            };
            push(&mut parts, text);
            let Some(close) = action::end(tail) else {
                return Err(format!("`{source}`: a `{{{{` has no `}}}}`"));
            };
            let inner = &tail[..close];
            let (inner, trims) = match inner.strip_suffix('-') {
                Some(before) if before.ends_with(BLANKS) => (before, true),
                _ => (inner, false),
            };
            trim = trims;
            let term = action::parse(inner)
                .map_err(|what| format!("`{{{{{}}}}}`: {what}", inner.trim_end()))?;
            parts.push(Part::Action(term));
            rest = &tail[close + 2..];
        }
        Ok(Self {
            source: source.to_owned(),
            parts,
        })
    }

    /// A text that is no template.
    pub(crate) fn plain(text: &str) -> Self {
        Self {
            source: text.to_owned(),
            parts: vec![Part::Text(text.to_owned())],
        }
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether it says the same of everything.
    pub(crate) fn is_plain(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    pub(crate) fn render(&self, subject: Subject<'_>) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Action(term) => match term.evaluate(subject) {
                    Text::Number(value) => out.push_str(&crate::number::general(value, None)),
                    Text::Text(text) => out.push_str(&text),
                },
                Part::Text(text) => out.push_str(text),
            }
        }
        out
    }
}

/// What the marks `{{-` and `-}}` take away.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

fn push(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}
