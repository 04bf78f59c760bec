//! What is special about a service, collected before anything starts.

#[cfg(any(feature = "health", feature = "metrics"))]
use std::time::Duration;

#[cfg(feature = "alerts")]
use watchkeep_alerts::{Alerting, AlertingBuilder, Level, Notifier};
#[cfg(feature = "health")]
use watchkeep_health::{Component, Registry, RegistryBuilder};
#[cfg(feature = "logging")]
use watchkeep_logging::LogConfig;
#[cfg(feature = "metrics")]
use watchkeep_metrics::{Recorder, RecorderBuilder};
#[cfg(feature = "rules")]
use watchkeep_rules::{Engine, Group, Rule};
#[cfg(feature = "tower")]
use watchkeep_tower::{Builder as LayerBuilder, Respond};

use crate::error::Error;
#[cfg(all(feature = "alerts", feature = "health"))]
use crate::health_alerts::HealthAlerts;
use crate::joints;
use crate::running::Watchkeep;

/// Collects what is special about a service.
///
/// Defaults: logging from the environment ([`watchkeep_logging::LogConfig::from_env`]), the default recorder, no component (and then ready as soon as it answers), every alert to the log, no rule.
#[derive(Debug)]
#[must_use]
pub struct Builder {
    service: String,
    version: String,
    environment: Option<String>,
    start_message: &'static str,
    #[cfg(feature = "logging")]
    logging: Option<LogConfig>,
    #[cfg(feature = "metrics")]
    metrics: RecorderBuilder,
    #[cfg(feature = "metrics")]
    build_labels: Vec<(String, String)>,
    #[cfg(feature = "metrics")]
    metric_idle_timeout: Option<Duration>,
    #[cfg(feature = "health")]
    health: RegistryBuilder,
    #[cfg(feature = "health")]
    has_components: bool,
    #[cfg(all(feature = "alerts", feature = "health"))]
    health_alerts: Option<HealthAlerts>,
    #[cfg(feature = "alerts")]
    alerts: AlertingBuilder,
    #[cfg(feature = "rules")]
    rules: RuleSettings,
    #[cfg(feature = "tower")]
    layer: LayerBuilder<Respond>,
}

/// What is special about a service's rules.
#[cfg(feature = "rules")]
#[derive(Default)]
struct RuleSettings {
    single: Vec<Rule>,
    groups: Vec<Group>,
    interval: Option<Duration>,
    annotations: Vec<(String, String, Source)>,
    state: Option<std::path::PathBuf>,
}

/// Where an annotation comes from that only the process knows.
#[cfg(feature = "rules")]
type Source = Box<dyn Fn() -> Option<String> + Send + Sync>;

#[cfg(feature = "rules")]
impl RuleSettings {
    /// All rules, in groups or alone.
    #[cfg(feature = "health")]
    fn all(&self) -> impl Iterator<Item = &Rule> {
        let grouped = self.groups.iter().flat_map(Group::rules);
        self.single.iter().chain(grouped)
    }

    /// The engine of these rules, and the file with their states.
    fn engine(mut self) -> Result<(Engine, Option<std::path::PathBuf>), watchkeep_rules::Error> {
        if !self.single.is_empty() {
            self.groups.push(Group::new("rules", self.single)?);
        }
        let mut builder = Engine::builder();
        if let Some(interval) = self.interval {
            builder = builder.with_interval(interval);
        }
        let mut engine = builder.build(self.groups)?;
        for (rule, annotation, source) in self.annotations {
            engine.annotate(rule, annotation, source);
        }
        Ok((engine, self.state))
    }
}

#[cfg(feature = "rules")]
impl std::fmt::Debug for RuleSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuleSettings")
            .field("groups", &self.groups)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

impl Watchkeep {
    /// Begins with the service's name: lower case letters, digits and `_`, since files and metrics are named after it.
    pub fn builder(service: impl Into<String>) -> Builder {
        let service = service.into();
        Builder {
            version: "unknown".to_owned(),
            environment: None,
            start_message: "service started",
            #[cfg(feature = "logging")]
            logging: None,
            #[cfg(feature = "metrics")]
            metrics: Recorder::builder(),
            #[cfg(feature = "metrics")]
            build_labels: Vec::new(),
            #[cfg(feature = "metrics")]
            metric_idle_timeout: None,
            #[cfg(feature = "health")]
            health: Registry::builder("unknown"),
            #[cfg(feature = "health")]
            has_components: false,
            #[cfg(all(feature = "alerts", feature = "health"))]
            health_alerts: None,
            #[cfg(feature = "alerts")]
            alerts: Alerting::builder(&service),
            #[cfg(feature = "rules")]
            rules: RuleSettings::default(),
            #[cfg(feature = "tower")]
            layer: joints::default_layer(),
            service,
        }
    }
}

