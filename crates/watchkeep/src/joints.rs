//! Where two parts meet that never name each other.

#[cfg(feature = "metrics")]
use std::time::Duration;

#[cfg(all(feature = "alerts", feature = "tower"))]
use watchkeep_alerts::{Alert, Level};
#[cfg(feature = "tower")]
use watchkeep_tower::{Builder as LayerBuilder, ObservabilityLayer, Respond};

/// The first event of a process, and after it what was odd about its logging's configuration.
pub(crate) fn log_start(
    message: &'static str,
    version: &str,
    environment: Option<&str>,
    warnings: &[String],
) {
    tracing::info!(target: "watchkeep", version, environment, "{message}");
    for warning in warnings {
        tracing::warn!(target: "watchkeep", warning, "configuration has a value that is not used");
    }
}

/// What a service's layer begins with: scrapes, probes and the page are neither logged nor counted, and a panic is answered with 500.
#[cfg(feature = "tower")]
pub(crate) fn default_layer() -> LayerBuilder<Respond> {
    let builder = ObservabilityLayer::builder();
    #[cfg(feature = "endpoints")]
    let builder = builder.with_skip(watchkeep_endpoints::POLLED_PATHS);
    builder.with_panic_response()
}

/// Makes an alert of each panic of the service.
#[cfg(all(feature = "alerts", feature = "tower"))]
pub(crate) fn with_panic_alerts(
    layer: LayerBuilder<Respond>,
    alerting: watchkeep_alerts::Alerting,
) -> LayerBuilder<Respond> {
    watchkeep_tower::remember_panic_locations();
    layer.with_on_panic(move |report| {
        let message = format!("Panic in {}", report.route);
        let alert = Alert::new("HandlerPanic", Level::Critical, message)
            .with_detail("route", report.route)
            .with_detail("location", report.location.unwrap_or("unknown"));
        // A refusal is counted and logged by the engine, and the panic itself is in the log.
        let _ = alerting.try_trigger(alert);
    })
}

/// `<service>_build_info`, always 1, with the version and the service's own labels.
#[cfg(feature = "metrics")]
pub(crate) fn build_info(
    recorder: &watchkeep_metrics::Recorder,
    service: &str,
    version: &str,
    labels: &[(String, String)],
) {
    let mut all = vec![("version", version)];
    all.extend(
        labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    watchkeep_metrics::build_info(recorder, service, &all);
}

/// Ties observations to the trace of the request that made them, when that trace is sampled.
#[cfg(all(feature = "metrics", feature = "tower"))]
pub(crate) fn with_exemplars(
    metrics: watchkeep_metrics::RecorderBuilder,
) -> watchkeep_metrics::RecorderBuilder {
    metrics.with_exemplars(
        || {
            let context = watchkeep_tower::TraceContext::current()?;
            let trace = context.is_sampled().then(|| context.trace_id())?;
            watchkeep_metrics::TraceId::new(trace.to_bits())
        },
        watchkeep_metrics::clock::now,
    )
}

/// Without the layer nobody knows of a trace.
#[cfg(all(feature = "metrics", not(feature = "tower")))]
pub(crate) const fn with_exemplars(
    metrics: watchkeep_metrics::RecorderBuilder,
) -> watchkeep_metrics::RecorderBuilder {
    metrics
}

/// Forgets idle series each time the metrics are read.
#[cfg(feature = "metrics")]
pub(crate) fn expire_idle(recorder: &watchkeep_metrics::Recorder, timeout: Duration) {
    recorder.before_render(move |recorder| {
        recorder.expire_idle(timeout, watchkeep_metrics::clock::monotonic());
    });
}

/// What stands in the label `level`, least severe first.
#[cfg(all(feature = "metrics", feature = "logging"))]
const LOG_LEVELS: [(tracing::Level, &str); 5] = [
    (tracing::Level::TRACE, "trace"),
    (tracing::Level::DEBUG, "debug"),
    (tracing::Level::INFO, "info"),
    (tracing::Level::WARN, "warn"),
    (tracing::Level::ERROR, "error"),
];

/// Puts the log sinks' numbers among the metrics, each time they are read.
#[cfg(all(feature = "metrics", feature = "logging"))]
pub(crate) fn export_log_numbers(
    recorder: &watchkeep_metrics::Recorder,
    logs: watchkeep_logging::LogHandle,
) {
    describe_log_numbers();
    recorder.before_render(move |recorder| {
        metrics::with_local_recorder(recorder, || {
            for sink in logs.stats() {
                export_sink(&sink);
            }
            metrics::counter!("watchkeep_log_nested_events_total").absolute(logs.nested_events());
            metrics::counter!("watchkeep_log_suppressed_events_total")
                .absolute(logs.suppressed_events());
        });
    });
}

#[cfg(all(feature = "metrics", feature = "logging"))]
fn describe_log_numbers() {
    metrics::describe_counter!(
        "watchkeep_log_lines_total",
        "Log lines by sink, level and end: written, dropped for want of room, or failed to be written."
    );
    metrics::describe_counter!(
        "watchkeep_log_written_bytes_total",
        metrics::Unit::Bytes,
        "Bytes that a log sink has written."
    );
    metrics::describe_counter!(
        "watchkeep_log_rotations_total",
        "How often a log file was rotated."
    );
    metrics::describe_counter!(
        "watchkeep_log_io_errors_total",
        "Failed attempts to write, rotate, compress or delete a log file; lines that were lost are counted elsewhere."
    );
    metrics::describe_gauge!(
        "watchkeep_log_queue_bytes",
        metrics::Unit::Bytes,
        "Bytes that wait in a log sink's queue."
    );
    metrics::describe_gauge!(
        "watchkeep_log_queue_high_water_bytes",
        metrics::Unit::Bytes,
        "The most bytes that have ever waited in a log sink's queue."
    );
    metrics::describe_gauge!(
        "watchkeep_log_sink_failing",
        "1 while the last attempt of a log sink to write has failed, else 0."
    );
    metrics::describe_counter!(
        "watchkeep_log_nested_events_total",
        "Events that were not logged because they came out of logging itself."
    );
    metrics::describe_counter!(
        "watchkeep_log_suppressed_events_total",
        "Events that the rate limit of their place has held back."
    );
}

#[cfg(all(feature = "metrics", feature = "logging"))]
fn export_sink(sink: &watchkeep_logging::SinkStats) {
    let name = || metrics::SharedString::from(sink.name.clone().into_owned());
    for (level, word) in LOG_LEVELS {
        let counts = sink.lines(level);
        let ends = [
            ("written", counts.written),
            ("dropped", counts.dropped),
            ("failed", counts.failed),
        ];
        for (outcome, count) in ends {
            metrics::counter!("watchkeep_log_lines_total", "sink" => name(), "level" => word, "outcome" => outcome)
                .absolute(count);
        }
    }
    let counters = [
        ("watchkeep_log_written_bytes_total", sink.bytes_written),
        ("watchkeep_log_rotations_total", sink.rotations),
        ("watchkeep_log_io_errors_total", sink.io_errors),
    ];
    for (counter, value) in counters {
        metrics::counter!(counter, "sink" => name()).absolute(value);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a queue is far below 2^52 bytes"
    )]
    let gauges = [
        ("watchkeep_log_queue_bytes", sink.queue_bytes as f64),
        (
            "watchkeep_log_queue_high_water_bytes",
            sink.queue_high_water_bytes as f64,
        ),
        (
            "watchkeep_log_sink_failing",
            f64::from(u8::from(sink.is_failing)),
        ),
    ];
    for (gauge, value) in gauges {
        metrics::gauge!(gauge, "sink" => name()).set(value);
    }
}

