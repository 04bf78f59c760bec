//! The reference server over a real PostgreSQL and a real Redis, and when they go.

use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::{programs, servers};

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

#[tokio::test]
async fn postgres_keeps_users_and_messages_over_a_restart_of_the_server() {
    let Some(program) = programs::require("postgres") else {
        return;
    };
    let mut postgres = servers::postgres(&program).await;
    let url = servers::postgres_url(&postgres);
    let environment = [
        ("DATABASE_URL", url.as_str()),
        ("MONITOR_INTERVAL_SECONDS", "0.5"),
    ];
    let mut first = 0;
    for start in 0..2 {
        let oracle = Oracle::start(BINARY, &environment).await;
        oracle.ready().await;
        let (status, answer) = oracle
            .message(7 + start, "hello")
            .await
            .expect("it answers");
        assert_eq!(status, 200, "{answer}");
        let number = answer["result"]["message_id"].as_i64().expect("a number");
        assert!(number > first, "messages go on being numbered");
        first = number;
        eventually(10, "the users are counted", || async {
            let summary = oracle
                .json("/metrics/summary")
                .await
                .map_err(|error| error.to_string())?;
            if summary["total_users"] == 1 + start {
                Ok(())
            } else {
                Err(summary.to_string())
            }
        })
        .await;
    }
    let oracle = Oracle::start(BINARY, &environment).await;
    oracle.ready().await;
    postgres.kill().await;
    let health = oracle.component("database", "unhealthy").await;
    assert_eq!(health["status"], "unhealthy");
    let (status, answer) = oracle.message(7, "anyone?").await.expect("it answers");
    assert_eq!(
        (status, &answer["error"]["code"]),
        (503, &"DATABASE_UNAVAILABLE".into())
    );
}

#[tokio::test]
async fn redis_keeps_answers_and_without_it_the_server_only_degrades() {
    let Some(program) = programs::require("redis-server") else {
        return;
    };
    let mut redis = servers::redis(&program, "redis-secret").await;
    let url = format!("redis://:redis-secret@127.0.0.1:{}", redis.port());
    let environment = [
        ("REDIS_URL", url.as_str()),
        ("MONITOR_INTERVAL_SECONDS", "0.5"),
        ("LOG_LEVEL", "trace"),
    ];
    let tokens = async |oracle: &Oracle| {
        let (status, answer) = oracle
            .message(7, "what is cached?")
            .await
            .expect("it answers");
        assert_eq!(status, 200, "{answer}");
        let result = &answer["result"];
        (
            result["tokens_used"].as_u64().expect("a number"),
            result["cost_usd"].as_f64().expect("a number"),
        )
    };
    let oracle = Oracle::start(BINARY, &environment).await;
    oracle.component("redis", "healthy").await;
    assert!(tokens(&oracle).await.0 > 0);
    assert_eq!(
        tokens(&oracle).await,
        (0, 0.0),
        "a cached answer costs nothing"
    );
    let other = Oracle::start(BINARY, &environment).await;
    assert_eq!(tokens(&other).await, (0, 0.0), "the cache is shared");
    let summary = other.json("/metrics/summary").await.expect("a summary");
    assert_eq!(
        summary["total_ai_tasks"], 0,
        "a cached answer is no call: {summary}"
    );

    redis.kill().await;
    let health = oracle.component("redis", "degraded").await;
    assert_eq!(health["status"], "degraded");
    assert_eq!(
        oracle.get("/readyz").await.expect("it answers").status(),
        200
    );
    assert!(
        tokens(&oracle).await.0 > 0,
        "without a cache every answer is paid for"
    );
    assert!(
        tokens(&oracle).await.0 > 0,
        "while it is down nothing is cached"
    );
    let log = oracle.log("oracle.log");
    assert!(!log.contains("redis-secret"), "{log}");
}
