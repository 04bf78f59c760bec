//! What a request is known by, for the service and for everything that the thread does for it.

use std::{cell::Cell, sync::Arc};

use crate::{request_id::RequestId, trace_context::TraceContext, trace_state::TraceState};

thread_local! {
    static CURRENT: Cell<Option<RequestContext>> = const { Cell::new(None) };
}

/// What a request is known by: its id, its place in a trace, and the state that its caller sent along.
///
/// It is the thread's [`current`](Self::current) one while the thread works on the request.
/// A clone is cheap, and can be moved into tasks that the request starts.
/// With the feature `axum` it is an extractor, and so are [`RequestId`] and [`TraceContext`]; it is among the request's
/// extensions only with [`Builder::with_extension`](crate::Builder::with_extension).
///
/// ```
/// use watchkeep_tower::RequestContext;
///
/// async fn handler() -> String {
///     RequestContext::current().map_or_else(String::new, |context| context.request_id().to_string())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct RequestContext(Arc<Known>);

#[derive(Debug)]
struct Known {
    request_id: RequestId,
    trace_context: TraceContext,
    trace_state: Option<TraceState>,
}

/// Makes a context the thread's current one until it is dropped.
#[derive(Debug)]
pub(crate) struct Scope {
    before: Option<RequestContext>,
}

// === impl RequestContext ===

impl RequestContext {
    pub(crate) fn new(
        request_id: RequestId,
        trace_context: TraceContext,
        trace_state: Option<TraceState>,
    ) -> Self {
        Self(Arc::new(Known {
            request_id,
            trace_context,
            trace_state,
        }))
    }

    /// Returns the context of the request that this thread works on, if it does.
    ///
    /// That is so inside the service, its future and its body, as long as they are polled through the layer; a task
    /// that was spawned is on its own.
    pub fn current() -> Option<Self> {
        Self::with_current(Self::clone)
    }

    /// Returns the id of the request.
    pub fn request_id(&self) -> &RequestId {
        &self.0.request_id
    }

    /// Returns where the request stands in its trace.
    pub fn trace_context(&self) -> &TraceContext {
        &self.0.trace_context
    }

    /// Returns what its caller sent as `tracestate`, where the trace is continued and it is valid.
    pub fn trace_state(&self) -> Option<&TraceState> {
        self.0.trace_state.as_ref()
    }

    /// Says whether both are of the same request, not only alike.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn with_current<T>(read: impl FnOnce(&Self) -> T) -> Option<T> {
        // While a thread ends its cell may be gone already, and then it works on no request.
        CURRENT
            .try_with(|current| {
                let context = current.take()?;
                let result = read(&context);
                current.set(Some(context));
                Some(result)
            })
            .ok()
            .flatten()
    }
}

// === impl Scope ===

impl Scope {
    pub(crate) fn enter(context: &RequestContext) -> Self {
        let before = CURRENT.try_with(|current| current.replace(Some(context.clone())));
        Self {
            before: before.ok().flatten(),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        let _ = CURRENT.try_with(|current| current.replace(self.before.take()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_gives_the_one_around_it_back() {
        let [outer, inner] = [(); 2]
            .map(|()| RequestContext::new(RequestId::generate(), TraceContext::generate(), None));
        let current = || RequestContext::current().map(|context| context.request_id().clone());
        assert_eq!(current(), None);
        {
            let _outer = Scope::enter(&outer);
            {
                let _inner = Scope::enter(&inner);
                assert_eq!(current().as_ref(), Some(inner.request_id()));
                assert_eq!(TraceContext::current(), Some(*inner.trace_context()));
            }
            assert_eq!(current().as_ref(), Some(outer.request_id()));
        }
        assert_eq!(current(), None);
    }
}
