//! The request that all cases answer, and how it is answered without a network.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, Uri};
use http_body::Body as _;
use tower::Service;

/// Has one request answered, and reads the body to its end.
///
/// # Errors
///
/// The answer is not the one that every case gives.
pub(crate) fn answer(router: &mut Router) -> io::Result<()> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = Uri::from_static("/users/17");
    let headers = request.headers_mut();
    headers.insert(
        HeaderName::from_static("x-request-id"),
        HeaderValue::from_static("order-17"),
    );
    headers.insert(
        HeaderName::from_static("traceparent"),
        HeaderValue::from_static("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    );
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(mut response)) = pin!(router.call(request)).poll(&mut context) else {
        return Err(io::Error::other("the router does not answer at once"));
    };
    let mut bytes = 0;
    loop {
        match Pin::new(response.body_mut()).poll_frame(&mut context) {
            Poll::Ready(Some(Ok(frame))) => {
                bytes += frame.data_ref().map_or(0, axum::body::Bytes::len);
            }
            Poll::Ready(None) => break,
            Poll::Ready(Some(Err(error))) => return Err(io::Error::other(error)),
            Poll::Pending => return Err(io::Error::other("the body is not there at once")),
        }
    }
    match (response.status(), bytes) {
        (StatusCode::OK, 5) => Ok(()),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}
