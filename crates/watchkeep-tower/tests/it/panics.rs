//! A panic is counted, told, and goes on or is answered.

use std::{
    any::Any,
    convert::Infallible,
    future::{self, Future},
    hint::black_box,
    panic,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tower::{Layer, Service, service_fn};
use tracing::Level;
use watchkeep_tower::ObservabilityLayer;

use crate::{
    lines::Lines,
    support::{
        Ledger, PANICS, Script, Step, caught, get, panic_text, poll_frame, poll_once, respond,
    },
};

#[track_caller]
pub(crate) fn check_panicked(ledger: &Ledger, panics: u32) {
    ledger.check(0, &[("panicked", panics)]);
    assert_eq!(ledger.snapshot().counter(PANICS, &[]), f64::from(panics));
}

/// A service that panics when it is called.
pub(crate) fn panics_in_call(
    _: Request<()>,
) -> future::Ready<Result<Response<Full<Bytes>>, Infallible>> {
    panic!("call {}", black_box(7))
}

/// A service that panics when its future is polled.
pub(crate) async fn panics_in_poll(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    panic!("poll {}", black_box(7))
}

#[test]
fn a_panic_in_call_is_counted_and_goes_on() {
    let ledger = Ledger::new();
    let lines = Lines::capture();
    let mut service = ledger.layer().layer(service_fn(panics_in_call));
    let payload = caught(|| service.call(get("/")));
    assert_eq!(panic_text(&*payload), "call 7");
    check_panicked(&ledger, 1);
    assert_eq!(ledger.count(&[("status", "none")]), 1.0);
    let lines = lines.take();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].level, Level::WARN);
    assert_eq!(lines[0].fields["outcome"], "panicked");
    assert_eq!(lines[0].fields["error.message"], "call 7");
}

#[test]
fn a_panic_in_poll_is_counted_and_goes_on() {
    let ledger = Ledger::new();
    let mut service = ledger.layer().layer(service_fn(panics_in_poll));
    let mut future = Box::pin(service.call(get("/")));
    let payload = caught(|| poll_once(future.as_mut()));
    assert_eq!(panic_text(&*payload), "poll 7");
    check_panicked(&ledger, 1);
    drop(future);
    check_panicked(&ledger, 1);
}

#[test]
fn a_panic_in_the_body_is_counted_and_goes_on() {
    let ledger = Ledger::new();
    let mut response = respond(&ledger.layer(), get("/"), |_| {
        Response::new(Script::new([Step::Data("a"), Step::Panic]))
    });
    let _ = poll_frame(response.body_mut());
    caught(|| poll_frame(response.body_mut()));
    check_panicked(&ledger, 1);
    assert_eq!(
        ledger.count(&[("status", "200")]),
        1.0,
        "the client has this status already"
    );
    drop(response);
    check_panicked(&ledger, 1);
}

#[test]
fn a_body_that_is_polled_again_after_its_panic_is_one_panic() {
    let ledger = Ledger::new();
    let mut response = respond(&ledger.layer(), get("/"), |_| {
        Response::new(Script::new([Step::Panic, Step::Panic]))
    });
    caught(|| poll_frame(response.body_mut()));
    caught(|| poll_frame(response.body_mut()));
    check_panicked(&ledger, 1);
}

#[test]
fn a_recorder_that_panics_at_the_end_harms_nobody() {
    struct Panics;

    impl Recorder for Panics {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
            Counter::noop()
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            panic!("the recorder panics")
        }
    }

    let layer = ObservabilityLayer::builder().with_recorder(Panics).build();
    let body = || Response::new(Script::new([Step::Data("a")]));
    drop(respond(&layer, get("/"), |_| body()));
    let payload = caught(|| {
        let _response = respond(&layer, get("/"), |_| body());
        panic!("somebody else panics");
    });
    assert_eq!(panic_text(&*payload), "somebody else panics");
}

