//! The joint of health and alerts: a component that fails is an alert, and its recovery ends it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use watchkeep_alerts::{Alert, Alerting, Level};
use watchkeep_health::{ComponentReport, Criticality, Registry, Report, Status};

/// The name of the alerts.
const ALERTNAME: &str = "ComponentUnhealthy";

/// How long a start may take before what fails then is told all the same: a minute, by when most services have started.
const START_GRACE: Duration = Duration::from_secs(60);

/// How late a change can be noticed when a wake-up is not enough: at the end of the grace, that is.
const LOOK: Duration = Duration::from_secs(1);

/// Makes alerts of components: `ComponentUnhealthy` with the label `component`, CRITICAL for a critical component and WARNING for an optional one.
///
/// An alert begins when the component reads anything but healthy and has counted before, so after its thresholds, and ends when it is healthy again.
/// While a rule of the facade's own tells that a component is unhealthy (`Rule::component_down`), nothing is told here: two alerts for one fault wake two people.
/// A rule tells neither that a component is unknown nor that an optional one is degraded, so these are told all the same.
/// The status and the error are details, which do not make it another alert.
/// Nothing is told while the service drains, nor while it starts, for at most [`start_grace`](Self::start_grace).
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct HealthAlerts {
    except: BTreeSet<String>,
    /// Components of which a rule tells that they are unhealthy.
    covered: BTreeSet<String>,
    start_grace: Duration,
}

/// The task that raises and ends them; dropping this ends it, and leaves the alerts as they are.
#[derive(Debug)]
pub(crate) struct HealthAlertTask(JoinHandle<()>);

/// What is to be told.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Effect {
    Fire(Alert),
    Resolve(Alert),
}

/// What was told, and by what rules.
#[derive(Debug)]
struct Teller {
    rules: HealthAlerts,
    /// The alerts that fire, by component.
    firing: BTreeMap<String, Alert>,
}

impl HealthAlerts {
    /// Every component, and a grace of a minute at the start.
    pub const fn new() -> Self {
        Self {
            except: BTreeSet::new(),
            covered: BTreeSet::new(),
            start_grace: START_GRACE,
        }
    }

    /// Leaves out a component whatever it reads, because somebody else tells of it, a Prometheus say.
    pub fn except(mut self, component: impl Into<String>) -> Self {
        self.except.insert(component.into());
        self
    }

    /// Leaves to the rules what they tell of these components.
    #[cfg(feature = "rules")]
    pub(crate) fn covered_by_rules(mut self, components: impl IntoIterator<Item = String>) -> Self {
        self.covered.extend(components);
        self
    }

    /// Sets how long a service that never becomes ready is left in peace. Default: a minute.
    pub const fn start_grace(mut self, grace: Duration) -> Self {
        self.start_grace = grace;
        self
    }

    pub(crate) fn start(self, registry: Registry, alerting: Alerting) -> HealthAlertTask {
        let mut teller = Teller::new(self);
        HealthAlertTask(tokio::spawn(async move {
            let mut changed = registry.changed();
            let mut looks = interval(LOOK);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                for effect in teller.step(&registry.report()) {
                    tell(&alerting, effect).await;
                }
                tokio::select! {
                    lives = changed.wait() => if !lives { return },
                    _ = looks.tick() => {}
                }
            }
        }))
    }
}

impl Default for HealthAlerts {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for HealthAlertTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Teller {
    const fn new(rules: HealthAlerts) -> Self {
        Self {
            rules,
            firing: BTreeMap::new(),
        }
    }

    /// Compares what was told with how things are, so that nothing is missed, however many changes lie between.
    fn step(&mut self, report: &Report) -> Vec<Effect> {
        let is_starting = !report.started && report.uptime < self.rules.start_grace;
        if report.draining || is_starting {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for component in &report.components {
            if !self.rules.except.contains(&component.name) {
                effects.extend(self.step_component(component, report));
            }
        }
        effects
    }

    fn step_component(&mut self, component: &ComponentReport, report: &Report) -> Option<Effect> {
        let is_covered =
            component.status == Status::Unhealthy && self.rules.covered.contains(&component.name);
        if component.status == Status::Healthy || is_covered {
            return self.firing.remove(&component.name).map(Effect::Resolve);
        }
        let was_told = self.firing.contains_key(&component.name);
        // Not looked at yet, which for an optional component is no fault.
        if !was_told && component.status == Status::Unknown && !counts(component, report) {
            return None;
        }
        let alert = alert(component);
        let told = self.firing.insert(component.name.clone(), alert.clone());
        (told.as_ref() != Some(&alert)).then_some(Effect::Fire(alert))
    }
}

/// Whether a component that is unknown once was something else, or is critical.
fn counts(component: &ComponentReport, report: &Report) -> bool {
    component.criticality == Criticality::Critical || component.since < report.uptime
}

fn alert(component: &ComponentReport) -> Alert {
    let level = match component.criticality {
        Criticality::Critical => Level::Critical,
        _ => Level::Warning,
    };
    let (name, status) = (&component.name, component.status);
    let alert = Alert::new(ALERTNAME, level, format!("Component {name} is {status}"))
        .with_label("component", name)
        .with_detail("status", status);
    match &component.message {
        Some(error) => alert.with_detail("error", error),
        None => alert,
    }
}

/// What the engine refuses is said, and tried no more until the component changes.
async fn tell(alerting: &Alerting, effect: Effect) {
    let outcome = match effect {
        Effect::Fire(alert) => alerting.fire(alert).await.map(drop),
        Effect::Resolve(alert) => alerting.resolve(alert.fingerprint()).await.map(drop),
    };
    if let Err(error) = outcome {
        tracing::error!(%error, "alert of a component was refused");
    }
}

#[cfg(test)]
mod tests;
