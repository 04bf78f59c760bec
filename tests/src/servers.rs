//! Real servers of others as child processes on free ports: Prometheus, PostgreSQL, Redis, Alertmanager, a mail server, a search server.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::client::client;
use crate::eventually::eventually;

mod channels;
mod search;

pub use channels::{Encryption, alertmanager_with, alertmanagers, letters, of_alertmanager, smtp};
pub use search::{index_lines, search_request, search_server};

/// A port that was free a moment ago, for servers that cannot choose one themselves.
///
/// # Panics
/// When no port is free.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

/// A server that is killed when this is dropped.
#[derive(Debug)]
pub struct Real {
    command: Command,
    child: Child,
    port: u16,
    /// The processes that stand still.
    frozen: Vec<u32>,
    // The folder goes after the child that writes into it.
    folder: TempDir,
}

impl Real {
    /// Returns the port it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the folder it keeps its files in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills it, and waits for its end.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Asks it to stop, and waits for its end.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn stop(&mut self) {
        send("INT", &[self.id()]);
        self.child.wait().await.expect("its end is known");
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill), on the same port and files.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self) {
        self.child = self.command.spawn().expect("the program runs");
        listens(self.port).await;
    }

    /// Asks it to read its configuration again.
    ///
    /// # Panics
    /// When it has ended.
    pub fn reload(&self) {
        send("HUP", &[self.id()]);
    }

    /// Lets it and its children stand still, as a machine that hangs does: connections stay, and nobody answers.
    ///
    /// # Panics
    /// When it has ended.
    pub fn freeze(&mut self) {
        let id = self.id();
        self.frozen = children(id);
        self.frozen.push(id);
        send("STOP", &self.frozen);
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// When it has ended.
    pub fn thaw(&mut self) {
        send("CONT", &std::mem::take(&mut self.frozen));
    }

    fn id(&self) -> u32 {
        self.child.id().expect("it still runs")
    }

    async fn start(folder: TempDir, port: u16, mut command: Command) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let child = command.spawn().expect("the program runs");
        listens(port).await;
        Self {
            command,
            child,
            port,
            frozen: Vec::new(),
            folder,
        }
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        // A child that stands still would not notice that its parent is gone.
        if !self.frozen.is_empty() {
            send("CONT", &self.frozen);
        }
    }
}

async fn listens(port: u16) {
    eventually(40, "the server accepts connections", || {
        TcpStream::connect(("127.0.0.1", port))
    })
    .await;
}

/// Sends a signal; processes that have ended are left out.
fn send(signal: &str, processes: &[u32]) {
    for process in processes {
        std::process::Command::new("kill")
            .args([&format!("-{signal}"), &process.to_string()])
            .stderr(Stdio::null())
            .status()
            .expect("there is a kill program");
    }
}

/// The children of a process, as `/proc` lists them.
fn children(parent: u32) -> Vec<u32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace()
        .filter_map(|id| id.parse().ok())
        .collect()
}

/// Starts a Prometheus that scrapes `target` (`host:port`) every second.
///
/// # Panics
/// When it does not start.
pub async fn prometheus(program: &Path, target: &str) -> Real {
    prometheus_with(program, target, &[]).await
}

/// Starts a Prometheus with further arguments.
///
/// # Panics
/// When it does not start.
pub async fn prometheus_with(program: &Path, target: &str, arguments: &[&str]) -> Real {
    prometheus_configured(program, &scrape(target, "[]"), arguments).await
}

/// Starts a Prometheus that scrapes `target` every second and runs the rules of a file.
///
/// # Panics
/// When it does not start.
pub async fn prometheus_with_rules(program: &Path, target: &str, rules: &Path) -> Real {
    let files = format!("['{}']", rules.display());
    prometheus_configured(program, &scrape(target, &files), &[]).await
}

/// Starts a Prometheus that evaluates the rules of a file every second and sends its alerts to `target`.
///
/// # Panics
/// When it does not start.
pub async fn prometheus_that_alerts(program: &Path, rules: &Path, target: &str) -> Real {
    let rules = rules.display();
    let text = format!(
        "global: {{evaluation_interval: 1s}}\nrule_files: ['{rules}']\nalerting: {{alertmanagers: [{{static_configs: [{{targets: ['{target}']}}]}}]}}\n"
    );
    prometheus_configured(program, &text, &["--rules.alert.resend-delay=1s"]).await
}

