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
use crate::api_v2;
use crate::dashboard::{self, Dashboard, Parts};
use crate::errors::{self, Source};
use crate::health::{self, Health};
use crate::log_level;
use crate::metrics::{self, Metrics, Summary};
use crate::reload::{self, Reload};
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
    logs: Option<LogHandle>,
    #[cfg(feature = "elasticsearch")]
    elasticsearch: Option<watchkeep_logging::query::Elasticsearch>,
    reload: Option<Reload>,
    api: Option<Alerting>,
    dashboard: Option<Dashboard>,
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
            logs: None,
            #[cfg(feature = "elasticsearch")]
            elasticsearch: None,
            reload: None,
            api: None,
            dashboard: None,
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

    /// Shows and changes the filter of these logs under `/log-level`, and reports their errors under `/logs/errors`, for operators.
    ///
    /// The report reads the JSON files, rotated ones too, for ten seconds at most; where there are none, it has the last records
    /// that are in memory. At most two reports are made at once, off the runtime's threads; who asks for the same shares it,
    /// and others get 503. The page shows the records in memory, and raises the level for a while.
    pub fn with_logs(mut self, logs: LogHandle) -> Self {
        self.logs = Some(logs);
        self
    }

    /// Looks for errors in Elasticsearch instead of these logs, for `/logs/errors`; takes effect together with [`with_logs`](Self::with_logs).
    ///
    /// Every report is a search or two, each of which may take ten seconds.
    #[cfg(feature = "elasticsearch")]
    pub fn with_elasticsearch(mut self, server: watchkeep_logging::query::Elasticsearch) -> Self {
        self.elasticsearch = Some(server);
        self
    }

    /// Has `POST /-/reload` call `reload`, for operators; what it returns as problems is answered with 500, a line each.
    ///
    /// It runs in a task of its own, and goes on when the caller goes away. It should do what a hang-up signal does,
    /// and leave what is in force when a file is bad.
    pub fn with_reload<F>(mut self, reload: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), Vec<String>>> + Send + 'static,
    {
        self.reload = Some(Reload::new(reload));
        self
    }

    /// Serves these alerts under `/api/v2/`, as Alertmanager would, and `/-/healthy` and `/-/ready`, for operators and their tools.
    pub fn with_alertmanager_api(mut self, alerts: Alerting) -> Self {
        self.api = Some(alerts);
        self
    }

    /// Serves this page under `/dashboard`, for operators.
    pub fn with_dashboard(mut self, dashboard: Dashboard) -> Self {
        self.dashboard = Some(dashboard);
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
                    renders: metrics::renders(),
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
        if let Some(logs) = self.logs.clone() {
            log_level::mount(&mut routes, &logs);
            #[cfg(feature = "elasticsearch")]
            let source = self
                .elasticsearch
                .map_or(Source::Logs(logs), Source::Elasticsearch);
            #[cfg(not(feature = "elasticsearch"))]
            let source = Source::Logs(logs);
            errors::mount(&mut routes, source);
        }
        if let Some(reload) = self.reload {
            reload::mount(&mut routes, reload);
        }
        if let Some(alerting) = self.api {
            api_v2::mount(&mut routes, alerting);
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
            .field("logs", &self.logs.is_some())
            .field("reload", &self.reload.is_some())
            .field("api", &self.api.is_some())
            .field("dashboard", &self.dashboard.is_some())
            .field("shutdown", &self.shutdown)
            .finish()
    }
}

#[cfg(test)]
mod tests;
