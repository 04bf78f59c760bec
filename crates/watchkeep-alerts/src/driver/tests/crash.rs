//! The real driver on a real SQLite journal, killed at random and at named points, with a receiver in another process.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use crate::alert::Alert;
use crate::alerting::Alerting;
use crate::async_trait;
use crate::journal::Durability;
use crate::journal::Sqlite;
use crate::level::Level;
use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError};

/// The names of alerts that were acknowledged, with their fingerprints.
type Acked = BTreeMap<String, String>;

/// Where a child is stopped and killed: by name, and how often it is passed first.
const POINTS: [&str; 5] = [
    "before commit",
    "after commit",
    "after answers",
    "before send",
    "after send",
];
/// The test that is the child, for this very program.
const CHILD: &str = "driver::tests::crash::child";

/// Takes notices over a socket: writes each to its file and syncs it before it answers.
struct Sink {
    address: String,
    file: Arc<Mutex<File>>,
    down: Arc<AtomicBool>,
}

impl Sink {
    fn start(file: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let file = Arc::new(Mutex::new(append(file)));
        let down = Arc::new(AtomicBool::new(false));
        let (for_thread, is_down) = (Arc::clone(&file), Arc::clone(&down));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let file = Arc::clone(&for_thread);
                if is_down.load(Ordering::Acquire) {
                    continue;
                }
                std::thread::spawn(move || take(stream, &file));
            }
        });
        Self {
            address,
            file,
            down,
        }
    }

    /// Returns id and text of every notice that arrived.
    fn received(&self, path: &Path) -> Vec<(String, String)> {
        let _not_while_writing = self.file.lock().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        text.lines()
            .map(|line| {
                let (id, body) = line.split_once(' ').unwrap();
                (id.to_owned(), body.to_owned())
            })
            .collect()
    }
}

fn take(mut stream: TcpStream, file: &Mutex<File>) {
    let mut line = String::new();
    let read = BufReader::new(&stream).read_line(&mut line);
    if read.is_err() || !line.ends_with('\n') {
        return;
    }
    let mut file = file.lock().unwrap();
    file.write_all(line.as_bytes()).unwrap();
    file.sync_data().unwrap();
    // The sender may be dead by now.
    drop(stream.write_all(b"ok"));
}

fn append(path: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}

/// The channel in the child: hands notices to the sink.
struct ToSink(String);

#[async_trait]
impl Notifier for ToSink {
    fn kind(&self) -> &'static str {
        "sink"
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

