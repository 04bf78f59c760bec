//! The request headers that may be logged, because their user said so.

use std::fmt::Write;

use http::{HeaderMap, HeaderName};

/// A longer value is cut.
const MAX_VALUE: usize = 256;

/// Headers past these are left out.
const MAX_HEADERS: usize = 16;

/// The names of headers that go into a request's line; by default there are none.
#[derive(Debug, Default)]
pub(crate) struct LoggedHeaders(Vec<HeaderName>);

impl LoggedHeaders {
    pub(crate) fn new(names: impl IntoIterator<Item = HeaderName>) -> Self {
        Self(names.into_iter().take(MAX_HEADERS).collect())
    }

    /// Returns `name="value"` for each of the headers that a request has, once; a sensitive value is told as such.
    pub(crate) fn text(&self, headers: &HeaderMap) -> Option<String> {
        let mut text = String::new();
        for name in &self.0 {
            let Some(value) = headers.get(name) else {
                continue;
            };
            let blank = if text.is_empty() { "" } else { " " };
            let value = match value.is_sensitive() {
                true => "(sensitive)".into(),
                false => String::from_utf8_lossy(&value.as_bytes()[..value.len().min(MAX_VALUE)]),
            };
            // Writing to a String does not fail.
            let _ = write!(text, "{blank}{name}={value:?}");
        }
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    #[test]
    fn only_listed_headers_are_told_and_only_so_much_of_them() {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static("a\"b"));
        headers.insert(header::COOKIE, HeaderValue::from_static("secret"));
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_str(&"x".repeat(300)).unwrap(),
        );
        let mut hidden = HeaderValue::from_static("secret");
        hidden.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, hidden);
        assert_eq!(LoggedHeaders::default().text(&headers), None);

        let names = [
            header::USER_AGENT,
            header::HOST,
            header::AUTHORIZATION,
            header::ACCEPT,
        ];
        let text = LoggedHeaders::new(names).text(&headers).unwrap();
        let cut = "x".repeat(MAX_VALUE);
        assert_eq!(
            text,
            format!(r#"user-agent="a\"b" authorization="(sensitive)" accept="{cut}""#)
        );
    }
}
