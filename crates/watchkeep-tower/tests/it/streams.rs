//! Responses without an end of their own: what of them is timed.

use std::time::Duration;

use http::{Response, header};
use tracing::Level;

use crate::{
    lines::Lines,
    support::{DURATION, FIRST_BYTE, Ledger, Script, Step, get, poll_frame, respond},
};

/// Checks whether a response of this type, by a layer that knows the route `/events`, is timed to its end.
#[track_caller]
fn check(path: &'static str, content_type: &str, is_stream: bool) {
    let ledger = Ledger::new();
    let lines = Lines::capture();
    let layer = ledger
        .builder()
        .with_route(|head| Some(head.uri.path().into()))
        .with_streams(["/events"])
        .with_slow(Duration::from_secs(3_600))
        .build();
    let mut response = respond(&layer, get(path), |_| {
        Response::builder()
            .header(header::CONTENT_TYPE, content_type)
            .body(Script::new([Step::Data("a")]))
            .unwrap()
    });
    assert_eq!(ledger.timed(FIRST_BYTE), 1, "while it goes on");
    ledger.check(1, &[]);
    for _ in 0..2 {
        let _ = poll_frame(response.body_mut());
    }
    ledger.check_counts(0, &[("completed", 1)]);
    assert_eq!(
        ledger.timed(DURATION),
        u64::from(!is_stream),
        "{content_type}"
    );
    assert_eq!(ledger.timed(FIRST_BYTE), 1);
    let [line] = &lines.take()[..] else {
        panic!("one line");
    };
    assert_eq!(line.level, Level::INFO);
    assert!(line.fields["event.duration"].parse::<u64>().unwrap() > 0);
}

#[test]
fn of_a_stream_only_the_begin_is_timed() {
    check("/", "text/event-stream", true);
    check("/", "text/event-stream; charset=utf-8", true);
    check("/events", "text/plain", true);
    check("/events/1", "text/plain", false);
    check("/", "text/plain", false);
}

#[test]
fn the_time_to_the_head_is_a_part_of_the_duration() {
    let ledger = Ledger::new();
    let mut response = respond(&ledger.layer(), get("/"), |_| {
        Response::new(Script::new([Step::Data("a")]))
    });
    for _ in 0..2 {
        let _ = poll_frame(response.body_mut());
    }
    let snapshot = ledger.snapshot();
    let sum = |family| snapshot.histogram(family, &[]).unwrap().sum;
    assert!(sum(FIRST_BYTE) > 0.0);
    assert!(sum(FIRST_BYTE) < sum(DURATION));
}
