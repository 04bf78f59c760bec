//! Ids from `tracing-opentelemetry`, so that logs and exported traces agree.

use opentelemetry::{
    Context,
    trace::{
        SpanContext, SpanId as OtelSpanId, TraceContextExt, TraceFlags, TraceId as OtelTraceId,
        TraceState as OtelTraceState,
    },
};
use tracing::{Span, dispatcher};
use tracing_opentelemetry::{OpenTelemetrySpanExt, get_otel_context};

use crate::{
    source::{Parent, TraceSource},
    trace_context::TraceContext,
};

/// Takes the ids of the span that `tracing-opentelemetry` makes of the request's span.
///
/// The caller's context becomes that span's parent, the exporter's sampler decides, and the layer logs and passes on
/// the ids that the exporter sends.
/// Where the subscriber has no OpenTelemetry layer, or it does not see the span, the layer makes the ids itself.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenTelemetry;

impl OpenTelemetry {
    /// Returns the source.
    pub const fn new() -> Self {
        Self
    }
}

impl TraceSource for OpenTelemetry {
    fn begin(&self, span: &Span, parent: Option<&Parent>) -> Option<TraceContext> {
        // Without a parent the span must not become the child of whatever span the thread happens to be in.
        let context = parent.map_or_else(Context::new, remote);
        span.set_parent(context).ok()?;
        let id = span.id()?;
        let context = dispatcher::get_default(|dispatch| get_otel_context(&id, dispatch))?;
        local(context.span().span_context())
    }
}

fn remote(parent: &Parent) -> Context {
    let context = &parent.context;
    let state = parent
        .state
        .as_ref()
        .and_then(|state| state.as_str().parse::<OtelTraceState>().ok());
    Context::new().with_remote_span_context(SpanContext::new(
        OtelTraceId::from(context.trace_id().to_bits()),
        OtelSpanId::from(context.span_id().to_bits()),
        TraceFlags::new(context.flags()),
        true,
        state.unwrap_or_default(),
    ))
}

fn local(context: &SpanContext) -> Option<TraceContext> {
    TraceContext::from_parts(
        u128::from_be_bytes(context.trace_id().to_bytes()),
        u64::from_be_bytes(context.span_id().to_bytes()),
        context.trace_flags().to_u8(),
    )
}
