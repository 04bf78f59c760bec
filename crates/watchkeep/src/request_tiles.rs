//! The tiles that every service has: its requests as the layer counts them.

use std::time::Duration;

use watchkeep_endpoints::{Source, Tile};
use watchkeep_metrics::{Recorder, Snapshot, Value};

const REQUESTS: &str = "http_server_requests_total";
const DURATIONS: &str = "http_server_request_duration_seconds";
const IN_FLIGHT: &str = "http_server_requests_in_flight";

/// Requests, server errors, durations and what is in flight.
#[derive(Debug)]
pub(crate) struct RequestTiles {
    recorder: Recorder,
}

impl RequestTiles {
    pub(crate) fn new(recorder: Recorder) -> Self {
        Self { recorder }
    }
}

impl Source for RequestTiles {
    fn tiles(&self) -> Vec<Tile> {
        tiles(&self.recorder.snapshot_of(&[REQUESTS, DURATIONS, IN_FLIGHT]))
    }
}

fn tiles(numbers: &Snapshot) -> Vec<Tile> {
    let requests = numbers.counter(REQUESTS, &[]);
    let errors = server_errors(numbers);
    let share = if requests > 0.0 {
        format!("{:.1}%", errors / requests * 100.0)
    } else {
        "–".to_owned()
    };
    let mut tiles = vec![
        Tile::new("Requests", format!("{requests:.0}")).with_counter(requests, "requests"),
        Tile::new("Server Errors", format!("{errors:.0}"))
            .with_note(share)
            .with_counter(errors, "errors"),
    ];
    if let Some(durations) = numbers.histogram(DURATIONS, &[]) {
        let mean = durations
            .mean()
            .map_or_else(|| "–".to_owned(), milliseconds);
        let p95 = durations.quantile(0.95);
        let p95 = p95.map_or_else(String::new, |p95| format!("p95 {}", milliseconds(p95)));
        #[expect(clippy::cast_precision_loss, reason = "requests are far below 2^52")]
        let count = durations.count as f64;
        tiles.push(
            Tile::new("Avg Response Time", mean)
                .with_note(p95)
                .with_ratio(durations.sum * 1_000.0, count, "ms"),
        );
    }
    if let Some(in_flight) = numbers.gauge(IN_FLIGHT, &[]) {
        tiles.push(
            Tile::new("In Flight", format!("{in_flight:.0}")).with_gauge(in_flight, "requests"),
        );
    }
    tiles
}

fn server_errors(numbers: &Snapshot) -> f64 {
    let Some(family) = numbers.family(REQUESTS) else {
        return 0.0;
    };
    let failed = family.series().iter().filter(|series| {
        series
            .label("status")
            .is_some_and(|status| status.starts_with('5'))
    });
    let counts = failed.filter_map(|series| match series.value() {
        Value::Counter(count) => Some(*count),
        _ => None,
    });
    counts.sum()
}

fn milliseconds(seconds: f64) -> String {
    let rounded = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    format!("{:.0} ms", rounded.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_what_the_layer_counts() {
        let recorder = Recorder::default();
        let shown = || {
            let tiles = tiles(&recorder.snapshot_of(&[REQUESTS, DURATIONS, IN_FLIGHT]));
            let text = |tile: &Tile| format!("{} {} {}", tile.title, tile.value, tile.note);
            tiles.iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(shown(), ["Requests 0 ", "Server Errors 0 –"]);
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!(REQUESTS, "status" => "200").increment(3);
            metrics::counter!(REQUESTS, "status" => "503").increment(1);
            metrics::histogram!(DURATIONS).record(0.5);
            metrics::gauge!(IN_FLIGHT).set(2.0);
        });
        assert_eq!(
            shown(),
            [
                "Requests 4 ",
                "Server Errors 1 25.0%",
                "Avg Response Time 500 ms p95 488 ms",
                "In Flight 2 "
            ]
        );
    }
}
