//! What it takes to evaluate 1,000 rules over 10,000 series, beside a Prometheus with the same rules, series and span.
//!
//! `cargo bench -p benches --bench rules` takes six minutes, because the Prometheus has to scrape for as long as the windows are;
//! with `--test` it is done in seconds, over fewer rules and shorter windows. Without a `prometheus` it tells its own numbers only.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a bench waits, reads the clock and prints"
)]

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use watchkeep_metrics::{Format, Recorder, Timestamp};
use watchkeep_rules::{Engine, RuleFile};

/// How much there is to evaluate.
struct Load {
    rules: usize,
    series_of_each: usize,
    window_seconds: u64,
    scrape_seconds: u64,
}

const FULL: Load = Load {
    rules: 1_000,
    series_of_each: 10,
    window_seconds: 300,
    scrape_seconds: 5,
};

const QUICK: Load = Load {
    rules: 50,
    series_of_each: 10,
    window_seconds: 5,
    scrape_seconds: 1,
};

fn main() {
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    // Cargo says `--bench` to a bench, and nothing to a test.
    let is_full = has("--bench") && !has("--test");
    let load = if is_full { FULL } else { QUICK };
    let recorder = Recorder::builder()
        .with_max_series_per_family(load.series_of_each * 2)
        .build()
        .expect("the settings are valid");
    count(&recorder, &load, 0);
    let rules = rules(&load);
    let here = evaluate(&recorder, &load, &rules);
    println!(
        "{} rules over {} series, {} s windows, a sample each {} s",
        load.rules,
        load.rules * load.series_of_each,
        load.window_seconds,
        load.scrape_seconds
    );
    println!("here:       {here:?} for one evaluation, the median of several");
    remember(&recorder, &load, &rules);
    match prometheus(&recorder, &load, &rules) {
        Some(there) => {
            println!(
                "Prometheus: {there:?} for one evaluation, as it says itself, the median of several"
            );
            let ratio = there.as_secs_f64() / here.as_secs_f64();
            println!("Prometheus takes {ratio:.1} times as long");
            assert!(!is_full || here <= there, "it takes longer than Prometheus");
        }
        None => println!("Prometheus: left out, there is no such program"),
    }
}

/// Lets every counter grow.
fn count(recorder: &Recorder, load: &Load, round: u64) {
    metrics::with_local_recorder(recorder, || {
        for rule in 0..load.rules {
            for series in 0..load.series_of_each {
                let by = (rule + series) as u64 % 7 + round % 3;
                metrics::counter!(format!("load_{rule}_total"), "series" => series.to_string(), "region" => "eu")
                    .increment(by);
            }
        }
    });
}

/// As many rules, each over its own series; none of them fires.
fn rules(load: &Load) -> String {
    let mut text = format!(
        "groups:\n- name: load\n  interval: {}s\n  rules:\n",
        load.scrape_seconds
    );
    for rule in 0..load.rules {
        writeln!(
            text,
            "  - {{alert: Rule{rule}, expr: 'rate(load_{rule}_total[{}s]) > 1e9'}}",
            load.window_seconds
        )
        .expect("a String takes every write");
    }
    text
}

fn engine(rules: &str) -> Engine {
    let file = RuleFile::parse(rules).expect("the rules are valid");
    Engine::new(file.into_groups()).expect("the rules can run")
}

/// The median time of an evaluation with full windows, the sample that it takes included.
fn evaluate(recorder: &Recorder, load: &Load, rules: &str) -> Duration {
    let mut engine = engine(rules);
    let samples = load.window_seconds / load.scrape_seconds + 1;
    let mut times = Vec::new();
    for round in 0..samples + 9 {
        count(recorder, load, round);
        let at = i64::try_from(round * load.scrape_seconds * 1_000).expect("it is small");
        let snapshot = recorder.snapshot();
        let began = Instant::now();
        let found = engine.evaluate(Timestamp::from_millis(at), &snapshot);
        if round >= samples {
            times.push(began.elapsed());
        }
        assert!(found.is_empty(), "no rule fires");
    }
    assert!(
        engine.statuses().all(|status| status.failure.is_none()),
        "every rule was evaluated"
    );
    assert_eq!(
        engine.history().series_count(),
        load.rules * load.series_of_each
    );
    times.sort();
    times[times.len() / 2]
}

