//! An explanation in plain English.

use std::fmt;

use super::{AlertExplanation, ChannelNote, Explanation, Knowledge, Target};
use crate::alert::Labels;
use crate::driver::NULL;
use crate::notification::braced;
use crate::text::printable;
use crate::view::{DecisionView, DeliveryOutcome, DeliveryView};

/// The most decisions that are printed.
const DECISIONS: usize = 12;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = if self.is_now { "now, " } else { "" };
        writeln!(f, "Alerts with {}, {when}{}:", shown(&self.asked), self.at)?;
        if !self.is_now {
            writeln!(
                f,
                "Routes, times, silences and decisions are as of then, the rest is as of now."
            )?;
        }
        for alert in &self.alerts {
            write!(f, "\n{alert}")?;
        }
        if self.more > 0 {
            writeln!(f, "\n… and {} more: say more labels.", self.more)?;
        }
        Ok(())
    }
}

impl fmt::Display for AlertExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", shown(&self.labels))?;
        writeln!(f, "  {}", printable(&self.verdict))?;
        writeln!(f, "  Routes:")?;
        for step in &self.routes {
            writeln!(f, "    {step}")?;
        }
        for target in &self.targets {
            write!(f, "{target}")?;
        }
        for silence in &self.silences {
            let holds = if silence.holds {
                "holds it back"
            } else {
                "does not hold at that time"
            };
            let (matchers, by) = (printable(&silence.matchers), printable(&silence.created_by));
            writeln!(
                f,
                "  Silence {} {matchers} {holds}: from {} to {}, by {by}: {}",
                printable(&silence.id),
                silence.starts_at,
                silence.ends_at,
                printable(&silence.comment)
            )?;
        }
        if let Some(source) = &self.inhibited_by {
            let (fingerprint, labels) = (source.fingerprint, shown(&source.labels));
            writeln!(f, "  Inhibited by {fingerprint}: {labels}")?;
        }
        for letter in &self.dead_letters {
            writeln!(
                f,
                "  Dead letter {} for {}, given up {} after {} tries: {}",
                printable(&letter.id),
                printable(&letter.receiver),
                letter.given_up_at,
                letter.tries,
                printable(&letter.reason)
            )?;
        }
        if !self.decisions.is_empty() {
            writeln!(f, "  What was decided, the newest first:")?;
        }
        for decision in self.decisions.iter().take(DECISIONS) {
            writeln!(f, "    {decision}")?;
        }
        if self.decisions.len() > DECISIONS {
            let more = self.decisions.len() - DECISIONS;
            writeln!(f, "    … and {more} before")?;
        }
        Ok(())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}", self.route)?;
        if let Some(group) = &self.group {
            let others = group.alerts.saturating_sub(1);
            write!(
                f,
                "    its group has {others} other alerts, and is looked at next {}",
                group.next_flush
            )?;
            match &group.held_back {
                Some(why) => writeln!(
                    f,
                    "; when it was looked at last, this was {}",
                    printable(why)
                )?,
                None => writeln!(f)?,
            }
        }
        for channel in &self.channels {
            writeln!(f, "    {channel}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ChannelNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", printable(&self.kind))?;
        match self.told_at {
            Some(at) => write!(f, "its last notice is of {at}")?,
            None => f.write_str("no notice says that it fires")?,
        }
        if let Some(delivery) = &self.delivery {
            write!(f, "; {}", delivery_words(delivery))?;
        }
        match self.next_repeat {
            Some(at) => write!(
                f,
                "; if nothing changes, it is said again at the first look after {at}"
            ),
            None => Ok(()),
        }
    }
}

impl fmt::Display for DecisionView {
    /// Prints on one line, with nothing hidden in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let receiver = match self.receiver.as_str() {
            "" => "nobody",
            receiver => receiver,
        };
        write!(
            f,
            "{} {}: {}",
            self.at,
            printable(receiver),
            printable(&self.words)
        )?;
        match &self.notice {
            Some(notice) => write!(f, " ({})", printable(notice)),
            None => Ok(()),
        }
    }
}

