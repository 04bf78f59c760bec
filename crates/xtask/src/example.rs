//! The reference server, started as a person would start it, watched until its numbers move, and stopped.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use std::{env, io};

use crate::clock::poll;
use crate::command::{cargo, last_lines, program};
use crate::error::{Error, Result};
use crate::{http, workspace};

/// How long each part of the watch may take.
struct Limits {
    start: Duration,
    movement: Duration,
    stop: Duration,
}

const LIMITS: Limits = Limits {
    start: Duration::from_secs(60),
    movement: Duration::from_secs(60),
    stop: Duration::from_secs(30),
};

const INTERVAL: Duration = Duration::from_millis(100);

/// How often `total_messages` must have risen.
const RISES: u32 = 2;

pub(crate) fn run() -> Result {
    cargo(["build", "--release", "-p", "oracle-server"]).run()?;
    let server = Command::new(workspace::target_dir().join("release/oracle-server"));
    let folder = workspace::target_dir().join("xtask/example");
    watch(server, &folder, &LIMITS).map_err(|error| {
        let log = last_lines(&folder.join("console.log"));
        Error::new(format!("{error}\n{log}"))
    })
}

/// Starts the server in an empty folder, waits for movement and stops it.
fn watch(command: Command, folder: &Path, limits: &Limits) -> Result {
    let failed = |error: io::Error| Error::new(format!("{}: {error}", folder.display()));
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => fs::create_dir_all(folder).map_err(failed)?,
    }
    let mut server = Server::start(command, folder)
        .map_err(|error| Error::new(format!("the server did not start: {error}")))?;
    let addr = server.await_address(limits.start)?;
    println!("serves at {addr}");
    server.await_movement(addr, limits.movement)?;
    server.stop(limits.stop)
}

/// A running server; it is killed when a step before the orderly stop failed.
struct Server {
    child: Child,
    address_file: PathBuf,
}

// === impl Server ===

impl Server {
    fn start(mut command: Command, folder: &Path) -> io::Result<Self> {
        let console = File::create(folder.join("console.log"))?;
        // Nothing of this machine's environment may change what the server does.
        let child = command
            .arg("--demo")
            .current_dir(folder)
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("ORACLE_ADDR", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stderr(console.try_clone()?)
            .stdout(console)
            .spawn()?;
        let address_file = folder.join("data/oracle.addr");
        Ok(Self {
            child,
            address_file,
        })
    }

    /// Waits for the file that appears once the server accepts.
    fn await_address(&mut self, limit: Duration) -> Result<SocketAddr> {
        let read =
            |server: &mut Self| {
                let text = fs::read_to_string(&server.address_file).ok()?;
                Some(text.trim().parse::<SocketAddr>().map_err(|error| {
                    Error::new(format!("`{}` is no address: {error}", text.trim()))
                }))
            };
        self.poll(limit, "data/oracle.addr did not appear", read)?
    }

    /// Waits until the number of messages has risen often enough.
    fn await_movement(&mut self, addr: SocketAddr, limit: Duration) -> Result {
        let (mut last, mut rises) = (None, 0);
        let what = "total_messages at /metrics/summary did not go on rising";
        self.poll(limit, what, |_| {
            let (status, body) = http::get(addr, "/metrics/summary").ok()?;
            let total = total_messages(&body).filter(|_| status == 200)?;
            if last.is_some_and(|before| total > before) {
                rises += 1;
                println!("total_messages rose to {total}");
            }
            last = Some(total);
            (rises == RISES).then_some(())
        })
    }

    /// Asks for an orderly stop and requires exit code 0 and a clean folder.
    fn stop(mut self, limit: Duration) -> Result {
        // The standard library sends no signals; every shell does.
        let pid = self.child.id().to_string();
        program("sh", ["-c", "kill -TERM \"$1\"", "sh", &pid]).run()?;
        let status = poll(limit, INTERVAL, || self.exit_status()).ok_or_else(|| {
            Error::new(format!(
                "the server still ran {} s after SIGTERM",
                limit.as_secs()
            ))
        })?;
        if !status.success() {
            return Err(Error::new(format!("the server stopped with {status}")));
        }
        if self.address_file.exists() {
            return Err(Error::new("data/oracle.addr is still there after the stop"));
        }
        println!("stopped with exit code 0");
        Ok(())
    }

    /// Polls until there is an answer; an early exit of the server ends the wait.
    fn poll<T>(
        &mut self,
        limit: Duration,
        what: &str,
        mut probe: impl FnMut(&mut Self) -> Option<T>,
    ) -> Result<T> {
        let answer = poll(limit, INTERVAL, || match self.exit_status() {
            Some(status) => Some(Err(Error::new(format!(
                "the server ended too early with {status}"
            )))),
            None => probe(self).map(Ok),
        });
        let late = || Error::new(format!("{what} within {} s", limit.as_secs()));
        answer.unwrap_or_else(|| Err(late()))
    }

    fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when the server is gone, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads one number out of the summary.
fn total_messages(json: &str) -> Option<u64> {
    let (_, rest) = json.split_once("\"total_messages\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests;
