//! Reads the events of a dry run: YAML, or JSON, which is YAML too.

use std::time::Duration;

use super::duration;
use super::error::ConfigError;
use super::file::{Fields, Kind, Node, tree};
use crate::alert::Labels;
use crate::dry_run::{EVENTS, Happening, Script, TimedEvent};
use crate::matcher::Matchers;
use crate::timestamp::Timestamp;

/// How long a silence lasts that says no end.
const SILENCE: Duration = Duration::from_secs(3_600);

/// Reads a script; `from` takes the place of its own.
pub(crate) fn read(text: &str, from: Option<Timestamp>) -> Result<Script, ConfigError> {
    let node = tree(text)?;
    let mut fields = node.fields("a dry run")?;
    let time = |node: Option<&Node>| node.map(absolute).transpose();
    let mut script = Script::new();
    let own = time(fields.take("from"))?;
    script.from = from.or(own);
    script.to = time(fields.take("to"))?;
    let events = fields.list("events")?;
    if events.len() > EVENTS {
        return Err(node.wrong(format!("there are more than {EVENTS} events")));
    }
    for node in events {
        script.events.push(event(node, script.from)?);
    }
    fields.finish()?;
    Ok(script)
}

fn event(node: &Node, from: Option<Timestamp>) -> Result<TimedEvent, ConfigError> {
    let mut fields = node.fields("an event")?;
    let at = fields
        .take("at")
        .ok_or_else(|| node.wrong("an event has no time in `at`"))?;
    let at = time(at, from)?;
    let annotations = labels(fields.take("annotations"))?;
    let kinds = ["fire", "trigger", "resolve", "silence"];
    let given: Vec<_> = kinds
        .iter()
        .filter(|kind| fields.key(kind).is_some())
        .collect();
    let [kind] = given.as_slice() else {
        return Err(node
            .wrong("an event has not exactly one of `fire`, `trigger`, `resolve` and `silence`"));
    };
    let what = match **kind {
        "silence" => silence(&mut fields, node)?,
        "fire" => Happening::Fire(alert(&mut fields, node, "fire")?, annotations),
        "trigger" => Happening::Trigger(alert(&mut fields, node, "trigger")?, annotations),
        _ => Happening::Resolve(alert(&mut fields, node, "resolve")?),
    };
    fields.finish()?;
    Ok(TimedEvent { at, what })
}

fn alert(fields: &mut Fields<'_>, node: &Node, key: &str) -> Result<Labels, ConfigError> {
    let labels = labels(fields.take(key))?;
    match labels.is_empty() {
        true => Err(node.wrong("an alert has no labels")),
        false => Ok(labels),
    }
}

fn silence(fields: &mut Fields<'_>, node: &Node) -> Result<Happening, ConfigError> {
    let mut matchers = Vec::new();
    for text in fields.texts("silence")? {
        let read = Matchers::parse(&text.value);
        matchers.extend(read.map_err(|error| ConfigError::new(text.at, error.to_string()))?);
    }
    if matchers.is_empty() {
        return Err(node.wrong("a silence has no matchers"));
    }
    let lasts = fields.duration("for")?.map_or(SILENCE, |lasts| lasts.value);
    Ok(Happening::Silence(Matchers::new(matchers), lasts))
}

fn labels(node: Option<&Node>) -> Result<Labels, ConfigError> {
    let Some(node) = node else {
        return Ok(Labels::new());
    };
    let Kind::Map(entries) = &node.kind else {
        return Err(node.wrong("labels with their values are expected here"));
    };
    let mut labels = Labels::new();
    for (name, value) in entries {
        if name.text.is_empty() {
            return Err(node.wrong("a label has no name"));
        }
        // A label without a value is one that is not there.
        let value = value.text()?;
        if !value.is_empty() {
            labels.insert(name.text.clone(), value.to_owned());
        }
    }
    Ok(labels)
}

/// Reads a time, or with a plus sign how long it is after the start.
fn time(node: &Node, from: Option<Timestamp>) -> Result<Timestamp, ConfigError> {
    let Some(later) = node.text()?.strip_prefix('+') else {
        return absolute(node);
    };
    let later = duration::parse(later).map_err(|reason| node.wrong(reason))?;
    let from = from.ok_or_else(|| node.wrong("a time after the start needs a start in `from`"))?;
    Ok(from.after(later))
}

fn absolute(node: &Node) -> Result<Timestamp, ConfigError> {
    let time = node.text()?.parse::<Timestamp>();
    time.map_err(|error| node.wrong(error.to_string()))
}
