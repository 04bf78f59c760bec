//! Which alerts are shown, and in which order.

use std::time::Duration;

use watchkeep_alerts::testing::ManualClock;
use watchkeep_alerts::{Alert, notifiers};

use super::*;

const CONFIG: &str = r#"
route: {receiver: chat, routes: [{matchers: [alertname = Muted], mute_time_intervals: [always]}]}
receivers: [{name: chat}]
inhibit_rules: [{source_matchers: [alertname = Down], target_matchers: [alertname = Slow]}]
time_intervals: [{name: always, time_intervals: [{}]}]
"#;

fn engine() -> (Alerting, ManualClock) {
    let clock = ManualClock::new(Timestamp::from_millis(1_700_000_000_000));
    let builder = Alerting::builder("test")
        .clock(clock.clone())
        .notifier("chat", notifiers::Log::new())
        .config_yaml(CONFIG);
    (builder.build().unwrap(), clock)
}

fn names(reports: &[AlertReport]) -> Vec<&str> {
    let labels = reports.iter().map(|it| &it.alert.labels);
    labels.map(|it| it["alertname"].as_str()).collect()
}

#[tokio::test]
async fn what_nobody_is_told_of_comes_last_and_else_the_worst_and_the_newest_first() {
    let (alerting, clock) = engine();
    for (name, level) in [
        ("Slow", Level::Critical),
        ("Muted", Level::Critical),
        ("OldWarning", Level::Warning),
        ("Down", Level::Error),
        ("NewWarning", Level::Warning),
        ("Note", Level::Info),
    ] {
        alerting
            .fire(Alert::new(name, level, "text"))
            .await
            .unwrap();
        clock.advance(Duration::from_secs(1));
    }
    let gone = Alert::new("Gone", Level::Critical, "text");
    alerting.fire(gone.clone()).await.unwrap();
    alerting.resolve(gone.fingerprint()).await.unwrap();

    let alerts = Alerts::ask(&alerting).await.unwrap();
    assert_eq!(alerts.firing, 6);
    assert_eq!(
        names(&alerts.shown),
        ["Down", "NewWarning", "OldWarning", "Note", "Muted", "Slow"]
    );
    assert_eq!(names(&alerts.inhibitors), ["Down"]);
}

#[tokio::test]
async fn the_worst_of_many_are_found_wherever_they_are() {
    let (alerting, _clock) = engine();
    for number in 0..1_200 {
        let level = if number % 20 == 0 {
            Level::Critical
        } else {
            Level::Warning
        };
        let alert = Alert::new(format!("Alert{number}"), level, "text");
        alerting.fire(alert).await.unwrap();
    }
    let alerts = Alerts::ask(&alerting).await.unwrap();
    assert_eq!((alerts.firing, alerts.shown.len()), (1_200, MOST_ALERTS));
    let levels = alerts.shown.iter().map(|it| it.alert.level);
    assert_eq!(levels.filter(|it| *it == Level::Critical).count(), 60);
}
