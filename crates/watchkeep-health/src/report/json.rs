//! The JSON forms of a report; components stay in the order in which they were registered.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::component::Criticality;
use crate::report::{ComponentReport, Report};
use crate::status::Status;

/// A JSON object whose members keep their order.
struct Object<T>(Vec<(String, T)>);

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

#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    version: &'a str,
    checks: Object<[Observation<'a>; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Observation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    component_id: Option<&'a str>,
    component_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_value: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_unit: Option<&'static str>,
    status: &'static str,
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

pub(super) fn health(report: &Report) -> String {
    let mut checks = members(report, |component| {
        [Observation {
            component_id: Some(&component.name),
            component_type: "component",
            observed_value: None,
            observed_unit: None,
            status: grade(match component.criticality {
                Criticality::Critical => component.status,
                Criticality::Optional => component.status.min(Status::Degraded),
            }),
        }]
    });
    // No component's name has a colon, so this key is never taken.
    checks.0.push((
        "system:uptime".to_owned(),
        [Observation {
            component_id: None,
            component_type: "system",
            observed_value: Some(report.uptime.as_secs()),
            observed_unit: Some("s"),
            status: "pass",
        }],
    ));
    write(&Health {
        status: grade(report.status),
        version: &report.version,
        checks,
    })
}

fn grade(status: Status) -> &'static str {
    match status {
        Status::Healthy => "pass",
        Status::Degraded => "warn",
        Status::Unknown | Status::Unhealthy => "fail",
    }
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

fn write(value: &impl Serialize) -> String {
    serde_json::to_string(value)
        .expect("strings, numbers and objects with string keys always serialize")
}

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
