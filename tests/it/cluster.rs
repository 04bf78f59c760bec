//! Three replicas of the reference server that know nothing of each other, and a real Alertmanager that makes one notice of what they say.

use serde_json::{Value, json};
use watchkeep_tests::client::client;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::servers::{Real, alertmanager_with, of_alertmanager};
use watchkeep_tests::sink::{Reply, Sink};
use watchkeep_tests::{programs, servers};

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// What each replica says goes to the cluster.
const OURS: &str = "\
route:
  receiver: log
  routes:
    - {matchers: [severity=error], receiver: alertmanager, group_by: [alertname], group_wait: 0s}
receivers: [{name: log}, {name: alertmanager}]
";

/// Groups are looked at each second; those of the marker after four.
fn theirs(sink: &Sink) -> String {
    let url = sink.url();
    format!(
        "route: {{receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h, routes: [{{matchers: [alertname=Marker], group_wait: 4s}}]}}\nreceivers: [{{name: hook, webhook_configs: [{{url: '{url}'}}]}}]\n"
    )
}

/// Returns the alerts of each notice about a name, in the order in which they came.
fn notices(sink: &Sink, name: &str) -> Vec<Vec<Value>> {
    let bodies = sink.received().into_iter();
    let notices = bodies.filter_map(|it| serde_json::from_str::<Value>(&it.body).ok());
    notices
        .filter(|notice| notice["groupLabels"]["alertname"] == name)
        .map(|notice| notice["alerts"].as_array().cloned().unwrap_or_default())
        .collect()
}

/// Waits until the cluster took what this replica said.
async fn told(oracle: &Oracle) {
    eventually(20, "the replica told the cluster", || async {
        let list = oracle.json("/alerts").await;
        let list = list.map_err(|error| error.to_string())?;
        let delivery = &list["alerts"][0]["deliveries"][0];
        if delivery["receiver"] == "alertmanager" && delivery["outcome"] == "delivered" {
            Ok(())
        } else {
            Err(list.to_string())
        }
    })
    .await;
}

/// Sends an alert of another group, and waits for its notice: by then every other group was looked at several times.
async fn wait_for_marker(cluster: &Real, sink: &Sink) {
    let url = format!("http://127.0.0.1:{}/api/v2/alerts", cluster.port());
    let alert = json!([{"labels": {"alertname": "Marker"}}]).to_string();
    let request = client()
        .post(url)
        .header("content-type", "application/json");
    let answer = request.body(alert).send().await.expect("it answers");
    assert!(answer.status().is_success(), "{}", answer.status());
    eventually(20, "the marker's notice comes", || async {
        match notices(sink, "Marker").len() {
            0 => Err("none yet"),
            _ => Ok(()),
        }
    })
    .await;
}

#[tokio::test]
async fn one_fault_in_three_replicas_is_one_notice() {
    let (Some(postgres), Some(program)) = (
        programs::require("postgres"),
        programs::require("prometheus-alertmanager"),
    ) else {
        return;
    };
    let database = servers::postgres(&postgres).await;
    let database_url = servers::postgres_url(&database);
    let sink = Sink::start(|_| Reply::ok("")).await;
    let engine = Sink::start(|_| Reply::Never).await;
    let cluster = alertmanager_with(&program, &theirs(&sink)).await;
    let cluster_url = format!("http://127.0.0.1:{}", cluster.port());
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let config = folder.path().join("alerts.yml");
    std::fs::write(&config, OURS).expect("the folder can be written to");
    let config = config.display().to_string();
    let environment = [
        ("DATABASE_URL", database_url.as_str()),
        ("AI_ENGINE_URL", engine.url()),
        ("AI_TIMEOUT_SECONDS", "0.2"),
        ("ALERTMANAGER_URL", &cluster_url),
        ("ALERTS_CONFIG", &config),
        ("RULES_CONFIG", ""),
    ];
    let mut replicas = Vec::new();
    for _ in 0..3 {
        replicas.push(Oracle::start(BINARY, &environment).await);
    }
    for (user, oracle) in (7..).zip(&replicas) {
        oracle.ready().await;
        let (status, answer) = oracle.message(user, "hello").await.expect("it answers");
        assert_eq!(
            (status, &answer["error"]["code"]),
            (504, &json!("AI_TIMEOUT"))
        );
    }
    for oracle in &replicas {
        told(oracle).await;
    }
    let listed = of_alertmanager(&cluster, "alerts").await;
    let listed = listed.expect("it answers");
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    wait_for_marker(&cluster, &sink).await;
    let notices = notices(&sink, "AiTimeout");
    assert_eq!(notices.len(), 1, "{notices:?}");
    let [alert] = notices[0].as_slice() else {
        panic!("{notices:?}");
    };
    assert_eq!(alert["status"], "firing");
    let labels = json!({"alertname": "AiTimeout", "service": "oracle", "severity": "error"});
    assert_eq!(alert["labels"], labels);
}
