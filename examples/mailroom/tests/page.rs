//! The mail room's page, in a binary of its own, because a start installs the process's subscriber and recorder.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use mailroom::MailRoom;
use serde_json::Value;
use tower::ServiceExt as _;
use watchkeep::logging::{Console, LogConfig};

async fn ask(app: &Router, method: Method, path: &str) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("host", "localhost").body(Body::empty());
    let response = app.clone().oneshot(request.expect("it is valid")).await;
    let response = response.expect("a router never fails");
    let status = response.status();
    let body = response.into_body().collect().await.expect("it is whole");
    (
        status,
        String::from_utf8_lossy(&body.to_bytes()).into_owned(),
    )
}

async fn snapshot(app: &Router) -> Value {
    let (status, body) = ask(app, Method::GET, "/internal/dashboard/api/snapshot").await;
    assert_eq!(status, StatusCode::OK, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

#[tokio::test]
async fn tile_section_and_path_are_the_services_own() {
    let logging = LogConfig::new("mailroom")
        .with_console(Console::Off)
        .with_dir(None);
    let watchkeep = mailroom::watchkeep().with_logging(logging).start();
    let watchkeep = watchkeep.expect("the process has no other recorder");
    let room: Arc<MailRoom> = Arc::default();
    let app = mailroom::app(&watchkeep, &room, ([127, 0, 0, 1], 80).into());
    for name in ["ada", "grace", "ada"] {
        let (status, _) = ask(&app, Method::PUT, &format!("/letters/{name}")).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
    }
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    let seen = loop {
        let seen = snapshot(&app).await;
        // The page is a moment behind.
        if seen["sections"][0]["rows"][1] != Value::Null {
            break seen;
        }
        ticks.tick().await;
    };
    let row = |index: usize| &seen["sections"][0]["rows"][index]["cells"];
    assert_eq!(
        (&row(0)[0]["text"], &row(0)[1]["text"]),
        (&"ada".into(), &"2".into())
    );
    assert_eq!(row(1)[0]["text"], "grace");
    let tiles = seen["tiles"].as_array().expect("a list");
    let tile = |title: &str| tiles.iter().find(|tile| tile["title"] == title);
    assert_eq!(tile("Letters").expect("it is there")["note"], "3 waiting");
    assert_eq!(tile("Requests").expect("it is there")["value"], "3");

    let (status, page) = ask(&app, Method::GET, "/internal/dashboard").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("Fullest Boxes") && page.contains("href=\"dashboard/style.css\""),
        "{page}"
    );
    assert_eq!(
        ask(&app, Method::GET, "/dashboard").await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        ask(&app, Method::DELETE, "/letters/ada").await,
        (StatusCode::OK, "2\n".to_owned())
    );
    watchkeep.shutdown().await;
}
