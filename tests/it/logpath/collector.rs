//! Server, rotated files, the OpenTelemetry collector's file receiver, and a server for OTLP/HTTP.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::programs;
use watchkeep_tests::shippers::Shipper;
use watchkeep_tests::sink::{Reply, Sink};

use super::{final_lines, log_path, small_files, talk};

/// What a server for logs has accepted, and whether it accepts.
#[derive(Clone, Default)]
struct Receiver {
    accepted: Arc<Mutex<Vec<Value>>>,
    is_away: Arc<AtomicBool>,
    refused: Arc<AtomicUsize>,
}

impl Receiver {
    fn answer(&self, body: &str) -> Reply {
        if self.is_away.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Reply::Answer(503, String::new());
        }
        let request: Value = serde_json::from_str(body).unwrap();
        self.accepted.lock().unwrap().extend(records(&request));
        Reply::ok("{}")
    }

    fn count(&self) -> usize {
        self.accepted.lock().unwrap().len()
    }
}

/// The log records of a request.
fn records(request: &Value) -> Vec<Value> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let resources = list(&request["resourceLogs"]);
    let scopes = resources
        .iter()
        .flat_map(|resource| list(&resource["scopeLogs"]));
    scopes
        .flat_map(|scope| list(&scope["logRecords"]))
        .collect()
}

/// The number that OpenTelemetry's data model gives to a level.
fn severity(level: &str) -> u64 {
    match level {
        "TRACE" => 1,
        "DEBUG" => 5,
        "INFO" => 9,
        "WARN" => 13,
        "ERROR" => 17,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn each_line_arrives_once_with_its_severity_and_time() {
    let Some(program) = programs::require("otelcol-contrib_linux_amd64") else {
        return;
    };
    let receiver = Receiver::default();
    let answers = receiver.clone();
    let sink = Sink::start(move |body| answers.answer(body)).await;
    let oracle = small_files().await;
    let shipper = Shipper::collector(&program, &log_path(&oracle), sink.url());

    talk(&oracle, 0..150).await;
    eventually(30, "lines arrive", || async {
        let count = receiver.count();
        if count > 100 {
            Ok(())
        } else {
            Err((count, shipper.wrote("said")))
        }
    })
    .await;
    receiver.is_away.store(true, Ordering::SeqCst);
    talk(&oracle, 150..450).await;
    eventually(20, "lines are refused", || async {
        match receiver.refused.load(Ordering::SeqCst) {
            0 => Err(()),
            _ => Ok(()),
        }
    })
    .await;
    receiver.is_away.store(false, Ordering::SeqCst);
    talk(&oracle, 450..600).await;

    let (_oracle, lines) = final_lines(oracle).await;
    eventually(60, "every line arrives", || async {
        let count = receiver.count();
        if count >= lines.len() {
            Ok(())
        } else {
            Err((count, lines.len()))
        }
    })
    .await;
    let records = receiver.accepted.lock().unwrap().clone();
    let mut bodies = Vec::new();
    let mut errors = 0;
    for record in &records {
        let body = record["body"]["stringValue"].as_str().unwrap();
        let line: Value = serde_json::from_str(body).unwrap();
        let level = line["log.level"].as_str().unwrap();
        assert_eq!(record["severityNumber"], severity(level), "{record}");
        let time: jiff::Timestamp = line["@timestamp"].as_str().unwrap().parse().unwrap();
        let nanoseconds = time.as_nanosecond().to_string();
        assert_eq!(record["timeUnixNano"], nanoseconds.as_str(), "{record}");
        errors += usize::from(level == "ERROR");
        bodies.push(body.to_owned());
    }
    bodies.sort_unstable();
    assert!(
        bodies == lines,
        "other lines: {} of {}",
        bodies.len(),
        lines.len()
    );
    assert_eq!(errors, 150);
}
