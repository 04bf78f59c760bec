//! Values that lie, break out, panic, never end, or log themselves.

use std::cell::Cell;
use std::fmt;

use tracing::{error, info, info_span};

use crate::support::{logged, logged_with};

struct Panics;

/// Panics with something that panics again when it is dropped.
struct PanicsTwice;

struct Fails;

struct Logs;

/// Tells whether somebody has looked at it.
struct Secret<'a>(&'a Cell<bool>);

/// Says a little, for ever.
struct Endless;

/// Its own cause.
#[derive(Debug)]
struct Circle;

#[derive(Debug)]
struct Deep(u32);

impl fmt::Debug for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        std::panic::resume_unwind(Box::new("no message on standard error"))
    }
}

impl fmt::Debug for PanicsTwice {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        std::panic::resume_unwind(Box::new(Payload))
    }
}

struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new(()))
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.set(true);
        Ok(())
    }
}

impl fmt::Debug for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..200_000).try_for_each(|_| f.write_str("on and "))
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("o")
    }
}

impl std::error::Error for Circle {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&Self)
    }
}

impl fmt::Debug for Fails {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _span = info_span!("inner", x = 1).entered();
        info!("from inside");
        f.write_str("said")
    }
}

impl fmt::Display for Deep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "level {}", self.0)
    }
}

/// Two levels, told as sources.
#[derive(Debug)]
struct Top(Deep);

impl fmt::Display for Top {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("top")
    }
}

impl std::error::Error for Deep {}

