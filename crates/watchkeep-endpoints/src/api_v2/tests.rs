//! The API asked as clients do, through the router.

mod journal;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use watchkeep_alerts::testing::ManualClock;
use watchkeep_alerts::{Alerting, AlertingBuilder, Timestamp};

use super::*;
use crate::access::Access;
use crate::endpoints::Endpoints;

const CONFIG: &str = r#"
route:
  receiver: log
  group_by: [team]
  routes:
    - matchers: ['team =~ "a|b"']
      receiver: chat
      continue: true
      mute_time_intervals: [always]
    - matchers: [team = a]
      receiver: pager
receivers: [{name: log}, {name: chat, webhook_configs: [{url: "http://secret.example/very-secret"}]}, {name: pager}]
time_intervals: [{name: always, time_intervals: [{}]}]
inhibit_rules: [{source_matchers: [alertname = Down], target_matchers: [alertname = Slow], equal: [team]}]
"#;

struct Server {
    router: Router,
    clock: ManualClock,
    alerting: Alerting,
}

struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }
}

fn server(adjust: impl FnOnce(AlertingBuilder) -> AlertingBuilder) -> Server {
    let clock = ManualClock::new(Timestamp::from_millis(1_700_000_000_000));
    let builder = Alerting::builder("test")
        .clock(clock.clone())
        .notifier("log", watchkeep_alerts::notifiers::Log::new())
        .notifier("pager", watchkeep_alerts::notifiers::Log::new())
        .config_yaml(CONFIG);
    let alerting = adjust(builder).build().unwrap();
    let router = Endpoints::new(Access::for_listener(([127, 0, 0, 1], 1).into()))
        .with_alertmanager_api(alerting.clone())
        .router();
    Server {
        router,
        clock,
        alerting,
    }
}

