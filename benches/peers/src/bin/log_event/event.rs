//! What is logged: one event of four fields in a span of two, and spans alone.

use std::hint::black_box;
use std::ops::Range;

use tracing::{Span, debug, error, info, info_span};

pub(crate) const MESSAGE: &str = "request finished";
pub(crate) const METHOD: &str = "GET";
pub(crate) const RATIO: f64 = 0.25;
pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// What one thread logs: an event for each number.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    /// In every line, so that the lines of the threads can be told apart.
    pub(crate) user: u64,
    pub(crate) numbers: Range<u64>,
}

fn request(user: u64) -> Span {
    info_span!("request", trace.id = TRACE, user)
}

/// Logs at INFO.
pub(crate) fn info(share: Share) {
    let _span = request(share.user).entered();
    for number in share.numbers {
        info!(
            method = METHOD,
            number,
            ratio = RATIO,
            cached = true,
            "request finished"
        );
    }
}

/// Logs at ERROR.
pub(crate) fn error(share: Share) {
    let _span = request(share.user).entered();
    for number in share.numbers {
        error!(
            method = METHOD,
            number,
            ratio = RATIO,
            cached = true,
            "request finished"
        );
    }
}

/// Logs at DEBUG, which is off.
pub(crate) fn off(share: Share) {
    let _span = request(share.user).entered();
    for number in share.numbers {
        debug!(
            method = METHOD,
            number = black_box(number),
            ratio = RATIO,
            cached = true,
            "request finished"
        );
    }
}

/// Makes a span for each number, and enters, leaves and closes it.
pub(crate) fn span(share: Share) {
    for number in share.numbers {
        let span = info_span!(
            "request",
            trace.id = TRACE,
            user = share.user,
            method = METHOD,
            number,
            cached = true
        );
        let _entered = span.enter();
    }
}
