//! The reference server as a process: exit codes, signals, files, refusals.

use std::net::TcpListener;

use serde_json::Value;
use watchkeep_tests::client::client;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::servers::free_port;
use watchkeep_tests::sink::{Reply, Sink};

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// An engine that hangs at "slow", breaks at "fail", talks nonsense at "nonsense" and else answers.
async fn engine() -> Sink {
    Sink::start(|body| match body {
        slow if slow.contains("slow") => Reply::Never,
        fail if fail.contains("fail") => Reply::Answer(500, "no".into()),
        nonsense if nonsense.contains("nonsense") => Reply::ok("nonsense"),
        _ => Reply::ok(r#"{"category":"question","reply":"yes","tokens_used":11}"#),
    })
    .await
}

/// Waits until the engine is asked.
async fn asked(engine: &Sink) {
    eventually(10, "the engine is asked", || async {
        engine.received().first().cloned().ok_or("not yet")
    })
    .await;
}

#[track_caller]
fn refused(answer: &(u16, Value), status: u16, code: &str) {
    let (found, body) = answer;
    assert_eq!(*found, status, "{body}");
    assert_eq!(body["success"], false, "{body}");
    assert_eq!(body["error"]["code"], code, "{body}");
    assert!(body["error"]["message"].is_string(), "{body}");
    let id = body["request_id"].as_str().expect("there is a request id");
    assert!((1..=128).contains(&id.len()), "{id}");
}

#[tokio::test]
async fn a_stop_by_signal_is_clean_and_takes_the_address_file_along() {
    for signal in ["TERM", "INT"] {
        let mut oracle = Oracle::start(BINARY, &[]).await;
        oracle.ready().await;
        oracle.signal(signal).await;
        assert_eq!(oracle.ended().await.code(), Some(0), "after SIG{signal}");
        assert!(!oracle.folder().join("data/oracle.addr").exists());
        let log = oracle.log("oracle.log");
        let first = log.lines().next().expect("there is a log");
        assert!(first.contains("ORACLE system started"), "{first}");
        assert!(log.contains(" stopped"), "{log}");
    }
}

#[tokio::test]
async fn a_hang_up_opens_the_log_files_again() {
    let oracle = Oracle::start(BINARY, &[]).await;
    let logs = oracle.folder().join("logs");
    std::fs::rename(logs.join("oracle.log"), logs.join("moved")).expect("the log file is there");
    oracle.signal("HUP").await;
    eventually(10, "a new log file", || async {
        let text = oracle.log("oracle.log");
        if text.contains("log files were opened again") {
            Ok(())
        } else {
            Err(text)
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_in_flight_is_answered_while_new_ones_are_refused() {
    let engine = Sink::start(|body| {
        if body.contains("the last one") {
            Reply::Never
        } else {
            Reply::ok("{}")
        }
    })
    .await;
    let environment = [("AI_ENGINE_URL", engine.url()), ("AI_TIMEOUT_SECONDS", "3")];
    let mut oracle = Oracle::start(BINARY, &environment).await;
    oracle.ready().await;
    let url = format!("{}/message", oracle.base());
    let last = tokio::spawn(
        client()
            .post(url.as_str())
            .body(r#"{"user_id":1,"text":"the last one"}"#)
            .send(),
    );
    asked(&engine).await;
    oracle.signal("TERM").await;
    eventually(5, "unready", || async {
        let status = oracle
            .get("/readyz")
            .await
            .map_err(|error| error.to_string())?
            .status();
        if status == 503 {
            Ok(())
        } else {
            Err(status.to_string())
        }
    })
    .await;
    assert_eq!(
        oracle.get("/livez").await.expect("it answers").status(),
        200
    );
    let late = client()
        .post(url.as_str())
        .body(r#"{"user_id":1,"text":"too late"}"#)
        .send()
        .await
        .expect("it answers");
    assert_eq!(late.headers()["connection"], "close");
    let status = late.status().as_u16();
    refused(
        &(status, late.json().await.expect("JSON")),
        503,
        "SHUTTING_DOWN",
    );
    let last = last
        .await
        .expect("it is not cancelled")
        .expect("it is answered");
    assert_eq!(
        last.status(),
        504,
        "the engine never answered, the server did"
    );
    assert_eq!(oracle.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let engine = engine().await;
    let environment = [
        ("AI_ENGINE_URL", engine.url()),
        ("AI_TIMEOUT_SECONDS", "60"),
    ];
    let mut oracle = Oracle::start(BINARY, &environment).await;
    oracle.ready().await;
    let url = format!("{}/message", oracle.base());
    let waiting = tokio::spawn(
        client()
            .post(url)
            .body(r#"{"user_id":1,"text":"slow"}"#)
            .send(),
    );
    asked(&engine).await;
    oracle.signal("TERM").await;
    eventually(5, "draining", || async {
        let log = oracle.log("oracle.log");
        if log.contains("draining") {
            Ok(())
        } else {
            Err(log)
        }
    })
    .await;
    oracle.signal("TERM").await;
    assert_eq!(oracle.ended().await.code(), Some(1));
    assert!(waiting.await.expect("it is not cancelled").is_err());
}

#[tokio::test]
async fn every_refusal_has_its_status_and_code() {
    let engine = engine().await;
    let environment = [
        ("AI_ENGINE_URL", engine.url()),
        ("AI_TIMEOUT_SECONDS", "0.3"),
    ];
    let oracle = Oracle::start(BINARY, &environment).await;
    let post = async |body: &str| oracle.post(body.to_owned()).await.expect("it answers");
    refused(&post("{").await, 400, "INVALID_MESSAGE");
    refused(&post("").await, 400, "INVALID_MESSAGE");
    refused(
        &post(r#"{"user_id":-1,"text":"x"}"#).await,
        422,
        "INVALID_MESSAGE",
    );
    refused(
        &post(r#"{"user_id":1,"text":""}"#).await,
        422,
        "INVALID_MESSAGE",
    );
    refused(&post(&"x".repeat(70_000)).await, 413, "BODY_TOO_LARGE");
    refused(
        &oracle.message(1, "slow").await.expect("it answers"),
        504,
        "AI_TIMEOUT",
    );
    refused(
        &oracle.message(1, "fail").await.expect("it answers"),
        502,
        "AI_ERROR",
    );
    refused(
        &oracle.message(1, "nonsense").await.expect("it answers"),
        502,
        "AI_ERROR",
    );
    let summary = oracle.json("/metrics/summary").await.expect("a summary");
    assert_eq!(
        summary["total_messages"], 3,
        "refused messages are none: {summary}"
    );
    assert_eq!(summary["error_rate"], 1.0, "{summary}");
    let (status, answer) = oracle.message(2, "well").await.expect("it answers");
    assert_eq!(
        (status, &answer["result"]["tokens_used"]),
        (200, &11.into())
    );
    eventually(10, "a line for each error", || async {
        let log = oracle.log("oracle_errors.log");
        let is_there = |code: &str| log.lines().any(|line| line.contains(code));
        match is_there("AI_TIMEOUT") && is_there("AI_ERROR") {
            true => Ok(()),
            false => Err(log),
        }
    })
    .await;
}

#[tokio::test]
async fn a_chunked_body_over_the_limit_is_refused_too() {
    let oracle = Oracle::start(BINARY, &[]).await;
    let chunks = (0..70).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 1_000]));
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    refused(
        &oracle.post(body).await.expect("it answers"),
        413,
        "BODY_TOO_LARGE",
    );
}

#[tokio::test]
async fn with_a_dead_database_it_lives_unready_and_answers_soon() {
    let url = format!(
        "postgres://oracle:db-secret@127.0.0.1:{}/oracle",
        free_port()
    );
    let environment = [
        ("DATABASE_URL", url.as_str()),
        ("MONITOR_INTERVAL_SECONDS", "0.5"),
    ];
    let oracle = Oracle::start(BINARY, &environment).await;
    assert_eq!(
        oracle.get("/livez").await.expect("it answers").status(),
        200
    );
    assert_eq!(
        oracle.get("/readyz").await.expect("it answers").status(),
        503
    );
    let answer = tokio::time::timeout(std::time::Duration::from_secs(5), oracle.message(1, "x"));
    let answer = answer.await.expect("within 5 s").expect("it answers");
    refused(&answer, 503, "DATABASE_UNAVAILABLE");
    eventually(30, "the alert of the dead database", || async {
        let alerts = oracle
            .json("/alerts")
            .await
            .map_err(|error| error.to_string())?
            .to_string();
        if alerts.contains("Database connection failed") {
            Ok(())
        } else {
            Err(alerts)
        }
    })
    .await;
    let health = oracle.get("/health").await.expect("it answers");
    assert_eq!(health.status(), 503);
    let log = oracle.log("oracle.log");
    assert!(!log.contains("db-secret"), "{log}");
}

#[tokio::test]
async fn bad_configuration_starts_nothing_and_names_every_problem() {
    let environment = [
        ("ORACLE_ADDR", "nowhere:99999"),
        ("LOG_LEVEL", "info,,hyper=warn"),
        ("AI_TIMEOUT_SECONDS", "soon"),
        ("ELASTICSEARCH_URL", "localhost:9200"),
        ("OPS_TOKEN", ""),
    ];
    for arguments in [&[][..], &["--check-config"]] {
        let (code, _, complaint) = Oracle::run(BINARY, arguments, &environment).await;
        assert_eq!(code, Some(2), "{complaint}");
        assert_eq!(complaint.lines().count(), environment.len(), "{complaint}");
        for (name, _) in environment {
            assert!(
                complaint.lines().any(|line| line.starts_with(name)),
                "{name}: {complaint}"
            );
        }
    }
    let (code, _, complaint) = Oracle::run(BINARY, &["--dmeo"], &[]).await;
    assert_eq!(code, Some(2));
    assert!(complaint.contains("--dmeo"), "{complaint}");
}

#[tokio::test]
async fn check_config_says_what_a_start_would_do() {
    let (code, said, complaint) =
        Oracle::run(BINARY, &["--check-config"], &[("OPS_TOKEN", "very-secret")]).await;
    assert_eq!(code, Some(0), "{complaint}");
    assert!(
        said.contains("SQLite") && said.contains("embedded"),
        "{said}"
    );
    assert!(!said.contains("very-secret"), "{said}");
}

#[tokio::test]
async fn a_second_server_on_one_folder_is_no_start_and_harms_nobody() {
    let first = Oracle::start(BINARY, &[]).await;
    let folder = first.folder().join("data");
    let data_dir = folder.to_str().expect("the path is text");
    let (code, _, complaint) = Oracle::run(BINARY, &[], &[("DATA_DIR", data_dir)]).await;
    assert_eq!(code, Some(1), "{complaint}");
    assert!(complaint.contains(data_dir), "{complaint}");
    assert!(folder.join("oracle.addr").exists());
    assert_eq!(first.message(1, "hello").await.expect("it answers").0, 200);
}

#[tokio::test]
async fn a_message_still_in_flight_at_the_deadline_is_answered_and_logged() {
    let engine = engine().await;
    let environment = [
        ("AI_ENGINE_URL", engine.url()),
        ("AI_TIMEOUT_SECONDS", "60"),
        ("ORACLE_DRAIN_SECONDS", "0.3"),
    ];
    let mut oracle = Oracle::start(BINARY, &environment).await;
    oracle.ready().await;
    let url = format!("{}/message", oracle.base());
    let body = r#"{"user_id":1,"text":"slow"}"#;
    let waiting = tokio::spawn(client().post(url).body(body).send());
    asked(&engine).await;
    oracle.signal("TERM").await;
    let answer = waiting.await.expect("it is not cancelled");
    let answer = answer.expect("it is answered");
    let status = answer.status().as_u16();
    let answer = (status, answer.json().await.expect("JSON"));
    refused(&answer, 503, "SHUTTING_DOWN");
    assert_eq!(oracle.ended().await.code(), Some(0));
    let log = oracle.log("oracle.log");
    let finished = log.lines().find(|line| line.contains("request finished"));
    let finished = finished.expect("the request has its line");
    assert!(
        finished.contains("WARN") && finished.contains("SHUTTING_DOWN"),
        "{finished}"
    );
}

#[tokio::test]
async fn half_a_request_holds_up_no_stop() {
    let mut oracle = Oracle::start(BINARY, &[]).await;
    oracle.ready().await;
    let address = oracle.base().trim_start_matches("http://").to_owned();
    let mut half = tokio::net::TcpStream::connect(address)
        .await
        .expect("it accepts");
    tokio::io::AsyncWriteExt::write_all(&mut half, b"POST /mess")
        .await
        .expect("it is sent");
    oracle.ready().await;
    oracle.signal("TERM").await;
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), oracle.ended());
    assert_eq!(ended.await.expect("within 5 s").code(), Some(0));
}

#[tokio::test]
async fn an_address_that_is_taken_is_no_start() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it is bound").to_string();
    let (code, _, complaint) = Oracle::run(BINARY, &[], &[("ORACLE_ADDR", &address)]).await;
    assert_eq!(code, Some(1), "{complaint}");
    assert!(complaint.contains(&address), "{complaint}");
}

#[tokio::test]
async fn operators_pages_are_closed_to_all_others() {
    let paths = [
        "/alerts",
        "/dashboard",
        "/dashboard/api/snapshot",
        "/dashboard/style.css",
        "/health?verbose",
    ];
    let oracle = Oracle::start(BINARY, &[("OPS_TOKEN", "right-token")]).await;
    let client = client();
    for path in paths {
        let url = format!("{}{path}", oracle.base());
        let answer = client.get(&url).send().await.expect("it answers");
        assert_eq!(answer.status(), 401, "{path}");
        assert!(answer.headers().contains_key("www-authenticate"), "{path}");
        let answer = client
            .get(&url)
            .bearer_auth("wrong")
            .send()
            .await
            .expect("it answers");
        assert_eq!(answer.status(), 401, "{path}");
        let answer = client
            .get(&url)
            .bearer_auth("right-token")
            .send()
            .await
            .expect("it answers");
        assert_ne!(answer.status(), 401, "{path}");
        let answer = client
            .get(&url)
            .basic_auth("anyone", Some("right-token"))
            .send()
            .await
            .expect("it answers");
        assert_ne!(answer.status(), 401, "{path}");
    }
    let open = Oracle::start(BINARY, &[]).await;
    for path in paths {
        let url = format!("{}{path}", open.base());
        let answer = client
            .get(&url)
            .header("host", "elsewhere.example")
            .send()
            .await
            .expect("it answers");
        assert_eq!(answer.status(), 403, "{path}");
        assert_ne!(
            open.get(path).await.expect("it answers").status(),
            403,
            "{path}"
        );
    }
    let public = Oracle::start(BINARY, &[("ORACLE_ADDR", "0.0.0.0:0")]).await;
    for path in paths {
        assert_eq!(
            public.get(path).await.expect("it answers").status(),
            403,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_demo_talks_to_itself() {
    let oracle = Oracle::start_with(BINARY, &["--demo"], &[]).await;
    eventually(20, "messages of several users", || async {
        let summary = oracle
            .json("/metrics/summary")
            .await
            .map_err(|error| error.to_string())?;
        let over = |name: &str, least: u64| summary[name].as_u64() > Some(least);
        if over("total_messages", 5) && over("total_users", 2) && over("tokens_used", 0) {
            Ok(())
        } else {
            Err(summary.to_string())
        }
    })
    .await;
}
