//! Hours of the demo's traffic while every dependency fails in turn: nothing grows, and every line and every alert is accounted for.
//!
//! It runs for two hours where the slow tests are asked for (`RUN_SLOW_TESTS`), or for `SOAK_SECONDS`; else not at all.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, where a panic is a failure"
)]

use std::time::Duration;

use tokio::time::{Instant, sleep};
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::servers::Real;
use watchkeep_tests::{programs, servers};

use self::accounts::{Alerts, Lines};
use self::outages::{OUTAGES, Outage};
use self::stand_in::{Mood, StandIn};
use self::watchers::{Figures, Watchers};

mod accounts;
mod outages;
mod stand_in;
mod watchers;

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// How long it runs where the slow tests are asked for.
const TWO_HOURS: u64 = 2 * 60 * 60;

/// Shorter than this, an outage of each kind would not be seen twice.
const SHORTEST: u64 = 150;

/// Everything the server leans on.
struct World {
    postgres: Real,
    redis: Real,
    engine: StandIn,
    webhook: StandIn,
}

fn duration() -> Option<Duration> {
    let asked = std::env::var("SOAK_SECONDS").ok();
    let slow = std::env::var_os("RUN_SLOW_TESTS").map(|_| TWO_HOURS);
    let seconds = match asked {
        Some(text) => Some(text.parse().expect("SOAK_SECONDS is a number")),
        None => slow,
    };
    seconds.map(|seconds: u64| Duration::from_secs(seconds.max(SHORTEST)))
}

/// The server's own rules with windows that an outage of seconds moves.
fn lively_rules() -> String {
    include_str!("../../examples/oracle-server/config/rules.yml").replace("[5m]", "[15s]")
}

/// Every alert to one receiver, each by itself.
const ROUTING: &str = "route: {receiver: webhook, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\nreceivers: [{name: webhook}]\n";

async fn start(world: &World, files: &tempfile::TempDir) -> Oracle {
    let written = |name: &str, text: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let rules = written("rules.yml", &lively_rules());
    let routing = written("alerts.yml", ROUTING);
    let database = servers::postgres_url(&world.postgres);
    let redis = format!("redis://:soak@127.0.0.1:{}", world.redis.port());
    let environment = [
        ("DATABASE_URL", database.as_str()),
        ("REDIS_URL", redis.as_str()),
        ("AI_ENGINE_URL", world.engine.url()),
        ("AI_TIMEOUT_SECONDS", "1"),
        ("ALERT_WEBHOOK_URL", world.webhook.url()),
        ("ALERTS_CONFIG", routing.as_str()),
        ("RULES_CONFIG", rules.as_str()),
        ("MONITOR_INTERVAL_SECONDS", "1"),
        ("LOG_JSON", "true"),
        ("LOG_CONSOLE", "off"),
        ("LOG_MAX_BYTES", "50000"),
        // No file goes, so that its lines can be counted.
        ("LOG_BACKUPS", "1000000"),
    ];
    let oracle = Oracle::start_with(BINARY, &["--demo"], &environment).await;
    oracle.ready().await;
    oracle
}

/// Lets everything fail in turn until the time is over; returns how often.
async fn outages(world: &mut World, oracle: &mut Oracle, time: Duration) -> usize {
    // Two rounds at least, each outage as long as the calm after it.
    let rounds = 2 * 2 * u32::try_from(OUTAGES.len()).unwrap();
    let step = (time / rounds).clamp(Duration::from_secs(8), Duration::from_secs(20));
    let end = Instant::now() + time;
    let mut count = 0;
    let mut turn = OUTAGES.iter().cycle();
    while Instant::now() + step * 2 <= end {
        let outage: &Outage = turn.next().unwrap();
        outage.begin(world).await;
        sleep(step).await;
        outage.end(world).await;
        oracle.signal("HUP").await;
        sleep(step).await;
        assert!(
            oracle.runs(),
            "the server ended at outage {count}, {outage:?}"
        );
        count += 1;
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_of_outages_leak_nothing_and_lose_nothing() {
    let Some(time) = duration() else {
        return say("left out: RUN_SLOW_TESTS or SOAK_SECONDS asks for the soak");
    };
    let (Some(postgres), Some(redis)) = (
        programs::require("postgres"),
        programs::require("redis-server"),
    ) else {
        return;
    };
    let mut world = World {
        postgres: servers::postgres(&postgres).await,
        redis: servers::redis(&redis, "soak").await,
        engine: StandIn::start(r#"{"category":"greeting","reply":"Hello.","tokens_used":12}"#)
            .await,
        webhook: StandIn::start("").await,
    };
    let files = tempfile::tempdir().unwrap();
    let mut oracle = start(&world, &files).await;
    let watchers = Watchers::start(oracle.base());
    let started = Instant::now();
    let count = outages(&mut world, &mut oracle, time).await;

    let minutes = started.elapsed().as_secs_f64() / 60.0;
    // Nothing more is sent, so that what is counted now stays as it is.
    let figures = watchers.stop().await;
    say(&format!(
        "soak of {minutes:.1} min, {count} outages, a reload after each\n{figures}"
    ));
    // What was held up is told now, and what waits is written.
    world.webhook.set(Mood::Well);
    oracle.component("database", "healthy").await;
    let lines = eventually(60, "every line is accounted for", || async {
        let lines = Lines::count(&oracle).await?;
        lines.check()?;
        Ok::<_, String>(lines)
    })
    .await;
    say(&lines.to_string());
    let alerts = eventually(120, "every alert is accounted for", || async {
        let alerts = Alerts::count(&oracle, &figures, &world.webhook).await?;
        alerts.check()?;
        Ok::<_, String>(alerts)
    })
    .await;
    say(&alerts.to_string());
    check(&figures, count);
    oracle.signal("TERM").await;
    assert_eq!(oracle.ended().await.code(), Some(0));
}

fn check(figures: &Figures, outages: usize) {
    assert!(outages >= OUTAGES.len(), "only {outages} outages");
    assert_eq!(figures.failed_scrapes, 0, "a scrape failed");
    assert_eq!(figures.failed_views, 0, "a viewer was not served");
    assert_eq!(figures.failed_sends, 0, "an alert was not accepted");
    assert!(figures.events > 0, "the stream told nothing");
    assert!(figures.views > 0);
    let memory = figures.memory_growth();
    assert!(memory < 0.1, "memory grew by {:.0} %", memory * 100.0);
    let (before, after) = figures.handles();
    assert!(
        after <= before + 8.0,
        "file handles: {before} and then {after}"
    );
}

#[expect(clippy::print_stderr, reason = "the figures are what this is run for")]
fn say(text: &str) {
    eprintln!("{text}");
}
