//! The forms of the page, sent by the page, by other sites and by nobody in particular.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HOST};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use watchkeep_alerts::{Alert, Level, NotifyError, testing};
use watchkeep_logging::{Console, LogConfig, LogGuard};

use super::super::{Dashboard, Parts, mount};
use super::*;
use crate::access::Access;
use crate::route::Routes;

const FORM: &str = "application/x-www-form-urlencoded";

struct Site {
    router: Router,
    alerting: Alerting,
    told: testing::Recorded,
    logs: LogGuard,
}

async fn site() -> Site {
    let (recorder, told) = testing::Recorder::new();
    let alerting = Alerting::builder("test")
        .notifier("chat", recorder)
        .route(Level::Critical, &["chat"])
        .build()
        .unwrap();
    let alert = Alert::new("Down", Level::Warning, "it is down").with_label("shard", "7");
    alerting.fire(alert).await.unwrap();
    let config = LogConfig::new("test")
        .with_console(Console::Off)
        .with_dir(None);
    let config = config.with_filter("warn,hyper=error".parse().unwrap());
    let (_layer, logs) = config.build().unwrap();
    let parts = Parts {
        alerts: Some(alerting.clone()),
        logs: Some(logs.handle()),
        ..Parts::default()
    };
    let mut routes = Routes::default();
    mount(&mut routes, Dashboard::new("x"), parts);
    Site {
        router: routes.router(Access::for_listener(([127, 0, 0, 1], 8000).into())),
        alerting,
        told,
        logs,
    }
}

impl Site {
    async fn send(&self, request: Request) -> (StatusCode, HeaderMap, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (
            parts.status,
            parts.headers,
            String::from_utf8_lossy(&body).into_owned(),
        )
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path)
            .header(HOST, "localhost")
            .body(Body::empty())
            .unwrap();
        let (status, _, body) = self.send(request).await;
        (status, body)
    }

    async fn post(
        &self,
        action: &str,
        headers: &[(&str, &str)],
        form: &str,
    ) -> (StatusCode, String) {
        let mut request = Request::post(format!("/dashboard/api/{action}"))
            .header(HOST, "localhost:8000")
            .header(CONTENT_TYPE, FORM);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (status, headers, body) = self
            .send(request.body(Body::from(form.to_owned())).unwrap())
            .await;
        if status == StatusCode::SEE_OTHER {
            let location = headers[LOCATION].to_str().unwrap();
            assert_eq!(location, format!("../../dashboard?did={action}"));
        }
        (status, body)
    }

    /// The token, as a page that asks shows it.
    async fn token(&self) -> String {
        let (status, page) = self.get("/dashboard/test?receiver=chat").await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let (_, rest) = page.split_once("name=\"token\" value=\"").unwrap();
        rest[..32].to_owned()
    }

    async fn fingerprint(&self) -> String {
        self.alerting.active().await[0].fingerprint.to_string()
    }
}

#[tokio::test]
async fn an_alert_is_silenced_by_all_its_labels() {
    let site = site().await;
    let (token, alert) = (site.token().await, site.fingerprint().await);
    let (status, page) = site.get(&format!("/dashboard/silence?alert={alert}")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("shard=7") && page.contains(&token), "{page}");
    let form = format!("token={token}&alert={alert}&minutes=60&comment=%3Cb%3Ewe+know");
    let (status, _) = site
        .post("silence", &[("sec-fetch-site", "same-origin")], &form)
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let silence = &site.alerting.silences().await[0];
    assert_eq!(
        (silence.comment.as_str(), silence.created_by.as_str()),
        ("<b>we know", "dashboard")
    );
    assert_eq!(
        silence.matchers.iter().count(),
        4,
        "alertname, service, severity, shard"
    );
    let length = silence.ends_at.as_millis() - silence.starts_at.as_millis();
    assert!((3_590_000..=3_600_000).contains(&length), "{length}");
    assert_eq!(site.alerting.alerts().await[0].suppressed, ["silenced"]);
    // The page that the answer leads to knows it already.
    let (_, page) = site.get("/dashboard?did=silence").await;
    assert!(
        page.contains("The alert is silenced.") && page.contains("Silenced by dashboard until"),
        "{page}"
    );
    assert!(page.contains("&#60;b&#62;we know"), "{page}");
}

