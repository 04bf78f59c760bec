//! Where the ids of traces come from.

use std::fmt;

use http::HeaderMap;
use tracing::Span;

use crate::{head::RequestHead, trace_context::TraceContext, trace_state::TraceState};

/// Gives a request its place in a trace, where something other than this crate decides it.
///
/// Without one the layer makes the ids itself, before the span, which costs least.
/// With one the span is made first, is told of the ids afterwards, and has the field `otel.kind`.
///
/// With the feature `opentelemetry` there is [`OpenTelemetry`](crate::OpenTelemetry).
pub trait TraceSource: Send + Sync {
    /// Returns the context of a request.
    ///
    /// `span` is the request's, made and not yet entered; `parent` is what the caller sent and may be trusted.
    /// `None` means that the source knows nothing, say because its subscriber is not there or the span is off; the
    /// layer makes the ids itself then.
    fn begin(&self, span: &Span, parent: Option<&Parent>) -> Option<TraceContext>;
}

/// What the caller of a request said about its trace.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parent {
    /// The `traceparent` header.
    pub context: TraceContext,
    /// The `tracestate` header, where it is there and valid.
    pub state: Option<TraceState>,
}

/// Whose trace context is continued.
#[derive(Default)]
pub(crate) enum Trust {
    #[default]
    Always,
    Never,
    If(Box<Decide>),
}

/// Says whether the caller of a request may be trusted.
pub(crate) type Decide = dyn Fn(RequestHead<'_>) -> bool + Send + Sync;

// === impl Parent ===

impl Parent {
    /// Returns what the headers say, and whether there is a state that is not valid; without a valid `traceparent` it is
    /// nothing.
    pub(crate) fn of(headers: &HeaderMap) -> Option<(Self, bool)> {
        let context = TraceContext::from_headers(headers)?;
        let state = TraceState::from_headers(headers);
        let is_bad = matches!(state, Some(None));
        let state = state.flatten();
        Some((Self { context, state }, is_bad))
    }
}

// === impl Trust ===

impl Trust {
    /// Says whether the request's caller is trusted; a function that panics trusts nobody.
    pub(crate) fn includes(&self, head: RequestHead<'_>) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::If(decide) => {
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| decide(head)))
                    .unwrap_or(false)
            }
        }
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "Always",
            Self::Never => "Never",
            Self::If(_) => "If",
        })
    }
}
