//! A real Prometheus sends its alerts to the engine, which tells a webhook when they begin and when they end.

use serde_json::Value;
use watchkeep_alerts::Alerting;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::servers::prometheus_that_alerts;
use watchkeep_tests::sink::{Reply, Sink};
use watchkeep_tests::{client, programs};

use super::Ours;

#[tokio::test]
async fn alerts_of_a_prometheus_are_told() {
    let Some(program) = programs::require("prometheus") else {
        return;
    };
    let sink = Sink::start(|_| Reply::ok("")).await;
    let config = format!(
        "route: {{receiver: hook, group_by: [alertname], group_wait: 100ms, group_interval: 500ms}}\nreceivers: [{{name: hook, webhook_configs: [{{url: '{}/hook'}}]}}]\n",
        sink.url()
    );
    let ours = Ours::start(Alerting::builder("twin").config_yaml(&config)).await;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let rules = folder.path().join("rules.yml");
    let write = |expression: &str| {
        let text = format!(
            "groups: [{{name: g, rules: [{{alert: Always, expr: '{expression}', labels: {{severity: error}}, annotations: {{summary: 'value {{{{ $value }}}}'}}}}]}}]\n"
        );
        std::fs::write(&rules, text).expect("the rules are written");
    };
    write("vector(7)");
    let target = ours.address.to_string();
    let prometheus = prometheus_that_alerts(&program, &rules, &target).await;
    let first = told(&sink, "firing").await;
    let alert = &first["alerts"][0];
    assert_eq!(
        alert["labels"],
        serde_json::json!({"alertname": "Always", "severity": "error"})
    );
    assert_eq!(alert["annotations"]["summary"], "value 7");
    let url = alert["generatorURL"].as_str().unwrap_or_default();
    assert!(url.contains("/graph?g0.expr="), "{url}");
    let listed = client::client().get(format!("{}/api/v2/alerts", ours.url()));
    let listed: Value = listed
        .send()
        .await
        .expect("it answers")
        .json()
        .await
        .expect("JSON");
    assert_eq!(listed[0]["fingerprint"], alert["fingerprint"]);
    assert_eq!(listed[0]["generatorURL"], url);
    // A rule that finds nothing any more is an alert that is over.
    write("vector(7) > 8");
    prometheus.reload();
    let last = told(&sink, "resolved").await;
    assert_eq!(last["alerts"][0]["fingerprint"], alert["fingerprint"]);
}

/// Waits for a notice with this status.
async fn told(sink: &Sink, status: &str) -> Value {
    eventually(30, &format!("a notice says {status}"), || async {
        let notices = sink.received().into_iter();
        let mut notices = notices.filter_map(|it| serde_json::from_str::<Value>(&it.body).ok());
        notices.find(|it| it["status"] == status).ok_or("none yet")
    })
    .await
}
