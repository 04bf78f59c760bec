//! A piece of a file, with its place.

use std::time::Duration;

use super::fields::Fields;
use crate::config::{ConfigError, Located, Position, duration};

#[derive(Clone, Debug)]
pub(in crate::config) struct Node {
    pub(in crate::config) at: Position,
    pub(in crate::config) kind: Kind,
}

#[derive(Clone, Debug)]
pub(in crate::config) enum Kind {
    List(Vec<Node>),
    Map(Vec<(Text, Node)>),
    Null,
    Scalar(Text),
}

/// A text as it stands in the file; only a plain one can be something else than a text.
#[derive(Clone, Debug)]
pub(in crate::config) struct Text {
    pub(in crate::config) text: String,
    pub(in crate::config) is_plain: bool,
    pub(in crate::config) at: Position,
}

impl Node {
    pub(in crate::config) const fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// Says whether nothing is said: a null, or a list or fields without any.
    pub(in crate::config) const fn is_empty(&self) -> bool {
        match &self.kind {
            Kind::List(items) => items.is_empty(),
            Kind::Map(entries) => entries.is_empty(),
            Kind::Null => true,
            Kind::Scalar(_) => false,
        }
    }

    pub(in crate::config) fn wrong(
        &self,
        reason: impl Into<std::borrow::Cow<'static, str>>,
    ) -> ConfigError {
        ConfigError::new(Some(self.at), reason)
    }

    /// Returns the fields of what is named; a null has none.
    pub(in crate::config) fn fields(&self, what: &'static str) -> Result<Fields<'_>, ConfigError> {
        match &self.kind {
            Kind::Map(entries) => Ok(Fields::new(what, entries)),
            Kind::Null => Ok(Fields::new(what, &[])),
            Kind::List(_) | Kind::Scalar(_) => {
                Err(self.wrong(format!("{what} is not written as fields with values")))
            }
        }
    }

    pub(in crate::config) fn list(&self) -> Result<&[Self], ConfigError> {
        match &self.kind {
            Kind::List(items) => Ok(items),
            Kind::Null => Ok(&[]),
            Kind::Map(_) | Kind::Scalar(_) => Err(self.wrong("a list is expected here")),
        }
    }

    pub(in crate::config) fn text(&self) -> Result<&str, ConfigError> {
        match &self.kind {
            Kind::Scalar(text) => Ok(&text.text),
            Kind::Null => Err(self.wrong("a text is expected here, and there is none")),
            Kind::List(_) | Kind::Map(_) => Err(self.wrong("a text is expected here")),
        }
    }

    pub(in crate::config) fn located(&self) -> Result<Located<String>, ConfigError> {
        Ok(Located {
            value: self.text()?.to_owned(),
            at: Some(self.at),
        })
    }

    pub(in crate::config) fn duration(&self) -> Result<Duration, ConfigError> {
        duration::parse(self.text()?).map_err(|reason| self.wrong(reason))
    }

    /// Reads a truth as YAML 1.1 writes it, as Alertmanager does.
    pub(in crate::config) fn truth(&self) -> Result<bool, ConfigError> {
        let Kind::Scalar(Text {
            text,
            is_plain: true,
            ..
        }) = &self.kind
        else {
            return Err(self.wrong("true or false is expected here"));
        };
        match text.as_str() {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => {
                Ok(true)
            }
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n"
            | "N" => Ok(false),
            _ => Err(self.wrong("true or false is expected here")),
        }
    }

    /// Reads a whole number.
    pub(in crate::config) fn number<N: std::str::FromStr>(&self) -> Result<N, ConfigError> {
        let number = match &self.kind {
            Kind::Scalar(Text {
                text,
                is_plain: true,
                ..
            }) => text.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| self.wrong("a whole number is expected here, in its range"))
    }

    /// Returns the value of an extension; a text that is plain may be a truth or a number.
    pub(in crate::config) fn json(&self) -> serde_json::Value {
        use serde_json::Value;

        match &self.kind {
            Kind::List(items) => items.iter().map(Self::json).collect(),
            Kind::Map(entries) => {
                let entry = |(key, value): &(Text, Self)| (key.text.clone(), value.json());
                Value::Object(entries.iter().map(entry).collect())
            }
            Kind::Null => Value::Null,
            Kind::Scalar(Text {
                text,
                is_plain: true,
                ..
            }) => match text.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => text
                    .parse()
                    .map_or_else(|_| Value::from(text.as_str()), Value::Number),
            },
            Kind::Scalar(text) => Value::from(text.text.as_str()),
        }
    }
}
