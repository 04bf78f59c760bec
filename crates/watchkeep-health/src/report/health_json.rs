//! The form `application/health+json` of a report (draft-inadarei-api-health-check-06).

use std::time::Duration;

use serde::Serialize;
use serde_json::Number;

use crate::clock;
use crate::component::Criticality;
use crate::report::json::{Object, write};
use crate::report::{ComponentReport, Report};
use crate::status::Status;

#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    version: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    checks: Object<[Observation<'a>; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Observation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    component_id: Option<&'a str>,
    component_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_value: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_unit: Option<&'static str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
}

pub(super) fn public(report: &Report) -> String {
    let checks = report
        .components
        .iter()
        .map(|component| (component.name.clone(), [words(component)]));
    write(&Health {
        status: grade(report.status),
        version: &report.version,
        notes: Vec::new(),
        checks: Object(checks.chain([uptime(report, None)]).collect()),
    })
}

pub(super) fn detailed(report: &Report) -> String {
    let checks = report
        .components
        .iter()
        .map(|component| observation(component, report));
    let now = clock::timestamp(report.taken_at);
    write(&Health {
        status: grade(report.status),
        version: &report.version,
        notes: notes(report),
        checks: Object(checks.chain([uptime(report, Some(now))]).collect()),
    })
}

/// What everybody may know of a component.
fn words(component: &ComponentReport) -> Observation<'_> {
    Observation {
        component_id: Some(&component.name),
        component_type: "component",
        observed_value: None,
        observed_unit: None,
        status: grade(match component.criticality {
            Criticality::Critical => component.status,
            Criticality::Optional => component.status.min(Status::Degraded),
        }),
        time: None,
        output: None,
    }
}

fn observation<'a>(
    component: &'a ComponentReport,
    report: &Report,
) -> (String, [Observation<'a>; 1]) {
    let words = words(component);
    let passes = words.status == "pass";
    let heard = component
        .last_result
        .map(|age| clock::timestamp(report.taken_at.saturating_sub(age)));
    let observation = Observation {
        observed_value: component.latency.and_then(milliseconds),
        observed_unit: component.latency.map(|_| "ms"),
        time: heard,
        // Section 4.8: left out for what passes.
        output: component.message.as_deref().filter(|_| !passes),
        ..words
    };
    let name = match component.latency {
        Some(_) => format!("{}:responseTime", component.name),
        None => component.name.clone(),
    };
    (name, [observation])
}

/// No component's name has a colon, so its key is never taken.
fn uptime(report: &Report, time: Option<String>) -> (String, [Observation<'static>; 1]) {
    let observation = Observation {
        component_id: None,
        component_type: "system",
        observed_value: Some(report.uptime.as_secs().into()),
        observed_unit: Some("s"),
        status: "pass",
        time,
        output: None,
    };
    ("system:uptime".to_owned(), [observation])
}

fn notes(report: &Report) -> Vec<String> {
    let draining = report.draining.then(|| "draining".to_owned());
    let waiting = report
        .waiting_for
        .iter()
        .map(|latch| format!("waiting for {latch}"));
    draining.into_iter().chain(waiting).collect()
}

/// To the microsecond, without the noise of binary fractions.
fn milliseconds(latency: Duration) -> Option<Number> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a latency of 285 years is no longer exact to the microsecond"
    )]
    Number::from_f64(latency.as_micros() as f64 / 1_000.0)
}

fn grade(status: Status) -> &'static str {
    match status {
        Status::Healthy => "pass",
        Status::Degraded => "warn",
        Status::Unknown | Status::Unhealthy => "fail",
    }
}
