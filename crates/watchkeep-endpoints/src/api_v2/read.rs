//! Alerts and silences as clients post them: names of fields in any case, the last of a name counts, unknown ones are left aside, as in Alertmanager.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use watchkeep_alerts::Timestamp;

mod time;
mod uri;

pub(super) use time::Time;
pub(super) use uri::is_uri;

/// An alert as it is posted; its texts lie in the body that was received.
#[derive(Debug, Default)]
pub(super) struct PostedAlert<'a> {
    pub(super) labels: Option<Pairs<'a>>,
    pub(super) annotations: Pairs<'a>,
    pub(super) starts_at: Option<Timestamp>,
    pub(super) ends_at: Option<Timestamp>,
    pub(super) generator_url: Cow<'a, str>,
}

/// A silence as it is posted.
#[derive(Debug, Default)]
pub(super) struct PostedSilence {
    pub(super) id: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) created_by: Option<String>,
    pub(super) starts_at: Option<Time>,
    pub(super) ends_at: Option<Time>,
    pub(super) matchers: Option<Vec<Option<PostedMatcher>>>,
}

/// A matcher of a silence as it is posted.
#[derive(Debug, Default)]
pub(super) struct PostedMatcher {
    pub(super) name: Option<String>,
    pub(super) value: Option<String>,
    pub(super) is_regex: Option<bool>,
    pub(super) is_equal: Option<bool>,
}

/// Names and texts, in the order in which they came.
pub(super) type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Names and texts; a null is the empty text.
struct Texts<'a>(Pairs<'a>);

/// Reads an object into fields whose names are compared without regard to case.
macro_rules! fields {
    ($life:lifetime, $type:ty, $expecting:literal, |$map:ident, $to:ident| { $($name:literal => $read:expr,)* }) => {
        impl<$life> Deserialize<$life> for $type {
            fn deserialize<D: Deserializer<$life>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<$life> Visitor<$life> for Fields {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_map<M: MapAccess<$life>>(self, mut $map: M) -> Result<$type, M::Error> {
                        let mut $to = <$type>::default();
                        while let Some(Name(name)) = $map.next_key()? {
                            $(if name.eq_ignore_ascii_case($name) {
                                $read;
                                continue;
                            })*
                            $map.next_value::<IgnoredAny>()?;
                        }
                        Ok($to)
                    }
                }
                deserializer.deserialize_map(Fields)
            }
        }
    };
}

fields!('de, PostedAlert<'de>, "an alert", |map, alert| {
    "labels" => alert.labels = map.next_value::<Option<Texts<'_>>>()?.map(|texts| texts.0),
    "annotations" => alert.annotations = map.next_value::<Option<Texts<'_>>>()?.map(|texts| texts.0).unwrap_or_default(),
    "startsAt" => alert.starts_at = map.next_value::<Option<Time>>()?.and_then(Time::said),
    "endsAt" => alert.ends_at = map.next_value::<Option<Time>>()?.and_then(Time::said),
    "generatorURL" => alert.generator_url = map.next_value::<Option<Name<'_>>>()?.map(|url| url.0).unwrap_or_default(),
});

fields!('de, PostedSilence, "a silence", |map, silence| {
    "id" => silence.id = map.next_value()?,
    "comment" => silence.comment = map.next_value()?,
    "createdBy" => silence.created_by = map.next_value()?,
    "startsAt" => silence.starts_at = map.next_value()?,
    "endsAt" => silence.ends_at = map.next_value()?,
    "matchers" => silence.matchers = map.next_value()?,
});

fields!('de, PostedMatcher, "a matcher", |map, matcher| {
    "name" => matcher.name = map.next_value()?,
    "value" => matcher.value = map.next_value()?,
    "isRegex" => matcher.is_regex = map.next_value()?,
    "isEqual" => matcher.is_equal = map.next_value()?,
});

/// A name or a text, borrowed where it can be.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: serde::de::Error>(
                self,
                text: &'de str,
            ) -> Result<Name<'de>, E> {
                Ok(Name(text.into()))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(text.to_owned().into()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl<'de> Deserialize<'de> for Texts<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Texts<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names and texts")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Texts<'de>, M::Error> {
                let mut texts = Pairs::new();
                while let Some((Name(name), value)) = map.next_entry::<_, Option<Name<'_>>>()? {
                    texts.push((name, value.map(|value| value.0).unwrap_or_default()));
                    if texts.len() > MOST {
                        let message = format!("there are more than {MOST} names in one object");
                        return Err(M::Error::custom(message));
                    }
                }
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// The most names of one object that are held at all; what the engine takes is less.
const MOST: usize = 1_000;

#[cfg(test)]
mod tests;
