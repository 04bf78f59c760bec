//! The choices that a layer leaves to its user.

use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc, time::Duration};

use http::request::Parts;
use metrics::Recorder;

use crate::{
    layer::{ObservabilityLayer, OnPanic, Shared},
    meters::Meters,
    panic::{PanicReport, Respond, Resume},
    route::{Find, Routes},
};

const MAX_ROUTES: usize = 512;
const SLOW: Duration = Duration::from_secs(1);

/// Builds an [`ObservabilityLayer`].
#[must_use]
pub struct Builder<P = Resume> {
    find_route: Option<Box<Find>>,
    max_routes: usize,
    skip: Vec<Skip>,
    slow: Duration,
    recorder: Option<Arc<dyn Recorder + Send + Sync>>,
    on_panic: Option<Box<OnPanic>>,
    policy: PhantomData<fn() -> P>,
}

/// The paths that are not watched.
#[derive(Debug)]
pub(crate) enum Skip {
    /// This path alone.
    Exact(String),
    /// All paths that begin so.
    Prefix(String),
}

// === impl Builder ===

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            find_route: None,
            max_routes: MAX_ROUTES,
            skip: Vec::new(),
            slow: SLOW,
            recorder: None,
            on_panic: None,
            policy: PhantomData,
        }
    }
}

impl<P> Builder<P> {
    /// Sets the function that knows a request's route, the template and never the path itself.
    ///
    /// It is asked first; where it has no answer, the matched path of axum counts (feature `axum`), and else the
    /// request is `_unmatched`, which is also the default.
    /// A route of more than 512 bytes counts as `_overflow`.
    pub fn with_route(
        mut self,
        find: impl Fn(&Parts) -> Option<Cow<'_, str>> + Send + Sync + 'static,
    ) -> Self {
        self.find_route = Some(Box::new(find));
        self
    }

    /// Sets how many routes get a label of their own; those seen later share `_overflow`.
    ///
    /// The default is 512, because each route is a dozen series for each method and status.
    pub fn with_max_routes(mut self, max: usize) -> Self {
        self.max_routes = max;
        self
    }

    /// Sets the paths that are neither logged nor counted, say those of probes and scrapes; by default there are none.
    ///
    /// Each is a whole path, or ends in `/*` and stands for everything below.
    /// Such a request still has its ids and its span, and a panic in it is counted and reported.
    pub fn with_skip<T: Into<String>>(mut self, paths: impl IntoIterator<Item = T>) -> Self {
        self.skip = paths
            .into_iter()
            .map(|path| Skip::parse(path.into()))
            .collect();
        self
    }

    /// Sets from what duration on a request's end is logged at WARN; the default is a second.
    pub fn with_slow(mut self, threshold: Duration) -> Self {
        self.slow = threshold;
        self
    }

    /// Sets the recorder that gets the metrics.
    ///
    /// The default is the global one, whichever is installed when a request begins or ends.
    pub fn with_recorder(mut self, recorder: impl Recorder + Send + Sync + 'static) -> Self {
        self.recorder = Some(Arc::new(recorder));
        self
    }

    /// Sets a function that is told of each panic, before the panic goes on or is answered.
    ///
    /// It is called on the thread that panicked, in the request's span, and should return at once.
    pub fn with_on_panic(
        mut self,
        on_panic: impl Fn(&PanicReport<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.on_panic = Some(Box::new(on_panic));
        self
    }

    /// Answers a panic with a plain 500, see [`Respond`]; by default a panic goes on, see [`Resume`].
    pub fn with_panic_response(self) -> Builder<Respond> {
        Builder {
            find_route: self.find_route,
            max_routes: self.max_routes,
            skip: self.skip,
            slow: self.slow,
            recorder: self.recorder,
            on_panic: self.on_panic,
            policy: PhantomData,
        }
    }

    /// Returns the layer.
    #[must_use]
    pub fn build(self) -> ObservabilityLayer<P> {
        ObservabilityLayer::from_shared(Shared {
            meters: Meters::new(self.recorder),
            routes: Routes::new(self.find_route, self.max_routes),
            skip: self.skip,
            slow: self.slow,
            on_panic: self.on_panic,
        })
    }
}

impl<P> fmt::Debug for Builder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("max_routes", &self.max_routes)
            .field("skip", &self.skip)
            .field("slow", &self.slow)
            .finish_non_exhaustive()
    }
}

// === impl Skip ===

impl Skip {
    fn parse(path: String) -> Self {
        match path.strip_suffix('*') {
            Some(prefix) if prefix.ends_with('/') => Self::Prefix(String::from(prefix)),
            _ => Self::Exact(path),
        }
    }

    pub(crate) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => path == exact,
            Self::Prefix(prefix) => path.starts_with(prefix),
        }
    }
}
