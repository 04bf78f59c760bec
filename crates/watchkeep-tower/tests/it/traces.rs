//! Whose traces are continued, and how they go on to other services.

use http::{HeaderMap, Request, Response};
use tower::{Layer, Service, service_fn};
use watchkeep_tower::{
    ObservabilityLayer, Parent, PropagationLayer, RequestContext, TraceContext, TraceSource,
    propagation_headers,
};

use crate::{
    lines::Lines,
    support::{Ledger, Script, get, respond},
};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";
const STATE: &str = "a=1,b=2";

fn request(state: Option<&str>) -> Request<()> {
    let mut request = Request::builder().header("traceparent", PARENT);
    if let Some(state) = state {
        request = request.header("tracestate", state);
    }
    request.body(()).unwrap()
}

/// What the service inside of a layer sees of a trace.
struct Seen {
    context: TraceContext,
    state: Option<String>,
    headers: HeaderMap,
    outgoing: HeaderMap,
}

fn see(layer: &ObservabilityLayer, request: Request<()>) -> Seen {
    let mut seen = None;
    respond(layer, request, |request| {
        let context = RequestContext::current().unwrap();
        seen = Some(Seen {
            context: *context.trace_context(),
            state: context
                .trace_state()
                .map(|state| String::from(state.as_str())),
            headers: request.headers().clone(),
            outgoing: propagation_headers(),
        });
        Response::new(Script::new([]).eager())
    });
    seen.unwrap()
}

fn is_continued(seen: &Seen) -> bool {
    let parent = TraceContext::parse(PARENT).unwrap();
    assert_ne!(seen.context.span_id(), parent.span_id());
    assert_eq!(
        seen.outgoing["traceparent"],
        seen.context.to_string(),
        "our own span is the parent of what goes out"
    );
    seen.context.trace_id() == parent.trace_id()
}

#[test]
fn the_state_goes_with_the_trace_that_is_continued() {
    let seen = see(&Ledger::new().layer(), request(Some(STATE)));
    assert!(is_continued(&seen));
    assert_eq!(seen.context.flags(), 3, "the random flag is kept");
    assert_eq!(seen.state.as_deref(), Some(STATE));
    assert_eq!(seen.outgoing["tracestate"], STATE);
}

#[test]
fn an_invalid_state_is_dropped_and_the_trace_is_not() {
    let seen = see(&Ledger::new().layer(), request(Some("a=1,B=2")));
    assert!(is_continued(&seen));
    assert_eq!(seen.state, None);
    assert!(!seen.headers.contains_key("tracestate"), "nor left inside");
    assert!(!seen.outgoing.contains_key("tracestate"));
}

#[test]
fn a_state_without_a_parent_is_dropped() {
    let mut request = get("/");
    request
        .headers_mut()
        .insert("tracestate", STATE.parse().unwrap());
    let seen = see(&Ledger::new().layer(), request);
    assert_eq!(seen.state, None);
    assert!(!seen.headers.contains_key("tracestate"), "nor left inside");
    assert!(!seen.outgoing.contains_key("tracestate"));
}

#[test]
fn an_untrusted_caller_begins_a_new_trace() {
    let ledger = Ledger::new();
    let never = ledger.builder().with_new_traces().build();
    let inside = ledger
        .builder()
        .with_trusted_callers(|head| head.headers.contains_key("x-inside"))
        .build();
    let broken = ledger
        .builder()
        .with_trusted_callers(|_| panic!("who knows"))
        .build();
    for layer in [&never, &inside, &broken] {
        let seen = see(layer, request(Some(STATE)));
        assert!(!is_continued(&seen));
        assert_eq!(seen.state, None);
        assert!(!seen.headers.contains_key("traceparent"));
        assert!(!seen.headers.contains_key("tracestate"));
        assert!(!seen.outgoing.contains_key("tracestate"));
    }
    let mut trusted = request(Some(STATE));
    trusted
        .headers_mut()
        .insert("x-inside", "1".parse().unwrap());
    assert!(is_continued(&see(&inside, trusted)));
}

#[test]
fn a_client_inside_continues_the_trace_and_replaces_what_was_copied() {
    let mut client = PropagationLayer::new().layer(service_fn(|request: Request<()>| {
        std::future::ready(Ok::<_, std::convert::Infallible>(request.headers().clone()))
    }));
    let mut send = |request| {
        let mut future = client.call(request);
        match crate::support::poll_once(std::pin::Pin::new(&mut future)) {
            std::task::Poll::Ready(Ok(headers)) => headers,
            other => panic!("{other:?}"),
        }
    };
    assert!(
        propagation_headers().is_empty(),
        "outside of a request there is no trace"
    );
    assert_eq!(send(request(None))["traceparent"], PARENT);

    let ledger = Ledger::new();
    let mut inside = None;
    respond(&ledger.layer(), request(None), |_| {
        inside = Some((
            TraceContext::current().unwrap(),
            send(request(Some("copied=1"))),
        ));
        Response::new(Script::new([]).eager())
    });
    let (context, headers) = inside.unwrap();
    assert_eq!(headers["traceparent"], context.to_string());
    assert_eq!(headers.get_all("traceparent").iter().count(), 1);
    assert!(!headers.contains_key("tracestate"));
}

#[test]
fn the_state_of_one_request_does_not_reach_another_inside_of_it() {
    let ledger = Ledger::new();
    let layer = ledger.layer();
    let mut states = Vec::new();
    respond(&layer, request(Some(STATE)), |_| {
        let state = || propagation_headers().get("tracestate").cloned();
        states.push(state());
        respond(&layer, get("/"), |_| {
            states.push(state());
            Response::new(Script::new([]).eager())
        });
        states.push(state());
        Response::new(Script::new([]).eager())
    });
    assert_eq!(
        states,
        [
            Some(STATE.parse().unwrap()),
            None,
            Some(STATE.parse().unwrap())
        ]
    );
}

struct Fixed(Option<TraceContext>);

impl TraceSource for Fixed {
    fn begin(&self, span: &tracing::Span, parent: Option<&Parent>) -> Option<TraceContext> {
        assert!(!span.is_disabled());
        assert_eq!(parent.unwrap().context.to_string(), PARENT);
        self.0
    }
}

#[test]
fn ids_from_a_source_of_ones_own_are_in_the_span() {
    for fixed in [TraceContext::from_parts(7, 8, 1), None] {
        let ledger = Ledger::new();
        let lines = Lines::capture();
        let layer = ledger.builder().with_trace_source(Fixed(fixed)).build();
        let seen = see(&layer, request(None));
        match fixed {
            Some(fixed) => assert_eq!(seen.context, fixed),
            None => assert!(is_continued(&seen), "the layer knows what to do"),
        }
        let [line] = &lines.take()[..] else {
            panic!("one line");
        };
        let fields = &line.spans[0].1;
        assert_eq!(fields["trace.id"], seen.context.trace_id().to_string());
        assert_eq!(fields["span.id"], seen.context.span_id().to_string());
    }
}

/// A source that panics.
struct Panics;

impl TraceSource for Panics {
    fn begin(&self, _: &tracing::Span, _: Option<&Parent>) -> Option<TraceContext> {
        panic!("the source panics")
    }
}

#[test]
fn a_source_that_panics_leaves_the_ids_to_the_layer() {
    let ledger = Ledger::new();
    let layer = ledger.builder().with_trace_source(Panics).build();
    assert!(is_continued(&see(&layer, request(None))));
    ledger.check(0, &[("completed", 1)]);
}
