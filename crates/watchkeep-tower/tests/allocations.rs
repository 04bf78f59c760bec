//! A program of its own, because it has an allocator that counts.
#![expect(
    unsafe_code,
    reason = "counting allocations takes a global allocator of our own"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a test fails where something is not as it should be"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    convert::Infallible,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::{Layer, Service, service_fn};
use watchkeep_metrics::Recorder;
use watchkeep_tower::{Names, ObservabilityLayer};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged; the count is a thread-local that neither allocates nor has
// a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from this allocator, so from the system's, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the promises of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn request() -> Request<()> {
    Request::builder()
        .uri("/a")
        .header("x-request-id", "order-17")
        .header(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
        .body(())
        .unwrap()
}

/// Returns how often a request allocates between its call and the end of its body.
fn allocations(layer: &ObservabilityLayer, has_metrics: bool) -> u64 {
    let mut service = layer.layer(service_fn(|_: Request<()>| {
        // A header, so that the answer's map of headers is there already.
        let response = Response::builder().header("server", "x");
        std::future::ready(Ok::<_, Infallible>(
            response.body(Full::new(&b"a"[..])).unwrap(),
        ))
    }));
    let mut context = Context::from_waker(Waker::noop());
    let mut answer = || {
        let mut request = request();
        if !has_metrics {
            *request.uri_mut() = "/skipped".parse().unwrap();
        }
        let before = ALLOCATIONS.get();
        let Poll::Ready(Ok(mut response)) = pin!(service.call(request)).poll(&mut context) else {
            panic!("the service answers at once");
        };
        while let Poll::Ready(Some(_)) = Pin::new(response.body_mut()).poll_frame(&mut context) {}
        drop(response);
        ALLOCATIONS.get() - before
    };
    answer();
    answer();
    answer()
}

#[test]
fn the_metrics_allocate_nothing_after_the_first_request() {
    for names in [Names::Prometheus, Names::OpenTelemetry] {
        let layer = ObservabilityLayer::builder()
            .with_recorder(Recorder::builder().build().unwrap())
            .with_names(names)
            .with_body_sizes()
            .with_route(|_| Some("/{letter}".into()))
            .with_skip(["/skipped"])
            .build();
        let (counted, skipped) = (allocations(&layer, true), allocations(&layer, false));
        assert!(skipped > 0, "the allocator counts");
        assert_eq!(counted, skipped, "{names:?}");
    }
}
