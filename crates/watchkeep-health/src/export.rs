//! The registry's own metrics.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Unit};

use crate::component::Component;
use crate::status::Status;

const STATUS: &str = "watchkeep_health_status";
const DURATION: &str = "watchkeep_health_check_duration_seconds";
const RUNS: &str = "watchkeep_health_check_runs_total";

/// How a run of a check ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Error,
    Ok,
    Panic,
    Timeout,
}

/// The series of a registry, one entry a component.
pub(crate) struct Export {
    components: Vec<Series>,
}

struct Series {
    statuses: [Gauge; Status::ALL.len()],
    runs: Option<Runs>,
}

/// Exists for components with a check only.
struct Runs {
    duration: Histogram,
    outcomes: [Counter; Outcome::ALL.len()],
}

// === impl Outcome ===

impl Outcome {
    const ALL: [Self; 4] = [Self::Error, Self::Ok, Self::Panic, Self::Timeout];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Ok => "ok",
            Self::Panic => "panic",
            Self::Timeout => "timeout",
        }
    }
}

// === impl Export ===

impl Export {
    /// Registers every series with the present recorder, the counters at 0.
    pub(crate) fn new(components: &[Component]) -> Self {
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
        Self {
            components: components.iter().map(Series::new).collect(),
        }
    }

    pub(crate) fn set_statuses(&self, statuses: &[Status]) {
        for (series, status) in self.components.iter().zip(statuses) {
            for (gauge, each) in series.statuses.iter().zip(Status::ALL) {
                gauge.set(if each == *status { 1.0 } else { 0.0 });
            }
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
            runs: component.check.is_some().then(|| Runs {
                duration: metrics::histogram!(DURATION, "component" => name.clone()),
                outcomes: Outcome::ALL.map(|outcome| {
                    let counter =
                        metrics::counter!(RUNS, "component" => name.clone(), "outcome" => outcome.as_str());
                    counter.increment(0);
                    counter
                }),
            }),
        }
    }
}
