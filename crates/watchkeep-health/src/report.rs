//! What a registry knows at one moment, and its JSON forms.

use std::time::Duration;

use crate::component::Criticality;
use crate::status::Status;

mod health_json;
mod json;

/// The health of the whole and of every component at one moment.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The whole.
    pub status: Status,
    /// The components, in the order in which they were registered.
    pub components: Vec<ComponentReport>,
    /// How long ago the registry was built.
    pub uptime: Duration,
    /// The version of the program.
    pub version: String,
    /// Whether the program is stopping.
    pub draining: bool,
    /// Whether the start is over.
    pub started: bool,
    /// The latches that the start still waits for.
    pub waiting_for: Vec<String>,
    /// Whether the process is alive, as far as its local checks tell.
    pub live: bool,
    /// When it was taken: how long after 1970 began, by the wall clock; for what is shown only.
    pub taken_at: Duration,
}

/// The health of one component at one moment.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentReport {
    /// Its name.
    pub name: String,
    /// How it is.
    pub status: Status,
    /// How much it matters.
    pub criticality: Criticality,
    /// How long it has been so.
    pub since: Duration,
    /// How long the last run of its check took.
    pub latency: Option<Duration>,
    /// The error of the last result, or what the program said; for operators, not for the public.
    pub message: Option<String>,
    /// How many results in a row were failures, also below the threshold.
    pub consecutive_failures: u32,
    /// How long ago something last went well.
    pub last_success: Option<Duration>,
    /// How long ago anybody last said anything: its check, a real call or the program.
    pub last_result: Option<Duration>,
}

// === impl Report ===

impl Report {
    /// The public form, `{"status":…,"components":{…},"uptime_seconds":…,"version":…}`: words only, and whole
    /// seconds.
    pub fn to_json(&self) -> String {
        json::brief(self)
    }

    /// The operators' form: as [`to_json`](Self::to_json), with everything that is known about a component.
    pub fn to_json_detailed(&self) -> String {
        json::detailed(self)
    }

    /// The form `application/health+json` of draft-inadarei-api-health-check-06, with words only.
    ///
    /// The whole is `pass` when healthy, `warn` when degraded, else `fail`, in step with the HTTP status 200 or
    /// 503. An optional component is never worse than `warn`.
    pub fn to_health_json(&self) -> String {
        health_json::public(self)
    }

    /// As [`to_health_json`](Self::to_health_json), for operators.
    ///
    /// What a check looks at is `<name>:responseTime` here, with the latency of its last run in milliseconds as
    /// `observedValue`; a component without one keeps its bare name. `time` tells when the last result came, and
    /// `output` is the message of a component that does not pass. `notes` tell that the program drains, or what
    /// its start waits for. `affectedEndpoints` and `links` are left out: nobody here knows them.
    pub fn to_health_json_detailed(&self) -> String {
        health_json::detailed(self)
    }
}

#[cfg(test)]
mod tests;
