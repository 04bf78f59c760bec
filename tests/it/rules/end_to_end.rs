//! One file of rules in the reference server and in a Prometheus that scrapes it: the same alerts for the same faults.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::sink::{Reply, Sink};
use watchkeep_tests::{programs, servers};

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// How often both evaluate.
const INTERVAL: Duration = Duration::from_secs(2);

/// The server's own rules, with windows and times that a test can wait for.
fn rules() -> String {
    let text = include_str!("../../../examples/oracle-server/config/rules.yml");
    let quick = text
        .replace("[5m]", "[10s]")
        .replace("for: 5m", "for: 4s")
        .replace("interval: 1m", "interval: 2s")
        .replace("* 1000 > 2000", "* 1000 > 200");
    assert_ne!(quick, text);
    quick
}

/// The names of alerts that fire, of a list of alerts.
fn firing(alerts: &Value) -> BTreeSet<String> {
    let alerts = alerts.as_array().map_or(&[][..], Vec::as_slice);
    let firing = alerts.iter().filter(|alert| alert["state"] == "firing");
    let names = firing.filter_map(|alert| alert["labels"]["alertname"].as_str());
    names.map(str::to_owned).collect()
}

/// Watches both until each alert of `wanted` fires in both (or none does); returns how far apart they changed.
async fn both(
    oracle: &Oracle,
    prometheus: &servers::Real,
    wanted: &[&str],
    fire: bool,
) -> BTreeMap<String, Duration> {
    let began = Instant::now();
    let mut changed: [BTreeMap<String, Instant>; 2] = [BTreeMap::new(), BTreeMap::new()];
    loop {
        let ours = oracle
            .json("/alerts")
            .await
            .map(|all| firing(&all["alerts"]));
        let theirs = servers::ask(prometheus, "alerts", &[]).await;
        let theirs = theirs.map(|all| firing(&all["data"]["alerts"]));
        let lists = [ours.unwrap_or_default(), theirs.unwrap_or_default()];
        for (changed, list) in changed.iter_mut().zip(&lists) {
            for name in wanted {
                if list.contains(*name) == fire {
                    changed
                        .entry((*name).to_owned())
                        .or_insert_with(Instant::now);
                }
            }
        }
        if changed.iter().all(|changed| changed.len() == wanted.len()) {
            break;
        }
        assert!(
            began.elapsed() < Duration::from_secs(90),
            "{wanted:?}, {fire}: {lists:?}"
        );
        sleep(Duration::from_millis(100)).await;
    }
    let [ours, theirs] = changed;
    let apart = ours.into_iter().map(|(name, at)| {
        let other = theirs[&name];
        let apart = at.max(other) - at.min(other);
        (name, apart)
    });
    apart.collect()
}

#[track_caller]
fn within_two_intervals(apart: &BTreeMap<String, Duration>) {
    // A sample may be a scrape, a second, old, and a look at both takes a moment.
    let most = INTERVAL * 2 + Duration::from_millis(1_500);
    assert!(apart.values().all(|apart| *apart <= most), "{apart:?}");
}

