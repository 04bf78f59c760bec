//! The bounded set of routes that may become a label.

use std::{
    borrow::Cow,
    collections::HashSet,
    fmt,
    panic::{self, AssertUnwindSafe},
    sync::{Arc, PoisonError, RwLock},
};

use http::request::Parts;
use metrics::SharedString;

/// The label of a request for which no route is known, say a 404.
const UNMATCHED: &str = "_unmatched";

/// The label of a route that came after the set was full.
const OVERFLOW: &str = "_overflow";

/// A longer route counts as overflow, so that the set is bounded in bytes, too.
const MAX_LENGTH: usize = 512;

/// A function that knows the route of a request.
pub(crate) type Find = dyn Fn(&Parts) -> Option<Cow<'_, str>> + Send + Sync;

/// Finds a request's route, and remembers a bounded number of them.
pub(crate) struct Routes {
    find: Option<Box<Find>>,
    max: usize,
    seen: RwLock<HashSet<Arc<str>>>,
}

impl Routes {
    pub(crate) fn new(find: Option<Box<Find>>, max: usize) -> Self {
        Self {
            find,
            max,
            seen: RwLock::default(),
        }
    }

    /// Returns the label of the request's route.
    pub(crate) fn label(&self, parts: &Parts) -> SharedString {
        match self.found(parts).or_else(|| matched_path(parts)) {
            None => SharedString::const_str(UNMATCHED),
            Some(route) if route.is_empty() => SharedString::const_str(UNMATCHED),
            Some(route) => self.remember(&route),
        }
    }

    fn found<'a>(&self, parts: &'a Parts) -> Option<Cow<'a, str>> {
        let find = self.find.as_ref()?;
        // A user's function that panics must not take the request with it.
        panic::catch_unwind(AssertUnwindSafe(|| find(parts))).ok()?
    }

    fn remember(&self, route: &str) -> SharedString {
        if route.len() > MAX_LENGTH {
            return SharedString::const_str(OVERFLOW);
        }
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = seen.get(route) {
            return SharedString::from_shared(Arc::clone(route));
        }
        let full = seen.len() >= self.max;
        drop(seen);
        if full {
            return SharedString::const_str(OVERFLOW);
        }
        self.insert(route)
    }

    fn insert(&self, route: &str) -> SharedString {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = seen.get(route) {
            return SharedString::from_shared(Arc::clone(route));
        }
        if seen.len() >= self.max {
            return SharedString::const_str(OVERFLOW);
        }
        let route: Arc<str> = Arc::from(route);
        seen.insert(Arc::clone(&route));
        SharedString::from_shared(route)
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes")
            .field("find", &self.find.is_some())
            .field("max", &self.max)
            .field("seen", &self.seen)
            .finish()
    }
}

#[cfg(feature = "axum")]
fn matched_path(parts: &Parts) -> Option<Cow<'_, str>> {
    let path = parts.extensions.get::<axum::extract::MatchedPath>()?;
    Some(Cow::Borrowed(path.as_str()))
}

#[cfg(not(feature = "axum"))]
fn matched_path(_: &Parts) -> Option<Cow<'_, str>> {
    None
}
