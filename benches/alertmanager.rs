//! 100,000 distinct alerts through `POST /api/v2/alerts` in batches of 1,000, by one client, to the engine (on disk when it answers) and to a real Alertmanager (in memory when it answers), one after the other in one run: time, resident memory, and one listing.
//!
//! Each server is a process of its own: `--serve` makes this program the engine's.
//! `--test` takes 2,000 alerts, and checks that both have them all; without an Alertmanager it says so and measures the engine alone.

#![expect(
    clippy::print_stdout,
    reason = "a bench is read from its standard output"
)]

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tokio::time::{Duration, Instant};
use watchkeep_alerts::Alerting;
use watchkeep_alerts::journal::Sqlite;
use watchkeep_endpoints::{Access, Endpoints};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A group for each hundred alerts, and nobody is told, so that what is measured is acceptance.
const CONFIG: &str = "\
route: {receiver: 'null', group_by: [group], group_wait: 1h, group_interval: 1h}
receivers: [{name: 'null'}]
";
const BATCH: usize = 1_000;

/// What one server took.
struct Figures {
    accepted: Duration,
    at_rest: u64,
    when_accepted: u64,
    when_listed: u64,
    listed: Duration,
    bytes: usize,
}

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().collect();
    if let Some(folder) = arguments.iter().skip_while(|it| *it != "--serve").nth(1) {
        return serve(Path::new(folder));
    }
    let count = match arguments.iter().any(|it| it == "--test") {
        true => 2_000,
        false => 100_000,
    };
    let folder = tempfile::tempdir()?;
    let ours = Process::ours(folder.path())?.measure(count)?;
    println!("{count} alerts in batches of {BATCH}");
    print("engine, on disk", &ours);
    let Some(program) = alertmanager() else {
        println!("no prometheus-alertmanager here: nothing to compare with");
        return Ok(());
    };
    let theirs = Process::theirs(&program, folder.path())?.measure(count)?;
    print("Alertmanager", &theirs);
    let ratio = |own: f64, other: f64| own / other;
    let times = ratio(ours.accepted.as_secs_f64(), theirs.accepted.as_secs_f64());
    let listings = ratio(ours.listed.as_secs_f64(), theirs.listed.as_secs_f64());
    let accepted = ratio(ours.when_accepted as f64, theirs.when_accepted as f64);
    let listed = ratio(ours.when_listed as f64, theirs.when_listed as f64);
    println!(
        "engine / Alertmanager: time {times:.2}, memory {accepted:.2} accepted and {listed:.2} listed, listing {listings:.2}"
    );
    Ok(())
}

fn print(name: &str, figures: &Figures) {
    let megabytes = |bytes: u64| bytes / 1_000_000;
    println!(
        "{name:16} accepted in {:.2} s, listed in {:.2} s ({} MB); resident {} MB at first, {} MB accepted, {} MB listed",
        figures.accepted.as_secs_f64(),
        figures.listed.as_secs_f64(),
        figures.bytes / 1_000_000,
        megabytes(figures.at_rest),
        megabytes(figures.when_accepted),
        megabytes(figures.when_listed),
    );
}

/// Serves the API over an engine with its journal in a folder, until standard input ends; says its address.
fn serve(folder: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let journal = Sqlite::options().max_bytes(1 << 30).open(folder)?;
        let alerting = Alerting::builder("bench")
            .config_yaml(CONFIG)
            .journal(journal)
            .max_active(200_000)
            .build()?;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        println!("{address}");
        let router = Endpoints::new(Access::for_listener(address))
            .with_alertmanager_api(alerting)
            .router();
        axum::serve(listener, router).await?;
        Ok(())
    })
}

fn alertmanager() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("prometheus-alertmanager"))
        .find(|program| program.is_file())
}

/// A server that is killed when this is dropped.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn ours(folder: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--serve")
            .arg(folder.join("journal"))
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("there is a pipe")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        let address = address.trim().to_owned();
        Ok(Self { child, address })
    }

    fn theirs(program: &Path, folder: &Path) -> Result<Self> {
        let config = folder.join("alertmanager.yml");
        fs::write(&config, CONFIG)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let address = format!("127.0.0.1:{port}");
        let child = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=")
            .stderr(Stdio::null())
            .spawn()?;
        let process = Self { child, address };
        let began = Instant::now();
        while TcpStream::connect(&process.address).is_err() {
            if began.elapsed() > Duration::from_secs(20) {
                return Err("Alertmanager does not start".into());
            }
            std::thread::yield_now();
        }
        Ok(process)
    }

    fn measure(self, count: usize) -> Result<Figures> {
        let bodies: Vec<_> = (0..count)
            .step_by(BATCH)
            .map(|first| body(first, count))
            .collect();
        let mut connection = Connection::open(&self.address)?;
        let at_rest = self.resident()?;
        let began = Instant::now();
        for body in &bodies {
            connection.ask("POST", "/api/v2/alerts", body)?;
        }
        let accepted = began.elapsed();
        let when_accepted = self.resident()?;
        let began = Instant::now();
        let listing = connection.ask("GET", "/api/v2/alerts", "")?;
        let listed = began.elapsed();
        let when_listed = self.resident()?;
        let found = listing
            .windows(14)
            .filter(|it| it == b"\"fingerprint\":")
            .count();
        if found != count {
            return Err(format!("{found} of {count} alerts are listed").into());
        }
        Ok(Figures {
            accepted,
            at_rest,
            when_accepted,
            when_listed,
            listed,
            bytes: listing.len(),
        })
    }

    fn resident(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kilobytes.ok_or("the process has ended")? * 1_024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn body(first: usize, count: usize) -> String {
    let alert = |n: usize| {
        format!(
            r#"{{"labels":{{"alertname":"Bench{}","severity":"warning","instance":"host-{n}:9100","job":"node","group":"{}"}},"annotations":{{"summary":"something is the case","description":"The value on host-{n} is {n}, over its limit."}},"generatorURL":"http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1"}}"#,
            n / 1_000,
            n / 100
        )
    };
    let alerts: Vec<_> = (first..(first + BATCH).min(count)).map(alert).collect();
    format!("[{}]", alerts.join(","))
}

/// A connection that stays open: what a client needs of HTTP/1.1 here, and nothing that costs time.
struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            host: address.to_owned(),
        })
    }

    /// Sends a request, and returns the body of a 200.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())?;
        let status = self.line()?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            chunked |= line.starts_with("transfer-encoding:");
        }
        let mut answer = Vec::new();
        if !chunked {
            self.take(length, &mut answer)?;
        }
        while chunked {
            let length = usize::from_str_radix(&self.line()?, 16)?;
            self.take(length, &mut answer)?;
            self.line()?;
            chunked = length > 0;
        }
        match status.contains(" 200 ") {
            true => Ok(answer),
            false => Err(format!("{status}: {}", String::from_utf8_lossy(&answer)).into()),
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn take(&mut self, length: usize, answer: &mut Vec<u8>) -> Result<()> {
        let before = answer.len();
        answer.resize(before + length, 0);
        self.stream.read_exact(&mut answer[before..])?;
        Ok(())
    }
}
