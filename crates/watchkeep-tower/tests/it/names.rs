//! The names of OpenTelemetry, and the sizes of bodies.

use http::{Method, Request, Response, StatusCode, Version, header};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};
use watchkeep_tower::{Names, ObservabilityLayer};

use crate::support::{Ledger, Script, Step, get, poll_frame, respond};

/// Remembers each series that it was asked for, as it was asked for.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<BTreeSet<String>>>);

impl Asked {
    fn add(&self, key: &Key) {
        let labels: Vec<String> = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        self.0
            .lock()
            .unwrap()
            .insert(format!("{} {}", key.name(), labels.join(" ")));
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
            .into_iter()
            .collect()
    }
}

impl Recorder for Asked {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.add(key);
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.add(key);
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.add(key);
        Histogram::noop()
    }
}

fn layer(asked: &Asked) -> ObservabilityLayer {
    ObservabilityLayer::builder()
        .with_recorder(asked.clone())
        .with_names(Names::OpenTelemetry)
        .with_route(|head| match head.uri.path() {
            "/a" => Some("/{letter}".into()),
            _ => None,
        })
        .build()
}

#[test]
fn opentelemetry_has_its_own_names_and_attributes() {
    let asked = Asked::default();
    let layer = layer(&asked);
    assert_eq!(
        asked.take(),
        [
            "http.server.active_requests http.request.method=GET url.scheme=http",
            "http.server.panics ",
        ]
    );
    let request = Request::builder()
        .method(Method::POST)
        .uri("https://x/a")
        .version(Version::HTTP_2)
        .body(())
        .unwrap();
    drop(respond(&layer, request, |_| {
        let mut response = Response::new(Script::new([]).eager());
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    }));
    let common = "http.request.method=POST url.scheme=https http.route=/{letter} http.response.status_code=502";
    let error = format!("{common} error.type=502 network.protocol.version=2");
    assert_eq!(
        asked.take(),
        [
            String::from("http.server.active_requests http.request.method=POST url.scheme=https"),
            format!("http.server.request.duration {error}"),
            format!("http.server.requests {common} outcome=completed"),
            format!("http.server.time_to_first_byte {error}"),
        ]
    );
}

#[test]
fn an_attribute_without_a_value_is_left_out() {
    let asked = Asked::default();
    let layer = layer(&asked);
    drop(respond(&layer, get("/b"), |_| {
        Response::new(Script::new([]).eager())
    }));
    let told = asked.take();
    let common = "http.request.method=GET url.scheme=http http.response.status_code=200";
    let duration = format!("http.server.request.duration {common} network.protocol.version=1.1");
    assert!(told.contains(&duration), "{told:?}");

    drop(respond(&layer, get("/b"), |_| {
        Response::new(Script::new([Step::Data("a")]))
    }));
    let told = asked.take();
    let cancelled = format!(
        "http.server.request.duration {common} error.type=cancelled_in_body network.protocol.version=1.1"
    );
    assert!(told.contains(&cancelled), "{told:?}");
}

/// Checks which size of a request is believed.
#[track_caller]
fn check_request_size(status: u16, content_length: &str, size: Option<f64>) {
    let ledger = Ledger::new();
    let layer = ledger.builder().with_body_sizes().build();
    let request = Request::builder()
        .header(header::CONTENT_LENGTH, content_length)
        .body(())
        .unwrap();
    drop(respond(&layer, request, |_| {
        let mut response = Response::new(Script::new([]).eager());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response
    }));
    let snapshot = ledger.snapshot();
    let measured = snapshot.histogram("http_server_request_body_bytes", &[]);
    assert_eq!(measured.map(|measured| measured.sum), size);
}

#[test]
fn the_size_of_a_request_is_what_it_declares_unless_it_was_refused() {
    check_request_size(200, "17", Some(17.0));
    check_request_size(500, "0", Some(0.0));
    check_request_size(413, "9223372036854775807", None);
    check_request_size(400, "17", None);
    check_request_size(200, "many", None);
    check_request_size(200, "-1", None);
}

#[test]
fn the_size_of_a_response_is_what_its_body_gave() {
    let ledger = Ledger::new();
    let layer = ledger.builder().with_body_sizes().build();
    for frames in [3, 1] {
        let mut response = respond(&layer, get("/"), |_| {
            Response::new(Script::new([Step::Data("abc"), Step::Data("de")]))
        });
        for _ in 0..frames {
            let _ = poll_frame(response.body_mut());
        }
    }
    ledger.check(0, &[("completed", 1), ("cancelled_in_body", 1)]);
    let sizes = ledger.snapshot();
    let sizes = sizes
        .histogram("http_server_response_body_bytes", &[])
        .unwrap();
    assert_eq!((sizes.count, sizes.sum), (2, 8.0));
    assert!(
        ledger
            .snapshot()
            .family("http_server_request_body_bytes")
            .is_none()
    );
}