impl Server {
    async fn ask(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(body.into())
            .unwrap();
        self.send(request).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer {
            status,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Method::GET, path, Body::empty()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    async fn post(&self, what: &str, body: &Value) -> Answer {
        let path = format!("/api/v2/{what}");
        self.ask(Method::POST, &path, body.to_string()).await
    }

    async fn fire(&self, alerts: &[(&str, &str)]) {
        let alert =
            |(name, team): &(&str, &str)| json!({"labels": {"alertname": name, "team": team}});
        let alerts: Vec<_> = alerts.iter().map(alert).collect();
        let answer = self.post("alerts", &alerts.into()).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    }

    /// Returns the names of the alerts that a query finds, in order of their names.
    async fn names(&self, query: &str) -> Vec<String> {
        let found = self.get(&format!("/api/v2/alerts?{query}")).await;
        let name = |alert: &Value| alert["labels"]["alertname"].as_str().unwrap().to_owned();
        let mut names: Vec<_> = found.as_array().unwrap().iter().map(name).collect();
        names.sort();
        names
    }
}

fn silence(matchers: usize) -> Value {
    let matcher = |n: usize| json!({"name": format!("l{n}"), "value": "x", "isRegex": false});
    let matchers: Vec<_> = (0..matchers).map(matcher).collect();
    json!({"matchers": matchers, "startsAt": "2023-11-14T22:13:20Z", "endsAt": "2023-11-15T22:13:20Z", "createdBy": "me", "comment": ""})
}

#[tokio::test]
async fn an_alert_is_listed_in_alertmanagers_words() {
    let server = server(|builder| builder);
    let posted = json!([{"labels": {"alertname": "Disk", "team": "a", "none": ""}, "annotations": {"summary": "full"}, "generatorURL": "http://prometheus/graph", "startsAt": "2023-11-14T22:00:00.5+01:00", "endsAt": "2023-11-14T22:20:00Z"}]);
    assert_eq!(server.post("alerts", &posted).await.status, 200);
    let listed = server.get("/api/v2/alerts").await;
    assert_eq!(
        listed,
        json!([{
            "annotations": {"summary": "full"},
            "endsAt": "2023-11-14T22:20:00.000Z",
            "fingerprint": "f225ef63267cc5a7",
            "receivers": [{"name": "chat"}, {"name": "pager"}],
            "startsAt": "2023-11-14T21:00:00.500Z",
            "status": {"inhibitedBy": [], "mutedBy": ["always"], "silencedBy": [], "state": "active"},
            "updatedAt": "2023-11-14T22:13:20.000Z",
            "generatorURL": "http://prometheus/graph",
            "labels": {"alertname": "Disk", "team": "a"},
        }])
    );
    server.clock.advance(Duration::from_secs(400));
    assert_eq!(server.get("/api/v2/alerts").await, json!([]));
}

#[tokio::test]
async fn queries_find_what_alertmanager_finds() {
    let server = server(|builder| builder);
    server
        .fire(&[("Down", "a"), ("Slow", "a"), ("Slow", "b"), ("Disk", "c")])
        .await;
    let quiet = json!({"matchers": [{"name": "alertname", "value": "Di.*", "isRegex": true}], "startsAt": "2023-11-14T22:13:20Z", "endsAt": "2023-11-15T22:13:20Z", "createdBy": "", "comment": ""});
    assert_eq!(server.post("silences", &quiet).await.status, 200);
    for (query, found) in [
        ("", vec!["Disk", "Down", "Slow", "Slow"]),
        ("active=false", vec!["Disk", "Slow"]),
        ("silenced=false", vec!["Down", "Slow", "Slow"]),
        ("inhibited=false", vec!["Disk", "Down", "Slow"]),
        ("silenced=false&inhibited=false", vec!["Down", "Slow"]),
        ("unprocessed=false", vec!["Disk", "Down", "Slow", "Slow"]),
        ("filter=team%3Da", vec!["Down", "Slow"]),
        ("filter=team%3Da&filter=alertname!%3DSlow", vec!["Down"]),
        ("receiver=pager", vec!["Down", "Slow"]),
        ("receiver=pa", vec![]),
        ("receiver=pa.*|log", vec!["Disk", "Down", "Slow"]),
    ] {
        assert_eq!(server.names(query).await, found, "{query}");
    }
    let groups = server
        .get("/api/v2/alerts/groups?receiver=chat&inhibited=false")
        .await;
    let shape = |group: &Value| {
        let alerts = group["alerts"].as_array().unwrap().len();
        (
            group["receiver"]["name"].clone(),
            group["labels"]["team"].clone(),
            alerts,
        )
    };
    let shapes: Vec<_> = groups.as_array().unwrap().iter().map(shape).collect();
    assert_eq!(
        shapes,
        [
            (json!("chat"), json!("a"), 1),
            (json!("chat"), json!("b"), 1)
        ]
    );
    assert_eq!(
        server.get("/api/v2/alerts/groups?filter=team%3Dz").await,
        json!([])
    );
}

#[tokio::test]
async fn a_listing_of_many_parts_is_one_list() {
    let server = server(|builder| builder);
    let alert =
        |n: usize| json!({"labels": {"alertname": format!("A{n}"), "team": (n % 700).to_string()}});
    let alerts: Vec<_> = (0..1_700).map(alert).collect();
    assert_eq!(server.post("alerts", &alerts.into()).await.status, 200);
    let listed = server.get("/api/v2/alerts").await;
    let fingerprints: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["fingerprint"].as_str().unwrap())
        .collect();
    assert_eq!(fingerprints.len(), 1_700);
    assert!(
        fingerprints.is_sorted_by(|a, b| a < b),
        "each once, in order"
    );
    // Looked at in parts also where few pass.
    assert_eq!(server.names("filter=alertname%3DA7").await, ["A7"]);
    let groups = server.get("/api/v2/alerts/groups").await;
    let groups = groups.as_array().unwrap();
    assert_eq!(groups.len(), 700);
    let alerts: usize = groups
        .iter()
        .map(|it| it["alerts"].as_array().unwrap().len())
        .sum();
    assert_eq!(alerts, 1_700);
}

#[tokio::test]
async fn what_is_valid_of_a_mixed_batch_is_taken() {
    let server = server(|builder| builder.max_active(4));
    let good = |name: &str| json!({"labels": {"alertname": name}});
    let mixed = json!([good("A"), {"labels": {}}, {"labels": {"alertname": "B"}, "startsAt": "2030-01-02T00:00:00Z", "endsAt": "2030-01-01T00:00:00Z"}, {"labels": {"b-c": "d"}}, good("C")]);
    let answer = server.post("alerts", &mixed).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json(),
        "at least one label pair required; start time must be before end time; invalid label set: invalid name \"b-c\""
    );
    assert_eq!(server.names("").await, ["A", "C"]);
    // A request of the wrong form is refused as a whole.
    let malformed = json!([good("D"), {"annotations": {}}]);
    let answer = server.post("alerts", &malformed).await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.json(),
        json!({"code": 602, "message": "1.labels in body is required"})
    );
    assert_eq!(server.names("").await, ["A", "C"]);
}

