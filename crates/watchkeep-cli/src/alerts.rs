//! `watchkeep alerts`: tries channels, checks configurations, and asks a server why.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use watchkeep_alerts::notifiers::{
    Alertmanager, Discord, Email, PagerDuty, Slack, Teams, Telegram, Webhook,
};
use watchkeep_alerts::{Alerting, Notifier, Timestamp};

use crate::server::Server;
use crate::{alert_config, words};

mod asked;

use asked::{DeadLetters, DryRun, Explain};

/// Where the channels are when nothing else is said.
const PAGERDUTY: &str = "https://events.pagerduty.com";
const TELEGRAM: &str = "https://api.telegram.org";

/// How long a test alert fires at an Alertmanager, which nobody tells that it is over.
const LEASE: Duration = Duration::from_secs(300);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a configuration file.
    Check {
        /// The file, in Alertmanager's form.
        config: PathBuf,
    },
    /// List the notices that were given up, try one again, or forget one.
    DeadLetters {
        #[command(flatten)]
        server: Server,
        #[command(subcommand)]
        what: Option<DeadLetters>,
    },
    /// Print the notices that a configuration would send if something happened.
    DryRun(DryRun),
    /// Tell why somebody was, or was not, told of an alert.
    Explain(Explain),
    /// Print a configuration as a file for Alertmanager 0.25 and later; what that cannot say comes first, as comments.
    Export {
        /// The configuration file, in Alertmanager's form; else that of the server.
        #[arg(long)]
        config: Option<PathBuf>,
        /// Write secrets out, instead of `<secret>` and `https://secret.invalid/`.
        #[arg(long, requires = "config")]
        with_secrets: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Print the receivers of an alert, with commas between them.
    Routes {
        /// The configuration file, in Alertmanager's form.
        #[arg(long)]
        config: PathBuf,
        /// Look at the time intervals at this time (RFC 3339), and print which routes said what.
        #[arg(long)]
        at: Option<Timestamp>,
        /// The labels of the alert, as name=value.
        labels: Vec<String>,
    },
    /// Have a server send a test notice to one of its receivers.
    Test {
        /// The receiver.
        receiver: String,
        #[command(flatten)]
        server: Server,
    },
    /// Try a channel.
    #[command(flatten)]
    Channel(Channel),
}

/// A channel to try.
#[derive(Debug, Subcommand)]
pub(crate) enum Channel {
    /// Hand one test alert to every peer of an Alertmanager; it ends by itself after five minutes.
    Alertmanager {
        /// The peers' URLs, with commas between them; read from the environment, since they may hold a password.
        #[arg(
            long,
            env = "ALERTMANAGER_URL",
            hide_env_values = true,
            value_delimiter = ',',
            required = true
        )]
        url: Vec<String>,
    },
    /// Send one test alert to a Discord webhook.
    Discord {
        /// The webhook's URL; read from the environment so that it stays out of the shell's history.
        #[arg(long, env = "DISCORD_WEBHOOK_URL", hide_env_values = true)]
        url: String,
    },
    /// Send one test alert as e-mail.
    Email {
        /// The mail server: `smtps://`, `smtp+starttls://` or `smtp://`, with user and password before the host.
        #[arg(long, env = "SMTP_URL", hide_env_values = true)]
        url: String,
        /// The sender.
        #[arg(long, env = "ALERT_FROM")]
        from: String,
        /// The recipients, with commas between them.
        #[arg(long, env = "ADMIN_EMAIL")]
        to: String,
    },
    /// Open one test incident at PagerDuty, of severity `info`; resolve it there.
    Pagerduty {
        /// The routing key of the integration.
        #[arg(long, env = "PAGERDUTY_ROUTING_KEY", hide_env_values = true)]
        routing_key: String,
        /// Where the Events API is, without `/v2/enqueue`.
        #[arg(long, env = "PAGERDUTY_URL", hide_env_values = true, default_value = PAGERDUTY)]
        url: String,
    },
    /// Send one test alert to a Slack webhook.
    Slack {
        /// The incoming webhook's URL; read from the environment so that it stays out of the shell's history.
        #[arg(long, env = "SLACK_WEBHOOK_URL", hide_env_values = true)]
        url: String,
    },
    /// Send one test alert to a workflow of Microsoft Teams; it says that it took the alert before it shows it.
    Teams {
        /// The workflow's URL.
        #[arg(long, env = "TEAMS_WEBHOOK_URL", hide_env_values = true)]
        url: String,
    },
    /// Send one test alert to a chat of Telegram.
    Telegram {
        /// The token of the bot.
        #[arg(long, env = "TELEGRAM_BOT_TOKEN", hide_env_values = true)]
        token: String,
        /// The id of the chat; that of a group is negative.
        #[arg(long, env = "TELEGRAM_CHAT_ID", allow_negative_numbers = true)]
        chat_id: i64,
        /// Where the Bot API is, without `/bot<token>`.
        #[arg(long, env = "TELEGRAM_API_URL", hide_env_values = true, default_value = TELEGRAM)]
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
    let channel = match command {
        Command::Check { config } => return alert_config::check(&config),
        Command::DeadLetters { server, what } => return what.unwrap_or_default().run(&server),
        Command::DryRun(run) => return run.run(),
        Command::Explain(explain) => return explain.run(),
        Command::Export {
            config: Some(config),
            with_secrets,
            ..
        } => return alert_config::export(&config, with_secrets),
        Command::Export { server, .. } => return server.text("/alerts/export", &[]),
        Command::Routes { config, at, labels } => {
            return alert_config::routes(&config, &labels, at);
        }
        Command::Test { receiver, server } => return asked::test(&server, &receiver),
        Command::Channel(channel) => notifier(channel).map_err(words)?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(words)?;
    runtime.block_on(async {
        let builder = Alerting::builder("watchkeep").notifier("channel", channel);
        let alerting = builder.build().map_err(words)?;
        alerting.test("channel").await.map_err(words)?;
        Ok("delivered".to_owned())
    })
}

fn notifier(channel: Channel) -> Result<Box<dyn Notifier>, watchkeep_alerts::Error> {
    Ok(match channel {
        Channel::Alertmanager { url } => Box::new(Alertmanager::new(url)?.with_lease(LEASE)),
        Channel::Discord { url } => Box::new(Discord::new(url)?),
        Channel::Email { url, from, to } => Box::new(Email::new(url, from, to)?),
        Channel::Pagerduty { routing_key, url } => {
            Box::new(PagerDuty::with_address(routing_key, url)?)
        }
        Channel::Slack { url } => Box::new(Slack::new(url)?),
        Channel::Teams { url } => Box::new(Teams::new(url)?),
        Channel::Telegram {
            token,
            chat_id,
            url,
        } => Box::new(Telegram::with_address(token, chat_id, url)?),
        Channel::Webhook { url, secret } => {
            let webhook = Webhook::new(url)?;
            Box::new(match secret {
                Some(secret) => webhook.with_secret(secret)?,
                None => webhook,
            })
        }
    })
}
