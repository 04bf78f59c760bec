//! What watching costs those who are served: `POST /message` at a fixed rate, with and without a full page and a heavy scrape.
//!
//! Rounds alternate, and the median of the ratios of their 99th percentiles counts; latencies are taken from when a message
//! was due, so that a server that stalls is not asked less. Fails when a limit is passed; `--test` runs one short round.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use oracle_server::{Config, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_metrics::TaskMonitor;

const VIEWERS: usize = 64;

/// Series of the scrape beside the server's own.
const SERIES: usize = 10_000;
const SERIES_OF_A_FAMILY: usize = 500;

/// Messages a second.
const RATE: u32 = 200;

/// What 64 viewers and a scrape a second may cost.
const MOST_RATIO: f64 = 1.2;

/// How long a task of the server's runtime may wait for its turn, on average over a round.
const MOST_LAG: Duration = Duration::from_millis(5);

/// How often the probe of the runtime's lag wakes.
const PROBE: Duration = Duration::from_millis(5);

struct Plan {
    rounds: usize,
    length: Duration,
    has_limits: bool,
}

struct Round {
    p99: Duration,
    lag: Duration,
    scrapes: u64,
}

fn main() -> ExitCode {
    let plan = if std::env::args().any(|argument| argument == "--test") {
        Plan {
            rounds: 1,
            length: Duration::from_millis(1_200),
            has_limits: false,
        }
    } else {
        Plan {
            rounds: 20,
            length: Duration::from_secs(5),
            has_limits: true,
        }
    };
    if measure(&plan) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs all rounds, prints what they took, and returns whether that is within the limits.
#[expect(clippy::print_stdout, reason = "a bench says what it measured")]
fn measure(plan: &Plan) -> bool {
    // The workspace builds reqwest without a TLS provider of its own; nobody else has installed one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let server_runtime = Runtime::new().expect("a runtime can be made");
    let client_runtime = Runtime::new().expect("a runtime can be made");
    let config = config(folder.path());
    let server = server_runtime
        .block_on(async { tokio::spawn(Server::start(config)).await })
        .expect("the start does not panic")
        .expect("the server starts");
    add_series();
    let address = server.address().to_string();
    let monitor = TaskMonitor::new();
    server_runtime.spawn(monitor.instrument(async {
        let mut ticks = interval(PROBE);
        loop {
            ticks.tick().await;
        }
    }));
    let mut lags = monitor.intervals();
    let mut lag = || {
        lags.next()
            .map_or(Duration::ZERO, |it| it.mean_scheduled_duration())
    };

    // The first round warms up, and is not counted.
    client_runtime.block_on(quiet(&address, plan.length));
    let (mut ratios, mut worst_lag) = (Vec::new(), Duration::ZERO);
    for number in 0..plan.rounds {
        let is_watched_first = number % 2 == 1;
        let mut round = |is_watched: bool| {
            lag();
            let (p99, scrapes) = if is_watched {
                client_runtime.block_on(watched(&address, plan.length))
            } else {
                (client_runtime.block_on(quiet(&address, plan.length)), 0)
            };
            Round {
                p99,
                lag: lag(),
                scrapes,
            }
        };
        let first = round(is_watched_first);
        let second = round(!is_watched_first);
        let (watched, quiet) = if is_watched_first {
            (first, second)
        } else {
            (second, first)
        };
        assert!(watched.scrapes > 0, "somebody scrapes");
        let ratio = watched.p99.as_secs_f64() / quiet.p99.as_secs_f64();
        println!(
            "round {number}: p99 {:?} watched, {:?} quiet, ratio {ratio:.3}; lag {:?} and {:?}",
            watched.p99, quiet.p99, watched.lag, quiet.lag
        );
        ratios.push(ratio);
        worst_lag = worst_lag.max(watched.lag);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    println!(
        "median of the ratios {median:.3} (at most {MOST_RATIO}), longest lag {worst_lag:?} (at most {MOST_LAG:?})"
    );
    server_runtime.block_on(server.stop());
    !plan.has_limits || median <= MOST_RATIO && worst_lag <= MOST_LAG
}

fn config(folder: &std::path::Path) -> Config {
    let path = |name: &str| folder.join(name).display().to_string();
    let result = Config::from_lookup(|name| match name {
        "ORACLE_ADDR" => Some("127.0.0.1:0".to_owned()),
        "DATA_DIR" => Some(path("data")),
        "LOG_DIR" => Some(path("logs")),
        "LOG_CONSOLE" => Some("off".to_owned()),
        _ => None,
    });
    result.expect("the environment is valid")
}

fn add_series() {
    for number in 0..SERIES {
        let family = format!("bench_{}_total", number / SERIES_OF_A_FAMILY);
        metrics::counter!(family, "number" => number.to_string()).increment(1);
    }
}

/// The 99th percentile with nobody watching.
async fn quiet(address: &str, length: Duration) -> Duration {
    talk(address, length).await
}

/// The 99th percentile with all who may watch and a scrape a second; and how many scrapes there were.
async fn watched(address: &str, length: Duration) -> (Duration, u64) {
    let mut viewers = JoinSet::new();
    let read = Arc::new(AtomicU64::new(0));
    for _ in 0..VIEWERS {
        let mut stream = TcpStream::connect(address).await.expect("it accepts");
        let request = format!("GET /dashboard/events HTTP/1.1\r\nhost: {address}\r\n\r\n");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it is sent");
        let read = Arc::clone(&read);
        viewers.spawn(async move {
            let mut part = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = stream.read(&mut part).await {
                read.fetch_add(length as u64, Ordering::Relaxed);
            }
        });
    }
    let stop = Arc::new(AtomicBool::new(false));
    let scraper = tokio::spawn(scrape(address.to_owned(), Arc::clone(&stop)));
    let p99 = talk(address, length).await;
    stop.store(true, Ordering::Relaxed);
    let scrapes = scraper.await.expect("scrapes do not fail");
    assert!(
        read.load(Ordering::Relaxed) > VIEWERS as u64 * 1_000,
        "the viewers are served"
    );
    viewers.shutdown().await;
    (p99, scrapes)
}

/// Scrapes each second, as Prometheus does; returns how often.
async fn scrape(address: String, stop: Arc<AtomicBool>) -> u64 {
    let client = reqwest::Client::new();
    let mut ticks = interval(Duration::from_secs(1));
    let mut scrapes = 0;
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let request = client.get(format!("http://{address}/metrics"));
        let answer = request.header("accept-encoding", "gzip").send().await;
        let body = answer
            .expect("it answers")
            .bytes()
            .await
            .expect("it is whole");
        assert!(
            body.len() > SERIES,
            "{} bytes for all the series",
            body.len()
        );
        scrapes += 1;
    }
    scrapes
}

/// Sends messages at the rate for so long; returns the 99th percentile of their latencies.
async fn talk(address: &str, length: Duration) -> Duration {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let client = reqwest::Client::new();
    let url = format!("http://{address}/message");
    let mut ticks = interval(Duration::from_secs(1) / RATE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let end = Instant::now() + length;
    let mut messages = JoinSet::new();
    loop {
        let due = ticks.tick().await;
        if due >= end {
            break;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let body = format!(
            "{{\"user_id\":{},\"text\":\"what is {number}?\"}}",
            number % 100
        );
        let request = client.post(&url).body(body);
        messages.spawn(async move {
            let answer = request.send().await.expect("it answers");
            assert_eq!(answer.status(), 200);
            answer.bytes().await.expect("it is whole");
            due.elapsed()
        });
    }
    let mut latencies = messages.join_all().await;
    latencies.sort();
    latencies[latencies.len() * 99 / 100]
}