#[tokio::test]
async fn a_test_notice_is_sent_and_its_failure_is_said() {
    let mut site = site().await;
    let token = site.token().await;
    let form = format!("token={token}&receiver=chat");
    assert_eq!(site.post("test", &[], &form).await.0, StatusCode::SEE_OTHER);
    assert_eq!(site.told.seen().len(), 1);
    site.told.fail(NotifyError::permanent("<gone>"));
    let (status, page) = site.post("test", &[], &form).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(page.contains("&#60;gone&#62;"), "{page}");
    let (status, page) = site
        .post("test", &[], &format!("token={token}&receiver=nobody"))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains("no such receiver"), "{page}");
    assert_eq!(
        site.get("/dashboard/test?receiver=nobody").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn more_is_logged_for_ten_minutes_and_targets_keep_their_levels() {
    let site = site().await;
    let token = site.token().await;
    let (status, page) = site.get("/dashboard/log-level").await;
    assert!(
        status == StatusCode::OK && page.contains("warn,hyper=error"),
        "{page}"
    );
    let form = |level: &str| format!("token={token}&level={level}");
    assert_eq!(
        site.post("log-level", &[], &form("debug")).await.0,
        StatusCode::SEE_OTHER
    );
    let state = site.logs.handle().filter_state();
    assert_eq!(state.current.to_string(), "debug,hyper=error");
    assert_eq!(state.base.to_string(), "warn,hyper=error");
    let left = state.remaining.unwrap();
    assert!(
        left > LOG_MORE - Duration::from_secs(30) && left <= LOG_MORE,
        "{left:?}"
    );
    for level in ["off", "info", "debug,x=trace", ""] {
        let (status, _) = site.post("log-level", &[], &form(level)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{level}");
    }
}

#[tokio::test]
async fn other_sites_and_forms_without_the_token_do_nothing() {
    let mut site = site().await;
    let (token, alert) = (site.token().await, site.fingerprint().await);
    let form = format!("token={token}&alert={alert}&minutes=60&comment=x");
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "http://localhost:8000"),
        ],
        &[("origin", "http://elsewhere.example")],
        &[("origin", "http://localhost:8001")],
        &[("origin", "http://localhost:8000.elsewhere.example")],
        &[("origin", "null")],
        &[("origin", "")],
    ] {
        let (status, page) = site.post("silence", headers, &form).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{headers:?}");
        assert!(page.contains("another site"), "{page}");
    }
    for wrong in ["", "0", &token[1..], &format!("{token}0"), &"0".repeat(32)] {
        let form = format!("token={wrong}&alert={alert}&minutes=60&comment=x");
        let (status, page) = site.post("silence", &[], &form).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{wrong}");
        assert!(page.contains("not of this process"), "{page}");
        for (action, rest) in [("test", "receiver=chat"), ("log-level", "level=debug")] {
            let (status, _) = site
                .post(action, &[], &format!("token={wrong}&{rest}"))
                .await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{action} {wrong}");
        }
    }
    assert!(site.alerting.silences().await.is_empty());
    assert!(site.told.seen().is_empty());
    assert!(site.logs.handle().filter_state().remaining.is_none());
    let own = [("origin", "http://LOCALHOST:8000")];
    assert_eq!(
        site.post("silence", &own, &form).await.0,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn only_a_small_form_of_the_right_type_is_read() {
    let site = site().await;
    let (token, alert) = (site.token().await, site.fingerprint().await);
    let request = |content_type: &str, body: String| {
        let request = Request::post("/dashboard/api/silence").header(HOST, "localhost");
        let request = request.header(CONTENT_TYPE, content_type);
        request.body(Body::from(body)).unwrap()
    };
    let form = |comment: &str| format!("token={token}&alert={alert}&minutes=60&comment={comment}");
    for (content_type, body, expected) in [
        ("text/plain", form("x"), 415),
        ("application/json", "{}".to_owned(), 415),
        ("multipart/form-data; boundary=x", form("x"), 415),
        (FORM, String::new(), 422),
        (FORM, form(""), 422),
        (FORM, form("+++"), 422),
        (FORM, form(&"x".repeat(501)), 422),
        (FORM, form("x").replace("minutes=60", "minutes=61"), 422),
        (FORM, form("x").replace("minutes=60", "minutes=-1"), 422),
        (FORM, form("x").replace(&alert, "0000000000000000"), 404),
        (FORM, form(&"x".repeat(20_000)), 413),
    ] {
        let (status, _, page) = site.send(request(content_type, body)).await;
        assert_eq!(status.as_u16(), expected, "{content_type}: {page}");
    }
    assert!(site.alerting.silences().await.is_empty());
    let (status, ..) = site.send(request(FORM, form(&"x".repeat(500)))).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn one_test_notice_is_on_its_way_at_a_time() {
    let site = site().await;
    let actions = Actions::new(Some(site.alerting.clone()), None);
    let form = || TestForm {
        token: actions.token().unwrap(),
        receiver: "chat".to_owned(),
    };
    let busy = actions.testing.try_acquire().unwrap();
    let refused = actions.test(form()).await.err().unwrap();
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    drop(busy);
    assert!(actions.test(form()).await.is_ok());
}

#[tokio::test]
async fn the_address_never_becomes_a_notice() {
    let site = site().await;
    for query in ["did=%3Cscript%3E", "did=other", "did=silence&x", "x"] {
        let (status, page) = site.get(&format!("/dashboard?{query}")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!page.contains("class=\"notice\""), "{query}");
    }
}
