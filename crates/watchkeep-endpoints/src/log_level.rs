//! `/log-level`: what is logged just now, and a change of it, for a time or until the restart.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use watchkeep_logging::{Filter, FilterState, LogHandle};

use crate::respond;
use crate::route::{self, Routes};

/// The longest time that a filter may be in force for; who wants it longer wants another configuration.
const LONGEST: u64 = 7 * 24 * 3600;

/// The largest body that is read.
const BODY_BYTES: usize = 16 * 1024;

pub(crate) fn mount(routes: &mut Routes, logs: &LogHandle) {
    routes.mount(route::LOG_LEVEL, show, logs.clone());
    routes.mount(route::SET_LOG_LEVEL, change, logs.clone());
}

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    level: String,
    for_seconds: Option<u64>,
}

/// What is in force.
#[derive(Debug, Serialize)]
struct InForce {
    level: String,
    /// How long yet; `null`: until the restart, or the next change.
    for_seconds: Option<u64>,
    /// What comes after that time.
    then: Option<String>,
}

// === impl Change ===

impl Change {
    /// Reads a body; a refusal says what is wrong, and what would be right.
    fn parse(body: &[u8]) -> Result<(Filter, Option<Duration>), String> {
        let change: Self = serde_json::from_slice(body).map_err(|error| {
            format!("not {{\"level\":\"info\",\"for_seconds\":600}}: {error}\n")
        })?;
        let filter = change.level.parse().map_err(|error| format!("{error}\n"))?;
        match change.for_seconds {
            Some(seconds) if !(1..=LONGEST).contains(&seconds) => Err(format!(
                "`{seconds}` is no time; for_seconds is a whole number from 1 to {LONGEST}\n"
            )),
            seconds => Ok((filter, seconds.map(Duration::from_secs))),
        }
    }
}

// === impl InForce ===

impl From<FilterState> for InForce {
    fn from(state: FilterState) -> Self {
        Self {
            level: state.current.to_string(),
            // Rounded up, so that there is no 0 while it is in force.
            for_seconds: state.remaining.map(|left| {
                left.as_millis()
                    .div_ceil(1000)
                    .try_into()
                    .unwrap_or(LONGEST)
            }),
            then: state.remaining.map(|_| state.base.to_string()),
        }
    }
}

async fn show(State(logs): State<LogHandle>) -> Response {
    in_force(&logs)
}

async fn change(State(logs): State<LogHandle>, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) if body.len() <= BODY_BYTES => body,
        Ok(_) => return respond::refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n"),
        Err(error) => return respond::refusal(error.status(), "the body cannot be read\n"),
    };
    let (filter, during) = match Change::parse(&body) {
        Ok(change) => change,
        Err(problem) => return respond::refusal(StatusCode::BAD_REQUEST, problem),
    };
    match logs.set_level(filter, during) {
        Ok(()) => in_force(&logs),
        Err(error) => respond::refusal(StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    }
}

fn in_force(logs: &LogHandle) -> Response {
    respond::json_of(StatusCode::OK, &InForce::from(logs.filter_state()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(body: &str, part: &str) {
        let problem = Change::parse(body.as_bytes()).expect_err(body);
        assert!(problem.contains(part), "{body}: {problem}");
    }

    #[test]
    fn change_is_a_filter_and_a_bounded_time() {
        let parsed = |body: &str| {
            let (filter, during) = Change::parse(body.as_bytes()).expect(body);
            (filter.to_string(), during.map(|time| time.as_secs()))
        };
        assert_eq!(
            parsed(r#"{"level":"INFO,hyper=Warn","for_seconds":600}"#),
            ("info,hyper=warn".to_owned(), Some(600))
        );
        assert_eq!(parsed(r#"{"level":"debug"}"#).1, None);
        assert_eq!(parsed(r#"{"level":"debug","for_seconds":null}"#).1, None);
        assert_eq!(
            parsed(r#"{"level":"off","for_seconds":604800}"#).1,
            Some(LONGEST)
        );
        refused(r#"{"level":"oracle=loud"}"#, "`loud` is not a level");
        refused(r#"{"level":"info,,debug"}"#, "empty item");
        refused(r#"{"level":"info","for_seconds":0}"#, "`0` is no time");
        refused(
            r#"{"level":"info","for_seconds":604801}"#,
            "`604801` is no time",
        );
        for body in [
            "",
            "debug",
            r#"{"level":"info","for_seconds":-1}"#,
            r#"{"level":"info","for_seconds":1.5}"#,
            r#"{"level":"info","for_seconds":"600"}"#,
            r#"{"level":"info","for_second":600}"#,
            r#"{"for_seconds":600}"#,
            r#"{"level":7}"#,
        ] {
            refused(body, "not {\"level\"");
        }
    }
}
