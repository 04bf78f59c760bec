//! W3C trace state: what the vendors on a trace's way have noted for themselves, passed on as it came.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::headers;

pub(crate) static HEADER: HeaderName = HeaderName::from_static("tracestate");

const MAX_MEMBERS: usize = 32;
const MAX_KEY: usize = 256;
const MAX_VALUE: usize = 256;

/// The `tracestate` of a request that continues a trace.
///
/// Where there is a valid one it is in the [`RequestContext`](crate::RequestContext), and
/// [`propagation_headers`](crate::propagation_headers) and [`PropagationLayer`](crate::PropagationLayer) pass it on.
/// Several headers are one list.
/// It is dropped when it is not valid (section 3.3 of Trace Context: at most 32 members, keys and values of at most
/// 256 characters), and when there is no valid `traceparent`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct TraceState(HeaderValue);

impl TraceState {
    /// Returns the value of a `tracestate` header; this does not copy it.
    pub fn to_header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Returns the list of members.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Returns nothing without a header, and nothing in that when it is not valid.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Option<Self>> {
        if !headers.contains_key(&HEADER) {
            return None;
        }
        if let Some(value) = headers::only(headers, &HEADER) {
            return Some(is_valid(value.as_bytes()).then(|| Self(value.clone())));
        }
        let all: Vec<&[u8]> = headers
            .get_all(&HEADER)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        let joined = all.join(&b',');
        let joined = is_valid(&joined).then(|| HeaderValue::from_bytes(&joined));
        Some(joined.and_then(Result::ok).map(Self))
    }
}

/// An empty member is allowed and counts for nothing, but a list of none is no state.
fn is_valid(list: &[u8]) -> bool {
    let mut members = 0;
    for member in list.split(|byte| *byte == b',') {
        let member = trim_blanks(member);
        if member.is_empty() {
            continue;
        }
        members += 1;
        if members > MAX_MEMBERS || !is_member(member) {
            return false;
        }
    }
    members > 0
}

fn trim_blanks(mut member: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = member {
        member = rest;
    }
    member
}

fn is_member(member: &[u8]) -> bool {
    let Some(equals) = member.iter().position(|byte| *byte == b'=') else {
        return false;
    };
    is_key(&member[..equals]) && is_value(&member[equals + 1..])
}

/// `simple-key`, or `tenant@system` of level 1, whose tenant may begin with a digit; level 2 has one rule for both.
fn is_key(key: &[u8]) -> bool {
    let Some(first) = key.first() else {
        return false;
    };
    key.len() <= MAX_KEY
        && (first.is_ascii_lowercase() || first.is_ascii_digit())
        && key.iter().all(|byte| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@')
        })
}

/// Printable ASCII without `,` and `=`, which does not end in a blank; the blanks around a member are gone already.
fn is_value(value: &[u8]) -> bool {
    (1..=MAX_VALUE).contains(&value.len())
        && value
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&HEADER, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let state = TraceState::from_headers(&headers);
        assert_eq!(state.is_some(), !values.is_empty());
        let state = state.flatten();
        assert_eq!(
            state.as_ref().map(TraceState::as_str),
            expected,
            "{values:?}"
        );
    }

    #[test]
    fn valid_lists_pass_as_they_came() {
        for list in [
            "a=1",
            "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
            "fw529a3039@dt=FfffffffIn0=",
            "a=1, b=2 ,\tc=3",
            "a=1,,b=2,",
            "0a-_*/@x=!~ y",
        ] {
            let valid = !list.ends_with("In0=");
            check(&[list], valid.then_some(list));
        }
        check(&["a=1", "b=2"], Some("a=1,b=2"));
        check(&["a=1", "b=2", "c=3"], Some("a=1,b=2,c=3"));
    }

    #[test]
    fn invalid_lists_are_dropped() {
        let long_key = format!("{}=1", "k".repeat(257));
        let long_value = format!("k={}", "v".repeat(257));
        for list in [
            "",
            ",",
            " ",
            "a",
            "a=",
            "=1",
            "A=1",
            "a b=1",
            "a =1",
            "a=1=2",
            "_a=1",
            "ä=1",
            "a=ä",
            "a=\t1\t2",
            &long_key,
            &long_value,
        ] {
            check(&[list], None);
        }
        check(&["a=1", "B=2"], None);
        check(&[], None);
    }

    #[test]
    fn thirty_two_members_are_the_most() {
        let list = |count: usize| {
            let members: Vec<String> = (0..count).map(|index| format!("k{index}=v")).collect();
            members.join(",")
        };
        check(&[&list(32)], Some(&list(32)));
        check(&[&list(33)], None);
        check(&[&list(20), &list(13)], None);
        let (key, value) = ("k".repeat(256), "v".repeat(256));
        let longest = format!("{key}={value}");
        check(&[&longest], Some(&longest));
    }
}
