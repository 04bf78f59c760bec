//! The `watchkeep` command: rules, alerts and logs from a terminal.

mod alert_config;
mod alerts;
mod logs;
mod rules;
mod server;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Rules, alerts and logs from a terminal.
#[derive(Debug, Parser)]
#[command(name = "watchkeep", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Alert channels and their configuration.
    #[command(subcommand)]
    Alerts(alerts::Command),
    /// Log files, and the errors in them.
    #[command(subcommand)]
    Logs(logs::Command),
    /// Alert rules.
    #[command(subcommand)]
    Rules(rules::Command),
}

#[expect(clippy::print_stderr, reason = "a command's answers")]
fn main() -> ExitCode {
    let answer = match Arguments::parse().command {
        Command::Alerts(command) => alerts::run(command),
        Command::Logs(command) => logs::run(command),
        Command::Rules(command) => rules::run(command),
    };
    match answer {
        Ok(text) => {
            // Whoever reads may have read enough, and be gone.
            let _ = writeln!(io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes, on one line.
fn words(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
