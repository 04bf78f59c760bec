//! The reference server with a listener of the operators' own, and what they change while it runs.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::Instant;
use watchkeep_tests::client::client;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// What both listeners answer.
const PROBES: [&str; 4] = ["/health", "/livez", "/readyz", "/startupz"];

/// What only the operators' listener answers.
const OPERATORS: [&str; 7] = [
    "/metrics",
    "/metrics/summary",
    "/alerts",
    "/dashboard",
    "/dashboard/api/snapshot",
    "/log-level",
    "/logs/errors",
];

/// The base of the operators' listener.
fn operators(oracle: &Oracle) -> String {
    let file = oracle.folder().join("data/oracle-ops.addr");
    let address = std::fs::read_to_string(file).expect("it came before the other address");
    format!("http://{}", address.trim())
}

async fn ask(method: Method, url: &str, body: &str) -> Response {
    let request = client().request(method, url).body(body.to_owned());
    request.send().await.expect("it answers")
}

async fn status(url: &str) -> StatusCode {
    ask(Method::GET, url, "").await.status()
}

#[tokio::test]
async fn what_is_for_operators_moves_to_their_listener_and_probes_answer_on_both() {
    let mut oracle = Oracle::start(BINARY, &[("OPS_ADDR", "127.0.0.1:0")]).await;
    oracle.ready().await;
    let operators = operators(&oracle);
    for path in PROBES {
        assert_eq!(
            status(&format!("{}{path}", oracle.base())).await,
            200,
            "{path}"
        );
        assert_eq!(status(&format!("{operators}{path}")).await, 200, "{path}");
    }
    for path in OPERATORS {
        assert_eq!(
            status(&format!("{}{path}", oracle.base())).await,
            404,
            "{path}"
        );
        assert_eq!(status(&format!("{operators}{path}")).await, 200, "{path}");
    }
    let message = ask(Method::POST, &format!("{operators}/message"), "{}").await;
    assert_eq!(message.status(), 404);
    let details = status(&format!("{}/health?verbose", oracle.base())).await;
    assert_eq!(details, 403);
    let log = oracle.log("oracle.log");
    let listening = log.lines().filter(|line| line.contains(" listening "));
    let address = operators.trim_start_matches("http://");
    let expected = format!("addr={address} listener=ops");
    assert_eq!(listening.clone().count(), 2, "{log}");
    assert!(
        listening.clone().any(|line| line.contains(&expected)),
        "{log}"
    );

    oracle.signal("TERM").await;
    assert_eq!(oracle.ended().await.code(), Some(0));
    for file in ["oracle.addr", "oracle-ops.addr"] {
        assert!(!oracle.folder().join("data").join(file).exists(), "{file}");
    }
}

#[tokio::test]
async fn access_goes_by_the_operators_listener() {
    // Off loopback and without a token it is closed, though the service's own listener is on loopback.
    let oracle = Oracle::start(BINARY, &[("OPS_ADDR", "0.0.0.0:0")]).await;
    let closed = operators(&oracle).replace("0.0.0.0", "127.0.0.1");
    for path in ["/alerts", "/dashboard", "/log-level"] {
        assert_eq!(status(&format!("{closed}{path}")).await, 403, "{path}");
    }
    assert_eq!(status(&format!("{closed}/metrics")).await, 200);
    assert!(
        oracle
            .log("oracle.log")
            .contains("operators' pages are closed")
    );

    // On loopback they are open, though the service's own is not.
    let environment = [("ORACLE_ADDR", "0.0.0.0:0"), ("OPS_ADDR", "127.0.0.1:0")];
    let oracle = Oracle::start(BINARY, &environment).await;
    let open = operators(&oracle);
    assert_eq!(status(&format!("{open}/alerts")).await, 200);
    assert!(
        !oracle
            .log("oracle.log")
            .contains("operators' pages are closed")
    );

    let with_token = [("OPS_ADDR", "0.0.0.0:0"), ("OPS_TOKEN", "right-token")];
    let oracle = Oracle::start(BINARY, &with_token).await;
    let base = operators(&oracle).replace("0.0.0.0", "127.0.0.1");
    let url = format!("{base}/alerts");
    assert_eq!(status(&url).await, 401);
    let right = client().get(&url).bearer_auth("right-token").send().await;
    assert_eq!(right.expect("it answers").status(), 200);
}

#[tokio::test]
async fn both_listeners_answer_probes_while_it_drains() {
    let environment = [
        ("OPS_ADDR", "127.0.0.1:0"),
        ("ORACLE_DRAIN_DELAY_SECONDS", "2"),
    ];
    let mut oracle = Oracle::start(BINARY, &environment).await;
    oracle.ready().await;
    let operators = operators(&oracle);
    let address = operators.trim_start_matches("http://").to_owned();
    let mut silent = TcpStream::connect(&address).await.expect("it accepts");
    oracle.signal("TERM").await;
    for base in [oracle.base(), &operators] {
        eventually(2, "it is unready", || async {
            match status(&format!("{base}/readyz")).await.as_u16() {
                503 => Ok(()),
                other => Err(other.to_string()),
            }
        })
        .await;
        assert_eq!(status(&format!("{base}/livez")).await, 200);
    }
    assert_eq!(status(&format!("{operators}/metrics")).await, 200);
    assert_eq!(oracle.ended().await.code(), Some(0));
    // The connection that never asked anything is closed, too.
    let mut rest = Vec::new();
    let _ = silent.read_to_end(&mut rest).await;
    assert!(
        TcpStream::connect(&address).await.is_err(),
        "nobody listens"
    );
}

