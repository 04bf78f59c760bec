//! The ids of `tracing-opentelemetry`, where it shares the registry.

use std::fmt::Write as _;
use std::sync::OnceLock;

use opentelemetry::trace::TraceContextExt;
use tracing::dispatcher::WeakDispatch;
use tracing::{Dispatch, span};

use crate::fields::{Fields, Key, Style, Value};

/// Where the other layer is asked.
#[derive(Debug)]
pub(super) struct Ids {
    dispatch: OnceLock<WeakDispatch>,
    trace: Key,
    span: Key,
}

// === impl Ids ===

impl Ids {
    pub(super) fn new(style: &Style) -> Self {
        Self {
            dispatch: OnceLock::new(),
            trace: Key::new(style, "trace.id"),
            span: Key::new(style, "span.id"),
        }
    }

    pub(super) fn register(&self, dispatch: &Dispatch) {
        // A layer goes into one subscriber.
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    /// Adds the ids of the trace and of the span, unless the event itself has some.
    ///
    /// They are those that go to the collector, so they count before ids that a span was given as fields.
    pub(super) fn add(&self, span: &span::Id, style: &Style, fields: &mut Fields) {
        let dispatch = self.dispatch.get().and_then(WeakDispatch::upgrade);
        let Some(context) =
            dispatch.and_then(|dispatch| tracing_opentelemetry::get_otel_context(span, &dispatch))
        else {
            return;
        };
        let span = context.span();
        let ids = span.span_context();
        if !ids.is_valid() {
            return;
        }
        let mut text = String::with_capacity(32);
        // Writing to a string cannot fail.
        let _ = write!(text, "{:032x}", ids.trace_id());
        fields.push_new(style, &self.trace, Value::Plain(&text));
        text.clear();
        let _ = write!(text, "{:016x}", ids.span_id());
        fields.push_new(style, &self.span, Value::Plain(&text));
    }
}
