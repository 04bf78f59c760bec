//! Notices for the channels' tests.

use std::time::Duration;

use crate::alert::Alert;
use crate::level::Level;
use crate::notification::{GroupName, Notification};
use crate::timestamp::Timestamp;
use crate::view::{AlertView, Status};

/// 2026-08-22T10:15:30.123Z.
pub(crate) const BEGAN: Timestamp = Timestamp::from_millis(1_787_393_730_123);

/// What others may write into an alert, to break out of every channel there is.
pub(crate) const HOSTILE: &str = "</b><script>alert(1)</script> &amp; <!channel> @everyone [x](http://evil) *b* \u{0}\r\nBcc: x@evil \u{202e}😀";

pub(crate) fn view(alert: &Alert, state: Status) -> AlertView {
    let mut view = Notification::test("x", "oracle").alerts()[0].clone();
    view.labels = alert.labels().clone();
    view.annotations = alert.annotations().clone();
    view.fingerprint = alert.fingerprint();
    view.level = alert.level();
    view.state = state;
    view.starts_at = BEGAN;
    view.ends_at = Some(BEGAN.after(Duration::from_secs(60)));
    view
}

pub(crate) fn notice(alerts: &[(&Alert, Status)]) -> Notification {
    let views: Vec<_> = alerts
        .iter()
        .map(|(alert, state)| view(alert, *state))
        .collect();
    let group = GroupName {
        key: "{}:{alertname=\"DatabaseDown\"}".to_owned(),
        labels: views.first().unwrap().labels.clone(),
    };
    Notification::of_group("msg_17".to_owned(), "x".to_owned(), group, views, 0)
}

pub(crate) fn down() -> Alert {
    Alert::new(
        "DatabaseDown",
        Level::Critical,
        "Database connection failed",
    )
    .with_label("service", "oracle")
    .with_detail("error", "connection refused")
}

pub(crate) fn hostile() -> Alert {
    Alert::new("Hostile", Level::Error, HOSTILE)
        .with_label("service", HOSTILE)
        .with_detail("detail", HOSTILE)
}

/// An alert that is longer than any channel takes, of a character that each escapes.
pub(crate) fn endless(c: &str) -> Notification {
    let alerts: Vec<_> = (0..200)
        .map(|at| {
            Alert::new(format!("A{at}"), Level::Info, c.repeat(500)).with_label("service", "oracle")
        })
        .collect();
    let pairs: Vec<_> = alerts.iter().map(|alert| (alert, Status::Firing)).collect();
    notice(&pairs)
}