/// Says what an hour of history takes.
fn remember(recorder: &Recorder, load: &Load, rules: &str) {
    let an_hour = rules.replace(&format!("[{}s]", load.window_seconds), "[1h]");
    let mut engine = engine(&an_hour);
    let before = resident_kilobytes();
    let rows = 3_600 / load.scrape_seconds;
    for row in 0..=rows {
        let at = i64::try_from(row * load.scrape_seconds * 1_000).expect("it is small");
        engine.observe(Timestamp::from_millis(at), &recorder.snapshot());
    }
    let grown = resident_kilobytes().saturating_sub(before);
    let history = engine.history();
    println!(
        "memory:     {} B a series and hour, {} B of them values; {} series, {} rows of at most {rows}",
        grown * 1_024 / history.series_count() as u64,
        history.value_count() * 8 / history.series_count(),
        history.series_count(),
        history.row_count(),
    );
}

fn resident_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// A child that is killed at the end.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Lets a Prometheus scrape the recorder until its windows are full; the median of what it says an evaluation takes.
fn prometheus(recorder: &Recorder, load: &Load, rules: &str) -> Option<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let target = listener.local_addr().expect("it is bound");
    let serving = recorder.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(stream, &serving);
        }
    });
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        free.local_addr().expect("it is bound").port()
    };
    let _child = start(folder.path(), port, &target.to_string(), load, rules)?;
    let full = Instant::now() + Duration::from_secs(load.window_seconds + 2 * load.scrape_seconds);
    let mut round = 0;
    while Instant::now() < full {
        count(recorder, load, round);
        round += 1;
        std::thread::sleep(Duration::from_secs(1));
    }
    let mut times = Vec::new();
    for _ in 0..9 {
        std::thread::sleep(Duration::from_secs(load.scrape_seconds));
        let page = get(port, "/metrics");
        let line = page
            .lines()
            .find(|line| line.starts_with("prometheus_rule_group_last_duration_seconds{"));
        let seconds = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
        times.extend(seconds.map(Duration::from_secs_f64));
    }
    let asked = get(
        port,
        "/api/v1/query?query=count(rate(load_0_total%5B1m%5D))",
    );
    assert!(
        asked.contains(&format!("\"{}\"]", load.series_of_each)),
        "it has the series: {asked}"
    );
    times.sort();
    times.get(times.len() / 2).copied()
}

fn start(folder: &Path, port: u16, target: &str, load: &Load, rules: &str) -> Option<Killed> {
    let config = format!(
        "global: {{scrape_interval: {seconds}s, evaluation_interval: {seconds}s}}\nrule_files: [rules.yml]\nscrape_configs: [{{job_name: load, static_configs: [{{targets: ['{target}']}}]}}]\n",
        seconds = load.scrape_seconds
    );
    std::fs::write(folder.join("rules.yml"), rules).expect("the rules are written");
    std::fs::write(folder.join("prometheus.yml"), config).expect("the configuration is written");
    let child = Command::new("prometheus")
        .arg(format!(
            "--config.file={}",
            folder.join("prometheus.yml").display()
        ))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.join("data").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let child = Killed(child.ok()?);
    let deadline = Instant::now() + Duration::from_secs(40);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "Prometheus listens");
        std::thread::sleep(Duration::from_millis(100));
    }
    Some(child)
}

/// Answers every request with the metrics.
fn answer(mut stream: TcpStream, recorder: &Recorder) {
    let mut request = [0; 4_096];
    let mut page = Vec::new();
    recorder.render(Format::Prometheus, &mut page);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        page.len()
    );
    // A scraper that goes away is its own matter.
    let _ = stream
        .read(&mut request)
        .and_then(|_| stream.write_all(head.as_bytes()))
        .and_then(|()| stream.write_all(&page));
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let request = format!("GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}
