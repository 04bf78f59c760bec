//! What the engine shows of an alert: to operators, and to channels.

use serde::{Deserialize, Serialize};

mod query;
mod reports;

pub use query::AlertQuery;
pub use reports::{
    AlertReport, DeadLetterView, DecisionView, GroupView, SilenceRequest, SilenceView, TestDelivery,
};

use crate::alert::Labels;
use crate::fingerprint::Fingerprint;
use crate::level::Level;
use crate::timestamp::Timestamp;

/// Whether something is still the case.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is.
    Firing,
    /// It was.
    Resolved,
}

impl Status {
    /// Returns `firing` or `resolved`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// How an alert ends.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertKind {
    /// By itself, some time after its last occurrence.
    Event,
    /// When it is resolved.
    State,
}

/// One alert at one moment; serializes in camel case, as Alertmanager does.
#[non_exhaustive]
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertView {
    /// The identity: a hash of the labels.
    pub fingerprint: Fingerprint,
    /// What the alert is.
    pub labels: Labels,
    /// What is said about it, as of its last occurrence.
    pub annotations: Labels,
    /// Whether it still is the case.
    pub state: Status,
    /// How it ends.
    pub kind: AlertKind,
    /// How bad it is.
    pub level: Level,
    /// When it began.
    pub starts_at: Timestamp,
    /// When it ended, or will end unless it occurs again; none for what ends when it is resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// When it occurred last.
    pub updated_at: Timestamp,
    /// Where it comes from: an address, as Prometheus sends it, or nothing.
    #[serde(
        default,
        rename = "generatorURL",
        skip_serializing_if = "String::is_empty"
    )]
    pub generator_url: String,
    /// How often it was raised since it began.
    pub occurrences: u64,
    /// How far each receiver has been told.
    pub deliveries: Vec<DeliveryView>,
}

/// How the last notice of an alert to one receiver went.
#[non_exhaustive]
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryView {
    /// The receiver's name.
    pub receiver: String,
    /// The place of the channel among those of the receiver, from 0.
    #[serde(default)]
    pub integration: usize,
    /// How far it is.
    pub outcome: DeliveryOutcome,
    /// How often it was tried.
    pub tries: u32,
    /// When it was tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_try: Option<Timestamp>,
    /// When it will be tried next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try: Option<Timestamp>,
    /// Why the last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How far a delivery is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryOutcome {
    /// The receiver took it.
    Delivered,
    /// It was given up, and is a dead letter.
    Failed,
    /// It waits in the queue, or is on its way.
    Pending,
    /// A try failed, and another will follow.
    Retrying,
}

impl DeliveryOutcome {
    /// Says whether nothing more will happen to this notice.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Delivered | Self::Failed => true,
            Self::Pending | Self::Retrying => false,
        }
    }
}
