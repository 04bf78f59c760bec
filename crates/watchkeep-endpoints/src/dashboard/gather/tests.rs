//! Snapshots of parts that have too much, nothing, or fail.

use watchkeep_alerts::{Alert, Alerting, Level};
use watchkeep_health::{Component, Registry, Status};

use super::super::page;
use super::super::source::Source;
use super::*;

fn now() -> jiff::Timestamp {
    "2026-08-22T10:15:30Z".parse().unwrap()
}

fn gatherer(dashboard: Dashboard, parts: Parts) -> Gatherer {
    Gatherer::new(dashboard, parts, Some("token".to_owned()))
}

fn snapshot(dashboard: Dashboard, parts: Parts) -> Snapshot {
    gatherer(dashboard, parts).gather(Some(Alerts::default()), true, now())
}

/// A source of too much.
struct Plenty;

impl Source for Plenty {
    fn tiles(&self) -> Vec<Tile> {
        let tile = |number| Tile::new(format!("{number}"), "x".repeat(1_000)).with_gauge(1.0, "");
        (0..100).map(tile).collect()
    }

    fn sections(&self) -> Vec<Section> {
        let columns = vec!["column"; 20];
        let mut section = Section::new("Section", columns.clone());
        for _ in 0..200 {
            section = section.with_row(columns.clone());
        }
        vec![section; 20]
    }
}

#[test]
fn what_a_source_shows_is_bounded() {
    let mut gatherer = gatherer(
        Dashboard::new("Plenty").with_source(Plenty),
        Parts::default(),
    );
    let snapshot = gatherer.gather(Some(Alerts::default()), true, now());
    assert_eq!(snapshot.tiles.len(), MOST_TILES);
    assert_eq!(gatherer.trends.len(), MOST_TILES);
    assert_eq!(snapshot.tiles[0].value.chars().count(), 501);
    assert_eq!(snapshot.sections.len(), MOST_SECTIONS);
    assert_eq!(snapshot.sections[0].columns.len(), MOST_COLUMNS);
    assert_eq!(snapshot.sections[0].rows.len(), MOST_ROWS);
    assert_eq!(snapshot.sections[0].rows[0].cells.len(), MOST_COLUMNS);
}

#[test]
fn the_status_has_room_however_many_tiles_there_are() {
    let parts = Parts {
        health: Some(
            Registry::builder("1")
                .ready_without_checks()
                .build()
                .unwrap(),
        ),
        ..Parts::default()
    };
    let snapshot = snapshot(Dashboard::new("Plenty").with_source(Plenty), parts);
    assert_eq!(snapshot.tiles.len(), MOST_TILES);
    assert_eq!(snapshot.tiles.last().unwrap().title, "System Status");
}

#[test]
fn samples_move_only_when_it_is_time_and_go_with_their_tile() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let shown = Arc::new(AtomicBool::new(true));
    let source = Arc::clone(&shown);
    let tiles = move || match source.load(Ordering::Relaxed) {
        true => vec![Tile::new("a", "1").with_gauge(1.0, "")],
        false => Vec::new(),
    };
    let mut gatherer = gatherer(Dashboard::new("x").with_tiles(tiles), Parts::default());
    let mut pieces = |is_sample| {
        let snapshot = gatherer.gather(Some(Alerts::default()), is_sample, now());
        let line = snapshot.tiles.first().map(|tile| tile.spark.line.clone());
        line.map(|line| line.matches(['M', 'L']).count())
    };
    assert_eq!(pieces(false), Some(0));
    assert_eq!(pieces(true), Some(1));
    assert_eq!(pieces(false), Some(1));
    assert_eq!(pieces(true), Some(2));
    shown.store(false, Ordering::Relaxed);
    assert_eq!(pieces(true), None);
    shown.store(true, Ordering::Relaxed);
    assert_eq!(pieces(true), Some(1));
}

#[test]
fn a_source_that_panics_and_an_engine_that_is_silent_are_said() {
    let dashboard = Dashboard::new("x")
        .with_tiles(|| panic!("on purpose"))
        .with_tiles(|| vec![Tile::new("still", "there")]);
    let mut gatherer = gatherer(dashboard, Parts::default());
    let snapshot = gatherer.gather(None, true, now());
    let problems: Vec<&str> = snapshot
        .problems
        .iter()
        .map(|it| it.text.as_str())
        .collect();
    assert_eq!(
        problems,
        [
            "The alert engine does not answer.",
            "A source of this page panics; its tiles are missing."
        ]
    );
    assert_eq!(snapshot.tiles[0].title, "still");
}

