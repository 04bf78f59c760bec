//! The style and the script: two small files inside the binary.

use axum::response::Response;
use http::header::{CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};

use crate::{metrics, respond};

const STYLE: &str = include_str!("../../assets/style.css");
const SCRIPT: &str = include_str!("../../assets/script.js");

pub(super) async fn style(headers: HeaderMap) -> Response {
    const HASH: u64 = hash(STYLE);
    asset(&headers, HASH, "text/css; charset=utf-8", STYLE)
}

pub(super) async fn script(headers: HeaderMap) -> Response {
    const HASH: u64 = hash(SCRIPT);
    asset(&headers, HASH, "text/javascript; charset=utf-8", SCRIPT)
}

/// A file that is asked for anew with each page, and sent only when it is another one: page and files never part.
fn asset(
    headers: &HeaderMap,
    hash: u64,
    content_type: &'static str,
    text: &'static str,
) -> Response {
    let tag = format!("\"{hash:016x}\"");
    let known = metrics::joined(headers, IF_NONE_MATCH);
    // A tag that somebody on the way made weak is still the same text.
    let is_known = known.is_some_and(|tags| {
        tags.split(',').any(|it| {
            let it = it.trim();
            it == "*" || it.strip_prefix("W/").unwrap_or(it) == tag
        })
    });
    let mut response = if is_known {
        respond::fresh(StatusCode::NOT_MODIFIED, content_type, "")
    } else {
        respond::fresh(StatusCode::OK, content_type, text)
    };
    respond::with(&mut response, CACHE_CONTROL, "private, no-cache");
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// FNV-1a, at compile time.
const fn hash(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_browser_has_is_not_sent_again() {
        let first = style(HeaderMap::new()).await;
        let tag = first.headers()[ETAG].clone();
        let other = script(HeaderMap::new()).await;
        assert_ne!(other.headers()[ETAG], tag);
        let asked = |tag: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(tag).unwrap());
            style(headers)
        };
        let tag = tag.to_str().unwrap();
        for known in [tag, "*", &format!("W/{tag}"), &format!("\"x\", {tag}")] {
            let again = asked(known).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(again.headers()[ETAG], tag, "{known}");
        }
        for unknown in ["\"x\"", "", tag.trim_matches('"')] {
            assert_eq!(asked(unknown).await.status(), StatusCode::OK, "{unknown}");
        }
    }
}
