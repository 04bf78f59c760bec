//! Reads the inhibition rules of a file.

use super::node::Node;
use super::{Reader, matchers};
use crate::config::{ConfigError, InhibitRule};
use crate::matcher::{self, MatchOp, Matchers};

/// The most labels that source and target may be asked to have in common.
const LABELS: usize = 256;

/// The fields of one side of a rule.
struct Side {
    equal: &'static str,
    regex: &'static str,
    matchers: &'static str,
}

const SOURCE: Side = Side {
    equal: "source_match",
    regex: "source_match_re",
    matchers: "source_matchers",
};

const TARGET: Side = Side {
    equal: "target_match",
    regex: "target_match_re",
    matchers: "target_matchers",
};

impl Reader {
    pub(super) fn inhibit_rule(&mut self, node: &Node) -> Result<InhibitRule, ConfigError> {
        let mut fields = node.fields("an inhibition rule")?;
        let mut sides = Vec::with_capacity(2);
        for side in [SOURCE, TARGET] {
            let mut found = Vec::new();
            self.deprecated(&fields, &[side.equal, side.regex], side.matchers);
            matchers::map(fields.take(side.equal), MatchOp::Equal, &mut found)?;
            matchers::map(fields.take(side.regex), MatchOp::Regex, &mut found)?;
            found.extend(self.matcher_list(&mut fields, side.matchers)?);
            if found.len() > matcher::MOST {
                let reason = format!(
                    "an inhibition rule has more than {} matchers",
                    matcher::MOST
                );
                return Err(node.wrong(reason));
            }
            sides.push(Matchers::new(found));
        }
        let mut equal = Vec::new();
        for label in fields.texts("equal")? {
            if label.value.is_empty() {
                return Err(ConfigError::new(label.at, "a label has no name"));
            }
            equal.push(label.value);
        }
        if equal.len() > LABELS {
            return Err(node.wrong(format!(
                "an inhibition rule has more than {LABELS} labels in `equal`"
            )));
        }
        fields.leave_extensions();
        fields.finish()?;
        let target = sides.pop().unwrap_or_default();
        let source = sides.pop().unwrap_or_default();
        Ok(InhibitRule::new(source, target).with_equal(equal))
    }
}
