//! `watchkeep alerts`: tries a channel with a real alert, and checks a configuration.

use std::path::PathBuf;

use clap::Subcommand;
use watchkeep_alerts::Alerting;
use watchkeep_alerts::notifiers::{Slack, Webhook};

use crate::alert_config;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a configuration file.
    Check {
        /// The file, in Alertmanager's form.
        config: PathBuf,
    },
    /// Print the receivers of an alert, with commas between them.
    Routes {
        /// The configuration file, in Alertmanager's form.
        #[arg(long)]
        config: PathBuf,
        /// The labels of the alert, as name=value.
        labels: Vec<String>,
    },
    /// Send one test alert to a Slack webhook.
    Slack {
        /// The incoming webhook's URL; read from the environment so that it stays out of the shell's history.
        #[arg(long, env = "SLACK_WEBHOOK_URL", hide_env_values = true)]
        url: String,
    },
    /// Send one test alert to a webhook, in Alertmanager's form.
    Webhook {
        /// The webhook's URL.
        #[arg(long, env = "ALERT_WEBHOOK_URL", hide_env_values = true)]
        url: String,
        /// The signing secret, `whsec_` and base64.
        #[arg(long, env = "ALERT_WEBHOOK_SECRET", hide_env_values = true)]
        secret: Option<String>,
    },
}

/// Runs a command; the answer is what to print.
pub(crate) fn run(command: Command) -> Result<String, String> {
    let builder = Alerting::builder("watchkeep");
    let builder = match command {
        Command::Check { config } => return alert_config::check(&config),
        Command::Routes { config, labels } => return alert_config::routes(&config, &labels),
        Command::Slack { url } => builder.notifier("channel", Slack::new(&url).map_err(words)?),
        Command::Webhook { url, secret } => {
            let mut webhook = Webhook::new(&url).map_err(words)?;
            if let Some(secret) = secret {
                webhook = webhook.with_secret(&secret).map_err(words)?;
            }
            builder.notifier("channel", webhook)
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(words)?;
    runtime.block_on(async {
        let alerting = builder.build().map_err(words)?;
        alerting.test("channel").await.map_err(words)?;
        Ok("delivered".to_owned())
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
