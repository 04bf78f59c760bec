//! The few facts that tasks read from a manifest, without a TOML library.
//!
//! This reads the plain subset that our own manifests are written in: tables in brackets, one key a line, arrays that may span lines.

/// What tasks need to know of one package.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Manifest {
    pub(crate) name: String,
    pub(crate) publishable: bool,
    /// The names in `[features]`, in their order, without `default`.
    pub(crate) features: Vec<String>,
    /// Whether there is a `[[bench]]`.
    pub(crate) has_benches: bool,
}

impl Manifest {
    pub(crate) fn parse(text: &str) -> Self {
        let mut manifest = Self {
            publishable: true,
            ..Self::default()
        };
        for entry in Entries::new(text) {
            match (entry.table, entry.key) {
                ("package", "name") => manifest.name = unquoted(&entry.value).to_owned(),
                ("package", "publish") => manifest.publishable = entry.value != "false",
                ("features", "default") => {}
                ("features", name) => manifest.features.push(name.to_owned()),
                ("[bench]", _) => manifest.has_benches = true,
                _ => {}
            }
        }
        manifest
    }
}

/// Returns the strings of the array `key` in `table`.
pub(crate) fn strings(text: &str, table: &str, key: &str) -> Vec<String> {
    Entries::new(text)
        .find(|entry| entry.table == table && entry.key == key)
        .map(|entry| {
            let items = entry.value.trim_start_matches('[').trim_end_matches(']');
            items
                .split(',')
                .map(|item| unquoted(item.trim()).to_owned())
                .filter(|item| !item.is_empty())
                .collect()
        })
        .unwrap_or_default()
}

struct Entry<'a> {
    table: &'a str,
    key: &'a str,
    /// The value on one line, comments removed.
    value: String,
}

struct Entries<'a> {
    lines: std::str::Lines<'a>,
    table: &'a str,
}

// === impl Entries ===

impl<'a> Entries<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            lines: text.lines(),
            table: "",
        }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = without_comment(self.lines.next()?);
            if let Some(name) = line.strip_prefix('[') {
                self.table = name.strip_suffix(']').unwrap_or(name);
                continue;
            }
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            let mut value = value.trim().to_owned();
            while value.matches('[').count() > value.matches(']').count() {
                value += without_comment(self.lines.next()?);
            }
            let key = unquoted(key.trim());
            return Some(Entry {
                table: self.table,
                key,
                value,
            });
        }
    }
}

/// Cuts a comment off, unless the `#` is inside a string.
fn without_comment(line: &str) -> &str {
    let mut in_string = false;
    let end = line.find(|c| {
        in_string ^= c == '"';
        c == '#' && !in_string
    });
    line[..end.unwrap_or(line.len())].trim()
}

fn unquoted(text: &str) -> &str {
    text.trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r##"
[workspace]
members = ["crates/*",
    "tests", # both
]

[package]
name = "sample" # "not this"
description = "says # and [bench]"
publish = false

[features]
default = ["one"]
# A comment = with an equals sign.
one = []
"two-words" = [
    "one", # why
    "dep:thing",
]
_private = ["dep:other"]

[dependencies]
one = "1"
"##;

    #[test]
    fn the_facts_are_read() {
        assert_eq!(
            Manifest::parse(SAMPLE),
            Manifest {
                name: "sample".to_owned(),
                publishable: false,
                features: ["one", "two-words", "_private"].map(str::to_owned).to_vec(),
                has_benches: false,
            }
        );
    }

    #[test]
    fn a_bench_target_is_seen() {
        let manifest =
            Manifest::parse("[package]\nname = \"benches\"\n[[bench]]\nname = \"first\"\n");
        assert!(manifest.has_benches && manifest.publishable);
    }

    #[test]
    fn an_array_may_span_lines() {
        assert_eq!(
            strings(SAMPLE, "workspace", "members"),
            ["crates/*", "tests"]
        );
        assert!(strings(SAMPLE, "workspace", "exclude").is_empty());
    }
}
