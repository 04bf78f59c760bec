//! The id that a request is known by, here and at its client.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{clock::unix_milliseconds, headers, hex};

/// The header that carries a request id, in and out.
pub(crate) static HEADER: HeaderName = HeaderName::from_static("x-request-id");

const MAX_LENGTH: usize = 128;

/// Whether each byte may be part of an id.
static ALLOWED: [bool; 256] = allowed();

/// The id of a request: the client's own when it is valid, else a generated one.
///
/// Valid are 1 to 128 characters of `A-Z a-z 0-9 _ -`, in a single `x-request-id` header; anything else is replaced,
/// so that an id can be logged, put in a URL and searched for without any escaping.
/// A generated id is 32 hexadecimal digits: the time in milliseconds (12 digits), so that ids sort by time, and 80 bits
/// of chance; it is no secret.
///
/// The layer puts it in the request's [`RequestContext`](crate::RequestContext), sets the request's header to it, and
/// echoes it in the response.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// Returns a new id.
    pub fn generate() -> Self {
        Self::at(unix_milliseconds())
    }

    fn at(milliseconds: u64) -> Self {
        let chance = fastrand::u128(..) >> 48;
        Self(hex::header_value(&hex::encode::<32>(
            u128::from(milliseconds) << 80 | chance,
        )))
    }

    /// Returns the id that `text` is, or nothing when it is not valid.
    pub fn parse(text: &str) -> Option<Self> {
        if !is_valid(text.as_bytes()) {
            return None;
        }
        HeaderValue::from_str(text).ok().map(Self)
    }

    /// Returns the id.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Returns the id as the value of a header; this does not copy it.
    pub fn to_header(&self) -> HeaderValue {
        self.0.clone()
    }

    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let value = headers::only(headers, &HEADER)?;
        is_valid(value.as_bytes()).then(|| Self(value.clone()))
    }
}

impl AsRef<str> for RequestId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_valid(bytes: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&bytes.len()) && bytes.iter().all(|byte| ALLOWED[usize::from(*byte)])
}

const fn allowed() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let ascii = byte as u8;
        table[byte] = ascii.is_ascii_alphanumeric() || matches!(ascii, b'_' | b'-');
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&[u8]], kept: bool) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&HEADER, HeaderValue::from_bytes(value).unwrap());
        }
        let id = RequestId::from_headers(&headers);
        assert_eq!(id.is_some(), kept, "{values:?}");
        if let Some(id) = id {
            assert_eq!(id.as_str().as_bytes(), values[0]);
            assert_eq!(RequestId::parse(id.as_str()), Some(id));
        }
    }

    #[test]
    fn only_a_single_well_formed_id_is_kept() {
        check(&[b"a"], true);
        check(&[b"AZaz09_-"], true);
        check(&[&[b'x'; 128]], true);
        check(&[], false);
        check(&[b""], false);
        check(&[&[b'x'; 129]], false);
        check(&[&[b'x'; 10_240]], false);
        check(&[b"a b"], false);
        check(&[b"a\tb"], false);
        check(&[b" a"], false);
        check(&[b"a.b"], false);
        check(&[b"a\"b"], false);
        check(&[b"a%0d%0ab"], false);
        check(&[b"\x80\xff"], false);
        check(&["é".as_bytes()], false);
        check(&[b"a", b"a"], false);
        check(&[b"a", b"b"], false);
    }

    #[test]
    fn text_that_is_no_header_is_no_id() {
        for text in ["a\r\nset-cookie: b", "a\n", "\0", "{}", "ä"] {
            assert_eq!(RequestId::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn generated_ids_are_valid_and_differ() {
        let (one, other) = (RequestId::generate(), RequestId::generate());
        assert_ne!(one, other);
        assert_eq!(one.as_str().len(), 32);
        assert!(RequestId::parse(one.as_str()).is_some());
    }

    #[test]
    fn generated_ids_sort_by_time() {
        let ids: Vec<_> = [0, 1, 255, 256, 1_767_225_600_000, 1_767_225_600_001]
            .map(RequestId::at)
            .into();
        assert!(ids.is_sorted_by(|one, other| one.as_str() < other.as_str()));
        assert!(ids[5].as_str().starts_with("019b76daa801"), "{}", ids[5]);
    }
}