#[tokio::test]
async fn both_raise_and_resolve_the_same_alerts_for_the_same_faults() {
    let (Some(program), Some(database)) = (
        programs::require("prometheus"),
        programs::require("postgres"),
    ) else {
        return;
    };
    let mut postgres = servers::postgres(&database).await;
    let engine = Sink::start(|body| {
        if body.contains("fail") {
            return Reply::Answer(500, "no".to_owned());
        }
        if body.contains("slow") {
            std::thread::park_timeout(Duration::from_millis(600));
        }
        Reply::ok(r#"{"category":"question","reply":"yes","tokens_used":5}"#)
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yml");
    std::fs::write(&path, rules()).unwrap();
    let url = servers::postgres_url(&postgres);
    let file = path.display().to_string();
    let environment = [
        ("DATABASE_URL", url.as_str()),
        ("AI_ENGINE_URL", engine.url()),
        ("RULES_CONFIG", &file),
        // Of the checks; the rules have the same in their file.
        ("MONITOR_INTERVAL_SECONDS", "2"),
    ];
    let oracle = Arc::new(Oracle::start(BINARY, &environment).await);
    oracle.ready().await;
    let target = oracle.base().trim_start_matches("http://").to_owned();
    let prometheus = servers::prometheus_with_rules(&program, &target, &path).await;

    let failing = Arc::new(AtomicBool::new(false));
    let slow = Arc::new(AtomicBool::new(false));
    let traffic = {
        let (oracle, failing, slow) =
            (Arc::clone(&oracle), Arc::clone(&failing), Arc::clone(&slow));
        tokio::spawn(async move {
            for number in 0_u64.. {
                let word = match (
                    failing.load(Ordering::Relaxed),
                    slow.load(Ordering::Relaxed),
                ) {
                    (true, _) if number % 3 == 0 => "fail",
                    (_, true) => "slow",
                    _ => "hello",
                };
                // Each text is a new one, so that none is answered out of the cache.
                let _ = oracle.message(7, &format!("{word} {number}")).await;
                sleep(Duration::from_millis(50)).await;
            }
        })
    };
    let (fault, trouble) = (["HighErrorRate"], ["SlowResponses"]);
    within_two_intervals(&both(&oracle, &prometheus, &fault, false).await);
    sleep(INTERVAL * 2).await;

    failing.store(true, Ordering::Relaxed);
    within_two_intervals(&both(&oracle, &prometheus, &fault, true).await);
    failing.store(false, Ordering::Relaxed);
    within_two_intervals(&both(&oracle, &prometheus, &fault, false).await);

    slow.store(true, Ordering::Relaxed);
    within_two_intervals(&both(&oracle, &prometheus, &trouble, true).await);
    slow.store(false, Ordering::Relaxed);
    within_two_intervals(&both(&oracle, &prometheus, &trouble, false).await);
    traffic.abort();

    postgres.kill().await;
    within_two_intervals(&both(&oracle, &prometheus, &["DatabaseDown"], true).await);
    let alerts = oracle.json("/alerts").await.unwrap();
    let down = alerts["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|alert| alert["labels"]["alertname"] == "DatabaseDown");
    assert!(
        down.unwrap()["annotations"]["error"].is_string(),
        "{alerts}"
    );
    postgres.restart().await;
    within_two_intervals(&both(&oracle, &prometheus, &["DatabaseDown"], false).await);
}

#[tokio::test]
async fn a_bad_file_keeps_the_rules_and_a_good_one_replaces_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yml");
    let always =
        "groups: [{name: g, rules: [{alert: Always, expr: vector(1), labels: {severity: info}}]}]";
    std::fs::write(&path, always).unwrap();
    let file = path.display().to_string();
    let environment = [
        ("RULES_CONFIG", file.as_str()),
        ("MONITOR_INTERVAL_SECONDS", "0.2"),
    ];
    let oracle = Oracle::start(BINARY, &environment).await;
    let fires = |name: &'static str| {
        let oracle = &oracle;
        watchkeep_tests::eventually::eventually(20, name, move || async move {
            let all = oracle
                .json("/alerts")
                .await
                .map_err(|error| error.to_string())?;
            let names = firing(&all["alerts"]);
            if names.contains(name) {
                Ok(names)
            } else {
                Err(format!("{names:?}"))
            }
        })
    };
    fires("Always").await;
    let state = oracle.folder().join("data/rules.json");
    watchkeep_tests::eventually::eventually(20, "the state is kept", || async {
        let state = std::fs::read_to_string(&state).map_err(|error| error.to_string())?;
        state.contains("\"firing\"").then_some(()).ok_or(state)
    })
    .await;

    std::fs::write(
        &path,
        "groups: [{name: g, rules: [{alert: Torn, expr: 'rate(x[5m'}]}]",
    )
    .unwrap();
    oracle.signal("HUP").await;
    watchkeep_tests::eventually::eventually(20, "the bad file is refused", || async {
        let log = oracle.log("oracle.log");
        if log.contains("rules are refused") && log.contains("Torn") {
            Ok(())
        } else {
            Err(log.len())
        }
    })
    .await;
    assert!(fires("Always").await.len() == 1);
    std::fs::write(&path, always.replace("Always", "Other")).unwrap();
    oracle.signal("HUP").await;
    assert_eq!(fires("Other").await, BTreeSet::from(["Other".to_owned()]));
}
