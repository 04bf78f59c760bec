//! The reference server while what it depends on refuses it, or its network swallows everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval, timeout};
use watchkeep_tests::blackhole::Blackhole;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::{programs, servers};

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// The status of a path, which has to be answered from memory.
async fn status(oracle: &Oracle, path: &str) -> u16 {
    let answer = timeout(Duration::from_secs(1), oracle.get(path)).await;
    let answer = answer.unwrap_or_else(|_| panic!("{path} was not answered at once"));
    answer.expect("it answers").status().as_u16()
}

async fn details(oracle: &Oracle) -> String {
    let details = oracle.get("/health?verbose").await.expect("it answers");
    details.text().await.expect("a text")
}

async fn over_redis(address: &str) -> Oracle {
    let url = format!("redis://{address}");
    let environment = [
        ("REDIS_URL", url.as_str()),
        ("MONITOR_INTERVAL_SECONDS", "0.5"),
    ];
    Oracle::start(BINARY, &environment).await
}

/// Answers every command of a connection: that Redis loads its data, or that all is well.
async fn serve(mut stream: TcpStream, loads: Arc<AtomicBool>) {
    let mut bytes = [0; 4_096];
    while let Ok(read @ 1..) = stream.read(&mut bytes).await {
        // Every command is an array, the only thing in what a client sends that begins with an asterisk.
        let commands = bytes[..read].iter().filter(|byte| **byte == b'*').count();
        let answer = match loads.load(Ordering::SeqCst) {
            true => "-LOADING Redis is loading the dataset in memory\r\n",
            false => "+OK\r\n",
        };
        let answers = answer.repeat(commands);
        if stream.write_all(answers.as_bytes()).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_cache_that_loads_its_data_degrades_until_it_has() {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let loads = Arc::new(AtomicBool::new(true));
    let for_server = Arc::clone(&loads);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&for_server)));
        }
    });
    let oracle = over_redis(&address.to_string()).await;
    let health = oracle.component("redis", "degraded").await;
    assert_eq!(health["status"], "degraded");
    assert_eq!(status(&oracle, "/readyz").await, 200);
    let details = details(&oracle).await;
    assert!(details.to_lowercase().contains("loading"), "{details}");
    assert_eq!(oracle.message(7, "hello").await.expect("it answers").0, 200);
    loads.store(false, Ordering::SeqCst);
    oracle.component("redis", "healthy").await;
}

/// Takes the only place, once whoever looked whether the server is up has left it.
async fn only_client(address: &str) -> TcpStream {
    eventually(10, "the only place is free", || async {
        let mut only = TcpStream::connect(address).await?;
        let mut answer = [0; 7];
        only.write_all(b"PING\r\n").await?;
        only.read_exact(&mut answer).await?;
        match &answer {
            b"+PONG\r\n" => Ok(only),
            _ => Err(std::io::Error::other("there is no room")),
        }
    })
    .await
}

#[tokio::test]
async fn a_cache_with_no_room_for_one_more_client_degrades_until_it_has() {
    let Some(program) = programs::require("redis-server") else {
        return;
    };
    let redis = servers::redis_with(&program, "", &["--maxclients", "1"]).await;
    let address = format!("127.0.0.1:{}", redis.port());
    let only = only_client(&address).await;

    let oracle = over_redis(&address).await;
    oracle.component("redis", "degraded").await;
    assert_eq!(status(&oracle, "/readyz").await, 200);
    assert_eq!(status(&oracle, "/livez").await, 200);
    assert_eq!(oracle.message(7, "hello").await.expect("it answers").0, 200);
    drop(only);
    oracle.component("redis", "healthy").await;
}

#[tokio::test]
async fn a_network_that_swallows_everything_holds_up_no_probe_and_no_stop() {
    let blackhole = Blackhole::new().await;
    let address = blackhole.address();
    let database = format!("postgres://oracle@{address}/oracle");
    let redis = format!("redis://{address}");
    let engine = format!("http://{address}");
    let environment = [
        ("DATABASE_URL", database.as_str()),
        ("REDIS_URL", redis.as_str()),
        ("AI_ENGINE_URL", engine.as_str()),
        ("AI_TIMEOUT_SECONDS", "1"),
        ("MONITOR_INTERVAL_SECONDS", "0.5"),
    ];
    let mut oracle = Oracle::start(BINARY, &environment).await;
    assert_eq!(status(&oracle, "/livez").await, 200);
    assert_eq!(status(&oracle, "/readyz").await, 503);
    oracle.component("redis", "degraded").await;
    oracle.component("ai_engine", "degraded").await;
    let health = oracle.component("database", "unhealthy").await;
    assert_eq!(health["status"], "unhealthy");
    assert_eq!(status(&oracle, "/livez").await, 200);
    assert_eq!(status(&oracle, "/readyz").await, 503);
    oracle.signal("TERM").await;
    assert_eq!(oracle.ended().await.code(), Some(0));
}