impl Builder {
    /// Sets the service's version, as logs, `<service>_build_info` and the health report show it. Default: `unknown`.
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Sets the environment (`production`, `staging`, …) for the start-up event, `<service>_build_info` and, over what logging was told, every ECS line.
    pub fn with_environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = Some(environment.into());
        self
    }

    /// Sets the message of the start-up event, the first line that a process logs. Default: `service started`.
    pub fn with_start_message(mut self, message: &'static str) -> Self {
        self.start_message = message;
        self
    }

    /// Sets the logging, instead of the one that the environment asks for.
    #[cfg(feature = "logging")]
    pub fn with_logging(mut self, logging: LogConfig) -> Self {
        self.logging = Some(logging);
        self
    }

    /// Sets the recorder's options; with `tower`, exemplars come from the traces of the layer, whatever these say.
    #[cfg(feature = "metrics")]
    pub fn with_metrics(mut self, metrics: RecorderBuilder) -> Self {
        self.metrics = metrics;
        self
    }

    /// Forgets series that nobody has recorded into for this long, and that nobody has a handle of. Default: none is forgotten.
    ///
    /// They are looked at when metrics are read.
    #[cfg(feature = "metrics")]
    pub fn with_metric_idle_timeout(mut self, timeout: Duration) -> Self {
        self.metric_idle_timeout = Some(timeout);
        self
    }

    /// Adds a label to `<service>_build_info`, beside `version`.
    #[cfg(feature = "metrics")]
    pub fn with_build_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.build_labels.push((name.into(), value.into()));
        self
    }

    /// Adds a component to the health report.
    #[cfg(feature = "health")]
    pub fn with_component(mut self, component: Component) -> Self {
        self.health = self.health.component(component);
        self.has_components = true;
        self
    }

    /// Lets no component wait longer than this for its next check. Default: each its own interval.
    #[cfg(feature = "health")]
    pub fn with_check_interval(mut self, interval: Duration) -> Self {
        self.health = self.health.max_interval(interval);
        self
    }

    /// Adjusts the health registry's own options: latches, signs of life, the watchdog, the history.
    #[cfg(feature = "health")]
    pub fn with_health(mut self, adjust: impl FnOnce(RegistryBuilder) -> RegistryBuilder) -> Self {
        self.health = adjust(self.health);
        self
    }

    /// Raises an alert for each component that fails, and ends it when the component recovers; what a rule tells of a component is left to the rule. Default: none.
    #[cfg(all(feature = "alerts", feature = "health"))]
    pub fn with_health_alerts(mut self, alerts: HealthAlerts) -> Self {
        self.health_alerts = Some(alerts);
        self
    }

    /// Adds a channel for alerts, under the name that routes use.
    #[cfg(feature = "alerts")]
    pub fn with_notifier(mut self, receiver: impl Into<String>, notifier: impl Notifier) -> Self {
        self.alerts = self.alerts.notifier(receiver, notifier);
        self
    }

    /// Sends alerts of this level to these channels. Default: to the log, where every alert goes anyway.
    #[cfg(feature = "alerts")]
    pub fn with_route(mut self, level: Level, receivers: &[&str]) -> Self {
        self.alerts = self.alerts.route(level, receivers);
        self
    }

    /// Adjusts the alert engine's own options.
    #[cfg(feature = "alerts")]
    pub fn with_alerts(mut self, adjust: impl FnOnce(AlertingBuilder) -> AlertingBuilder) -> Self {
        self.alerts = adjust(self.alerts);
        self
    }

    /// Adds a rule, to the group `rules`.
    #[cfg(feature = "rules")]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.single.push(rule);
        self
    }

    /// Adds groups of rules, such as those of a [`RuleFile`](watchkeep_rules::RuleFile).
    #[cfg(feature = "rules")]
    pub fn with_rule_groups(mut self, groups: Vec<Group>) -> Self {
        self.rules.groups.extend(groups);
        self
    }

    /// Evaluates every group of rules this often. Default: each as it says, every minute where it says nothing.
    #[cfg(feature = "rules")]
    pub fn with_rule_interval(mut self, interval: Duration) -> Self {
        self.rules.interval = Some(interval);
        self
    }

    /// Adds an annotation that only the process knows to the alerts of a rule: the error behind a component, say.
    ///
    /// `source` is asked at each evaluation that fires, on a thread that may block for a moment; it must not ask [`Rules`](crate::Rules), which wait for the evaluation.
    #[cfg(feature = "rules")]
    pub fn with_rule_annotation(
        mut self,
        rule: impl Into<String>,
        annotation: impl Into<String>,
        source: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let annotation = (rule.into(), annotation.into(), Box::new(source) as Box<_>);
        self.rules.annotations.push(annotation);
        self
    }

    /// Keeps the states of rules in this file over a restart. Default: every restart begins anew.
    #[cfg(feature = "rules")]
    pub fn with_rule_state(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.rules.state = Some(path.into());
        self
    }

    /// Adjusts the middleware layer's own options.
    ///
    /// It begins with scrapes, probes and the page left out ([`with_skip`](LayerBuilder::with_skip) replaces that), and answers a panic with 500.
    /// With `alerts`, a panic is also the alert `HandlerPanic`, CRITICAL, with the details `route` and `location`.
    #[cfg(feature = "tower")]
    pub fn with_layer(
        mut self,
        adjust: impl FnOnce(LayerBuilder<Respond>) -> LayerBuilder<Respond>,
    ) -> Self {
        self.layer = adjust(self.layer);
        self
    }

    /// Installs logging and the recorder, and starts the checks, the alert engine and the rules.
    ///
    /// Rules, the recorder's options and components are checked before a global is touched; an alert route without its channel is found after that.
    ///
    /// # Errors
    /// When a part cannot be set up, another recorder or subscriber is installed already, or (with `health` or `alerts`) there is no Tokio runtime.
    pub fn start(self) -> Result<Watchkeep, Error> {
        #[cfg(any(feature = "alerts", feature = "health"))]
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(crate::error::Kind::Runtime.into());
        }
        #[cfg(all(feature = "health", feature = "rules"))]
        let health_alerts = self
            .health_alerts
            .map(|joint| joint.covered_by_rules(joints::covered_components(self.rules.all())));
        #[cfg(all(feature = "alerts", feature = "health", not(feature = "rules")))]
        let health_alerts = self.health_alerts;
        #[cfg(feature = "rules")]
        let (engine, rule_state) = self.rules.engine()?;
        #[cfg(feature = "metrics")]
        let recorder = joints::with_exemplars(self.metrics).build()?;
        #[cfg(feature = "health")]
        let registry = {
            let health = self.health.version(&self.version);
            if self.has_components {
                health.build()?
            } else {
                // A service that names nothing to wait for is ready when it answers.
                health.ready_without_checks().build()?
            }
        };
        #[cfg(feature = "logging")]
        let logs = {
            let mut config = match self.logging {
                Some(config) => config,
                None => LogConfig::from_env(&self.service)?,
            }
            .with_version(&self.version);
            if let Some(environment) = &self.environment {
                config = config.with_environment(environment);
            }
            let warnings = config.warnings().to_vec();
            let logs = config.init()?;
            joints::log_start(
                self.start_message,
                &self.version,
                self.environment.as_deref(),
                &warnings,
            );
            logs
        };
        #[cfg(not(feature = "logging"))]
        joints::log_start(
            self.start_message,
            &self.version,
            self.environment.as_deref(),
            &[],
        );

        #[cfg(feature = "metrics")]
        {
            recorder.install()?;
            let mut labels = self.build_labels;
            labels.extend(
                self.environment
                    .map(|environment| ("environment".to_owned(), environment)),
            );
            joints::build_info(&recorder, &self.service, &self.version, &labels);
            if let Some(timeout) = self.metric_idle_timeout {
                joints::expire_idle(&recorder, timeout);
            }
            #[cfg(feature = "process")]
            watchkeep_metrics::process::register(&recorder);
            #[cfg(feature = "runtime")]
            crate::runtime::register(&recorder);
            #[cfg(feature = "logging")]
            joints::export_log_numbers(&recorder, logs.handle());
        }
        #[cfg(feature = "alerts")]
        let alerting = self.alerts.build()?;
        #[cfg(feature = "tower")]
        let layer = {
            let layer = self.layer;
            #[cfg(feature = "alerts")]
            let layer = joints::with_panic_alerts(layer, alerting.clone());
            layer.build()
        };
        #[cfg(feature = "rules")]
        let rules = crate::rule_task::RuleTask::start(
            engine,
            recorder.clone(),
            alerting.clone(),
            rule_state,
        );
        #[cfg(feature = "health")]
        let checks = registry.start();
        #[cfg(all(feature = "alerts", feature = "health"))]
        let health_alerts =
            health_alerts.map(|joint| joint.start(registry.clone(), alerting.clone()));
        Ok(Watchkeep {
            #[cfg(all(feature = "alerts", feature = "health"))]
            health_alerts,
            #[cfg(feature = "tower")]
            layer,
            #[cfg(feature = "rules")]
            rules,
            #[cfg(feature = "health")]
            checks,
            #[cfg(feature = "health")]
            registry,
            #[cfg(feature = "alerts")]
            alerting,
            #[cfg(feature = "metrics")]
            recorder,
            #[cfg(feature = "logging")]
            logs,
            service: self.service,
        })
    }
}
