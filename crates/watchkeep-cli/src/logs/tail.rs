//! `--tail`: the errors that are logged from now on.

use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value};
use watchkeep_logging::one_line_json;
use watchkeep_logging::query::{ErrorTail, Tailed};

use super::{chart, files};
use crate::output::{complain, is_over, say};
use crate::words;

/// How often the files are looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// Prints each new error, until nobody reads any more; why some may be missing is a complaint.
pub(super) fn follow(dir: &Path, by: &str, json: bool) -> Result<String, String> {
    files(dir)?;
    let mut tail = ErrorTail::new(dir).map_err(words)?.with_by(by);
    loop {
        let mut written = Ok(());
        tail.look(|tailed| match tailed {
            Tailed::Error { line, document, .. } if written.is_ok() => {
                written = say(&shown(line, &document, by, json));
            }
            Tailed::Missed(why) => complain(&format!("partial: {why}")),
            _ => {}
        });
        if let Err(error) = written {
            return stopped(&error);
        }
        pause();
    }
}

/// Somebody who has read enough is no failure, a full disk is.
fn stopped(error: &io::Error) -> Result<String, String> {
    if is_over(error) {
        return Ok(String::new());
    }
    Err(format!("cannot write what was found: {error}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a command that waits for a file has nothing else to do"
)]
fn pause() {
    thread::sleep(PAUSE);
}

/// Returns what to print for an error.
fn shown(line: &str, document: &Map<String, Value>, by: &str, json: bool) -> String {
    if json {
        return one_line_json(line);
    }
    chart::line(document, (by != "error.code").then_some(by))
}
