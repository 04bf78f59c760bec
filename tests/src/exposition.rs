//! A strict parser of the Prometheus text format 0.0.4 and of OpenMetrics 1.0, written from their specifications alone.
//!
//! It accepts less than scrapers do: a text must also be in the order that ours promise, and say nothing twice.

mod family;
mod line;

use std::collections::HashSet;

pub use self::family::Family;
use self::line::Comment;
pub use self::line::{Exemplar, Sample};

/// Which text format is parsed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there are these two")]
pub enum Format {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The Prometheus text format 0.0.4.
    Prometheus,
}

/// Returns all families of a text, whose every rule is checked.
///
/// # Errors
/// The first broken rule, with the number of its line.
pub fn parse(text: &str, format: Format) -> Result<Vec<Family>, String> {
    let body = body(text, format)?;
    let mut families: Vec<Family> = Vec::new();
    for (number, line) in body.lines().enumerate() {
        let parsed = if let Some(comment) = line.strip_prefix("# ") {
            Comment::parse(comment, format).and_then(|comment| describe(&mut families, comment))
        } else {
            Sample::parse(line, format).and_then(|sample| match families.last_mut() {
                Some(family) => family.add(sample, format),
                None => Err("a sample before any family".to_owned()),
            })
        };
        parsed.map_err(|error| format!("line {}: {error}: {line}", number + 1))?;
    }
    for family in &families {
        family
            .check(format)
            .map_err(|error| format!("family {}: {error}", family.name))?;
    }
    check_all(&families)?;
    Ok(families)
}

/// Returns the samples of a text of which only the lines are checked, for expositions of others.
///
/// # Errors
/// The first line that is no sample.
pub fn samples(text: &str) -> Result<Vec<Sample>, String> {
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            Sample::parse(line, Format::Prometheus).map_err(|error| format!("{error}: {line}"))
        })
        .collect()
}

fn body(text: &str, format: Format) -> Result<&str, String> {
    let body = match format {
        Format::OpenMetrics => text
            .strip_suffix("# EOF\n")
            .ok_or("no `# EOF` at the end")?,
        Format::Prometheus => text,
    };
    if body.is_empty() || body.ends_with('\n') {
        Ok(body)
    } else {
        Err("the last line does not end".to_owned())
    }
}

/// Begins a family with its first comment, and adds others to it.
fn describe(families: &mut Vec<Family>, comment: Comment) -> Result<(), String> {
    let continues = families
        .last()
        .is_some_and(|family| family.name == comment.family() && family.samples.is_empty());
    if !continues {
        families.push(Family::new(comment.family()));
    }
    match families.last_mut() {
        Some(family) => family.describe(comment),
        None => Ok(()),
    }
}

/// Checks what concerns all families together.
fn check_all(families: &[Family]) -> Result<(), String> {
    if let Some(pair) = families
        .windows(2)
        .find(|pair| pair[0].name >= pair[1].name)
    {
        return Err(format!(
            "{} does not come after {}",
            pair[1].name, pair[0].name
        ));
    }
    let mut owners = HashSet::new();
    let mut series = HashSet::new();
    for family in families {
        let names: HashSet<&str> = family.samples.iter().map(|sample| &*sample.name).collect();
        if let Some(name) = names.into_iter().find(|name| !owners.insert(*name)) {
            return Err(format!("{name} belongs to two families"));
        }
        for sample in &family.samples {
            if !series.insert((&sample.name, &sample.labels)) {
                return Err(format!("{} {:?} stands twice", sample.name, sample.labels));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
