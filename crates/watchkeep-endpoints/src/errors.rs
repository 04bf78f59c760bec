//! `/logs/errors`: how many errors since when, by code, and the last of them.

use std::ops::ControlFlow;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use http::header::RETRY_AFTER;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use watchkeep_logging::LogHandle;
#[cfg(feature = "elasticsearch")]
use watchkeep_logging::query::Elasticsearch;
use watchkeep_logging::query::{ErrorQuery, ErrorReport, parse_since};

use crate::flight::{Flights, NoResult};
use crate::respond;
use crate::route::{self, Routes};

/// How far back a report goes when nothing is said.
const SINCE: &str = "1h";

/// How many reports are made at once; each reads a folder, and who asks for the same one shares it.
const MOST_AT_ONCE: usize = 2;

/// How long the files are read; the newest first, so that what is missing then is the oldest.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long lines that were just logged are waited for.
const FLUSH: Duration = Duration::from_millis(250);

/// Where errors are looked for, and which reports are being made.
#[derive(Clone, Debug)]
pub(crate) struct Errors {
    source: Source,
    reports: Flights<Duration, Result<Bytes, Bytes>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The JSON files, or the ring of the last records where there are none.
    Logs(LogHandle),
    /// What all of them were shipped to.
    #[cfg(feature = "elasticsearch")]
    Elasticsearch(Elasticsearch),
}

// === impl Errors ===

impl Errors {
    pub(crate) fn of(source: Source) -> Self {
        Self {
            source,
            reports: Flights::new(MOST_AT_ONCE),
        }
    }
}

// === impl Source ===

impl Source {
    /// Makes a report; it blocks the thread, and an error is in words for people.
    fn report(&self, query: &ErrorQuery) -> Result<ErrorReport, String> {
        match self {
            Self::Logs(logs) => of_logs(logs, query),
            #[cfg(feature = "elasticsearch")]
            Self::Elasticsearch(server) => query
                .of_elasticsearch(server)
                .map_err(|error| error.to_string()),
        }
    }
}

fn of_logs(logs: &LogHandle, query: &ErrorQuery) -> Result<ErrorReport, String> {
    let Some(file) = logs.json_file() else {
        return Ok(query.of_recent(&logs.recent()));
    };
    // What is not written by then is not in the report.
    let _ = logs.flush(FLUSH);
    let end = Instant::now() + PATIENCE;
    let scanned = query.of_files(&[file.to_owned()], |_| {
        if Instant::now() < end {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    match scanned {
        Ok(scanned) => Ok(scanned.report),
        Err(error) => Err(error.to_string()),
    }
}

pub(crate) fn mount(routes: &mut Routes, source: Source) {
    routes.mount(route::ERRORS, answer, Errors::of(source));
}

async fn answer(State(errors): State<Errors>, RawQuery(query): RawQuery) -> Response {
    let since = match since(query.as_deref()) {
        Ok(since) => since,
        Err(problem) => return respond::refusal(StatusCode::BAD_REQUEST, problem),
    };
    let source = errors.source.clone();
    let report = errors.reports.join(since, move || {
        let back = SignedDuration::try_from(since).unwrap_or(SignedDuration::MAX);
        let from = Timestamp::now().saturating_sub(back);
        let query = ErrorQuery::new(from.unwrap_or(Timestamp::MIN));
        match source.report(&query) {
            Ok(report) => Ok(Bytes::from(report.to_json())),
            Err(problem) => Err(Bytes::from(format!("{problem}\n"))),
        }
    });
    match report.await {
        Ok(Ok(json)) => respond::fresh(StatusCode::OK, "application/json", json),
        Ok(Err(problem)) => respond::refusal(StatusCode::BAD_GATEWAY, problem),
        Err(NoResult::Busy) => {
            let words = "other reports are being made; ask again in a second\n";
            let mut busy = respond::refusal(StatusCode::SERVICE_UNAVAILABLE, words);
            respond::with(&mut busy, RETRY_AFTER, "1");
            busy
        }
        Err(NoResult::Broken) => respond::refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the report could not be made\n",
        ),
    }
}

/// Reads `since=1h` out of a query; what else is in it is a mistake that nobody shall overlook.
fn since(query: Option<&str>) -> Result<Duration, String> {
    let mut text = SINCE;
    for pair in query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        match pair.split_once('=') {
            Some(("since", value)) => text = value,
            _ => return Err("only `since` is known here, as in ?since=1h\n".to_owned()),
        }
    }
    parse_since(text).map_err(|error| format!("{error}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_the_only_parameter() {
        assert_eq!(since(None), Ok(Duration::from_secs(3600)));
        assert_eq!(since(Some("")), Ok(Duration::from_secs(3600)));
        assert_eq!(since(Some("since=90s")), Ok(Duration::from_secs(90)));
        for query in ["since=never", "since=", "since", "until=1h", "since=1h&x"] {
            since(Some(query)).expect_err(query);
        }
        let problem = since(Some("since=never")).unwrap_err();
        assert!(
            problem.contains("`never`") && problem.contains("1h"),
            "{problem}"
        );
    }
}
