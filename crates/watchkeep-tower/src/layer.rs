//! The layer, and what all services that it wraps share.

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use tower_layer::Layer;

use crate::{
    builder::{Builder, Skip},
    logged_headers::LoggedHeaders,
    meters::Meters,
    panic::{PanicReport, Resume},
    route::Routes,
    service::Observed,
    source::{TraceSource, Trust},
};

/// Watches a service: request id, trace context, span, RED metrics, panics.
///
/// Put it outside of the layers that answer on their own (timeout, limits, CORS), so that it sees their answers, and
/// inside of `axum::Router::layer`, so that it sees the matched route.
/// Put it there once: two of them count each request twice.
/// Clones share the set of known routes.
///
/// ```
/// use std::time::Duration;
///
/// use watchkeep_tower::ObservabilityLayer;
///
/// let layer: ObservabilityLayer = ObservabilityLayer::builder()
///     .with_skip(["/livez", "/readyz", "/dashboard/*"])
///     .with_slow(Duration::from_millis(500))
///     .with_on_panic(|report| eprintln!("panic in {}: {}", report.route, report.message))
///     .build();
/// ```
pub struct ObservabilityLayer<P = Resume> {
    shared: Arc<Shared>,
    policy: PhantomData<fn() -> P>,
}

/// What all requests of a layer have in common.
pub(crate) struct Shared {
    pub(crate) meters: Meters,
    pub(crate) routes: Routes,
    pub(crate) skip: Vec<Skip>,
    pub(crate) streams: Vec<String>,
    pub(crate) slow: Duration,
    pub(crate) logged_headers: LoggedHeaders,
    pub(crate) with_extension: bool,
    pub(crate) trust: Trust,
    pub(crate) source: Option<Box<dyn TraceSource>>,
    pub(crate) on_panic: Vec<Box<OnPanic>>,
}

/// A callback that hears of panics.
pub(crate) type OnPanic = dyn Fn(&PanicReport<'_>) + Send + Sync;

// === impl ObservabilityLayer ===

impl ObservabilityLayer {
    /// Returns a layer with the defaults of the [`Builder`].
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder, to change the defaults.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl<P> ObservabilityLayer<P> {
    pub(crate) fn from_shared(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
            policy: PhantomData,
        }
    }
}

impl<P> Clone for ObservabilityLayer<P> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            policy: PhantomData,
        }
    }
}

impl<P> fmt::Debug for ObservabilityLayer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObservabilityLayer")
            .field(&self.shared)
            .finish()
    }
}

impl Default for ObservabilityLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S, P> Layer<S> for ObservabilityLayer<P> {
    type Service = Observed<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        Observed::new(inner, Arc::clone(&self.shared))
    }
}

// === impl Shared ===

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("meters", &self.meters)
            .field("routes", &self.routes)
            .field("skip", &self.skip)
            .field("streams", &self.streams)
            .field("slow", &self.slow)
            .field("logged_headers", &self.logged_headers)
            .field("with_extension", &self.with_extension)
            .field("trust", &self.trust)
            .field("source", &self.source.is_some())
            .field("on_panic", &self.on_panic.len())
            .finish()
    }
}