        let body = serde_json::to_string(notification).unwrap();
        let line = format!("{} {body}\n", notification.id());
        let exchange = async {
            let mut stream = tokio::net::TcpStream::connect(&self.0).await?;
            stream.write_all(line.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        match exchange.await {
            Ok(answer) if answer == "ok" => Ok(()),
            Ok(_) => Err(NotifyError::ambiguous("no answer")),
            Err(error) => Err(NotifyError::transient(error.to_string())),
        }
    }
}

/// Not a test of its own: what the parent starts, and kills.
#[test]
fn child() {
    let Ok(folder) = std::env::var("WATCHKEEP_TEST_CRASH") else {
        return;
    };
    let sink = std::env::var("WATCHKEEP_TEST_SINK").unwrap();
    let round = std::env::var("WATCHKEEP_TEST_ROUND").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(raise(&folder, &sink, &round));
}

fn engine(folder: &str, sink: &str) -> Alerting {
    Alerting::builder("crash")
        .notifier("sink", ToSink(sink.to_owned()))
        .config_yaml(
            "route: {receiver: sink, group_by: [group], group_wait: 20ms, group_interval: 200ms, repeat_interval: 1h}\nreceivers: [{name: sink}]\n",
        )
        .backoff(Duration::from_millis(5), Duration::from_millis(100))
        .journal(Sqlite::open(folder).unwrap())
        .build()
        .unwrap()
}

/// Raises and resolves alerts until it is killed, and says of each that was acknowledged so.
async fn raise(folder: &str, sink: &str, round: &str) {
    let alerting = engine(folder, sink);
    println!("\nup");
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..4 {
        let (alerting, round) = (alerting.clone(), round.to_owned());
        tasks.spawn(async move {
            for n in 0..25 {
                let name = format!("R{round}T{task}N{n}");
                let alert = Alert::new(&name, Level::Error, "text")
                    .with_label("group", format!("g{}", n % 7));
                let ack = if n % 2 == 0 {
                    alerting.trigger(alert).await.unwrap()
                } else {
                    alerting.fire(alert).await.unwrap()
                };
                assert_eq!(ack.durability(), Durability::Disk);
                println!("\nacked {name} {}", ack.fingerprint());
                if n % 5 == 3 {
                    alerting.resolve(ack.fingerprint()).await.unwrap();
                }
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    println!("\ndone");
    std::future::pending::<()>().await;
}

/// Starts a child, and returns what it says, line by line.
fn start(folder: &Path, sink: &str, round: usize, point: Option<(&str, u64)>) -> Running {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([CHILD, "--exact", "--nocapture", "--test-threads=1"])
        .env("WATCHKEEP_TEST_CRASH", folder)
        .env("WATCHKEEP_TEST_SINK", sink)
        .env("WATCHKEEP_TEST_ROUND", round.to_string())
        .env_remove("WATCHKEEP_TEST_FAILPOINT")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some((name, times)) = point {
        command.env("WATCHKEEP_TEST_FAILPOINT", format!("{name}:{times}"));
    }
    let mut child = command.spawn().unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    Running { child, lines }
}

struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    /// Waits for a line that begins so, and takes note of what was acknowledged meanwhile.
    fn wait_for(&self, word: &str, limit: Duration, acked: &mut Acked) -> bool {
        let end = limit.as_millis();
        let mut waited = 0;
        while waited < end {
            match self.lines.recv_timeout(Duration::from_millis(5)) {
                Ok(line) => {
                    note(&line, acked);
                    if line.starts_with(word) {
                        return true;
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => waited += 5,
                Err(mpsc::RecvTimeoutError::Disconnected) => return false,
            }
        }
        false
    }

    /// Kills it (`SIGKILL`), and takes note of what it still had said.
    fn kill(mut self, acked: &mut Acked) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        assert!(!stderr.contains("panicked"), "{stderr}");
        for line in self.lines.iter() {
            note(&line, acked);
        }
    }
}

fn note(line: &str, acked: &mut Acked) {
    let words = line.strip_prefix("acked ");
    if let Some((name, fingerprint)) = words.and_then(|words| words.split_once(' ')) {
        acked.insert(name.to_owned(), fingerprint.to_owned());
    }
}

#[test]
fn nothing_that_was_acknowledged_is_lost_over_kills() {
    let slow = std::env::var_os("RUN_SLOW_TESTS").is_some();
    let lives = if slow { 16 } else { 1 };
    for _ in 0..lives {
        kill_again_and_again(32);
    }
}

/// Kills as many processes on one journal, and looks what is left; more would hold more alerts than one notice names.
fn kill_again_and_again(rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let received = folder.path().join("received");
    let sink = Sink::start(&received);
    let mut acked = Acked::new();
    let mut reached: BTreeMap<&str, usize> = BTreeMap::new();
    for round in 0..rounds {
        // Every third time the receiver is down, so that much waits over the next start.
        sink.down.store(round % 3 == 1, Ordering::Release);
        let point = POINTS.get(round % (POINTS.len() + 3)).copied();
        let point = point.map(|name| (name, fastrand::u64(..12)));
        let running = start(&journal, &sink.address, round, point);
        match point {
            Some((name, _)) => {
                if running.wait_for("reached ", Duration::from_secs(10), &mut acked) {
                    *reached.entry(name).or_default() += 1;
                }
            }
            None => {
                let patience = Duration::from_secs(20);
                assert!(running.wait_for("up", patience, &mut acked), "it starts");
                let life = Duration::from_millis(fastrand::u64(..150));
                running.wait_for("done", life, &mut acked);
            }
        }
        running.kill(&mut acked);
    }
    for name in POINTS {
        let times = reached.get(name).copied().unwrap_or(0);
        assert!(
            times >= rounds / 16,
            "{name} was reached {times} times only"
        );
    }
    sink.down.store(false, Ordering::Release);
    let reasons = drain(&journal, &sink.address);
    let received = sink.received(&received);
    check(&acked, &received, &reasons);
    println!(
        "{rounds} kills, {} acknowledged, {} received",
        acked.len(),
        received.len()
    );
}

/// Lets a last engine deliver what is left, and returns what it says of everything that was not delivered.
fn drain(journal: &Path, sink: &str) -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let alerting = engine(journal.to_str().unwrap(), sink);
        // Every group is flushed within its interval.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut reasons = serde_json::to_string(&alerting.dead_letters().await).unwrap();
        reasons += &serde_json::to_string(&alerting.decisions(100_000).await).unwrap();
        assert!(alerting.shutdown(Duration::from_secs(60)).await);
        reasons
    })
}

fn check(acked: &Acked, received: &[(String, String)], reasons: &str) {
    assert!(
        acked.len() > 100,
        "the children came to do something: {acked:?}"
    );
    let mut bodies = BTreeMap::new();
    let mut names = BTreeSet::new();
    for (id, body) in received {
        let before = bodies.insert(id, body);
        assert!(
            before.is_none_or(|before| before == body),
            "{id} has two bodies"
        );
        let notification: Notification = serde_json::from_str(body).unwrap();
        assert_eq!(notification.id(), id);
        let alerts = notification.alerts().iter();
        names.extend(alerts.map(|alert| alert.labels["alertname"].clone()));
    }
    for (name, fingerprint) in acked {
        // A state that ended before its group was told of it has a reason in the audit.
        let excused = reasons.contains(fingerprint);
        assert!(
            names.contains(name) || excused,
            "{name} was acknowledged and is lost"
        );
    }
}