/// Says how a delivery went.
pub(super) fn delivery_words(delivery: &DeliveryView) -> String {
    let tries = match delivery.tries {
        0 => "not tried yet".to_owned(),
        1 => "one try".to_owned(),
        tries => format!("{tries} tries"),
    };
    let mut words = match delivery.outcome {
        DeliveryOutcome::Delivered => match delivery.last_try {
            Some(at) => format!("delivered {at}, {tries}"),
            None => format!("delivered, {tries}"),
        },
        DeliveryOutcome::Failed => format!("given up, {tries}"),
        DeliveryOutcome::Pending => format!("on its way, {tries}"),
        DeliveryOutcome::Retrying => format!("failing, {tries}"),
    };
    if let Some(error) = &delivery.error {
        words.push_str(&format!(", the last failed: {}", printable(error)));
    }
    if let Some(next) = delivery.next_try {
        words.push_str(&format!(", next try {next}"));
    }
    words
}

/// Puts the verdict together.
pub(super) fn verdict(of: &AlertExplanation) -> String {
    let is = match of.state {
        Knowledge::Firing => "It fires",
        Knowledge::Resolved => "It is over",
        Knowledge::Past => "It is over, and only the decisions below tell of it",
        Knowledge::Unknown => "No such alert is known; this is what would happen if it fired",
    };
    let silences: Vec<_> = of.silences.iter().filter(|it| it.holds).collect();
    let receivers = || {
        let names = of.targets.iter().map(|it| it.route.receiver.as_str());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    if let Some(source) = &of.inhibited_by {
        return format!(
            "{is}. Nobody is told: it is inhibited by {}.",
            shown(&source.labels)
        );
    }
    if let Some(silence) = silences.first() {
        let (id, by, why) = (&silence.id, &silence.created_by, &silence.comment);
        return format!(
            "{is}. Nobody is told until {}: silence {id} by {by} ({why}).",
            silence.ends_at
        );
    }
    let mut parts = vec![is.to_owned()];
    for receiver in receivers() {
        let mut targets = of.targets.iter().filter(|it| it.route.receiver == receiver);
        let known = targets.find_map(|it| told(it, of.state));
        parts.push(known.unwrap_or_else(|| last_decision(receiver, of)));
    }
    format!("{}.", parts.join(". "))
}

/// Says what was decided last for a receiver.
fn last_decision(receiver: &str, of: &AlertExplanation) -> String {
    let mut decisions = of.decisions.iter().filter(|it| it.receiver == receiver);
    match decisions.next() {
        Some(last) => format!("{receiver}, last {}: {}", last.at, last.words),
        None => format!("{receiver} was not told of it, as far as is known"),
    }
}

/// Says in how far a receiver is told.
fn told(target: &Target, state: Knowledge) -> Option<String> {
    let receiver = &target.route.receiver;
    if let Some(why) = &target.route.muted {
        return Some(format!("{receiver} is not told: it is {why}"));
    }
    if target.channels.iter().any(|channel| channel.kind == NULL) {
        return Some(format!("{receiver} is a receiver that tells nobody"));
    }
    let by_delivery = target.channels.iter().find_map(|channel| {
        let delivery = channel.delivery.as_ref()?;
        Some(format!(
            "{receiver}, {}: {}",
            channel.kind,
            delivery_words(delivery)
        ))
    });
    if by_delivery.is_some() {
        return by_delivery;
    }
    if let Some(at) = target.channels.iter().find_map(|channel| channel.told_at) {
        return Some(format!("{receiver} was told {at}"));
    }
    match (state, &target.group) {
        (Knowledge::Firing | Knowledge::Resolved, Some(group)) => Some(format!(
            "{receiver} is told when its group is looked at, {}",
            group.next_flush
        )),
        (Knowledge::Unknown, _) => Some(format!("{receiver} would be told")),
        _ => None,
    }
}

/// Prints labels on one line.
fn shown(labels: &Labels) -> String {
    printable(&braced(labels))
}
