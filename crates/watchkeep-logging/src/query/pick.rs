//! The values of a few keys of a JSON line, without the rest of it in memory.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// Returns the text, number or boolean that stands under each key; nothing for a line that is no JSON object.
///
/// A key with dots is looked for as it stands, and in the objects that its beginnings name; what stands less deep counts.
pub(super) fn pick<const N: usize>(line: &[u8], keys: [&str; N]) -> Option<[Option<String>; N]> {
    let line = std::str::from_utf8(line).ok()?;
    if !line.trim_start().starts_with('{') {
        return None;
    }
    let mut found = [const { None }; N];
    let place = Place {
        keys: &keys,
        found: &mut found,
        path: "",
        depth: 0,
    };
    let mut json = serde_json::Deserializer::from_str(line);
    place.deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(found.map(|found| found.map(|(_, text)| text)))
}

/// A value, and where it stands.
struct Place<'a> {
    keys: &'a [&'a str],
    /// What was found of each key, and how deep.
    found: &'a mut [Option<(usize, String)>],
    path: &'a str,
    depth: usize,
}

impl Place<'_> {
    fn set(self, text: impl fmt::Display) {
        for (key, found) in self.keys.iter().zip(self.found) {
            let is_best = found.as_ref().is_none_or(|(depth, _)| self.depth <= *depth);
            if *key == self.path && is_best {
                *found = Some((self.depth, text.to_string()));
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.set(value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.set(value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.set(value);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.set(serde_json::Value::from(value));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.set(value);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            let path = match self.depth {
                0 => key,
                _ => Cow::Owned(format!("{}.{key}", self.path)),
            };
            if self.keys.iter().any(|wanted| leads_to(&path, wanted)) {
                map.next_value_seed(Place {
                    keys: self.keys,
                    found: &mut *self.found,
                    path: &path,
                    depth: self.depth + 1,
                })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

fn leads_to(path: &str, wanted: &str) -> bool {
    let rest = wanted.strip_prefix(path);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A key, which is copied only when it has escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<[Option<&str>; 2]>) {
        let found = pick(line.as_bytes(), ["error.code", "n"]);
        let expected = expected.map(|found| found.map(|text| text.map(str::to_owned)));
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn values_are_found_as_they_stand_and_in_objects() {
        check(
            r#"{"error.code":"E1","n":1.5}"#,
            Some([Some("E1"), Some("1.5")]),
        );
        check(
            r#"{"error":{"code":true,"n":2}}"#,
            Some([Some("true"), None]),
        );
        check(
            r#" { "\u006e" : "\u0065" , "n.n": 1 } "#,
            Some([None, Some("e")]),
        );
        check(
            r#"{"error":{"code":"deep"},"error.code":"root","x":{"error":{"code":"no"}}}"#,
            Some([Some("root"), None]),
        );
        check(
            r#"{"error.code":"root","error":{"code":"deep"},"n":[1,{"n":2}]}"#,
            Some([Some("root"), None]),
        );
        check(r#"{"error.code":null,"n":{"a":1}}"#, Some([None, None]));
        check(r#"{"n":1,"n":-2}"#, Some([None, Some("-2")]));
    }

    #[test]
    fn what_is_no_object_has_nothing() {
        for line in ["", "7", "[]", "{", r#"{"n":1}x"#, r#"{"n":}"#, r#"{"n" 1}"#] {
            check(line, None);
        }
        let deep = format!("{{\"n\":{}", "[".repeat(100_000));
        check(&deep, None);
        assert_eq!(pick(b"{\"n\":\"\xff\"}", ["n"]), None);
    }
}
