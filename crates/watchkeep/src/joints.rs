//! Where two parts meet that never name each other.

#[cfg(feature = "metrics")]
use std::time::Duration;

#[cfg(feature = "tower")]
use watchkeep_tower::{ObservabilityLayer, Respond};

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

/// The layer of a service that said nothing: scrapes, probes and the page are neither logged nor counted, and a panic is answered with 500.
#[cfg(feature = "tower")]
pub(crate) fn default_layer() -> ObservabilityLayer<Respond> {
    let builder = ObservabilityLayer::builder();
    #[cfg(feature = "endpoints")]
    let builder = builder.with_skip(watchkeep_endpoints::POLLED_PATHS);
    builder.with_panic_response().build()
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

/// The task that evaluates the rules; dropping this ends it.
#[cfg(feature = "rules")]
#[derive(Debug)]
pub(crate) struct RuleTask(tokio::task::JoinHandle<()>);

#[cfg(feature = "rules")]
impl Drop for RuleTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The components of which a rule tells that they are unhealthy.
#[cfg(all(feature = "health", feature = "rules"))]
pub(crate) fn covered_components(rules: &[watchkeep_rules::Rule]) -> Vec<String> {
    use watchkeep_rules::{Expression, Selector};

    let component = |selector: &Selector| {
        let label = |wanted: &str| {
            let mut labels = selector.labels();
            labels.find_map(|(name, value)| (name == wanted).then(|| value.to_owned()))
        };
        let reads_it = selector.name() == "watchkeep_health_status"
            && label("status").as_deref() == Some("unhealthy");
        reads_it.then(|| label("component")).flatten()
    };
    rules
        .iter()
        .filter_map(|rule| match rule.expression() {
            Expression::Latest(selector) => component(&selector),
            _ => None,
        })
        .collect()
}

/// Evaluates the rules at their interval, for as long as the returned task lives.
///
/// The first sample is taken here and now: what is counted from the start on counts for the rules.
#[cfg(feature = "rules")]
pub(crate) fn evaluate_rules(
    mut engine: watchkeep_rules::Engine,
    recorder: watchkeep_metrics::Recorder,
    alerting: watchkeep_alerts::Alerting,
    interval: Duration,
) -> RuleTask {
    evaluate_once(&mut engine, &recorder, &alerting);
    RuleTask(tokio::spawn(async move {
        let begin = tokio::time::Instant::now() + interval;
        let mut ticks = tokio::time::interval_at(begin, interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            evaluate_once(&mut engine, &recorder, &alerting);
        }
    }))
}

/// Takes a sample, and tells the alert engine what fires and what ends.
#[cfg(feature = "rules")]
fn evaluate_once(
    engine: &mut watchkeep_rules::Engine,
    recorder: &watchkeep_metrics::Recorder,
    alerting: &watchkeep_alerts::Alerting,
) {
    use watchkeep_rules::Transition;

    let now = watchkeep_metrics::clock::now();
    for transition in engine.evaluate(now, &recorder.snapshot()) {
        let outcome = match transition {
            Transition::Fire(alert) => alerting.fire(alert).map(drop),
            Transition::Resolve(alert) => alerting.resolve(alert.fingerprint()).map(drop),
            _ => Ok(()),
        };
        if let Err(error) = outcome {
            tracing::error!(%error, "alert of a rule was refused");
        }
    }
}

#[cfg(all(test, feature = "metrics"))]
mod tests {
    use super::*;

    #[cfg(all(feature = "health", feature = "rules"))]
    #[test]
    fn rules_that_read_a_components_health_cover_it() {
        use watchkeep_rules::{Rule, Selector};

        let selector = || Selector::new("watchkeep_health_status").with_label("component", "x");
        let rules = [
            Rule::component_down("DatabaseDown", "database"),
            Rule::error_ratio("Ratio", selector(), selector()),
            Rule::component_down("QueueDown", "queue"),
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
