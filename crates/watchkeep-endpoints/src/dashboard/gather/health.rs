//! Components, and the journal of their changes.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};
use watchkeep_health::{ComponentReport, PastTransition, Registry, Report};

use super::super::snapshot::{ComponentView, Snapshot, TransitionView};
use super::super::words;

/// The worst ones stay when there are more.
const MOST_COMPONENTS: usize = 200;

const MOST_TRANSITIONS: usize = 50;

pub(super) fn add(
    snapshot: &mut Snapshot,
    registry: Option<&Registry>,
    report: Option<&Report>,
    now: Timestamp,
) {
    let status = report.map_or("unknown", |report| report.status.as_str());
    status.clone_into(&mut snapshot.status);
    snapshot.status_words = status.to_uppercase();
    let Some(report) = report else { return };
    snapshot.uptime = words::span(report.uptime);
    snapshot.uptime_seconds = report.uptime.as_secs();
    snapshot.version = words::cut(&report.version);
    snapshot.components = components(report);
    let hidden = report.components.len() - snapshot.components.len();
    if hidden > 0 {
        snapshot.components_hidden =
            format!("{hidden} more are not shown, none of them worse than these.");
    }
    let history = registry.map(Registry::history).unwrap_or_default();
    let latest = history.iter().rev().take(MOST_TRANSITIONS);
    snapshot.transitions = latest.map(|past| transition(past, now)).collect();
    snapshot.has_transitions = !snapshot.transitions.is_empty();
}

fn components(report: &Report) -> Vec<ComponentView> {
    let mut shown: Vec<&ComponentReport> = report.components.iter().collect();
    if shown.len() > MOST_COMPONENTS {
        shown.sort_by_key(|component| Reverse(component.status));
        shown.truncate(MOST_COMPONENTS);
    }
    shown.into_iter().map(component).collect()
}

fn component(component: &ComponentReport) -> ComponentView {
    let dash = || "–".to_owned();
    let ago = |since| format!("{} ago", words::span(since));
    ComponentView {
        key: component.name.clone(),
        name: words::cut(&component.name),
        status: component.status.as_str().to_owned(),
        status_words: component.status.as_str().to_uppercase(),
        criticality: component.criticality.as_str(),
        since: words::span(component.since),
        since_seconds: component.since.as_secs(),
        latency: component.latency.map_or_else(dash, words::milliseconds),
        latency_seconds: component.latency.map(|latency| latency.as_secs_f64()),
        last_success: component.last_success.map_or_else(dash, ago),
        consecutive_failures: component.consecutive_failures,
        message: words::cut(component.message.as_deref().unwrap_or_default()),
    }
}

fn transition(past: &PastTransition, now: Timestamp) -> TransitionView {
    let ago = SignedDuration::try_from(past.ago).unwrap_or(SignedDuration::MAX);
    let at = now.saturating_sub(ago).unwrap_or(Timestamp::MIN);
    let transition = &past.transition;
    TransitionView {
        key: transition.sequence,
        at: format!("{at:.3}"),
        at_words: words::clock(at, now),
        component: words::cut(&transition.component),
        from: transition.from.as_str().to_owned(),
        from_words: transition.from.as_str().to_uppercase(),
        to: transition.to.as_str().to_owned(),
        to_words: transition.to.as_str().to_uppercase(),
        reason: transition.reason.as_str().to_owned(),
        message: words::cut(transition.message.as_deref().unwrap_or_default()),
    }
}
