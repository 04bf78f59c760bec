//! Reads Alertmanager's file: the text becomes a tree of nodes with their places, and the tree a configuration in the making.

use crate::matcher::Grammar;

use super::builder::ConfigBuilder;
use super::error::{ConfigError, ConfigWarning};

mod address;
mod channels;
mod fields;
mod global;
mod inhibit;
mod interval;
mod matchers;
mod node;
mod receiver;
mod route;
mod yaml;

pub(super) use fields::Fields;
pub(super) use node::{Kind, Node};

/// The largest file, in bytes.
const LARGEST: usize = 1 << 20;

/// What reading a part of the file needs to know, and what it finds beside it.
struct Reader {
    grammar: Grammar,
    warnings: Vec<ConfigWarning>,
}

/// Reads a file.
pub(super) fn read(grammar: Grammar, text: &str) -> Result<ConfigBuilder, ConfigError> {
    let node = tree(text)?;
    let mut reader = Reader {
        grammar,
        warnings: Vec::new(),
    };
    let mut builder = reader.file(&node)?;
    builder.warnings = reader.warnings;
    Ok(builder)
}

/// Reads a text that is not too large as a tree of nodes.
pub(super) fn tree(text: &str) -> Result<Node, ConfigError> {
    if text.len() > LARGEST {
        return Err(ConfigError::new(None, "the file has more than 1 MiB"));
    }
    let node = yaml::parse(text)?;
    if node.is_null() {
        return Err(ConfigError::new(None, "the file is empty"));
    }
    Ok(node)
}

impl Reader {
    fn file(&mut self, node: &Node) -> Result<ConfigBuilder, ConfigError> {
        let mut fields = node.fields("the file")?;
        let mut builder = ConfigBuilder::default();
        let global = global::read(fields.take("global"))?;
        builder.resolve_timeout = global.resolve_timeout;
        for receiver in fields.list("receivers")? {
            builder.receivers.push(receiver::read(&global, receiver)?);
        }
        builder.route = match fields.take("route") {
            Some(route) => Some(self.route(route)?),
            None => None,
        };
        for rule in fields.list("inhibit_rules")? {
            builder.inhibit_rules.push(self.inhibit_rule(rule)?);
        }
        self.deprecated(&fields, &["mute_time_intervals"], "time_intervals");
        for key in ["mute_time_intervals", "time_intervals"] {
            for interval in fields.list(key)? {
                builder.intervals.push(interval::read(interval)?);
            }
        }
        fields.refuse_filled(&[
            (
                "templates",
                "templates are not supported: the notifiers write their own texts",
            ),
            ("tracing", "tracing is the business of the program"),
            (
                "event_recorder",
                "events are recorded by the engine's own journal",
            ),
        ])?;
        builder.extensions = fields.extensions();
        fields.finish()?;
        Ok(builder)
    }
}
