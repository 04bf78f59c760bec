//! The bounded set of routes that may become a label.

use std::{
    borrow::Cow,
    fmt,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, PoisonError, RwLock},
};

use hashbrown::HashMap;
use metrics::SharedString;

use crate::{cache::Cache, head::RequestHead};

/// The label of a request for which no route is known, say a 404.
pub(crate) const UNMATCHED: &str = "_unmatched";

/// The label of a route that came after the set was full.
const OVERFLOW: &str = "_overflow";

/// A longer route counts as overflow, so that the set is bounded in bytes, too.
const MAX_LENGTH: usize = 512;

/// A function that knows the route of a request.
pub(crate) type Find = dyn for<'a> Fn(RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync;

/// A route, and the handles of its series.
#[derive(Debug)]
pub(crate) struct Route {
    label: SharedString,
    cache: Cache,
}

/// Finds a request's route, and remembers a bounded number of them.
pub(crate) struct Routes {
    find: Option<Box<Find>>,
    max: usize,
    unmatched: Arc<Route>,
    overflow: Arc<Route>,
    seen: RwLock<HashMap<Arc<str>, Arc<Route>>>,
}

// === impl Route ===

impl Route {
    pub(crate) fn new(label: impl Into<SharedString>) -> Self {
        Self {
            label: label.into(),
            cache: Cache::default(),
        }
    }

    pub(crate) const fn label(&self) -> &SharedString {
        &self.label
    }

    pub(crate) const fn cache(&self) -> &Cache {
        &self.cache
    }
}

// === impl Routes ===

impl Routes {
    pub(crate) fn new(find: Option<Box<Find>>, max: usize) -> Self {
        Self {
            find,
            max,
            unmatched: Arc::new(Route::new(UNMATCHED)),
            overflow: Arc::new(Route::new(OVERFLOW)),
            seen: RwLock::default(),
        }
    }

    /// Returns the request's route, and whether the path of a gRPC call may still replace it.
    ///
    /// The path of such a call is its method, which a router's template knows less well; but a client can invent paths,
    /// so one becomes a route only once it was answered with a body, or with OK.
    pub(crate) fn of(&self, head: RequestHead<'_>, is_grpc: bool) -> (Arc<Route>, bool) {
        if let Some(route) = self.found(head) {
            return (self.named(&route), false);
        }
        if is_grpc && let Some(method) = self.known(head.uri.path()) {
            return (method, false);
        }
        let route = matched_path(head).map_or_else(
            || Arc::clone(&self.unmatched),
            |matched| self.named(&matched),
        );
        (route, is_grpc)
    }

    fn found<'a>(&self, head: RequestHead<'a>) -> Option<Cow<'a, str>> {
        let find = self.find.as_ref()?;
        // A user's function that panics must not take the request with it.
        panic::catch_unwind(AssertUnwindSafe(|| find(head))).ok()?
    }

    /// Returns the route of that name, which counts from now on, as far as there is room.
    pub(crate) fn named(&self, name: &str) -> Arc<Route> {
        if name.is_empty() {
            return Arc::clone(&self.unmatched);
        }
        self.known(name)
            .or_else(|| self.insert(name))
            .unwrap_or_else(|| Arc::clone(&self.overflow))
    }

    fn known(&self, name: &str) -> Option<Arc<Route>> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.get(name).map(Arc::clone)
    }

    fn insert(&self, name: &str) -> Option<Arc<Route>> {
        if name.len() > MAX_LENGTH {
            return None;
        }
        // Where there is no room any more, readers are not kept waiting for the answer.
        let is_full = self
            .seen
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
            >= self.max;
        if is_full {
            return None;
        }
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = seen.get(name) {
            return Some(Arc::clone(route));
        }
        if seen.len() >= self.max {
            return None;
        }
        let name: Arc<str> = Arc::from(name);
        let route = Arc::new(Route::new(SharedString::from_shared(Arc::clone(&name))));
        seen.insert(name, Arc::clone(&route));
        Some(route)
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes")
            .field("find", &self.find.is_some())
            .field("max", &self.max)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "axum")]
fn matched_path(head: RequestHead<'_>) -> Option<Cow<'_, str>> {
    let path = head.extensions.get::<axum::extract::MatchedPath>()?;
    Some(Cow::Borrowed(path.as_str()))
}

#[cfg(not(feature = "axum"))]
fn matched_path(_: RequestHead<'_>) -> Option<Cow<'_, str>> {
    None
}
