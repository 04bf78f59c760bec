//! From arguments to an exit code: what `main` does.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

use crate::arguments::{self, Command, HELP};
use crate::config::Config;
use crate::server::Server;

/// What was asked for cannot be done as it was asked: bad arguments or bad configuration.
const BAD_USAGE: u8 = 2;

/// How long a start that is under way has when the signal to stop comes: enough for all but a disk that hangs.
const START_GRACE: Duration = Duration::from_secs(2);

/// Runs the server's process: parses the arguments, checks the environment, serves until a signal says stop.
///
/// Returns 0 after a clean stop, 1 when the start failed or a second signal came, 2 for bad arguments or a bad environment.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a process's answers before there is a log"
)]
pub fn run(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let command = match arguments::parse(arguments) {
        Ok(command) => command,
        Err(problem) => {
            eprintln!("{problem}");
            return BAD_USAGE.into();
        }
    };
    let demo = match command {
        Command::Help => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Command::Version => {
            println!("oracle-server {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Command::CheckConfig => false,
        Command::Serve { demo } => demo,
    };
    let config = match Config::from_env() {
        Ok(config) => config.with_demo(demo),
        Err(problems) => {
            for problem in problems.iter() {
                eprintln!("{problem}");
            }
            return BAD_USAGE.into();
        }
    };
    if command == Command::CheckConfig {
        print!("{}", config.summary());
        return ExitCode::SUCCESS;
    }
    match serve(config) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("oracle-server cannot start: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn serve(config: Config) -> Result<ExitCode, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let Some(server) = start(config, &mut signals).await? else {
            return Ok(ExitCode::SUCCESS);
        };
        let stopping = server.stop();
        tokio::select! {
            () = stopping => Ok(ExitCode::SUCCESS),
            () = signals.end() => exit_at_once(),
        }
    });
    // What still runs now had its time.
    runtime.shutdown_background();
    code
}

/// Starts the server and waits for the signal to stop it; `None` when a start that hung was given up.
///
/// The start runs on a worker of its own: not even a file system that hangs keeps the signals from being heard.
async fn start(config: Config, signals: &mut Signals) -> Result<Option<Server>, Box<dyn Error>> {
    let mut starting = tokio::spawn(Server::start(config));
    let started = tokio::select! {
        started = &mut starting => {
            let server = started??;
            signals.stop(&server).await;
            return Ok(Some(server));
        }
        () = signals.end() => timeout(START_GRACE, starting).await,
    };
    match started {
        Ok(started) => Ok(Some(started??)),
        Err(_) => {
            tracing::warn!("the start hung when the signal to stop came, it is given up");
            Ok(None)
        }
    }
}

/// Ends the process without waiting for anything, the log's writers included.
#[expect(
    clippy::exit,
    reason = "whoever sends a second signal does not want to wait"
)]
fn exit_at_once() -> ! {
    std::process::exit(1)
}

/// The signals that a server is told what to do by.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the signal to stop; at every hang-up on the way the log files are opened and the files of routes and rules are read again.
    async fn stop(&mut self, server: &Server) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => {
                    // What is wrong is in the log.
                    let _ = server.reload().await;
                }
            }
        }
    }

    /// Waits for a signal to stop, whatever goes on.
    async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// An error with its causes, on one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
