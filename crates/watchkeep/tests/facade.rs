//! The whole facade in one process: a binary of its own with one test, because a start installs the process's subscriber and recorder.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use watchkeep::health::{Component, Status};
use watchkeep::logging::{Console, LogConfig};
use watchkeep::rules::{Rule, Selector};
use watchkeep::{HealthAlerts, Watchkeep};

/// Asks the router once; returns the status and the text of the answer.
async fn ask(router: &Router, path: &str) -> (StatusCode, String) {
    let request = Request::get(path)
        .header("host", "localhost")
        .body(Body::empty())
        .expect("the request is valid");
    let response = router
        .clone()
        .oneshot(request)
        .await
        .expect("a router never fails");
    let status = response.status();
    assert!(
        response.headers().contains_key("x-request-id"),
        "{path} has no request id"
    );
    let body = response.into_body().collect().await;
    let body = body.expect("the body is whole").to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

/// Asks for the alerts until one is among them; returns the list.
async fn listed(app: &Router, alertname: &str) -> String {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    loop {
        ticks.tick().await;
        let (status, alerts) = ask(app, "/alerts").await;
        assert_eq!(status, StatusCode::OK);
        if alerts.contains(alertname) {
            return alerts;
        }
    }
}

async fn break_down() -> StatusCode {
    metrics::counter!("demo_requests_total").increment(1);
    metrics::counter!("demo_errors_total").increment(1);
    StatusCode::INTERNAL_SERVER_ERROR
}

async fn panic_now() {
    panic!("on purpose");
}

#[tokio::test]
async fn one_builder_joins_all_parts() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let logging = LogConfig::new("demo")
        .with_console(Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .with_json(true);
    let rule = Rule::error_ratio(
        "TooManyErrors",
        Selector::new("demo_errors_total"),
        Selector::new("demo_requests_total"),
    )
    .above(0.5)
    .build()
    .expect("the rule is valid");
    let down = Rule::component_down("RuledDown", "ruled")
        .build()
        .expect("the rule is valid");
    let watchkeep = Watchkeep::builder("demo")
        .with_version("1.2.3")
        .with_environment("test")
        .with_start_message("demo started")
        .with_logging(logging)
        .with_component(Component::manual("api").starting_as(Status::Healthy))
        .with_component(Component::manual("ruled").starting_as(Status::Healthy))
        .with_component(Component::manual("mail").starting_as(Status::Healthy))
        .with_health_alerts(HealthAlerts::new())
        .with_rule(down)
        .with_rule(rule)
        .with_rule_interval(Duration::from_millis(20))
        .start()
        .expect("everything is valid");
    let mut health = watchkeep.health().subscribe();
    let app = Router::new()
        .route("/broken", get(break_down))
        .route("/panic", get(panic_now));
    let app = watchkeep.watch(app, ([127, 0, 0, 1], 80).into());

    // A counter grows from where it was seen first, as on a Prometheus.
    metrics::counter!("demo_errors_total").increment(0);
    metrics::counter!("demo_requests_total").increment(0);
    let seen = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        let series = || {
            watchkeep
                .rules()
                .look(|engine| engine.history().series_count())
        };
        while series() < 2 {
            ticks.tick().await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(20), seen);
    seen.await.expect("the rules take a sample within 20 s");
    assert_eq!(
        ask(&app, "/broken").await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(
        ask(&app, "/panic").await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(ask(&app, "/nowhere").await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(&app, "/readyz").await.0, StatusCode::OK);

    let alerts = tokio::time::timeout(Duration::from_secs(20), listed(&app, "TooManyErrors"));
    let alerts = alerts.await.expect("the rule fires within 20 s");
    assert!(alerts.contains("\"warning\""), "{alerts}");

    let alerts = listed(&app, "HandlerPanic").await;
    let (message, line) = ("Panic in /panic", "tests/facade.rs:");
    assert!(
        alerts.contains(message) && alerts.contains(line),
        "{alerts}"
    );
    assert!(alerts.contains("\"critical\""), "{alerts}");

    let (_, text) = ask(&app, "/metrics").await;
    for line in [
        "http_server_requests_total{method=\"GET\",outcome=\"completed\",route=\"/broken\",status=\"500\"} 1",
        "http_server_panics_total",
        "watchkeep_health_status{component=\"api\",status=\"healthy\"} 1",
        "watchkeep_log_lines_total{level=\"error\",outcome=\"dropped\",sink=\"json\"} 0",
        "watchkeep_log_sink_failing{sink=\"json\"} 0",
        "watchkeep_log_io_errors_total{sink=\"json\"} 0",
        "watchkeep_alerts_active{",
        "demo_build_info{",
        "process_resident_memory_bytes",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }

    watchkeep
        .health()
        .set_status("api", Status::Degraded, Some("on purpose"))
        .expect("the component is the program's own");
    let change = health.next().await.expect("the registry is there");
    assert_eq!(change.to, Status::Degraded);

    for name in ["ruled", "mail"] {
        let set = watchkeep.health().set_status(name, Status::Unhealthy, None);
        set.expect("the component is the program's own");
    }
    let both = async {
        listed(&app, "RuledDown").await;
        // The joint looks at the components in their order, so the covered one is past when this one is told of.
        listed(&app, "Component mail is unhealthy").await
    };
    let alerts = tokio::time::timeout(Duration::from_secs(20), both).await;
    let alerts = alerts.expect("a rule tells of one, the joint of the other");
    assert!(
        !alerts.contains("Component ruled"),
        "one alert a fault: {alerts}"
    );
    for name in ["ruled", "mail"] {
        let set = watchkeep.health().set_status(name, Status::Healthy, None);
        set.expect("the component is the program's own");
    }
    let ended = tokio::time::timeout(Duration::from_secs(20), async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            let (_, alerts) = ask(&app, "/alerts").await;
            if !alerts.contains("RuledDown") && !alerts.contains("Component mail") {
                return;
            }
        }
    });
    ended.await.expect("the recovery ends both");

    watchkeep.drain_on(std::future::ready(())).await;
    let (status, word) = ask(&app, "/readyz").await;
    assert_eq!(
        (status, word.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    );

    watchkeep.shutdown().await;
    let log =
        std::fs::read_to_string(folder.path().join("demo_json.log")).expect("the log is there");
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    assert_eq!(lines[0]["message"], "demo started");
    assert_eq!(lines[0]["service.version"], "1.2.3");
    assert_eq!(lines[0]["service.environment"], "test");
    let finished = |route: &str| {
        lines
            .iter()
            .filter(|line| {
                line["message"] == "request finished" && line.to_string().contains(route)
            })
            .count()
    };
    assert_eq!(finished("/broken"), 1, "{log}");
    assert_eq!(finished("/readyz"), 0, "probes are not logged: {log}");
    assert!(
        log.contains("TooManyErrors"),
        "every alert is also a log line: {log}"
    );
}
