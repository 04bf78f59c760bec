//! The letter itself: headers, a text for people, and the alerts as JSON.

use std::fmt::Write as _;

use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Mailboxes, MultiPart, SinglePart, header};

use crate::alert::Labels;
use crate::fingerprint::Fingerprint;
use crate::level::Level;
use crate::notification::Notification;
use crate::notifier::NotifyError;
use crate::notifiers::chat::{self, Bound, Text, written_chars};
use crate::notifiers::headline::{headline, worst};
use crate::text::{bounded, printable};
use crate::texts::Texts;
use crate::view::Status;

/// The longest subject, in bytes; longer ones are cut by most programs anyway.
const SUBJECT_BYTES: usize = 250;
/// The longest text for people; the JSON has everything.
const TEXT_CHARS: usize = 100_000;

/// Writes a letter to all of them; each is sent their own copy.
pub(super) fn write(
    notification: &Notification,
    from: &Mailbox,
    to: &[Mailbox],
) -> Result<Vec<u8>, NotifyError> {
    let host = from.email.domain();
    // The same over restarts, and no secret.
    let group = Labels::from([("group".to_owned(), notification.group_key())]);
    let thread = format!("<{}@{host}>", Fingerprint::of(&group));
    let to: Mailboxes = to.iter().cloned().collect();
    let body = MultiPart::mixed()
        .singlepart(SinglePart::plain(text(notification)))
        .singlepart(json(notification)?);
    let message = Message::builder()
        .from(from.clone())
        .mailbox(header::To::from(to))
        .subject(subject(notification))
        .message_id(Some(format!("<{}@{host}>", notification.id())))
        .references(thread.clone())
        .in_reply_to(thread)
        .raw_header(auto_submitted())
        .multipart(body);
    let message = message
        .map_err(|_| NotifyError::permanent("the notice could not be written as a letter"))?;
    Ok(message.formatted())
}

/// Keeps vacation notices from answering (RFC 3834, section 5).
fn auto_submitted() -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    HeaderValue::new(name, "auto-generated".to_owned())
}

/// `ORACLE Critical: Database connection failed`, on one line whatever the alert says.
pub(super) fn subject(notification: &Notification) -> String {
    let service = notification
        .alerts()
        .first()
        .map_or("", |alert| alert.labels.value_of("service"));
    let service = match printable(service).to_uppercase() {
        nobody if nobody.is_empty() => "Alert".to_owned(),
        service => service,
    };
    let level = match worst(notification) {
        Level::Info => "Info",
        Level::Warning => "Warning",
        Level::Error => "Error",
        Level::Critical => "Critical",
    };
    let resolved = match notification.status() {
        Status::Firing => "",
        Status::Resolved => " resolved",
    };
    let subject = format!("{service} {level}{resolved}: {}", headline(notification));
    bounded(subject, SUBJECT_BYTES)
}

fn text(notification: &Notification) -> String {
    let bound = Bound {
        most: TEXT_CHARS,
        size: written_chars,
    };
    let mut text = Text::new(bound, |_| None);
    chat::write(&mut text, notification);
    text.own("\n");
    text.finish()
}

/// The alerts as they are, in ASCII, so that no server needs to change a byte.
fn json(notification: &Notification) -> Result<SinglePart, NotifyError> {
    let value = serde_json::json!({
        "receiver": notification.receiver(),
        "status": notification.status(),
        "groupLabels": notification.group_labels(),
        "truncatedAlerts": notification.truncated(),
        "alerts": notification.alerts(),
    });
    let json = serde_json::to_string_pretty(&value)
        .map_err(|_| NotifyError::permanent("the notice could not be written as JSON"))?;
    let mut ascii = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                // Writing to a string does not fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    let kind = ContentType::parse("application/json")
        .map_err(|_| NotifyError::permanent("the notice could not be written as a letter"))?;
    Ok(Attachment::new("alerts.json".to_owned()).body(ascii, kind))
}
