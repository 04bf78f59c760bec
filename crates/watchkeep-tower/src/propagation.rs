//! Outgoing requests that continue the trace of the incoming one.

use std::task::{Context, Poll};

use http::{HeaderMap, Request};
use tower_layer::Layer;
use tower_service::Service;

use crate::{context::RequestContext, trace_context, trace_state};

/// Returns the headers that continue the current trace: `traceparent`, and `tracestate` where the caller sent one.
///
/// It is empty where no request is at work, see [`RequestContext::current`].
/// For clients that are no tower services, for example reqwest: `client.get(url).headers(propagation_headers())`.
pub fn propagation_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    propagate(&mut headers);
    headers
}

/// Sets the headers that continue the current trace, and leaves all alone where no request is at work.
fn propagate(headers: &mut HeaderMap) {
    let Some(context) = RequestContext::current() else {
        return;
    };
    headers.insert(&trace_context::HEADER, context.trace_context().to_header());
    match context.trace_state() {
        Some(state) => {
            headers.insert(&trace_state::HEADER, state.to_header());
        }
        // What was copied from elsewhere belongs to another trace.
        None => {
            headers.remove(&trace_state::HEADER);
        }
    }
}

/// Wraps an HTTP client, so that its requests continue the trace of the request that this thread works on.
///
/// It sets `traceparent` and `tracestate` when the client is called, and replaces what is there, because headers that a
/// proxy has copied would name the caller's span as the parent.
///
/// ```
/// use http::{Request, Response};
/// use tower::{Layer, service_fn};
/// use watchkeep_tower::PropagationLayer;
///
/// let client = PropagationLayer::new().layer(service_fn(|request: Request<()>| async move {
///     Ok::<_, std::convert::Infallible>(Response::new(request.headers().clone()))
/// }));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default)]
pub struct PropagationLayer;

/// A client whose requests continue the current trace.
#[derive(Clone, Copy, Debug)]
pub struct Propagation<S> {
    inner: S,
}

// === impl PropagationLayer ===

impl PropagationLayer {
    /// Returns the layer.
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for PropagationLayer {
    type Service = Propagation<S>;

    fn layer(&self, inner: S) -> Propagation<S> {
        Propagation { inner }
    }
}

// === impl Propagation ===

impl<S, B> Service<Request<B>> for Propagation<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        propagate(request.headers_mut());
        self.inner.call(request)
    }
}
