//! The JSON forms of a report that are its own; components stay in the order in which they were registered.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::component::Criticality;
use crate::report::{ComponentReport, Report};
use crate::status::Status;

/// A JSON object whose members keep their order.
pub(super) struct Object<T>(pub(super) Vec<(String, T)>);

#[derive(Serialize)]
struct Whole<'a, T> {
    status: Status,
    components: Object<T>,
    uptime_seconds: u64,
    version: &'a str,
    #[serde(flatten)]
    process: Option<Process<'a>>,
}

/// What only operators are told of the process itself.
#[derive(Serialize)]
struct Process<'a> {
    draining: bool,
    started: bool,
    waiting_for: &'a [String],
    live: bool,
}

#[derive(Serialize)]
struct Detail<'a> {
    status: Status,
    criticality: Criticality,
    since_seconds: f64,
    latency_seconds: Option<f64>,
    message: Option<&'a str>,
    consecutive_failures: u32,
    last_success_seconds: Option<f64>,
}

pub(super) fn brief(report: &Report) -> String {
    write(&Whole {
        status: report.status,
        components: members(report, |component| component.status),
        uptime_seconds: report.uptime.as_secs(),
        version: &report.version,
        process: None,
    })
}

pub(super) fn detailed(report: &Report) -> String {
    write(&Whole {
        status: report.status,
        components: members(report, detail),
        uptime_seconds: report.uptime.as_secs(),
        version: &report.version,
        process: Some(Process {
            draining: report.draining,
            started: report.started,
            waiting_for: &report.waiting_for,
            live: report.live,
        }),
    })
}

fn detail(component: &ComponentReport) -> Detail<'_> {
    Detail {
        status: component.status,
        criticality: component.criticality,
        since_seconds: component.since.as_secs_f64(),
        latency_seconds: component.latency.as_ref().map(Duration::as_secs_f64),
        message: component.message.as_deref(),
        consecutive_failures: component.consecutive_failures,
        last_success_seconds: component.last_success.as_ref().map(Duration::as_secs_f64),
    }
}

fn members<'a, T>(report: &'a Report, value: impl Fn(&'a ComponentReport) -> T) -> Object<T> {
    Object(
        report
            .components
            .iter()
            .map(|component| (component.name.clone(), value(component)))
            .collect(),
    )
}

pub(super) fn write(value: &impl Serialize) -> String {
    serde_json::to_string(value)
        .expect("strings, numbers and objects with string keys always serialize")
}

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