#[test]
fn a_panic_after_the_end_is_a_panic_but_no_second_end() {
    let ledger = Ledger::new();
    let request = Request::builder().method("HEAD").body(()).unwrap();
    let mut response = respond(&ledger.layer(), request, |_| {
        Response::new(Script::new([Step::Panic]))
    });
    caught(|| poll_frame(response.body_mut()));
    drop(response);
    ledger.check(0, &[("completed", 1)]);
    assert_eq!(ledger.snapshot().counter(PANICS, &[]), 1.0);
}

#[test]
fn the_callback_is_told_of_each_panic() {
    let ledger = Ledger::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let layer = ledger
        .builder()
        .with_skip(["/livez"])
        .with_route(|head| Some(head.uri.path().into()))
        .with_on_panic(move |report| {
            tracing::info!("told");
            sink.lock().unwrap().push(format!(
                "{} {} {} {}",
                report.method, report.route, report.request_id, report.message
            ));
            assert_eq!(
                watchkeep_tower::TraceContext::current().as_ref(),
                Some(report.trace_context)
            );
        })
        .build();
    let lines = Lines::capture();
    for path in ["/a", "/livez"] {
        let mut service = layer.layer(service_fn(|_: Request<()>| -> future::Ready<_> {
            if true {
                panic!("no luck");
            }
            future::ready(Ok::<_, Infallible>(Response::new(Script::default())))
        }));
        let request = Request::builder()
            .uri(path)
            .header("x-request-id", "order-17")
            .body(())
            .unwrap();
        caught(|| service.call(request));
    }
    let told = told.lock().unwrap();
    assert_eq!(
        *told,
        ["GET /a order-17 no luck", "GET /livez order-17 no luck"]
    );
    let lines = lines.take();
    assert_eq!(lines.len(), 3, "told, finished, told: {lines:?}");
    assert!(
        lines
            .iter()
            .all(|line| line.spans[0].1["http.request.id"] == "order-17")
    );
    ledger.check(0, &[("panicked", 1)]);
    assert_eq!(
        ledger.snapshot().counter(PANICS, &[]),
        2.0,
        "skipped requests can panic, too"
    );
}

#[test]
fn the_callback_is_told_where() {
    watchkeep_tower::remember_panic_locations();
    // The second call does nothing.
    watchkeep_tower::remember_panic_locations();
    let ledger = Ledger::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let sinks = [Arc::clone(&told), Arc::clone(&told)];
    let builder = sinks.into_iter().fold(ledger.builder(), |builder, sink| {
        builder.with_on_panic(move |report| {
            sink.lock().unwrap().push(report.location.map(String::from));
        })
    });
    let layer = builder.build();
    let line = line!();
    for is_resumed in [false, true] {
        let mut service = layer.layer(service_fn(move |_: Request<()>| -> future::Ready<_> {
            match is_resumed {
                false => panic!("here"),
                // This comes from elsewhere, past every hook.
                true => panic::resume_unwind(Box::new("there")),
            }
            #[expect(unreachable_code, reason = "it names the type")]
            future::ready(Ok::<_, Infallible>(Response::new(Script::default())))
        }));
        caught(|| service.call(Request::new(())));
    }
    let told = told.lock().unwrap();
    let here = format!("tests/it/panics.rs:{}:", line + 4);
    for location in &told[..2] {
        assert!(location.as_ref().unwrap().contains(&here), "{told:?}");
    }
    assert_eq!(told[2..], [None, None]);
}

#[test]
fn the_place_of_another_requests_panic_is_not_told() {
    watchkeep_tower::remember_panic_locations();
    let ledger = Ledger::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let layer = ledger
        .builder()
        .with_on_panic(move |report| sink.lock().unwrap().push(report.location.map(String::from)))
        .build();
    // The service catches its own panic, so that nobody asks for the place.
    respond(&layer, get("/"), |_| {
        caught(|| panic!("caught inside"));
        Response::new(Script::default())
    });
    let mut service = layer.layer(service_fn(
        |_: Request<()>| -> future::Ready<Result<Response<Script>, Infallible>> {
            panic::resume_unwind(Box::new("there"))
        },
    ));
    caught(|| service.call(get("/")));
    assert_eq!(*told.lock().unwrap(), [None]);
}

