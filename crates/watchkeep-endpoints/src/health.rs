//! `/health` and the three probes; none of them ever runs a check.

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::header::ACCEPT;
use watchkeep_health::{Probe, Registry, Status};

use crate::access::Access;
use crate::route::{self, Routes};
use crate::{metrics, respond};

/// The media type of draft-inadarei-api-health-check-06.
const HEALTH_JSON: &str = "application/health+json";

#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) registry: Registry,
    pub(crate) access: Access,
}

pub(crate) fn mount(routes: &mut Routes, health: &Health) {
    routes.mount(route::HEALTH, report, health.clone());
    routes.mount(route::LIVE, live, health.clone());
    routes.mount(route::READY, ready, health.clone());
    routes.mount(route::STARTUP, startup, health.clone());
}

async fn report(State(health): State<Health>, request: Request) -> Response {
    let report = health.registry.report();
    let status = match report.status {
        Status::Healthy | Status::Degraded => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let verbose = request.uri().query().is_some_and(|query| {
        query
            .split('&')
            .any(|pair| pair == "verbose" || pair.starts_with("verbose="))
    });
    if verbose && let Err(refused) = health.access.check(request.headers(), request.uri()) {
        return refused.into_response();
    }
    let accept = metrics::joined(request.headers(), ACCEPT).unwrap_or_default();
    match (accepts_health_json(&accept), verbose) {
        (false, false) => respond::json(status, report.to_json()),
        (false, true) => respond::json(status, report.to_json_detailed()),
        (true, false) => respond::fresh(status, HEALTH_JSON, report.to_health_json()),
        (true, true) => respond::fresh(status, HEALTH_JSON, report.to_health_json_detailed()),
    }
}

async fn live(State(health): State<Health>) -> Response {
    probe(&health, Probe::Live)
}

async fn ready(State(health): State<Health>) -> Response {
    probe(&health, Probe::Ready)
}

async fn startup(State(health): State<Health>) -> Response {
    probe(&health, Probe::Startup)
}

fn probe(health: &Health, probe: Probe) -> Response {
    let answer = health.registry.probe(probe);
    let status = if answer.ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    respond::fresh(
        status,
        "text/plain; charset=utf-8",
        format!("{}\n", answer.word),
    )
}

/// Whether the caller names `application/health+json` and does not refuse it; wildcards mean the plain report.
fn accepts_health_json(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(HEALTH_JSON));
        named
            && !parts.any(|parameter| {
                parameter
                    .strip_prefix("q=")
                    .is_some_and(|q| q.parse() == Ok(0.0))
            })
    })
}
