//! The error report: of the server's own files, and of the same lines in a search server.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;
use watchkeep_tests::blackhole::Blackhole;
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::{programs, servers};

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// Far above what a search may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A port on which nobody listens makes every message fail.
const BROKEN_ENGINE: (&str, &str) = ("AI_ENGINE_URL", "http://127.0.0.1:9");

/// A server that has failed to answer four messages, and whose report says so.
async fn with_four_errors(environment: &[(&str, &str)]) -> (Oracle, Value) {
    let mut all = vec![BROKEN_ENGINE, ("LOG_JSON", "true")];
    all.extend(environment);
    let oracle = Oracle::start(BINARY, &all).await;
    for user in 0..4 {
        let (status, _) = oracle.message(user, "hello").await.expect("it answers");
        assert_eq!(status, 502);
    }
    let report = report(&oracle, "1h").await.expect("there is a report");
    (oracle, report)
}

async fn report(oracle: &Oracle, since: &str) -> Result<Value, String> {
    let path = format!("/logs/errors?since={since}");
    let answer = oracle.get(&path).await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    if status != 200 {
        return Err(format!("{status}: {text}"));
    }
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

#[tokio::test]
async fn report_has_the_errors_of_the_files_also_after_rotations() {
    let (oracle, report_before) = with_four_errors(&[("LOG_MAX_BYTES", "6000")]).await;
    assert_eq!(report_before["source"], "files");
    assert_eq!(report_before["total"], 4, "{report_before}");
    assert_eq!(report_before["by_code"], json!({ "AI_ERROR": 4 }));
    assert_eq!(report_before["recent"][0]["labels"]["user_id"], "3");
    assert_eq!(report_before["partial"], json!([]));
    let folder = oracle.folder().join("logs");
    let rotated = std::fs::read_dir(folder).expect("the folder is there");
    let rotated = rotated.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let rotated = rotated.filter(|name| name.starts_with("oracle_json.log."));
    assert!(rotated.count() > 0, "nothing was rotated");
}

#[tokio::test]
async fn report_has_what_is_in_memory_where_there_are_no_files() {
    let (_oracle, report) = with_four_errors(&[("LOG_JSON", "false")]).await;
    assert_eq!(report["source"], "ring");
    assert_eq!(report["by_code"], json!({ "AI_ERROR": 4 }), "{report}");
    assert_eq!(report["recent"][0]["log.level"], "ERROR");
    assert!(
        report["partial"][0]
            .as_str()
            .is_some_and(|why| why.contains("memory"))
    );
}

#[tokio::test]
async fn bad_time_is_refused_with_its_value_and_the_form() {
    let oracle = Oracle::start(BINARY, &[]).await;
    for since in ["never", "1w", "0s", "-1h", "99999999999999999999h", ""] {
        let problem = report(&oracle, since).await.expect_err(since);
        assert!(problem.starts_with("400"), "{since}: {problem}");
        assert!(
            problem.contains(&format!("`{since}`")),
            "{since}: {problem}"
        );
        assert!(problem.contains("90s or 1h"), "{since}: {problem}");
    }
}

/// The same lines in a search server give the same report, whether a template makes keywords of them or nobody does.
#[tokio::test]
async fn search_server_and_files_say_the_same() {
    let Some(program) = programs::require("osmem-server") else {
        return;
    };
    let search = servers::search_server(&program).await;
    let keywords = json!({ "mappings": { "dynamic_templates": [
        { "texts": { "match_mapping_type": "string", "mapping": { "type": "keyword" } } }
    ] } });
    let index = "filebeat-keywords";
    servers::search_request(&search, Method::PUT, index, keywords.to_string()).await;

    let (oracle, by_files) = with_four_errors(&[]).await;
    let lines = oracle.log("oracle_json.log");
    servers::index_lines(&search, index, &lines).await;
    servers::index_lines(&search, "plain", &lines).await;
    for path in ["", "/plain"] {
        let url = format!("http://user:hunter2@127.0.0.1:{}{path}", search.port());
        let asking = Oracle::start(BINARY, &[("ELASTICSEARCH_URL", &url)]).await;
        let by_search = report(&asking, "1h").await.expect("there is a report");
        assert_eq!(by_search["source"], "elasticsearch");
        for key in ["total", "by_code", "without_code", "recent"] {
            assert_eq!(by_search[key], by_files[key], "{key} at `{path}`");
        }
        let log = asking.log("oracle.log");
        assert!(!log.contains("hunter2"), "{log}");
    }
}

#[tokio::test]
async fn search_server_that_is_not_there_or_says_nothing_is_told_in_time() {
    let nobody = format!("http://user:hunter2@127.0.0.1:{}", servers::free_port());
    let hole = Blackhole::new().await;
    let silent = format!("http://user:hunter2@{}", hole.address());
    for (url, part) in [
        (nobody, "cannot be reached"),
        (silent, "did not answer within 10 s"),
    ] {
        let oracle = Oracle::start(BINARY, &[("ELASTICSEARCH_URL", &url)]).await;
        let answer = timeout(PATIENCE, report(&oracle, "1h")).await;
        let problem = answer.expect("it is bounded").expect_err("there is none");
        assert!(problem.starts_with("502"), "{problem}");
        assert!(problem.contains(part), "{problem}");
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}

#[tokio::test]
async fn more_reports_than_two_at_once_are_refused_and_the_service_goes_on() {
    let hole = Blackhole::new().await;
    let url = format!("http://{}", hole.address());
    let oracle = Oracle::start(BINARY, &[("ELASTICSEARCH_URL", &url)]).await;
    // Whichever comes last finds no room; the others wait for a server that never answers.
    let asked = async {
        let [first, second, third] = ["1h", "2h", "3h"].map(|since| report(&oracle, since));
        let (first, second, third) = tokio::join!(first, second, third);
        [first, second, third].map(|end| end.expect_err("there is none"))
    };
    let (mut problems, message) = tokio::join!(asked, oracle.message(7, "hello"));
    assert_eq!(message.expect("it answers").0, 200);
    problems.sort();
    let statuses = problems.each_ref().map(|problem| &problem[..3]);
    assert_eq!(statuses, ["502", "502", "503"], "{problems:?}");
}
