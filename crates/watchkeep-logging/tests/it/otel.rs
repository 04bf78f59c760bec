//! The ids of `tracing-opentelemetry` are those of the lines.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use opentelemetry::trace::{TraceContextExt, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{info, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;
use watchkeep_logging::{Console, LogConfig};

use crate::support::{LONG, logged};

fn ids(ours_first: bool) -> (String, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (ours, guard) = LogConfig::new("app")
        .with_console(Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .build()
        .unwrap();
    let provider = SdkTracerProvider::builder().build();
    let tracer = provider.tracer("test");
    let mut expected = Default::default();
    let work = || {
        let outer = info_span!("request", trace.id = "of the fields", user = 7);
        let inner = info_span!(parent: &outer, "step");
        let context = inner.context();
        let span = context.span();
        let ids = span.span_context();
        expected = (ids.trace_id().to_string(), ids.span_id().to_string());
        inner.in_scope(|| {
            info!("inside");
            info!(trace.id = "of the event", "own");
            info!(span.id = "of the event", "other");
        });
        info!("outside");
    };
    if ours_first {
        let registry = tracing_subscriber::registry().with(ours);
        let registry = registry.with(tracing_opentelemetry::layer().with_tracer(tracer));
        tracing::subscriber::with_default(registry, work);
    } else {
        let theirs = tracing_opentelemetry::layer().with_tracer(tracer);
        let registry = tracing_subscriber::registry().with(theirs).with(ours);
        tracing::subscriber::with_default(registry, work);
    }
    assert!(guard.flush(LONG).is_complete());
    let text = std::fs::read_to_string(folder.path().join("app.log")).unwrap();
    (text, expected.0, expected.1)
}

#[test]
fn lines_carry_the_ids_that_go_to_the_collector() {
    for ours_first in [true, false] {
        let (text, trace, span) = ids(ours_first);
        let lines: Vec<&str> = text.lines().collect();
        let inside = format!("inside trace.id={trace} span.id={span} user=7");
        assert!(lines[0].ends_with(&inside), "{text}");
        let own = format!("own trace.id=\"of the event\" span.id={span} user=7");
        assert!(lines[1].ends_with(&own), "{text}");
        let other = format!("other span.id=\"of the event\" trace.id={trace} user=7");
        assert!(lines[2].ends_with(&other), "{text}");
        assert!(lines[3].ends_with("outside"), "{text}");
    }
}

#[test]
fn without_the_other_layer_the_ids_are_those_of_the_fields() {
    let bench = logged(|| {
        let _span = info_span!("request", trace.id = "of the fields").entered();
        info!("inside");
    });
    assert_eq!(bench.only()["trace.id"], "of the fields");
}
