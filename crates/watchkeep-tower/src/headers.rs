//! Looking at headers.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Returns the value of a header that is there once; several contradict each other.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let value = headers.get(name)?;
    // Nearly no request says anything twice, and then there is nothing to look for.
    let repeats = headers.len() != headers.keys_len();
    match repeats && headers.get_all(name).iter().nth(1).is_some() {
        true => None,
        false => Some(value),
    }
}

/// Returns what the header says, where it is a number.
pub(crate) fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}
