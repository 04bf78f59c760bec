//! A program of its own, because it installs the global recorder.

use std::{
    convert::Infallible,
    pin::pin,
    task::{Context, Poll, Waker},
};

use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, service_fn};
use watchkeep_metrics::{Format, Recorder};
use watchkeep_tower::ObservabilityLayer;

type Answer = Result<Response<Empty<&'static [u8]>>, Infallible>;

#[test]
fn a_recorder_that_is_installed_late_gets_everything_from_then_on() {
    let layer = ObservabilityLayer::new();
    let mut service = layer.layer(service_fn(|_: Request<()>| async {
        Answer::Ok(Response::new(Empty::new()))
    }));
    let mut context = Context::from_waker(Waker::noop());
    let unseen = service.call(Request::new(()));
    assert!(matches!(
        pin!(unseen).poll(&mut context),
        Poll::Ready(Ok(_))
    ));
    let early = service.call(Request::new(()));

    let recorder = Recorder::builder().build().unwrap();
    recorder.install().unwrap();
    let late = service.call(Request::new(()));
    let in_flight = || {
        recorder
            .snapshot()
            .gauge("http_server_requests_in_flight", &[])
    };
    assert_eq!(
        in_flight(),
        Some(1.0),
        "the one that began before is not among them"
    );
    drop(early);
    assert_eq!(in_flight(), Some(1.0), "and is not taken off");
    assert!(matches!(pin!(late).poll(&mut context), Poll::Ready(Ok(_))));
    assert_eq!(in_flight(), Some(0.0));

    let requests = |outcome| {
        recorder
            .snapshot()
            .counter("http_server_requests_total", &[("outcome", outcome)])
    };
    assert_eq!(requests("completed"), 1.0);
    assert_eq!(requests("cancelled_before_response"), 1.0, "it ended here");
    let mut page = Vec::new();
    recorder.render(Format::Prometheus, &mut page);
    let page = String::from_utf8(page).unwrap();
    assert!(
        page.contains("# HELP http_server_requests_total "),
        "{page}"
    );
    assert!(page.contains("http_server_panics_total 0"), "{page}");

    // A second installation is refused, and takes nothing from the first.
    let second = Recorder::builder().build().unwrap();
    assert!(second.install().is_err());
    let after = service.call(Request::new(()));
    assert!(matches!(pin!(after).poll(&mut context), Poll::Ready(Ok(_))));
    assert_eq!(requests("completed"), 2.0);
    assert_eq!(in_flight(), Some(0.0));
    assert!(
        second
            .snapshot()
            .family("http_server_requests_total")
            .is_none()
    );
}