#[tokio::test]
async fn an_engine_that_is_full_says_so_and_takes_what_it_can() {
    let server = server(|builder| builder.max_active(4));
    let alerts: Vec<_> = (0..6)
        .map(|n| json!({"labels": {"alertname": format!("A{n}")}}))
        .collect();
    let answer = server.post("alerts", &alerts.into()).await;
    assert_eq!(answer.status, 429);
    assert_eq!(
        answer.json(),
        "the alert was refused: too many alerts; the alert was refused: too many alerts"
    );
    assert_eq!(
        server.names("filter=alertname%3D~A.").await,
        ["A0", "A1", "A2", "A3"]
    );
}

#[tokio::test]
async fn there_is_an_end_to_bodies_and_to_what_is_in_them() {
    let server = server(|builder| builder.max_active(20_000));
    let many = |count: usize| {
        let alerts: Vec<_> = (0..count)
            .map(|n| json!({"labels": {"a": (n % 10).to_string()}}))
            .collect();
        Value::from(alerts)
    };
    assert_eq!(server.post("alerts", &many(alerts::MOST)).await.status, 200);
    let answer = server.post("alerts", &many(alerts::MOST + 1)).await;
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (413, json!(413))
    );

    let spaces = |length: usize| {
        let mut body = b"[]".to_vec();
        body.resize(length, b' ');
        body
    };
    let path = "/api/v2/alerts";
    let fits = server.ask(Method::POST, path, spaces(body::LONGEST)).await;
    assert_eq!(fits.status, 200);
    let over = server
        .ask(Method::POST, path, spaces(body::LONGEST + 1))
        .await;
    assert_eq!(over.status, 413);
    assert_eq!(
        over.json()["message"],
        "the body has more than 8388608 bytes"
    );
    // Also where nobody says how long it is.
    let (sender, unsized_body) = body::channel();
    let send = async move {
        for _ in 0..9 {
            if sender.send(spaces(1024 * 1024)).await.is_err() {
                return;
            }
        }
    };
    let (over, ()) = tokio::join!(server.ask(Method::POST, path, unsized_body), send);
    assert_eq!(over.status, 413);

    assert_eq!(
        server
            .post("silences", &silence(silences::MATCHERS))
            .await
            .status,
        200
    );
    let answer = server
        .post("silences", &silence(silences::MATCHERS + 1))
        .await;
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (422, json!(611))
    );
    for _ in 1..1_000 {
        assert_eq!(server.post("silences", &silence(1)).await.status, 200);
    }
    let answer = server.post("silences", &silence(1)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json(),
        "silence invalid: there are 1000 silences already"
    );
    let listed = server.get("/api/v2/silences").await;
    assert_eq!(listed.as_array().unwrap().len(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up() {
    let server = server(|builder| builder);
    let (sender, endless) = body::channel();
    let answer = server.ask(Method::POST, "/api/v2/alerts", endless).await;
    assert_eq!(answer.status, 408);
    drop(sender);
}

#[tokio::test]
async fn a_silence_lives_as_in_alertmanager() {
    let server = server(|builder| builder);
    let mut asked = silence(1);
    let id = |answer: &Answer| {
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["silenceID"].as_str().unwrap().to_owned()
    };
    let first = id(&server.post("silences", &asked).await);
    let path = format!("/api/v2/silence/{first}");
    assert_eq!(
        server.get(&path).await,
        json!({"id": first, "status": {"state": "active"}, "updatedAt": "2023-11-14T22:13:20.000Z", "comment": "", "createdBy": "me", "startsAt": "2023-11-14T22:13:20.000Z", "endsAt": "2023-11-15T22:13:20.000Z", "matchers": [{"isEqual": true, "isRegex": false, "name": "l0", "value": "x"}]})
    );
    server.clock.advance(Duration::from_secs(60));
    // The end may move while it is active.
    asked["id"] = json!(first);
    asked["endsAt"] = json!("2023-11-16T22:13:20Z");
    asked["comment"] = json!("longer");
    assert_eq!(id(&server.post("silences", &asked).await), first);
    let changed = server.get(&path).await;
    assert_eq!(
        (&changed["comment"], &changed["endsAt"]),
        (&json!("longer"), &json!("2023-11-16T22:13:20.000Z"))
    );
    // Other matchers are another silence, and the first is over.
    asked["matchers"][0]["value"] = json!("y");
    let second = id(&server.post("silences", &asked).await);
    assert_ne!(second, first);
    assert_eq!(server.get(&path).await["status"]["state"], "expired");
    // What is over is not revived: its id stands for nothing any more.
    asked["matchers"][0]["value"] = json!("x");
    let third = id(&server.post("silences", &asked).await);
    assert!(third != first && third != second);
    let path = format!("/api/v2/silence/{second}");
    for _ in 0..2 {
        let answer = server.ask(Method::DELETE, &path, Body::empty()).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    }
    let listed = server.get("/api/v2/silences").await;
    let state = |it: &Value| it["status"]["state"].as_str().unwrap().to_owned();
    let states: Vec<_> = listed.as_array().unwrap().iter().map(state).collect();
    assert_eq!(states, ["active", "expired", "expired"]);
    asked["id"] = json!("nobody's");
    let unknown = server.post("silences", &asked).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn silences_are_filtered_by_their_matchers() {
    let server = server(|builder| builder);
    for value in ["x", "y"] {
        let mut asked = silence(1);
        asked["matchers"][0]["value"] = json!(value);
        assert_eq!(server.post("silences", &asked).await.status, 200);
    }
    for (filter, found) in [
        ("l0%3Dx", 1),
        ("l0!%3Dx", 0),
        ("l0%3D~.", 0),
        ("l0%3Dz", 0),
        ("l1%3Dx", 0),
        ("l0%3Dx&filter=l0%3Dy", 0),
    ] {
        let listed = server
            .get(&format!("/api/v2/silences?filter={filter}"))
            .await;
        assert_eq!(listed.as_array().unwrap().len(), found, "{filter}");
    }
}

#[tokio::test]
async fn the_status_shows_the_configuration_without_its_secrets() {
    let server = server(|builder| builder);
    let status = server.get("/api/v2/status").await;
    let config = status["config"]["original"].as_str().unwrap();
    assert!(
        config.contains("receiver: log") && !config.contains("very-secret"),
        "{config}"
    );
    assert_eq!(
        status["cluster"],
        json!({"status": "disabled", "peers": []})
    );
    assert_eq!(status["versionInfo"]["version"], "0.25.0");
    let receivers = server.get("/api/v2/receivers").await;
    assert_eq!(
        receivers,
        json!([{"name": "log"}, {"name": "chat"}, {"name": "pager"}])
    );
}

#[tokio::test]
async fn readiness_ends_with_the_engine_and_nothing_is_taken_then() {
    let server = server(|builder| builder);
    for path in ["/-/healthy", "/-/ready"] {
        let answer = server.ask(Method::GET, path, Body::empty()).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "OK"));
    }
    server.alerting.shutdown(Duration::from_secs(1)).await;
    let status = |method, path, body: &str| {
        let answer = server.ask(method, path, body.to_owned());
        async { answer.await.status }
    };
    assert_eq!(status(Method::GET, "/-/healthy", "").await, 200);
    assert_eq!(status(Method::GET, "/-/ready", "").await, 503);
    let alert = r#"[{"labels":{"a":"b"}}]"#;
    assert_eq!(status(Method::POST, "/api/v2/alerts", alert).await, 503);
    let silence = silence(1).to_string();
    assert_eq!(
        status(Method::POST, "/api/v2/silences", &silence).await,
        503
    );
}

#[tokio::test]
async fn types_that_are_not_json_are_refused() {
    let server = server(|builder| builder);
    let ask = |method: Method, header: &'static str, value: &'static str| {
        let request = Request::builder()
            .method(method)
            .uri("/api/v2/alerts")
            .header("host", "localhost")
            .header(header, value)
            .body(Body::from("[]"))
            .unwrap();
        server.send(request)
    };
    for (value, status) in [
        ("application/json", 200),
        ("application/JSON; charset=x", 200),
        ("text/plain", 415),
        ("", 415),
    ] {
        let answer = ask(Method::POST, "content-type", value).await;
        assert_eq!(answer.status, status, "{value}");
    }
    for (value, status) in [
        ("text/html", 406),
        ("text/html, */*;q=0.1", 200),
        ("application/json", 200),
    ] {
        let answer = ask(Method::GET, "accept", value).await;
        assert_eq!(answer.status, status, "{value}");
    }
}
