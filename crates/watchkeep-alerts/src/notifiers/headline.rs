//! A notice in one line, and how bad it is.

use crate::level::Level;
use crate::notification::Notification;
use crate::text::printable;
use crate::texts::Texts;
use crate::view::Status;

/// Returns one line on a notice: the level, and the message of its only alert, or how many there are.
pub(crate) fn headline(notification: &Notification) -> String {
    let alerts = notification.alerts();
    let firing = alerts
        .iter()
        .filter(|it| it.state == Status::Firing)
        .count();
    let first = alerts
        .iter()
        .find(|it| it.state == Status::Firing)
        .or_else(|| alerts.first());
    let message = first.map_or("", |alert| match alert.annotations.value_of("summary") {
        "" => alert.labels.value_of("alertname"),
        summary => summary,
    });
    let message = printable(message);
    match (alerts.len() + notification.truncated(), firing) {
        (0 | 1, _) => message,
        (_, 0 | 1) => message,
        (_, firing) => format!("{message} (and {} more)", firing - 1),
    }
}

/// Returns the worst level of those alerts that fire, or of all when none does.
pub(crate) fn worst(notification: &Notification) -> Level {
    let levels = |all: bool| {
        let alerts = notification.alerts().iter();
        let alerts = alerts.filter(move |it| all || it.state == Status::Firing);
        alerts.map(|it| it.level).max()
    };
    levels(false)
        .or_else(|| levels(true))
        .unwrap_or(Level::Info)
}
