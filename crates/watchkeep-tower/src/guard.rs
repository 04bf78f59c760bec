//! One request from its begin to its only end.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    time::Duration,
};

use http::{Method, Response, StatusCode, header, request::Parts};
use metrics::{Gauge, SharedString};
use tracing::{Level, Span, span};

use crate::{
    clock::Stopwatch,
    layer::Shared,
    method,
    outcome::Outcome,
    panic::PanicReport,
    request_id::{self, RequestId},
    trace_context::{Scope, TraceContext, as_text},
};

/// A request that has begun.
///
/// It moves from the service into the future and from there into the body; whichever is dropped takes the request's
/// end with it, so that it is counted once, whatever happens.
#[derive(Debug)]
pub(crate) struct Guard {
    shared: Arc<Shared>,
    stopwatch: Stopwatch,
    method: &'static str,
    route: SharedString,
    request_id: RequestId,
    trace_context: TraceContext,
    span: Span,
    /// Taken by the request's end; a skipped request has none.
    in_flight: Option<Gauge>,
    status: Option<StatusCode>,
    /// The time until an endless response began, which is all that can be said about its speed.
    began_after: Option<Duration>,
    panic: Option<String>,
}

/// As long as it lives, the thread works on the request.
#[derive(Debug)]
pub(crate) struct Entered<'a> {
    _span: span::Entered<'a>,
    _scope: Scope,
}

impl Guard {
    /// Begins a request: reads its ids, gives them to the service, and counts it as in flight.
    pub(crate) fn begin(shared: &Arc<Shared>, parts: &mut Parts) -> Self {
        let stopwatch = Stopwatch::start();
        let method = method::label(&parts.method);
        let route = shared.routes.label(parts);
        let request_id = RequestId::from_headers(&parts.headers).unwrap_or_else(|| {
            let generated = RequestId::generate();
            parts
                .headers
                .insert(request_id::HEADER, generated.to_header());
            generated
        });
        let trace_context = TraceContext::from_headers(&parts.headers)
            .map_or_else(TraceContext::generate, |parent| parent.child());
        parts.extensions.insert(request_id.clone());
        parts.extensions.insert(trace_context);
        let skipped = shared
            .skip
            .iter()
            .any(|pattern| pattern.matches(parts.uri.path()));
        // The level of the span is the highest, so that a filter that lets warnings through keeps their ids.
        let span = tracing::error_span!(
            target: "watchkeep_tower",
            "request",
            trace.id = as_text(&trace_context.trace_id().digits()),
            span.id = as_text(&trace_context.span_id().digits()),
            http.request.id = request_id.as_str(),
            http.request.method = method,
            http.route = &*route,
            // For the service to record what went wrong, so that the line at the end says it too.
            error.code = tracing::field::Empty,
        );
        Self {
            stopwatch,
            method,
            route,
            request_id,
            trace_context,
            span,
            in_flight: (!skipped).then(|| shared.meters.begin()),
            status: None,
            began_after: None,
            panic: None,
            shared: Arc::clone(shared),
        }
    }

    /// Marks the thread as at work on this request.
    pub(crate) fn enter(&self) -> Entered<'_> {
        Entered {
            _span: self.span.enter(),
            _scope: Scope::enter(self.trace_context),
        }
    }

    /// Says whether the client asked with this method.
    pub(crate) fn is(&self, method: &Method) -> bool {
        self.method == method.as_str()
    }

    /// Notes what the response says, and puts the request id in it.
    pub(crate) fn respond<B>(&mut self, response: &mut Response<B>) {
        self.status = Some(response.status());
        let content_type = response.headers().get(header::CONTENT_TYPE);
        if content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream")) {
            self.began_after = Some(self.stopwatch.elapsed());
        }
        response
            .headers_mut()
            .insert(request_id::HEADER, self.request_id.to_header());
    }

    /// Ends the request with a panic; `answer` is the status that the client will get.
    pub(crate) fn panicked(&mut self, payload: &(dyn Any + Send), answer: Option<StatusCode>) {
        if self.panic.is_some() {
            return;
        }
        self.status = self.status.or(answer);
        let message = self.panic.insert(crate::panic::message(payload));
        let entered = Entered {
            _span: self.span.enter(),
            _scope: Scope::enter(self.trace_context),
        };
        self.shared.meters.panicked();
        if let Some(on_panic) = &self.shared.on_panic {
            let report = PanicReport {
                route: &self.route,
                method: self.method,
                message,
                request_id: &self.request_id,
                trace_context: &self.trace_context,
            };
            // A callback that panics itself must not hide the panic that it was told about.
            let _ = panic::catch_unwind(AssertUnwindSafe(|| on_panic(&report)));
        }
        drop(entered);
        self.finish(Outcome::Panicked);
    }

    /// Ends the request; only the first end counts.
    pub(crate) fn finish(&mut self, outcome: Outcome) {
        let Some(in_flight) = self.in_flight.take() else {
            return;
        };
        // The end may come while another panic unwinds, when one more from a recorder or subscriber would abort.
        let _ = panic::catch_unwind(AssertUnwindSafe(|| {
            in_flight.decrement(1.0);
            self.record(outcome);
        }));
    }

    fn record(&self, outcome: Outcome) {
        let elapsed = self.stopwatch.elapsed();
        let duration = self.began_after.unwrap_or(elapsed);
        let _entered = self.enter();
        self.shared
            .meters
            .finish(self.method, &self.route, self.status, outcome, duration);

        let nanos = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        let status = self.status.map(|status| status.as_u16());
        let is_bad = outcome.is_failure()
            || self.status.is_some_and(|status| status.is_server_error())
            || duration >= self.shared.slow;
        macro_rules! log {
            ($level:ident) => {
                tracing::event!(
                    target: "watchkeep_tower",
                    Level::$level,
                    {
                        http.response.status_code = status,
                        outcome = outcome.as_str(),
                        event.duration = nanos,
                        error.message = self.panic.as_deref(),
                    },
                    "request finished"
                )
            };
        }
        if is_bad {
            log!(WARN);
        } else {
            log!(INFO);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.finish(match self.status {
            None => Outcome::CancelledBeforeResponse,
            Some(_) => Outcome::CancelledInBody,
        });
    }
}
