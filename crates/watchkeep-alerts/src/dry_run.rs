//! What a configuration would send if something happened: the same state machine, under a clock that jumps.
//!
//! ```
//! use watchkeep_alerts::config::Config;
//! use watchkeep_alerts::dry_run::Script;
//!
//! let config = Config::from_yaml(
//!     "route: {receiver: chat, group_wait: 30s, group_by: [alertname]}\nreceivers: [{name: chat}]\n",
//! )?;
//! let script = Script::parse(r#"
//! from: 2026-11-27T22:00:00Z
//! events:
//!   - {at: +0s, fire: {alertname: DatabaseDown, severity: critical}}
//!   - {at: +10m, resolve: {alertname: DatabaseDown, severity: critical}}
//! "#)?;
//! let notices = config.dry_run(&script)?.notices;
//! assert_eq!(notices[0].at.to_string(), "2026-11-27T22:00:30.000Z");
//! assert_eq!(notices[1].at.to_string(), "2026-11-27T22:10:30.000Z");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The file
//!
//! YAML or JSON: `events`, and when the run begins (`from`) and ends (`to`), if that is not the first event and an hour after the last.
//! Each event has a time in `at` (RFC 3339, or `+10m` after `from`) and one of these:
//!
//! | field | what happens |
//! |---|---|
//! | `fire` | a state with these labels begins, or goes on |
//! | `trigger` | an event with these labels occurs, which ends by itself |
//! | `resolve` | the alert with these labels ends |
//! | `silence` | a silence with these matchers begins, and lasts as long as `for` says, or an hour |
//!
//! `fire` and `trigger` may have `annotations`. The order in the file matters for events of the same time only.
//!
//! # Bounds
//!
//! 10,000 events, in a file of 1 MiB; 366 days; 10,000 notices and as many reasons; 250,000 looks at groups and their alerts.
//! Beyond the last two the run ends early, and [`DryRun::cut_at`] says when.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::alert::Labels;
use crate::config::{self, Config, ConfigError};
use crate::matcher::Matchers;
use crate::notification::braced;
use crate::state;
use crate::text::printable;
use crate::timestamp::Timestamp;
use crate::view::Status;

mod run;

pub(crate) use run::run;

/// The most events.
pub(crate) const EVENTS: usize = 10_000;
/// The longest time.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// How long the run goes on after the last event, when nothing else is said.
const AFTER: Duration = Duration::from_secs(3_600);

/// What happens, and from when to when notices are looked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Script {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    pub(crate) events: Vec<TimedEvent>,
}

/// Something that happens at a time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TimedEvent {
    pub(crate) at: Timestamp,
    pub(crate) what: Happening,
}

/// What may happen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Happening {
    Fire(Labels, Labels),
    Resolve(Labels),
    Silence(Matchers, Duration),
    Trigger(Labels, Labels),
}

/// Why a dry run cannot be made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a dry run {0}")]
pub struct DryRunError(String);

/// What a configuration would send.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DryRun {
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
    /// The notices, in their order; each is taken to arrive at once.
    pub notices: Vec<DryNotice>,
    /// What is not told, and why, in its order.
    pub held_back: Vec<HeldBack>,
    /// When it was ended because it became too much: what follows is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_at: Option<Timestamp>,
}

/// A notice that would be sent.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DryNotice {
    /// When it would leave.
    pub at: Timestamp,
    /// Who would be told.
    pub receiver: String,
    /// The place of the channel among those of the receiver, from 0.
    pub integration: usize,
    /// The channel's kind as the file names it; `bound` when the program brings it.
    pub channel: &'static str,
    /// `trigger`, `update` or `resolve`: what it does to an incident.
    pub kind: &'static str,
    /// Why it is made.
    pub reason: String,
    /// The group.
    pub group_key: String,
    /// Its alerts.
    pub alerts: Vec<DryAlert>,
    /// How many more there are in the group.
    pub truncated: usize,
}

/// An alert of a notice.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct DryAlert {
    /// Its labels.
    pub labels: Labels,
    /// Whether it fires.
    pub state: Status,
}

