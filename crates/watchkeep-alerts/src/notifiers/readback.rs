//! Reads what a channel was sent as its readers do, for the tests of bounds and escapes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::alert::Alert;
use crate::level::Level;
use crate::notification::Notification;
use crate::notifiers::chat::{self, Bound, Escape, Text, written_chars};
use crate::notifiers::samples::notice;
use crate::text::printable;
use crate::view::Status;

/// Pieces that mean something to some channel, or that are wider in one count than in another.
const PIECES: &[&str] = &[
    "a",
    " ",
    "&",
    "<",
    ">",
    "\"",
    "'",
    "\\",
    "*",
    "_",
    "~",
    "`",
    "|",
    "#",
    "[",
    "]",
    "(",
    ")",
    "@",
    "!",
    "…",
    "é",
    "😀",
    "\n",
    "\r\n",
    "\t",
    "\u{0}",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "&amp;",
    "&lt",
    "&#60;",
    "\\u{0}",
    "</b>",
    "@everyone",
    "<!channel>",
];

/// Any text: short, or longer than any channel takes.
pub(crate) fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        select(PIECES).prop_map(str::to_owned),
    ];
    let times = prop_oneof![4 => Just(1), 1 => 1_usize..400];
    (vec(piece, 0..24), times).prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

/// Notices of some alerts in which all that others write is any text.
pub(crate) fn notices() -> impl Strategy<Value = Notification> {
    let alert =
        (texts(), texts(), texts(), any::<bool>()).prop_map(|(name, summary, value, ended)| {
            let alert = Alert::new(name, Level::Error, summary)
                .with_label("service", &value)
                .with_detail("detail", value);
            match ended {
                false => (alert, Status::Firing),
                true => (alert, Status::Resolved),
            }
        });
    vec(alert, 1..4).prop_map(|alerts| {
        let alerts: Vec<_> = alerts
            .iter()
            .map(|(alert, state)| (alert, *state))
            .collect();
        notice(&alerts)
    })
}

/// Checks that a text of pieces (ours or theirs) is within each small bound, ends at the end of a piece, and reads as it was written.
#[track_caller]
pub(crate) fn check_text(size: fn(&str, &str) -> usize, escape: Escape, parts: &[(bool, String)]) {
    for most in 1..40 {
        let bound = Bound { most, size };
        let written = written(bound, escape, parts);
        let whole = self::written(unbounded(size), escape, parts);
        let read = read(escape, "", &written);
        let used = size(&read, &written);
        assert!(used <= most, "{used} of {most}: {written:?}");
        let ends = ends(parts);
        let said = ends.last().unwrap();
        if read == *said {
            continue;
        }
        let stem = read.strip_suffix('…').expect("a text that is cut says so");
        assert!(ends.iter().any(|end| end == stem), "{stem:?} of {said:?}");
        assert!(size(said, &whole) >= most, "{written:?} was cut in vain");
    }
}

/// Checks that the text of a notice reads as it was written, as far as it goes.
#[track_caller]
pub(crate) fn check_notice(escape: Escape, own: &str, written: &str, notification: &Notification) {
    check_prefix(&read(escape, own, written), &said(notification));
}

/// Returns all that a notice says, without escapes and uncut.
pub(crate) fn said(notification: &Notification) -> String {
    let mut plain = Text::new(unbounded(written_chars), |_| None);
    chat::write(&mut plain, notification);
    plain.finish()
}

/// Checks that what was read is all of what was said, or its beginning and the mark.
#[track_caller]
pub(crate) fn check_prefix(read: &str, said: &str) {
    if read == said {
        return;
    }
    let stem = read.strip_suffix('…').expect("a text that is cut says so");
    assert!(said.starts_with(stem), "{stem:?} of {said:?}");
}

/// Reads escapes back; `own` is markup that we write ourselves.
///
/// Panics at half an escape, and at markup that is not escaped.
#[track_caller]
pub(crate) fn read(escape: Escape, own: &str, written: &str) -> String {
    let has_backslashes = escape('\\').is_some();
    let has_entities = escape('&').is_some();
    let mut read = String::new();
    let mut rest = written;
    while let Some(c) = rest.chars().next() {
        let (said, length) = match c {
            '\\' if has_backslashes => {
                let said = rest[1..].chars().next();
                let said = said.expect("something follows a backslash");
                assert!(said.is_ascii_punctuation(), "a backslash before {said:?}");
                (said, 2)
            }
            '&' if has_entities => {
                let end = rest.find(';').expect("an entity ends");
                (entity(&rest[1..end]), end + 1)
            }
            c => {
                let is_meant = escape(c).is_none() || own.contains(c);
                assert!(is_meant, "{c:?} stands unescaped in {written:?}");
                (c, c.len_utf8())
            }
        };
        read.push(said);
        rest = &rest[length..];
    }
    read
}

#[track_caller]
fn entity(name: &str) -> char {
    match name {
        "amp" => '&',
        "gt" => '>',
        "lt" => '<',
        "quot" => '"',
        other => panic!("{other:?} is no entity"),
    }
}

/// Pieces of a text, ours or theirs; what is ours has no markup.
pub(crate) fn parts() -> impl Strategy<Value = Vec<(bool, String)>> {
    let ours = "[a-z0-9 :\n]{0,6}".prop_map(|text| (true, text));
    let theirs = vec(
        prop_oneof![
            any::<char>().prop_map(String::from),
            select(PIECES).prop_map(str::to_owned),
        ],
        0..12,
    );
    let theirs = theirs.prop_map(|pieces| (false, pieces.concat()));
    vec(prop_oneof![1 => ours, 3 => theirs], 0..5)
}

fn written(bound: Bound, escape: Escape, parts: &[(bool, String)]) -> String {
    let mut text = Text::new(bound, escape);
    for (is_ours, part) in parts {
        match is_ours {
            true => text.own(part),
            false => text.theirs(part),
        }
    }
    text.finish()
}

/// Returns what is said after each whole character; a hidden one is said as its escape.
fn ends(parts: &[(bool, String)]) -> Vec<String> {
    let mut said = String::new();
    let mut ends = vec![said.clone()];
    for (is_ours, part) in parts {
        for c in part.chars() {
            match is_ours {
                true => said.push(c),
                false => said.push_str(&printable(&c.to_string())),
            }
            ends.push(said.clone());
        }
    }
    ends
}

fn unbounded(size: fn(&str, &str) -> usize) -> Bound {
    Bound {
        most: usize::MAX,
        size,
    }
}
