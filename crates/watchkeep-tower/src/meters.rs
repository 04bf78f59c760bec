//! The metrics of the layer, in whatever recorder is there at the time.

use std::{
    fmt, ptr, str,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::StatusCode;
use metrics::{Gauge, Key, KeyName, Label, Level, Metadata, Recorder, SharedString, Unit};

use crate::outcome::Outcome;

const REQUESTS: &str = "http_server_requests_total";
const DURATION: &str = "http_server_request_duration_seconds";
const IN_FLIGHT: &str = "http_server_requests_in_flight";
const PANICS: &str = "http_server_panics_total";

static IN_FLIGHT_KEY: Key = Key::from_static_name(IN_FLIGHT);
static PANICS_KEY: Key = Key::from_static_name(PANICS);
static METADATA: Metadata<'static> =
    Metadata::new("watchkeep_tower", Level::INFO, Some("watchkeep_tower"));

/// The three digits of every status code, so that a label needs no allocation.
static DIGITS: [[u8; 3]; 900] = digits();

/// The label of a request that never got a response.
const NO_STATUS: &str = "none";

/// Where the layer's numbers go.
pub(crate) struct Meters {
    /// None is the global recorder, or the thread's local one.
    recorder: Option<Arc<dyn Recorder + Send + Sync>>,
    /// The address of the recorder that knows the help texts; it changes when one is installed later.
    described: AtomicUsize,
}

impl Meters {
    pub(crate) fn new(recorder: Option<Arc<dyn Recorder + Send + Sync>>) -> Self {
        let meters = Self {
            recorder,
            described: AtomicUsize::new(0),
        };
        meters.with_recorder(|_| ());
        meters
    }

    /// Counts a request as in flight; who gets the gauge takes it off there again.
    ///
    /// A handle, and not another look-up at the end, because the recorder may have changed by then.
    pub(crate) fn begin(&self) -> Gauge {
        self.with_recorder(|recorder| {
            let gauge = recorder.register_gauge(&IN_FLIGHT_KEY, &METADATA);
            gauge.increment(1.0);
            gauge
        })
    }

    /// Counts a request that has ended.
    pub(crate) fn finish(
        &self,
        method: &'static str,
        route: &SharedString,
        status: Option<StatusCode>,
        outcome: Outcome,
        duration: Duration,
    ) {
        let method = Label::from_static_parts("method", method);
        let route = Label::new("route", route.clone());
        let of_duration = Key::from_parts(DURATION, vec![method.clone(), route.clone()]);
        let of_requests = Key::from_parts(
            REQUESTS,
            vec![
                method,
                route,
                Label::from_static_parts("status", status_label(status)),
                Label::from_static_parts("outcome", outcome.as_str()),
            ],
        );
        self.with_recorder(|recorder| {
            recorder
                .register_counter(&of_requests, &METADATA)
                .increment(1);
            recorder
                .register_histogram(&of_duration, &METADATA)
                .record(duration.as_secs_f64());
        });
    }

    /// Counts a panic.
    pub(crate) fn panicked(&self) {
        self.with_recorder(|recorder| {
            recorder
                .register_counter(&PANICS_KEY, &METADATA)
                .increment(1);
        });
    }

    fn with_recorder<T>(&self, work: impl FnOnce(&dyn Recorder) -> T) -> T {
        match &self.recorder {
            Some(recorder) => {
                self.describe(recorder);
                work(recorder)
            }
            None => metrics::with_recorder(|recorder| {
                self.describe(recorder);
                work(recorder)
            }),
        }
    }

    /// Tells a recorder that is met for the first time what the metrics mean, and begins them at 0.
    fn describe(&self, recorder: &dyn Recorder) {
        let address = ptr::from_ref(recorder).addr();
        if self.described.load(Ordering::Acquire) == address {
            return;
        }
        let name = KeyName::from_const_str;
        recorder.describe_counter(
            name(REQUESTS),
            None,
            "HTTP requests that have ended, by how they ended.".into(),
        );
        recorder.describe_histogram(
            name(DURATION),
            Some(Unit::Seconds),
            "Time from the arrival of an HTTP request to the end of its response; of an event stream, to its begin.".into(),
        );
        recorder.describe_gauge(
            name(IN_FLIGHT),
            None,
            "HTTP requests that have begun and not ended.".into(),
        );
        recorder.describe_counter(
            name(PANICS),
            None,
            "Panics of the HTTP service, its futures and its bodies.".into(),
        );
        recorder
            .register_gauge(&IN_FLIGHT_KEY, &METADATA)
            .increment(0.0);
        recorder
            .register_counter(&PANICS_KEY, &METADATA)
            .increment(0);
        self.described.store(address, Ordering::Release);
    }
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recorder = if self.recorder.is_some() {
            "own"
        } else {
            "global"
        };
        f.debug_struct("Meters")
            .field("recorder", &recorder)
            .finish_non_exhaustive()
    }
}

fn status_label(status: Option<StatusCode>) -> &'static str {
    status
        .and_then(|status| DIGITS.get(usize::from(status.as_u16()).checked_sub(100)?))
        .and_then(|digits| str::from_utf8(digits).ok())
        .unwrap_or(NO_STATUS)
}

const fn digits() -> [[u8; 3]; 900] {
    let mut table = [[b'0'; 3]; 900];
    let mut index = 0;
    while index < table.len() {
        let code = index + 100;
        table[index] = [
            b'0' + (code / 100) as u8,
            b'0' + (code / 10 % 10) as u8,
            b'0' + (code % 10) as u8,
        ];
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_its_own_label() {
        for code in 100..=999 {
            let status = StatusCode::from_u16(code).unwrap();
            assert_eq!(status_label(Some(status)), code.to_string());
        }
        assert_eq!(status_label(None), "none");
    }
}
