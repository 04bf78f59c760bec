//! The reference server inside this process: a binary of its own, because a server installs the process's subscriber and recorder.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use watchkeep_tests::client::client;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::sink::{Reply, Sink};
use watchkeep_tests::{programs, servers};

/// The one server of this process, with an engine and a Slack of the test's own.
struct Running {
    server: oracle_server::Server,
    base: String,
    slack: Sink,
    logs: std::path::PathBuf,
}

/// Starts the server at the first call, in a runtime that lives as long as the process.
fn running() -> &'static Running {
    static RUNNING: OnceLock<Running> = OnceLock::new();
    RUNNING.get_or_init(|| {
        let runtime: &'static _ = Box::leak(Box::new(
            tokio::runtime::Runtime::new().expect("a runtime can be made"),
        ));
        std::thread::spawn(|| runtime.block_on(start()))
            .join()
            .expect("the server starts")
    })
}

async fn start() -> Running {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("a temporary folder can be made")
        .keep();
    let engine = Sink::start(|body| {
        if body.contains("slow") {
            Reply::Never
        } else {
            Reply::ok(r#"{"category":"question","reply":"yes","tokens_used":11}"#)
        }
    })
    .await;
    let slack = Sink::start(|_| Reply::ok("ok")).await;
    let logs = folder.join("logs");
    let environment = json!({
        "ORACLE_ADDR": "127.0.0.1:0",
        "DATA_DIR": folder.join("data"),
        "LOG_DIR": logs,
        "LOG_JSON": "true",
        "LOG_CONSOLE": "off",
        "ENVIRONMENT": "test",
        "AI_ENGINE_URL": engine.url(),
        "AI_TIMEOUT_SECONDS": "0.3",
        "SLACK_WEBHOOK_URL": format!("{}/services/slack-secret", slack.url()),
    });
    let config = oracle_server::Config::from_lookup(|name| {
        environment
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    })
    .expect("the environment is valid");
    let server = oracle_server::Server::start(config)
        .await
        .expect("the server starts");
    Running {
        base: format!("http://{}", server.address()),
        server,
        slack,
        logs,
    }
}

async fn message(user_id: i64, text: &str) -> (u16, Value) {
    let response = client()
        .post(format!("{}/message", running().base))
        .header("x-request-id", format!("test-{user_id}"))
        .header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        .body(json!({ "user_id": user_id, "text": text }).to_string())
        .send()
        .await
        .expect("it answers");
    assert_eq!(
        response.headers()["x-request-id"],
        format!("test-{user_id}").as_str()
    );
    (
        response.status().as_u16(),
        response.json().await.expect("JSON"),
    )
}

#[tokio::test]
async fn the_trace_of_a_request_is_an_exemplar_of_its_duration() {
    let (status, answer) = message(101, "how long does it take?").await;
    assert_eq!(status, 200, "{answer}");
    let scraped = client()
        .get(format!("{}/metrics", running().base))
        .header("accept", "application/openmetrics-text")
        .send()
        .await
        .expect("it answers");
    let text = scraped.text().await.expect("it is text");
    let is_meant = |line: &&str| {
        line.starts_with("http_server_request_duration_seconds_bucket")
            && line.contains("route=\"/message\"")
            && line.contains(" # {trace_id=\"0af7651916cd43dd8448eb211c80319c\"} ")
    };
    assert!(text.lines().any(|line| is_meant(&line)), "{text}");
}

#[tokio::test]
async fn a_message_is_in_the_answer_the_metrics_and_a_real_prometheus() {
    let (status, answer) = message(100, "what will be scraped?").await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["result"]["tokens_used"], 11);
    let cost = answer["result"]["cost_usd"].as_f64().expect("a number");
    assert!((cost - 11.0 * 0.002 / 1_000.0).abs() < 1e-12, "{cost}");
    let Some(program) = programs::require("prometheus") else {
        return;
    };
    let prometheus = servers::prometheus(&program, &running().server.address().to_string()).await;
    for expression in [
        "up{job=\"oracle\"} == 1",
        "sum(oracle_messages_total) >= 1",
        "oracle_cost_usd_total > 0",
        "oracle_build_info{environment=\"test\"} == 1",
        "histogram_quantile(0.95, sum by (le) (oracle_response_time_seconds_bucket)) > 0",
        "http_server_requests_total{route=\"/message\",method=\"POST\",status=\"200\"} >= 1",
        "watchkeep_health_status{component=\"database\",status=\"healthy\"} == 1",
        "watchkeep_log_lines_total{sink=~\".+\",outcome=\"written\"} > 0",
        "process_resident_memory_bytes > 0",
    ] {
        eventually(40, expression, || async {
            match servers::query(&prometheus, expression).await {
                Ok(found) if found.is_empty() => Err("no result".to_owned()),
                other => other,
            }
        })
        .await;
    }
}

