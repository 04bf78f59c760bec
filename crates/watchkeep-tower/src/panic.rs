//! What becomes of a panic.

use std::any::Any;

use http::{HeaderValue, Response, StatusCode, header};

use crate::{request_id::RequestId, trace_context::TraceContext};

/// A longer message is cut, because it goes into a log line and an alert.
const MAX_CHARS: usize = 500;

/// The status of the answer to a panic.
pub(crate) const PANIC_STATUS: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

const BODY: &str = "internal server error";

/// What is known of a panic that the layer caught, for [`Builder::with_on_panic`](crate::Builder::with_on_panic).
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub struct PanicReport<'a> {
    /// The route of the request, as in the `route` label.
    pub route: &'a str,
    /// The method of the request, as in the `method` label.
    pub method: &'a str,
    /// The panic's message, at most 500 characters of it.
    pub message: &'a str,
    /// Where it happened, as `file:line:column`, where that is known: see
    /// [`remember_panic_locations`](crate::remember_panic_locations).
    pub location: Option<&'a str>,
    /// The id of the request.
    pub request_id: &'a RequestId,
    /// Where the request stands in its trace.
    pub trace_context: &'a TraceContext,
}

/// What the layer does after it has recorded a panic: [`Resume`] or [`Respond`].
///
/// Sealed, because it is not meant to be written by others.
pub trait PanicPolicy<B>: sealed::Sealed {
    /// Returns the body of the answer, or nothing when the panic goes on.
    #[doc(hidden)]
    fn body() -> Option<B>;
}

/// The panic goes on to whoever is outside of the layer: the server closes the connection.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default)]
pub struct Resume;

/// The panic ends here, and the client gets a 500 with the request id.
///
/// This needs a body type that can be made of a text, as `axum::body::Body` and `http_body_util::Full` can.
/// Once the response has begun it is too late for an answer: a panic in the body always goes on.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default)]
pub struct Respond;

impl<B> PanicPolicy<B> for Resume {
    fn body() -> Option<B> {
        None
    }
}

impl<B: From<&'static str>> PanicPolicy<B> for Respond {
    fn body() -> Option<B> {
        Some(B::from(BODY))
    }
}

mod sealed {
    //! Keeps the policies to the two that are here.

    /// Only this crate has policies.
    #[expect(unnameable_types, reason = "that is what seals it")]
    pub trait Sealed {}

    impl Sealed for super::Resume {}

    impl Sealed for super::Respond {}
}

/// Returns the response that answers a panic.
pub(crate) fn panic_response<B>(body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = PANIC_STATUS;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

/// Returns what a panic said.
pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panic without a message");
    text.chars().take(MAX_CHARS).collect()
}
