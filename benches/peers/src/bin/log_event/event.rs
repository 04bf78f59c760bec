//! What is logged: one event of four fields in a span of two, and spans alone.

use std::hint::black_box;

use tracing::{Span, debug, error, info, info_span};

pub(crate) const METHOD: &str = "GET";
pub(crate) const RATIO: f64 = 0.25;
pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(crate) const USER: u64 = 4711;

fn request() -> Span {
    info_span!("request", trace.id = TRACE, user = USER)
}

/// Logs so many events at INFO.
pub(crate) fn info(events: u64) {
    let _span = request().entered();
    for number in 0..events {
        info!(
            method = METHOD,
            number,
            ratio = RATIO,
            cached = true,
            "request finished"
        );
    }
}

/// Logs so many events at ERROR.
pub(crate) fn error(events: u64) {
    let _span = request().entered();
    for number in 0..events {
        error!(
            method = METHOD,
            number,
            ratio = RATIO,
            cached = true,
            "request finished"
        );
    }
}

/// Logs so many events at DEBUG, which is off.
pub(crate) fn off(events: u64) {
    let _span = request().entered();
    for number in 0..events {
        debug!(
            method = METHOD,
            number = black_box(number),
            ratio = RATIO,
            cached = true,
            "request finished"
        );
    }
}

/// Makes so many spans, and enters, leaves and closes each.
pub(crate) fn span(spans: u64) {
    for number in 0..spans {
        let span = info_span!(
            "request",
            trace.id = TRACE,
            user = USER,
            method = METHOD,
            number,
            cached = true
        );
        let _entered = span.enter();
    }
}
