//! Recorders that are missing, change, forget, or are read while many write.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use metrics::with_local_recorder;
use watchkeep_metrics::{Recorder, Timestamp};
use watchkeep_tower::ObservabilityLayer;

use crate::support::{
    DURATION, IN_FLIGHT, Ledger, REQUESTS, Script, Step, get, poll_frame, respond,
};

fn ok(_: Request<()>) -> Response<Full<Bytes>> {
    Response::new(Full::from("hello"))
}

/// Asks, and reads the answer to its end.
fn ask(layer: &ObservabilityLayer) {
    let mut response = respond(layer, get("/"), ok);
    assert!(poll_frame(response.body_mut()).is_ready());
}

#[tokio::test]
async fn without_recorder_and_subscriber_nothing_is_missing() {
    let layer = ObservabilityLayer::new();
    let response = respond(&layer, get("/"), ok);
    assert_eq!(response.headers()["x-request-id"].len(), 32);
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "hello");
    drop(respond(&layer, get("/"), ok));
}

#[test]
fn of_recorders_that_change_each_gets_what_ends_while_it_is_there() {
    let recorders = [(), ()].map(|()| Recorder::builder().build().unwrap());
    let [one, other] = &recorders;
    let layer = ObservabilityLayer::new();
    let begun = with_local_recorder(one, || {
        ask(&layer);
        respond(&layer, get("/"), ok)
    });
    with_local_recorder(other, || {
        ask(&layer);
        ask(&layer);
        drop(begun);
    });
    with_local_recorder(one, || ask(&layer));
    ask(&layer);
    let count = |recorder: &Recorder, outcome| {
        let outcome = [("outcome", outcome)];
        recorder.snapshot().counter(REQUESTS, &outcome)
    };
    assert_eq!(count(one, "completed"), 2.0);
    assert_eq!(count(other, "completed"), 2.0);
    assert_eq!(count(one, "cancelled_in_body"), 0.0);
    assert_eq!(count(other, "cancelled_in_body"), 1.0, "it ended there");
    for recorder in &recorders {
        let gauge = recorder.snapshot().gauge(IN_FLIGHT, &[]);
        assert_eq!(gauge, Some(0.0), "it is taken off where it was added");
    }
}

#[test]
fn a_recorder_that_forgets_idle_series_loses_nothing_of_what_the_layer_holds() {
    let recorder = Recorder::builder().build().unwrap();
    let layer = ObservabilityLayer::builder()
        .with_recorder(recorder.clone())
        .build();
    let idle = Duration::from_secs(60);
    for minute in 0..10 {
        ask(&layer);
        let mut standing = respond(&layer, get("/"), |_| {
            Response::new(Script::new([Step::Data("a"), Step::Wait]))
        });
        let _ = poll_frame(standing.body_mut());
        for half in 0..8 {
            let now = Timestamp::from_millis((minute * 8 + half) * 60_000);
            recorder.expire_idle(idle, now);
        }
        assert_eq!(recorder.snapshot().gauge(IN_FLIGHT, &[]), Some(1.0));
    }
    let snapshot = recorder.snapshot();
    assert_eq!(
        snapshot.counter(REQUESTS, &[("outcome", "completed")]),
        10.0
    );
    assert_eq!(
        snapshot.counter(REQUESTS, &[("outcome", "cancelled_in_body")]),
        10.0
    );
    assert_eq!(snapshot.gauge(IN_FLIGHT, &[]), Some(0.0));
    assert_eq!(snapshot.histogram(DURATION, &[]).unwrap().count, 20);
}

/// A thousand readings where the slow tests are asked for.
#[test]
fn sixteen_writers_lose_nothing_while_another_reads() {
    const WRITERS: usize = 16;

    let reads = match std::env::var_os("RUN_SLOW_TESTS") {
        Some(_) => 1_000,
        None => 25,
    };
    let ledger = Ledger::new();
    let layer = ledger
        .builder()
        .with_route(|parts| Some(parts.uri.path().into()))
        .build();
    let done = AtomicBool::new(false);
    // Each writer makes new series from time to time, which the others soon share.
    let write = || {
        let mut asked = 0;
        while !done.load(Ordering::Relaxed) {
            let path = format!("/{}", asked / 8 % 50);
            let mut response = respond(&layer, get(&path), ok);
            assert!(poll_frame(response.body_mut()).is_ready());
            drop(respond(&layer, get(&path), ok));
            asked += 1;
        }
        asked
    };
    let asked: Vec<u32> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(write)).collect();
        let (mut read, mut before) = (0, 0.0);
        while read < reads || before < 1_000.0 {
            let order = families(&ledger.page());
            assert!(order.is_sorted(), "{order:?}");
            let now = ledger.snapshot().counter(REQUESTS, &[]);
            assert!(now >= before, "{now} after {before}");
            (read, before) = (read + 1, now);
        }
        done.store(true, Ordering::Relaxed);
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect()
    });
    let each = asked.iter().sum();
    ledger.check(0, &[("completed", each), ("cancelled_in_body", each)]);
}

/// Returns the names of the families as they come.
fn families(page: &str) -> Vec<String> {
    page.lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .map(String::from)
        .collect()
}
