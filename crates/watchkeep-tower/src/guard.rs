//! One request from its begin to its only end.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    time::Duration,
};

use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header};
use metrics::Gauge;
use tracing::{Level, Span};

use crate::{
    clock::Stopwatch,
    context::RequestContext,
    grpc::{self, Code},
    head::RequestHead,
    headers,
    ids::{Corrections, Entered, Ids},
    labels::{Labels, Scheme, VersionLabel},
    layer::Shared,
    meters::Ended,
    method::MethodLabel,
    outcome::Outcome,
    panic::PanicReport,
    panic_location, request_id,
    route::Route,
};

/// A longer path is no gRPC method.
const MAX_GRPC_PATH: usize = 512;

/// A request that has begun.
///
/// It moves from the service into the future and from there into the body; whichever is dropped takes the request's
/// end with it, so that it is counted once, whatever happens.
#[derive(Debug)]
pub(crate) struct Guard {
    span: Span,
    // Beside the request, because the thread is within the one while the other changes.
    context: RequestContext,
    request: Live,
}

/// What is known of a request so far.
#[derive(Debug)]
pub(crate) struct Live {
    shared: Arc<Shared>,
    context: RequestContext,
    stopwatch: Stopwatch,
    method: MethodLabel,
    scheme: Scheme,
    version: Version,
    route: Arc<Route>,
    /// Taken by the request's end; a skipped request has none.
    in_flight: Option<Gauge>,
    status: Option<StatusCode>,
    grpc: Option<Call>,
    is_stream: bool,
    first_byte: Option<Duration>,
    first_byte_is_told: bool,
    /// What the client declared, until it is found to be at fault.
    request_bytes: Option<u64>,
    response_bytes: u64,
    logged_headers: Option<String>,
    panic: Option<String>,
}

/// What is known of a gRPC call.
#[derive(Debug, Default)]
struct Call {
    /// The path, as long as it is not known to be a method.
    path: Option<Box<str>>,
    code: Option<Code>,
}

// === impl Guard ===

impl Guard {
    /// Begins a request: reads its ids, gives them to the service, and counts it as in flight.
    ///
    /// It is boxed, because it moves often.
    pub(crate) fn begin<B>(shared: &Arc<Shared>, request: &mut Request<B>) -> Box<Self> {
        let (guard, corrections) = Self::of(shared, RequestHead::of(request));
        corrections.make(&guard.context, request.headers_mut());
        if shared.with_extension {
            request.extensions_mut().insert(guard.context.clone());
        }
        guard
    }

    fn of(shared: &Arc<Shared>, head: RequestHead<'_>) -> (Box<Self>, Corrections) {
        let stopwatch = Stopwatch::start();
        let method = MethodLabel::of(head.method);
        // The method first, because it costs less than to look for a header.
        let is_grpc = head.method == Method::POST && grpc::is_grpc(head.headers);
        let (route, may_be_method) = shared.routes.of(head, is_grpc);
        let path = head.uri.path();
        let skipped = shared.skip.iter().any(|pattern| pattern.matches(path));
        let grpc = is_grpc.then(|| Call {
            path: (may_be_method && path.len() <= MAX_GRPC_PATH).then(|| Box::from(path)),
            code: None,
        });
        let Ids {
            context,
            span,
            corrections,
        } = Ids::of(shared, head, method, route.label());
        let scheme = Scheme::of(head.uri);
        let labels = Labels {
            scheme,
            ..Labels::new(method)
        };
        let guard = Box::new(Self {
            span,
            context: context.clone(),
            request: Live {
                context,
                stopwatch,
                method,
                scheme,
                version: head.version,
                in_flight: (!skipped).then(|| shared.meters.begin(labels)),
                status: None,
                grpc,
                is_stream: shared.streams.iter().any(|name| **name == **route.label()),
                route,
                first_byte: None,
                first_byte_is_told: false,
                request_bytes: match shared.meters.has_sizes() {
                    true => headers::number(head.headers, &header::CONTENT_LENGTH),
                    false => None,
                },
                response_bytes: 0,
                logged_headers: shared.logged_headers.text(head.headers),
                panic: None,
                shared: Arc::clone(shared),
            },
        });
        (guard, corrections)
    }

    /// Marks the thread as at work on this request, as long as the result lives.
    pub(crate) fn enter(&self) -> Entered<'_> {
        Entered::new(&self.span, &self.context)
    }

    /// Says whether the request's end was counted, or never will be.
    const fn has_ended(&self) -> bool {
        self.request.in_flight.is_none()
    }

    /// The same while something of the request is dropped, where a subscriber that panics could abort the process.
    pub(crate) fn enter_to_drop(&self) -> Option<Entered<'_>> {
        panic::catch_unwind(AssertUnwindSafe(|| self.enter())).ok()
    }

    /// Does something for this request, and marks the thread as at work on it.
    pub(crate) fn within<T>(&mut self, work: impl FnOnce(&mut Live) -> T) -> T {
        let _entered = Entered::new(&self.span, &self.context);
        work(&mut self.request)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.has_ended() {
            return;
        }
        // A subscriber that panics when the span is entered must neither abort the process nor leave the request open.
        let entered = panic::catch_unwind(AssertUnwindSafe(|| self.within(Live::cancel)));
        if entered.is_err() {
            self.request.cancel();
        }
    }
}

// === impl Live ===

