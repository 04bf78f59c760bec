//! What a Deployment says about the life of its pods.

use std::time::Duration;

use serde_json::Value;

/// The life of a pod, as its manifest has it, with all times divided by one factor.
///
/// Timeouts are left as they are: a busy machine that answers late is not what is looked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Manifest {
    /// How many pods there are.
    pub replicas: usize,
    /// Whether the pod has started.
    pub startup: Probe,
    /// Whether it has to be restarted.
    pub liveness: Probe,
    /// Whether it gets requests.
    pub readiness: Probe,
    /// How long a pod that has to go is left alone before it gets the signal.
    pub pre_stop: Duration,
    /// How long it has from then on, that sleep included, until it is killed.
    pub grace: Duration,
    environment: Vec<(String, String)>,
}

/// One probe of the three.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Probe {
    /// The path that is asked.
    pub path: String,
    /// The name of the port that is asked.
    pub port: String,
    /// The time between two questions.
    pub period: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How many failures in a row count.
    pub failures: u32,
}

impl Manifest {
    /// Reads a Deployment of one container; each time is `faster` times as short.
    ///
    /// # Panics
    /// When something is not where it belongs.
    #[must_use]
    pub fn read(deployment: &Value, faster: u32) -> Self {
        let pod = &deployment["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        let probe = |name: &str| Probe::read(&container[name], faster);
        let environment = container["env"].as_array().expect("it has an environment");
        Self {
            replicas: number(&deployment["spec"]["replicas"]) as usize,
            startup: probe("startupProbe"),
            liveness: probe("livenessProbe"),
            readiness: probe("readinessProbe"),
            pre_stop: seconds(&container["lifecycle"]["preStop"]["sleep"]["seconds"]) / faster,
            grace: seconds(&pod["terminationGracePeriodSeconds"]) / faster,
            environment: environment
                .iter()
                .filter_map(|entry| Some((entry["name"].as_str()?, entry["value"].as_str()?)))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    /// The value of a variable that stands in the manifest itself.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        let mut variables = self.environment.iter();
        variables.find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }
}

impl Probe {
    fn read(probe: &Value, faster: u32) -> Self {
        let text = |name: &str| {
            let value = probe["httpGet"][name].as_str();
            value.unwrap_or_else(|| panic!("no {name} in {probe}"))
        };
        Self {
            path: text("path").to_owned(),
            port: text("port").to_owned(),
            period: seconds(&probe["periodSeconds"]) / faster,
            timeout: seconds(&probe["timeoutSeconds"]),
            failures: u32::try_from(number(&probe["failureThreshold"])).expect("a small number"),
        }
    }
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs(number(value))
}
