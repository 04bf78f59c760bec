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
    guard::Guard,
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
        guard: Option<Guard>,
        policy: PhantomData<fn() -> P>,
    }

    impl<F, P> PinnedDrop for ObservedFuture<F, P> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What the service says while it is dropped belongs to the request.
            let _entered = this.guard.as_ref().map(Guard::enter);
            this.inner.set(None);
        }
    }
}

const IS_PENDING: &str = "a future is not polled after it was ready";

impl<F, P> ObservedFuture<F, P> {
    pub(crate) fn new(inner: Option<F>, guard: Guard) -> Self {
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
        let polled = {
            let guard = this.guard.as_ref().expect(IS_PENDING);
            let _entered = guard.enter();
            panic::catch_unwind(AssertUnwindSafe(|| poll_inner(&mut this.inner, guard, cx)))
        };
        if let Ok(Poll::Pending) = polled {
            return Poll::Pending;
        }
        let mut guard = this.guard.take().expect(IS_PENDING);
        let answer = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Some(Ok((response, end))))) => {
                return Poll::Ready(Ok(observe(response, end, guard)));
            }
            Ok(Poll::Ready(Some(Err(error)))) => {
                guard.finish(Outcome::ServiceError);
                return Poll::Ready(Err(error));
            }
            Ok(Poll::Ready(None)) => P::body(),
            Err(payload) => {
                let answer = P::body();
                guard.panicked(&*payload, answer.as_ref().map(|_| PANIC_STATUS));
                if answer.is_none() {
                    panic::resume_unwind(payload);
                }
                answer
            }
        };
        let body = answer.expect("only a policy that answers keeps a request whose call panicked");
        let end = End::Known(Outcome::Panicked);
        Poll::Ready(Ok(observe(panic_response(body), end, guard)))
    }
}

/// Polls the service's future, and drops it when it is ready; `None` when there is none.
fn poll_inner<F, B, E>(
    inner: &mut Pin<&mut Option<F>>,
    guard: &Guard,
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
        let end = End::of(&response, guard);
        (response, end)
    })))
}

/// Hands the request on to the response's body.
fn observe<B>(mut response: Response<B>, end: End, mut guard: Guard) -> Response<ObservedBody<B>> {
    guard.respond(&mut response);
    response.map(|body| ObservedBody::new(body, end, guard))
}
