//! `watchkeep rules`: what a threshold means in PromQL.

use std::time::Duration;

use clap::Subcommand;
use watchkeep_rules::{Engine, Rule, Selector};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the PromQL of a rule over a share of failures.
    ErrorRatio {
        /// The counter of failures.
        errors: String,
        /// The counter of everything.
        total: String,
        /// Fires above this share, from 0 to 1.
        #[arg(long)]
        above: f64,
        /// The window in seconds.
        #[arg(long, default_value_t = 300)]
        over: u64,
    },
}

/// Runs a command; the answer is what to print.
pub(crate) fn run(command: Command) -> Result<String, String> {
    match command {
        Command::ErrorRatio {
            errors,
            total,
            above,
            over,
        } => {
            let rule = Rule::error_ratio("Rule", Selector::new(errors), Selector::new(total))
                .above(above)
                .over(Duration::from_secs(over));
            let promql = rule.promql();
            Engine::new(vec![rule]).map_err(|error| error.to_string())?;
            Ok(promql)
        }
    }
}
