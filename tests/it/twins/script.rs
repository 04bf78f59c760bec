//! What happens to both at which time, and what a webhook hears of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep_until};
use watchkeep_tests::sink::{Reply, Sink};

use super::Asked;

/// What happens to an alert.
#[derive(Clone)]
pub(super) enum Step {
    Fire(&'static str, &'static str),
    Resolve(&'static str, &'static str),
    /// For so many tenths of a second.
    Silence(&'static str, u64),
    /// Ends the first silence of a scenario.
    Expire(&'static str),
}

use Step::{Expire, Fire, Resolve, Silence};

/// When a notice came, and what it says.
pub(super) type Notices = BTreeMap<String, Vec<(Duration, String)>>;

/// A webhook that takes note of when it is told.
pub(super) struct Heard {
    pub(super) sink: Sink,
    notices: Arc<Mutex<Vec<(Instant, Value)>>>,
}

impl Heard {
    pub(super) async fn start() -> Self {
        Self::start_with(|_| Reply::ok("")).await
    }

    /// Starts one that answers notices in this way, and takes note of those that it does not refuse.
    pub(super) async fn start_with(
        reply: impl Fn(&Value) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let notices: Arc<Mutex<Vec<(Instant, Value)>>> = Arc::default();
        let heard = Arc::clone(&notices);
        let sink = Sink::start(move |body| {
            let notice = serde_json::from_str(body).unwrap_or_default();
            let reply = reply(&notice);
            if !matches!(reply, Reply::Answer(400.., _)) {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.push((Instant::now(), notice));
            }
            reply
        })
        .await;
        Self { sink, notices }
    }

    /// Returns the notices of each scenario, in the words of `text`.
    pub(super) fn notices(self, start: Instant, text: fn(&Value) -> String) -> Notices {
        let mut notices = Notices::new();
        let heard = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, notice) in heard.iter() {
            let scenario = notice["commonLabels"]["scenario"].as_str().unwrap_or("?");
            let notices = notices.entry(scenario.to_owned()).or_default();
            notices.push((at.duration_since(start), text(notice)));
        }
        notices
    }
}

/// Does these steps to one of both, each at a tenth of a second from a moment on.
pub(super) async fn play(base: &str, start: Instant, steps: &[(u64, Step)]) {
    let mut steps: Vec<_> = steps.iter().collect();
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
}

fn alert(scenario: &str, labels: &str, starts_at: &str, ends_at: &str) -> Asked {
    let mut fields = BTreeMap::from([("alertname", "Timed"), ("scenario", scenario)]);
    fields.extend(labels.split(',').filter_map(|label| label.split_once('=')));
    let alert = json!({"labels": fields, "endsAt": ends_at, "startsAt": starts_at});
    Asked::post("/api/v2/alerts", json!([alert]).to_string())
}
