//! Why somebody was, or was not, told of an alert: what is known of it, put together, and in words.

use serde::Serialize;

use crate::alert::Labels;
use crate::fingerprint::Fingerprint;
use crate::timestamp::Timestamp;
use crate::view::{AlertView, DecisionView, DeliveryView};

mod routes;
mod words;

pub use routes::{RouteExplanation, RouteStep, RouteTarget};

/// Why somebody was, or was not, told of the alerts that have some labels.
///
/// It serializes for programs, and prints in plain English for people.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The labels that were asked about.
    pub asked: Labels,
    /// The time that was asked about.
    pub at: Timestamp,
    /// Whether that is now: only then inhibition, groups and deliveries are as they are, and not as the decisions tell.
    pub is_now: bool,
    /// The alerts that have these labels, those that fire first; without one, what would happen if it fired.
    pub alerts: Vec<AlertExplanation>,
    /// How many more there are.
    pub more: usize,
}

/// Why somebody was, or was not, told of one alert.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertExplanation {
    /// Its labels.
    pub labels: Labels,
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// Whether it fires, as far as that is known.
    pub state: Knowledge,
    /// The answer in a sentence or two.
    pub verdict: String,
    /// The alert, while the engine holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertView>,
    /// The routes that were asked about it, in their order, and what they said.
    pub routes: Vec<RouteStep>,
    /// The receivers that it goes to.
    pub targets: Vec<Target>,
    /// The silences that match it, at whatever time.
    pub silences: Vec<SilenceNote>,
    /// The alert that inhibits it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inhibited_by: Option<Inhibitor>,
    /// What was decided until that time, the newest first, 50 at most.
    pub decisions: Vec<DecisionView>,
    /// The notices of it that were given up.
    pub dead_letters: Vec<DeadLetterNote>,
}

impl AlertExplanation {
    /// Puts the answer together, when all else is known.
    pub(crate) fn judge(&mut self) {
        self.verdict = words::verdict(self);
    }
}

/// What is known of an alert.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Knowledge {
    /// It fires.
    Firing,
    /// It is over, and its receivers may have to be told.
    Resolved,
    /// It fired, and is in the decisions only.
    Past,
    /// Nothing is known of it.
    Unknown,
}

/// What a receiver knows of an alert, or would hear.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The route, the group, and whether the time mutes it.
    #[serde(flatten)]
    pub route: RouteTarget,
    /// The group, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupNote>,
    /// What each channel of the receiver knows.
    pub channels: Vec<ChannelNote>,
}

/// A group of alerts.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupNote {
    /// How many alerts it has.
    pub alerts: usize,
    /// When it is looked at next.
    pub next_flush: Timestamp,
    /// Why the alert was held back when it was looked at last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<String>,
}

/// What one channel of a receiver knows of an alert.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelNote {
    /// The kind of the channel, such as `slack`.
    pub kind: String,
    /// When its last notice that said that the alert fires was made, if it was not told the end since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
    /// When it would be said again, if nothing changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_repeat: Option<Timestamp>,
    /// How the last notice went, as far as this process knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryView>,
}

/// A silence that matches.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SilenceNote {
    /// Its id.
    pub id: String,
    /// Which alerts it silences.
    pub matchers: String,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// Whether it holds at the time that was asked about.
    pub holds: bool,
}

/// An alert that holds back another.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inhibitor {
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// Its labels.
    pub labels: Labels,
}

/// A notice that was given up.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterNote {
    /// Its id, by which it can be tried again.
    pub id: String,
    /// Who was not told.
    pub receiver: String,
    /// When it was given up.
    pub given_up_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// Why it was given up.
    pub reason: String,
}
