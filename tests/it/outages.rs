//! The reference server while its PostgreSQL or its Redis hangs, goes and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::{programs, servers};

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// Far below any timeout of a check, far above what a busy machine needs to answer from memory.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The statuses of the probes for liveness and readiness; each has to be answered at once.
async fn probes(oracle: &Oracle) -> [u16; 2] {
    let mut statuses = [0; 2];
    for (status, path) in statuses.iter_mut().zip(["/livez", "/readyz"]) {
        let answer = timeout(AT_ONCE, oracle.get(path)).await;
        let answer = answer.unwrap_or_else(|_| panic!("{path} was not answered at once"));
        *status = answer.expect("it answers").status().as_u16();
    }
    statuses
}

/// Asks the probes again and again for this long.
async fn answers_at_once(oracle: &Oracle, time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        assert_eq!(probes(oracle).await[0], 200, "it stays alive");
    }
}

async fn message(oracle: &Oracle) -> u16 {
    oracle.message(7, "hello").await.expect("it answers").0
}

/// A server over a real PostgreSQL, both ready; `None` where there is none.
async fn over_postgres() -> Option<(servers::Real, Oracle)> {
    let program = programs::require("postgres")?;
    let postgres = servers::postgres(&program).await;
    let url = servers::postgres_url(&postgres);
    let environment = [
        ("DATABASE_URL", url.as_str()),
        ("MONITOR_INTERVAL_SECONDS", "0.5"),
    ];
    let oracle = Oracle::start(BINARY, &environment).await;
    oracle.ready().await;
    Some((postgres, oracle))
}

#[tokio::test]
async fn a_database_that_hangs_goes_and_returns_takes_readiness_and_gives_it_back() {
    let Some((mut postgres, oracle)) = over_postgres().await else {
        return;
    };
    assert_eq!(message(&oracle).await, 200);

    postgres.freeze();
    answers_at_once(&oracle, Duration::from_secs(2)).await;
    let health = oracle.component("database", "unhealthy").await;
    assert_eq!(health["status"], "unhealthy");
    assert_eq!(probes(&oracle).await, [200, 503]);
    postgres.thaw();
    oracle.component("database", "healthy").await;
    assert_eq!(probes(&oracle).await, [200, 200]);
    assert_eq!(message(&oracle).await, 200);

    postgres.stop().await;
    oracle.component("database", "unhealthy").await;
    assert_eq!(probes(&oracle).await, [200, 503]);
    postgres.restart().await;
    oracle.component("database", "healthy").await;
    assert_eq!(probes(&oracle).await, [200, 200]);
    assert_eq!(message(&oracle).await, 200);
}

#[tokio::test]
async fn a_cache_that_hangs_goes_and_returns_degrades_and_never_takes_readiness() {
    let Some(program) = programs::require("redis-server") else {
        return;
    };
    let mut redis = servers::redis(&program, "redis-secret").await;
    let url = format!("redis://:redis-secret@127.0.0.1:{}", redis.port());
    let environment = [
        ("REDIS_URL", url.as_str()),
        ("MONITOR_INTERVAL_SECONDS", "0.5"),
    ];
    let oracle = Oracle::start(BINARY, &environment).await;
    oracle.ready().await;
    oracle.component("redis", "healthy").await;

    redis.freeze();
    answers_at_once(&oracle, Duration::from_secs(2)).await;
    let health = oracle.component("redis", "degraded").await;
    assert_eq!(health["status"], "degraded");
    assert_eq!(probes(&oracle).await, [200, 200]);
    redis.thaw();
    oracle.component("redis", "healthy").await;

    redis.stop().await;
    oracle.component("redis", "degraded").await;
    assert_eq!(probes(&oracle).await, [200, 200]);
    assert_eq!(message(&oracle).await, 200);
    redis.restart().await;
    let health = oracle.component("redis", "healthy").await;
    assert_eq!(health["status"], "healthy");
}

