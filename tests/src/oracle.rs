//! The reference server as a child process in a folder of its own.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::client::client;
use crate::eventually::eventually;

/// How long a server has to end after it was told to.
const TIME_TO_END: Duration = Duration::from_secs(20);

/// A running server; killed when it is dropped.
#[derive(Debug)]
pub struct Oracle {
    child: Child,
    folder: TempDir,
    base: String,
    client: reqwest::Client,
}

impl Oracle {
    /// Starts `binary` with nothing but this environment, on a free port, and waits until it listens.
    ///
    /// # Panics
    /// When it does not listen within 30 seconds.
    pub async fn start(binary: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_with(binary, &[], environment).await
    }

    /// As [`start`](Self::start), with arguments.
    ///
    /// # Panics
    /// When it does not listen within 30 seconds.
    pub async fn start_with(
        binary: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let mut oracle = Self::spawn(binary, arguments, environment);
        let file = oracle.folder().join("data/oracle.addr");
        let address = eventually(30, "the server listens", || async {
            std::fs::read_to_string(&file)
        })
        .await;
        oracle.base = format!("http://{}", address.trim());
        oracle
    }

    /// Starts `binary` and waits for nothing; it can be asked nothing, but sent signals and waited for.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn spawn(binary: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self::spawn_in(folder, binary, arguments, environment)
    }

    /// As [`spawn`](Self::spawn), in a folder that the test has prepared.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn spawn_in(
        folder: TempDir,
        binary: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let child = command(binary, folder.path(), environment)
            .args(arguments)
            .spawn()
            .expect("the server's binary runs");
        Self {
            child,
            base: String::new(),
            folder,
            client: client(),
        }
    }

    /// Says whether its process is still there.
    ///
    /// # Panics
    /// When it cannot be looked at.
    pub fn runs(&mut self) -> bool {
        let ended = self.child.try_wait().expect("it can be looked at");
        ended.is_none()
    }

    /// Returns the id of its process.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().expect("the server still runs")
    }

    /// Runs `binary` to its end; returns its exit code, standard output and standard error.
    ///
    /// # Panics
    /// When it does not end within 20 seconds.
    pub async fn run(
        binary: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> (Option<i32>, String, String) {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let running = command(binary, folder.path(), environment)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output();
        let output = timeout(TIME_TO_END, running)
            .await
            .expect("it ends in time")
            .expect("the server's binary runs");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// Returns the base URL.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns the folder it runs in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Gets a path.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn get(&self, path: &str) -> reqwest::Result<Response> {
        self.client.get(format!("{}{path}", self.base)).send().await
    }

    /// Gets a path as JSON.
    ///
    /// # Errors
    /// When no answer comes, or it is no JSON.
    pub async fn json(&self, path: &str) -> reqwest::Result<Value> {
        self.get(path).await?.json().await
    }

    /// Sends a body to `/message`; returns the status and the answer.
    ///
    /// # Errors
    /// When no answer comes, or it is no JSON.
    pub async fn post(&self, body: impl Into<reqwest::Body>) -> reqwest::Result<(u16, Value)> {
        let url = format!("{}/message", self.base);
        let response = self.client.post(url).body(body).send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    /// Sends a message; returns the status and the answer.
    ///
    /// # Errors
    /// When no answer comes, or it is no JSON.
    pub async fn message(&self, user_id: i64, text: &str) -> reqwest::Result<(u16, Value)> {
        self.post(json!({ "user_id": user_id, "text": text }).to_string())
            .await
    }

    /// Waits until it is ready.
    ///
    /// # Panics
    /// When it is not within 20 seconds.
    pub async fn ready(&self) {
        eventually(20, "the server is ready", || async {
            let answer = self
                .get("/readyz")
                .await
                .map_err(|error| error.to_string())?;
            match answer.status().as_u16() {
                200 => Ok(()),
                other => Err(other.to_string()),
            }
        })
        .await;
    }

    /// Waits until a component reads so; returns the whole report.
    ///
    /// # Panics
    /// When it does not within 60 seconds.
    pub async fn component(&self, name: &str, word: &str) -> Value {
        eventually(60, &format!("{name} reads {word}"), || async {
            let health = self
                .json("/health")
                .await
                .map_err(|error| error.to_string())?;
            if health["components"][name] == word {
                Ok(health)
            } else {
                Err(health.to_string())
            }
        })
        .await
    }

    /// Sends a signal by its name, `TERM` say.
    ///
    /// # Panics
    /// When the server has ended, or there is no `kill` program.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("the server still runs").to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status()
            .await
            .expect("there is a kill program");
        assert!(sent.success(), "the signal {name} was not sent");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end within 20 seconds.
    pub async fn ended(&mut self) -> ExitStatus {
        timeout(TIME_TO_END, self.child.wait())
            .await
            .expect("the server ends in time")
            .expect("its exit status is known")
    }

    /// Returns the text of one of its log files, empty when it is not there.
    #[must_use]
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join("logs").join(name)).unwrap_or_default()
    }
}

fn command(binary: &str, folder: &Path, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(binary);
    command
        .current_dir(folder)
        .env_clear()
        .env("ORACLE_ADDR", "127.0.0.1:0")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    command
}