impl Live {
    /// Says whether the client asked with this method.
    pub(crate) fn is(&self, method: MethodLabel) -> bool {
        self.method == method
    }

    /// Says whether the client asked for a gRPC call, whose end is known by its trailers.
    pub(crate) const fn is_grpc(&self) -> bool {
        self.grpc.is_some()
    }

    /// Notes what the response says, and puts the request id in it.
    pub(crate) fn respond<B>(&mut self, response: &mut Response<B>, may_be_endless: bool) {
        self.status = Some(response.status());
        self.is_stream |= may_be_endless && is_event_stream(response.headers());
        self.answered_call(response.headers());
        let elapsed = self.stopwatch.elapsed();
        self.first_byte = Some(elapsed);
        // Who waits for an end that may never come would not see such a response for as long as it goes on.
        if may_be_endless && self.in_flight.is_some() {
            let labels = self.labels(None);
            self.shared.meters.first_byte(&self.route, labels, elapsed);
            self.first_byte_is_told = true;
        }
        let id = self.context.request_id().to_header();
        response.headers_mut().insert(&request_id::HEADER, id);
    }

    /// Notes the status of a call that has no body, and whether its path is a method.
    ///
    /// An error in the head says nothing about the path: it may come from what refuses calls before their method is
    /// looked for, and then anybody could make routes of invented paths.
    fn answered_call(&mut self, headers: &HeaderMap) {
        let Some(call) = &mut self.grpc else {
            return;
        };
        call.code = Code::from_headers(headers);
        if let Some(path) = call.path.take()
            && grpc::is_grpc(headers)
            && call.code.is_none_or(Code::is_ok)
        {
            self.route = self.shared.routes.named(&path);
        }
    }

    /// Notes that a frame of the body was sent.
    pub(crate) fn sent(&mut self, bytes: usize, trailers: Option<&HeaderMap>) {
        self.response_bytes = self.response_bytes.saturating_add(bytes as u64);
        if let (Some(call), Some(trailers)) = (&mut self.grpc, trailers) {
            call.code = Code::from_headers(trailers).or(call.code);
        }
    }

    /// Ends the request with a panic; `answer` is the status that the client will get.
    pub(crate) fn panicked(&mut self, payload: &(dyn Any + Send), answer: Option<StatusCode>) {
        if self.panic.is_some() {
            return;
        }
        self.status = self.status.or(answer);
        let message = self.panic.insert(crate::panic::message(payload));
        self.shared.meters.panicked();
        let location = panic_location::take(&self.context);
        for on_panic in &self.shared.on_panic {
            let report = PanicReport {
                route: self.route.label(),
                method: self.method.as_str(),
                message,
                location: location.as_deref(),
                request_id: self.context.request_id(),
                trace_context: self.context.trace_context(),
            };
            // A callback that panics itself must not hide the panic that it was told about.
            let _ = panic::catch_unwind(AssertUnwindSafe(|| on_panic(&report)));
        }
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

    /// Ends the request because nobody waits for the rest of it.
    fn cancel(&mut self) {
        self.finish(match self.status {
            None => Outcome::CancelledBeforeResponse,
            Some(_) => Outcome::CancelledInBody,
        });
    }

    fn record(&self, outcome: Outcome) {
        let elapsed = self.stopwatch.elapsed();
        let labels = self.labels(Some(outcome));
        self.shared.meters.finish(
            &self.route,
            labels,
            Ended {
                is_stream: self.is_stream,
                elapsed,
                first_byte: self.first_byte.filter(|_| !self.first_byte_is_told),
                request_bytes: self.request_bytes.filter(|_| self.is_believed(outcome)),
                response_bytes: self.response_bytes,
            },
        );
        self.log(outcome, elapsed, labels.grpc);
    }

    fn labels(&self, outcome: Option<Outcome>) -> Labels {
        let code = |outcome| {
            let call = self.grpc.as_ref()?;
            Some(call.code.unwrap_or_else(|| Code::missing(outcome)))
        };
        Labels {
            method: self.method,
            status: self.status,
            outcome,
            scheme: self.scheme,
            version: VersionLabel::of(self.version),
            grpc: outcome.and_then(code),
        }
    }

    /// Says whether the client has kept its word: a length that was refused, say with 413, may be any number.
    fn is_believed(&self, outcome: Outcome) -> bool {
        outcome == Outcome::Completed && self.status.is_some_and(|status| !status.is_client_error())
    }

    fn log(&self, outcome: Outcome, elapsed: Duration, code: Option<Code>) {
        let nanos = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        let status = self.status.map(|status| status.as_u16());
        let duration = match self.is_stream {
            true => self.first_byte.unwrap_or(elapsed),
            false => elapsed,
        };
        let is_bad = outcome.is_failure()
            || self.status.is_some_and(|status| status.is_server_error())
            || code.is_some_and(Code::is_failure)
            || duration >= self.shared.slow;
        macro_rules! log {
            ($level:ident) => {
                tracing::event!(
                    target: "watchkeep_tower",
                    Level::$level,
                    {
                        http.response.status_code = status,
                        http.response.body.bytes = self.response_bytes,
                        outcome = outcome.as_str(),
                        event.duration = nanos,
                        rpc.response.status_code = code.map(Code::as_str),
                        http.request.headers = self.logged_headers.as_deref(),
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

fn is_event_stream(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}