/// The components of which a rule tells that they are unhealthy: those whose status, and nothing else, it reads.
#[cfg(all(feature = "health", feature = "rules"))]
pub(crate) fn covered_components<'a>(
    rules: impl IntoIterator<Item = &'a watchkeep_rules::Rule>,
) -> Vec<String> {
    let covered = |rule: &watchkeep_rules::Rule| covered(&rule.expression().to_string());
    rules.into_iter().filter_map(covered).collect()
}

/// Reads a rule as it is printed, in which labels have one form and one order.
#[cfg(all(feature = "health", feature = "rules"))]
fn covered(expression: &str) -> Option<String> {
    let (before, rest) = expression.split_once("watchkeep_health_status{")?;
    let (labels, after) = rest.split_once('}')?;
    // A rule over several series, or over time, or for when there are none, says something else than the component's status.
    let is_alarm = matches!(
        after.trim_start_matches(')'),
        "" | " > 0" | " == 1" | " >= 1"
    );
    if !is_alarm || before.contains("absent") || before.contains(['{', '[', ',']) {
        return None;
    }
    let value = |wanted: &str| {
        let start = format!("{wanted}=\"");
        let label = labels
            .split(',')
            .map(str::trim)
            .find(|it| it.starts_with(&start))?;
        label.get(start.len()..label.len() - 1)
    };
    (value("status") == Some("unhealthy")).then(|| value("component").map(str::to_owned))?
}

#[cfg(all(test, feature = "metrics"))]
mod tests {
    use super::*;

    #[cfg(all(feature = "health", feature = "rules"))]
    #[test]
    fn rules_that_read_a_components_health_cover_it() {
        use watchkeep_rules::{Expression, Rule};

        let condition = |text: &str| {
            let expression: Expression = text.parse().unwrap();
            Rule::condition("Rule", expression).build().unwrap()
        };
        let status = r#"watchkeep_health_status{component="x",status="unhealthy"}"#;
        let rules = [
            Rule::component_down("DatabaseDown", "database")
                .build()
                .unwrap(),
            condition(r#"watchkeep_health_status{status="unhealthy",component="queue"} == 1"#),
            condition(&format!("{status} == 0")),
            condition(&format!("absent({status})")),
            condition(&format!("{status} > 0 and on () up == 1")),
            condition(r#"watchkeep_health_status{component="x",status="degraded"} > 0"#),
            condition(r#"watchkeep_health_status{status="unhealthy"} > 0"#),
            condition("rate(oracle_errors_total[5m]) > 0"),
        ];
        assert_eq!(covered_components(&rules), ["database", "queue"]);
    }

    #[test]
    fn idle_series_go_when_metrics_are_read() {
        let recorder = watchkeep_metrics::Recorder::default();
        expire_idle(&recorder, Duration::ZERO);
        metrics::with_local_recorder(&recorder, || metrics::counter!("c_total").increment(1));
        assert!(
            recorder.snapshot().family("c_total").is_some(),
            "the first look only looks"
        );
        assert!(recorder.snapshot().family("c_total").is_none());
    }
}