#[tokio::test]
async fn level_is_changed_for_a_time_and_its_end_is_told() {
    let oracle = Oracle::start(BINARY, &[("LOG_LEVEL", "error")]).await;
    let url = format!("{}/log-level", oracle.base());
    let change = async |seconds: u32| {
        let body = format!(r#"{{"level":"debug,hyper=warn","for_seconds":{seconds}}}"#);
        let answer = ask(Method::PUT, &url, &body).await;
        assert_eq!(answer.status(), 200);
        let in_force: Value = answer.json().await.expect("it is JSON");
        assert_eq!(in_force["level"], "debug,hyper=warn");
        assert_eq!(in_force["then"], "error");
    };
    change(1).await;
    // The second change takes the first one's end away.
    let changed = Instant::now();
    change(2).await;
    eventually(10, "it is back", || async {
        let in_force: Value = ask(Method::GET, &url, "").await.json().await.expect("JSON");
        match in_force["level"].as_str() {
            Some("error") => Ok(()),
            _ => Err(in_force.to_string()),
        }
    })
    .await;
    let lasted = changed.elapsed();
    assert!(
        lasted >= Duration::from_secs(2),
        "the first end ends nothing: {lasted:?}"
    );
    eventually(5, "both are told", || async {
        let log = oracle.log("oracle.log");
        let is_told = log.matches("log filter is changed for a time").count() == 2
            && log
                .matches("log filter is back, its time is over filter=error")
                .count()
                == 1;
        if is_told { Ok(()) } else { Err(log) }
    })
    .await;
}

#[tokio::test]
async fn reload_by_path_and_by_signal_is_the_same_and_a_bad_file_changes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (routes, rules) = (
        folder.path().join("alerts.yml"),
        folder.path().join("rules.yml"),
    );
    let good = "route: {receiver: log}\nreceivers: [{name: log}]\n";
    let rule = |name: &str| {
        format!("groups: [{{name: g, rules: [{{alert: {name}, expr: 'vector(1)'}}]}}]\n")
    };
    std::fs::write(&routes, good).expect("it is written");
    std::fs::write(&rules, rule("First")).expect("it is written");
    let environment = [
        ("ALERTS_CONFIG", routes.to_str().expect("a path of text")),
        ("RULES_CONFIG", rules.to_str().expect("a path of text")),
        ("MONITOR_INTERVAL_SECONDS", "0.2"),
    ];
    let oracle = Oracle::start(BINARY, &environment).await;
    let url = format!("{}/-/reload", oracle.base());
    let fires = async |name: &str| {
        eventually(10, name, || async {
            let alerts = oracle.json("/alerts").await;
            let alerts = alerts.map_err(|error| error.to_string())?.to_string();
            if alerts.contains(name) {
                Ok(())
            } else {
                Err(alerts)
            }
        })
        .await;
    };
    fires("First").await;

    std::fs::write(&rules, rule("Second")).expect("it is written");
    std::fs::rename(
        oracle.folder().join("logs/oracle.log"),
        oracle.folder().join("logs/moved"),
    )
    .expect("it is renamed");
    let answer = ask(Method::POST, &url, "").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.expect("a body"), r#"{"problems":[]}"#);
    fires("Second").await;
    assert!(oracle.log("oracle.log").contains("rules were loaded again"));

    std::fs::write(
        &routes,
        "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n",
    )
    .expect("it is written");
    std::fs::write(
        &rules,
        "groups: [{name: g, rules: [{alert: Third, expr: 'sum('}]}]\n",
    )
    .expect("it is written");
    let answer = ask(Method::POST, &url, "").await;
    assert_eq!(answer.status(), 500);
    let answer: Value = answer.json().await.expect("it is JSON");
    let problems = answer["problems"].as_array().expect("a list");
    for name in ["ALERTS_CONFIG: ", "RULES_CONFIG: "] {
        let is_named =
            |problem: &Value| problem.as_str().is_some_and(|text| text.starts_with(name));
        assert!(problems.iter().any(is_named), "{name}: {problems:?}");
    }
    let log = oracle.log("oracle.log");
    assert!(log.contains("the old ones stay"), "{log}");
    assert!(
        !oracle
            .json("/alerts")
            .await
            .expect("it answers")
            .to_string()
            .contains("Third")
    );

    std::fs::write(&routes, good).expect("it is written");
    std::fs::write(&rules, rule("Fourth")).expect("it is written");
    oracle.signal("HUP").await;
    fires("Fourth").await;
}
