//! A ledger to read the layer's numbers by, and services and bodies that do what a test says.

use std::{
    any::Any,
    collections::VecDeque,
    convert::Infallible,
    future::Future,
    io,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use tower::{Layer, Service};
use tracing::{Dispatch, Metadata, Subscriber, subscriber::Interest};
use tracing_subscriber::{Registry, layer::SubscriberExt};
use watchkeep_metrics::{Format, Recorder, Snapshot};
use watchkeep_tower::{Builder, ObservabilityLayer, ObservedBody};

pub(crate) const REQUESTS: &str = "http_server_requests_total";
pub(crate) const DURATION: &str = "http_server_request_duration_seconds";
pub(crate) const FIRST_BYTE: &str = "http_server_time_to_first_byte_seconds";
pub(crate) const IN_FLIGHT: &str = "http_server_requests_in_flight";
pub(crate) const PANICS: &str = "http_server_panics_total";

/// A subscriber that has no mind of its own about what is enabled, and stays.
///
/// Without it a callsite that one test meets first while another test's subscriber comes or goes may be taken as
/// switched off for good, see `tracing_core::callsite`.
static UNDECIDED: LazyLock<Dispatch> = LazyLock::new(|| Registry::default().with(Undecided).into());

struct Undecided;

impl<S: Subscriber> tracing_subscriber::Layer<S> for Undecided {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }
}

/// A recorder of the test's own, and the books that it keeps.
#[derive(Clone)]
pub(crate) struct Ledger(Recorder);

impl Ledger {
    pub(crate) fn new() -> Self {
        LazyLock::force(&UNDECIDED);
        Self(Recorder::builder().build().unwrap())
    }

    pub(crate) fn builder(&self) -> Builder {
        ObservabilityLayer::builder().with_recorder(self.0.clone())
    }

    pub(crate) fn layer(&self) -> ObservabilityLayer {
        self.builder().build()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }

    pub(crate) fn page(&self) -> String {
        let mut page = Vec::new();
        self.0.render(Format::Prometheus, &mut page);
        String::from_utf8(page).unwrap()
    }

    /// Returns how many series a family has.
    #[track_caller]
    pub(crate) fn series(&self, family: &str) -> usize {
        self.snapshot().family(family).unwrap().series().len()
    }

    pub(crate) fn count(&self, labels: &[(&str, &str)]) -> f64 {
        self.snapshot().counter(REQUESTS, labels)
    }

    pub(crate) fn timed(&self, family: &str) -> u64 {
        self.snapshot()
            .histogram(family, &[])
            .map_or(0, |histogram| histogram.count)
    }

    /// Checks that so many requests are in flight, and that those which ended are exactly these, and were all timed.
    #[track_caller]
    pub(crate) fn check(&self, in_flight: u32, ended: &[(&str, u32)]) {
        self.check_counts(in_flight, ended);
        let sum: u32 = ended.iter().map(|(_, count)| count).sum();
        assert_eq!(
            self.timed(DURATION),
            u64::from(sum),
            "every request that ended is timed"
        );
    }

    /// Waits until the books are so, because a server learns later what its client did, and checks them then.
    pub(crate) async fn settle(&self, in_flight: u32, ended: &[(&str, u32)]) {
        self.settle_counts(in_flight, ended).await;
        self.check(in_flight, ended);
    }

    /// As [`settle`](Self::settle), where not all requests are timed.
    pub(crate) async fn settle_counts(&self, in_flight: u32, ended: &[(&str, u32)]) {
        let sum: u32 = ended.iter().map(|(_, count)| count).sum();
        for _ in 0..100_000 {
            let snapshot = self.snapshot();
            if snapshot.gauge(IN_FLIGHT, &[]) == Some(f64::from(in_flight))
                && snapshot.counter(REQUESTS, &[]) == f64::from(sum)
            {
                break;
            }
            tokio::task::yield_now().await;
        }
        self.check_counts(in_flight, ended);
    }

