//! What fires, why nobody is told of it, and how each receiver was told.

use std::time::Duration;

use jiff::Timestamp;
use watchkeep_alerts::{AlertReport, Alerting, DeliveryOutcome, DeliveryView, Level};

use super::super::alerts::Alerts;
use super::super::snapshot::{AlertRow, DeliveryRow, Detail, Line, Snapshot};
use super::super::words;

/// Of one alert.
const MOST_LABELS: usize = 20;
const MOST_DETAILS: usize = 20;
const MOST_DELIVERIES: usize = 20;

const MOST_RECEIVERS: usize = 50;

/// Labels that have a place of their own, or say the same of every alert.
const KNOWN_LABELS: [&str; 3] = ["alertname", "service", "severity"];

pub(super) fn add(
    snapshot: &mut Snapshot,
    alerts: &Alerts,
    engine: Option<&Alerting>,
    now: Timestamp,
) {
    let receivers = engine.map(Alerting::receivers).unwrap_or_default();
    let receivers = receivers.into_iter().take(MOST_RECEIVERS);
    snapshot.receivers = receivers.map(Line::new).collect();
    snapshot.dead_letters = alerts.dead_letters;
    snapshot.has_dead_letters = alerts.dead_letters > 0;
    snapshot.alerts_total = alerts.firing;
    snapshot.has_alerts = alerts.firing > 0;
    let hidden = alerts.firing.saturating_sub(alerts.shown.len());
    if hidden > 0 {
        snapshot.alerts_hidden = format!("{hidden} more are not shown.");
    }
    let rows = alerts.shown.iter().map(|report| row(report, alerts, now));
    snapshot.alerts = rows.collect();
}

fn row(report: &AlertReport, alerts: &Alerts, now: Timestamp) -> AlertRow {
    let alert = &report.alert;
    let label = |name: &str| alert.labels.get(name).map(|text| words::cut(text));
    let labels = alert.labels.iter();
    let labels = labels.filter(|(name, _)| !KNOWN_LABELS.contains(&name.as_str()));
    let details = alert
        .annotations
        .iter()
        .filter(|(name, _)| *name != "summary");
    let age = now
        .as_millisecond()
        .saturating_sub(alert.starts_at.as_millis());
    let age = Duration::from_millis(u64::try_from(age).unwrap_or(0));
    let is_told = report.suppressed.is_empty();
    AlertRow {
        key: alert.fingerprint.to_string(),
        name: label("alertname").unwrap_or_default(),
        level: alert.level.as_str().to_owned(),
        tone: tone(alert.level),
        summary: words::cut(alert.annotations.get("summary").map_or("", String::as_str)),
        since: words::span(age),
        started_at: alert.starts_at.to_string(),
        state: if is_told { "active" } else { "suppressed" },
        state_words: if is_told {
            "Active".to_owned()
        } else {
            why(report, alerts, now)
        },
        labels: labels
            .take(MOST_LABELS)
            .map(|(name, value)| Line::new(words::cut(&format!("{name}={value}"))))
            .collect(),
        details: details
            .take(MOST_DETAILS)
            .map(|(name, value)| Detail::new(words::cut(name), words::cut(value)))
            .collect(),
        deliveries: alert
            .deliveries
            .iter()
            .take(MOST_DELIVERIES)
            .map(|delivery| delivery_row(delivery, now))
            .collect(),
        has_deliveries: !alert.deliveries.is_empty(),
    }
}

const fn tone(level: Level) -> &'static str {
    match level {
        Level::Critical | Level::Error => "unhealthy",
        Level::Warning => "degraded",
        Level::Info => "unknown",
    }
}

/// Why nobody is told of an alert, in words.
fn why(report: &AlertReport, alerts: &Alerts, now: Timestamp) -> String {
    let mut reasons = Vec::new();
    for id in &report.silenced_by {
        let silence = alerts.silences.iter().find(|silence| silence.id == *id);
        reasons.push(silence.map_or_else(
            || "Silenced".to_owned(),
            |silence| {
                let end = Timestamp::from_millisecond(silence.ends_at.as_millis());
                let end = words::clock(end.unwrap_or(Timestamp::MAX), now);
                let by = if silence.created_by.is_empty() {
                    String::new()
                } else {
                    format!(" by {}", silence.created_by)
                };
                format!("Silenced{by} until {end} UTC: {}", silence.comment)
            },
        ));
    }
    if let Some(other) = report.inhibited_by {
        let other = alerts
            .inhibitors
            .iter()
            .find(|it| it.alert.fingerprint == other);
        let name = other.and_then(|it| it.alert.labels.get("alertname"));
        reasons.push(format!(
            "Inhibited by {}",
            name.map_or("another alert", String::as_str)
        ));
    }
    if !report.muted_by.is_empty() {
        reasons.push(format!(
            "Muted by the time interval {}",
            report.muted_by.join(", ")
        ));
    }
    words::cut(&reasons.join("; "))
}

fn delivery_row(delivery: &DeliveryView, now: Timestamp) -> DeliveryRow {
    let clock = |at: watchkeep_alerts::Timestamp| {
        let at = Timestamp::from_millisecond(at.as_millis());
        words::clock(at.unwrap_or(Timestamp::MAX), now)
    };
    let tried = delivery
        .last_try
        .map_or_else(String::new, |at| format!(" at {}", clock(at)));
    let tries = match delivery.tries {
        0 | 1 => String::new(),
        tries => format!(" after {tries} tries"),
    };
    let next = delivery
        .next_try
        .map_or_else(String::new, |at| format!(", next try at {}", clock(at)));
    let (outcome, tone, mut words) = match delivery.outcome {
        DeliveryOutcome::Delivered => ("delivered", "healthy", format!("delivered{tried}{tries}")),
        DeliveryOutcome::Failed => ("failed", "unhealthy", format!("given up{tried}{tries}")),
        DeliveryOutcome::Retrying => (
            "retrying",
            "degraded",
            format!("failed{tried}{tries}{next}"),
        ),
        _ => ("pending", "unknown", format!("waits{next}")),
    };
    if let Some(error) = &delivery.error {
        words = format!("{words}: {error}");
    }
    DeliveryRow {
        key: delivery.receiver.clone(),
        receiver: words::cut(&delivery.receiver),
        outcome,
        tone,
        words: words::cut(&words),
    }
}
