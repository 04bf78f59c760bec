//! A real Prometheus with the deployed configuration scrapes the real server under load: every panel and every rule has data.

use serde_json::Value;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::servers::{self, Real};
use watchkeep_tests::{client, programs};

use super::{BINARY, folder, grafana, rules, text};

/// The deployed configuration, with this server as its target, another Alertmanager, and everything each second.
pub(super) fn configuration(target: &str, alertmanager: &str, rules: &[String]) -> String {
    let files = rules.join("\n  - ");
    let deployed = text("prometheus/prometheus.yml");
    let changes = [
        ("oracle:9000", target),
        ("alertmanager:9093", alertmanager),
        ("/etc/oracle/rules.yml", &files),
        ("  - availability.yml\n", ""),
        (": 15s", ": 1s"),
        (": 10s", ": 1s"),
    ];
    changes.iter().fold(deployed, |text, (from, to)| {
        assert!(text.contains(from), "{from} is there");
        text.replace(from, to)
    })
}

/// An expression as Grafana sends it, for a short range.
fn filled(expression: &str) -> String {
    expression
        .replace("$__rate_interval", "10s")
        .replace("$__range", "20s")
        .replace("$job", "oracle")
}

/// What a rule looks at: the left side of its comparison, or what should not be absent.
fn subject(rule: &str) -> &str {
    if let Some(inner) = rule.strip_prefix("absent(") {
        return inner.trim_end_matches(')');
    }
    let comparison = [" > ", " == "]
        .iter()
        .filter_map(|operator| rule.rfind(operator))
        .max();
    &rule[..comparison.expect("a rule compares")]
}

/// Every question, with the name of who asks it.
fn questions() -> Vec<(String, String)> {
    let title = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut all = Vec::new();
    for panel in grafana::panels() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            all.push((title(&panel["title"]), filled(&title(&target["expr"]))));
        }
    }
    for rule in rules::rules() {
        let expression = title(&rule["expr"]);
        all.push((title(&rule["alert"]), subject(&expression).to_owned()));
    }
    all
}

/// Those who get no number.
async fn without_data(prometheus: &Real, questions: &[(String, String)]) -> Vec<String> {
    let mut silent = Vec::new();
    for (who, expression) in questions {
        let found = servers::query(prometheus, expression).await;
        let samples = found.unwrap_or_else(|error| panic!("{who}: {expression}: {error}"));
        // A NaN is a quotient of nothing, and drawn as nothing.
        let is_number = |sample: &Value| sample["value"][1] != "NaN";
        if !samples.iter().any(is_number) {
            silent.push(format!("{who}: {expression}"));
        }
    }
    silent
}

#[tokio::test]
async fn every_panel_and_every_rule_has_data() {
    let Some(program) = programs::require("prometheus") else {
        return;
    };
    // The listener for operators, as it is deployed.
    let environment = [("OPS_ADDR", "127.0.0.1:0")];
    let oracle = Oracle::start_with(BINARY, &["--demo"], &environment).await;
    oracle.ready().await;
    let operators = operators(&oracle);
    let folder = folder();
    let files = ["../config/rules.yml", "prometheus/availability.yml"]
        .map(|file| folder.join(file).display().to_string());
    let text = configuration(&operators, "127.0.0.1:9", &files);
    let prometheus = servers::prometheus_configured(&program, &text, &[]).await;
    let questions = questions();
    assert!(questions.len() > 30, "{questions:?}");
    eventually(60, "everything has data", || async {
        let silent = without_data(&prometheus, &questions).await;
        if silent.is_empty() {
            Ok(())
        } else {
            Err(silent)
        }
    })
    .await;
    // The same question of a metric that nobody has shows that silence is noticed.
    let nobody = [(
        "nobody".to_owned(),
        "rate(oracle_nothing_total[10s])".to_owned(),
    )];
    assert_eq!(without_data(&prometheus, &nobody).await.len(), 1);
}

/// Returns `host:port` of the listener for operators.
pub(super) fn operators(oracle: &Oracle) -> String {
    let file = oracle.folder().join("data/oracle-ops.addr");
    let address = std::fs::read_to_string(file).expect("it listens for operators");
    address.trim().to_owned()
}

#[tokio::test]
async fn every_name_is_one_that_the_server_exports() {
    let oracle = Oracle::start(BINARY, &[("OPS_ADDR", "127.0.0.1:0")]).await;
    // A route's numbers begin with its first request.
    oracle.message(7, "hello").await.expect("it answers");
    let metrics = format!("http://{}/metrics", operators(&oracle));
    let exported = client::client().get(metrics).send().await;
    let exported = exported.expect("it answers").text().await.expect("as text");
    let is_exported = |name: &str| {
        let name = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .unwrap_or(name);
        exported.contains(&format!("# TYPE {name} "))
    };
    assert!(is_exported("oracle_messages_total") && !is_exported("oracle_messages"));
    for (who, expression) in questions() {
        for name in names(&expression) {
            assert!(is_exported(name), "{who}: {name} of {expression}");
        }
    }
}

/// The names of metrics in an expression that are the server's own.
fn names(expression: &str) -> impl Iterator<Item = &str> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let words = expression.split(move |character| !is_part(character));
    words.filter(|word| {
        [
            "oracle_",
            "watchkeep_",
            "http_server_",
            "process_",
            "tokio_",
        ]
        .iter()
        .any(|prefix| word.starts_with(prefix))
    })
}