/// A server that answers each client with this text byte by byte, and its last byte for ever; returns its address.
async fn drips(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // Of all three protocols the client speaks first.
                let _ = stream.read(&mut [0; 4_096]).await;
                let mut ticks = interval(Duration::from_millis(100));
                let last = text.bytes().last();
                for byte in text.bytes().chain(last.into_iter().cycle()) {
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                    ticks.tick().await;
                }
            });
        }
    });
    address.to_string()
}

#[tokio::test]
async fn servers_that_drip_are_outages_and_hold_up_no_probe_and_no_stop() {
    // The beginning of an answer of each protocol, which never ends.
    let database = format!("postgres://oracle@{}/oracle", drips("NR\0\0\u{8}\0").await);
    let redis = format!("redis://{}", drips("+O").await);
    let environment = [
        ("DATABASE_URL", database.as_str()),
        ("REDIS_URL", redis.as_str()),
        ("MONITOR_INTERVAL_SECONDS", "0.5"),
    ];
    let mut oracle = Oracle::start(BINARY, &environment).await;
    oracle.component("redis", "degraded").await;
    oracle.component("database", "unhealthy").await;
    assert_eq!(status(&oracle, "/livez").await, 200);
    assert_eq!(status(&oracle, "/readyz").await, 503);
    oracle.signal("TERM").await;
    assert_eq!(oracle.ended().await.code(), Some(0));
}

#[tokio::test]
async fn an_engine_that_drips_times_out_and_degrades_by_its_calls() {
    let engine = format!("http://{}", drips("HTTP/1.1 200 OK\r\nx: y").await);
    let environment = [
        ("AI_ENGINE_URL", engine.as_str()),
        ("AI_TIMEOUT_SECONDS", "1"),
        ("MONITOR_INTERVAL_SECONDS", "0.5"),
    ];
    let oracle = Oracle::start(BINARY, &environment).await;
    oracle.ready().await;
    // It can be connected to, which is all that the check looks at.
    oracle.component("ai_engine", "healthy").await;
    for text in ["one", "two", "three"] {
        let (status, answer) = oracle.message(7, text).await.expect("it answers");
        assert_eq!(status, 504, "{answer}");
    }
    let health = oracle.component("ai_engine", "degraded").await;
    assert_eq!(health["status"], "degraded");
    assert_eq!(status(&oracle, "/readyz").await, 200);
}

#[tokio::test]
async fn names_that_do_not_resolve_are_outages_that_say_so() {
    // Reserved to never exist (RFC 6761, section 6.4).
    let environment = [
        ("DATABASE_URL", "postgres://oracle@database.invalid/oracle"),
        ("REDIS_URL", "redis://redis.invalid"),
        ("AI_ENGINE_URL", "http://engine.invalid"),
        ("MONITOR_INTERVAL_SECONDS", "0.5"),
    ];
    let mut oracle = Oracle::start(BINARY, &environment).await;
    oracle.component("redis", "degraded").await;
    oracle.component("ai_engine", "degraded").await;
    oracle.component("database", "unhealthy").await;
    assert_eq!(status(&oracle, "/livez").await, 200);
    assert_eq!(status(&oracle, "/readyz").await, 503);
    let details = details(&oracle).await;
    assert!(details.contains("lookup"), "{details}");
    oracle.signal("TERM").await;
    assert_eq!(oracle.ended().await.code(), Some(0));
}

/// Starts a PostgreSQL again, which lets users of loopback in by this method.
async fn authenticates_by(postgres: &mut servers::Real, method: &str) {
    postgres.stop().await;
    let file = postgres.folder().join("data/pg_hba.conf");
    let line = format!("host all all 127.0.0.1/32 {method}\n");
    std::fs::write(file, line).expect("the file can be written");
    postgres.restart().await;
}

#[tokio::test]
async fn a_database_that_refuses_the_password_takes_readiness_and_tells_no_secret() {
    let Some(program) = programs::require("postgres") else {
        return;
    };
    let mut postgres = servers::postgres(&program).await;
    authenticates_by(&mut postgres, "scram-sha-256").await;
    let url = format!(
        "postgres://oracle:wrong-secret@127.0.0.1:{}/postgres",
        postgres.port()
    );
    let environment = [
        ("DATABASE_URL", url.as_str()),
        ("MONITOR_INTERVAL_SECONDS", "0.5"),
        ("LOG_LEVEL", "trace"),
    ];
    let oracle = Oracle::start(BINARY, &environment).await;
    let health = oracle.component("database", "unhealthy").await;
    assert_eq!(health["status"], "unhealthy");
    assert_eq!(status(&oracle, "/livez").await, 200);
    assert_eq!(status(&oracle, "/readyz").await, 503);
    let details = details(&oracle).await;
    assert!(details.contains("authentication failed"), "{details}");
    let said = format!("{details}{}", oracle.log("oracle.log"));
    assert!(!said.contains("wrong-secret"), "{said}");

    // Whoever puts it right does not have to restart the server.
    authenticates_by(&mut postgres, "trust").await;
    oracle.component("database", "healthy").await;
    assert_eq!(status(&oracle, "/readyz").await, 200);
}