impl std::error::Error for Top {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn no_value_leaves_its_line_or_its_string() {
    let evil = "a\n2026-08-22T10:15:30.123456Z ERROR x forged\u{1b}[31m\u{202e}\"}\\";
    let bench = logged(|| {
        let span = info_span!("request", shown = %evil, asked = ?evil, plain = evil);
        let _span = span.enter();
        info!(target: "t\n", shown = %evil, other = evil, "{evil}");
    });
    let text = bench.read("app.log");
    assert_eq!(text.lines().count(), 1);
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
    let line = bench.only();
    assert_eq!(line["message"], evil);
    assert_eq!(line["log.logger"], "t\n");
    assert_eq!(line["labels"]["shown"], evil);
    assert_eq!(line["labels"]["plain"], evil);
}

#[test]
fn names_of_fields_cannot_forge_keys() {
    let bench = logged(|| {
        info!(
            "@timestamp" = "x",
            "@metadata" = "x",
            "log.level" = "x",
            "service.name" = "x",
            "process.pid" = "x",
            labels = "x",
            host = "x",
            r#type = "x",
            "a\"b\\c*d\n" = "x",
            "" = "blank",
            " " = "blank too",
            a.b = 1,
            a_b = 2,
            event.duration = u64::MAX,
            http.response.status_code = "none",
            error = "e1",
            "once"
        );
    });
    let line = bench.only();
    assert_eq!(line["message"], "once");
    assert_eq!(line["log.level"], "INFO");
    assert_eq!(line["error.message"], "e1");
    let labels = &line["labels"];
    assert_eq!(labels["a_b"], "2");
    assert_eq!(labels["event_duration"], u64::MAX.to_string());
    assert_eq!(labels["http_response_status_code"], "none");
    assert_eq!(labels["log_level"], "x");
    assert_eq!(labels["type"], "x");
    assert_eq!(labels["_"], "blank too");
}

#[test]
fn numbers_of_all_kinds_are_written() {
    let bench = logged(|| {
        info!(
            nan = f64::NAN,
            inf = f64::NEG_INFINITY,
            zero = -0.0,
            big = u128::MAX,
            small = i64::MIN,
            yes = true,
            event.duration = 12_u64,
            "numbers"
        );
    });
    let line = bench.only();
    assert_eq!(line["event.duration"], 12);
    assert_eq!(line["labels"]["nan"], "NaN");
    assert_eq!(line["labels"]["inf"], "-inf");
    assert_eq!(line["labels"]["big"], u128::MAX.to_string());
    assert_eq!(line["labels"]["yes"], "true");
}

#[test]
fn error_value_tells_its_causes() {
    let bench = logged(|| {
        let top = Top(Deep(2));
        let error: &(dyn std::error::Error + 'static) = &top;
        error!(error, error.code = "E2", "it broke");
    });
    let line = bench.only();
    assert_eq!(line["error.message"], "top: level 2");
    assert_eq!(line["error.code"], "E2");
    assert_eq!(bench.read("app_errors.log"), bench.read("app.log"));
    let bench = logged(|| error!(error = &Circle as &dyn std::error::Error, "round and round"));
    assert_eq!(bench.only()["error.message"], ["o"; 11].join(": "));
}

#[test]
fn numbers_are_numbers_where_that_is_wanted_and_an_index_can_hold_them() {
    let bench = logged_with(
        |config| config.with_numeric_labels(true),
        |_| {
            info!(
                zero = -0.0,
                large = 1e300,
                least = 5e-324,
                small = i64::MIN,
                big = u64::MAX,
                wide = 1_i128,
                nan = f64::NAN,
                my.token = 7,
                yes = true,
                "numbers"
            );
        },
    );
    let line = bench.only();
    let numbers = line["numeric_labels"].as_object().unwrap();
    let mut keys: Vec<_> = numbers.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["large", "least", "small", "zero"]);
    assert_eq!(numbers["large"], 1e300);
    assert_eq!(numbers["least"], 5e-324);
    assert_eq!(numbers["small"], i64::MIN);
    let labels = &line["labels"];
    assert_eq!(labels["big"], u64::MAX.to_string());
    assert_eq!(labels["my_token"], "[redacted]");
    assert_eq!(labels["wide"], "1");
}

#[test]
fn value_that_panics_or_fails_takes_nothing_with_it() {
    let is_seen = Cell::new(false);
    let bench = logged(|| {
        let _span = info_span!("request", bad = ?Panics).entered();
        info!(value = ?Panics, other = ?Fails, good = 1, "still here");
        info!("{:?}", Panics);
        info!(value = ?PanicsTwice, "after");
        info!(db.password = ?Secret(&is_seen), message = "at the end");
    });
    let lines = bench.json();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[2]["labels"]["value"], "[formatting panicked]");
    assert_eq!(lines[3]["labels"]["db_password"], "[redacted]");
    assert_eq!(lines[3]["message"], "at the end");
    assert!(!is_seen.get(), "a secret is not even formatted");
    assert_eq!(lines[0]["labels"]["value"], "[formatting panicked]");
    assert_eq!(lines[0]["labels"]["other"], "[formatting failed]");
    assert_eq!(lines[0]["labels"]["good"], "1");
    assert_eq!(lines[0]["labels"]["bad"], "[formatting panicked]");
}

#[test]
fn value_that_logs_itself_is_counted_and_not_followed() {
    let bench = logged(|| {
        let span = info_span!("request", value = tracing::field::Empty);
        span.record("value", tracing::field::debug(Logs));
        let _span = span.enter();
        info!(own = ?Logs, "outside");
    });
    assert_eq!(
        bench.text(),
        [" INFO it::hostile outside own=said value=said"]
    );
    // The span and the event inside `record`; within an event, `tracing` itself holds both back from a subscriber of a thread.
    assert_eq!(bench.guard.handle().nested_events(), 2);
}

#[test]
fn huge_values_are_cut_visibly() {
    let huge = "ä".repeat(10_000_000);
    let bench = logged(|| info!(value = huge, endless = ?Endless, "{huge}"));
    let line = bench.only();
    let endless = line["labels"]["endless"].as_str().unwrap();
    assert!(endless.ends_with("…[truncated]") && endless.len() < 70_000);
    for text in [&line["message"], &line["labels"]["value"]] {
        let text = text.as_str().unwrap();
        assert!(text.ends_with("ä…[truncated]"));
        assert!(text.len() < 70_000);
    }
}