#[test]
fn the_worst_components_are_shown() {
    let mut builder = Registry::builder("1").ready_without_checks();
    for number in 0..250 {
        let component = Component::manual(format!("component{number}"));
        builder = builder.component(component.starting_as(Status::Healthy).optional());
    }
    let registry = builder
        .component(Component::manual("last").critical())
        .build()
        .unwrap();
    registry
        .set_status("last", Status::Unhealthy, Some("gone"))
        .unwrap();
    let parts = Parts {
        health: Some(registry),
        ..Parts::default()
    };
    let snapshot = snapshot(Dashboard::new("ORACLE"), parts);
    assert_eq!(snapshot.components.len(), 200);
    assert_eq!(snapshot.components[0].name, "last");
    assert!(
        snapshot.components_hidden.starts_with("51 more"),
        "{}",
        snapshot.components_hidden
    );
    assert_eq!(
        (snapshot.status.as_str(), snapshot.page_title.as_str()),
        ("unhealthy", "✕ ORACLE")
    );
    let change = &snapshot.transitions[0];
    assert_eq!(
        (
            change.component.as_str(),
            change.to.as_str(),
            change.message.as_str()
        ),
        ("last", "unhealthy", "gone")
    );
}

#[tokio::test]
async fn the_most_severe_alerts_are_shown() {
    let alerting = Alerting::builder("test").build().unwrap();
    for number in 0..120 {
        let alert = Alert::new(format!("Alert{number}"), Level::Warning, "so so");
        alerting.fire(alert).await.unwrap();
    }
    let alert = Alert::new("Worst", Level::Critical, "all is lost").with_label("shard", "7");
    alerting.fire(alert).await.unwrap();
    let alerts = Alerts {
        dead_letters: 3,
        ..Alerts::ask(&alerting).await.unwrap()
    };
    let parts = Parts {
        alerts: Some(alerting),
        ..Parts::default()
    };
    let snapshot = gatherer(Dashboard::new("x"), parts).gather(Some(alerts), true, now());
    assert_eq!((snapshot.alerts.len(), snapshot.alerts_total), (100, 121));
    assert_eq!(snapshot.alerts_hidden, "21 more are not shown.");
    assert!(snapshot.has_dead_letters);
    let worst = &snapshot.alerts[0];
    assert_eq!(
        (worst.name.as_str(), worst.summary.as_str(), worst.tone),
        ("Worst", "all is lost", "unhealthy")
    );
    let labels: Vec<&str> = worst.labels.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(labels, ["shard=7"]);
}

#[test]
fn the_page_escapes_what_it_shows() {
    const ATTACK: &str = "<script>\"'&";
    let dashboard = Dashboard::new(ATTACK)
        .with_detail(ATTACK, ATTACK)
        .with_tiles(|| {
            vec![
                Tile::new(ATTACK, ATTACK)
                    .with_note(ATTACK)
                    .with_tone(ATTACK)
                    .with_gauge(1.0, ATTACK),
            ]
        });
    let html = page::render(&snapshot(dashboard, Parts::default()), "", true);
    assert!(html.contains("&#60;script&#62;&#34;&#39;&#38;"), "{html}");
    assert!(!html.contains("<script>"), "{html}");
    assert!(!html.contains("\"'&"), "{html}");
}

#[test]
fn records_come_newest_first_and_errors_are_counted_by_code() {
    use tracing_subscriber::layer::SubscriberExt as _;
    use watchkeep_logging::{Console, LogConfig};

    let config = LogConfig::new("test").with_console(Console::Off);
    let (layer, logs) = config.with_dir(None).build().unwrap();
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        for number in 0..60 {
            tracing::error!(error.code = "DOWN", number, "it failed");
        }
        tracing::error!(error.code = "<LATE>", "it was late");
        tracing::warn!(error.code = "DOWN", "the same again, of the request");
    });
    let parts = Parts {
        logs: Some(logs.handle()),
        ..Parts::default()
    };
    let logs = snapshot(Dashboard::new("x"), parts).logs;
    let codes: Vec<(&str, usize)> = logs
        .codes
        .iter()
        .map(|it| (it.code.as_str(), it.count))
        .collect();
    assert_eq!(codes, [("DOWN", 60), ("<LATE>", 1)]);
    assert_eq!(logs.records.len(), 50);
    assert_eq!(
        (logs.records[0].level, logs.records[0].tone),
        ("WARN", "degraded")
    );
    assert_eq!(logs.records[1].message, "it was late");
    assert_eq!(logs.records[1].fields, "error.code=<LATE>");
    let mut keys: Vec<&str> = logs.records.iter().map(|it| it.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 50, "each row has a key of its own");
    assert_eq!(
        (logs.filter.as_str(), logs.filter_words.as_str()),
        ("info", "")
    );
}
