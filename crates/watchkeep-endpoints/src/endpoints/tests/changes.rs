//! What operators change: the level of the log, and the files that are in force.

use super::*;

/// Sends a body to a route of endpoints that let everybody in who says `localhost`.
async fn send_body(router: Router, method: Method, path: &str, body: &str) -> (StatusCode, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .body(Body::from(body.to_owned()))
        .expect("the request is valid");
    let answer = router.oneshot(request).await.expect("a router never fails");
    let status = answer.status();
    let body = answer
        .into_body()
        .collect()
        .await
        .expect("the body is whole");
    (
        status,
        String::from_utf8(body.to_bytes().to_vec()).expect("it is text"),
    )
}

fn on_loopback() -> Endpoints {
    Endpoints::new(Access::for_listener(([127, 0, 0, 1], 80).into()))
}

#[tokio::test]
async fn level_is_changed_for_a_time_and_a_bad_one_changes_nothing() {
    let logs = logs();
    let endpoints = on_loopback().with_logs(logs.clone());
    let put = async |body: &str| {
        let router = endpoints.clone().router();
        send_body(router, Method::PUT, "/log-level", body).await
    };
    let (status, body) = put(r#"{"level":"WARN,hyper=Debug","for_seconds":600}"#).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(
        body,
        r#"{"level":"warn,hyper=debug","for_seconds":600,"then":"info"}"#
    );
    let (status, body) = put(r#"{"level":"hyper=loud"}"#).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("`loud`"), "{body}");
    let (status, _) = put(&format!(r#"{{"level":"{}"}}"#, "x".repeat(20_000))).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(logs.filter().to_string(), "warn,hyper=debug");
    let (status, _) = put(r#"{"level":"error"}"#).await;
    assert_eq!(status, StatusCode::OK);
    let shown = ask(&endpoints, "/log-level", &[("host", "localhost")]).await;
    assert_eq!(
        shown.text(),
        r#"{"level":"error","for_seconds":null,"then":null}"#
    );
}

#[tokio::test]
async fn reload_tells_its_problems_and_survives_a_panic() {
    for (outcome, status, words) in [
        (Ok(()), StatusCode::OK, r#"{"problems":[]}"#),
        (
            Err(vec!["alerts.yml:3: no".to_owned()]),
            StatusCode::INTERNAL_SERVER_ERROR,
            r#"{"problems":["alerts.yml:3: no"]}"#,
        ),
    ] {
        let endpoints = on_loopback().with_reload(move || std::future::ready(outcome.clone()));
        let answer = send_body(endpoints.router(), Method::POST, "/-/reload", "").await;
        assert_eq!(answer, (status, words.to_owned()));
    }
    let broken = on_loopback().with_reload(|| async { panic!("a file of another world") });
    let (status, words) = send_body(broken.router(), Method::POST, "/-/reload", "").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(words.contains("broke off"), "{words}");
}

#[tokio::test]
async fn reload_goes_on_without_its_caller() {
    let (begun, mut has_begun) = tokio::sync::mpsc::channel(1);
    let (go_on, gate) = tokio::sync::watch::channel(false);
    let (done, mut is_done) = tokio::sync::mpsc::channel(1);
    let endpoints = on_loopback().with_reload(move || {
        let (begun, done, mut gate) = (begun.clone(), done.clone(), gate.clone());
        async move {
            begun.send(()).await.expect("the test waits");
            gate.wait_for(|open| *open)
                .await
                .expect("the test opens it");
            done.send(()).await.expect("the test waits");
            Ok(())
        }
    });
    let call = tokio::spawn(send_body(endpoints.router(), Method::POST, "/-/reload", ""));
    has_begun.recv().await.expect("it begins");
    call.abort();
    assert!(call.await.is_err(), "the caller is gone");
    go_on.send_replace(true);
    is_done.recv().await.expect("it ends");
}