    /// Checks that so many requests are in flight, and that those which ended are exactly these.
    #[track_caller]
    pub(crate) fn check_counts(&self, in_flight: u32, ended: &[(&str, u32)]) {
        let snapshot = self.snapshot();
        assert_eq!(
            snapshot.gauge(IN_FLIGHT, &[]),
            Some(f64::from(in_flight)),
            "in flight"
        );
        for (outcome, count) in ended {
            let counted = snapshot.counter(REQUESTS, &[("outcome", outcome)]);
            assert_eq!(counted, f64::from(*count), "{outcome} in {snapshot:?}");
        }
        let sum: u32 = ended.iter().map(|(_, count)| count).sum();
        assert_eq!(
            snapshot.counter(REQUESTS, &[]),
            f64::from(sum),
            "{snapshot:?}"
        );
    }
}

/// One thing that a body does when it is polled.
pub(crate) enum Step {
    Data(&'static str),
    Fail,
    Panic,
    Say(&'static str),
    Trailers(HeaderMap),
    /// From here on there is nothing more, and no end.
    Wait,
}

/// The end of a gRPC call.
pub(crate) fn trailers(status: &str) -> Step {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.parse().unwrap());
    Step::Trailers(trailers)
}

/// A body that follows a script, and then ends.
#[derive(Default)]
pub(crate) struct Script {
    steps: VecDeque<Step>,
    bytes: Option<u64>,
    /// Says that it has ended as soon as it has, and not only when it is polled once more.
    eager: bool,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            ..Self::default()
        }
    }

    pub(crate) fn with_size(mut self, bytes: u64) -> Self {
        self.bytes = Some(bytes);
        self
    }

    pub(crate) fn eager(mut self) -> Self {
        self.eager = true;
        self
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Some(step) = self.steps.pop_front() else {
            return Poll::Ready(None);
        };
        match step {
            Step::Data(text) => Poll::Ready(Some(Ok(Frame::data(Bytes::from(text))))),
            Step::Fail => Poll::Ready(Some(Err(io::Error::other("the disk is gone")))),
            Step::Panic => panic!("the body panics"),
            Step::Say(text) => {
                tracing::info!("{text}");
                Poll::Ready(Some(Ok(Frame::data(Bytes::from(text)))))
            }
            Step::Trailers(trailers) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Step::Wait => {
                self.steps.push_front(step);
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.eager && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.bytes
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Polls once.
pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a body once for its next frame.
pub(crate) fn poll_frame<B: Body + Unpin>(
    body: &mut B,
) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
    Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop()))
}

/// Returns the response that a service gives at once.
#[track_caller]
pub(crate) fn respond<P, B, F>(
    layer: &ObservabilityLayer<P>,
    request: Request<()>,
    mut response: F,
) -> Response<ObservedBody<B>>
where
    F: FnMut(Request<()>) -> Response<B>,
    B: Body,
    P: watchkeep_tower::PanicPolicy<B>,
{
    let inner = tower::service_fn(move |request| {
        let response = response(request);
        async move { Ok::<_, Infallible>(response) }
    });
    let mut future = Box::pin(layer.layer(inner).call(request));
    match poll_once(future.as_mut()) {
        Poll::Ready(Ok(response)) => response,
        Poll::Ready(Err(never)) => match never {},
        Poll::Pending => panic!("the service answers at once"),
    }
}

/// Returns what a panic carries.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Box<dyn Any + Send> {
    match panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(_) => panic!("there was no panic"),
        Err(payload) => payload,
    }
}

/// Returns what a panic says.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> &str {
    match payload.downcast_ref::<String>() {
        Some(text) => text,
        None => payload.downcast_ref::<&str>().unwrap(),
    }
}

/// A request that says nothing special.
pub(crate) fn get(path: &str) -> Request<()> {
    Request::builder().uri(path).body(()).unwrap()
}
