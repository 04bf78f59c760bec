//! What a Kubernetes manifest says about a pod: its probes, its stop, its environment and its replicas.

use std::time::Duration;

use serde_json::Value;

/// The pods of a deployment, in a time that runs faster by a factor.
///
/// Periods, delays, the preStop sleep, the grace period and the server's own drain variables are divided by the factor.
/// Timeouts and thresholds are as written: what a probe may take is a property of the server, not of the test's pace.
#[derive(Clone, Debug)]
pub struct Deployment {
    container: Value,
    grace: Duration,
    replicas: usize,
    factor: u32,
}

/// One of the three probes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "Kubernetes has these three")]
pub enum Kind {
    /// Whether the process has to be restarted.
    Liveness,
    /// Whether requests may come.
    Readiness,
    /// Whether the start is over.
    Startup,
}

/// A probe by HTTP.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The path that is asked.
    pub path: String,
    /// The name of the port that is asked.
    pub port: String,
    /// How long to wait before the first one.
    pub initial_delay: Duration,
    /// The time between two.
    pub period: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How many have to fail in a row before the probe has failed.
    pub failure_threshold: u32,
    /// How many have to succeed in a row before the probe has succeeded.
    pub success_threshold: u32,
}

// === impl Deployment ===

impl Deployment {
    /// Reads a manifest.
    ///
    /// # Panics
    /// When it is no deployment of at least one container with a grace period.
    #[must_use]
    pub fn read(text: &str, factor: u32) -> Self {
        let value: Value = serde_saphyr::from_str(text).expect("the manifest is YAML");
        let spec = &value["spec"];
        let pod = &spec["template"]["spec"];
        let grace = pod["terminationGracePeriodSeconds"].as_u64();
        let replicas = spec["replicas"].as_u64().expect("it says how many");
        Self {
            container: pod["containers"][0].clone(),
            grace: Duration::from_secs(grace.expect("it has a grace period")) / factor,
            replicas: usize::try_from(replicas).expect("a small number"),
            factor,
        }
    }

    /// Returns how many pods there are.
    #[must_use]
    pub const fn replicas(&self) -> usize {
        self.replicas
    }

    /// Returns the time from the wish to end a pod to its end by force, the preStop sleep included.
    #[must_use]
    pub const fn grace(&self) -> Duration {
        self.grace
    }

    /// Returns how long the preStop hook sleeps before the signal.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn pre_stop(&self) -> Duration {
        let seconds = &self.container["lifecycle"]["preStop"]["sleep"]["seconds"];
        Duration::from_secs(seconds.as_u64().expect("it sleeps")) / self.factor
    }

    /// Returns a value of the environment that is written in the manifest.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn variable(&self, name: &str) -> &str {
        let all = self.container["env"].as_array();
        let found = all
            .into_iter()
            .flatten()
            .find(|variable| variable["name"] == name);
        found
            .and_then(|variable| variable["value"].as_str())
            .unwrap_or_else(|| panic!("`{name}` has no value"))
    }

    /// Returns a value of the environment that is a time, in this faster time, in seconds.
    ///
    /// # Panics
    /// When there is none, or it is no whole number of seconds.
    #[must_use]
    pub fn seconds(&self, name: &str) -> String {
        let seconds = self.variable(name).parse().expect("whole seconds");
        let scaled = Duration::from_secs(seconds) / self.factor;
        scaled.as_secs_f64().to_string()
    }

    /// Returns a probe, with Kubernetes' defaults for what it does not say.
    ///
    /// # Panics
    /// When there is none by HTTP.
    #[must_use]
    pub fn probe(&self, kind: Kind) -> Probe {
        let probe = &self.container[kind.key()];
        let text = |key: &str| {
            let found = probe["httpGet"][key].as_str();
            found
                .unwrap_or_else(|| panic!("{} has no {key}", kind.key()))
                .to_owned()
        };
        let number = |key: &str, default| match probe[key].as_u64() {
            Some(number) => u32::try_from(number).expect("a small number"),
            None => default,
        };
        let seconds = |key, default| Duration::from_secs(number(key, default).into());
        Probe {
            path: text("path"),
            port: text("port"),
            initial_delay: seconds("initialDelaySeconds", 0) / self.factor,
            period: seconds("periodSeconds", 10) / self.factor,
            timeout: seconds("timeoutSeconds", 1),
            failure_threshold: number("failureThreshold", 3),
            success_threshold: number("successThreshold", 1),
        }
    }
}

// === impl Kind ===

impl Kind {
    const fn key(self) -> &'static str {
        match self {
            Self::Liveness => "livenessProbe",
            Self::Readiness => "readinessProbe",
            Self::Startup => "startupProbe",
        }
    }
}
