//! The whole way of an alert: real servers, a real Prometheus with the rules, a real Alertmanager with the exported routes, and the people.

use serde_json::{Value, json};
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::programs;
use watchkeep_tests::servers::{self, Encryption, free_port};
use watchkeep_tests::sink::{Reply, Sink};

use super::queries::configuration;
use super::{BINARY, folder, text, written, yaml};

/// Where the channels of the exported file lead in the test.
struct People {
    pagerduty: Sink,
    slack: Sink,
    telegram: Sink,
}

impl People {
    async fn start() -> Self {
        let message = json!({"ok": true, "result": {"message_id": 1, "date": 1, "chat": {"id": -1, "type": "group"}}});
        Self {
            pagerduty: Sink::start(|_| Reply::Answer(202, r#"{"status":"success"}"#.to_owned()))
                .await,
            slack: Sink::start(|_| Reply::ok("ok")).await,
            telegram: Sink::start(move |_| Reply::ok(message.to_string())).await,
        }
    }

    /// What came to each that speaks of an alert.
    fn heard(&self, word: &str) -> [bool; 3] {
        [&self.pagerduty, &self.slack, &self.telegram].map(|sink| {
            let received = sink.received();
            received.iter().any(|request| request.body.contains(word))
        })
    }
}

/// The exported file with its addresses and secrets replaced, and nothing else.
fn routing(folder: &tempfile::TempDir, people: &People, mail: u16) -> String {
    let mut config = yaml("alertmanager/alertmanager.yml");
    let key = written(folder, "pagerduty_routing_key", "key");
    let hook = written(folder, "slack_webhook_url", people.slack.url());
    let channels = [
        ("pagerduty", "routing_key_file", json!(key)),
        (
            "pagerduty",
            "url",
            json!(format!("{}/v2/enqueue", people.pagerduty.url())),
        ),
        ("slack", "api_url_file", json!(hook)),
        ("telegram", "bot_token_file", Value::Null),
        ("telegram", "bot_token", json!("token")),
        ("telegram", "api_url", json!(people.telegram.url())),
        ("email", "smarthost", json!(format!("127.0.0.1:{mail}"))),
        ("email", "require_tls", json!(false)),
        ("email", "auth_username", Value::Null),
        ("email", "auth_password_file", Value::Null),
    ];
    let receivers = config["receivers"]
        .as_array_mut()
        .expect("there are receivers");
    for (name, field, value) in channels {
        let receiver = receivers
            .iter_mut()
            .find(|receiver| receiver["name"] == name);
        let channel = &mut receiver.expect("it is exported")[format!("{name}_configs")][0];
        let channel = channel.as_object_mut().expect("it has one channel");
        if value.is_null() {
            assert!(channel.remove(field).is_some(), "{name} has {field}");
        } else {
            channel.insert(field.to_owned(), value);
        }
    }
    // People are told of an end with the next flush of their group, which the file has at a minute.
    config["route"]["group_interval"] = "5s".into();
    config.to_string()
}

#[tokio::test]
async fn alerts_of_rules_and_of_servers_reach_the_right_people() {
    let (Some(prometheus), Some(alertmanager), Some(aiosmtpd)) = (
        programs::require("prometheus"),
        programs::require("prometheus-alertmanager"),
        programs::require("aiosmtpd"),
    ) else {
        return;
    };
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let people = People::start().await;
    let mail = servers::smtp(&aiosmtpd, Encryption::None, ("", "")).await;
    let routes = routing(&scratch, &people, mail.port());
    let alertmanager = servers::alertmanager_with(&alertmanager, &routes).await;
    let address = format!("127.0.0.1:{}", alertmanager.port());

    // One server without its database, for a rule, and one with an engine that never answers, for an alert of its own.
    let closed = format!("postgres://oracle@127.0.0.1:{}/oracle", free_port());
    let engine = Sink::start(|_| Reply::Never).await;
    let routing = folder().join("kubernetes/alerts.yml").display().to_string();
    let cluster = format!("http://{address}");
    let deployed = [
        ("RULES_CONFIG", ""),
        ("ALERTS_CONFIG", &routing),
        ("ALERTMANAGER_URL", &cluster),
        ("MONITOR_INTERVAL_SECONDS", "1"),
    ];
    let lame = [&deployed[..], &[("DATABASE_URL", closed.as_str())]].concat();
    let lame = Oracle::start(BINARY, &lame).await;
    let slow = [
        ("AI_ENGINE_URL", engine.url()),
        ("AI_TIMEOUT_SECONDS", "0.2"),
    ];
    let slow = Oracle::start(BINARY, &[&deployed[..], &slow].concat()).await;

    let rules = text("../config/rules.yml").replace("interval: 1m", "interval: 1s");
    let rules = written(&scratch, "rules.yml", &rules);
    let target = lame.base().trim_start_matches("http://");
    let config = configuration(target, &address, &[rules]);
    let prometheus = servers::prometheus_configured(&prometheus, &config, &[]).await;

    slow.ready().await;
    let (status, answer) = slow.message(7, "hello").await.expect("it answers");
    assert_eq!(status, 504, "{answer}");

    // CRITICAL: pager, mail and Telegram. ERROR: Slack and Telegram, after ten seconds of grouping.
    eventually(90, "everybody heard", || async {
        let heard = (people.heard("DatabaseDown"), people.heard("AiTimeout"));
        let letters = servers::letters(&mail).len();
        if heard == ([true, false, true], [false, true, true]) && letters == 1 {
            Ok(())
        } else {
            Err((
                heard,
                letters,
                servers::of_alertmanager(&alertmanager, "alerts").await,
            ))
        }
    })
    .await;
    let letter = std::fs::read_to_string(&servers::letters(&mail)[0]).expect("it is readable");
    assert!(
        letter.contains("DatabaseDown") && letter.contains("To: on-call@example.org"),
        "{letter}"
    );
    let page = people.pagerduty.received().remove(0);
    let page: Value = serde_json::from_str(&page.body).expect("it is JSON");
    assert_eq!(page["event_action"], "trigger");
    assert_eq!(page["routing_key"], "key");

    // The fault ends with its server: the rule ends, and the pager is told so.
    drop(lame);
    eventually(90, "the end is told", || async {
        let closed = people
            .pagerduty
            .received()
            .iter()
            .any(|request| request.body.contains("\"resolve\""));
        if closed {
            Ok(())
        } else {
            Err(servers::ask(&prometheus, "alerts", &[]).await)
        }
    })
    .await;
    assert!(
        !people.heard("DatabaseDown")[1],
        "nobody in Slack hears of it"
    );
}
