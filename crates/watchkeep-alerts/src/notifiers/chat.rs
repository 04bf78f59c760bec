//! The text of a notice as people read it in a chat, escaped and cut as the channel needs it.

use crate::notification::Notification;
use crate::text::is_hidden;
use crate::texts::Texts;
use crate::view::{AlertView, Status};

/// What a channel makes of a character that means something to it; none is itself.
pub(crate) type Escape = fn(char) -> Option<&'static str>;

/// How much of a text there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// The most units.
    pub(crate) most: usize,
    /// How many units a piece is, given what it says and how it is written.
    pub(crate) size: fn(said: &str, written: &str) -> usize,
}

/// A text that never grows over its bound, nor ends within an escape.
#[derive(Debug)]
pub(crate) struct Text {
    out: String,
    used: usize,
    bound: Bound,
    escape: Escape,
    is_cut: bool,
}

/// Counts characters as they are written.
#[cfg(any(feature = "email", feature = "slack", feature = "teams"))]
pub(crate) fn written_chars(_: &str, written: &str) -> usize {
    written.chars().count()
}

/// Counts what is left once the channel has read its markup, in UTF-16 units: the most that any reading of "characters" gives.
#[cfg(any(feature = "telegram", feature = "discord"))]
pub(crate) fn said_units(said: &str, _: &str) -> usize {
    said.encode_utf16().count()
}

// === impl Text ===

impl Text {
    pub(crate) const fn new(bound: Bound, escape: Escape) -> Self {
        Self {
            out: String::new(),
            used: 0,
            bound,
            escape,
            is_cut: false,
        }
    }

    /// Adds text of our own.
    pub(crate) fn own(&mut self, text: &str) {
        let mut buffer = [0; 4];
        for c in text.chars() {
            let c = c.encode_utf8(&mut buffer);
            self.piece(c, c);
        }
    }

    /// Adds text that others wrote.
    pub(crate) fn theirs(&mut self, text: &str) {
        let mut buffer = [0; 4];
        for c in text.chars() {
            let said = c.encode_utf8(&mut buffer);
            if is_hidden(c) {
                let shown = c.escape_default().to_string();
                self.theirs_visible(&shown);
            } else {
                self.piece(said, (self.escape)(c).unwrap_or(said));
            }
        }
    }

    /// Adds what stands for a hidden character, in which the channel may see markup too.
    fn theirs_visible(&mut self, shown: &str) {
        let mut written = String::new();
        for c in shown.chars() {
            match (self.escape)(c) {
                Some(escaped) => written.push_str(escaped),
                None => written.push(c),
            }
        }
        self.piece(shown, &written);
    }

    /// Adds a piece as a whole, or ends the text.
    fn piece(&mut self, said: &str, written: &str) {
        if self.is_cut {
            return;
        }
        let size = (self.bound.size)(said, written);
        // One place is kept for the mark.
        if self.used + size >= self.bound.most {
            self.is_cut = true;
            self.out.push('…');
            return;
        }
        self.out.push_str(written);
        self.used += size;
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }
}

/// Writes a notice: each alert with its level, name, message, times, labels and details.
pub(crate) fn write(text: &mut Text, notification: &Notification) {
    if let Some(since) = notification.late_since() {
        text.own(&format!("(late: could not be told since {since})\n"));
    }
    for (at, alert) in notification.alerts().iter().enumerate() {
        if at > 0 {
            text.own("\n\n");
        }
        write_alert(text, alert);
    }
    if notification.truncated() > 0 {
        text.own(&format!("\n\nand {} more", notification.truncated()));
    }
}

fn write_alert(text: &mut Text, alert: &AlertView) {
    text.own(match alert.state {
        Status::Firing => "",
        Status::Resolved => "RESOLVED ",
    });
    text.own(&format!("[{}] ", alert.level));
    text.theirs(alert.labels.value_of("alertname"));
    text.own(": ");
    text.theirs(alert.annotations.value_of("summary"));
    text.own(&format!("\ntime: {}", alert.starts_at));
    if let (Status::Resolved, Some(ends_at)) = (alert.state, alert.ends_at) {
        text.own(&format!("\nresolved: {ends_at}"));
    }
    let labels = alert
        .labels
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "alertname" | "severity"));
    let details = alert
        .annotations
        .iter()
        .filter(|(name, _)| *name != "summary");
    for (name, value) in labels.chain(details) {
        text.own("\n");
        text.theirs(name);
        text.own(": ");
        text.theirs(value);
    }
}
