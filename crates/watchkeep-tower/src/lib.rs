//! One tower layer: request id, trace context, span, RED metrics, every request counted exactly once.
//!
//! [`ObservabilityLayer`] wraps any service from [`http::Request`] to [`http::Response`], and works with any recorder
//! of the `metrics` facade and any `tracing` subscriber.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use watchkeep_tower::{ObservabilityLayer, RequestContext};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let service = ServiceBuilder::new()
//!     .layer(ObservabilityLayer::new())
//!     .service(service_fn(|_: Request<String>| async {
//!         let id = RequestContext::current().map(|context| context.request_id().to_string());
//!         Ok::<_, Infallible>(Response::new(id.unwrap_or_default()))
//!     }));
//! let request = Request::builder().header("x-request-id", "order-17").body(String::new())?;
//! let response = service.oneshot(request).await?;
//! assert_eq!(response.headers()["x-request-id"], "order-17");
//! # Ok(())
//! # }
//! ```
//!
//! # What a request leaves behind
//!
//! - A [`RequestContext`] with its id and its place in the trace, current while the thread works on the request, and
//!   `x-request-id` in the response.
//! - A span `request` around everything the service does, with the fields `trace.id`, `span.id`, `http.request.id`,
//!   `http.request.method` and `http.route`.
//! - One event `request finished` in it, with `http.response.status_code`, `http.response.body.bytes`, `outcome` and
//!   `event.duration` (nanoseconds): at WARN when the service failed (a 5xx, a panic, an error of the service or of its
//!   body, a gRPC status that is the server's fault) or was slow, else at INFO.
//! - Metrics, by these [`Names`] or by OpenTelemetry's:
//!
//! | name | kind | labels |
//! |---|---|---|
//! | `http_server_requests_total` | counter | `method`, `route`, `status`, `outcome` |
//! | `http_server_request_duration_seconds` | histogram | `method`, `route` |
//! | `http_server_time_to_first_byte_seconds` | histogram | `method`, `route` |
//! | `http_server_requests_in_flight` | gauge | |
//! | `http_server_panics_total` | counter | |
//! | `http_server_grpc_requests_total` | counter | `route`, `grpc_status` |
//! | `http_server_request_body_bytes`, `http_server_response_body_bytes`, on request | histogram | `method`, `route` |
//!
//! # Counted exactly once
//!
//! A request is in flight from the moment the service is called until exactly one [`Outcome`] ends it, whatever drops
//! it: started = in flight + the sum over all outcomes, whenever no request is just beginning or ending.
//! The response's body carries the request on until its last byte, so that a client who goes away in the middle is seen.
//!
//! # No label from the outside
//!
//! A method that is not well known counts as `_OTHER`, a request without a route as `_unmatched`, and routes past
//! [`Builder::with_max_routes`] as `_overflow`.
//! A path never becomes a label, and neither paths nor query strings are logged.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `axum` | no | the route that an axum `Router` matched is the `route` label; the ids are extractors |
//! | `opentelemetry` | no | ids from `tracing-opentelemetry`, so that logs and exported traces agree |

mod body;
mod builder;
mod cache;
mod clock;
mod context;
#[cfg(feature = "axum")]
mod extract;
mod future;
mod grpc;
mod guard;
mod head;
mod headers;
mod hex;
mod ids;
mod labels;
mod layer;
mod logged_headers;
mod meters;
mod method;
mod names;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
mod outcome;
mod panic;
mod panic_location;
mod propagation;
mod request_id;
mod route;
mod service;
mod source;
mod trace_context;
mod trace_state;

#[cfg(feature = "opentelemetry")]
pub use self::opentelemetry::OpenTelemetry;

pub use self::{
    body::ObservedBody,
    builder::Builder,
    context::RequestContext,
    future::ObservedFuture,
    head::RequestHead,
    layer::ObservabilityLayer,
    names::Names,
    outcome::Outcome,
    panic::{PanicPolicy, PanicReport, Respond, Resume},
    panic_location::remember_panic_locations,
    propagation::{Propagation, PropagationLayer, propagation_headers},
    request_id::RequestId,
    service::Observed,
    source::{Parent, TraceSource},
    trace_context::{SpanId, TraceContext, TraceId},
    trace_state::TraceState,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
