//! The registry's own metrics.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Unit};

use crate::component::Component;
use crate::status::Status;
use crate::transition::Transition;

const STATUS: &str = "watchkeep_health_status";
const DURATION: &str = "watchkeep_health_check_duration_seconds";
const RUNS: &str = "watchkeep_health_check_runs_total";
const TRANSITIONS: &str = "watchkeep_health_transitions_total";
const LAST_SUCCESS: &str = "watchkeep_health_last_success_timestamp_seconds";
const READY: &str = "watchkeep_health_ready";
const LAG: &str = "watchkeep_health_runtime_lag_seconds";

/// How a run of a check ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Error,
    Ok,
    Panic,
    Stuck,
    Timeout,
}

/// The series of a registry, one entry a component.
pub(crate) struct Export {
    components: Vec<Series>,
    ready: Gauge,
    lag: Option<Gauge>,
}

struct Series {
    statuses: [Gauge; Status::ALL.len()],
    /// By the former status and the new one; the diagonal stays empty.
    transitions: [[Option<Counter>; Status::ALL.len()]; Status::ALL.len()],
    last_success: Gauge,
    runs: Option<Runs>,
}

/// Exists for components with a check only.
struct Runs {
    duration: Histogram,
    outcomes: [Counter; Outcome::ALL.len()],
}

// === impl Outcome ===

impl Outcome {
    const ALL: [Self; 5] = [
        Self::Error,
        Self::Ok,
        Self::Panic,
        Self::Stuck,
        Self::Timeout,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Ok => "ok",
            Self::Panic => "panic",
            Self::Stuck => "stuck",
            Self::Timeout => "timeout",
        }
    }
}

// === impl Export ===

impl Export {
    /// Registers every series with the present recorder, the counters at 0.
    pub(crate) fn new(components: &[Component], has_watchdog: bool) -> Self {
        describe(has_watchdog);
        Self {
            components: components.iter().map(Series::new).collect(),
            ready: metrics::gauge!(READY),
            lag: has_watchdog.then(|| metrics::gauge!(LAG)),
        }
    }

    pub(crate) fn set_statuses(&self, statuses: &[Status]) {
        for (series, status) in self.components.iter().zip(statuses) {
            for (gauge, each) in series.statuses.iter().zip(Status::ALL) {
                gauge.set(if each == *status { 1.0 } else { 0.0 });
            }
        }
    }

    pub(crate) fn set_ready(&self, ready: bool) {
        self.ready.set(if ready { 1.0 } else { 0.0 });
    }

    pub(crate) fn set_lag(&self, lag: Duration) {
        if let Some(gauge) = &self.lag {
            gauge.set(lag.as_secs_f64());
        }
    }

    pub(crate) fn set_last_success(&self, index: usize, since_1970: Duration) {
        if let Some(series) = self.components.get(index) {
            series.last_success.set(since_1970.as_secs_f64());
        }
    }

    pub(crate) fn count_transition(&self, index: usize, change: &Transition) {
        let position = |status| Status::ALL.iter().position(|each| *each == status);
        if let (Some(series), Some(from), Some(to)) = (
            self.components.get(index),
            position(change.from),
            position(change.to),
        ) && let Some(counter) = &series.transitions[from][to]
        {
            counter.increment(1);
        }
    }

    pub(crate) fn count_run(&self, index: usize, outcome: Outcome, duration: Duration) {
        let Some(runs) = self
            .components
            .get(index)
            .and_then(|series| series.runs.as_ref())
        else {
            return;
        };
        runs.duration.record(duration.as_secs_f64());
        for (counter, each) in runs.outcomes.iter().zip(Outcome::ALL) {
            if each == outcome {
                counter.increment(1);
            }
        }
    }
}

// === impl Series ===

impl Series {
    fn new(component: &Component) -> Self {
        let name = &component.name;
        Self {
            statuses: Status::ALL
                .map(|status| metrics::gauge!(STATUS, "component" => name.clone(), "status" => status.as_str())),
            transitions: Status::ALL.map(|from| {
                Status::ALL.map(|to| {
                    (from != to).then(|| zero(metrics::counter!(TRANSITIONS, "component" => name.clone(), "from" => from.as_str(), "to" => to.as_str())))
                })
            }),
            last_success: metrics::gauge!(LAST_SUCCESS, "component" => name.clone()),
            runs: component.work.is_some().then(|| Runs {
                duration: metrics::histogram!(DURATION, "component" => name.clone()),
                outcomes: Outcome::ALL.map(|outcome| {
                    zero(metrics::counter!(RUNS, "component" => name.clone(), "outcome" => outcome.as_str()))
                }),
            }),
        }
    }
}

/// Makes the counter known at 0.
fn zero(counter: Counter) -> Counter {
    counter.increment(0);
    counter
}

fn describe(has_watchdog: bool) {
    metrics::describe_gauge!(
        STATUS,
        "1 for the status that a component has, 0 for the others"
    );
    metrics::describe_histogram!(
        DURATION,
        Unit::Seconds,
        "How long the runs of a component's check took"
    );
    metrics::describe_counter!(RUNS, "Runs of a component's check, by how they ended");
    metrics::describe_counter!(
        TRANSITIONS,
        "Changes of a component's status, by what it was and what it became"
    );
    metrics::describe_gauge!(
        LAST_SUCCESS,
        Unit::Seconds,
        "When something last went well with a component, in seconds since 1970; 0 when nothing has"
    );
    metrics::describe_gauge!(READY, "1 while the program is ready, else 0");
    if has_watchdog {
        metrics::describe_gauge!(
            LAG,
            Unit::Seconds,
            "How late the runtime was with the watchdog's last timer"
        );
    }
}
