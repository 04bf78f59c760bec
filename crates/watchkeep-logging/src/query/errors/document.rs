//! An error as an ECS document that is not too large to be shown.

use serde_json::{Map, Value};

use crate::escape::boundary;

/// The largest document that is kept whole, as JSON.
pub(in crate::query) const LARGEST: usize = 16 * 1024;

/// The longest text of a document that is cut.
pub(super) const LONGEST_TEXT: usize = 1024;

/// What is left of a document that is cut.
pub(super) const KEPT: [&str; 8] = [
    "@timestamp",
    "log.level",
    "message",
    "error.code",
    "log.logger",
    "trace.id",
    "http.request.id",
    "service.name",
];

/// Cuts a document of `bytes` down to its main keys when it is too large.
pub(in crate::query) fn bounded(document: Map<String, Value>, bytes: usize) -> Map<String, Value> {
    if bytes <= LARGEST {
        return document;
    }
    let kept = document.into_iter().filter_map(|(key, value)| match value {
        Value::String(mut text) if KEPT.contains(&key.as_str()) => {
            text.truncate(boundary(&text, LONGEST_TEXT));
            Some((key, Value::String(text)))
        }
        _ => None,
    });
    let mut cut: Map<String, Value> = kept.collect();
    cut.insert("truncated".to_owned(), Value::Bool(true));
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_document_keeps_its_main_keys_cut() {
        let mut document = Map::new();
        document.insert("message".to_owned(), "ä".repeat(20_000).into());
        document.insert("labels".to_owned(), Value::Object(Map::new()));
        let same = bounded(document.clone(), LARGEST);
        assert_eq!(same, document);
        let cut = bounded(document, LARGEST + 1);
        assert_eq!(cut["truncated"], true);
        assert_eq!(cut["message"], "ä".repeat(512));
        assert_eq!(cut.len(), 2);
    }
}
