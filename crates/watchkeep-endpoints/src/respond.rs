//! Responses that every surface builds alike.

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use serde::Serialize;

/// A response with a type, never cached and never sniffed.
pub(crate) fn fresh(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    with(&mut response, CONTENT_TYPE, content_type);
    with(&mut response, CACHE_CONTROL, "no-store");
    with(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

/// A JSON response.
pub(crate) fn json(status: StatusCode, body: String) -> Response {
    fresh(status, "application/json", body)
}

/// A JSON response of a value that can always be written as JSON.
pub(crate) fn json_of(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(body) => json(status, body),
        Err(_) => refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the answer could not be written\n",
        ),
    }
}

/// A refusal in plain words.
pub(crate) fn refusal(status: StatusCode, words: impl Into<Body>) -> Response {
    fresh(status, "text/plain; charset=utf-8", words)
}

/// Sets a header with a constant value.
pub(crate) fn with(response: &mut Response, name: HeaderName, value: &'static str) {
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
}
