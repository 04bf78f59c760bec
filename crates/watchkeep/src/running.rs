//! A service that is being watched.

use std::fmt;
#[cfg(feature = "alerts")]
use std::time::Duration;

#[cfg(feature = "endpoints")]
use std::net::SocketAddr;

#[cfg(feature = "endpoints")]
use watchkeep_endpoints::{Access, Dashboard, Endpoints};

/// How long [`Watchkeep::shutdown`] waits for queued alerts.
#[cfg(feature = "alerts")]
const PATIENCE: Duration = Duration::from_secs(5);

/// A service that is being watched; hands out its parts, and flushes at the end.
///
/// Keep it until the end of `main`: dropping it stops the checks and the rules and flushes the logs, within five seconds.
/// [`shutdown`](Self::shutdown) does that too, and delivers the queued alerts first.
#[must_use = "dropping it stops watching"]
pub struct Watchkeep {
    pub(crate) service: String,
    #[cfg(feature = "tower")]
    pub(crate) layer: watchkeep_tower::ObservabilityLayer<watchkeep_tower::Respond>,
    #[cfg(feature = "rules")]
    pub(crate) rules: crate::rule_task::RuleTask,
    #[cfg(all(feature = "alerts", feature = "health"))]
    pub(crate) health_alerts: Option<crate::health_alerts::HealthAlertTask>,
    #[cfg(feature = "health")]
    pub(crate) checks: watchkeep_health::Running,
    #[cfg(feature = "health")]
    pub(crate) registry: watchkeep_health::Registry,
    #[cfg(feature = "alerts")]
    pub(crate) alerting: watchkeep_alerts::Alerting,
    #[cfg(feature = "metrics")]
    pub(crate) recorder: watchkeep_metrics::Recorder,
    // Last, so that what the other parts log while they are dropped is written.
    #[cfg(feature = "logging")]
    pub(crate) logs: watchkeep_logging::LogGuard,
}

impl Watchkeep {
    /// Returns the service's name.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Returns the recorder behind the `metrics` facade.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn recorder(&self) -> &watchkeep_metrics::Recorder {
        &self.recorder
    }

    /// Returns the health registry.
    #[cfg(feature = "health")]
    #[must_use]
    pub fn health(&self) -> &watchkeep_health::Registry {
        &self.registry
    }

    /// Returns the alert engine.
    #[cfg(feature = "alerts")]
    #[must_use]
    pub fn alerts(&self) -> &watchkeep_alerts::Alerting {
        &self.alerting
    }

    /// Returns the handle of the rules.
    #[cfg(feature = "rules")]
    #[must_use]
    pub const fn rules(&self) -> &crate::Rules {
        self.rules.rules()
    }

    /// Returns the handle of the logs.
    #[cfg(feature = "logging")]
    #[must_use]
    pub fn logs(&self) -> watchkeep_logging::LogHandle {
        self.logs.handle()
    }

    /// Returns the middleware layer, for a service that puts its layers together by hand.
    #[cfg(feature = "tower")]
    #[must_use]
    pub fn layer(&self) -> watchkeep_tower::ObservabilityLayer<watchkeep_tower::Respond> {
        self.layer.clone()
    }

    /// Returns the endpoints of all parts, to be adjusted (a summary, a dashboard) and merged into a router.
    #[cfg(feature = "endpoints")]
    pub fn endpoints(&self, access: Access) -> Endpoints {
        let endpoints = Endpoints::new(access)
            .with_metrics(self.recorder.clone())
            .with_health(self.registry.clone())
            .with_alerts(self.alerting.clone())
            .with_alertmanager_api(self.alerting.clone())
            .with_dashboard(self.dashboard(&self.service));
        #[cfg(feature = "logging")]
        let endpoints = endpoints.with_logs(self.logs());
        endpoints
    }

    /// Returns a page with this title and the tiles that every service has: requests, errors and durations, as the layer counts them.
    #[cfg(feature = "endpoints")]
    pub fn dashboard(&self, title: impl Into<String>) -> Dashboard {
        Dashboard::new(title).with_source(crate::request_tiles::RequestTiles::new(
            self.recorder.clone(),
        ))
    }

    /// Returns a future that ends when `signal` does, after it made the service unready and ended the page's live streams.
    ///
    /// It is for a server's graceful shutdown, which waits for all that is open: a live stream would hold it up for ever.
    #[cfg(feature = "health")]
    pub fn drain_on<F: Future<Output = ()> + Send>(
        &self,
        signal: F,
    ) -> impl Future<Output = ()> + Send + use<F> {
        let registry = self.registry.clone();
        async move {
            signal.await;
            registry.begin_drain();
        }
    }

    /// Adds all endpoints to a service's router and puts the layer around it.
    ///
    /// `listener` is the address that the service listens on: what is for operators answers only on loopback ([`Access::for_listener`]).
    /// With a token, or with a page of its own, a service uses [`endpoints`](Self::endpoints) and [`layer`](Self::layer) instead.
    #[cfg(feature = "endpoints")]
    pub fn watch(&self, router: axum::Router, listener: SocketAddr) -> axum::Router {
        router
            .merge(self.endpoints(Access::for_listener(listener)).router())
            .layer(self.layer())
    }

    /// Ends it: stops the checks and the rules, delivers the queued alerts and flushes the logs; five seconds for the alerts, and five for the logs.
    pub async fn shutdown(self) {
        #[cfg(feature = "rules")]
        drop(self.rules);
        #[cfg(all(feature = "alerts", feature = "health"))]
        drop(self.health_alerts);
        #[cfg(feature = "health")]
        drop(self.checks);
        #[cfg(feature = "alerts")]
        if !self.alerting.shutdown(PATIENCE).await {
            tracing::error!(
                seconds = PATIENCE.as_secs(),
                "alerts were still queued when the time was over"
            );
        }
        // Dropping the guard flushes, within its time, and waits for it: not on a thread of the runtime.
        #[cfg(feature = "logging")]
        {
            let logs = self.logs;
            // It fails when the runtime is ending, and then there is nowhere left to say it.
            let _ = tokio::task::spawn_blocking(move || drop(logs)).await;
        }
    }
}

impl fmt::Debug for Watchkeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchkeep")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
