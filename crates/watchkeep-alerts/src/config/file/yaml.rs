//! Turns YAML into nodes that know their places, within bounds.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::node::{Kind, Node, Text};
use crate::config::{ConfigError, Position, shown};

/// The deepest nesting, with aliases written out.
const DEEPEST: usize = 64;
/// The most nodes, with aliases written out.
const NODES: usize = 100_000;
/// The most bytes of text, with aliases written out.
const BYTES: usize = 4 << 20;

/// Reads one document.
pub(super) fn parse(text: &str) -> Result<Node, ConfigError> {
    let mut options = Options::default();
    options.flow_nesting_limit = DEEPEST;
    options.block_nesting_limit = DEEPEST;
    let mut tree = Tree {
        events: Parser::new_from_str_with_options(text, options),
        anchors: HashMap::new(),
        nodes: NODES,
        bytes: BYTES,
    };
    tree.document()
}

struct Tree<'a> {
    events: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    /// How many nodes may still come.
    nodes: usize,
    /// How many bytes of text may still come.
    bytes: usize,
}

impl<'a> Tree<'a> {
    fn document(&mut self) -> Result<Node, ConfigError> {
        let mut root = None;
        while let Some(next) = self.events.next_event() {
            let (event, span) = next.map_err(|error| scan_error(&error))?;
            match event {
                Event::DocumentStart(..) if root.is_some() => {
                    let at = Some(position(&span.start));
                    return Err(ConfigError::new(
                        at,
                        "there is a second document in the file",
                    ));
                }
                event if event.is_node() => root = Some(self.node(event, &span, 0)?),
                _ => {}
            }
        }
        Ok(root.unwrap_or(Node {
            at: Position { line: 1, column: 1 },
            kind: Kind::Null,
        }))
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), ConfigError> {
        match self.events.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(scan_error(&error)),
            None => Err(ConfigError::new(None, "the file ends too early")),
        }
    }

    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, ConfigError> {
        let at = position(&span.start);
        if depth >= DEEPEST {
            return Err(too_deep(at));
        }
        let (kind, anchor) = match event {
            Event::Alias(id) => return self.alias(id, at, depth),
            Event::Scalar(text, style, anchor, tag) => {
                self.pay(at, text.len())?;
                let is_plain = style == ScalarStyle::Plain;
                (scalar(&text, is_plain, tag.as_deref(), at)?, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.pay(at, 0)?;
                check_tag(tag.as_deref(), "seq", at)?;
                (self.list(depth)?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.pay(at, 0)?;
                check_tag(tag.as_deref(), "map", at)?;
                (self.map(depth)?, anchor)
            }
            _ => {
                return Err(ConfigError::new(
                    Some(at),
                    "this is no YAML that is known here",
                ));
            }
        };
        let node = Node { at, kind };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Kind, ConfigError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Kind::List(items)),
                (event, span) => items.push(self.node(event, &span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Kind, ConfigError> {
        let mut entries: Vec<(Text, Node)> = Vec::new();
        let mut names = HashSet::new();
        let mut merged: Vec<Node> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let key = self.key(event, &span, depth)?;
            let (event, span) = self.next()?;
            let value = self.node(event, &span, depth + 1)?;
            if key.is_plain && key.text == "<<" {
                merged.push(value);
                continue;
            }
            if !names.insert(key.text.clone()) {
                let reason = format!("the field `{}` is there twice", shown(&key.text));
                return Err(ConfigError::new(Some(key.at), reason));
            }
            entries.push((key, value));
        }
        for source in merged {
            merge(&mut entries, &mut names, source)?;
        }
        Ok(Kind::Map(entries))
    }

    fn key(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Text, ConfigError> {
        let node = self.node(event, span, depth + 1)?;
        match node.kind {
            Kind::Scalar(text) => Ok(text),
            Kind::Null => Ok(Text {
                text: String::new(),
                is_plain: true,
                at: node.at,
            }),
            Kind::List(_) | Kind::Map(_) => Err(ConfigError::new(
                Some(node.at),
                "the name of a field is not a text",
            )),
        }
    }

    fn alias(&mut self, id: usize, at: Position, depth: usize) -> Result<Node, ConfigError> {
        let Some(node) = self.anchors.remove(&id) else {
            return Err(ConfigError::new(
                Some(at),
                "an alias stands inside of what it stands for",
            ));
        };
        let checked = self.pay_all(&node, at, depth);
        let copy = checked.map(|()| node.clone());
        self.anchors.insert(id, node);
        copy
    }

    /// Pays for a copy of a node, before it is made.
    fn pay_all(&mut self, node: &Node, at: Position, depth: usize) -> Result<(), ConfigError> {
        if depth >= DEEPEST {
            return Err(too_deep(at));
        }
        match &node.kind {
            Kind::Null => self.pay(at, 0),
            Kind::Scalar(text) => self.pay(at, text.text.len()),
            Kind::List(items) => {
                self.pay(at, 0)?;
                items
                    .iter()
                    .try_for_each(|item| self.pay_all(item, at, depth + 1))
            }
            Kind::Map(entries) => {
                self.pay(at, 0)?;
                entries.iter().try_for_each(|(key, value)| {
                    self.pay(at, key.text.len())?;
                    self.pay_all(value, at, depth + 1)
                })
            }
        }
    }

    fn pay(&mut self, at: Position, bytes: usize) -> Result<(), ConfigError> {
        let left = (self.nodes.checked_sub(1), self.bytes.checked_sub(bytes));
        let (Some(nodes), Some(bytes)) = left else {
            let reason = format!(
                "the file has more than {NODES} nodes or {BYTES} bytes of text, with its aliases written out"
            );
            return Err(ConfigError::new(Some(at), reason));
        };
        (self.nodes, self.bytes) = (nodes, bytes);
        Ok(())
    }
}

/// Adds the fields of `<<: *alias` that are not there yet.
fn merge(
    entries: &mut Vec<(Text, Node)>,
    names: &mut HashSet<String>,
    source: Node,
) -> Result<(), ConfigError> {
    match source.kind {
        Kind::Map(mut more) => {
            more.retain(|(key, _)| names.insert(key.text.clone()));
            entries.append(&mut more);
            Ok(())
        }
        Kind::List(sources) if sources.iter().all(|s| matches!(s.kind, Kind::Map(_))) => sources
            .into_iter()
            .try_for_each(|source| merge(entries, names, source)),
        Kind::List(_) | Kind::Null | Kind::Scalar(_) => Err(ConfigError::new(
            Some(source.at),
            "only fields can be merged with `<<`",
        )),
    }
}

fn scalar(
    text: &str,
    is_plain: bool,
    tag: Option<&Tag>,
    at: Position,
) -> Result<Kind, ConfigError> {
    let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
    match tag.map(|tag| (tag.is_yaml_core_schema(), tag)) {
        None => {}
        Some((true, tag))
            if !["binary", "map", "seq"]
                .iter()
                .any(|name| tag.is_yaml_core_schema_tag(name)) => {}
        Some(_) => return Err(ConfigError::new(Some(at), "a tag is not supported here")),
    }
    if is_plain && !is_text && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Ok(Kind::Null);
    }
    Ok(Kind::Scalar(Text {
        text: text.to_owned(),
        is_plain: is_plain && !is_text,
        at,
    }))
}

fn check_tag(tag: Option<&Tag>, expected: &str, at: Position) -> Result<(), ConfigError> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema_tag(expected) => {
            Err(ConfigError::new(Some(at), "a tag is not supported here"))
        }
        _ => Ok(()),
    }
}

fn too_deep(at: Position) -> ConfigError {
    let reason =
        format!("the file is nested more than {DEEPEST} deep, with its aliases written out");
    ConfigError::new(Some(at), reason)
}

fn scan_error(error: &ScanError) -> ConfigError {
    ConfigError::new(
        Some(position(error.marker())),
        format!("this is not YAML: {}", shown(&error.info())),
    )
}

fn position(marker: &Marker) -> Position {
    Position {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

#[cfg(test)]
mod tests;