#[tokio::test]
async fn a_wrong_password_is_an_outage_whose_secret_nobody_reads() {
    let Some(program) = programs::require("redis-server") else {
        return;
    };
    let redis = servers::redis(&program, "right").await;
    let url = format!("redis://:wrong-secret@127.0.0.1:{}", redis.port());
    let environment = [
        ("REDIS_URL", url.as_str()),
        ("MONITOR_INTERVAL_SECONDS", "0.5"),
        ("LOG_LEVEL", "trace"),
    ];
    let oracle = Oracle::start(BINARY, &environment).await;
    oracle.component("redis", "degraded").await;
    let details = oracle.get("/health?verbose").await.expect("it answers");
    let details = details.text().await.expect("a text");
    assert!(
        details.contains(r#""redis":{"status":"degraded""#),
        "{details}"
    );
    let said = format!("{details}{}", oracle.log("oracle.log"));
    assert!(!said.contains("wrong-secret"), "{said}");
}

#[tokio::test]
async fn a_stop_is_clean_while_the_database_is_missing_and_while_it_hangs() {
    let dead = format!("postgres://oracle@127.0.0.1:{}/x", servers::free_port());
    let mut unready = Oracle::start(BINARY, &[("DATABASE_URL", &dead)]).await;
    assert_eq!(probes(&unready).await, [200, 503]);
    unready.signal("TERM").await;
    assert_eq!(unready.ended().await.code(), Some(0), "during the start");

    let Some((mut postgres, mut oracle)) = over_postgres().await else {
        return;
    };
    postgres.freeze();
    // Long enough for a run of the check to be under way.
    answers_at_once(&oracle, Duration::from_secs(1)).await;
    oracle.signal("TERM").await;
    assert_eq!(oracle.ended().await.code(), Some(0), "during a run");
}

/// A database that accepts connections, counts them and never answers; returns its address.
async fn hanging_database() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok(connection) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            kept.push(connection);
        }
    });
    (address, calls)
}

#[tokio::test]
async fn five_hundred_probes_at_once_in_an_outage_are_no_call_to_the_database() {
    let (address, calls) = hanging_database().await;
    let url = format!("postgres://oracle@{address}/oracle");
    // The check runs at the start, and not again within nine seconds.
    let oracle = Arc::new(Oracle::start(BINARY, &[("DATABASE_URL", &url)]).await);
    eventually(20, "the check calls", || async {
        match calls.load(Ordering::SeqCst) {
            0 => Err(0),
            _ => Ok(()),
        }
    })
    .await;
    let (begin, before) = (Instant::now(), calls.load(Ordering::SeqCst));
    let mut probes = JoinSet::new();
    for _ in 0..500 {
        let oracle = Arc::clone(&oracle);
        probes.spawn(async move { oracle.get("/readyz").await });
    }
    for answer in probes.join_all().await {
        assert_eq!(answer.expect("it answers").status(), 503);
    }
    assert_eq!(calls.load(Ordering::SeqCst), before);
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
}

#[expect(clippy::print_stderr, reason = "nobody takes it for passed")]
fn is_slow_asked_for() -> bool {
    let asked_for = std::env::var_os("RUN_SLOW_TESTS").is_some();
    if !asked_for {
        eprintln!("left out: RUN_SLOW_TESTS asks for what takes more than a minute");
    }
    asked_for
}

#[tokio::test]
async fn a_server_that_stood_still_is_not_ready_until_it_has_looked_again() {
    // The database's result counts for 37 s, and nothing shortens that.
    if !is_slow_asked_for() {
        return;
    }
    let Some((mut postgres, oracle)) = over_postgres().await else {
        return;
    };
    postgres.freeze();
    oracle.signal("STOP").await;
    sleep(Duration::from_secs(60)).await;
    oracle.signal("CONT").await;
    assert_eq!(probes(&oracle).await, [200, 503]);
    let health = oracle.json("/health").await.expect("it answers");
    assert_eq!(health["components"]["database"], "unknown", "{health}");
    postgres.thaw();
    oracle.component("database", "healthy").await;
    assert_eq!(probes(&oracle).await, [200, 200]);
}
