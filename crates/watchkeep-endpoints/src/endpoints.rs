//! The parts that a service has, made into one router.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use watchkeep_alerts::Alerting;
use watchkeep_health::Registry;
use watchkeep_logging::LogHandle;
use watchkeep_metrics::Recorder;

use crate::access::Access;
use crate::alerts;
use crate::dashboard::{self, Dashboard, Parts};
use crate::health::{self, Health};
use crate::metrics::{self, Metrics, Summary};
use crate::route::{Route, Routes};
use crate::shutdown::Shutdown;

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

    /// Makes the router of all surfaces for a service with one listener, to be merged into the service's own or nested below any prefix.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        let access = self.access.clone();
        self.mounted().router(access)
    }

    /// Makes two routers, for a service whose operators have a listener of their own: there the access is judged by that one's address.
    pub fn split<S: Clone + Send + Sync + 'static>(self) -> Split<S> {
        let elsewhere = Self {
            access: Access::elsewhere(),
            ..self.clone()
        };
        Split {
            service: elsewhere
                .mounted()
                .of_the_service()
                .router(Access::elsewhere()),
            operators: self.router(),
        }
    }

    /// Returns every route that [`router`](Self::router) has, made by the very code that mounts them.
    ///
    /// So a test can ask each of them, and none can be forgotten.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        self.clone().mounted().list()
    }

    /// One line for each part.
    fn mounted(self) -> Routes {
        let mut routes = Routes::default();
        match self.recorder.clone() {
            Some(recorder) => metrics::mount(
                &mut routes,
                Metrics {
                    recorder,
                    summary: self.summary,
                },
            ),
            #[cfg(feature = "exporter-prometheus")]
            None => crate::exporter_prometheus::mount(&mut routes, self.exporter),
            #[cfg(not(feature = "exporter-prometheus"))]
            None => {}
        }
        if let Some(registry) = self.health.clone() {
            health::mount(
                &mut routes,
                &Health {
                    registry,
                    access: self.access,
                },
            );
        }
        if let Some(alerting) = self.alerts.clone() {
            alerts::mount(&mut routes, alerting);
        }
        if let Some(dashboard) = self.dashboard {
            let parts = Parts {
                health: self.health,
                alerts: self.alerts,
                logs: self.logs,
                recorder: self.recorder,
                shutdown: self.shutdown,
            };
            dashboard::mount(&mut routes, dashboard, parts);
        }
        routes
    }
}

/// The routers of a service whose operators have a listener of their own.
#[derive(Debug)]
#[non_exhaustive]
pub struct Split<S = ()> {
    /// For the service's own listener: health, without its details, and probes.
    pub service: Router<S>,
    /// For the operators' listener: everything, health and probes too.
    pub operators: Router<S>,
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
