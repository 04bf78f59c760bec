//! The parts that a service has, made into one router.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use watchkeep_alerts::Alerting;
use watchkeep_health::Registry;
use watchkeep_logging::LogHandle;
use watchkeep_metrics::Recorder;

use crate::access::{self, Access};
use crate::alerts;
use crate::dashboard::{self, Dashboard, Parts};
use crate::health::{self, Health};
use crate::metrics::{self, Metrics, Summary};
use crate::shutdown::Shutdown;

/// The paths that machines, and the page itself, ask again and again.
///
/// A middleware that logs and counts requests leaves them out, or they drown the rest.
pub const POLLED_PATHS: [&str; 11] = [
    "/metrics",
    "/metrics/summary",
    "/health",
    "/livez",
    "/readyz",
    "/startupz",
    "/dashboard",
    "/dashboard/style.css",
    "/dashboard/script.js",
    "/dashboard/events",
    "/dashboard/api/snapshot",
];

/// Collects the parts, then makes the router.
///
/// A part that is not given has no paths.
#[derive(Clone)]
#[must_use]
pub struct Endpoints {
    access: Access,
    recorder: Option<Recorder>,
    #[cfg(feature = "exporter-prometheus")]
    pub(crate) exporter: Option<metrics_exporter_prometheus::PrometheusHandle>,
    summary: Option<Summary>,
    health: Option<Registry>,
    alerts: Option<Alerting>,
    dashboard: Option<Dashboard>,
    logs: Option<LogHandle>,
    shutdown: Shutdown,
}

impl Endpoints {
    /// No part yet; `access` says who may see what is for operators.
    pub fn new(access: Access) -> Self {
        Self {
            access,
            recorder: None,
            #[cfg(feature = "exporter-prometheus")]
            exporter: None,
            summary: None,
            health: None,
            alerts: None,
            dashboard: None,
            logs: None,
            shutdown: Shutdown::default(),
        }
    }

    /// Serves this recorder under `/metrics`.
    pub fn with_metrics(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// Serves what `summary` returns, a JSON text, under `/metrics/summary` and for `Accept: application/json` under `/metrics`.
    ///
    /// Takes effect together with [`with_metrics`](Self::with_metrics). Called for each request, so it must be cheap and must not block.
    pub fn with_summary(mut self, summary: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.summary = Some(Arc::new(summary));
        self
    }

    /// Serves this registry under `/health`, `/livez`, `/readyz` and `/startupz`.
    pub fn with_health(mut self, registry: Registry) -> Self {
        self.health = Some(registry);
        self
    }

    /// Serves these alerts under `/alerts`, for operators.
    pub fn with_alerts(mut self, alerts: Alerting) -> Self {
        self.alerts = Some(alerts);
        self
    }

    /// Serves this page under `/dashboard`, for operators.
    pub fn with_dashboard(mut self, dashboard: Dashboard) -> Self {
        self.dashboard = Some(dashboard);
        self
    }

    /// Shows this log's recent warnings and errors on the page, from which its level can be raised for a while.
    pub fn with_logs(mut self, logs: LogHandle) -> Self {
        self.logs = Some(logs);
        self
    }

    /// Ends all streams when this future does: axum's graceful shutdown waits for them.
    ///
    /// They end as well when the registry of [`with_health`](Self::with_health) begins to drain.
    pub fn with_shutdown(mut self, shutdown: impl Future<Output = ()> + Send + 'static) -> Self {
        self.shutdown = Shutdown::when(shutdown);
        self
    }

    /// Makes the router of all surfaces, to be merged into the service's own.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        self.open().merge(self.operators())
    }

    /// What anybody may see.
    fn open<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let mut router = Router::new();
        if let Some(recorder) = &self.recorder {
            let state = Metrics {
                recorder: recorder.clone(),
                summary: self.summary.clone(),
            };
            router = router
                .route(
                    "/metrics",
                    get(metrics::exposition).with_state(state.clone()),
                )
                .route("/metrics/summary", get(metrics::summary).with_state(state));
        }
        #[cfg(feature = "exporter-prometheus")]
        if let (None, Some(handle)) = (&self.recorder, &self.exporter) {
            router = router.merge(crate::exporter_prometheus::router(handle.clone()));
        }
        if let Some(registry) = &self.health {
            let state = Health {
                registry: registry.clone(),
                access: self.access.clone(),
            };
            router = router
                .route("/health", get(health::report).with_state(state.clone()))
                .route("/livez", get(health::live).with_state(state.clone()))
                .route("/readyz", get(health::ready).with_state(state.clone()))
                .route("/startupz", get(health::startup).with_state(state));
        }
        router
    }

    /// What only operators may see: one guard in front of all of it, so that a new path cannot be forgotten.
    fn operators<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        let mut router = Router::new();
        if let Some(alerts) = &self.alerts {
            router = router.route("/alerts", get(alerts::list).with_state(alerts.clone()));
        }
        if let Some(dashboard) = self.dashboard {
            let parts = Parts {
                health: self.health,
                alerts: self.alerts,
                logs: self.logs,
                recorder: self.recorder,
                shutdown: self.shutdown,
            };
            router = router.merge(dashboard::routes(dashboard, parts));
        }
        if router.has_routes() {
            router = router.route_layer(from_fn_with_state(self.access, access::guard));
        }
        router
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoints")
            .field("access", &self.access)
            .field("metrics", &self.recorder.is_some())
            .field("summary", &self.summary.is_some())
            .field("health", &self.health.is_some())
            .field("alerts", &self.alerts.is_some())
            .field("dashboard", &self.dashboard.is_some())
            .field("logs", &self.logs.is_some())
            .field("shutdown", &self.shutdown)
            .finish()
    }
}

#[cfg(test)]
mod tests;
