//! A service that is watched.

use std::{
    fmt,
    marker::PhantomData,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::{
    body::ObservedBody,
    future::ObservedFuture,
    guard::Guard,
    layer::Shared,
    panic::{PANIC_STATUS, PanicPolicy, Resume},
};

/// A service that an [`ObservabilityLayer`](crate::ObservabilityLayer) watches.
///
/// A request begins when the service is called; an error of `poll_ready` belongs to none and is not counted.
pub struct Observed<S, P = Resume> {
    inner: S,
    shared: Arc<Shared>,
    policy: PhantomData<fn() -> P>,
}

impl<S, P> Observed<S, P> {
    pub(crate) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self {
            inner,
            shared,
            policy: PhantomData,
        }
    }

    /// Returns the service that is watched.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Clone, P> Clone for Observed<S, P> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.shared))
    }
}

impl<S: fmt::Debug, P> fmt::Debug for Observed<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed")
            .field("inner", &self.inner)
            .field("shared", &self.shared)
            .finish()
    }
}

impl<S, P, Q, B> Service<Request<Q>> for Observed<S, P>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Body,
    P: PanicPolicy<B>,
{
    type Response = Response<ObservedBody<B>>;
    type Error = S::Error;
    type Future = ObservedFuture<S::Future, P>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let mut guard = Guard::begin(&self.shared, &mut request);
        let called = {
            let _entered = guard.enter();
            panic::catch_unwind(AssertUnwindSafe(|| self.inner.call(request)))
        };
        match called {
            Ok(future) => ObservedFuture::new(Some(future), guard),
            Err(payload) => {
                let answers = P::body().is_some();
                guard.within(|request| {
                    request.panicked(&*payload, answers.then_some(PANIC_STATUS));
                });
                if !answers {
                    panic::resume_unwind(payload);
                }
                ObservedFuture::new(None, guard)
            }
        }
    }
}
