//! The `watchkeep` command: rules, alerts and logs from a terminal.

mod alert_config;
mod alerts;
mod logs;
mod output;
mod rules;
mod server;

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

fn main() -> ExitCode {
    output::finish(match Arguments::parse().command {
        Command::Alerts(command) => alerts::run(command),
        Command::Logs(command) => logs::run(command),
        Command::Rules(command) => rules::run(command),
    })
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
