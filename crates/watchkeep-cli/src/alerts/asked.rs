//! What is asked of a running server, or of a configuration file in its place.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::Value;
use watchkeep_alerts::Timestamp;
use watchkeep_alerts::dry_run::Script;

use crate::alert_config;
use crate::server::Server;

/// Why somebody was, or was not, told of an alert.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The labels of the alert, as name=value; some are enough.
    labels: Vec<String>,
    /// The time that is asked about (RFC 3339), if not now.
    #[arg(long)]
    at: Option<Timestamp>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Ask this configuration file, which knows of routes and times only, and not the server.
    #[arg(long, requires = "at")]
    config: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
}

/// The notices that a configuration would send.
#[derive(Args, Debug)]
pub(crate) struct DryRun {
    /// The events, as YAML or JSON.
    file: PathBuf,
    /// The configuration file, in Alertmanager's form; else that of the server.
    #[arg(long)]
    config: Option<PathBuf>,
    /// When it begins (RFC 3339), if not when the file says.
    #[arg(long)]
    from: Option<Timestamp>,
    /// When it ends (RFC 3339), if not when the file says.
    #[arg(long)]
    to: Option<Timestamp>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: Server,
}

/// What is done with the notices that were given up.
#[derive(Debug, Default, Subcommand)]
pub(crate) enum DeadLetters {
    /// List them, the oldest first.
    #[default]
    List,
    /// Try one again, with the same id and bytes.
    Replay {
        /// Its id.
        id: String,
    },
    /// Forget one.
    Discard {
        /// Its id.
        id: String,
    },
}

/// Has a receiver tested, and says how each of its channels took it.
pub(crate) fn test(server: &Server, receiver: &str) -> Result<String, String> {
    let (delivered, answer) = server.post(&["alerts", "test", receiver], &[], String::new())?;
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    let mut text = String::new();
    for channel in list(&answer["channels"]) {
        let outcome = channel["error"].as_str().unwrap_or("delivered");
        // A `String` takes all that is written to it.
        let _ = writeln!(text, "{}: {outcome}", word(&channel["channel"]));
    }
    if let Some(problem) = answer["error"].as_str() {
        let names: Vec<_> = list(&answer["receivers"]).iter().map(word).collect();
        let _ = writeln!(text, "{problem}; there are: {}", names.join(", "));
    }
    let text = text.trim_end().to_owned();
    if delivered { Ok(text) } else { Err(text) }
}

impl Explain {
    pub(crate) fn run(self) -> Result<String, String> {
        if let (Some(config), Some(at)) = (&self.config, self.at) {
            return alert_config::explain(config, &self.labels, at, self.json);
        }
        let labels = self.labels.iter().map(|label| {
            let wrong = || format!("`{label}` is not label=value");
            alert_config::label(label)
                .map(|_| ("label", label.clone()))
                .ok_or_else(wrong)
        });
        let mut query = labels.collect::<Result<Vec<_>, _>>()?;
        query.extend(self.at.map(|at| ("at", at.to_string())));
        match self.json {
            true => self.server.json("/alerts/explain", &query),
            false => self.server.text("/alerts/explain", &query),
        }
    }
}

impl DryRun {
    pub(crate) fn run(self) -> Result<String, String> {
        let text = alert_config::text(&self.file)?;
        if let Some(config) = &self.config {
            let said = |error: String| format!("{}: {error}", self.file.display());
            let script = Script::parse_from(&text, self.from);
            let mut script = script.map_err(|error| said(error.to_string()))?;
            if let Some(to) = self.to {
                script = script.until(to);
            }
            return alert_config::dry_run(config, &script, self.json);
        }
        let from = self.from.map(|from| ("from", from.to_string()));
        let to = self.to.map(|to| ("to", to.to_string()));
        let query: Vec<_> = from.into_iter().chain(to).collect();
        let server = self.server.accepting(self.json);
        let (taken, answer) = server.post(&["alerts", "dry-run"], &query, text)?;
        if taken { Ok(answer) } else { Err(answer) }
    }
}

impl DeadLetters {
    pub(crate) fn run(self, server: &Server) -> Result<String, String> {
        let (id, what) = match self {
            Self::List => return list_all(server),
            Self::Discard { id } => (id, "discard"),
            Self::Replay { id } => (id, "replay"),
        };
        let path = ["alerts", "dead-letters", &id, what];
        let (done, answer) = server.post(&path, &[], String::new())?;
        match (done, what) {
            (true, "replay") => Ok(format!("{id} is tried again")),
            (true, _) => Ok(format!("{id} is forgotten")),
            (false, _) => Err(answer),
        }
    }
}

fn list_all(server: &Server) -> Result<String, String> {
    let answer = server.json("/alerts/dead-letters", &[])?;
    let answer: Value = serde_json::from_str(&answer).map_err(|error| error.to_string())?;
    let mut text = String::new();
    for letter in list(&answer["deadLetters"]) {
        let alerts = list(&letter["notification"]["alerts"]).iter();
        let names: Vec<_> = alerts
            .map(|alert| word(&alert["labels"]["alertname"]))
            .collect();
        let _ = writeln!(
            text,
            "{}  {}  {}  given up {} after {} tries: {}  ({})",
            word(&letter["id"]),
            word(&letter["receiver"]),
            word(&letter["level"]),
            word(&letter["givenUpAt"]),
            letter["tries"],
            word(&letter["reason"]),
            names.join(", "),
        );
    }
    match text.is_empty() {
        true => Ok("no dead letters".to_owned()),
        false => Ok(text.trim_end().to_owned()),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
