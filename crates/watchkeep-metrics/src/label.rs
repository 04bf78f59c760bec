//! The labels of one series, rendered once.

use std::borrow::Cow;

use crate::name::{clean_label, shortened};

/// How many labels a series can have.
const MOST_LABELS: usize = 64;

/// The cleaned, sorted labels of one series as their exposition text.
#[derive(Debug)]
pub(crate) struct LabelSet {
    /// `a="1",b="2"`: escaped, without braces, empty when there are no labels.
    text: Box<str>,
    /// The values as they are, where one of them had to be escaped; otherwise the text has them.
    unescaped: Option<Box<Values>>,
    count: u32,
    cut: bool,
}

type Values = Box<[Box<str>]>;

impl LabelSet {
    /// Cleans, sorts and renders labels.
    ///
    /// Of labels whose names are the same after cleaning the last one (in order of raw name, then value) stays; `own` beat
    /// `global`; a label with an empty value is left out, since Prometheus takes it as absent. `reserved` is the name that
    /// the family's type needs for itself (`le`), and is prefixed. Names and values over 1,024 bytes are cut at a character,
    /// and labels beyond 64 (in order of name) are left out.
    pub(crate) fn new<'a>(
        own: impl Iterator<Item = (&'a str, &'a str)>,
        global: &'a [(String, String)],
        reserved: Option<&str>,
    ) -> Self {
        let mut raw: Vec<_> = own.collect();
        raw.sort_unstable();
        let mut pairs: Vec<(Cow<'a, str>, &'a str)> = Vec::with_capacity(raw.len() + global.len());
        let globals = global
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut cut = false;
        for (name, value) in globals.chain(raw) {
            let (kept_name, kept_value) = (shortened(name), shortened(value));
            cut |= kept_name.len() < name.len() || kept_value.len() < value.len();
            let value = kept_value;
            let mut name = clean_label(kept_name);
            if reserved == Some(name.as_ref()) {
                name = format!("exported_{name}").into();
            }
            match pairs.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => pairs.push((name, value)),
            }
        }
        pairs.retain(|(_, value)| !value.is_empty());
        pairs.sort_unstable();
        cut |= pairs.len() > MOST_LABELS;
        pairs.truncate(MOST_LABELS);
        let is_escaped = pairs
            .iter()
            .any(|(_, value)| value.contains(['\\', '"', '\n']));
        let values = || pairs.iter().map(|(_, value)| Box::from(*value)).collect();
        Self {
            unescaped: is_escaped.then(|| Box::new(values())),
            count: u32::try_from(pairs.len()).unwrap_or(u32::MAX),
            text: render(&pairs).into(),
            cut,
        }
    }

    /// Tells whether there was more than what is kept.
    pub(crate) const fn is_cut(&self) -> bool {
        self.cut
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns names and values, sorted by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let unescaped = self.unescaped.as_deref();
        let mut rest = &*self.text;
        (0..).map_while(move |position| {
            let (name, after) = rest.split_once("=\"")?;
            let end = closing_quote(after)?;
            rest = after.get(end + 2..).unwrap_or("");
            let value = unescaped.map_or(&after[..end], |values| &values[position]);
            Some((name, value))
        })
    }

    /// Tells whether these are the labels as they stand in the text, in their order, without anything to escape.
    pub(crate) fn is_written_as<'a>(
        &self,
        labels: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
    ) -> bool {
        // Nothing in the text is escaped, so it has two quotes a label. A value with a quote in it would need more of them,
        // hence as many labels that agree with the text are the labels of the text.
        if self.unescaped.is_some() || labels.len() != self.count as usize {
            return false;
        }
        let mut rest = self.text.as_bytes();
        for (name, value) in labels {
            let after = rest
                .strip_prefix(name.as_bytes())
                .and_then(|rest| rest.strip_prefix(b"=\""))
                .and_then(|rest| rest.strip_prefix(value.as_bytes()))
                .and_then(|rest| rest.strip_prefix(b"\""));
            let Some(after) = after else { return false };
            rest = after.strip_prefix(b",").unwrap_or(after);
        }
        rest.is_empty()
    }

    /// Tells whether every one of `wanted` is among the labels; an empty value asks for the label's absence.
    pub(crate) fn contains<'a>(
        &self,
        wanted: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> bool {
        wanted.into_iter().all(|(name, value)| {
            let known = self.iter().find(|(known, _)| *known == name);
            known.map_or("", |(_, known)| known) == value
        })
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

fn render(pairs: &[(Cow<'_, str>, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(name);
        text.push_str("=\"");
        escape_value(value, &mut text);
        text.push('"');
    }
    text
}

/// Escapes what both formats require in a label value: backslash, double quote and line feed.
pub(crate) fn escape_value(value: &str, out: &mut String) {
    for character in value.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::LONGEST;

    #[track_caller]
    fn check(own: &[(&str, &str)], global: &[(&str, &str)], expected: &str) {
        let global: Vec<_> = global
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let labels = LabelSet::new(own.iter().copied(), &global, Some("le"));
        assert_eq!(labels.text(), expected);
    }

    #[test]
    fn labels_are_cleaned_sorted_and_escaped_once() {
        check(&[], &[], "");
        check(&[("z", "1"), ("a.b", "2")], &[], r#"a_b="2",z="1""#);
        check(&[("v", "a\\b")], &[], r#"v="a\\b""#);
        check(&[("v", "a\\\\b")], &[], r#"v="a\\\\b""#);
        check(&[("v", "say \"x\"\n")], &[], r#"v="say \"x\"\n""#);
        check(&[("v", "end\\")], &[], r#"v="end\\""#);
        check(&[("v", "🦀")], &[], r#"v="🦀""#);
    }

    #[test]
    fn own_labels_beat_global_ones_and_empty_values_are_absent() {
        check(
            &[("a", "own")],
            &[("a", "global"), ("b", "g")],
            r#"a="own",b="g""#,
        );
        check(&[("a", "")], &[("a", "global")], "");
        check(&[("le", "1")], &[], r#"exported_le="1""#);
    }

    #[test]
    fn the_last_of_colliding_names_stays_in_any_order() {
        check(&[("a.b", "1"), ("a_b", "2")], &[], r#"a_b="2""#);
        check(&[("a_b", "2"), ("a.b", "1")], &[], r#"a_b="2""#);
    }

    #[test]
    fn long_values_are_cut_at_a_character() {
        let labels = |value: &str| LabelSet::new([("a", value)].into_iter(), &[], None);
        let fits = "x".repeat(LONGEST);
        assert!(!labels(&fits).is_cut());
        let cut = labels(&format!("{}🦀", &fits[..LONGEST - 2]));
        assert!(cut.is_cut());
        assert!(cut.contains([("a", &fits[..LONGEST - 2])]));
    }

    #[test]
    fn names_and_values_are_read_back_as_they_were() {
        for value in [
            "plain",
            "a,b=c",
            "say \"x\",y=\"z\"",
            "end\\",
            "\\\"\n",
            "\n",
            "=\"",
        ] {
            let own = [("a", value), ("b", "x"), ("c", value)];
            let labels = LabelSet::new(own.into_iter(), &[], None);
            assert_eq!(labels.iter().collect::<Vec<_>>(), own);
        }
    }

    #[test]
    fn only_labels_as_they_are_written_are_recognized() {
        let of = |own: &[(&str, &str)]| LabelSet::new(own.iter().copied(), &[], None);
        let known = of(&[("a", "1"), ("b", "2")]);
        let is =
            |labels: &[(&'static str, &'static str)]| known.is_written_as(labels.iter().copied());
        assert!(is(&[("a", "1"), ("b", "2")]));
        assert!(!is(&[("b", "2"), ("a", "1")]));
        assert!(!is(&[("a", "1")]));
        assert!(!is(&[("a", "1"), ("b", "2"), ("c", "")]));
        assert!(!is(&[("a", "1\",b=\"2")]), "one label that reads like two");
        assert!(!is(&[("a", "1\",b=\"2"), ("", "")]));
        assert!(!is(&[("a=\"1\",b", "2"), ("", "")]));
        assert!(!is(&[("a", ""), ("b", "2")]));
        let escaped = of(&[("a", "\\")]);
        assert!(!escaped.is_written_as([("a", "\\\\")].into_iter()));
        assert!(!escaped.is_written_as([("a", "\\")].into_iter()));
        assert!(of(&[]).is_written_as([].into_iter()));
    }

    #[test]
    fn long_names_are_cut_and_labels_beyond_the_most_are_left_out() {
        let long = "n".repeat(LONGEST + 1);
        let labels = LabelSet::new([(long.as_str(), "v")].into_iter(), &[], None);
        assert!(labels.is_cut());
        assert!(labels.contains([(&long[1..], "v")]));
        let names: Vec<String> = (0..=MOST_LABELS).map(|n| format!("l{n:02}")).collect();
        let of =
            |names: &[String]| LabelSet::new(names.iter().map(|name| (&**name, "v")), &[], None);
        assert!(!of(&names[..MOST_LABELS]).is_cut());
        assert!(of(&names).is_cut());
        assert_eq!(of(&names).text(), of(&names[..MOST_LABELS]).text());
    }

    #[test]
    fn an_empty_wanted_value_asks_for_absence() {
        let labels = LabelSet::new([("a", "1")].into_iter(), &[], None);
        assert!(labels.contains([("a", "1"), ("b", "")]));
        assert!(!labels.contains([("a", "")]));
        assert!(!labels.contains([("a", "2")]));
    }
}