#[tokio::test]
async fn an_engine_timeout_is_an_alert_at_slack_once() {
    for _ in 0..3 {
        let (status, answer) = message(424_242, "slow").await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (504, &"AI_TIMEOUT".into())
        );
    }
    let notice = eventually(20, "a notice at Slack", || async {
        running()
            .slack
            .received()
            .first()
            .cloned()
            .ok_or("nothing yet")
    })
    .await;
    assert_eq!(notice.path, "/services/slack-secret");
    let body: Value = serde_json::from_str(&notice.body).expect("JSON");
    let text = body["text"].as_str().expect("a text");
    for word in ["ERROR", "AI processing timeout", "424242"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let alerts: Value = client()
        .get(format!("{}/alerts", running().base))
        .send()
        .await
        .expect("it answers")
        .json()
        .await
        .expect("JSON");
    assert!(alerts.to_string().contains("AiTimeout"), "{alerts}");
    assert_eq!(running().slack.received().len(), 1, "equal alerts are one");
}

#[tokio::test]
async fn a_request_is_on_the_log_lines_with_its_ids() {
    let (status, _) = message(300, "what is logged?").await;
    assert_eq!(status, 200);
    let line = eventually(10, "the request's line", || async {
        let text = std::fs::read_to_string(running().logs.join("oracle_json.log"))
            .map_err(|error| error.to_string())?;
        text.lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|line| {
                line["http.request.id"] == "test-300" && line["message"] == "request finished"
            })
            .ok_or(text)
    })
    .await;
    assert_eq!(line["trace.id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(line["span.id"].as_str().map(str::len), Some(16), "{line}");
    assert_eq!(line["service.environment"], "test");
    assert_eq!(line["log.level"], "INFO");
}

#[tokio::test]
async fn the_page_shows_the_tiles_and_nothing_is_inline() {
    let (status, answer) = message(102, "what is on the page?").await;
    assert_eq!(status, 200, "{answer}");
    // The page is up to two seconds behind.
    eventually(10, "the message is on the page", || async {
        let snapshot = format!("{}/dashboard/api/snapshot", running().base);
        let snapshot = client().get(snapshot).send().await.expect("it answers");
        let snapshot: Value = snapshot.json().await.expect("JSON");
        match snapshot["tiles"][0]["value"].as_str() {
            Some("0") | None => Err(snapshot),
            Some(_) => Ok(()),
        }
    })
    .await;
    let response = client()
        .get(format!("{}/dashboard", running().base))
        .send()
        .await
        .expect("it answers");
    assert_eq!(response.status(), 200);
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let page = response.text().await.expect("text");
    for tile in [
        "Messages",
        "Users",
        "AI Tasks",
        "Success Rate",
        "Avg Response Time",
        "Tokens Used",
        "Cost (USD)",
        "System Status",
    ] {
        assert!(page.contains(&format!(">{tile}</h3>")), "{tile}: {page}");
    }
    assert!(page.contains("p95 "), "{page}");
    assert!(
        !page.contains("<script>") && !page.contains(" style="),
        "{page}"
    );
}

#[tokio::test]
async fn nothing_waits_for_a_check() {
    running();
    let asked = tokio::time::timeout(
        Duration::from_secs(5),
        client().get(format!("{}/readyz", running().base)).send(),
    );
    let answer = asked.await.expect("at once").expect("it answers");
    let length = answer.content_length().expect("a length");
    assert!(length < 64, "{length}");
    assert_eq!(answer.headers()["cache-control"], "no-store");
}