/// Something that nobody is told.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct HeldBack {
    /// When that was decided.
    pub at: Timestamp,
    /// Who is not told; empty when nobody would have been.
    pub receiver: String,
    /// The labels of the alert, when it is about one.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Why.
    pub reason: String,
}

impl Config {
    /// Says what the configuration would send if this happened; the same script has the same answer.
    ///
    /// The label `service` of alerts that have none is `dry-run`; an [engine](crate::Alerting::dry_run) has its own.
    ///
    /// # Errors
    /// When it has no events, more than 10,000, or would last longer than 366 days or end before it begins.
    pub fn dry_run(&self, script: &Script) -> Result<DryRun, DryRunError> {
        let settings = state::Settings::new("dry-run", 1);
        run(Arc::new(self.clone()), settings, script)
    }
}

// === impl Script ===

impl Script {
    /// Makes one in which nothing happens yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a [file](self#the-file).
    ///
    /// # Errors
    /// When the text is not YAML or JSON, or says something else: with the line, the column and the reason.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        config::read_script(text, None)
    }

    /// Reads a [file](self#the-file), and begins it at this time instead of the one that it says.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    pub fn parse_from(text: &str, from: Option<Timestamp>) -> Result<Self, ConfigError> {
        config::read_script(text, from)
    }

    /// Begins it at this time: what happens before counts, but is not reported.
    #[must_use]
    pub const fn from(mut self, from: Timestamp) -> Self {
        self.from = Some(from);
        self
    }

    /// Ends it at this time.
    #[must_use]
    pub const fn until(mut self, to: Timestamp) -> Self {
        self.to = Some(to);
        self
    }

    /// Lets a state with these labels begin.
    #[must_use]
    pub fn fire(self, at: Timestamp, labels: Labels) -> Self {
        self.with(at, Happening::Fire(labels, Labels::new()))
    }

    /// Lets an event with these labels occur, which ends by itself.
    #[must_use]
    pub fn trigger(self, at: Timestamp, labels: Labels) -> Self {
        self.with(at, Happening::Trigger(labels, Labels::new()))
    }

    /// Lets an alert end.
    #[must_use]
    pub fn resolve(self, at: Timestamp, labels: Labels) -> Self {
        self.with(at, Happening::Resolve(labels))
    }

    /// Lets a silence begin.
    #[must_use]
    pub fn silence(self, at: Timestamp, matchers: Matchers, lasts: Duration) -> Self {
        self.with(at, Happening::Silence(matchers, lasts))
    }

    fn with(mut self, at: Timestamp, what: Happening) -> Self {
        self.events.push(TimedEvent { at, what });
        self
    }
}

// === impl DryRun ===

impl fmt::Display for DryRun {
    /// Prints a line for each notice, and for each reason why there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "From {} to {}:", self.from, self.to)?;
        if self.notices.is_empty() {
            writeln!(f, "no notices")?;
        }
        for notice in &self.notices {
            writeln!(f, "{notice}")?;
        }
        if !self.held_back.is_empty() {
            writeln!(f, "Not told:")?;
        }
        for held in &self.held_back {
            writeln!(f, "{held}")?;
        }
        match self.cut_at {
            Some(at) => writeln!(f, "… ended at {at}: it became too much"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for DryNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let receiver = printable(&self.receiver);
        let (at, channel, kind) = (self.at, self.channel, self.kind);
        write!(f, "{at}  {receiver} ({channel})  {kind}")?;
        for alert in &self.alerts {
            let labels = printable(&braced(&alert.labels));
            write!(f, "  {} {labels}", alert.state.as_str())?;
        }
        if self.truncated > 0 {
            write!(f, "  and {} more", self.truncated)?;
        }
        write!(f, "  ({})", printable(&self.reason))
    }
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  ", self.at)?;
        if !self.receiver.is_empty() {
            write!(f, "{}  ", printable(&self.receiver))?;
        }
        if !self.labels.is_empty() {
            write!(f, "{}: ", printable(&braced(&self.labels)))?;
        }
        f.write_str(&printable(&self.reason))
    }
}

#[cfg(test)]
mod tests;
