//! What the registry exports.

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use super::*;

/// The value of every gauge and counter, and the number of values of every histogram, under `name{values}`.
fn series(snapshotter: &Snapshotter) -> Vec<(String, f64)> {
    let mut series: Vec<(String, f64)> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, _, help, value)| {
            assert!(
                help.is_some_and(|help| !help.is_empty()),
                "{key:?} has no help"
            );
            let (_, key) = key.into_parts();
            let labels: Vec<&str> = key.labels().map(metrics::Label::value).collect();
            let value = match value {
                DebugValue::Counter(count) => f64::from(u32::try_from(count).unwrap()),
                DebugValue::Gauge(value) => value.into_inner(),
                DebugValue::Histogram(values) => f64::from(u32::try_from(values.len()).unwrap()),
            };
            (
                format!(
                    "{} {}",
                    key.name().trim_start_matches("watchkeep_health_"),
                    labels.join(" ")
                ),
                value,
            )
        })
        .collect();
    series.sort_by(|a, b| a.0.cmp(&b.0));
    series
}

#[tokio::test(start_paused = true)]
async fn the_status_is_exported_as_a_state_set_from_the_start() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let registry = registry([
        failing("db"),
        Component::manual("api").starting_as(Status::Healthy),
    ]);
    assert!(series(&snapshotter).is_empty());
    let _running = registry.start();
    #[rustfmt::skip]
    let expected = |unhealthy, unknown, runs, ready| [
        ("check_duration_seconds db", runs),
        ("check_runs_total db error", runs), ("check_runs_total db ok", 0.0),
        ("check_runs_total db panic", 0.0), ("check_runs_total db stuck", 0.0),
        ("check_runs_total db timeout", 0.0),
        ("last_success_timestamp_seconds api", 0.0), ("last_success_timestamp_seconds db", 0.0),
        ("ready ", ready),
        ("status api degraded", 0.0), ("status api healthy", 1.0),
        ("status api unhealthy", 0.0), ("status api unknown", 0.0),
        ("status db degraded", 0.0), ("status db healthy", 0.0),
        ("status db unhealthy", unhealthy), ("status db unknown", unknown),
    ].map(|(name, value)| (name.to_owned(), value));
    // A snapshot empties the histograms, so each is taken once and parted.
    let parted = || {
        let (transitions, others): (Vec<_>, Vec<_>) = series(&snapshotter)
            .into_iter()
            .partition(|(name, _)| name.starts_with("transitions_total"));
        assert_eq!(transitions.len(), 24, "from each to any other");
        let counted: Vec<_> = transitions.into_iter().filter(|it| it.1 > 0.0).collect();
        (counted, others)
    };
    assert_eq!(parted(), (vec![], expected(0.0, 1.0, 0.0, 0.0).to_vec()));
    until(&registry, "db", Status::Unhealthy).await;
    let change = "transitions_total db unknown unhealthy".to_owned();
    assert_eq!(
        parted(),
        (vec![(change, 1.0)], expected(1.0, 0.0, 3.0, 0.0).to_vec())
    );
    registry.set_status("api", Status::Healthy, None).unwrap();
    let seen = series(&snapshotter);
    assert!(
        seen.iter()
            .any(|(name, value)| name == "last_success_timestamp_seconds api" && *value > 1.6e9)
    );
    registry.set_status("api", Status::Degraded, None).unwrap();
    let after = series(&snapshotter);
    let api: Vec<f64> = after
        .iter()
        .filter(|(name, _)| name.starts_with("status api"))
        .map(|s| s.1)
        .collect();
    assert_eq!(api, [1.0, 0.0, 0.0, 0.0]);
}

#[tokio::test(start_paused = true)]
async fn every_way_a_run_can_end_is_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let registry = registry([
        passing("ok"),
        failing("error"),
        Component::from_fn("timeout", std::future::pending),
        Component::from_fn("panic", || async { panic!("boom") }),
    ]);
    let _running = registry.start();
    sleep(5 * SECOND).await;
    let counts = series(&snapshotter);
    for component in ["error", "ok", "panic", "timeout"] {
        let runs: Vec<_> = counts
            .iter()
            .filter(|(name, count)| {
                name.starts_with(&format!("check_runs_total {component} ")) && *count > 0.0
            })
            .collect();
        assert_eq!(
            runs,
            [&(format!("check_runs_total {component} {component}"), 1.0)]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_go_well_and_the_runtime_s_lag_are_exported() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let registry = Registry::builder("1")
        .component(Component::manual("api"))
        .wall_clock(|| Duration::from_secs(1_700_000_000))
        .watchdog(10 * SECOND)
        .build()
        .unwrap();
    let _running = registry.start();
    let value = |name: &str| {
        let series = series(&snapshotter);
        series
            .into_iter()
            .find(|it| it.0.starts_with(name))
            .unwrap()
            .1
    };
    let last_success = "last_success_timestamp_seconds api";
    registry.observe("api", Err(CheckError::new("no"))).unwrap();
    assert_eq!(value(last_success), 0.0);
    registry.observe("api", Ok(())).unwrap();
    assert_eq!(value(last_success), 1.7e9);
    sleep(5 * SECOND).await;
    assert!(value("runtime_lag_seconds") < 0.1);
    // Two seconds that the runtime does not get round to; its timer was due within one.
    tokio::time::advance(2 * SECOND).await;
    sleep(Duration::from_millis(1)).await;
    let lag = value("runtime_lag_seconds");
    assert!((1.0..=2.1).contains(&lag), "{lag}");
}
