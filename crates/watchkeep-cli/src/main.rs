//! The `watchkeep` command: rules and alerts from a terminal.

mod alert_config;
mod alerts;
mod rules;
mod server;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Rules and alerts from a terminal.
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
    /// Alert rules.
    #[command(subcommand)]
    Rules(rules::Command),
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command's answers"
)]
fn main() -> ExitCode {
    let answer = match Arguments::parse().command {
        Command::Alerts(command) => alerts::run(command),
        Command::Rules(command) => rules::run(command),
    };
    match answer {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
