//! The choices that a layer leaves to its user.

use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc, time::Duration};

use http::HeaderName;
use metrics::Recorder;

use crate::{
    head::RequestHead,
    layer::{ObservabilityLayer, OnPanic, Shared},
    logged_headers::LoggedHeaders,
    meters::Meters,
    names::Names,
    panic::{PanicReport, Respond, Resume},
    route::{Find, Routes},
    source::{TraceSource, Trust},
};

const MAX_ROUTES: usize = 512;
const SLOW: Duration = Duration::from_secs(1);

/// Builds an [`ObservabilityLayer`].
#[must_use]
pub struct Builder<P = Resume> {
    choices: Choices,
    policy: PhantomData<fn() -> P>,
}

/// What was chosen, whatever becomes of a panic.
struct Choices {
    recorder: Option<Arc<dyn Recorder + Send + Sync>>,
    names: Names,
    with_sizes: bool,
    find_route: Option<Box<Find>>,
    max_routes: usize,
    skip: Vec<Skip>,
    streams: Vec<String>,
    slow: Duration,
    logged_headers: LoggedHeaders,
    with_extension: bool,
    trust: Trust,
    source: Option<Box<dyn TraceSource>>,
    on_panic: Vec<Box<OnPanic>>,
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
            choices: Choices {
                recorder: None,
                names: Names::default(),
                with_sizes: false,
                find_route: None,
                max_routes: MAX_ROUTES,
                skip: Vec::new(),
                streams: Vec::new(),
                slow: SLOW,
                logged_headers: LoggedHeaders::default(),
                with_extension: false,
                trust: Trust::default(),
                source: None,
                on_panic: Vec::new(),
            },
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
        find: impl for<'a> Fn(RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    ) -> Self {
        self.choices.find_route = Some(Box::new(find));
        self
    }

    /// Sets how many routes get a label of their own; those seen later share `_overflow`.
    ///
    /// The default is 512, because each route is a dozen series for each method and status.
    pub fn with_max_routes(mut self, max: usize) -> Self {
        self.choices.max_routes = max;
        self
    }

    /// Sets the paths that are neither logged nor counted, say those of probes and scrapes; by default there are none.
    ///
    /// Each is a whole path, or ends in `/*` and stands for everything below.
    /// Such a request still has its ids and its span, and a panic in it is counted and reported.
    pub fn with_skip<T: Into<String>>(mut self, paths: impl IntoIterator<Item = T>) -> Self {
        self.choices.skip = paths
            .into_iter()
            .map(|path| Skip::parse(path.into()))
            .collect();
        self
    }

    /// Sets from what duration on a request's end is logged at WARN; the default is a second.
    pub fn with_slow(mut self, threshold: Duration) -> Self {
        self.choices.slow = threshold;
        self
    }

    /// Sets the recorder that gets the metrics.
    ///
    /// The default is the global one, whichever is installed when a request begins or ends.
    pub fn with_recorder(mut self, recorder: impl Recorder + Send + Sync + 'static) -> Self {
        self.choices.recorder = Some(Arc::new(recorder));
        self
    }

    /// Adds a function that is told of each panic, before the panic goes on or is answered.
    ///
    /// It is called on the thread that panicked, in the request's span, and should return at once.
    pub fn with_on_panic(
        mut self,
        on_panic: impl Fn(&PanicReport<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.choices.on_panic.push(Box::new(on_panic));
        self
    }

    /// Sets what the metrics and their labels are called; the default are [`Names::Prometheus`].
    pub fn with_names(mut self, names: Names) -> Self {
        self.choices.names = names;
        self
    }

    /// Measures the sizes of bodies, too; by default they are not, because each is a histogram for each route.
    ///
    /// Of a response those bytes count that its body gave away, of a request what its `content-length` says, once the
    /// request was completed and was no client's error; a request without one is not measured.
    pub fn with_body_sizes(mut self) -> Self {
        self.choices.with_sizes = true;
        self
    }

    /// Sets the routes whose responses go on for as long as somebody listens; by default there are none.
    ///
    /// Only the time to the head of such a response is measured, and decides whether it was slow; its duration is in the
    /// line at its end.
    /// Each is the whole label of a route. A response of the type `text/event-stream` needs no such mention.
    pub fn with_streams<T: Into<String>>(mut self, routes: impl IntoIterator<Item = T>) -> Self {
        self.choices.streams = routes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the request headers that go into the line at a request's end, in the field `http.request.headers`.
    ///
    /// By default there are none, because headers carry secrets. At most 16, and 256 bytes of each; of a value
    /// that is marked as sensitive only that it is there.
    pub fn with_logged_headers(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.choices.logged_headers = LoggedHeaders::new(names);
        self
    }

    /// Puts the [`RequestContext`](crate::RequestContext) among the request's extensions, too.
    ///
    /// By default it is only the thread's current one, see [`RequestContext::current`](crate::RequestContext::current),
    /// because the map of extensions is the dearest place of a request.
    /// A service that hands its requests to another task before it looks at them needs this, say behind
    /// `tower::buffer::Buffer`.
    pub fn with_extension(mut self) -> Self {
        self.choices.with_extension = true;
        self
    }

    /// Begins a new trace for each request, whatever it says, as a service should that everybody can reach.
    ///
    /// By default each valid `traceparent` is continued. What is not continued is taken out of the request's headers.
    pub fn with_new_traces(mut self) -> Self {
        self.choices.trust = Trust::Never;
        self
    }

    /// Continues the trace only of those requests of which the function says that their callers are trusted.
    pub fn with_trusted_callers(
        mut self,
        is_trusted: impl Fn(RequestHead<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.choices.trust = Trust::If(Box::new(is_trusted));
        self
    }

    /// Sets where the ids of traces come from; by default the layer makes them.
    pub fn with_trace_source(mut self, source: impl TraceSource + 'static) -> Self {
        self.choices.source = Some(Box::new(source));
        self
    }

    /// Answers a panic with a plain 500, see [`Respond`]; by default a panic goes on, see [`Resume`].
    pub fn with_panic_response(self) -> Builder<Respond> {
        Builder {
            choices: self.choices,
            policy: PhantomData,
        }
    }

    /// Returns the layer.
    #[must_use]
    pub fn build(self) -> ObservabilityLayer<P> {
        let chosen = self.choices;
        ObservabilityLayer::from_shared(Shared {
            meters: Meters::new(chosen.recorder, chosen.names, chosen.with_sizes),
            routes: Routes::new(chosen.find_route, chosen.max_routes),
            skip: chosen.skip,
            streams: chosen.streams,
            slow: chosen.slow,
            logged_headers: chosen.logged_headers,
            with_extension: chosen.with_extension,
            trust: chosen.trust,
            source: chosen.source,
            on_panic: chosen.on_panic,
        })
    }
}

impl<P> fmt::Debug for Builder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("max_routes", &self.choices.max_routes)
            .field("skip", &self.choices.skip)
            .field("slow", &self.choices.slow)
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
