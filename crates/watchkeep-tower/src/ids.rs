//! A request's ids, and the span that carries them.

use std::panic::{self, AssertUnwindSafe};

use http::HeaderMap;
use tracing::{Span, level_filters::LevelFilter, span};

use crate::{
    context::{RequestContext, Scope},
    head::RequestHead,
    hex::as_text,
    layer::Shared,
    method::MethodLabel,
    request_id::{self, RequestId},
    source::{Parent, TraceSource},
    trace_context::{self, TraceContext},
    trace_state,
};

/// As long as it lives, the thread works on the request.
#[derive(Debug)]
pub(crate) struct Entered<'a> {
    /// None when nobody listens: to enter a span that is off may still cost something.
    _span: Option<span::Entered<'a>>,
    _scope: Scope,
}

impl<'a> Entered<'a> {
    pub(crate) fn new(span: &'a Span, context: &RequestContext) -> Self {
        Self {
            _span: (!span.is_disabled()).then(|| span.enter()),
            _scope: Scope::enter(context),
        }
    }
}

/// The ids of a request, and its span.
pub(crate) struct Ids {
    pub(crate) context: RequestContext,
    pub(crate) span: Span,
    pub(crate) corrections: Corrections,
}

/// In what the request's headers say otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Corrections {
    is_generated: bool,
    is_continued: bool,
    /// There is a state beside a valid parent, and it is not valid.
    has_bad_state: bool,
}

impl Ids {
    /// Reads or makes the ids.
    pub(crate) fn of(
        shared: &Shared,
        head: RequestHead<'_>,
        method: MethodLabel,
        route: &str,
    ) -> Self {
        let given = RequestId::from_headers(head.headers);
        let is_generated = given.is_none();
        let request_id = given.unwrap_or_else(RequestId::generate);
        let is_trusted = shared.trust.includes(head);
        let parent = is_trusted.then(|| Parent::of(head.headers)).flatten();
        let (parent, has_bad_state) = match parent {
            Some((parent, has_bad_state)) => (Some(parent), has_bad_state),
            None => (None, false),
        };
        let is_continued = parent.is_some();
        let (trace_context, span) = match &shared.source {
            Some(source) => from_source(&**source, &request_id, parent.as_ref(), method, route),
            None => {
                let context = own(parent.as_ref());
                // Where nobody listens, the values of the fields need not be made.
                let span = match LevelFilter::current() == LevelFilter::OFF {
                    true => Span::none(),
                    false => own_span(&context, &request_id, method, route),
                };
                (context, span)
            }
        };
        let trace_state = parent.and_then(|parent| parent.state);
        Self {
            context: RequestContext::new(request_id, trace_context, trace_state),
            span,
            corrections: Corrections {
                is_generated,
                is_continued,
                has_bad_state,
            },
        }
    }
}

impl Corrections {
    /// Makes the headers say the same; a trace that is not continued is taken out, so that nobody inside continues it.
    pub(crate) fn make(self, context: &RequestContext, headers: &mut HeaderMap) {
        if self.is_generated {
            headers.insert(&request_id::HEADER, context.request_id().to_header());
        }
        if !self.is_continued {
            headers.remove(&trace_context::HEADER);
        }
        if !self.is_continued || self.has_bad_state {
            headers.remove(&trace_state::HEADER);
        }
    }
}

fn own(parent: Option<&Parent>) -> TraceContext {
    parent.map_or_else(TraceContext::generate, |parent| parent.context.child())
}

fn from_source(
    source: &dyn TraceSource,
    request_id: &RequestId,
    parent: Option<&Parent>,
    method: MethodLabel,
    route: &str,
) -> (TraceContext, Span) {
    let span = foreign_span(request_id, method, route);
    // A user's source that panics must not take the request with it.
    let begun = panic::catch_unwind(AssertUnwindSafe(|| source.begin(&span, parent)));
    let context = begun.ok().flatten().unwrap_or_else(|| own(parent));
    span.record("trace.id", as_text(&context.trace_id().digits()));
    span.record("span.id", as_text(&context.span_id().digits()));
    (context, span)
}

/// Makes the span when the ids are known.
///
/// Its level is the highest, so that a filter that lets warnings through keeps their ids.
fn own_span(
    context: &TraceContext,
    request_id: &RequestId,
    method: MethodLabel,
    route: &str,
) -> Span {
    tracing::error_span!(
        target: "watchkeep_tower",
        "request",
        trace.id = as_text(&context.trace_id().digits()),
        span.id = as_text(&context.span_id().digits()),
        http.request.id = request_id.as_str(),
        http.request.method = method.as_str(),
        http.route = route,
        // For the service to record what went wrong, so that the line at the end says it too.
        error.code = tracing::field::Empty,
    )
}

/// Makes the span before its ids are known.
fn foreign_span(request_id: &RequestId, method: MethodLabel, route: &str) -> Span {
    tracing::error_span!(
        target: "watchkeep_tower",
        "request",
        otel.kind = "server",
        trace.id = tracing::field::Empty,
        span.id = tracing::field::Empty,
        http.request.id = request_id.as_str(),
        http.request.method = method.as_str(),
        http.route = route,
        error.code = tracing::field::Empty,
    )
}
