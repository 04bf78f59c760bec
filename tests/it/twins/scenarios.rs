//! Timed scenarios, all at once by label: the same notices at a webhook, in the same order, at about the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep_until};
use watchkeep_alerts::Alerting;
use watchkeep_tests::programs;
use watchkeep_tests::servers::alertmanager_with;
use watchkeep_tests::sink::{Reply, Sink};

use super::{Asked, Ours, url_of};

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

/// What happens to an alert, at a tenth of a second.
enum Step {
    Fire(&'static str, &'static str),
    Resolve(&'static str, &'static str),
    /// For so many tenths of a second.
    Silence(&'static str, u64),
    /// Ends the first silence of a scenario.
    Expire(&'static str),
}

use Step::{Expire, Fire, Resolve, Silence};

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
    (60, Fire("again", "n=1")),
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

/// When a notice came, and what it says.
type Notices = BTreeMap<String, Vec<(Duration, String)>>;

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
    tokio::join!(play(&theirs, start), play(&ours, start));
    let [theirs, ours] = sinks.map(|sink| sink.notices(start));
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

/// A webhook that takes note of when it is told.
struct Heard {
    sink: Sink,
    notices: Arc<Mutex<Vec<(Instant, Value)>>>,
}

impl Heard {
    async fn start() -> Self {
        let notices: Arc<Mutex<Vec<(Instant, Value)>>> = Arc::default();
        let heard = Arc::clone(&notices);
        let sink = Sink::start(move |body| {
            let notice = serde_json::from_str(body).unwrap_or_default();
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.push((Instant::now(), notice));
            Reply::ok("")
        })
        .await;
        Self { sink, notices }
    }

    fn notices(self, start: Instant) -> Notices {
        let mut notices = Notices::new();
        let heard = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, notice) in heard.iter() {
            let scenario = notice["commonLabels"]["scenario"].as_str().unwrap_or("?");
            let alerts = notice["alerts"].as_array().into_iter().flatten();
            let alerts = alerts.map(|alert| {
                format!(
                    "{} {}",
                    alert["status"].as_str().unwrap_or("?"),
                    alert["labels"]
                )
            });
            let key = ["receiver", "status", "groupKey"].map(|field| notice[field].to_string());
            let text = format!(
                "{} {}",
                key.join(" "),
                alerts.collect::<Vec<_>>().join(" + ")
            );
            let notices = notices.entry(scenario.to_owned()).or_default();
            notices.push((at.duration_since(start), text));
        }
        notices
    }
}

async fn play(base: &str, start: Instant) {
    let mut steps: Vec<_> = STEPS.iter().collect();
    steps.sort_by_key(|(at, _)| *at);
    let began = jiff::Timestamp::now();
    let time = |tenths: u64| (began + Duration::from_millis(tenths * 100)).to_string();
    let client = watchkeep_tests::client::client();
    let mut silences = BTreeMap::new();
    for (at, step) in steps {
        sleep_until(start + Duration::from_millis(at * 100)).await;
        let asked = match step {
            Fire(scenario, labels) => alert(scenario, labels, &time(0), &time(6_000 + at)),
            Resolve(scenario, labels) => alert(
                scenario,
                labels,
                &time(0),
                &jiff::Timestamp::now().to_string(),
            ),
            Silence(scenario, tenths) => {
                let matcher = json!({"name": "scenario", "value": scenario, "isRegex": false});
                let silence = json!({"matchers": [matcher], "startsAt": time(0), "endsAt": time(at + tenths), "createdBy": "", "comment": ""});
                Asked::post("/api/v2/silences", silence.to_string())
            }
            Expire(scenario) => {
                let id: &String = &silences[scenario];
                Asked::get(format!("/api/v2/silence/{id}")).method(reqwest::Method::DELETE)
            }
        };
        let answer = asked.ask(&client, base).await.expect("it answers");
        assert_eq!(answer.status, 200, "{asked:?}: {}", answer.body);
        if let Silence(scenario, _) = step {
            let id = answer.body["silenceID"].as_str().expect("an id").to_owned();
            silences.insert(*scenario, id);
        }
    }
    sleep_until(start + END).await;
}

fn alert(scenario: &str, labels: &str, starts_at: &str, ends_at: &str) -> Asked {
    let mut fields = BTreeMap::from([("alertname", "Timed"), ("scenario", scenario)]);
    fields.extend(labels.split(',').filter_map(|label| label.split_once('=')));
    let alert = json!({"labels": fields, "endsAt": ends_at, "startsAt": starts_at});
    Asked::post("/api/v2/alerts", json!([alert]).to_string())
}
