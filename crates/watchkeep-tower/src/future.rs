//! The response that is being made.

use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::{
    body::{End, ObservedBody},
    guard::{Guard, Live},
    outcome::Outcome,
    panic::{PANIC_STATUS, PanicPolicy, Resume, panic_response},
};

pin_project! {
    /// The future of an [`Observed`](crate::Observed) service.
    ///
    /// # Cancel safety
    ///
    /// When it is dropped before it is ready, also before it was ever polled, the request ends as
    /// `cancelled_before_response`.
    pub struct ObservedFuture<F, P = Resume> {
        // None once it has ended, or when there is none because the call panicked.
        #[pin]
        inner: Option<F>,
        // Moves into the body of the response.
        guard: Option<Box<Guard>>,
        policy: PhantomData<fn() -> P>,
    }

    impl<F, P> PinnedDrop for ObservedFuture<F, P> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What the service says while it is dropped belongs to the request.
            let _entered = this.guard.as_deref().and_then(Guard::enter_to_drop);
            this.inner.set(None);
        }
    }
}

const IS_PENDING: &str = "a future is not polled after it was ready";

impl<F, P> ObservedFuture<F, P> {
    pub(crate) fn new(inner: Option<F>, guard: Box<Guard>) -> Self {
        Self {
            inner,
            guard: Some(guard),
            policy: PhantomData,
        }
    }
}

impl<F, P> fmt::Debug for ObservedFuture<F, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedFuture")
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}

impl<F, P, B, E> Future for ObservedFuture<F, P>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    P: PanicPolicy<B>,
{
    type Output = Result<Response<ObservedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut guard = this.guard.take().expect(IS_PENDING);
        let polled = guard.within(|request| answer::<F, P, B, E>(&mut this.inner, request, cx));
        match polled {
            Poll::Pending => {
                *this.guard = Some(guard);
                Poll::Pending
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok((response, missing))) => {
                let observe = |body| ObservedBody::new(body, missing, guard);
                Poll::Ready(Ok(response.map(observe)))
            }
        }
    }
}

/// Polls the service, and tells the request what became of it; with a response goes how many bytes its end is away.
fn answer<F, P, B, E>(
    inner: &mut Pin<&mut Option<F>>,
    request: &mut Live,
    cx: &mut Context<'_>,
) -> Poll<Result<(Response<B>, Option<u64>), E>>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    P: PanicPolicy<B>,
{
    let polled = panic::catch_unwind(AssertUnwindSafe(|| poll_inner(inner, request, cx)));
    let (mut response, end) = match polled {
        Ok(Poll::Pending) => return Poll::Pending,
        Ok(Poll::Ready(Some(Ok(answered)))) => answered,
        Ok(Poll::Ready(Some(Err(error)))) => {
            request.finish(Outcome::ServiceError);
            return Poll::Ready(Err(error));
        }
        Ok(Poll::Ready(None)) => {
            let body = P::body().expect("only a policy that answers keeps a call that panicked");
            (panic_response(body), End::Known(Outcome::Panicked))
        }
        Err(payload) => {
            let body = P::body();
            request.panicked(&*payload, body.as_ref().map(|_| PANIC_STATUS));
            let Some(body) = body else {
                panic::resume_unwind(payload);
            };
            (panic_response(body), End::Known(Outcome::Panicked))
        }
    };
    request.respond(&mut response, end.is_open());
    Poll::Ready(Ok((response, end.reached_by(request))))
}

/// Polls the service's future, and drops it when it is ready; `None` when there is none.
fn poll_inner<F, B, E>(
    inner: &mut Pin<&mut Option<F>>,
    request: &Live,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<(Response<B>, End), E>>>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    let Some(future) = inner.as_mut().as_pin_mut() else {
        return Poll::Ready(None);
    };
    let result = ready!(future.poll(cx));
    inner.set(None);
    Poll::Ready(Some(result.map(|response| {
        let end = End::of(&response, request);
        (response, end)
    })))
}
