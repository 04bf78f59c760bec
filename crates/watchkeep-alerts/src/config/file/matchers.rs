//! Reads matchers: lists of texts, and the older maps of labels and values.

use super::Reader;
use super::fields::Fields;
use super::node::{Kind, Node};
use crate::config::{ConfigError, ConfigWarning};
use crate::matcher::{MatchOp, Matcher, Matchers};

/// Reads a map of labels and values, as `match` and `match_re` have it.
pub(super) fn map(
    node: Option<&Node>,
    op: MatchOp,
    found: &mut Vec<Matcher>,
) -> Result<(), ConfigError> {
    let Some(node) = node else {
        return Ok(());
    };
    let Kind::Map(entries) = &node.kind else {
        return Err(node.wrong("labels with their values are expected here"));
    };
    for (name, value) in entries {
        if !is_label_name(&name.text) {
            let reason = "a label name is not letters, digits and `_`, or begins with a digit";
            return Err(ConfigError::new(Some(name.at), reason));
        }
        // In Alertmanager too, a value that is null is empty, but no expression is.
        let text = match op {
            MatchOp::Equal if value.is_null() => "",
            _ => value.text()?,
        };
        // Alertmanager keeps the anchors that it adds, and they show in the keys of groups.
        let text = match op {
            MatchOp::NotRegex | MatchOp::Regex => format!("^(?:{text})$"),
            MatchOp::Equal | MatchOp::NotEqual => text.to_owned(),
        };
        let matcher = Matcher::new(name.text.as_str(), op, text)
            .map_err(|error| value.wrong(error.to_string()))?;
        found.push(matcher);
    }
    Ok(())
}

impl Reader {
    /// Reads a list of texts, each with one or more matchers.
    pub(super) fn matcher_list(
        &self,
        fields: &mut Fields<'_>,
        key: &str,
    ) -> Result<Vec<Matcher>, ConfigError> {
        let mut found = Vec::new();
        for line in fields.texts(key)? {
            let read = Matchers::parse_in(self.grammar, &line.value)
                .map_err(|error| ConfigError::new(line.at, error.to_string()))?;
            found.extend(read);
        }
        Ok(found)
    }

    pub(super) fn deprecated(&mut self, fields: &Fields<'_>, names: &[&str], instead: &str) {
        for name in names {
            if let Some((at, _)) = fields.key(name) {
                let text = format!("`{name}` is deprecated: use `{instead}`");
                self.warnings.push(ConfigWarning::new(Some(at), text));
            }
        }
    }
}

fn is_label_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}
