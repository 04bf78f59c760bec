//! Rules as YAML that Prometheus reads.

use std::fmt;

use super::RuleFile;
use crate::duration::Shown;
use crate::expression::quoted;
use crate::group::Group;
use crate::rule::{Purpose, Rule};
use crate::template::Template;

/// The file as YAML.
impl fmt::Display for RuleFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.groups.is_empty() {
            return f.write_str("groups: []\n");
        }
        f.write_str("groups:\n")?;
        self.groups
            .iter()
            .try_for_each(|group| write_group(f, group))
    }
}

fn write_group(f: &mut fmt::Formatter<'_>, group: &Group) -> fmt::Result {
    writeln!(f, "  - name: {}", scalar(&group.name))?;
    if let Some(interval) = group.interval {
        writeln!(f, "    interval: {}", Shown(interval))?;
    }
    if group.limit > 0 {
        writeln!(f, "    limit: {}", group.limit)?;
    }
    if group.rules.is_empty() {
        return f.write_str("    rules: []\n");
    }
    f.write_str("    rules:\n")?;
    group.rules.iter().try_for_each(|rule| write_rule(f, rule))
}

fn write_rule(f: &mut fmt::Formatter<'_>, rule: &Rule) -> fmt::Result {
    let word = if rule.is_alerting() {
        "alert"
    } else {
        "record"
    };
    writeln!(f, "      - {word}: {}", scalar(&rule.name))?;
    let expression = rule.expression.to_string();
    writeln!(f, "        expr: {}", scalar(&expression))?;
    for (name, time) in [
        ("for", rule.hold()),
        ("keep_firing_for", rule.keep_firing()),
    ] {
        if !time.is_zero() {
            writeln!(f, "        {name}: {}", Shown(time))?;
        }
    }
    write_texts(f, "labels", rule.labels.iter())?;
    match &rule.purpose {
        Purpose::Alert(alerting) => write_texts(f, "annotations", alerting.annotations.iter()),
        Purpose::Record => Ok(()),
    }
}

fn write_texts<'a>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    texts: impl ExactSizeIterator<Item = (&'a String, &'a Template)>,
) -> fmt::Result {
    if texts.len() == 0 {
        return Ok(());
    }
    writeln!(f, "        {title}:")?;
    for (name, template) in texts {
        // A name may look like a word of YAML's own, such as `on`.
        writeln!(
            f,
            "          {}: {}",
            scalar(name),
            scalar(template.source())
        )?;
    }
    Ok(())
}

/// A text in quotes: single ones where everything in it can be seen, else with escapes.
fn scalar(text: &str) -> String {
    let plain = text.chars().all(|character| {
        !character.is_control() && !"\u{feff}\u{2028}\u{2029}\u{85}".contains(character)
    });
    if plain {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        let text = quoted(text);
        text.replace('\u{feff}', "\\ufeff")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029")
    }
}
