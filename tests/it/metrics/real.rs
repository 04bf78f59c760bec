//! Programs of Prometheus over what we emit: promtool finds nothing, and a server stores exemplars.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
    with_local_recorder,
};
use serde_json::Value;
use watchkeep_endpoints::{Access, Endpoints};
use watchkeep_metrics::{Format, Recorder, RecorderBuilder, TraceId, build_info, clock};
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::{programs, servers};

use super::text;

const TRACE: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;

fn filled(builder: RecorderBuilder) -> Recorder {
    let recorder = builder.build().expect("the settings are valid");
    watchkeep_metrics::process::register(&recorder);
    build_info(&recorder, "demo", &[("version", "1.2.3")]);
    with_local_recorder(&recorder, || {
        describe_counter!(
            "demo_requests_total",
            "Requests, \"all\" of them.\nEven \\ those."
        );
        describe_gauge!("demo_queue_bytes", Unit::Bytes, "What waits.");
        describe_histogram!(
            "demo_request_duration_seconds",
            Unit::Seconds,
            "How long it took."
        );
        for route in ["/a\\b", "say \"x\"", "line\nfeed", "🦀"] {
            counter!("demo_requests_total", "route" => route).increment(1);
            histogram!("demo_request_duration_seconds", "route" => route).record(0.03);
        }
        gauge!("demo_queue_bytes").set(f64::INFINITY);
    });
    recorder
        .float_counter("demo_cost_usd_total", "Money.", &[])
        .increment(0.125);
    recorder
}

fn promtool(program: &Path, text: &str) -> Output {
    let mut child = Command::new(program)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool runs");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

#[test]
fn promtool_finds_nothing() {
    let Some(program) = programs::require("promtool") else {
        return;
    };
    let recorder = filled(Recorder::builder().with_max_series_per_family(3));
    let found = promtool(&program, &text(&recorder, Format::Prometheus));
    let said = [found.stdout, found.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(found.status.success() && said.is_empty(), "{said}");

    let broken = promtool(&program, "# TYPE a counter\na{b=\"\\x\"} 1\n");
    assert!(!broken.status.success(), "it can find something");
}

#[tokio::test]
async fn a_prometheus_takes_open_metrics_and_returns_the_exemplars() {
    let Some(program) = programs::require("prometheus") else {
        return;
    };
    let recorder = filled(
        Recorder::builder()
            .with_exemplars(|| TraceId::new(TRACE), clock::now)
            .with_created_timestamps(clock::now),
    );
    let router = Endpoints::new(Access::closed())
        .with_metrics(recorder)
        .router();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let target = listener.local_addr().expect("it is bound").to_string();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let features = ["--enable-feature=exemplar-storage"];
    let prometheus = servers::prometheus_with(&program, &target, &features).await;
    let exemplar = eventually(40, "the exemplar is stored", || exemplar(&prometheus)).await;
    assert_eq!(exemplar["labels"]["trace_id"], format!("{TRACE:032x}"));
    assert_eq!(exemplar["value"], "0.03");
    for expression in [
        "up == 1",
        "demo_requests_total{route=\"/a\\\\b\"} == 1",
        "demo_requests_total{route=\"line\\nfeed\"} == 1",
        "count(demo_requests_created > 1.7e9) == 4",
        "demo_cost_usd_total == 0.125",
        "demo_queue_bytes == Inf",
        "scrape_samples_scraped > 80",
        "process_resident_memory_bytes > 0",
    ] {
        let found = servers::query(&prometheus, expression)
            .await
            .expect("it answers");
        assert_eq!(found.len(), 1, "{expression}: {found:?}");
    }
    server.abort();
}

/// Asks for the exemplars of one bucket.
async fn exemplar(prometheus: &servers::Real) -> Result<Value, String> {
    let bucket = "demo_request_duration_seconds_bucket{route=\"🦀\"}";
    let parameters = [
        ("query", bucket),
        ("start", "1700000000"),
        ("end", "4000000000"),
    ];
    let answer = servers::ask(prometheus, "query_exemplars", &parameters).await?;
    let found = &answer["data"][0]["exemplars"][0];
    if found.is_null() {
        Err(answer.to_string())
    } else {
        Ok(found.clone())
    }
}
