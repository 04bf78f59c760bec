//! Ids that `tracing-opentelemetry` makes: what is logged is what is exported.

use std::sync::{Arc, Mutex};

use http::{Request, Response};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing_subscriber::{Registry, layer::SubscriberExt};
use watchkeep_tower::{OpenTelemetry, TraceContext, propagation_headers};

use crate::support::{Ledger, Script, respond};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[derive(Clone, Debug, Default)]
struct Exported(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Exported {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

/// Answers a request under a subscriber with an OpenTelemetry layer, and returns what was seen and what was exported.
fn answer(request: Request<()>) -> (TraceContext, http::HeaderMap, Vec<SpanData>) {
    let exported = Exported::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exported.clone())
        .build();
    let subscriber = Registry::default()
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("watchkeep_tower")));
    let ledger = Ledger::new();
    let layer = ledger
        .builder()
        .with_trace_source(OpenTelemetry::new())
        .build();
    let seen = tracing::subscriber::with_default(subscriber, || {
        let outer = tracing::info_span!("outer");
        let _entered = outer.enter();
        let mut seen = None;
        drop(respond(&layer, request, |_| {
            seen = Some((TraceContext::current().unwrap(), propagation_headers()));
            Response::new(Script::new([]).eager())
        }));
        seen.unwrap()
    });
    let spans = exported.0.lock().unwrap().clone();
    let ours = spans
        .into_iter()
        .filter(|span| span.name == "request")
        .collect();
    (seen.0, seen.1, ours)
}

#[track_caller]
fn check_same(context: &TraceContext, spans: &[SpanData]) {
    let [span] = spans else {
        panic!("one span: {spans:?}");
    };
    let exported = &span.span_context;
    assert_eq!(
        exported.trace_id().to_string(),
        context.trace_id().to_string()
    );
    assert_eq!(
        exported.span_id().to_string(),
        context.span_id().to_string()
    );
    assert_eq!(span.span_kind, opentelemetry::trace::SpanKind::Server);
}

#[test]
fn a_trace_is_continued_under_the_exported_ids() {
    let request = Request::builder()
        .header("traceparent", PARENT)
        .header("tracestate", "a=1")
        .body(())
        .unwrap();
    let (context, outgoing, spans) = answer(request);
    check_same(&context, &spans);
    let parent = TraceContext::parse(PARENT).unwrap();
    assert_eq!(context.trace_id(), parent.trace_id());
    assert_eq!(
        spans[0].parent_span_id.to_string(),
        parent.span_id().to_string()
    );
    assert!(spans[0].parent_span_is_remote);
    assert_eq!(spans[0].span_context.trace_state().header(), "a=1");
    assert_eq!(outgoing["traceparent"], context.to_string());
    assert_eq!(outgoing["tracestate"], "a=1");
}

#[test]
fn a_new_trace_has_the_exported_ids_and_no_parent() {
    let (context, _, spans) = answer(Request::new(()));
    check_same(&context, &spans);
    assert_eq!(
        spans[0].parent_span_id,
        opentelemetry::trace::SpanId::INVALID,
        "whatever span the thread was in"
    );
    assert!(context.is_sampled());
}

#[test]
fn a_caller_that_does_not_sample_is_followed() {
    let request = Request::builder()
        .header("traceparent", PARENT.replace("-01", "-00"))
        .body(())
        .unwrap();
    let (context, _, spans) = answer(request);
    assert!(!context.is_sampled());
    assert_eq!(spans.len(), 0, "nor exported");
    assert_eq!(
        context.trace_id(),
        TraceContext::parse(PARENT).unwrap().trace_id()
    );
}

#[test]
fn without_its_layer_the_ids_are_made_here() {
    let ledger = Ledger::new();
    let layer = ledger
        .builder()
        .with_trace_source(OpenTelemetry::new())
        .build();
    let request = Request::builder()
        .header("traceparent", PARENT)
        .body(())
        .unwrap();
    let mut seen = None;
    respond(&layer, request, |_| {
        seen = TraceContext::current();
        Response::new(Script::new([]).eager())
    });
    assert_eq!(
        seen.unwrap().trace_id(),
        TraceContext::parse(PARENT).unwrap().trace_id()
    );
}
