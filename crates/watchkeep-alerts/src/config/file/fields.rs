//! The fields of a piece of a file: each is taken once, and what nobody took is refused.

use std::time::Duration;

use super::node::{Node, Text};
use crate::config::{ConfigError, Extensions, Located, Position, Secret, shown};

pub(in crate::config) struct Fields<'a> {
    what: &'static str,
    left: Vec<&'a (Text, Node)>,
}

impl<'a> Fields<'a> {
    pub(in crate::config) fn new(what: &'static str, entries: &'a [(Text, Node)]) -> Self {
        Self {
            what,
            left: entries.iter().collect(),
        }
    }

    /// Returns a field and where its name stands, without taking it.
    pub(in crate::config) fn key(&self, name: &str) -> Option<(Position, &'a Node)> {
        let (key, value) = self.left.iter().find(|(key, _)| key.text == name)?;
        Some((key.at, value))
    }

    /// Takes a field; one whose value is null counts as not there.
    pub(in crate::config) fn take(&mut self, name: &str) -> Option<&'a Node> {
        let at = self.left.iter().position(|(key, _)| key.text == name)?;
        let (_, value) = self.left.swap_remove(at);
        Some(value).filter(|value| !value.is_null())
    }

    pub(in crate::config) fn list(&mut self, name: &str) -> Result<&'a [Node], ConfigError> {
        self.take(name).map_or(Ok(&[]), Node::list)
    }

    pub(in crate::config) fn text(&mut self, name: &str) -> Result<Option<&'a str>, ConfigError> {
        self.take(name).map(Node::text).transpose()
    }

    pub(in crate::config) fn located(
        &mut self,
        name: &str,
    ) -> Result<Option<Located<String>>, ConfigError> {
        self.take(name).map(Node::located).transpose()
    }

    pub(in crate::config) fn texts(
        &mut self,
        name: &str,
    ) -> Result<Vec<Located<String>>, ConfigError> {
        self.list(name)?.iter().map(Node::located).collect()
    }

    pub(in crate::config) fn truth(&mut self, name: &str) -> Result<Option<bool>, ConfigError> {
        self.take(name).map(Node::truth).transpose()
    }

    pub(in crate::config) fn duration(
        &mut self,
        name: &str,
    ) -> Result<Option<Located<Duration>>, ConfigError> {
        let Some(node) = self.take(name) else {
            return Ok(None);
        };
        Ok(Some(Located {
            value: node.duration()?,
            at: Some(node.at),
        }))
    }

    /// Takes a text that stands for itself: Alertmanager would fill a template in.
    pub(in crate::config) fn literal(&mut self, name: &str) -> Result<Option<String>, ConfigError> {
        let Some(node) = self.take(name) else {
            return Ok(None);
        };
        let text = node.text()?;
        if text.contains("{{") {
            let reason =
                format!("a template in `{name}` is not supported: it must be a plain text");
            return Err(ConfigError::unsupported(node.at, reason));
        }
        Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
    }

    /// Takes a secret: from the first field, or from the file that the second one names; both together are refused.
    pub(in crate::config) fn secret(
        &mut self,
        name: &str,
        file: &str,
    ) -> Result<Option<Located<Secret>>, ConfigError> {
        let own = self.filled(name)?;
        let path = self.filled(file)?;
        match (own, path) {
            (Some(own), Some(_)) => {
                let reason = format!("{} has both `{name}` and `{file}`", self.what);
                Err(own.wrong(reason))
            }
            (Some(own), None) => Ok(Some(Located {
                value: Secret::new(own.text()?),
                at: Some(own.at),
            })),
            (None, Some(path)) => Ok(Some(Located {
                value: Secret::from_file(path.text()?),
                at: Some(path.at),
            })),
            (None, None) => Ok(None),
        }
    }

    /// Takes a text that is not empty.
    fn filled(&mut self, name: &str) -> Result<Option<&'a Node>, ConfigError> {
        match self.take(name) {
            Some(node) if !node.text()?.is_empty() => Ok(Some(node)),
            _ => Ok(None),
        }
    }

    /// Refuses fields that Alertmanager has and this engine has not.
    pub(in crate::config) fn refuse(
        &mut self,
        names: &[(&str, &'static str)],
    ) -> Result<(), ConfigError> {
        for (name, reason) in names {
            if let Some((at, value)) = self.key(name)
                && !value.is_null()
            {
                return Err(ConfigError::unsupported(at, format!("`{name}`: {reason}")));
            }
            self.take(name);
        }
        Ok(())
    }

    /// Refuses such fields, unless they are empty lists or have no fields themselves.
    pub(in crate::config) fn refuse_filled(
        &mut self,
        names: &[(&str, &'static str)],
    ) -> Result<(), ConfigError> {
        for (name, _) in names {
            if self.key(name).is_some_and(|(_, value)| value.is_empty()) {
                self.take(name);
            }
        }
        self.refuse(names)
    }

    /// Takes the extensions that are left.
    pub(in crate::config) fn extensions(&mut self) -> Extensions {
        let is_extension = |entry: &&(Text, Node)| entry.0.text.starts_with("x-");
        let left = std::mem::take(&mut self.left).into_iter();
        let (extensions, left): (Vec<_>, Vec<_>) = left.partition(is_extension);
        self.left = left;
        let value = |(key, value): &(Text, Node)| (key.text.clone(), value.json());
        extensions.into_iter().map(value).collect()
    }

    /// Drops extensions where nothing reads them.
    pub(in crate::config) fn leave_extensions(&mut self) {
        self.left.retain(|(key, _)| !key.text.starts_with("x-"));
    }

    /// Refuses what nobody took.
    pub(in crate::config) fn finish(self) -> Result<(), ConfigError> {
        let first = self
            .left
            .iter()
            .min_by_key(|(key, _)| (key.at.line, key.at.column));
        match first {
            None => Ok(()),
            Some((key, _)) => {
                let reason = format!("{} has no field `{}`", self.what, shown(&key.text));
                Err(ConfigError::new(Some(key.at), reason))
            }
        }
    }
}