fn scrape(target: &str, rule_files: &str) -> String {
    format!(
        "global: {{scrape_interval: 1s}}\nrule_files: {rule_files}\nscrape_configs: [{{job_name: oracle, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
}

/// Starts a Prometheus with this configuration and further arguments.
///
/// # Panics
/// When it does not start.
pub async fn prometheus_configured(program: &Path, text: &str, arguments: &[&str]) -> Real {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let port = free_port();
    let config = folder.path().join("prometheus.yml");
    std::fs::write(&config, text).expect("the configuration is written");
    let mut command = Command::new(program);
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!(
            "--storage.tsdb.path={}",
            folder.path().join("data").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .args(arguments);
    Real::start(folder, port, command).await
}

/// Asks a Prometheus an instant query; returns its result vector.
///
/// # Errors
/// When it does not answer, or refuses the query.
pub async fn query(prometheus: &Real, expression: &str) -> Result<Vec<Value>, String> {
    let answer = ask(prometheus, "query", &[("query", expression)]).await?;
    match answer["data"]["result"].as_array() {
        Some(result) => Ok(result.clone()),
        None => Err(answer.to_string()),
    }
}

/// Asks a Prometheus through its API, by the last part of the path; returns all of the answer.
///
/// # Errors
/// When it does not answer with JSON.
pub async fn ask(
    prometheus: &Real,
    what: &str,
    parameters: &[(&str, &str)],
) -> Result<Value, String> {
    let port = prometheus.port();
    let mut url = reqwest::Url::parse(&format!("http://127.0.0.1:{port}/api/v1/{what}"))
        .map_err(|error| error.to_string())?;
    url.query_pairs_mut().extend_pairs(parameters);
    let answer = client().get(url).send().await;
    let answer = answer.map_err(|error| error.to_string())?;
    answer.json().await.map_err(|error| error.to_string())
}

/// Returns the address of the database that [`postgres`] made.
pub fn postgres_url(postgres: &Real) -> String {
    format!("postgres://oracle@127.0.0.1:{}/postgres", postgres.port())
}

/// Starts a Redis with this password.
///
/// # Panics
/// When it does not start.
pub async fn redis(program: &Path, password: &str) -> Real {
    redis_with(program, password, &[]).await
}

/// Starts a Redis with this password and further arguments.
///
/// # Panics
/// When it does not start.
pub async fn redis_with(program: &Path, password: &str, arguments: &[&str]) -> Real {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let port = free_port();
    let mut command = Command::new(program);
    command
        .current_dir(folder.path())
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--port", &port.to_string(), "--requirepass", password])
        .args(arguments);
    Real::start(folder, port, command).await
}

/// Starts a PostgreSQL with the superuser `oracle`, who needs no password on loopback, and its database `postgres`.
///
/// `program` is the `postgres` binary; `initdb` is looked for beside it.
/// PostgreSQL refuses to run as root, so then it runs as the user `postgres` that its package makes.
///
/// # Panics
/// When it does not start.
pub async fn postgres(program: &Path) -> Real {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let port = free_port();
    let data = folder.path().join("data");
    let root = is_root();
    if root {
        let owner = format!("postgres:{}", folder.path().display());
        let (user, path) = owner.split_once(':').expect("it was just joined");
        run(Command::new("chown").args([user, path])).await;
    }
    let initdb: PathBuf = program.with_file_name("initdb");
    run(as_owner(root, &initdb)
        .args(["--username=oracle", "--auth=trust", "--no-sync", "-D"])
        .arg(&data))
    .await;
    let mut command = as_owner(root, program);
    command
        .arg("-D")
        .arg(&data)
        .args(["-h", "127.0.0.1", "-k", "", "-F", "-p", &port.to_string()]);
    Real::start(folder, port, command).await
}

fn as_owner(root: bool, program: &Path) -> Command {
    if root {
        // setpriv replaces itself by the program, so that killing the child kills the server.
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg(program);
        command
    } else {
        Command::new(program)
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

async fn run(command: &mut Command) {
    let output = command.output().await.expect("the program runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {complaint}");
}