#[test]
fn a_subscriber_that_panics_while_a_panic_unwinds_takes_no_request_with_it() {
    let ledger = Ledger::new();
    let mut service = ledger.layer().layer(service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(Response::new(Script::new([Step::Data("a")])))
    }));
    let subscriber = PanicsOnEnter::default();
    let is_armed = Arc::clone(&subscriber.is_armed);
    tracing::subscriber::with_default(subscriber, || {
        let mut future = Box::pin(service.call(get("/")));
        is_armed.store(true, Ordering::Relaxed);
        // The guard is dropped while the subscriber's panic unwinds, and enters the span again.
        caught(|| poll_once(future.as_mut()));
    });
    ledger.check_counts(0, &[("cancelled_before_response", 1)]);
}

#[derive(Default)]
struct PanicsOnEnter {
    is_armed: Arc<AtomicBool>,
}

impl tracing::Subscriber for PanicsOnEnter {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {}

    fn enter(&self, _: &tracing::span::Id) {
        assert!(!self.is_armed.load(Ordering::Relaxed), "no entry");
    }

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_callback_that_panics_hides_nothing() {
    let ledger = Ledger::new();
    let layer = ledger
        .builder()
        .with_on_panic(|_| panic!("the callback panics"))
        .build();
    let mut service = layer.layer(service_fn(panics_in_call));
    let payload = caught(|| service.call(get("/")));
    assert_eq!(panic_text(&*payload), "call 7");
    check_panicked(&ledger, 1);
}

#[test]
fn long_messages_are_cut_and_others_need_no_text() {
    let ledger = Ledger::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let layer = ledger
        .builder()
        .with_on_panic(move |report| sink.lock().unwrap().push(report.message.to_owned()))
        .build();
    for payload in [
        Box::new("ä".repeat(501)) as Box<dyn Any + Send>,
        Box::new("static"),
        Box::new(17),
    ] {
        let mut payload = Some(payload);
        let mut service = layer.layer(service_fn(
            |_: Request<()>| -> future::Ready<Result<Response<Script>, Infallible>> {
                panic::resume_unwind(payload.take().unwrap())
            },
        ));
        caught(|| service.call(get("/")));
    }
    let told = told.lock().unwrap();
    assert_eq!(told[0], "ä".repeat(500));
    assert_eq!(told[1..], ["static", "panic without a message"]);
    check_panicked(&ledger, 3);
}

#[test]
fn a_request_that_is_dropped_while_a_panic_unwinds_is_cancelled() {
    let ledger = Ledger::new();
    let mut service = ledger.layer().layer(service_fn(|_: Request<()>| {
        future::pending::<Result<Response<Script>, Infallible>>()
    }));
    caught(|| {
        let mut future = Box::pin(service.call(get("/")));
        assert!(poll_once(future.as_mut()).is_pending());
        panic!("somebody else panics");
    });
    ledger.check(0, &[("cancelled_before_response", 1)]);
    assert_eq!(ledger.snapshot().counter(PANICS, &[]), 0.0);
}

#[test]
fn a_panic_while_the_response_is_measured_is_counted() {
    struct Measured;

    impl http_body::Body for Measured {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Infallible>>> {
            Poll::Ready(None)
        }

        fn is_end_stream(&self) -> bool {
            panic!("who asks?")
        }
    }

    let ledger = Ledger::new();
    let mut service = ledger.layer().layer(service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(Response::new(Measured))
    }));
    let mut future = Box::pin(service.call(get("/")));
    caught(|| {
        future
            .as_mut()
            .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
    });
    check_panicked(&ledger, 1);
}
