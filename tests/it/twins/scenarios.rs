//! Timed scenarios, all at once by label: the same notices at a webhook, in the same order, at about the same time.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::time::{Duration, Instant, sleep_until};
use watchkeep_alerts::Alerting;
use watchkeep_tests::programs;
use watchkeep_tests::servers::alertmanager_with;

use super::script::Step::{self, Expire, Fire, Resolve, Silence};
use super::script::{Heard, Notices, play};
use super::{Ours, url_of};

/// How far apart the same notice may be: less than half of the time between two flushes.
const TOLERANCE: Duration = Duration::from_millis(1_400);
/// When the last thing has happened: two repeats have gone by.
const END: Duration = Duration::from_millis(21_500);

/// Flushes 1 s after the first alert and then each 3 s; a repeat at every third flush, with half an interval to spare.
fn config(url: &str) -> String {
    format!(
        r#"
route:
  receiver: hook
  group_by: [scenario, role]
  group_wait: 1s
  group_interval: 3s
  repeat_interval: 7500ms
  routes:
    - {{matchers: [scenario = muted], receiver: hook, mute_time_intervals: [always]}}
    - {{matchers: [scenario = inactive], receiver: hook, active_time_intervals: [never]}}
    - {{matchers: [scenario = active], receiver: hook, active_time_intervals: [always]}}
    - {{matchers: [scenario = twice], receiver: hook, continue: true}}
    - {{matchers: [scenario = twice], receiver: other}}
    - {{matchers: [scenario = quiet_end], receiver: no_ends}}
receivers:
  - {{name: hook, webhook_configs: [{{url: '{url}/hook'}}]}}
  - {{name: other, webhook_configs: [{{url: '{url}/other'}}]}}
  - {{name: no_ends, webhook_configs: [{{url: '{url}/no_ends', send_resolved: false}}]}}
time_intervals:
  - {{name: always, time_intervals: [{{}}]}}
  - {{name: never, time_intervals: [{{years: ['1999']}}]}}
inhibit_rules: [{{source_matchers: [role = source], target_matchers: [role = target], equal: [scenario]}}]
"#
    )
}

/// What is done when, in tenths of a second: scenario, and the other labels of the alert.
const STEPS: &[(u64, Step)] = &[
    (0, Fire("grouped", "n=1")),
    (3, Fire("grouped", "n=2")),
    (0, Fire("joined", "n=1")),
    (25, Fire("joined", "n=2")),
    (0, Fire("repeated", "n=1")),
    (0, Fire("resolved", "n=1")),
    (0, Fire("resolved", "n=2")),
    (25, Resolve("resolved", "n=1")),
    (55, Resolve("resolved", "n=2")),
    (0, Fire("again", "n=1")),
    (25, Resolve("again", "n=1")),
    // Just before the flush of a group that one of both may have forgotten.
    (67, Fire("again", "n=1")),
    (0, Fire("flapping", "n=1")),
    (20, Resolve("flapping", "n=1")),
    (28, Fire("flapping", "n=1")),
    (0, Fire("blip", "n=1")),
    (5, Resolve("blip", "n=1")),
    (0, Fire("quiet_end", "n=1")),
    (25, Resolve("quiet_end", "n=1")),
    (0, Fire("twice", "n=1")),
    (25, Resolve("twice", "n=1")),
    (0, Fire("inhibited", "role=source,n=1")),
    // It ends later, so that it is the one that strict mode remembers.
    (1, Fire("inhibited", "role=source,n=2")),
    (2, Fire("inhibited", "role=target")),
    (25, Resolve("inhibited", "role=source,n=1")),
    (85, Resolve("inhibited", "role=source,n=2")),
    (0, Silence("silenced", 55)),
    (2, Fire("silenced", "n=1")),
    (0, Fire("silenced_later", "n=1")),
    (25, Silence("silenced_later", 600)),
    (55, Resolve("silenced_later", "n=1")),
    (0, Silence("expired", 600)),
    (2, Fire("expired", "n=1")),
    (55, Expire("expired")),
    (0, Fire("muted", "n=1")),
    (0, Fire("inactive", "n=1")),
    (0, Fire("active", "n=1")),
];

/// A notice in full: to whom, of which group, and its alerts in order.
fn in_full(notice: &Value) -> String {
    let alerts = notice["alerts"].as_array().into_iter().flatten();
    let alerts = alerts.map(|alert| {
        let status = alert["status"].as_str().unwrap_or("?");
        format!("{status} {}", alert["labels"])
    });
    let key = ["receiver", "status", "groupKey"].map(|field| notice[field].to_string());
    format!(
        "{} {}",
        key.join(" "),
        alerts.collect::<Vec<_>>().join(" + ")
    )
}

#[tokio::test]
async fn timed_scenarios_give_the_same_notices() {
    let sinks = [Heard::start().await, Heard::start().await];
    let Some(program) = programs::require("prometheus-alertmanager") else {
        return;
    };
    let theirs = alertmanager_with(&program, &config(sinks[0].sink.url())).await;
    let builder = Alerting::builder("twin").strict(true);
    let ours = Ours::start(builder.config_yaml(&config(sinks[1].sink.url()))).await;
    let start = Instant::now();
    let (theirs, ours) = (url_of(&theirs), ours.url());
    tokio::join!(play(&theirs, start, STEPS), play(&ours, start, STEPS));
    sleep_until(start + END).await;
    let [theirs, ours] = sinks.map(|sink| sink.notices(start, in_full));
    assert!(theirs.len() > 12, "{theirs:#?}");
    let told = |notices: &Notices, scenario: &str| notices.get(scenario).map_or(0, Vec::len);
    for (scenario, least) in [
        ("repeated", 3),
        ("silenced", 1),
        ("inhibited", 4),
        ("again", 3),
        ("twice", 4),
    ] {
        assert!(told(&theirs, scenario) >= least, "{scenario}: {theirs:#?}");
    }
    for scenario in ["muted", "inactive", "blip"] {
        assert_eq!(told(&theirs, scenario), 0, "{scenario}: {theirs:#?}");
    }
    let texts = |notices: &Notices| -> BTreeMap<String, Vec<String>> {
        let texts = notices.iter().map(|(scenario, notices)| {
            let mut texts: Vec<_> = notices.iter().map(|(_, text)| text.clone()).collect();
            texts.sort();
            (scenario.clone(), texts)
        });
        texts.collect()
    };
    assert_eq!(
        texts(&theirs),
        texts(&ours),
        "theirs: {theirs:#?}\nours: {ours:#?}"
    );
    for (scenario, theirs) in &theirs {
        // Of equal texts the times are in order; so are notices of one group.
        let by_text = |notices: &[(Duration, String)]| {
            let mut notices: Vec<_> = notices
                .iter()
                .map(|(at, text)| (text.clone(), *at))
                .collect();
            notices.sort();
            notices
        };
        for ((text, at), (_, own)) in by_text(theirs).into_iter().zip(by_text(&ours[scenario])) {
            assert!(
                at.abs_diff(own) < TOLERANCE,
                "{scenario}: {text}: theirs at {at:?}, ours at {own:?}"
            );
        }
    }
}
